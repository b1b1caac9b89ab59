"""What one run knows: the log as it grows, who is who, and what it has said itself.

The log is the history, what came since, and what this run said, which is noted here the moment it
is durable. So the transcript of the next step is made like that of the first: from the log.

What answers left out of a long log (`Past`) is read once, and given out in pieces to be summed up:

- It lies between the last summary and where answers begin to be shown the log. It is read through
  once for its sizes, and for what was changed in it later; each piece is then read by itself.
- A piece is read as it stands now: what was edited or deleted since is.
- Nothing of it is remembered: the log says what has been summed up.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, assert_type

from agents.context_window import (
    Outline,
    SummaryCut,
    all_at,
    cut_at,
    newest,
    next_piece,
    to_sum_up,
)
from agents.log_index import Answered, Ask, Heard, LogIndex, summed_up
from agents.names import TurnNames
from agents.recall import recall
from agents.tools.background import Piece, Underway
from agents.tools.builtin import NAMES, Here, Note
from agents.tools.schedules import Planned
from agents.transcript import UNSETTLED, Line, Settled, answered, grown
from bridge.caches import cache
from bridge.domain.events import (
    BackgroundStarted,
    Body,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    PlannedCall,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    QuestionEvent,
    Reacted,
    Redacted,
    RunEvent,
    RunFinished,
    RunStarted,
    SetupEvent,
    ToolCalled,
    ToolEvent,
    ToolReturned,
    Transcribed,
    Triggered,
    UsageReported,
)
from bridge.domain.ids import START, CallId, ParticipantId, Seq, SessionId
from bridge.domain.run_output import Delegating, Recorded, Returned, Scheduling
from bridge.ports.agent import Compacted, Recent, Turn
from bridge.session.background import lasted, running
from bridge.session.decide_background import delegated_in_run
from bridge.session.decide_external import planned_in_run
from bridge.session.decide_run_output import background, body_of
from bridge.session.fold import Session, evolve

AT_ONCE = 500
"""Events that are read without leaving the loop: it is held for about 10 ms."""

AN_EVENT = 400
"""Characters that take as long as an event without any."""

T = TypeVar("T")

MOST_READINGS = 32
"""Sessions of which is kept what was read."""

_OWN = (
    RunStarted, RunFinished, MessageComposed, ToolCalled, ToolReturned, NoteKept, NoteRemoved,
    HistoryCompacted, Transcribed, QuestionAsked,
)  # fmt: skip
_NotOwn = (
    MessageReceived
    | MessageEdited
    | MessageDeleted
    | Redacted
    | UsageReported
    | QuestionClosed
    | PushClosed
    | Triggered
    | SetupEvent
    | ExchangeUndone
    | Reacted
)


@dataclass(slots=True, kw_only=True)
class LogReading:
    """What was read of a session's log by the runs so far: `known` of its first `count` events.

    These begin past `base`. `outline` is of as many as a run had to cut last. A model is shown
    nothing of what is up to `begin`.
    """

    known: LogIndex
    base: Seq = START
    count: int = 0
    begin: Seq = START
    outline: Outline = field(default_factory=Outline)
    settled: Settled = UNSETTLED


class Readings:
    """Each session's, so that a run reads only what is new. Those not used the longest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[SessionId, LogReading] = OrderedDict()
        self._version = 0
        cache("readings of logs", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._version += 1
        self._kept.clear()

    def _size(self) -> int:
        return len(self._kept)

    async def of(self, recent: Recent, agent: str) -> LogReading:
        """Return the reading of a session whose log is this now; one with gaps is not kept."""
        log = recent.log
        session, base = log[0].session, log[0].seq - 1
        if log[-1].seq - log[0].seq >= len(log):  # of a run that tries one message alone
            reading = _begun(recent, base, agent)
            await beside(len(log), partial(reading.known.take, log))
            reading.count = len(log)
            return reading
        version, kept = self._version, self._kept.pop(session, None)
        goes_on = kept is not None and _goes_on(kept, log, base, agent)
        reading = kept if kept is not None and goes_on else _begun(recent, base, agent)
        new = log[reading.count :]
        await beside(len(new), partial(reading.known.take, new))
        reading.count = len(log)
        if version == self._version:
            self._kept[session] = reading
        if len(self._kept) > MOST_READINGS:
            self._kept.popitem(last=False)
        return reading

    def owes(self, session: SessionId) -> bool:
        """Say whether answers left out something that was not summed up when it was last read."""
        kept = self._kept.get(session)
        if kept is None:
            return False
        return kept.begin > summed_up(kept.known)


def _begun(recent: Recent, base: Seq, agent: str) -> LogReading:
    known = LogIndex(agent=agent)
    known.take(recent.before)
    return LogReading(known=known, base=base, begin=recent.whole, outline=Outline(base=base))


def _goes_on(reading: LogReading, log: Sequence[Event], base: Seq, agent: str) -> bool:
    return reading.known.agent == agent and reading.base == base and reading.count <= len(log)


@dataclass(slots=True, kw_only=True)
class WorkingLog:
    """`known` is what the log says, and `reading` what it said before this run.

    `after` is how far the runs before had answered.
    """

    turn: Turn
    reading: LogReading
    known: LogIndex
    log: list[Event]
    after: Seq
    settled: Settled
    names: TurnNames
    outline: Outline = field(default_factory=Outline)
    _made_of: tuple[int, int, Seq] = (0, 0, START)
    _lines: tuple[Line, ...] = ()

    @classmethod
    async def begin(cls, turn: Turn, readings: Readings) -> "WorkingLog":
        recent = await turn.recent()
        log = list(recent.log)
        reading = await readings.of(recent, turn.agent)
        known = reading.known.copy()
        page = cls(
            turn=turn,
            reading=reading,
            known=known,
            log=log,
            after=known.position,
            settled=reading.settled,
            names=TurnNames(turn=turn),
        )
        await recall(turn, known, log, base=log[0].seq - 1)
        await page.names.learn(known)
        return page

    async def catch_up(self) -> None:
        """Take in what was appended meanwhile; what this run said itself is here already."""
        news = [event for event in await self.turn.news() if not _is_own(event, self.known)]
        if news:
            self._take(news)
            await recall(self.turn, self.known, news, base=news[0].seq - 1)
        await self.names.learn(self.known)

    def note(self, said: Recorded) -> None:
        """Take down what this run said, as the log has it now."""
        if isinstance(said, Scheduling | Delegating):  # a model is shown the call and its result
            return
        last = self.log[-1]
        body = body_of(said, run=self.turn.run, agent=self.turn.agent)
        at = self.turn.clock.now()
        self._take([Event(session=last.session, seq=last.seq + 1, at=at, body=body)])

    def _take(self, events: Sequence[Event]) -> None:
        self.log += events
        self.known.take(events)

    async def here(self) -> Here:
        """Return what the tools work on."""
        session = await self.turn.fold()
        people = {
            who: (await self.turn.who(who), role) for who, role in session.participants.items()
        }
        kept = self.known.notes.values()
        notes = tuple(
            Note(note=each.note, text=each.text, about=each.about, by=each.by, outside=each.outside)
            for each in kept
        )
        return Here(
            now=self.turn.clock.now(),
            people=people,
            notes=notes,
            outside=has_read_outside(self.log, after=self.after, people=people),
            planned=_planned(self.turn, session),
            underway=await _underway(self.turn, session),
        )

    def lines(self, longest_result: int) -> tuple[Line, ...]:
        """Return the transcript; made once for as long as the log stays as it is."""
        made_of = (len(self.log), longest_result, self.reading.begin)
        if self._made_of != made_of:
            self._made_of = made_of
            self._lines, self.settled = grown(
                self.settled,
                self.log,
                self.known,
                self.names.labels,
                longest_result,
                begin=self.reading.begin,
            )
            if len(self.log) == self.reading.count:  # what this run says is not sure to last
                self.reading.settled = self.settled
        return self._lines

    async def laid_out(self, longest_result: int) -> tuple[Line, ...]:
        """Return the transcript, made beside the loop where it is long."""
        later = self.log[self.settled.count :]
        new = len(later)
        if new < AT_ONCE:
            new += sum(_length(event.body) for event in later) // AN_EVENT
        return await beside(new, partial(self.lines, longest_result))

    async def cut(self, budget: int) -> SummaryCut | None:
        """Return what is to be summed up before an answer: at most one piece."""
        if self.reading.begin > summed_up(self.known):  # what comes before is summed up first
            return None
        outline = await beside(len(self.log), self._outlined)
        return cut_at(outline, start=summed_up(self.known), budget=budget)

    async def show_newest(self, budget: int) -> None:
        """Let a model be shown only the newest of a past that takes several summaries."""
        start, owes = (
            max(summed_up(self.known), self.reading.begin),
            self.reading.begin > summed_up(self.known),
        )
        outline = await beside(len(self.log), self._outlined)
        begin = newest(outline, start=start, budget=budget, owes=owes)
        self.reading.begin = begin or self.reading.begin

    def _outlined(self) -> Outline:
        """Return the outline, of which the log before this run is kept for the next one."""
        kept = self.reading.outline
        kept.take(self.log[kept.count : self.reading.count])
        if self.outline.base != kept.base or self.outline.count < kept.count:
            self.outline = kept.copy()
        self.outline.take(self.log[self.outline.count :])
        return self.outline

    async def to_sum_up(self, cut: SummaryCut, budget: int) -> str:
        """Return, as one text, what the next summary is made of."""
        work = partial(to_sum_up, self.log, cut, self.known, self.names.labels, budget=budget)
        return await beside(cut.upto - cut.after, work)

    def asks(self) -> Sequence[Ask]:
        return self.known.asks(self.log, after=self.after)

    def owes_words(self) -> bool:
        """Say whether a person waits for an answer, so that silence would be none."""
        return any(isinstance(each, Heard | Answered) for each in self.asks())

    # -- questions that were answered

    def answers(self) -> Sequence[Returned]:
        """Return the results of the calls that asked people something, and were answered."""
        known = self.known
        found: list[Returned] = []
        for question in known.waiting:
            _, about = known.asked[question]
            call, closed = known.by_call.get(question), known.closed.get(question)
            if call and closed and about.call is None and call not in known.returned:
                text, failed = answered(about, closed)
                found.append(Returned(call=call, result=text, failed=failed))
        return found

    def approved(self) -> Sequence[tuple[PlannedCall, ParticipantId | None]]:
        """Return the calls that were approved and not made yet, and by whom: they run first."""
        known = self.known
        calls = ((known.approved(each), known.closed.get(each)) for each in known.waiting)
        return [(call, closed.by) for call, closed in calls if call and closed]


async def cut_all(page: WorkingLog, budget: int) -> SummaryCut | None:
    """Return the next piece of all that is answered, for whoever asks for a summary of it.

    What an agent still waits for an answer to stays as it is.
    """
    outline = await beside(len(page.log), page._outlined)  # noqa: SLF001 - its own kind
    questions = (await page.turn.fold()).questions.values()
    before = min((each.asked for each in questions if each.agent), default=None)
    return all_at(outline, start=summed_up(page.known), before=before, budget=budget)


async def _underway(turn: Turn, session: Session) -> Underway:
    """Return what works in the background, and what says whether this run may begin something."""
    run, now = session.open_run, turn.clock.now()
    by = (run.asker or run.payer) if run is not None else None
    found: list[Piece] = []
    for child in running(session):
        work = session.background[child]
        for event in await turn.past(after=work.started - 1, upto=work.started):
            body = event.body
            if isinstance(body, BackgroundStarted):
                own = work.agent == turn.agent
                found.append(Piece(body.work, body.task, lasted(work, now), own=own))

    def check(said: Delegating) -> None:
        """Raise `Refused` for what may not be, with all that this step has begun before it."""
        nonlocal session
        for draft in delegated_in_run(session, said, agent=turn.agent, by=by):
            if isinstance(draft.body, BackgroundStarted):
                begun = Event(session=session.id, seq=session.head + 1, at=now, body=draft.body)
                session = evolve(session, begun)

    return Underway(pieces=tuple(found), is_child=session.parent is not None, check=check)


def _planned(turn: Turn, session: Session) -> Planned:
    """Return what is planned in the session, and what says whether this run may plan something."""
    run = session.open_run
    by = (run.asker or run.payer) if run is not None and run.run == turn.run else None
    check = partial(planned_in_run, session, agent=turn.agent, by=by, now=turn.clock.now())
    return Planned(agent=turn.agent, schedules=session.schedules, check=check)


def _is_own(event: Event, known: LogIndex) -> bool:
    """Say whether a run said this itself, and has it in its log already."""
    body = event.body
    if isinstance(body, ToolReturned):
        return body.call in known.returned
    if isinstance(body, Pushed):
        return body.source == background(known.agent)
    if isinstance(body, _OWN):
        return True
    assert_type(body, _NotOwn)
    return False


def has_read_outside(
    log: Sequence[Event], *, after: Seq, people: Collection[ParticipantId]
) -> bool:
    """Say whether the run past `after` has read what nobody here wrote, or one it goes on with.

    `people` are those in the session: others are overheard, in a room.
    """
    made: set[CallId] = set()
    is_over = False
    for event in reversed(log):
        is_over = is_over or _ends_a_run(event.body)
        if is_over and event.seq <= after:
            break
        match event.body:
            case ToolReturned(call=call):
                if not is_over:
                    made.add(call)
            case ToolCalled(name=name, call=call):
                if call in made and name not in NAMES:
                    return True
            case rest:
                if _is_from_outside(rest, people):
                    return True
    return False


_Short = (
    MessageDeleted
    | Transcribed
    | Redacted
    | RunEvent
    | ToolCalled
    | QuestionEvent
    | PushClosed
    | SetupEvent
    | MemoryEvent
)
_FromWithin = (
    MessageDeleted
    | Transcribed
    | Redacted
    | RunEvent
    | MessageComposed
    | ToolEvent
    | PushClosed
    | SetupEvent
    | MemoryEvent
)


def _length(body: Body) -> int:
    match body:
        case MessageReceived(content=content) | MessageComposed(content=content):
            return len(content.text)
        case Pushed(content=content) | MessageEdited(content=content):
            return len(content.text)
        case Triggered(prompt=text) | ToolReturned(result=text):
            return len(text)
        case rest:
            assert_type(rest, _Short)
            return 0


def _ends_a_run(body: Body) -> bool:
    """Say whether a run ended for good; one that paused, failed or was cut off is gone on with."""
    return isinstance(body, RunFinished) and body.outcome in {"completed", "silent", "cancelled"}


def _is_from_outside(body: Body, people: Collection[ParticipantId]) -> bool:
    match body:
        case MessageReceived(participant=who, content=content, quote=quote):
            is_lent = content.outside or bool(content.attachments) or quote is not None
            return is_lent or who not in people
        case MessageEdited(participant=who, content=content):
            return content.outside or bool(content.attachments) or who not in people
        case QuestionClosed(outside=outside):
            return outside
        case Triggered(source=source) | Pushed(source=source):
            return source.is_outside
        case QuestionAsked(by=by):
            return by is not None
        case rest:
            assert_type(rest, _FromWithin)
            return False


async def beside(events: int, work: Callable[[], T]) -> T:
    """Do what takes the longer the more events there are; beside the loop where they are many."""
    return work() if events < AT_ONCE else await asyncio.to_thread(work)


# -- what answers left out ------------------------------------------------------------------------

MOST_READ = 200_000
"""Events of what was left out that are looked at: of more the newest."""


@dataclass(slots=True, kw_only=True)
class Past:
    """`upto` is where it ends, `summary` the last one. `changes` are of what was said in it."""

    turn: Turn
    upto: Seq
    room: int
    outline: Outline
    summary: HistoryCompacted | None = None
    changes: list[Event] = field(default_factory=list)

    @classmethod
    async def begin(cls, turn: Turn, page: WorkingLog, room: int) -> "Past | None":
        """Read what was left out; None where nothing was."""
        upto, start = page.reading.begin, summed_up(page.known)
        if upto <= start:
            return None
        base = max(start, upto - MOST_READ)
        past = cls(
            turn=turn,
            upto=upto,
            room=room,
            outline=Outline(base=base),
            summary=page.known.summary,
        )
        after = base
        while events := await turn.past(after=after, upto=upto):
            await beside(len(events), partial(past.outline.take, events))
            past.changes += [each for each in events if _changes(each)]
            after = events[-1].seq
        past.changes += [each for each in page.log if each.seq > after and _changes(each)]
        return past

    @property
    def summed_up(self) -> Seq:
        return self.summary.upto if self.summary else START

    async def next(self, budget: int) -> tuple[Seq, str] | None:
        """Return up to where the next piece reaches, and what it says; None where all is done."""
        start = max(self.summed_up, self.outline.base)
        cut = next_piece(self.outline, start=start, upto=self.upto, budget=self.room)
        if cut is None:
            return None
        events: list[Event] = []
        after = cut.after
        while more := await self.turn.past(after=after, upto=cut.upto):
            events += more
            after = more[-1].seq
        known = LogIndex(agent=self.turn.agent)
        known.take(events)
        known.take(each for each in self.changes if each.seq > cut.upto)
        known.summary = self.summary
        names = TurnNames(turn=self.turn)
        await names.learn(known)
        whole = SummaryCut(after=cut.after, upto=cut.upto)
        work = partial(to_sum_up, events, whole, known, names.labels, budget=budget)
        return cut.upto, await beside(len(events), work)

    def noted(self, made: Compacted) -> Compacted:
        self.summary = HistoryCompacted(upto=made.upto, summary=made.summary)
        return made


def _changes(event: Event) -> bool:
    return isinstance(event.body, MessageEdited | MessageDeleted | Transcribed | ExchangeUndone)
