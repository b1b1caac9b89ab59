"""The bridge's JSON as the client's types."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from bridge.cli.exits import CommandError
from bridge.cli.wire import Me, events, parse
from bridge.domain.codec import to_json
from bridge.domain.events import Event
from bridge.domain.ids import SessionId
from tests.strategies import bodies

S = SessionId("s")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(bodies())
def test_every_event_comes_over_the_wire_as_it_was(body):
    sent = Event(session=S, seq=3, at=NOW, body=body)
    assert events(S, [json.loads(json.dumps(to_json(sent)))]) == (sent,)


def test_what_a_newer_bridge_says_is_passed_over():
    known = {"seq": 2, "at": "2026-01-02T03:04:05Z", "type": "redacted", "target": 1, "new": True}
    unknown = {"seq": 1, "at": "2026-01-02T03:04:05Z", "type": "teleported"}
    assert [event.seq for event in events(S, [unknown, known, "no event", {}])] == [2]


def test_an_answer_that_is_none_is_told():
    with pytest.raises(CommandError, match="does not understand the bridge's answer"):
        parse(Me, {"who": "knows"})
