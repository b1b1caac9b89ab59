"""Which runs read an event, and what they said, sans I/O: from the log alone.

The rules:

- A run reads what is unread up to the `upto` of its start. What it ends at says how far the agent
  has dealt with the log: an event is dealt with once a run ended at it or after it.
- A run that failed or was abandoned left it unread, so the next one read it again; one that failed
  and still ended at it gave it up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_type

from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageEvent,
    OutsideEvent,
    QuestionAsked,
    RunFinished,
    RunStarted,
    SilentEvent,
)
from bridge.domain.ids import RunId, Seq
from bridge.domain.records import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRun:
    """A run that read an event, how it ended, if it did, and the events in which it spoke."""

    run: RunId
    agent: str
    began: Event
    ended: Event | None = None
    said: tuple[Event, ...] = ()

    @property
    def outcome(self) -> str:
        body = self.ended.body if self.ended is not None else None
        return body.outcome if isinstance(body, RunFinished) else ""

    def deals_with(self, seq: Seq) -> bool:
        body = self.ended.body if self.ended is not None else None
        return isinstance(body, RunFinished) and body.upto >= seq


_OfNoReader = (
    MessageEvent
    | MessageComposed
    | OutsideEvent
    | SilentEvent  # but for a run that read it, and what that run asked
)


def readers(seq: Seq, later: Iterable[Event]) -> Sequence[ReadingRun]:
    """Return the runs that read an event, in their order, of the events `later` than it."""
    found: dict[RunId, ReadingRun] = {}
    for event in later:
        match event.body:
            case RunStarted(run=run, agent=agent, upto=upto) if upto >= seq:
                found[run] = ReadingRun(run=run, agent=agent, began=event)
            case MessageComposed(run=run) | QuestionAsked(run=run) if run in found:
                known = found[run]
                found[run] = replace(known, said=(*known.said, event))
            case RunFinished(run=run) if run in found:
                known = found[run] = replace(found[run], ended=event)
                if known.deals_with(seq):
                    break
            case rest:
                assert_type(rest, _OfNoReader)
    return list(found.values())
