"""What is looked up in a log is found without reading it again."""

from datetime import UTC, datetime

from agents.known import Known
from bridge.content import Content
from bridge.events import (
    Event,
    HistoryCompacted,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    QuestionClosed,
    RunFinished,
    RunStarted,
)
from bridge.ids import ConversationId, NoteId, ParticipantId, QuestionId, RunId, SessionId

NOW = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
ADA, BOB, HERE = ParticipantId("a"), ParticipantId("b"), ConversationId("c")


def known(*bodies):
    found = Known(agent="me")
    found.take(
        Event(session=SessionId("s"), seq=seq, at=NOW, body=body)
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
    own.take([Event(session=SessionId("s"), seq=2, at=NOW, body=hello())])
    assert (len(first.words), len(own.words)) == (1, 2)
