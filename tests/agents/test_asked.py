"""What a log asks of an agent is read off the log alone."""

from datetime import UTC, datetime

from agents.asked import Answered, Heard, Interrupted, asked, failures, outcome, position
from bridge.content import Content
from bridge.events import (
    SHUTDOWN,
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import CallId, ConversationId, MediaId, ParticipantId, QuestionId, RunId, SessionId

ADA, HERE, RUN, CALL = ParticipantId("ada"), ConversationId("c"), RunId("r"), CallId("k")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def log(*bodies):
    return [
        Event(session=SessionId("s"), seq=seq, at=NOW, body=body)
        for seq, body in enumerate(bodies, start=1)
    ]


def said(text, *, addressed=True):
    content = Content(text=text)
    return MessageReceived(participant=ADA, conversation=HERE, content=content, addressed=addressed)


def finished(outcome, upto, reason=""):
    return RunFinished(run=RUN, outcome=outcome, upto=upto, reason=reason)


def question(kind="choice"):
    return QuestionAsked(question=QuestionId("q"), run=RUN, kind=kind, text="Well?")


def closed(outcome):
    return QuestionClosed(question=QuestionId("q"), asked=1, outcome=outcome, by=ADA)


def texts(events, after=0):
    return [each.content.text for each in asked(events, after=after) if isinstance(each, Heard)]


# -- position and failures ------------------------------------------------------------------------


def test_a_log_without_runs_is_at_its_start():
    assert position(log(said("hello"))) == 0


def test_the_position_is_as_far_as_a_run_got_and_never_goes_back():
    events = log(said("1"), finished("completed", 1), said("2"), finished("failed", 0))
    assert position(events) == 1


def test_failures_count_those_in_a_row_at_one_position():
    once = [said("1"), finished("failed", 0)]
    assert failures(log(*once)) == 1
    assert failures(log(*once, finished("abandoned", 0))) == 2
    assert failures(log(*once, finished("completed", 1))) == 0
    assert failures(log(*once, finished("failed", 1))) == 0


def test_an_orderly_stop_is_no_failure():
    assert failures(log(said("1"), finished("abandoned", 0, SHUTDOWN))) == 0


# -- what is asked --------------------------------------------------------------------------------


def test_everything_said_since_is_asked_in_its_order():
    events = log(said("old"), said("new"), said("newer"))
    assert texts(events, after=1) == ["new", "newer"]


def test_what_came_in_while_the_last_run_spoke_is_new():
    events = log(
        said("old"),
        RunStarted(run=RUN, agent="a", upto=1, node="n"),
        said("meanwhile"),
        finished("completed", 1),
    )
    assert texts(events, after=position(events)) == ["meanwhile"]


def test_what_was_overheard_pushed_or_said_by_itself_asks_nothing():
    words = Content(text="x")
    events = log(
        said("overheard", addressed=False),
        MessageComposed(run=RUN, agent="a", content=words),
        Pushed(source=Source(kind="api"), content=words),
    )
    assert asked(events, after=0) == ()


def test_a_message_is_taken_with_its_edits_and_not_when_deleted():
    events = log(
        said("helo"),
        said("never mind"),
        MessageEdited(participant=ADA, target=1, content=Content(text="hello")),
        MessageDeleted(participant=ADA, target=2),
    )
    assert texts(events) == ["hello"]


def test_an_edit_of_what_was_answered_asks_nothing_anew():
    events = log(
        said("helo"),
        finished("completed", 1),
        MessageEdited(participant=ADA, target=1, content=Content(text="hello")),
    )
    assert asked(events, after=position(events)) == ()


def test_a_voice_message_is_what_was_spoken():
    events = log(said(""), Transcribed(target=1, media=MediaId("x"), text="hello"))
    assert texts(events) == ["hello"]


def test_triggers_ask_too():
    trigger = Triggered(source=Source(kind="webhook", name="ci"), prompt="it broke")
    assert asked(log(trigger), after=0) == (trigger,)


def test_an_answer_comes_with_its_question_and_a_withdrawal_asks_nothing():
    (answer,) = asked(log(question(), closed("answered")), after=1)
    assert answer == Answered(question=question(), closed=closed("answered"))
    assert len(asked(log(question(), closed("expired")), after=1)) == 1
    assert asked(log(question(), closed("withdrawn")), after=1) == ()


# -- calls ----------------------------------------------------------------------------------------


def test_a_call_never_made_interrupted_or_returned():
    call = ToolCalled(run=RUN, call=CALL, name="die", arguments="{}")
    returned = ToolReturned(call=CALL, result="4")
    other = ToolReturned(call=CallId("other"), result="1")
    assert outcome(log(other), CALL) is None
    assert outcome(log(call, other), CALL) == Interrupted()
    assert outcome(log(call, returned), CALL) == returned
