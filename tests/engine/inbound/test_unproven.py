"""Who writes under an id that their platform does not vouch for: heard, never as an owner."""

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole
from bridge.domain.events import Pushed
from bridge.domain.inbound import Pressed
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.session.admission import Account
from bridge.session.routing import DECISIONS, SHARED, UNDO, request_button, saying_button
from tests.engine.commands.test_pairing import link_code, redeem
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER

UNPROVEN = {"proven": False}


async def who_is(door: Doorway, user: str):
    return await door.store.identify(realm=CHAT, user=user)


async def test_they_are_heard_as_a_member() -> None:
    door = await Doorway().open()
    assert await door.say("hello", "ada", **UNPROVEN) is None
    fold = await door.dispatcher.fold(SHARED)
    assert fold.participants[await who_is(door, "ada")] == "member"


@pytest.mark.parametrize("sessions", ["per_person", "per_place"])
async def test_the_first_one_in_a_session_does_not_own_it(sessions) -> None:
    door = await Doorway(chat=Account(allow=frozenset({"*"}), sessions=sessions)).open()
    await door.say("hello", "ada", **UNPROVEN)
    await door.say("hello all", "ada", place="team", room=True, **UNPROVEN)
    for place in ("dm", "team"):
        fold = await door.dispatcher.fold((await door.there(place)).session)
        assert list(fold.participants.values()) == ["member"]


@pytest.mark.parametrize("typed", ["{}", "/link {}", "my code is {}"])
async def test_no_code_is_taken_from_them_and_the_code_is_void(typed) -> None:
    door = await Doorway().open()
    codes = PairingCodes(door.store, door.clock)
    code = await codes.owner(OWNER)
    reply = await door.say(typed.format(code), "ada", **UNPROVEN)
    assert reply == refused(texts.CODE_UNPROVEN)
    assert await who_is(door, "ada") is None
    assert (await door.last()).content.text == admission_texts.code_was_unproven("Ada", "Chat")
    assert await door.say(f"/link {code}", "bob", channel=MAIL, place="x") == refused(
        texts.BAD_CODE
    )


@pytest.mark.parametrize("asked", ["/link", "/new Taxes", "/sessions", "/switch Main"])
async def test_they_get_nothing_that_would_bind_their_id_to_more(asked) -> None:
    door = await Doorway().open()
    await door.say("hello", "ada", **UNPROVEN)
    before = await door.log()
    assert await door.say(asked, "ada", **UNPROVEN) == refused(texts.UNPROVEN)
    press = Pressed(value=saying_button(asked))
    assert await door.hear(press, "ada", **UNPROVEN) == refused(texts.UNPROVEN)
    assert await door.log() == before


async def test_whoever_was_made_an_owner_is_not_heard_as_one_until_they_are_proven() -> None:
    door = await Doorway().open()
    await door.say("hello", "ada", **UNPROVEN)
    ada = await who_is(door, "ada")
    await door.dispatcher.submit(SHARED, ChangeRole(by=OWNER, participant=ada, role="owner"))
    before = await door.log()
    assert await door.say("/agent echo", "ada", **UNPROVEN) == refused(texts.OWNER_UNPROVEN)
    assert await door.log() == before
    await door.say("here I am", "ada")
    assert (await door.last()).content.text == "here I am"


async def test_an_owner_of_the_bridge_is_not_heard_without_proof_in_any_place() -> None:
    door = await Doorway().open()
    await door.say(f"/link {await PairingCodes(door.store, door.clock).owner(OWNER)}", "ada")
    before = await door.log()
    told = [
        await door.say("let eve in", "ada", **more, **UNPROVEN)
        for more in ({}, {"place": "team", "room": True})
    ]
    assert told == [refused(texts.OWNER_UNPROVEN), None]
    assert await door.log() == before


@pytest.mark.parametrize("how", ["typed", "said by a button", "pressed"])
async def test_they_undo_nothing_that_a_code_gave(how) -> None:
    door = await Doorway().open()
    code = await link_code(door)
    await redeem(door, code)
    (undo,) = [
        each.id
        for body in await door.log()
        if isinstance(body, Pushed)
        for each in body.buttons
        if each.id.startswith(UNDO)
    ]
    typed, before = f"/unlink {undo.removeprefix(UNDO)}", await door.log()
    if how == "typed":
        told = await door.say(typed, "ada", **UNPROVEN)
    else:
        value = undo if how == "pressed" else saying_button(typed)
        told = await door.hear(Pressed(value=value), "ada", **UNPROVEN)
    assert told == refused(texts.UNPROVEN)
    assert await door.log() == before
    assert not (await door.say(typed, "ada")).refused


@pytest.mark.parametrize("decision", DECISIONS)
async def test_they_press_no_answer_for_somebody_who_asks_to_be_let_in(decision) -> None:
    door = await Doorway(chat=Account(allow=frozenset({"ada"}), strangers="ask")).open()
    await door.say("hello", "ada")
    await door.say("/ask", "eve", place="eves")
    (asked,) = await door.dispatcher.access_requests.waiting()
    press = Pressed(value=request_button(asked.id, decision))
    assert await door.hear(press, "ada", **UNPROVEN) == refused(texts.UNPROVEN)
    assert list(await door.dispatcher.access_requests.waiting()) == [asked]
