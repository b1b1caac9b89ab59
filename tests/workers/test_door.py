"""Who is let in: by the list, by the owner's code, by a code of /link; and what the others hear."""

import pytest

from bridge import texts
from bridge.content import Content
from bridge.events import (
    ConversationLinked,
    ConversationUnlinked,
    MessageReceived,
    RoleChanged,
)
from bridge.ids import MessageId, SessionId
from bridge.inbound import Added, Edited
from bridge.routing import SHARED
from bridge.workers import door as module
from bridge.workers.codes import Codes
from bridge.workers.door import Account
from tests.workers.doorway import CHAT, MAIL, Doorway, refused
from tests.workers.rig import OWNER

NOBODY = Account(allow=frozenset())
ONLY_ADA = Account(allow=frozenset({"ada"}))
SECRET = "WRONG-CODES"


async def owner_code(door: Doorway) -> str:
    return await Codes(door.store, door.clock).owner(OWNER)


async def link_code(door: Doorway, user: str = "ada", **more) -> str:
    """Ask for a code in a chat and return it."""
    reply = await door.say("/link", user, **more)
    assert reply is not None
    return reply.text.split("/link ")[1].split("`")[0]


# -- strangers ------------------------------------------------------------------------------------


async def test_a_stranger_is_told_once_an_hour() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    told = [await door.say("let me in", "eve") for _ in range(5)]
    assert told == [refused(texts.UNKNOWN_SENDER), None, None, None, None]
    assert await door.say("and me?", "mallory") == refused(texts.UNKNOWN_SENDER)
    door.clock.forward(3600)
    assert await door.say("and now?", "eve") == refused(texts.UNKNOWN_SENDER)


async def test_what_a_stranger_does_without_speaking_is_answered_with_nothing() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    edited = Edited(message=MessageId("m1"), content=Content(text="hm"))
    assert await door.hear(edited, "eve") is None
    assert await door.hear(Added(), "eve", place="group", room=True) is None
    assert await door.store.conversations(SHARED) == []


# -- the owner's code -----------------------------------------------------------------------------


async def test_whoever_sends_the_owners_code_is_the_owner_and_is_let_in_for_good() -> None:
    door = await Doorway(chat=NOBODY).open()
    reply = await door.say(await owner_code(door), "ada")
    assert reply is not None
    assert reply.text == texts.you_own_it("Main")
    assert await door.say("hello", "ada") is None
    heard = await door.last()
    assert isinstance(heard, MessageReceived)
    assert heard.participant == OWNER


async def test_a_message_with_the_code_is_not_said_in_the_session() -> None:
    door = await Doorway(chat=NOBODY).open()
    await door.say(await owner_code(door), "ada")
    assert not [each for each in await door.log() if isinstance(each, MessageReceived)]


async def test_the_owners_code_is_good_once() -> None:
    door = await Doorway(chat=NOBODY).open()
    code = await owner_code(door)
    await door.say(code, "ada")
    assert await door.say(code, "eve") == refused(texts.UNKNOWN_SENDER)
    assert await door.say(f"/link {code}", "eve") == refused(texts.BAD_CODE)
    assert await door.store.identify(realm=CHAT, user="eve") is None


async def test_a_code_that_is_delivered_twice_gets_the_same_reply() -> None:
    door = await Doorway(chat=NOBODY).open()
    code = await owner_code(door)
    first = await door.say(code, "ada", key="x")
    assert await door.say(code, "ada", key="x") == first


async def test_someone_who_was_known_already_becomes_an_owner_too() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", "ada")
    await door.say(await owner_code(door), "ada")
    changed = await door.last()
    assert isinstance(changed, RoleChanged)
    assert changed.role == "owner"


async def test_an_owners_code_is_replaced_by_the_next_one() -> None:
    door = await Doorway(chat=NOBODY).open()
    old = await owner_code(door)
    await owner_code(door)
    assert await door.say(old, "eve") == refused(texts.UNKNOWN_SENDER)


async def test_the_owner_is_let_in_after_a_restart() -> None:
    door = await Doorway(chat=NOBODY).open()
    await door.say(await owner_code(door), "ada")
    again = await Doorway(chat=NOBODY, store=door.store).open()
    assert await again.say("hello", "ada") is None


# -- codes of /link -------------------------------------------------------------------------------


async def test_a_code_makes_another_app_follow_the_session_as_the_same_person() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    reply = await door.say(f"/link {code}", "a@b", channel=MAIL, place="inbox")
    assert reply is not None
    assert reply.text == texts.linked("Main")
    await door.say("me again", "a@b", channel=MAIL, place="inbox")
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert (await door.last()).participant == ada
    assert (await door.there("inbox", MAIL)).session == SHARED


async def test_in_a_room_whoever_sends_the_code_is_someone_new() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    await door.say(f"/link {code}", "bob", channel=MAIL, place="team", room=True)
    ada = await door.store.identify(realm=CHAT, user="ada")
    bob = await door.store.identify(realm=MAIL, user="bob")
    assert bob not in {None, ada}
    assert (await door.there("team", MAIL)).session == SHARED


async def test_a_place_moves_to_the_session_of_the_code() -> None:
    own = Account(allow=frozenset({"*"}), sessions="per_place")
    door = await Doorway(chat=own, mail=own).open()
    code = await link_code(door)
    await door.say("hello", "bob", channel=MAIL, place="inbox")
    before = (await door.there("inbox", MAIL)).session
    await door.say(f"/link {code}", "bob", channel=MAIL, place="inbox")
    after = (await door.there("inbox", MAIL)).session
    assert after == (await door.there()).session
    assert before not in {None, after}
    assert isinstance((await door.log(SessionId(before)))[-1], ConversationUnlinked)


@pytest.mark.parametrize("typed", ["{}", "/link {}", "/start {}", "/link@bot {}"])
async def test_codes_are_typed_in_any_case_and_with_or_without_their_dash(typed: str) -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = (await link_code(door)).replace("-", "").lower()
    await door.say(typed.format(code), "a@b", channel=MAIL, place="inbox")
    assert (await door.there("inbox", MAIL)).session == SHARED


async def test_a_code_is_good_for_ten_minutes() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    door.clock.forward(601)
    assert await door.say(f"/link {code}", "a@b", channel=MAIL) == refused(texts.BAD_CODE)


async def test_codes_cannot_be_guessed_one_after_the_other() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    for _ in range(module.MAX_TRIES):
        assert await door.say(f"/link {SECRET}", "eve", channel=MAIL) == refused(texts.BAD_CODE)
    code = await link_code(door)
    turned_away = await door.say(f"/link {code}", "eve", channel=MAIL)
    assert turned_away == refused(texts.TOO_MANY_CODES)
    door.clock.forward(3600)
    assert await door.say(f"/link {SECRET}", "eve", channel=MAIL) == refused(texts.BAD_CODE)


async def test_words_that_only_look_like_a_code_are_said() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say(SECRET, "ada")
    assert (await door.last()).content.text == SECRET


async def test_codes_are_not_kept_as_they_are() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    code = await link_code(door)
    kept = await door.store.facts("codes")
    assert code.replace("-", "") not in repr(kept)


async def test_a_viewer_gets_no_code() -> None:
    """A code lets others in to write."""
    from bridge.commands import ChangeRole

    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", "ada")
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    await door.desks.submit(SHARED, ChangeRole(by=OWNER, participant=ada, role="viewer"))
    reply = await door.say("/link", "ada")
    assert reply is not None
    assert reply.text == texts.READ_ONLY


# -- being welcomed -------------------------------------------------------------------------------


async def test_a_place_that_is_new_is_welcomed_where_the_account_says_so() -> None:
    welcoming = Account(allow=frozenset({"ada"}), welcome=True)
    door = await Doorway(chat=welcoming, mail=ONLY_ADA).open()
    await door.say("hello", "ada")
    await door.say("hello", "ada", channel=MAIL, place="inbox")
    linked = [each for each in await door.log() if isinstance(each, ConversationLinked)]
    assert [each.welcome for each in linked] == [True, False]
    assert (await door.there()).cursor == 3  # right before its own event, the fourth
    assert (await door.there("inbox", MAIL)).cursor > 3


async def test_being_brought_into_a_group_makes_it_follow_a_session() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    assert await door.hear(Added(), "ada", place="group", room=True) is None
    assert (await door.there("group")).session == SHARED
