"""Invitations: others come into a session by a code, as themselves."""

import asyncio
import re

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole
from bridge.domain.events import Pushed
from bridge.domain.inbound import Pressed
from bridge.domain.parts import Reply
from bridge.engine.access.admission import GRANTS
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.commands.test_access_requests import doorway, guests
from tests.engine.doorway import MAIL, Doorway, refused
from tests.engine.rig import OWNER

NOBODY = Account(allow=frozenset())
ONLY_ADA = Account(allow=frozenset({"ada"}))
OVER = refused(admission_texts.INVITATION_OVER)


async def invited(door: Doorway, asked: str = "", *, by: str = "olga", **more) -> str:
    """Return the code of a new invitation, of Olga's if nobody else is named."""
    reply = await door.say(f"/invite {asked}".strip(), by, **{"place": "home", **more})
    assert reply is not None
    assert not reply.refused
    found = re.search(r"`(\w{5}-\w{5})`", reply.text)
    assert found is not None
    return found[1]


async def role(door: Doorway, user: str, place: str = "") -> str | None:
    fold = await door.dispatcher.fold(SHARED)
    who = await door.store.identify(realm="chat", user=user)
    return fold.participants.get(who)


@pytest.mark.parametrize("typed", ["{}", "/start {}", "/link {}"])
async def test_whoever_sends_it_in_private_comes_in_as_themselves(typed) -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door)
    told = await door.say(typed.format(code), "eve", place="eves")
    assert told == Reply(text=admission_texts.you_joined("Main", "member"))
    assert await role(door, "eve") == "member"
    assert await door.say("hello", "eve", place="eves") is None
    assert await guests(door) == ["Eve"]


async def test_a_viewer_comes_in_to_read_whatever_happens_in_between() -> None:
    door = await doorway(chat=NOBODY)
    await door.say(await invited(door, "viewer"), "eve", place="eves")
    assert await role(door, "eve") == "viewer"
    assert (await door.say("hello", "eve", place="eves")).text == texts.READ_ONLY
    assert (await door.say("/invite", "eve", place="eves")).text == texts.OWNERS_ONLY
    await door.say("/leave", "eve", place="eves")
    assert (await door.say("hello", "eve", place="eves")).text == texts.READ_ONLY


async def test_who_comes_reads_nothing_of_before_unless_the_invitation_says_so() -> None:
    door = await doorway(chat=NOBODY)
    await door.say("between us", "olga", place="home")
    for user, asked, reads in (("eve", "", False), ("bob", "with history", True)):
        text = (await door.say(f"/invite {asked}".strip(), "olga", place="home")).text
        assert (admission_texts.WITH_EARLIER in text) is reads
        assert (admission_texts.WITHOUT_EARLIER in text) is not reads
        code = re.search(r"`(\w{5}-\w{5})`", text)[1]
        told = await door.say(code, user, place=f"{user}s")
        assert (admission_texts.READ_EARLIER in told.text) is reads
        history = (await door.say("/history 30", user, place=f"{user}s")).text
        assert ("between us" in history) is reads


async def test_whoever_was_put_out_comes_back_to_what_is_said_from_then_on() -> None:
    door = await doorway(chat=NOBODY)
    await door.say(await invited(door, "with history"), "eve", place="eves")
    await door.say("/kick eve", "olga", place="home")
    await door.say("between us", "olga", place="home")
    await door.say(await invited(door), "eve", place="eves")
    assert "between us" not in (await door.say("/history 30", "eve", place="eves")).text


async def test_who_dies_before_they_are_in_comes_in_no_stronger_role() -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door, "viewer")

    async def died(*_) -> bool:
        raise RuntimeError

    real = door.dispatcher.pairing.guests
    door.dispatcher.pairing.invitations.guests = real
    whole = type(real).let_in
    try:
        type(real).let_in = died
        with pytest.raises(RuntimeError):
            await door.say(code, "eve", place="eves")
    finally:
        type(real).let_in = whole
    told = await door.say(code, "eve", place="eves")
    assert told.text == admission_texts.you_joined("Main", "viewer")
    assert await role(door, "eve") == "viewer"


async def test_it_works_once_and_for_its_taker_it_is_the_same_again() -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door)
    first = await door.say(code, "eve", place="eves")
    assert (await door.say(code, "mallory", place="mallorys")).text == texts.UNKNOWN_SENDER
    assert (await door.say(f"/link {code}", "mallory", place="mallorys")).refused
    assert await door.say(code, "eve", place="eves") == first
    assert await guests(door) == ["Eve"]


async def test_of_many_who_send_it_at_once_as_many_come_in_as_it_says() -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door, "uses 3")
    told = await asyncio.gather(
        *(door.say(f"/link {code}", f"s{n}", place=f"p{n}") for n in range(10))
    )
    assert len([each for each in told if not each.refused]) == 3
    assert len(await guests(door)) == 3


async def test_it_ends_when_it_says() -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door, "uses 9 for 2h")
    door.clock.forward(2 * 3600 - 1)
    assert not (await door.say(f"/link {code}", "eve", place="eves")).refused
    door.clock.forward(1)
    assert (await door.say(f"/link {code}", "mallory", place="mallorys")).refused


async def test_in_a_room_it_is_neither_made_nor_worth_anything() -> None:
    door = await doorway(chat=ONLY_ADA)
    told = await door.say("/invite", "olga", place="team", room=True)
    assert told == refused(admission_texts.INVITE_IN_PRIVATE)
    code = await invited(door, "uses 9")
    told = await door.say(f"here: {code}", "eve", place="team", room=True)
    assert told == refused(texts.CODE_SEEN)
    assert (await door.say(f"/link {code}", "eve", place="eves")).refused
    assert await guests(door) == []


async def test_the_inviter_is_told_of_each_and_can_undo_it() -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door, "uses 2")
    for user in ("eve", "mallory"):
        await door.say(code, user, place=f"{user}s")
    told = [
        b for b in await door.log() if isinstance(b, Pushed) and "by your inv" in b.content.text
    ]
    assert [each.content.text.split("**")[1] for each in told] == ["Eve", "Mallory"]
    (undo,) = told[0].buttons
    await door.hear(Pressed(value=undo.id), "olga", place="home")
    assert (await door.say("hello", "eve", place="eves")).refused
    assert await role(door, "eve") is None
    assert (await door.say(f"/link {code}", "eve", place="eves")).refused
    assert await door.say("hello", "mallory", place="mallorys") is None


async def test_only_owners_of_the_session_invite() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada")
    assert (await door.say("/invite", "ada")).text == texts.OWNERS_ONLY
    ada = await door.store.identify(realm="chat", user="ada")
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role="owner"))
    told = await door.say("/invite", "ada")
    assert not told.refused
    code = re.search(r"`(\w{5}-\w{5})`", told.text)[1]
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role="member"))
    assert await door.say(f"/link {code}", "eve", place="eves") == OVER


async def test_what_an_owner_of_a_session_gives_holds_while_they_are_let_in() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada")
    ada = await door.store.identify(realm="chat", user="ada")
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role="owner"))
    told = await door.say("/invite", "ada")
    code = re.search(r"`(\w{5}-\w{5})`", told.text)[1]
    await door.say(code, "eve", place="eves")
    assert await door.say("hello", "eve", place="eves") is None
    again = await Doorway(chat=NOBODY, store=door.store, clock=door.clock, heard=500).open()
    assert (await again.say("hello", "eve", place="eves")).refused


async def test_it_lets_in_to_its_one_session_on_that_account_alone() -> None:
    door = await doorway(chat=NOBODY, mail=NOBODY)
    await door.say(await invited(door), "eve", place="eves")
    told = await door.say("hello", "eve", place="post", channel=MAIL, realm="chat")
    assert told.refused
    assert (await door.say("/new Mine", "eve", place="eves")).refused


async def test_whoever_is_in_already_uses_none_up() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada")
    code = await invited(door)
    told = await door.say(code, "ada")
    assert told == Reply(text=admission_texts.in_already("Main"))
    assert not (await door.say(f"/link {code}", "eve", place="eves")).refused


async def test_whoever_was_removed_does_not_come_back_by_an_invitation() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada")
    await door.say("/kick Ada", "olga", place="home")
    assert await door.say(f"/link {await invited(door)}", "ada") == OVER


async def test_they_are_listed_and_revoked_by_number_and_never_by_their_code() -> None:
    door = await doorway(chat=NOBODY)
    code = await invited(door, "viewer uses 3 for 7d")
    await door.say(code, "eve", place="eves")
    listed = await door.say("/invite list", "olga", place="home")
    assert "viewer, 1 of 3 came, until 2026-03-09" in listed.text
    assert code not in listed.text
    number = re.search(r"`(\w{6})`", listed.text)[1]
    assert (await door.say("/invite revoke ZZZZZZ", "olga", place="home")).refused
    told = await door.say(f"/invite revoke {number}", "olga", place="home")
    assert told == Reply(text=admission_texts.INVITATION_REVOKED)
    assert (await door.say(f"/link {code}", "mallory", place="mallorys")).refused
    assert await role(door, "eve") == "viewer"  # whoever came stays
    assert "no open" in (await door.say("/invite list", "olga", place="home")).text


async def test_nobody_has_more_than_twenty_open() -> None:
    door = await doorway(chat=NOBODY)
    for _ in range(20):
        await invited(door)
    told = await door.say("/invite", "olga", place="home")
    assert told == refused(admission_texts.TOO_MANY_INVITATIONS)


async def test_what_makes_no_sense_is_explained() -> None:
    door = await doorway(chat=NOBODY)
    told = await door.say("/invite owner", "olga", place="home")
    assert told == refused(admission_texts.INVITE_HOW)


async def test_a_viewer_whom_an_invitation_does_not_raise_is_told_so_and_their_host_too() -> None:
    door = await doorway(chat=NOBODY)
    await door.say(await invited(door, "viewer"), "eve", place="eves")
    book = await door.dispatcher.admission.book()
    (guest,) = [each for each in book.grants.values() if each.name == "Eve"]
    await door.dispatcher.admission.drop(GRANTS, guest.key)
    told = await door.say(await invited(door, "member"), "eve", place="eves")
    assert await role(door, "eve") == "viewer"
    assert told.text == admission_texts.you_joined("Main", "viewer")
    notices = [each.content.text for each in await door.log() if isinstance(each, Pushed)]
    assert "as a viewer" in notices[-1]


async def test_undoing_a_code_says_whether_they_are_let_in_by_a_list_still() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada", place="ada")
    code = await door.dispatcher.pairing.codes.owner(OWNER)
    await door.say(code, "ada", place="ada")
    grants = (await door.dispatcher.admission.book()).grants.values()
    (grant,) = [each for each in grants if each.name == "Ada"]
    told = await door.dispatcher.people.unlink(grant.id)
    assert admission_texts.undone("Ada", "Chat", known=True, still_in=True) in told
    assert await door.say("hello again", "ada", place="ada") is None
