"""What an agent that lives elsewhere responds to its turn: lines, later, or a failure.

The rules: 200 with JSON or JSON lines, 204 for nothing to say, 202 for later. What says "not now"
(408, 425, 429, 502, 503, 504) means that the agent has not got the turn; any other error of its
own may pass; anything else will not. Nothing is unpacked, and nothing is read without a bound.
"""

from collections.abc import AsyncGenerator

import httpx

from agents.lines.output_schema import LONGEST_LINE, MOST_BYTES, EndedLine, Line, read, read_all
from bridge.domain.errors import AgentFailed, AgentUnavailable, BridgeError
from bridge.domain.numerals import number_of

NOT_NOW = frozenset({408, 425, 429, 502, 503, 504})
LONGEST_WAIT = 600.0
"""Seconds that an agent may ask to be left alone."""


class Away(BridgeError):
    """The agent is not there just now, and has not got the turn. `seconds`: when it will be."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


def lines_of(response: httpx.Response) -> AsyncGenerator[Line]:
    """Yield the lines of a response. Raises `Away`, `AgentUnavailable` and `AgentFailed`."""
    match response.status_code:
        case 202:
            return _given()
        case 204:
            return _given(EndedLine(type="ended"))
        case 200:
            return _answer(response)
        case _:
            raise _failure(response)


def _answer(response: httpx.Response) -> AsyncGenerator[Line]:
    match _kind(response):
        case "application/json":
            return _whole(response)
        case "application/x-ndjson":
            return _stream(response)
        case _:
            raise AgentFailed("the agent answered with neither JSON nor application/x-ndjson")


def _kind(response: httpx.Response) -> str:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise AgentFailed("the agent packed its answer, which it was asked not to do")
    media: str = response.headers.get("content-type", "")
    return media.partition(";")[0].strip().lower()


async def _given(*lines: Line) -> AsyncGenerator[Line]:
    for line in lines:
        yield line


async def _whole(response: httpx.Response) -> AsyncGenerator[Line]:
    body = bytearray()
    async for bit in response.aiter_raw():
        body += bit
        if len(body) > LONGEST_LINE:
            raise AgentFailed("the agent answered with more than 1 MiB of JSON")
    for line in read_all(bytes(body)):
        yield line


async def _stream(response: httpx.Response) -> AsyncGenerator[Line]:
    number, heard, rest = 0, 0, b""
    async for bit in response.aiter_raw():
        heard += len(bit)
        *complete, rest = (rest + bit).split(b"\n")
        if heard > MOST_BYTES or len(max((rest, *complete), key=len)) > LONGEST_LINE:
            raise AgentFailed("the agent wrote more than 1 MiB in a line, or more than 64 MiB")
        for raw in complete:
            number += 1
            if raw.strip():
                yield read(raw, number=number)
    if rest.strip():
        yield read(rest, number=number + 1)


def _failure(response: httpx.Response) -> Exception:
    status = response.status_code
    if status in NOT_NOW:
        return Away(f"the agent is not available (HTTP {status})", _seconds(response))
    if response.has_redirect_location or response.is_redirect:
        return AgentFailed("the agent redirects; its `url` has to be where it is")
    if response.is_server_error:
        return AgentUnavailable(f"the agent failed (HTTP {status})")
    return AgentFailed(f"the agent refused the turn (HTTP {status})")


def _seconds(response: httpx.Response) -> float:
    given = number_of(response.headers.get("retry-after", ""))
    return min(float(given or 0), LONGEST_WAIT)
