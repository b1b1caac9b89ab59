"""What an agent elsewhere responds, where it is not a matter of the whole run."""

import httpx
import pytest

from agents.http.responses import LONGEST_WAIT, Away, lines_of
from agents.lines.output_schema import EndedLine
from bridge.domain.errors import AgentFailed


def response(status: int, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, request=httpx.Request("POST", "http://a/"))


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_what_says_not_now_is_away(status) -> None:
    with pytest.raises(Away, match=f"HTTP {status}"):
        lines_of(response(status))


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("7", 7), ("0", 0), ("99999", LONGEST_WAIT), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-1", 0)],
)
def test_how_long_it_wants_to_be_left_alone_has_a_bound(given, seconds) -> None:
    with pytest.raises(Away) as away:
        lines_of(response(503, retry_after=given))
    assert away.value.seconds == seconds


async def test_nothing_to_say_is_an_end() -> None:
    assert [line async for line in lines_of(response(204))] == [EndedLine(type="ended")]
    assert [line async for line in lines_of(response(202))] == []


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_of_the_config(status) -> None:
    with pytest.raises(AgentFailed, match="redirects"):
        lines_of(response(status, location="http://b/"))
