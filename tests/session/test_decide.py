"""Who may ask what, whatever it is: the way into every decision."""

from dataclasses import replace

from bridge import texts
from bridge.domain.commands import (
    Archive,
    Ask,
    Join,
    Leave,
    Link,
    Push,
    Trigger,
    Unlink,
)
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    ConversationUnlinked,
    ParticipantLeft,
    Source,
)
from bridge.session.decide import repeated_key
from bridge.session.decide_questions import asking_key
from tests.playbook import (
    ADA,
    AT,
    DM,
    EVE,
    Q1,
    say,
    with_ada,
)


def test_an_archived_session_is_read_but_not_continued():
    play = with_ada(Link(conversation=DM, by=ADA), Archive(by=ADA)) >> say("hello")
    play << Refused(texts.ARCHIVED)
    play >> Trigger(source=Source(kind="api"), prompt="go on") << Refused(texts.ARCHIVED)


def test_one_can_leave_an_archived_session_and_unlink_places_from_it():
    play = with_ada(Link(conversation=DM, by=ADA), Archive(by=ADA))
    play >> Unlink(conversation=DM, by=ADA) << ConversationUnlinked(conversation=DM, by=ADA)
    play >> Leave(by=ADA, participant=ADA) << ParticipantLeft(participant=ADA, by=ADA)


def test_strangers_and_viewers_are_refused():
    with_ada() >> say("hi", by=EVE) << Refused(texts.NOT_IN_SESSION)
    play = with_ada(Join(participant=EVE, role="viewer")) >> say("hi", by=EVE)
    play << Refused(texts.READ_ONLY)


# -- what is refused now, and may have been taken before -------------------------------------------

PUSH = Push(source=Source(kind="api"), content=Content(text="done"), key="build-17", by=ADA)


def test_what_is_taken_is_no_repeat_to_look_for():
    assert repeated_key(with_ada().session, PUSH, now=AT) == ""


def test_what_an_archived_session_refuses_may_have_been_taken_before():
    archived = with_ada(Archive(by=ADA)).session
    trigger = Trigger(source=Source(kind="api"), prompt="go on", key="t")
    ask = Ask(question=Q1, text="Deploy?", by=ADA)
    keys = [repeated_key(archived, each, now=AT) for each in (PUSH, trigger, ask)]
    assert keys == ["build-17", "t", asking_key(Q1)]


def test_what_has_no_key_or_says_nothing_is_never_a_repeat():
    archived = with_ada(Archive(by=ADA)).session
    for command in (replace(PUSH, key=None), say("hello")):
        assert repeated_key(archived, command, now=AT) == ""


def test_whoever_may_not_ask_it_any_more_is_told_of_no_repeat():
    assert repeated_key(with_ada().session, replace(PUSH, by=EVE), now=AT) == ""
