"""Signing in by an invitation that is a link: who one is then, how far that goes, when it ends."""

import asyncio
import json
import secrets
from typing import Any

import httpx
import pytest

from bridge import admission_texts, texts
from bridge.domain.events import Pushed
from bridge.http import middleware
from bridge.http.auth import digest
from tests.http.rig import (
    ADA,
    BOB,
    INBOX,
    MAIN,
    SESSION,
    STREAM,
    Bridge,
    following,
    put,
    seqs,
)
from tests.http.rig import texts as said
from tests.waiting import PATIENCE

INVITATIONS = f"{SESSION}/invitations"
SIGN_IN = middleware.SIGN_IN


async def invited(ada: httpx.AsyncClient, **wanted: Any) -> str:
    """Return the code of a new link."""
    answer = await ada.post(INVITATIONS, json={"browser": True, **wanted})
    assert answer.status_code == 201, answer.text
    (link,) = answer.json()["links"]
    page, _, code = link.partition("/#invite=")
    assert page == str(ada.base_url).rstrip("/")
    assert code == answer.json()["code"]
    return code


def browser(bridge: Bridge, token: str = "") -> httpx.AsyncClient:
    """Return a browser with a token that it has made."""
    headers = {"Authorization": f"Bearer {token or secrets.token_urlsafe(32)}"}
    return httpx.AsyncClient(base_url=bridge.url, headers=headers, timeout=PATIENCE, verify=False)


async def signs_in(guest: httpx.AsyncClient, code: str, name: str = "Eva") -> httpx.Response:
    return await guest.post(SIGN_IN, json={"invitation": code, "name": name})


async def refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 403, answer.text
    return answer.json()["error"]["message"]


async def test_a_browser_is_somebody_of_its_own_by_its_link(bridge: Bridge, ada) -> None:
    await bridge.say("between us")
    code = await invited(ada)
    async with browser(bridge) as eva:
        answer = await signs_in(eva, code)
        assert (answer.status_code, answer.json()) == (200, {"session": MAIN})
        me = (await eva.get("/v1/me")).json()
        assert (me["name"], me["may_begin"]) == ("Eva", False)
        assert me["participant"] not in {ADA, BOB}
        (line,) = (await eva.get("/v1/sessions")).json()["sessions"]
        assert line["id"] == MAIN
        await put(eva, {"type": "message", "text": "hello", "place": "web"})
        read = (await eva.get(STREAM)).json()
        assert "hello" in said(read)
        assert "between us" not in json.dumps(read)
        people = (await ada.get(SESSION)).json()["participants"]
        assert {"id": me["participant"], "name": "Eva", "role": "member"} in people


async def test_with_history_they_read_what_was_said_before(bridge: Bridge, ada) -> None:
    await bridge.say("long ago")
    async with browser(bridge) as eva:
        await signs_in(eva, await invited(ada, history=True))
        assert "long ago" in said((await eva.get(STREAM)).json())


async def test_a_viewer_reads_and_brings_nothing(bridge: Bridge, ada) -> None:
    async with browser(bridge) as eva:
        await signs_in(eva, await invited(ada, role="viewer"))
        assert (await eva.get(STREAM)).status_code == 200
        answer = await eva.post(INBOX, json={"type": "message", "text": "x", "place": "web"})
        assert await refusal(answer) == texts.READ_ONLY
        answer = await eva.post("/v1/media", content=b"x", headers={"Content-Type": "text/plain"})
        assert await refusal(answer) == admission_texts.BRINGS_NO_FILES


async def test_a_guest_begins_no_session_and_runs_no_bridge(bridge: Bridge, ada) -> None:
    async with browser(bridge) as eva:
        await signs_in(eva, await invited(ada))
        answer = await eva.post("/v1/sessions", json={"title": "Mine"})
        assert await refusal(answer) == admission_texts.BEGINS_NO_SESSION
        asked = {"type": "message", "text": "/new Mine", "place": "web"}
        assert "one session only" in await refusal(await eva.post(INBOX, json=asked))
        for path in ("/v1/people", "/v1/requests", "/v1/doctor", "/v1/usage"):
            assert (await eva.get(path)).status_code == 403, path
        answer = await eva.post(INVITATIONS, json={"browser": True})
        assert await refusal(answer) == texts.OWNERS_ONLY
        assert len((await ada.get("/v1/sessions")).json()["sessions"]) == 1


async def test_the_link_is_good_once_and_for_its_browser_the_same_again(
    bridge: Bridge, ada
) -> None:
    code = await invited(ada)
    async with browser(bridge) as eva, browser(bridge) as eve:
        first = (await signs_in(eva, code)).json()
        assert (await signs_in(eva, code, "Somebody else")).json() == first
        assert await refusal(await signs_in(eve, code)) == admission_texts.INVITATION_OVER
        assert (await eve.get("/v1/me")).status_code == 401
        assert (await eva.get("/v1/me")).json()["name"] == "Eva"
        assert len((await ada.get(SESSION)).json()["participants"]) == 2


async def test_of_many_browsers_at_once_as_many_are_in_as_it_says(bridge: Bridge, ada) -> None:
    code = await invited(ada, uses=3)
    guests = [browser(bridge) for _ in range(10)]
    answers = await asyncio.gather(
        *(signs_in(each, code, f"Guest {chr(65 + n)}") for n, each in enumerate(guests))
    )
    assert sorted(each.status_code for each in answers) == [200] * 3 + [403] * 7
    assert len((await ada.get(SESSION)).json()["participants"]) == 4
    for each in guests:
        await each.aclose()


async def test_a_link_is_no_code_for_an_app_and_a_code_no_link(bridge: Bridge, ada) -> None:
    found = bridge.sessions.pairing.codes
    code = await invited(ada)
    invitation = (await found.find(code)).invitation
    assert invitation.browser
    answer = await ada.post(INVITATIONS, json={})
    assert await refusal(answer) == texts.NO_APP_FOR_CODES
    link = await found.link(ADA, MAIN)
    async with browser(bridge) as eve:
        assert await refusal(await signs_in(eve, link)) == admission_texts.INVITATION_OVER


@pytest.mark.parametrize("name", ["", "  ", "Ada", "\u0410da", "Eva (2)", "browser"])
async def test_a_name_that_is_anothers_is_refused_and_the_link_stays_good(
    bridge: Bridge, ada, name: str
) -> None:
    code = await invited(ada)
    async with browser(bridge) as eva:
        assert await refusal(await signs_in(eva, code, name))
        assert (await signs_in(eva, code)).status_code == 200


async def test_whoever_guesses_is_told_to_wait_and_shuts_nobody_out(bridge: Bridge, ada) -> None:
    code = await invited(ada)
    async with browser(bridge) as eve:
        told = [await refusal(await signs_in(eve, f"AAAAA-AAAA{n % 9 + 2}")) for n in range(31)]
        assert told == [admission_texts.INVITATION_OVER] * 30 + [admission_texts.TOO_MANY_SIGN_INS]
        assert (await signs_in(eve, code)).status_code == 200


async def test_nobody_signs_in_without_a_strong_token_or_with_another_ones(
    bridge: Bridge, ada
) -> None:
    code = await invited(ada)
    for headers in ({}, {"Authorization": "Bearer short-token-0123456789"}):
        async with httpx.AsyncClient(base_url=bridge.url, headers=headers, verify=False) as eve:
            assert (await signs_in(eve, code)).status_code == 401
    async with bridge.client(BOB) as bob:
        strong = secrets.token_urlsafe(32)
        await bridge.store.issue_token(digest(strong), BOB, label="test", at=bridge.clock.now())
        bob.headers["Authorization"] = f"Bearer {strong}"
        assert await refusal(await signs_in(bob, code)) == admission_texts.SIGNED_IN_ALREADY


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 5000, {"Content-Type": "application/json"}, 413),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b"\xff", {"Content-Type": "application/json"}, 400),
    ],
)
async def test_what_is_sent_to_sign_in_is_small_and_json(
    bridge: Bridge, body: bytes, headers: dict[str, str], status: int
) -> None:
    async with browser(bridge) as eve:
        answer = await eve.post(SIGN_IN, content=body, headers=headers)
        assert answer.status_code == status


async def grant_of(bridge: Bridge) -> str:
    """Return the number of the grant of which the inviter was told."""
    log = await bridge.store.read(MAIN, after=0, limit=99)
    (told,) = [e.body for e in log if isinstance(e.body, Pushed) and e.body.to == (ADA,)]
    assert "Eva" in told.content.text
    return told.buttons[0].id.rpartition(":")[2]


@pytest.mark.parametrize("how", ["/kick Eva", "undo", "remove"])
async def test_whoever_is_put_out_reads_nothing_more_at_once(bridge: Bridge, ada, how: str) -> None:
    code = await invited(ada)
    async with browser(bridge) as eva:
        await signs_in(eva, code)
        person = (await eva.get("/v1/me")).json()["participant"]
        async with following(eva) as frames:
            assert seqs((await anext(frames)).data)
            if how == "undo":
                number = await grant_of(bridge)
                assert (await ada.delete(f"/v1/links/{number}")).status_code == 200
            elif how == "remove":
                assert (await ada.delete(f"/v1/people/{person}")).status_code == 200
            else:
                await put(ada, {"type": "message", "text": how, "place": "web"})
            await bridge.say("between us")
            assert "between us" not in json.dumps([frame.data async for frame in frames])
        assert (await eva.get("/v1/me")).status_code == 401
        assert await refusal(await signs_in(eva, code)) == admission_texts.INVITATION_OVER


async def test_a_token_that_is_void_ends_what_it_reads_though_nothing_happens(
    bridge: Bridge, ada
) -> None:
    async with browser(bridge) as eva:
        await signs_in(eva, await invited(ada))
        number = await grant_of(bridge)
        grant = (await bridge.sessions.admission.book()).grant(number)
        async with following(eva) as frames:
            await anext(frames)
            await bridge.sessions.pairing.undoing.forget(grant)
            async for _ in frames:
                pass
        assert (await eva.get(STREAM)).status_code == 401


async def test_a_guest_is_let_in_while_whoever_invited_them_may(bridge: Bridge, ada) -> None:
    await bridge.join(BOB, "owner")
    async with bridge.client(BOB) as bob, browser(bridge) as eva:
        code = (await bob.post(INVITATIONS, json={"browser": True})).json()["code"]
        await signs_in(eva, code)
        assert (await eva.get(STREAM)).status_code == 200
        await ada.delete(f"/v1/people/{BOB}")
        assert (await eva.get(STREAM)).status_code == 401


async def test_a_link_that_is_said_in_a_session_is_void(bridge: Bridge, ada) -> None:
    code = await invited(ada)
    await put(ada, {"type": "message", "text": f"{bridge.url}/#invite={code}", "place": "web"})
    async with browser(bridge) as eve:
        assert await refusal(await signs_in(eve, code)) == admission_texts.INVITATION_OVER


async def test_it_is_made_by_slash_command_too(bridge: Bridge, ada) -> None:
    told = await put(ada, {"type": "message", "text": "/invite web viewer", "place": "web"})
    assert admission_texts.WITHOUT_EARLIER in told["reply"]
    code = told["reply"].partition("/#invite=")[2].partition("`")[0]
    async with browser(bridge) as eva:
        assert (await signs_in(eva, code)).status_code == 200


async def test_a_guest_does_not_leave_a_session_without_owner_by_removing_their_host(
    bridge: Bridge, ada
) -> None:
    """With whoever is removed their guests go, so this one would as well."""
    async with browser(bridge) as eva:
        await signs_in(eva, await invited(ada))
        me = (await eva.get("/v1/me")).json()["participant"]
        await ada.patch(f"{SESSION}/people/{me}", json={"role": "owner"})
        answer = await eva.delete(f"{SESSION}/people/{ADA}")
        assert await refusal(answer) == admission_texts.LAST_OWNER
        await bridge.join(BOB, "owner")
        assert (await eva.delete(f"{SESSION}/people/{ADA}")).status_code == 200
    people = (await bridge.sessions.fold(MAIN)).participants
    assert people == {BOB: "owner"}
