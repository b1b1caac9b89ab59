"""Work in the background, sans I/O: what a log knows of it, and what is owed between two logs.

A child session works on one task for its parent. The rules:

- The parent says that a child works (`BackgroundStarted`), and that it is over: by its report, or
  because it was stopped. The child says whose child it is. So both are derived, in any process.
- What is owed is read off both folds, and each deed has a key or is decided by the fold: begin the
  child; ask its open questions in the parent; close them as they were closed there; report once it
  is at rest; end it once it is over in the parent.
- A child that is over in its parent is only ended, whatever else it may have to say.
- Nobody is a participant of a child. What its agent is told of people, and of tools that may always
  run, is what the parent has by then (`among`).
- A report is from outside where the task was, or anything that the child read.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.domain.content import Attachment
from bridge.domain.events import (
    BackgroundBegun,
    BackgroundEvent,
    BackgroundStarted,
    BackgroundStopped,
    Event,
    MessageComposed,
    Outcome,
    QuestionClosed,
    RunFinished,
    RunStarted,
    Source,
    ToolCalled,
    ToolReturned,
)
from bridge.domain.ids import START, CallId, ParticipantId, QuestionId, Seq, SessionId
from bridge.domain.records import replace
from bridge.domain.usage import NOTHING, Used, total, used
from bridge.session.drafting import Drafts, one
from bridge.session.state import Session, Work

OVER_KEPT = 50
"""Pieces of work that are over and remembered of a session, the newest."""

CLOSED_KEPT = 50
"""Closed questions that are remembered of each piece of work: it asks again once they are closed
there too, so what is older is."""

LEAST_CALLED = 4
"""Characters of the word by which people call a piece of work."""

WITHIN = frozenset(
    {
        "ask_human",
        "push",
        "remember",
        "recall",
        "schedule",
        "schedules",
        "unschedule",
        "background",
        "background_work",
        "stop_background",
    }
)
"""Tools of every agent whose results hold nothing from outside."""


def child_of(parent: SessionId, work: str) -> SessionId:
    """Return the id of the child that does what an agent calls so."""
    return SessionId("bg_" + hashlib.sha256(f"{parent}\0{work}".encode()).hexdigest()[:16])


def asked_as(child: SessionId, seq: Seq) -> QuestionId:
    """Return the id under which a parent asks what its child asked at an event."""
    return QuestionId(f"{child}.{seq}")


def called(session: Session) -> Mapping[str, SessionId]:
    """Return by which short words people call the work that is known: no two the same."""
    names: dict[str, SessionId] = {}
    for child in session.background:
        whole = str(child).rpartition("_")[2].upper()
        length = LEAST_CALLED
        while whole[:length] in names and length < len(whole):
            length += 1
        names[whole[:length]] = child
    return names


def meant(session: Session, word: str) -> SessionId | None:
    """Return the work that someone calls by its word, or by its id."""
    wanted = word.strip().casefold()
    known = called(session).items()
    found = [each for name, each in known if wanted in {name.casefold(), each.casefold()}]
    return found[0] if len(found) == 1 else None


def running(session: Session) -> tuple[SessionId, ...]:
    """Return the children that work, the oldest first."""
    return tuple(child for child, work in session.background.items() if not work.is_over)


def begun_since_called(session: Session) -> int:
    """Return how many children began since anybody or anything last asked: of 50, not of more."""
    return sum(work.started > session.called for work in session.background.values())


def stopping(children: Collection[SessionId], by: ParticipantId | None) -> Drafts:
    """Return what says that these work no more, if there are any."""
    return one(BackgroundStopped(children=tuple(children), by=by)) if children else ()


def among(child: Session, parent: Session) -> Session:
    """Return a child as its agent is shown it: with the people of its parent, and their grants."""
    is_grant = {key for key in parent.settings if key.split(":", 2)[2].startswith("always:")}
    granted = {key: value for key, value in parent.settings.items() if key in is_grant}
    return replace(
        child,
        participants=parent.participants,
        settings={**child.settings, **granted},
        set_by={key: by for key, by in parent.set_by.items() if key in is_grant},
    )


# -- the fold -------------------------------------------------------------------------------------


def evolved(session: Session, body: BackgroundEvent, event: Event) -> Session:
    """Return the session after a child began, was stopped, or found out whose child it is."""
    match body:
        case BackgroundBegun(parent=parent):
            return replace(session, parent=parent)
        case BackgroundStarted(child=child, agent=agent, by=by):
            work = Work(started=event.seq, at=event.at, agent=agent, by=by)
            return replace(session, background={**session.background, child: work})
        case BackgroundStopped(children=children):
            for child in children:
                session = _over(session, child, event, stopped=True)
            return session


def reported(session: Session, source: Source, event: Event) -> Session:
    """Return the session after a trigger, which may be what a child reports."""
    if source.kind != "background":
        return replace(session, called=event.seq)
    return _over(session, SessionId(source.name), event, stopped=False)


def _over(session: Session, child: SessionId, event: Event, *, stopped: bool) -> Session:
    work = session.background.get(child)
    if work is None or work.is_over:
        return session
    ended = replace(work, over=event.seq, ended_at=event.at, stopped=stopped, questions={})
    known = {**session.background, child: ended}
    over = sorted((each.over, name) for name, each in known.items() if each.is_over)
    gone = {name for _, name in over[:-OVER_KEPT]}
    left = {name: each for name, each in known.items() if name not in gone}
    return replace(session, background=left)


def questioned(
    session: Session, child: SessionId | None, question: QuestionId, at: Seq = START
) -> Session:
    """Return the session when something was asked for a child, or (`at` an event) closed."""
    work = session.background.get(child) if child is not None else None
    if work is None or child is None or work.is_over:
        return session
    known = {**work.questions, question: at}
    closed = [each for each, end in known.items() if end != START]
    gone = set(closed[:-CLOSED_KEPT])
    asked = replace(work, questions={name: end for name, end in known.items() if name not in gone})
    return replace(session, background={**session.background, child: asked})


# -- what is owed ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """Make the child, and tell it its task."""


@dataclass(frozen=True, slots=True)
class AskThere:
    """Ask in the parent what the child asked at event `seq`."""

    seq: Seq


@dataclass(frozen=True, slots=True)
class CloseHere:
    """Close a question of the child as it was closed at event `at` of the parent."""

    question: QuestionId
    at: Seq


@dataclass(frozen=True, slots=True)
class Report:
    """Let the child report: it has nothing to do any more."""


@dataclass(frozen=True, slots=True)
class End:
    """End the child: it is over in the parent."""


Deed = Begin | AskThere | CloseHere | Report | End


def owed(parent: Session, name: SessionId, child: Session | None) -> Sequence[Deed]:
    """Return what is to be done between a session and a child of it; `child` None: there is none.

    Done twice, each of it changes nothing.
    """
    work, is_begun = parent.background.get(name), child is not None and child.parent is not None
    if work is None or work.is_over:
        return [End()] if child is not None and is_begun and not child.archived else []
    if child is None or not is_begun:
        return [Begin()]
    deeds: list[Deed] = []
    for question, asked in child.questions.items():
        closed = work.questions.get(asked_as(name, asked.asked))
        if closed is None:
            deeds.append(AskThere(asked.asked))
        elif closed != START:
            deeds.append(CloseHere(question, closed))
    return [Report()] if child.is_at_rest or child.archived else deeds


# -- what is reported -----------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a child's log says in the end: read it whole, event by event.

    `tells` says whether whatever an agent reads from outside is in its log.
    """

    tells: Callable[[str], bool]
    text: str = ""
    files: tuple[Attachment, ...] = ()
    outcome: Outcome | None = None
    outside: bool = False
    _tools: dict[CallId, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        body = event.body
        if isinstance(body, RunStarted) and body.agent:
            self.outside = self.outside or not self.tells(body.agent)
        elif isinstance(body, MessageComposed) and body.kind != "interim":
            self.text, self.files = body.content.text, body.content.attachments
            self.outside = self.outside or body.content.outside
        elif isinstance(body, RunFinished):
            self.outcome = body.outcome
        elif isinstance(body, ToolCalled):
            self._tools[body.call] = body.name
        elif isinstance(body, ToolReturned):
            self.outside = self.outside or self._tools.get(body.call) not in WITHIN
        elif isinstance(body, QuestionClosed):
            self.outside = self.outside or body.outside

    @property
    def has_failed(self) -> bool:
        return self.outcome in {"failed", "abandoned"}


State = Literal["works", "waits", "reported", "stopped"]


def state_of(work: Work, child: Session) -> State:
    """Return how a piece of work stands."""
    if work.is_over:
        return "stopped" if work.stopped else "reported"
    return "waits" if child.questions else "works"


def spent_before(session: Session) -> Used:
    """Return what counts with the next run of a session as one: of a child all that it used."""
    return session.used if session.parent is not None else NOTHING


def used_by(child: Session) -> Used:
    """Return what a child used so far, that of its open run too as far as it is known."""
    run = child.open_run
    so_far = used(run.usage) if run is not None and run.usage is not None else NOTHING
    return total([child.used, so_far])


def lasted(work: Work, now: datetime) -> float:
    """Return for how many seconds a child has worked, or did."""
    return max(0.0, ((work.ended_at or now) - work.at).total_seconds())
