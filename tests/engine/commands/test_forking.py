"""`/fork`: a session of one's own with all of another, up to now or up to a message."""

from contextlib import suppress

import pytest

from bridge import session_texts, texts
from bridge.domain.commands import Join, Say
from bridge.domain.content import Content
from bridge.domain.events import MessageReceived, ParticipantJoined, SessionForked
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.inbound import Quoted
from bridge.engine.commands import begun
from bridge.engine.names import CLIENTS
from bridge.session.routing import SHARED
from tests.engine.doorway import Doorway
from tests.engine.rig import OWNER


async def followed(door: Doorway, place: str = "dm") -> SessionId:
    session = (await door.there(place)).session
    assert session is not None
    return session


async def said_in(door: Doorway, session: SessionId) -> list[str]:
    return [e.content.text for e in await door.log(session) if isinstance(e, MessageReceived)]


async def told(door: Doorway, text: str, **more) -> str:
    reply = await door.say(text, **more)
    assert reply is not None, text
    return reply.text


async def test_a_copy_begins_with_all_that_was_said_and_both_go_on_alone() -> None:
    door = await Doorway().open()
    await door.say("about pigeons")
    await door.say("hello from Bob", "bob", place="bobs")
    assert await told(door, "/fork What if") == session_texts.forked("What if")
    copy = await followed(door)
    await door.say("only here")
    await door.say("only there", "bob", place="bobs")
    assert await said_in(door, copy) == ["about pigeons", "hello from Bob", "only here"]
    assert await said_in(door, SHARED) == ["about pigeons", "hello from Bob", "only there"]
    fold = await door.dispatcher.fold(copy)
    assert (fold.title, list(fold.participants.values())) == ("What if", ["owner"])
    assert len(fold.conversations) == 1


async def test_as_a_reply_it_goes_up_to_that_message() -> None:
    door = await Doorway().open()
    await door.say("one", message="m_1")
    await door.say("two", message="m_2")
    await door.say("three", message="m_3")
    assert await told(door, "/fork", reply_to="m_2") == session_texts.forked("Main")
    assert await said_in(door, await followed(door)) == ["one", "two"]


async def test_as_a_reply_to_what_nobody_knows_it_copies_nothing() -> None:
    door = await Doorway().open()
    await door.say("one")
    quoted = Quoted(author="Somebody", text="what was that")
    reply = await door.say("/fork", reply_to="m_unknown", quoted=quoted)
    assert reply is not None
    assert (reply.text, reply.refused) == (session_texts.FORK_UP_TO_WHAT, True)
    assert len(await door.store.sessions()) == 1


async def test_a_command_that_is_delivered_again_makes_one_copy() -> None:
    door = await Doorway().open()
    await door.say("hello")
    first = await told(door, "/fork", key="once")
    await door.say("and more")
    assert await told(door, "/fork", key="once") == first
    assert len(await door.store.sessions()) == 2


@pytest.mark.parametrize("step", ["put_session", "append", "keep_fact"])
async def test_a_death_anywhere_in_the_middle_leaves_one_copy(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each write: what was begun is finished when it is delivered again."""
    for survived in range(6):
        for after in (False, True):
            door = await Doorway().open()
            await door.say("hello")
            call, left = getattr(door.store, step), survived

            async def dying(*args, _call=call, _after=after, **more):
                nonlocal left
                left -= 1
                if left < 0:
                    if _after:
                        await _call(*args, **more)
                    raise ConnectionError
                return await _call(*args, **more)

            with monkeypatch.context() as dead, suppress(ConnectionError):
                dead.setattr(door.store, step, dying)
                await door.say("/fork Copy", key="once")
            door = await Doorway(store=door.store, clock=door.clock).open()
            assert await told(door, "/fork Copy", key="once") == session_texts.forked("Copy")
            rows = await door.store.sessions()
            assert sorted(each.title for each in rows) == ["Copy", "Main"]
            copy = await followed(door)
            assert await said_in(door, copy) == ["hello"]
            forks = [e for e in await door.log(copy) if isinstance(e, SessionForked)]
            assert len(forks) == 1


async def test_nobody_of_the_other_session_is_in_the_copy() -> None:
    door = await Doorway().open()
    await door.say("hello")
    ada = (await door.last()).participant
    await door.say("hi", "bob", place="bobs")
    bob = (await door.last()).participant
    await door.say("/fork")
    fold = await door.dispatcher.fold(await followed(door))
    assert set(fold.participants) == {ada}
    assert bob in (await door.dispatcher.fold(SHARED)).participants
    await door.say("/switch main")
    reply = await door.say("/sessions", "bob", place="bobs")
    assert reply is not None
    assert fold.id not in repr(reply.buttons)


async def test_a_viewer_makes_a_copy_of_what_they_may_read_and_speaks_there() -> None:
    door = await Doorway().open()
    await door.say("a secret")
    await door.say("/new Other", "eve", place="eves")
    eve = ParticipantId("")
    for body in await door.log(await followed(door, "eves")):
        if isinstance(body, ParticipantJoined):
            eve = body.participant
    join = Join(participant=eve, role="viewer", earlier=False)
    await door.dispatcher.submit(SHARED, join)
    await door.say("welcome, Eve")
    await door.say("/switch main", "eve", place="eves")
    await door.say("/fork Mine", "eve", place="eves")
    copy = await followed(door, "eves")
    assert "a secret" not in repr(await door.log(copy))
    assert "welcome, Eve" in await said_in(door, copy)
    await door.say("I speak", "eve", place="eves")
    assert (await said_in(door, copy))[-1] == "I speak"


async def test_a_room_is_not_moved_to_a_copy() -> None:
    door = await Doorway().open()
    team = {"place": "team", "room": True, "title": "Team"}
    await door.say("hello all", **team)
    reply = await door.say("/fork", **team)
    assert reply is not None
    assert (reply.refused, reply.text) == (True, session_texts.CHOOSE_IN_PRIVATE)


async def test_where_nothing_is_followed_there_is_nothing_to_copy() -> None:
    door = await Doorway().open()
    reply = await door.say("/fork")
    assert reply is not None
    assert (reply.refused, reply.text) == (True, texts.NO_PLACE)
    assert len(await door.store.sessions()) == 1


async def test_copies_count_as_sessions_that_were_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begun, "MOST", 1)
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/fork")
    assert await told(door, "/fork") == session_texts.too_many(1)


async def test_in_the_page_and_the_terminal_it_says_where_the_copy_is() -> None:
    door = await Doorway().open()
    await door.say("hello")
    ada = (await door.last()).participant
    saying = Say(by=ada, conversation=next(iter(CLIENTS)), content=Content(text="/fork Copy"))
    appended = await door.dispatcher.hear(SHARED, saying)
    (copy,) = [each.id for each in await door.store.sessions() if each.title == "Copy"]
    assert appended.reply is not None
    assert appended.reply.text == session_texts.forked_there("Copy", copy)
    assert OWNER not in (await door.dispatcher.fold(copy)).participants
