"""What a log says, and what it asks of an agent, is read off the log alone, and not twice."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from agents.log_index import (
    Answered,
    Heard,
    Interrupted,
    LogIndex,
    Overlay,
    is_undone,
)
from bridge.domain.content import Content
from bridge.domain.events import (
    SHUTDOWN,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    PlannedCall,
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
from bridge.domain.ids import (
    CallId,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    SessionId,
)

HALF_PAST = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
ADA, BOB, HERE = ParticipantId("a"), ParticipantId("b"), ConversationId("c")


def known(*bodies):
    found = LogIndex(agent="me")
    found.take(
        Event(session=SessionId("s"), seq=seq, at=HALF_PAST, body=body)
        for seq, body in enumerate(bodies, start=1)
    )
    return found


def hello():
    return MessageReceived(participant=ADA, conversation=HERE, content=Content(text="Hello."))


def test_the_names_it_takes_are_those_of_who_spoke_and_who_decided():
    closed = QuestionClosed(question=QuestionId("q"), asked=1, outcome="answered", by=BOB)
    found = known(hello(), closed)
    assert (found.people, found.places) == ({ADA, BOB}, {HERE})


def test_a_note_stands_as_it_was_last_kept_until_it_is_removed():
    tea, cake = NoteId("n_1"), NoteId("n_2")
    found = known(
        NoteKept(note=tea, text="Tea."), NoteKept(note=cake, text="Cake."),
        NoteKept(note=tea, text="Green tea."), NoteRemoved(note=cake),
    )  # fmt: skip
    assert [note.text for note in found.notes.values()] == ["Green tea."]


def test_the_summary_that_reaches_furthest_counts():
    first, second = (HistoryCompacted(upto=upto, summary=str(upto)) for upto in (9, 4))
    assert known(first, second).summary == first


def test_what_was_undone_is_said_by_nobody_and_asks_nothing():
    run = RunId("r_1")
    found = known(
        hello(), hello(), RunStarted(run=run, agent="me", upto=2, node="n"),
        MessageComposed(run=run, agent="me", content=Content(text="Hi.")),
        ToolCalled(run=run, call=CallId("k"), name="look", arguments="{}"),
        ExchangeUndone(first=2, upto=5),
    )  # fmt: skip
    assert [is_undone(found, seq) for seq in (1, 2, 5, 6)] == [False, True, True, False]
    assert (list(found.words), list(found.told)) == ([1], [])
    assert list(found.interrupted()) == []
    assert found.said(4) is None


def test_what_was_approved_in_what_was_undone_is_not_done_any_more():
    call = PlannedCall(call=CallId("c"), name="remove", arguments="{}")
    question = QuestionAsked(
        question=QuestionId("q"), run=RunId("r"), kind="approval", text="?", agent="me", call=call
    )
    closed = QuestionClosed(
        question=QuestionId("q"), asked=3, outcome="answered", answer="approve", by=ADA
    )
    bodies = (
        MessageReceived(participant=ADA, conversation=HERE, content=Content(text="go")),
        RunStarted(run=RunId("r"), agent="me", upto=1, node="n"),
        question,
        RunFinished(run=RunId("r"), outcome="paused", upto=1),
        closed,
        RunFinished(run=RunId("s"), outcome="failed", upto=5),
    )
    assert known(*bodies).approved(QuestionId("q")) == call
    found = known(*bodies, ExchangeUndone(first=1, upto=6))
    assert found.approved(QuestionId("q")) is None
    assert [*found.waiting] == []


def test_what_a_child_session_asks_is_no_call_of_this_log():
    """Whoever approves it lets the child make it, and nobody here."""
    call = PlannedCall(call=CallId("c"), name="remove", arguments="{}")
    question = QuestionAsked(
        question=QuestionId("bg.4"),
        run=RunId("bg.4"),
        kind="approval",
        text="?",
        agent="me",
        call=call,
        background=SessionId("bg"),
    )
    closed = QuestionClosed(
        question=QuestionId("bg.4"), asked=1, outcome="answered", answer="approve", by=ADA
    )
    found = known(question, closed)
    assert found.approved(QuestionId("bg.4")) is None
    assert [*found.waiting] == []
    assert not found.asked


def test_what_is_undone_reaches_back_to_where_it_began():
    found = known(hello())
    undone = Event(
        session=SessionId("s"), seq=9, at=HALF_PAST, body=ExchangeUndone(first=5, upto=8)
    )
    assert found.reaches_back(undone, 6)
    assert not found.reaches_back(undone, 4)


def test_runs_of_others_are_known_and_those_that_failed_say_nothing_of_how_far_they_read():
    mine, theirs = RunId("r_1"), RunId("r_2")
    found = known(
        RunStarted(run=mine, agent="me", upto=0, node="n"),
        RunFinished(run=mine, outcome="failed", upto=1),
        RunStarted(run=theirs, agent="you", upto=1, node="n"),
        RunFinished(run=theirs, outcome="completed", upto=3),
    )
    assert found.foreign == {theirs: "you"}
    assert (found.reached, found.position) == ({theirs: 3}, 3)


def test_a_copy_takes_in_what_the_first_one_does_not():
    first = known(hello())
    own = first.copy()
    own.take([Event(session=SessionId("s"), seq=2, at=HALF_PAST, body=hello())])
    assert (len(first.words), len(own.words)) == (1, 2)


ADA, HERE, RUN, CALL = ParticipantId("ada"), ConversationId("c"), RunId("r"), CallId("k")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def log(*bodies):
    return [
        Event(session=SessionId("s"), seq=seq, at=NOW, body=body)
        for seq, body in enumerate(bodies, start=1)
    ]


def indexed(events):
    index = LogIndex(agent="me")
    index.take(events)
    return index


def asked(events, *, after):
    return indexed(events).asks(events, after=after)


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
    assert indexed(log(said("hello"))).position == 0


def test_the_position_is_as_far_as_a_run_got_and_never_goes_back():
    events = log(said("1"), finished("completed", 1), said("2"), finished("failed", 0))
    assert indexed(events).position == 1


def test_failures_count_those_in_a_row_at_one_position():
    once = [said("1"), finished("failed", 0)]
    assert indexed(log(*once)).failures == 1
    assert indexed(log(*once, finished("abandoned", 0))).failures == 2
    assert indexed(log(*once, finished("completed", 1))).failures == 0
    assert indexed(log(*once, finished("failed", 1))).failures == 0


def test_an_orderly_stop_is_no_failure():
    assert indexed(log(said("1"), finished("abandoned", 0, SHUTDOWN))).failures == 0


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
    assert texts(events, after=indexed(events).position) == ["meanwhile"]


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
    assert asked(events, after=indexed(events).position) == ()


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
    assert indexed(log(other)).outcome(CALL) is None
    assert indexed(log(call, other)).outcome(CALL) == Interrupted()
    assert indexed(log(call, returned)).outcome(CALL) == returned


KEYS = st.integers(0, 5)
DEEDS = st.lists(st.tuples(st.sampled_from(["set", "pop", "default", "get"]), KEYS), max_size=20)


@given(below=st.dictionaries(KEYS, st.integers()), deeds=DEEDS)
def test_it_is_as_a_copy_would_be(below, deeds):
    before, copied, over = dict(below), dict(below), Overlay(below)
    for number, (deed, key) in enumerate(deeds):
        for each in (copied, over):
            match deed:
                case "set":
                    each[key] = number
                case "pop":
                    each.pop(key, None)
                case "default":
                    each.setdefault(key, number)
        assert over.get(key) == copied.get(key)
        assert (key in over) == (key in copied)
    assert dict(over) == copied
    assert len(over) == len(copied)
    assert below == before
