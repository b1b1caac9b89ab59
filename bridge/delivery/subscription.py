"""One subscription: which events of which log are sent to an address, signed how. Pure.

The rules:

- A subscription is of one session, or (`session` empty) of all in which whoever made it takes part.
- `question`: it waits for the end of that question alone, and is over once that is told.
- What is sent names itself by its session and number (`webhook-id`): sent again, it has the same
  name. After a restore the numbers of what is new mean something else, and have the epoch with
  them.
- It is signed by Standard Webhooks. For `OVERLAP` after a secret was changed the one before signs
  too, so that no receiver is cut off in between.
- What was deleted or redacted before it could be sent is sent without its words.
- An event that is larger than `MOST_BYTES` is sent with its number and kind alone.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bridge.domain.codec import TYPES, kind_of
from bridge.domain.content import Content
from bridge.domain.epoch import Epoch
from bridge.domain.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    QuestionClosed,
    Redacted,
    Transcribed,
)
from bridge.domain.ids import ParticipantId, QuestionId, Seq, SessionId
from bridge.domain.records import replace

KEPT = "subscriptions"
"""The scope of the facts that keep subscriptions, each by its id."""

CURSORS = "subscription cursors"

KINDS = frozenset(TYPES)
"""The kinds of events there are."""

MOST_BYTES = 262_144
OVERLAP = timedelta(hours=24)

State = Literal["on", "parked", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`by` made it. `kinds`: only these are sent; empty: all. `why` it is parked or has ended.

    `before` is the secret that `secret` replaced at `changed`. Times are in RFC 3339.
    """

    id: str
    by: ParticipantId
    url: str
    secret: str
    made: str
    session: str = ""
    kinds: tuple[str, ...] = ()
    question: str = ""
    before: str = ""
    changed: str = ""
    state: State = "on"
    why: str = ""

    def __repr__(self) -> str:
        return f"Subscription({self.id})"

    def wants(self, event: Event) -> bool:
        """Say whether an event of one of its sessions is sent."""
        if self.question:
            body = event.body
            return isinstance(body, QuestionClosed) and body.question == QuestionId(self.question)
        if not self.session and event.at < datetime.fromisoformat(self.made):
            return False
        return not self.kinds or kind_of(event.body) in self.kinds

    def secrets(self, now: datetime) -> Sequence[str]:
        """Return the secrets that sign what is sent now, the newest first."""
        is_old = not self.before or now - datetime.fromisoformat(self.changed) >= OVERLAP
        return (self.secret,) if is_old else (self.secret, self.before)

    def name_of(self, event: Event, epoch: Epoch) -> str:
        """Return how what is sent of an event is called, each time."""
        life = "" if epoch.began is None or epoch.is_older(event.at) else f":{epoch.id}"
        return f"{event.session}:{event.seq}{life}{':answer' if self.question else ''}"

    def rotated(self, secret: str, now: datetime) -> "Subscription":
        return replace(self, secret=secret, before=self.secret, changed=now.isoformat())

    def written(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> "Subscription":
        found: dict[str, Any] = json.loads(text)
        return cls(**{**found, "kinds": tuple(found["kinds"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a subscription is in a session: everything up to `seq` was taken or is not for it.

    `tries` counts failures in a row of what comes next, `since` when the first was, `tried` when
    the last was and `error` what it said. `dead` are the events that were given up, each with why;
    `again` are those of them that are sent once more before anything else.
    """

    seq: Seq
    tries: int = 0
    since: str = ""
    tried: str = ""
    due_at: str = ""
    error: str = ""
    dead: tuple[tuple[Seq, str], ...] = ()
    again: tuple[Seq, ...] = ()

    @property
    def is_in_trouble(self) -> bool:
        """Say whether something failed that is owed still, or was given up."""
        return bool(self.tries or self.due_at or self.again or self.dead)

    def past(self, seq: Seq, why: str = "") -> "Cursor":
        """Return it behind an event, which was taken; or was given up, and `why`."""
        dead = tuple(each for each in self.dead if each[0] != seq) + (((seq, why),) if why else ())
        again = tuple(each for each in self.again if each != seq)
        return Cursor(
            seq=self.seq if seq in self.again else max(self.seq, seq), dead=dead, again=again
        )

    def retried(self) -> "Cursor":
        """Return it so that all is tried now, what was given up first."""
        again = sorted({*self.again, *(seq for seq, _ in self.dead)})
        return Cursor(seq=self.seq, again=tuple(again))

    def dropped(self, upto: Seq) -> "Cursor":
        """Return it so that nothing is owed up to an event."""
        dead = tuple(each for each in self.dead if each[0] > upto)
        again = tuple(each for each in self.again if each > upto)
        return Cursor(seq=max(self.seq, upto), dead=dead, again=again)

    def written(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> "Cursor":
        found: dict[str, Any] = json.loads(text)
        dead = tuple((Seq(seq), why) for seq, why in found["dead"])
        return cls(**{**found, "dead": dead, "again": tuple(found["again"])})

    @staticmethod
    def dropped_upto(seq: Seq) -> Callable[["Cursor"], "Cursor"]:
        """Return the change after which nothing is owed up to an event."""
        return lambda at: at.dropped(seq)


def scope_of(number: str) -> str:
    """Return the scope of the facts that say how far a subscription is in each session."""
    return f"{CURSORS} {number}"


def envelope(kind: str, session: SessionId, at: datetime, data: Mapping[str, Any]) -> bytes:
    """Return the body that is sent, as Standard Webhooks has it; too large, without its words."""
    told: dict[str, Any] = {"type": kind, "timestamp": at.isoformat(), "session": session}
    body = _dumped({**told, "data": data})
    if len(body) <= MOST_BYTES:
        return body
    return _dumped({**told, "data": {"seq": data.get("seq"), "type": kind}, "cut": True})


def _dumped(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def gone_in(events: Sequence[Event]) -> Collection[Seq]:
    """Return the events whose words these events take back."""
    found: set[Seq] = set()
    for event in events:
        body = event.body
        if isinstance(body, MessageDeleted):
            found |= {body.target, *body.earlier}
        elif isinstance(body, Redacted):
            found.add(body.target)
    return found


def still_said(event: Event, gone: Collection[Seq]) -> Event:
    """Return an event without the words that were taken back by now."""
    body = event.body
    if isinstance(body, MessageReceived) and (event.seq in gone or body.again in gone):
        return replace(event, body=replace(body, content=Content(), quote=None))
    if isinstance(body, MessageReceived) and body.quote is not None and body.reply_to in gone:
        return replace(event, body=replace(body, quote=None))
    if isinstance(body, MessageEdited) and body.target in gone:
        return replace(event, body=replace(body, content=Content()))
    if isinstance(body, Transcribed) and body.target in gone:
        return replace(event, body=replace(body, text=""))
    return event
