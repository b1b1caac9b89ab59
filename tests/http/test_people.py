"""Who is let in, over HTTP: for the operator alone."""

import httpx
import pytest

from bridge import texts
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Added, Inbound, Sender
from bridge.domain.parts import Address
from bridge.session.admission import Account
from tests.http.rig import ADA, BOB, EVE, MAIN, STREAM, Bridge, following, put


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
        ("POST", f"/v1/people/{EVE}/forget"),
        ("GET", f"/v1/people/{EVE}/export"),
        ("POST", "/v1/owner-code"),
        ("DELETE", "/v1/links/ABCDEF"),
        ("GET", "/v1/requests"),
        ("POST", "/v1/requests/ABCDEF"),
    ],
)
async def test_nobody_else_may(bridge: Bridge, method: str, path: str) -> None:
    await bridge.join(BOB)
    body = {"allow": False} if path.startswith("/v1/requests/") else {}
    async with bridge.client(BOB) as bob:
        assert (await bob.request(method, path, json=body)).status_code == 403


async def test_nobody_is_not_found_and_the_owner_stays(ada: httpx.AsyncClient) -> None:
    assert (await ada.delete("/v1/people/p_nobody")).status_code == 404
    assert (await ada.post("/v1/people/p_nobody/allow", json={})).status_code == 404
    assert (await ada.delete(f"/v1/people/{ADA}")).status_code == 403


async def test_a_new_owners_code_is_made_where_it_can_be_used(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await ada.post("/v1/owner-code", json={})
    assert refused.status_code == 403
    assert refused.json()["error"]["message"] == texts.NO_APP_FOR_OWNER
    known = {ChannelName("chat"): Account(allow=frozenset())}
    monkeypatch.setattr(bridge.sessions.admission, "_accounts", known)
    code = (await ada.post("/v1/owner-code", json={})).json()["code"]
    assert len(code) == len("ABCDE-FGHJK")


async def test_undoing_what_is_undone_says_so(ada: httpx.AsyncClient) -> None:
    answer = await ada.delete("/v1/links/ABCDEF")
    assert answer.json() == {"text": "This was undone already, or the number is wrong."}


async def test_who_asks_is_listed_and_answered_once(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Account(allow=frozenset(), strangers="ask", sessions="per_person")
    admission = bridge.sessions.admission
    monkeypatch.setattr(admission, "_accounts", {ChannelName("chat"): asking})
    await bridge.store.keep_fact("owners", ADA, "now")
    await admission.changed()
    heard = Inbound(
        external_id="x",
        address=Address(channel=ChannelName("chat"), place="eves"),
        sender=Sender(realm="chat", user="17", name="<b>Eve</b>"),
        what=Added(),
    )
    assert (await ada.get("/v1/requests")).json() == {"requests": []}
    await bridge.sessions.asking.ask(heard, "it is me")
    (asked,) = (await ada.get("/v1/requests")).json()["requests"]
    told = {"name": "bEve/b", "user": "17", "app": "chat", "words": "it is me", "room": None}
    assert {key: asked[key] for key in told} == told
    path = f"/v1/requests/{asked['number']}"
    assert "was let in by" in (await ada.post(path, json={"allow": True})).json()["text"]
    assert "decided that already" in (await ada.post(path, json={"allow": False})).json()["text"]
    assert (await ada.get("/v1/requests")).json() == {"requests": []}
    assert (await ada.post("/v1/requests/ZZZZZZ", json={"allow": True})).status_code == 403
    assert (await ada.post(path, json={"allow": "perhaps"})).status_code == 400


async def test_all_that_is_kept_is_handed_out_and_then_forgotten(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        await put(bob, {"type": "message", "text": "my secret", "place": "web"})
    path = f"/v1/people/{BOB}/export"
    kept = (await ada.get(path)).json()
    assert (kept["name"], kept["notify"]["mode"]) == ("Bob", "all")
    (session,) = kept["sessions"]
    assert "my secret" in [each.get("content", {}).get("text") for each in session["events"]]
    done = (await ada.post(f"/v1/people/{BOB}/forget", json={})).json()
    assert (done["sessions"], done["files"], done["left"]) == (1, 0, [])
    assert "my secret" not in (await ada.get(path)).text
    assert "my secret" not in (await ada.get(STREAM)).text
    assert (await ada.get("/v1/people/p_nobody/export")).status_code == 404
    assert (await ada.post("/v1/people/p_nobody/forget", json={})).status_code == 404
    assert (await ada.post(f"/v1/people/{ADA}/forget", json={})).status_code == 403
