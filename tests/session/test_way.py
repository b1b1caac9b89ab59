"""Which runs read an event, from the log alone."""

from datetime import UTC, datetime

from bridge.domain.content import Content
from bridge.domain.events import Event, MessageComposed, RunFinished, RunStarted
from bridge.domain.ids import RunId, SessionId
from bridge.session.way import readers

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ONE, TWO = RunId("r_1"), RunId("r_2")


def log(*bodies, after=5):
    """Return these events, numbered from after the one that is traced."""
    return [
        Event(session=SessionId("s"), seq=number, at=NOW, body=body)
        for number, body in enumerate(bodies, start=after + 1)
    ]


def began(run, upto):
    return RunStarted(run=run, agent="echo", upto=upto, node="n")


def said(run):
    return MessageComposed(run=run, agent="echo", content=Content(text="so"))


def ended(run, upto, outcome="completed"):
    return RunFinished(run=run, outcome=outcome, upto=upto)


def test_the_run_that_answers_is_told_with_what_it_said():
    (reader,) = readers(5, log(began(ONE, 5), said(ONE), ended(ONE, 5)))
    assert (reader.run, reader.outcome, [each.seq for each in reader.said]) == (
        ONE,
        "completed",
        [7],
    )
    assert reader.deals_with(5)


def test_a_run_that_began_with_what_came_before_does_not_count():
    (reader,) = readers(5, log(said(ONE), ended(ONE, 3), began(TWO, 5), said(TWO), ended(TWO, 5)))
    assert reader.run == TWO


def test_every_run_that_failed_at_it_is_told_until_one_deals_with_it():
    found = readers(
        5,
        log(
            began(ONE, 5),
            ended(ONE, 2, "failed"),
            began(TWO, 5),
            ended(TWO, 5),
            began(RunId("r_3"), 9),
        ),
    )
    assert [(each.run, each.outcome, each.deals_with(5)) for each in found] == [
        (ONE, "failed", False),
        (TWO, "completed", True),
    ]


def test_a_run_that_is_open_has_no_outcome():
    (reader,) = readers(5, log(began(ONE, 5), said(ONE)))
    assert (reader.ended, reader.outcome, reader.deals_with(5)) == (None, "", False)


def test_what_nobody_read_has_no_readers():
    assert readers(5, []) == []
