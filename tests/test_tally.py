"""What happened is counted, for whoever watches."""

from bridge.domain.content import Content
from bridge.domain.events import Event, MessageComposed, RunFinished
from bridge.engine.engine import count_events
from bridge.tally import Tally, tally
from tests.playbook import AT, HERE, R1


def test_tries_are_counted_by_account_and_outcome():
    own = Tally()
    own.part("telegram", "shown")
    own.part("telegram", "shown")
    own.part("slack", "not_shown")
    assert own.parts == {("telegram", "shown"): 2, ("slack", "not_shown"): 1}
    own.reset()
    assert not own.parts


def test_events_are_counted_by_type_and_runs_by_how_they_ended():
    tally.reset()
    said = MessageComposed(run=R1, agent="a", content=Content(text="x"))
    ended = RunFinished(run=R1, outcome="completed", upto=1)
    count_events([Event(session=HERE, seq=1, at=AT, body=each) for each in (said, ended)])
    assert tally.events == {"message_composed": 1, "run_finished": 1}
    assert tally.runs == {"completed": 1}
