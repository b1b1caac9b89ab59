"""How long the words of a session are kept, and which are too old by now, sans I/O.

The rules:

- Only the beginning of a log loses its words: all events up to the first one that is young enough.
  So what is still read is whole, whatever stands where in it.
- Nothing loses its words before its time: what an agent has still to read, or works on, what is
  still asked, and what works in the background stays, and so does everything after it. What a place
  has not been shown stays a week longer, no more.
- Time is trusted only slowly. `Trusted.at` moves by at most `STEP` a look, and looks are `EVERY`
  apart; so a clock that is set far ahead for a while does not take what is not due. A clock that is
  set back takes it back. It is never ahead of the clock.
- What goes, goes by whole days in UTC, so that a store is scrubbed once a day at most.
- Settings, the title, and schedules that still run work on, with their words.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge import session_texts
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Body,
    Event,
    HistoryCompacted,
    NoteKept,
    QuestionAsked,
    QuestionClosed,
    QuestionKind,
    ScheduleSet,
)
from bridge.domain.ids import START, MediaId, NoteId, QuestionId, Seq
from bridge.domain.parts import Conversation
from bridge.session.background import running
from bridge.session.fold import Session, unread_upto
from bridge.session.forgetting import attached, without_words

FOREVER = "forever"
MOST_DAYS = 36_500
EVERY = timedelta(hours=1)
STEP = timedelta(hours=6)
PATIENCE = timedelta(days=7)
"""How much longer is kept what a place has not been shown."""

TOLD = "What was said before this was removed: it is older than it is kept here."
"""The summary that agents read instead; it has no words of anybody's."""

_DAYS = re.compile(r"(\d{1,5})\s*(?:d|days?)", re.IGNORECASE)


def parsed(text: str) -> timedelta | None:
    """Return how long is meant by `30d`, None for `forever`. Raises `Refused`."""
    said = text.strip()
    if said.lower() == FOREVER:
        return None
    days = _DAYS.fullmatch(said)
    if days is None or not 1 <= int(days[1]) <= MOST_DAYS:
        raise Refused(session_texts.RETENTION_HOW)
    return timedelta(days=int(days[1]))


def written(keep: timedelta | None) -> str:
    return FOREVER if keep is None else f"{keep.days}d"


# -- time -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The time that is surely over, and what the clock said when it was last moved."""

    at: datetime
    looked: datetime

    def kept(self) -> str:
        return f"{self.at.isoformat()} {self.looked.isoformat()}"


def thawed(kept: str) -> Trusted | None:
    """Return what `Trusted.kept` wrote."""
    try:
        at, looked = (datetime.fromisoformat(each) for each in kept.split())
    except ValueError:
        return None
    return Trusted(at=at, looked=looked)


def moved(known: Trusted | None, now: datetime, newest: datetime | None) -> Trusted:
    """Return the trusted time at a look; `newest` is when something was last appended."""
    if known is None:
        return Trusted(at=min(now, newest or now), looked=now)
    if now < known.looked:
        return Trusted(at=min(now, known.at), looked=now)
    if now - known.looked < EVERY:
        return known
    return Trusted(at=min(now, known.at + STEP), looked=now)


def due(keep: timedelta, trusted: Trusted) -> datetime:
    """Return before when all words go: a day's beginning."""
    last = (trusted.at - keep).astimezone(UTC)
    return last.replace(hour=0, minute=0, second=0, microsecond=0)


# -- how far it is done ---------------------------------------------------------------------------

ERASED = "words erased"
"""The scope of the facts that say how far each session is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Up to where a log has no words any more; `owed`: the store is still to be scrubbed."""

    upto: Seq = START
    owed: bool = False

    @classmethod
    def of(cls, kept: str | None) -> "Erased":
        return cls(**json.loads(kept)) if kept else cls()

    def kept(self) -> str:
        return json.dumps({"upto": self.upto, "owed": self.owed})


# -- the log --------------------------------------------------------------------------------------


def bound(session: Session) -> Seq:
    """Return up to where words may go, whatever their age: for what is still going on."""
    if session.open_run is not None:
        return START
    held = [each.asked for each in session.questions.values()]
    held += unread_upto(session, session.head)[:1]
    held += [session.background[each].started for each in running(session)]
    return min([each - 1 for each in held], default=session.head)


def shown_upto(lanes: Iterable[Conversation], head: Seq) -> Seq:
    """Return up to where every place that is shown anything has been shown a log."""
    return min([each.cursor for each in lanes if not each.suspended], default=head)


def old(events: Iterable[Event], before: datetime) -> Seq | None:
    """Return the last of these events before the first young one; None where it is none of them."""
    last: Seq | None = None
    for event in events:
        if event.at >= before:
            break
        last = event.seq
    return last


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordless:
    """What events say without their words; which notes go with them, and which files may."""

    bodies: dict[Seq, Body]
    notes: tuple[NoteId, ...]
    media: frozenset[MediaId]


def wordless(
    events: Collection[Event], session: Session, asked: Iterable[QuestionAsked] = ()
) -> Wordless:
    """Return what these events say without their words; none is there twice.

    `asked` are questions from before them that they close. What has no words already is left out.
    """
    kinds: dict[QuestionId, QuestionKind] = {each.question: each.kind for each in asked}
    bodies: dict[Seq, Body] = {}
    for event in events:
        body = event.body
        if isinstance(body, QuestionAsked):
            kinds[body.question] = body.kind
        if _works_on(body, session):
            continue
        kind = kinds.get(body.question) if isinstance(body, QuestionClosed) else None
        without = without_words(body, kind=kind)
        if without != body:
            bodies[event.seq] = without
    gone = [each.body for each in events if each.seq in bodies]
    notes = [each.note for each in gone if isinstance(each, NoteKept)]
    here = {session.notes.get(each) for each in notes} & bodies.keys()
    return Wordless(
        bodies=bodies,
        notes=tuple(each for each in dict.fromkeys(notes) if session.notes.get(each) in here),
        media=frozenset(each.media for each in attached(gone)),
    )


def _works_on(body: Body, session: Session) -> bool:
    if isinstance(body, HistoryCompacted):
        return body.summary == TOLD
    if isinstance(body, ScheduleSet):
        known = session.schedules.get(body.schedule)
        return known is not None and known.text == body.text
    return False
