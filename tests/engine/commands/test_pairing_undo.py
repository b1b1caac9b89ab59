"""Undoing what let somebody else in: it ends one grant, and no owner."""

import pytest

from bridge import admission_texts, texts
from bridge.domain.events import Pushed
from bridge.domain.ids import SessionId
from bridge.domain.parts import Reply
from bridge.session.admission import Account
from bridge.session.routing import SHARED, request_button
from tests.engine.commands.test_access_requests import doorway, number, press
from tests.engine.commands.test_invitations import invited
from tests.engine.doorway import Doorway, refused
from tests.engine.rig import OWNER


async def undo_of(door: Doorway, session: SessionId = SHARED) -> str:
    """Return the button that undoes whoever was the last to come into a session."""
    pushed = [each for each in await door.log(session) if isinstance(each, Pushed)]
    values = [one.id for each in pushed for one in each.buttons if one.id.startswith("u:")]
    return values[-1]


async def otto_invites_zoe(**account) -> tuple[Doorway, str]:
    """Let Otto, an owner of a session, invite Zoe to it; return the button that undoes it."""
    door = await doorway(chat=Account(allow=frozenset({"otto"}), strangers="ask", **account))
    await door.say("hello", "otto", place="ottos")
    if not account:
        await door.say("/role Otto owner", "olga", place="home")
    await door.say(await invited(door, by="otto", place="ottos"), "zoe", place="zoes")
    return door, await undo_of(door, (await door.there("ottos")).session)


async def test_undoing_an_invitation_ends_that_one_and_no_other_of_its_person() -> None:
    door, undo = await otto_invites_zoe(sessions="per_person")
    ottos, olgas = (await door.there("ottos")).session, (await door.there("home")).session
    await door.say(await invited(door), "zoe", place="zoes")
    zoe = await door.store.identify(realm="chat", user="zoe")
    told = await press(door, undo, "otto", place="ottos")
    assert told == Reply(text=admission_texts.undone_one("Zoe", "Chat"))
    assert zoe not in (await door.dispatcher.fold(ottos)).participants
    assert await door.say("hello Olga", "zoe", place="zoes") is None
    assert await door.store.identify(realm="chat", user="zoe") == zoe
    assert zoe in (await door.dispatcher.fold(olgas)).participants
    assert (await door.there("zoes")).session == olgas


@pytest.mark.parametrize("by", ["a code of the bridge's owner", "a role"])
async def test_whoever_may_put_nobody_out_any_more_undoes_nobody_either(by) -> None:
    door, undo = await otto_invites_zoe()
    zoe = await door.store.identify(realm="chat", user="zoe")
    if by == "a role":
        await door.say("/role Zoe owner", "olga", place="home")
    else:
        await door.say(await door.dispatcher.pairing.codes.owner(OWNER), "zoe", place="zoes")
    told = await press(door, undo, "otto", place="ottos")
    assert told.text in {admission_texts.UNDO_OWNER, admission_texts.KICK_OWNER}
    await door.say("/role Otto viewer", "olga", place="home")
    assert (await press(door, undo, "otto", place="ottos")).text == texts.OWNERS_ONLY
    assert (await door.dispatcher.fold(SHARED)).participants[zoe] == "owner"
    assert await door.say("hello", "zoe", place="zoes") is None


async def test_an_undo_frees_nobody_of_what_they_were_put_out_of_elsewhere() -> None:
    door, undo = await otto_invites_zoe(sessions="per_person")
    await door.say(await invited(door), "zoe", place="zoes")
    await door.say("/kick Zoe", "olga", place="home")
    await press(door, undo, "otto", place="ottos")
    told = await door.say(f"/link {await invited(door)}", "zoe", place="zoes")
    assert told == refused(admission_texts.INVITATION_OVER)


async def test_whoever_was_let_in_to_a_session_of_their_own_can_be_undone() -> None:
    door = await doorway(chat=Account(allow=frozenset(), strangers="ask", sessions="per_person"))
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    await press(door, request_button(name, "allow"))
    assert await door.say("hello", "eve", place="eves") is None
    assert not (await press(door, f"u:{name}")).refused
    assert (await door.say("hello", "eve", place="eves")).refused
