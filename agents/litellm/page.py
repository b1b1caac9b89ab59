"""What one run knows: the log as it grows, who is who, and what it has said itself.

The log is the history, what came since, and what this run said, which is noted here the moment it
is durable. So the transcript of the next step is made like that of the first: from the log.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from agents.asked import Answered, Ask, Heard, asked
from agents.known import Known
from agents.labels import Labels
from agents.tools.approval import ALWAYS, APPROVE
from agents.tools.builtin import NAMES, Here, Note
from agents.transcript import UNSETTLED, Line, Settled, answered, grown
from agents.window import Cut, Outline, cut_at, to_sum_up
from bridge.events import (
    Body,
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    PlannedCall,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import START, CallId, ConversationId, ParticipantId, Seq, SessionId
from bridge.ports import (
    Calling,
    Compacted,
    Noting,
    Pushing,
    Remark,
    Returned,
    Transcript,
    Turn,
)

AT_ONCE = 500
"""Events that are read without leaving the loop: it is held for about 10 ms."""

T = TypeVar("T")

MOST_READINGS = 32
"""Sessions of which is kept what was read."""

Noted = Remark | Calling | Returned | Pushing | Noting | Compacted | Transcript
_OWN = (
    RunStarted, RunFinished, MessageComposed, ToolCalled, ToolReturned, NoteKept, NoteRemoved,
    HistoryCompacted, Transcribed, QuestionAsked,
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was read of a session's log by the runs so far: `known` of its first `count` events."""

    known: Known
    count: int = 0
    settled: Settled = UNSETTLED


class Readings:
    """Each session's, so that a run reads only what is new. Those not used the longest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[SessionId, Reading] = OrderedDict()

    async def of(self, log: Sequence[Event], agent: str) -> Reading:
        """Return the reading of a session whose log is this now."""
        session = log[0].session
        reading = self._kept.pop(session, None)
        if reading is None or reading.known.agent != agent or reading.count > len(log):
            reading = Reading(known=Known(agent=agent))
        new = log[reading.count :]
        await beside(len(new), partial(reading.known.take, new))
        reading.count = len(log)
        self._kept[session] = reading
        if len(self._kept) > MOST_READINGS:
            self._kept.popitem(last=False)
        return reading


@dataclass(slots=True, kw_only=True)
class Page:
    """`known` is what the log says, and `reading` what it said before this run.

    `after` is how far the runs before had answered.
    """

    turn: Turn
    reading: Reading
    known: Known
    log: list[Event]
    after: Seq
    settled: Settled
    people: dict[ParticipantId, str] = field(default_factory=dict)
    places: dict[ConversationId, str] = field(default_factory=dict)
    outline: Outline = field(default_factory=Outline)
    _made_of: tuple[int, int] = (0, 0)
    _lines: tuple[Line, ...] = ()

    @classmethod
    async def begin(cls, turn: Turn, readings: Readings) -> "Page":
        log = list(await turn.history())
        reading = await readings.of(log, turn.agent)
        known = reading.known.copy()
        page = cls(
            turn=turn,
            reading=reading,
            known=known,
            log=log,
            after=known.position,
            settled=reading.settled,
        )
        await page._learn()
        return page

    async def catch_up(self) -> None:
        """Take in what was appended meanwhile; what this run said itself is here already."""
        news = [event for event in await self.turn.news() if not self._is_own(event)]
        self._take(news)
        await self._learn()

    def note(self, said: Noted) -> None:
        """Take down what this run said, as the log has it now."""
        last = self.log[-1]
        body = _body(self.turn, said)
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
            now=self.turn.clock.now(), people=people, notes=notes, outside=self.has_read_outside()
        )

    def has_read_outside(self) -> bool:
        """Say whether this run, or one that it goes on with, has read what nobody here wrote."""
        made: set[CallId] = set()
        is_over = False
        for event in reversed(self.log):
            is_over = is_over or _ends_a_run(event.body)
            if is_over and event.seq <= self.after:
                break
            match event.body:
                case ToolReturned(call=call) if not is_over:
                    made.add(call)
                case ToolCalled(name=name, call=call) if call in made and name not in NAMES:
                    return True
                case body if _is_from_outside(body):
                    return True
        return False

    def lines(self, longest_result: int) -> tuple[Line, ...]:
        """Return the transcript; made once for as long as the log stays as it is."""
        made_of = (len(self.log), longest_result)
        if self._made_of != made_of:
            self._made_of = made_of
            self._lines, self.settled = grown(
                self.settled, self.log, self.known, self.labels, longest_result
            )
            if len(self.log) == self.reading.count:  # what this run says is not sure to last
                self.reading.settled = self.settled
        return self._lines

    async def laid_out(self, longest_result: int) -> tuple[Line, ...]:
        """Return the transcript, made beside the loop where it is long."""
        new = len(self.log) - self.settled.count
        return await beside(new, partial(self.lines, longest_result))

    async def cut(self, budget: int) -> Cut | None:
        """Return what is to be summed up next."""
        new = self.log[self.outline.count :]
        await beside(len(new), partial(self.outline.take, new))
        start = self.known.summary.upto if self.known.summary else START
        return cut_at(self.outline, start=start, budget=budget)

    def left(self, upto: Seq) -> int:
        """Return about how many tokens take what was said past a seq, as it was last looked at."""
        return self.outline.size(upto, self.outline.count)

    async def to_sum_up(self, cut: Cut, budget: int) -> str:
        """Return, as one text, what the next summary is made of."""
        work = partial(to_sum_up, self.log, cut, self.known, self.labels, budget=budget)
        return await beside(cut.upto - cut.after, work)

    @property
    def labels(self) -> Labels:
        return Labels(people=dict(self.people), places=dict(self.places))

    def asks(self) -> Sequence[Ask]:
        return asked(self.log, after=self.after)

    def owes_words(self) -> bool:
        """Say whether a person waits for an answer, so that silence would be none."""
        return any(isinstance(each, Heard | Answered) for each in self.asks())

    # -- questions that were answered

    def answers(self) -> Sequence[Returned]:
        """Return the results of the calls that asked people something, and were answered."""
        known = self.known
        found: list[Returned] = []
        for question, call in known.by_call.items():
            _, about = known.asked.get(question, (START, None))
            closed = known.closed.get(question)
            if about and closed and about.call is None and call not in known.returned:
                text, failed = answered(about, closed)
                found.append(Returned(call=call, result=text, failed=failed))
        return found

    def approved(self) -> Sequence[PlannedCall]:
        """Return the calls that were approved and not made yet: they run first."""
        return [
            asked.call
            for _, asked in self.known.asked.values()
            if asked.call is not None
            and asked.call.call not in self.known.called
            and asked.run not in self.known.foreign
            and _is_approval(self.known.closed.get(asked.question))
        ]

    def _is_own(self, event: Event) -> bool:
        body = event.body
        if isinstance(body, ToolReturned):
            return body.call in self.known.returned
        told = isinstance(body, Pushed) and body.source == _source(self.turn)
        return told or isinstance(body, _OWN)

    async def _learn(self) -> None:
        """Learn what people and places are called."""
        for who in self.known.people - self.people.keys():
            self.people[who] = await self.turn.who(who)
        for where in self.known.places - self.places.keys():
            self.places[where] = await self.turn.where(where)


def _ends_a_run(body: Body) -> bool:
    """Say whether a run ended for good; one that paused, failed or was cut off is gone on with."""
    return isinstance(body, RunFinished) and body.outcome in {"completed", "silent", "cancelled"}


def _is_from_outside(body: Body) -> bool:
    match body:
        case MessageReceived(content=content) | MessageEdited(content=content):
            return bool(content.attachments)
        case Triggered(source=source) | Pushed(source=source):
            return source.kind in {"webhook", "api"}
        case _:
            return False


async def beside(events: int, work: Callable[[], T]) -> T:
    """Do what takes the longer the more events there are; beside the loop where they are many."""
    return work() if events < AT_ONCE else await asyncio.to_thread(work)


def _is_approval(closed: QuestionClosed | None) -> bool:
    return (
        closed is not None and closed.outcome == "answered" and closed.answer in {APPROVE, ALWAYS}
    )


def _source(turn: Turn) -> Source:
    return Source(kind="background", name=turn.agent)


def _body(turn: Turn, said: Noted) -> Body:
    """Return what the log has of something said."""
    match said:
        case Remark(content=content, kind=kind):
            return MessageComposed(run=turn.run, agent=turn.agent, content=content, kind=kind)
        case Calling(call=call, name=name, arguments=arguments):
            return ToolCalled(run=turn.run, call=call, name=name, arguments=arguments)
        case Returned(call=call, result=result, failed=failed):
            return ToolReturned(call=call, result=result, failed=failed)
        case Pushing(content=content, to=to):
            return Pushed(source=_source(turn), content=content, to=to)
        case Noting(note=note, text=text, about=about, outside=outside) if text.strip():
            return NoteKept(note=note, text=text, about=about, run=turn.run, outside=outside)
        case Noting(note=note):
            return NoteRemoved(note=note)
        case Compacted(upto=upto, summary=summary):
            return HistoryCompacted(upto=upto, summary=summary)
        case Transcript(target=target, media=media, text=text):
            return Transcribed(target=target, media=media, text=text)
