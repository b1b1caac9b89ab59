"""By what id things are called in the log of the process: an answer by what it answers.

The rules:

- Something heard is `session#number` from its append on, and so is all that a run says which it
  called for: so one search of the log finds a message from its hearing to its last receipt.
- Of several messages that one run answers it is the last one's.
- It is kept by this process alone; what it does not know is called by its own number. Whatever
  became of a message for good is in the store: `bridge sessions trace` reads it there.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TypeVar, assert_type

import structlog

from bridge.domain.events import (
    Event,
    MemoryEvent,
    MessageComposed,
    MessageEvent,
    OutsideEvent,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    SetupEvent,
    ToolEvent,
    UsageReported,
)
from bridge.domain.ids import RunId, Seq, SessionId, trace_of
from bridge.log_level import is_written
from bridge.session.fold import Session, unread_upto

log = structlog.get_logger()

Key = TypeVar("Key", bound=Hashable)

MOST = 10_000
"""Answers and runs kept in mind; then the oldest is forgotten."""


_NotFollowed = (
    MessageEvent  # its line is the intake's
    | UsageReported
    | ToolEvent
    | QuestionClosed
    | OutsideEvent
    | SetupEvent
    | MemoryEvent
)


class Traces:
    def __init__(self) -> None:
        self._runs: OrderedDict[RunId, str] = OrderedDict()
        self._answers: OrderedDict[tuple[SessionId, Seq], str] = OrderedDict()

    def take_in(self, session: Session, fresh: Sequence[Event]) -> None:
        """Learn of what was just appended to a session, and say of runs where they are."""
        for event in fresh:
            match event.body:
                case RunStarted(run=run, upto=upto):
                    asked = unread_upto(session, upto) or (session.wanted or event.seq,)
                    _keep(self._runs, run, trace_of(session.id, asked[-1]))
                    self._say("run started", event, run)
                case RunFinished(run=run, outcome=outcome):
                    self._say("run ended", event, run, outcome=outcome)
                    self._runs.pop(run, None)
                case MessageComposed(run=run) | QuestionAsked(run=run):
                    self._say("answered", event, run)
                case rest:
                    assert_type(rest, _NotFollowed)

    def _say(self, what: str, event: Event, run: RunId, **more: str) -> None:
        trace = self._runs.get(run) or trace_of(event.session, event.seq)
        _keep(self._answers, (event.session, event.seq), trace)
        if is_written():
            log.info(what, trace=trace, run=run, number=event.seq, **more)

    def of(self, session: SessionId, seq: Seq) -> str:
        return self._answers.get((session, seq)) or trace_of(session, seq)


def _keep(known: OrderedDict[Key, str], key: Key, trace: str) -> None:
    known[key] = trace
    if len(known) > MOST:
        known.popitem(last=False)
