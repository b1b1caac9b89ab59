"""Who is let in, over HTTP: for the operator alone."""

import httpx
import pytest

from tests.http.rig import ADA, BOB, EVE, MAIN, STREAM, Bridge, following


async def test_the_operator_sees_everyone(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await bridge.join(BOB)
    found = (await ada.get("/v1/people")).json()["people"]
    (bob,) = [each for each in found if each["id"] == BOB]
    assert bob["name"] == "Bob"
    assert bob["identities"] == [{"realm": "test", "user": BOB}]
    assert bob["sessions"] == [{"session": MAIN, "title": "Main", "role": "member"}]


async def test_whoever_is_removed_reads_nothing_more_and_their_token_is_no_more(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob, following(bob) as frames:
        await anext(frames)
        assert (await ada.delete(f"/v1/people/{BOB}")).json() == {"lists": []}
        async for frame in frames:  # it ends, without what comes after
            assert "secret" not in str(frame.data)
        await bridge.say("secret")
        assert (await bob.get(STREAM)).status_code == 401
    back = await ada.post(f"/v1/people/{BOB}/allow", json={})
    assert back.json() == {"sessions": [MAIN]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/people"),
        ("DELETE", f"/v1/people/{EVE}"),
        ("POST", f"/v1/people/{EVE}/allow"),
        ("POST", "/v1/owner-code"),
        ("DELETE", "/v1/links/ABCDEF"),
    ],
)
async def test_nobody_else_may(bridge: Bridge, method: str, path: str) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        assert (await bob.request(method, path, json={})).status_code == 403


async def test_nobody_is_not_found_and_the_owner_stays(ada: httpx.AsyncClient) -> None:
    assert (await ada.delete("/v1/people/p_nobody")).status_code == 404
    assert (await ada.post("/v1/people/p_nobody/allow", json={})).status_code == 404
    assert (await ada.delete(f"/v1/people/{ADA}")).status_code == 403


async def test_a_new_owners_code_is_made(ada: httpx.AsyncClient) -> None:
    code = (await ada.post("/v1/owner-code", json={})).json()["code"]
    assert len(code) == len("ABCDE-FGHJK")


async def test_undoing_what_is_undone_says_so(ada: httpx.AsyncClient) -> None:
    answer = await ada.delete("/v1/links/ABCDEF")
    assert answer.json() == {"text": "This was undone already."}
