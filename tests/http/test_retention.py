"""How long a session keeps its words, over HTTP: the bridge's owner says."""

import httpx
import pytest

from tests.http.rig import BOB, SESSION, Bridge

PATH = f"{SESSION}/retention"


async def test_the_operator_says_how_long_a_session_keeps_its_words(ada: httpx.AsyncClient) -> None:
    assert (await ada.get(PATH)).json() == {"keep": "forever", "own": False, "erased": 0}
    answer = await ada.put(PATH, json={"keep": "30 days"})
    assert answer.json() == {"keep": "30d", "own": True, "erased": 0}
    answer = await ada.put(PATH, json={"keep": "default"})
    assert answer.json() == {"keep": "forever", "own": False, "erased": 0}


async def test_what_is_no_time_and_no_session_is_refused(ada: httpx.AsyncClient) -> None:
    answer = await ada.put(PATH, json={"keep": "soon"})
    assert answer.status_code == 403
    assert "30d" in answer.json()["error"]["message"]
    assert (await ada.get("/v1/sessions/s_none/retention")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_nobody_else_may(bridge: Bridge, method: str) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        assert (await bob.request(method, PATH, json={"keep": "1d"})).status_code == 403
