"""What people's words append, read as a transcript."""

import pytest

from bridge import texts
from bridge.domain.commands import (
    Change,
    Delete,
    Edit,
    React,
    Trigger,
)
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    INTERRUPTED,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Reacted,
    Triggered,
)
from bridge.domain.ids import MediaId
from bridge.session.fold import Begin, Idle
from tests.playbook import (
    ADA,
    DM,
    NOTHING,
    R1,
    R2,
    R3,
    R4,
    end,
    say,
    start,
    with_ada,
)
from tests.session.lines import (
    API,
    at_work,
    composed,
    finished,
    heard,
    started,
)


def test_what_is_said_is_appended_as_it_was_said():
    said = say("hello", addressed=False)
    with_ada() >> said << heard("hello", addressed=False)


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_nothing_said_is_refused(text):
    with_ada() >> say(text) << Refused(texts.NOTHING_SAID)


def test_a_picture_without_words_is_something_said():
    picture = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))
    command = say("")
    content = Content(attachments=(picture,))
    play = with_ada() >> type(command)(by=ADA, conversation=DM, content=content)
    play << MessageReceived(participant=ADA, conversation=DM, content=content)


def test_an_edit_and_a_deletion_name_what_they_are_about():
    edit = Edit(by=ADA, target=2, content=Content(text="hi"))
    edited = MessageEdited(participant=ADA, target=2, content=Content(text="hi"))
    play = with_ada() >> say("hello") >> edit << edited
    play >> Delete(by=ADA, target=2) << MessageDeleted(participant=ADA, target=2)


def test_a_message_is_deleted_once():
    play = with_ada(say("hello"), Delete(by=ADA, target=2))
    head = play.head
    play >> Delete(by=ADA, target=2)
    assert play.head == head


def test_people_and_triggers_may_speak_while_a_run_works():
    (
        at_work()
        >> say("and?")
        << heard("and?")
        >> Trigger(source=API, prompt="look")
        << [Triggered(source=API, prompt="look")]
    )


# -- words that interrupt -------------------------------------------------------------------------


def interrupting(*given):
    """Ada said hello, the run r_1 answers it, and the session's mode is to interrupt."""
    return with_ada(
        Change(scope="session", name="mode", value="interrupt", by=ADA),
        say("hello"),
        start(R1),
        *given,
    )


def test_a_message_interrupts_the_run_and_a_new_one_starts_at_once_with_everything():
    play = interrupting() >> say("no, wait")
    play << [
        heard("no, wait"),
        finished(R1, "cancelled", upto=0, by=ADA, reason=INTERRUPTED),
    ]
    play << Begin() >> start(R2) << started(R2, upto=6) >> end(R2, "both", upto=6)
    (
        play
        << [composed(R2, "both"), finished(R2, "completed", upto=6, agent="echo", asker=ADA)]
        << Idle()
    )


def test_what_was_answered_before_is_not_answered_again():
    play = with_ada(say("one"), start(R1), end(R1, "1", upto=2))
    play >> Change(scope="session", name="mode", value="interrupt", by=ADA)
    play >> say("two") >> start(R2) >> say("three")
    play << [
        heard("three"),
        finished(R2, "cancelled", upto=2, by=ADA, reason=INTERRUPTED),
    ]


def test_chatter_triggers_and_pushes_interrupt_nothing():
    interrupting() >> say("psst", addressed=False) << heard("psst", addressed=False)
    interrupting() >> Trigger(source=API, prompt="look") << Triggered(source=API, prompt="look")


@pytest.mark.parametrize("mode", ["steer", "queue", "no such mode"])
def test_in_every_other_mode_a_message_is_only_said(mode):
    play = at_work() >> Change(scope="session", name="mode", value=mode, by=ADA)
    play >> say("no, wait") << heard("no, wait")


def test_where_no_run_is_open_there_is_nothing_to_interrupt():
    interrupting(end(R1, "hi", upto=3)) >> say("more") << heard("more")


def test_interrupting_is_no_failure():
    play = interrupting()
    for before, run in ((R1, R2), (R2, R3), (R3, R4)):
        play >> say("wait")
        cut_off = finished(before, "cancelled", upto=0, by=ADA, reason=INTERRUPTED)
        play << [heard("wait"), cut_off] << Begin() >> start(run)


def test_an_emoji_is_given_once_and_taken_off_once():
    play = with_ada() >> say("hello") << heard("hello")
    at = play.session.head
    given = Reacted(participant=ADA, conversation=DM, target=at, emoji="👍")
    gone = Reacted(participant=ADA, conversation=DM, target=at, emoji="👍", gone=True)
    give = React(by=ADA, conversation=DM, target=at, emoji="👍")
    take = React(by=ADA, conversation=DM, target=at, gone="👍")
    play >> take << NOTHING >> give << given >> give << NOTHING >> take << gone >> take << NOTHING
