"""What one run knows: the log as it grows, who is who, and what it has said itself.

The log is the history, what came since, and what this run said, which is noted here the moment it
is durable. So the transcript of the next step is made like that of the first: from the log.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from agents.asked import Answered, Ask, Heard, asked, position
from agents.labels import Labels, named
from agents.tools.approval import ALWAYS, APPROVE, question_of
from agents.tools.builtin import Here, Note
from agents.transcript import Line, answered, transcript
from bridge.events import (
    Body,
    Event,
    HistoryCompacted,
    MessageComposed,
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
)
from bridge.ids import START, ConversationId, NoteId, ParticipantId, Seq
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

B = TypeVar("B", bound=Body)

Noted = Remark | Calling | Returned | Pushing | Noting | Compacted | Transcript
_OWN = (
    RunStarted, RunFinished, MessageComposed, ToolCalled, ToolReturned, NoteKept, NoteRemoved,
    HistoryCompacted, Transcribed, QuestionAsked,
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Page:
    """`after` is how far the runs before had answered."""

    turn: Turn
    log: list[Event] = field(default_factory=list)
    after: Seq = START
    people: dict[ParticipantId, str] = field(default_factory=dict)
    places: dict[ConversationId, str] = field(default_factory=dict)
    _by_kind: dict[type, list[Event]] = field(default_factory=lambda: defaultdict(list))
    _made_of: tuple[int, int] = (0, 0)
    _lines: tuple[Line, ...] = ()

    @classmethod
    async def begin(cls, turn: Turn) -> "Page":
        page = cls(turn=turn)
        page._take(await turn.history())
        page.after = position(page.log)
        await page._learn(page.log)
        return page

    async def catch_up(self) -> None:
        """Take in what was appended meanwhile; what this run said itself is here already."""
        news = [event for event in await self.turn.news() if not self._is_own(event)]
        self._take(news)
        await self._learn(news)

    def note(self, said: Noted) -> None:
        """Take down what this run said, as the log has it now."""
        last = self.log[-1]
        body = _body(self.turn, said)
        at = self.turn.clock.now()
        self._take([Event(session=last.session, seq=last.seq + 1, at=at, body=body)])

    def _take(self, events: Sequence[Event]) -> None:
        self.log += events
        for event in events:
            self._by_kind[type(event.body)].append(event)

    async def here(self) -> Here:
        """Return what the tools work on."""
        session = await self.turn.fold()
        people = {
            who: (await self.turn.who(who), role) for who, role in session.participants.items()
        }
        return Here(now=self.turn.clock.now(), people=people, notes=self._notes())

    def lines(self, longest_result: int) -> tuple[Line, ...]:
        """Return the transcript; made once for as long as the log stays as it is."""
        made_of = (len(self.log), longest_result)
        if self._made_of != made_of:
            self._made_of = made_of
            self._lines = transcript(
                self.log, agent=self.turn.agent, labels=self.labels, longest_result=longest_result
            )
        return self._lines

    @property
    def labels(self) -> Labels:
        return Labels(people=self.people, places=self.places)

    def asks(self) -> Sequence[Ask]:
        return asked(self.log, after=self.after)

    def owes_words(self) -> bool:
        """Say whether a person waits for an answer, so that silence would be none."""
        return any(isinstance(each, Heard | Answered) for each in self.asks())

    # -- questions that were answered

    def answers(self) -> Sequence[Returned]:
        """Return the results of the calls that asked people something, and were answered."""
        calls = {question_of(each.call): each.call for each in self._bodies(ToolCalled)}
        returned = {each.call for each in self._bodies(ToolReturned)}
        questions = {each.question: each for each in self._bodies(QuestionAsked)}
        found: list[Returned] = []
        for closed in self._bodies(QuestionClosed):
            call, question = calls.get(closed.question), questions.get(closed.question)
            if call and question and question.call is None and call not in returned:
                text, failed = answered(question, closed)
                found.append(Returned(call=call, result=text, failed=failed))
        return found

    def approved(self) -> Sequence[PlannedCall]:
        """Return the calls that were approved and not made yet: they run first."""
        called = {each.call for each in self._bodies(ToolCalled)}
        closed = {each.question: each for each in self._bodies(QuestionClosed)}
        mine = self._own_runs()
        return [
            asked.call
            for asked in self._bodies(QuestionAsked)
            if asked.call is not None
            and asked.call.call not in called
            and asked.run in mine
            and _is_approval(closed.get(asked.question))
        ]

    def _own_runs(self) -> set[str]:
        return {each.run for each in self._bodies(RunStarted) if each.agent == self.turn.agent}

    def _bodies(self, kind: type[B]) -> Sequence[B]:
        return [cast("B", event.body) for event in self._by_kind[kind]]

    def _notes(self) -> tuple[Note, ...]:
        notes: dict[NoteId, Note] = {}
        for event in sorted(self._by_kind[NoteKept] + self._by_kind[NoteRemoved], key=_seq):
            match event.body:
                case NoteKept(note=note, text=text, about=about):
                    notes[note] = Note(note=note, text=text, about=about)
                case NoteRemoved(note=note):
                    notes.pop(note, None)
                case _:
                    pass
        return tuple(notes.values())

    def _is_own(self, event: Event) -> bool:
        body = event.body
        if isinstance(body, ToolReturned):
            return body.call in {each.call for each in self._bodies(ToolReturned)}
        told = isinstance(body, Pushed) and body.source == _source(self.turn)
        return told or isinstance(body, _OWN)

    async def _learn(self, events: Sequence[Event]) -> None:
        people, places = named(events)
        for who in people - self.people.keys():
            self.people[who] = await self.turn.who(who)
        for where in places - self.places.keys():
            self.places[where] = await self.turn.where(where)


def _is_approval(closed: QuestionClosed | None) -> bool:
    return (
        closed is not None and closed.outcome == "answered" and closed.answer in {APPROVE, ALWAYS}
    )


def _seq(event: Event) -> Seq:
    return event.seq


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
        case Noting(note=note, text=text, about=about) if text.strip():
            return NoteKept(note=note, text=text, about=about)
        case Noting(note=note):
            return NoteRemoved(note=note)
        case Compacted(upto=upto, summary=summary):
            return HistoryCompacted(upto=upto, summary=summary)
        case Transcript(target=target, media=media, text=text):
            return Transcribed(target=target, media=media, text=text)
