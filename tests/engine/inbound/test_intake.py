"""What a channel hears becomes a command, durable before the platform is told; repeats are one."""

import hashlib
from dataclasses import replace
from typing import Literal

import pytest

from bridge import texts
from bridge.domain.commands import Archive, ChangeRole, Push
from bridge.domain.content import Content, Option, Quote
from bridge.domain.errors import StoreUnavailable
from bridge.domain.events import (
    ConversationLinked,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ParticipantJoined,
    QuestionClosed,
    Source,
)
from bridge.domain.ids import MessageId, PartId, Seq, SessionId
from bridge.domain.inbound import Deleted, Edited, Pressed, Quoted
from bridge.domain.parts import Address, Receipt, Span
from bridge.session.admission import Account
from bridge.session.routing import SHARED, push_button, saying_button
from storage.memory import MemoryStore
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER, MoodyStore

# -- who ------------------------------------------------------------------------------------------


async def test_a_stranger_is_refused_and_leaves_nothing_behind() -> None:
    """No participant, no place, no event."""
    door = await Doorway(chat=Account(allow=frozenset({"ada"}))).open()
    before = await door.log()
    assert await door.say("let me in", "eve") == refused(texts.UNKNOWN_SENDER)
    assert await door.store.identify(realm=CHAT, user="eve") is None
    assert await door.store.conversation_at(Address(channel=CHAT, place="dm")) is None
    assert await door.log() == before


async def test_whoever_is_on_the_list_is_let_in() -> None:
    door = await Doorway(chat=Account(allow=frozenset({"ada"}))).open()
    assert await door.say("hello", "ada") is None
    assert (await door.last()).content.text == "hello"


async def test_strangers_who_talk_to_each_other_are_left_alone() -> None:
    """In a room, only who addresses the bridge is told that it does not know them."""
    door = await Doorway(chat=Account(allow=frozenset({"ada"}))).open()
    assert await door.say("nice day", "eve", room=True, addressed=False) is None
    assert await door.say("bridge, a word?", "eve", room=True) == refused(texts.UNKNOWN_SENDER)


async def test_a_list_that_admits_nobody_admits_nobody() -> None:
    door = await Doorway(chat=Account(allow=frozenset())).open()
    assert await door.say("hello", "*") == refused(texts.UNKNOWN_SENDER)


async def test_the_same_user_of_two_realms_is_two_people() -> None:
    """User 7 of one platform is not user 7 of another, until someone says so."""
    door = await Doorway().open()
    await door.say("from here", "7")
    await door.say("from there", "7", channel=MAIL)
    people = [each.participant for each in await door.log() if isinstance(each, MessageReceived)]
    assert len(set(people)) == 2


async def test_the_same_user_in_two_places_and_accounts_of_one_realm_is_one_person() -> None:
    door = await Doorway().open()
    await door.say("here", realm="team")
    await door.say("there", place="room", realm="team")
    await door.say("and there", channel=MAIL, realm="team")
    people = [each.participant for each in await door.log() if isinstance(each, MessageReceived)]
    assert (len(people), len(set(people))) == (3, 1)


# -- where ----------------------------------------------------------------------------------------


async def test_a_new_place_is_linked_before_its_first_message() -> None:
    """So it is shown what comes after, and the message is in the session it joined."""
    door = await Doorway().open()
    await door.say("hello")
    joined, linked, heard = (await door.log())[-3:]
    there = await door.there()
    who = heard.participant
    assert joined == ParticipantJoined(participant=who, role="member", earlier=False)
    assert linked == ConversationLinked(conversation=there.id, by=heard.participant)
    assert heard.conversation == there.id
    assert there.session == SHARED
    assert there.cursor == await door.store.head(SHARED) - 1


async def test_a_place_joins_once() -> None:
    door = await Doorway().open()
    await door.say("one")
    before = len(await door.log())
    await door.say("two")
    await door.say("three")
    assert len(await door.log()) == before + 2


async def test_shared_places_meet_in_one_session() -> None:
    door = await Doorway().open()
    await door.say("from the chat", "ada")
    await door.say("from the mail", "bob", channel=MAIL)
    assert (await door.there()).session == (await door.there(channel=MAIL)).session == SHARED


async def test_each_person_can_have_a_session_wherever_they_write_from() -> None:
    per_person = Account(allow=frozenset({"*"}), sessions="per_person")
    door = await Doorway(chat=per_person, mail=per_person).open()
    await door.say("here", "ada", realm="team")
    await door.say("there", "ada", realm="team", channel=MAIL)
    await door.say("me too", "bob", place="bobs", realm="team")
    adas, also_adas = await door.there(), await door.there(channel=MAIL)
    bobs = await door.there("bobs")
    assert adas.session == also_adas.session
    assert len({SHARED, adas.session, bobs.session}) == 3
    (joined, *_) = await door.log(bobs.session)
    assert joined.role == "owner"


async def test_each_place_can_have_a_session_which_its_first_speaker_owns() -> None:
    door = await Doorway(chat=Account(allow=frozenset({"*"}), sessions="per_place")).open()
    for user in ("ada", "bob"):
        await door.say("hello", user, place="room", room=True)
    await door.say("hello", "ada", place="elsewhere")
    room, elsewhere = await door.there("room"), await door.there("elsewhere")
    assert room.room
    assert len({SHARED, room.session, elsewhere.session}) == 3
    roles = [e.role for e in await door.log(room.session) if isinstance(e, ParticipantJoined)]
    assert roles == ["owner", "member"]


async def test_whoever_speaks_in_a_linked_place_joins_its_session() -> None:
    door = await Doorway().open()
    await door.say("hello", "ada", room=True)
    await door.say("hello", "bob", room=True)
    joined, heard = (await door.log((await door.there()).session))[-2:]
    who = heard.participant
    assert joined == ParticipantJoined(participant=who, role="member", earlier=False)


async def test_a_suspended_place_is_revived_by_speaking_from_it() -> None:
    door = await Doorway().open()
    await door.say("hello")
    there = await door.there()
    await door.store.postpone(SHARED, there.id, until=None, tries=1, error="gone", suspended=True)
    await door.say("I am back")
    assert not (await door.there()).suspended
    assert door.revived == [there.id]
    await door.say("and still here")
    assert door.revived == [there.id]


# -- what -----------------------------------------------------------------------------------------


async def test_what_is_overheard_is_kept_as_such_and_makes_nobody_a_participant() -> None:
    """It is context in a place that follows a session; whoever said it can read no log by that."""
    door = await Doorway().open()
    await door.say("hello", room=True)
    await door.say("nice dy", "bob", room=True, addressed=False, message="m2")
    await door.hear(
        Edited(message=MessageId("m2"), content=Content(text="nice day")), "bob", room=True
    )
    session = (await door.there()).session
    *_, overheard, edited = await door.log(session)
    assert (overheard.addressed, overheard.content.text) == (False, "nice dy")
    assert isinstance(edited, MessageEdited)
    assert overheard.participant not in (await door.dispatcher.fold(session)).participants


async def test_an_edit_is_of_what_was_said() -> None:
    door = await Doorway().open()
    await door.say("helo", message="m1")
    said = await door.store.head(SHARED)
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="hello")))
    edited = await door.last()
    assert isinstance(edited, MessageEdited)
    assert (edited.target, edited.content.text) == (said, "hello")


async def test_an_edit_that_is_delivered_twice_is_one_and_the_next_edit_another() -> None:
    door = await Doorway().open()
    await door.say("helo", message="m1")
    first = Edited(message=MessageId("m1"), content=Content(text="hello"))
    second = Edited(message=MessageId("m1"), content=Content(text="hello!"))
    for what, key in ((first, "m1@1"), (first, "m1@1"), (second, "m1@2")):
        await door.hear(what, key=key)
    edits = [each.content.text for each in await door.log() if isinstance(each, MessageEdited)]
    assert edits == ["hello", "hello!"]


async def test_every_edit_and_the_deletion_name_the_edits_before_and_a_reply_the_message() -> None:
    door = await Doorway().open()
    await door.say("helo", message="m1")
    said = await door.store.head(SHARED)
    for key in ("a", "b"):
        await door.hear(Edited(message=MessageId("m1"), content=Content(text=key)), key=key)
    await door.say("what?", message="m2", reply_to=MessageId("m1"))
    await door.hear(Deleted(message=MessageId("m1")), key="c")
    *_, first, second, reply, deleted = await door.log()
    assert (first.earlier, second.earlier, deleted.earlier) == (
        (),
        (said + 1,),
        (said + 1, said + 2),
    )
    assert {first.target, second.target, reply.reply_to, deleted.target} == {said}


async def test_a_deletion_is_of_what_was_said_and_done_once() -> None:
    door = await Doorway().open()
    await door.say("oops", message="m1")
    said = await door.store.head(SHARED)
    for key in ("m1@deleted", "m1@deleted", "m1@deleted again"):
        await door.hear(Deleted(message=MessageId("m1")), key=key)
    deleted = [each.target for each in await door.log() if isinstance(each, MessageDeleted)]
    assert deleted == [said]


async def test_a_change_of_what_nobody_heard_changes_nothing() -> None:
    """A message from before the bridge came, or a slash command."""
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/help", message="m_help")
    before = await door.log()
    for message in ("m_unknown", "m_help"):
        change = Edited(message=MessageId(message), content=Content(text="other"))
        assert await door.hear(change) is None
        assert await door.hear(Deleted(message=MessageId(message))) is None
    assert await door.log() == before


async def test_the_same_message_id_in_another_place_is_another_message() -> None:
    door = await Doorway().open()
    await door.say("here", message="m1", key="a")
    await door.say("there", message="m1", place="room", key="b")
    said_there = await door.store.head(SHARED)
    await door.hear(Deleted(message=MessageId("m1")), place="room")
    assert (await door.last()).target == said_there


async def test_a_reply_points_at_the_event_that_its_message_shows() -> None:
    """Be it a person's own message or one that the bridge showed there."""
    door = await Doorway().open()
    await door.say("hello", message="m1")
    said, there = await door.store.head(SHARED), await door.there()
    await door.say("as I said", reply_to=MessageId("m1"))
    assert (await door.last()).reply_to == said
    shown = Receipt(
        session=SHARED,
        conversation=there.id,
        part=PartId("2:0"),
        source=2,
        upto=2,
        span=Span(start=0, end=5),
        state="sent",
        at=door.clock.now(),
        message=MessageId("ours"),
    )
    await door.store.record(shown)
    await door.say("as you said", reply_to=MessageId("ours"))
    assert (await door.last()).reply_to == 2
    await door.say("as who said?", reply_to=MessageId("from before"))
    assert (await door.last()).reply_to is None


# -- buttons --------------------------------------------------------------------------------------


async def test_a_button_answers_its_question() -> None:
    door = await Doorway().open()
    await door.let_ask()
    assert await door.hear(await door.card(1)) is None
    closed = await door.last()
    assert isinstance(closed, QuestionClosed)
    assert (closed.outcome, closed.answer) == ("answered", "c")
    assert closed.conversation == (await door.there()).id


async def test_a_button_of_a_question_that_is_over_says_so_to_whoever_presses_it() -> None:
    """Each time the same, also when the press is delivered again."""
    door = await Doorway().open()
    await door.let_ask()
    await door.hear(await door.card(0), "ada")
    before = len(await door.log())
    for key in ("late", "late", "later"):
        reply = await door.hear(await door.card(1), "ada", key=key)
        assert reply == refused(texts.QUESTION_ANSWERED)
    assert len(await door.log()) == before


async def test_a_press_that_is_delivered_again_is_one_answer() -> None:
    door = await Doorway().open()
    await door.let_ask()
    for _ in range(2):
        assert await door.hear(await door.card(0), key="press") is None
    assert sum(isinstance(each, QuestionClosed) for each in await door.log()) == 1


async def test_a_button_that_says_something_says_it() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.hear(Pressed(value=saying_button("Show me more")))
    assert (await door.last()).content.text == "Show me more"


def push(*labels: str) -> Push:
    buttons = tuple(Option(id="u:ABCDEF", label=each) for each in labels)
    source = Source(kind="background", name="echo")
    return Push(source=source, content=Content(text="news"), buttons=buttons)


@pytest.mark.parametrize(
    "label", ["/archive yes", "/title Mine", "/kick Ada", "Tea", "1", "x" * 90]
)
async def test_the_button_of_a_push_says_its_label_and_commands_and_answers_nothing(
    label: str,
) -> None:
    """An agent that offers it would else do in somebody's name what they did not ask for."""
    door = await Doorway().open()
    await door.let_ask()
    appended = await door.dispatcher.submit(SHARED, push("no", label))
    (event,), before = appended.events, await door.dispatcher.fold(SHARED)
    seq = event.seq
    assert await door.hear(Pressed(value=push_button(SHARED, seq, event.body, 1))) is None
    said = await door.last()
    assert isinstance(said, MessageReceived)
    assert (said.content.text, said.reply_to) == (label, seq)
    after = await door.dispatcher.fold(SHARED)
    assert (after.questions, after.title) == (before.questions, before.title)


@pytest.mark.parametrize("kind", ["webhook", "background"])
async def test_the_words_of_a_button_are_from_outside_if_its_push_is(
    kind: Literal["webhook", "background"],
) -> None:
    door = await Doorway().open()
    await door.say("hello")
    pushed = replace(push("Tea"), source=Source(kind=kind, name="shop"))
    (event,) = (await door.dispatcher.submit(SHARED, pushed)).events
    await door.hear(Pressed(value=push_button(SHARED, event.seq, event.body, 0)))
    assert (await door.last()).content.outside == (kind == "webhook")


async def test_the_button_of_another_push_or_of_another_session_says_nothing() -> None:
    door = await Doorway().open()
    await door.say("hello")
    appended = await door.dispatcher.submit(SHARED, push("Tea"))
    (event,), before = appended.events, await door.log()
    seq, tea = event.seq, event.body
    for value in (
        push_button(SHARED, seq, replace(tea, buttons=push("Coffee").buttons), 0),
        push_button(SHARED, seq, replace(tea, buttons=push("Tea", "Tea").buttons), 1),
        push_button(SHARED, seq, replace(tea, content=Content(text="other news")), 0),
        push_button(SessionId("s_other"), seq, tea, 0),
        push_button(SHARED, Seq(1), tea, 0),
        push_button(SHARED, Seq(10**9), tea, 0),
    ):
        assert await door.hear(Pressed(value=value)) == refused(texts.BUTTON_UNKNOWN)
    assert await door.log() == before


async def test_the_button_of_a_push_of_before_pushes_had_checks_still_says_its_label() -> None:
    door = await Doorway().open()
    await door.say("hello")
    appended = await door.dispatcher.submit(SHARED, push("Tea"))
    of_label = hashlib.sha256(b"Tea").hexdigest()[:16]
    await door.hear(Pressed(value=f"p:{appended.events[0].seq}:0:{of_label}"))
    assert (await door.last()).content.text == "Tea"


@pytest.mark.parametrize("value", ["", "a:", "a:q_1", "a:q_1:x", "b:q_1:0", "nonsense"])
async def test_a_button_that_is_not_ours_is_said_to_be_unknown(value: str) -> None:
    door = await Doorway().open()
    await door.let_ask()
    before = await door.log()
    assert await door.hear(Pressed(value=value)) == refused(texts.BUTTON_UNKNOWN)
    assert await door.log() == before


# -- again ----------------------------------------------------------------------------------------


async def test_a_message_that_is_delivered_again_is_one_event() -> None:
    door = await Doorway().open()
    for _ in range(3):
        assert await door.say("hello", key="m1", message="m1") is None
    assert sum(isinstance(each, MessageReceived) for each in await door.log()) == 1


async def test_a_command_that_is_delivered_again_gets_the_same_reply() -> None:
    door = await Doorway().open()
    await door.say("hello", "ada")
    first = await door.say("/status", "ada", key="m1")
    await door.say("hello", "bob", place="bobs")
    assert first is not None
    assert await door.say("/status", "ada", key="m1") == first
    assert await door.say("/status", "ada", key="m2") != first


async def test_two_accounts_number_their_messages_by_themselves() -> None:
    door = await Doorway().open()
    await door.say("here", key="m1")
    await door.say("there", key="m1", channel=MAIL)
    assert sum(isinstance(each, MessageReceived) for each in await door.log()) == 2


# -- refusals are replies -------------------------------------------------------------------------


async def test_an_archived_session_refuses_in_words() -> None:
    """From a place that followed it, and from one that would: neither is delivered for ever."""
    door = await Doorway().open()
    await door.say("hello")
    await door.dispatcher.submit(SHARED, Archive(by=OWNER))
    before = [each for each in await door.log() if isinstance(each, MessageReceived)]
    assert await door.say("still there?") == refused(texts.ARCHIVED)
    assert await door.say("hello?", "bob", place="new") == refused(texts.ARCHIVED)
    assert await door.say("hm", addressed=False) is None
    assert [e for e in await door.log() if isinstance(e, MessageReceived)] == before


async def test_a_session_that_is_gone_refuses_in_words() -> None:
    door = await Doorway(store=MemoryStore()).open()
    door.store._ledgers.pop(SHARED)
    door.dispatcher._queues.clear()
    assert await door.say("hello") == refused(texts.NO_SUCH_SESSION)


async def test_whoever_may_only_read_is_told_so() -> None:
    door = await Doorway().open()
    await door.say("hello")
    who = (await door.last()).participant
    await door.dispatcher.submit(SHARED, ChangeRole(by=OWNER, participant=who, role="viewer"))
    assert await door.say("let me write") == refused(texts.READ_ONLY)


async def test_an_empty_message_is_refused_in_words() -> None:
    door = await Doorway().open()
    assert await door.say("  ") == refused(texts.NOTHING_SAID)


async def test_what_could_not_be_kept_is_not_taken_in() -> None:
    """The platform is not told that we have it, so it comes again."""
    store = MoodyStore()
    door = await Doorway(store=store).open()
    await door.say("hello")
    store.is_down = True
    with pytest.raises(StoreUnavailable):
        await door.say("are you there?", key="m2")
    store.is_down = False
    assert await door.say("are you there?", key="m2") is None
    assert (await door.last()).content.text == "are you there?"


async def test_a_reply_to_what_the_log_does_not_have_answers_no_question() -> None:
    """A number said of someone else's list, which was never heard here, approves nothing."""
    door = await Doorway().open()
    await door.let_ask()
    await door.say("1", reply_to=MessageId("never heard"))
    assert isinstance(await door.last(), MessageReceived)
    await door.say("1")
    assert isinstance(await door.last(), QuestionClosed)


# -- what a message is about ----------------------------------------------------------------------


def about(text: str = "the build is red", author: str = "[Bob]\n", files=()) -> Quoted:
    return Quoted(author=author, text=text, files=files)


async def test_what_a_reply_is_about_comes_with_it_where_the_log_does_not_have_it() -> None:
    door = await Doorway().open()
    await door.say("why?", reply_to=MessageId("unheard of"), quoted=about())
    assert (await door.last()).quote == Quote(author="Bob", text="the build is red")
    assert (await door.last()).reply_to is None


async def test_what_the_log_has_is_only_named() -> None:
    door = await Doorway().open()
    await door.say("the build is red", message="m1")
    await door.say("why?", reply_to=MessageId("m1"), quoted=about())
    assert (await door.last()).quote is None
    assert (await door.last()).reply_to is not None


async def test_of_a_long_message_the_beginning_is_told() -> None:
    door = await Doorway().open()
    await door.say("why?", quoted=about("x" * 5000, author="@@"))
    quote = (await door.last()).quote
    assert (quote.author, len(quote.text), quote.text[-1]) == (texts.SOMEONE, 1000, "…")


async def test_what_most_likely_goes_on_is_marked_so() -> None:
    door = await Doorway().open()
    await door.say("first half", more=True)
    assert (await door.last()).more
