"""What a log says, by what an agent looks for in it, and what it asks of the agent. Pure.

`LogIndex` grows with its log; what is learnt from it can be laid over what lies below without
changing or copying that. The rules of what a log asks:

- The position is how far the last run took the log in; only `RunFinished.upto` says so.
- New are addressed messages, triggers and the ends of questions. What was overheard, what the
  agent said itself and what was withdrawn asks nothing.
- A message is taken as it stands now: with its edits, without those deleted.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TypeVar, assert_type

from agents.tools.approval import ALWAYS, APPROVE, question_of
from bridge.domain.content import Attachment, Content
from bridge.domain.events import (
    SHUTDOWN,
    Body,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    OutsideEvent,
    PlannedCall,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Reacted,
    Redacted,
    RunFinished,
    RunStarted,
    SetupEvent,
    SilentEvent,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
    UsageReported,
)
from bridge.domain.ids import (
    START,
    CallId,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    Seq,
)
from bridge.domain.records import replace

Key = TypeVar("Key")
Value = TypeVar("Value")


class Overlay(MutableMapping[Key, Value]):
    """A mapping over another one, which stays as it is: changes are kept here.

    To look something up, to change it and to make one takes the same time however much lies below.
    """

    __slots__ = ("_below", "_gone", "_own")

    def __init__(self, below: Mapping[Key, Value]) -> None:
        self._below = below
        self._own: dict[Key, Value] = {}
        self._gone: set[Key] = set()

    def __getitem__(self, key: Key) -> Value:
        if key in self._own:
            return self._own[key]
        if key in self._gone:
            raise KeyError(key)
        return self._below[key]

    def __setitem__(self, key: Key, value: Value) -> None:
        self._own[key] = value

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        self._own.pop(key, None)
        self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._own or (key not in self._gone and key in self._below)

    def __iter__(self) -> Iterator[Key]:
        for key in self._below:
            if key not in self._gone:
                yield key
        for key in self._own:
            if key in self._gone or key not in self._below:
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)


# -- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    participant: ParticipantId
    conversation: ConversationId
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    question: QuestionAsked
    closed: QuestionClosed


Ask = Heard | Triggered | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A call was made and never returned: whether it took effect is unknown."""


_AsksNothing = (
    MessageEvent  # but for what was meant for the agent
    | MessageComposed
    | Pushed
    | PushClosed
    | SilentEvent  # but for questions that were answered, or that nobody answered
)


_ChangesNoWords = (
    MessageEdited  # of a message that is not here
    | MessageComposed
    | OutsideEvent
    | SilentEvent
)


def stand(words: MutableMapping[Seq, Content], event: Event) -> None:
    """Let an event add to what people said, or change it."""
    match event.body:
        case MessageReceived(content=content):
            words[event.seq] = content
        case MessageEdited(target=target, content=content) if target in words:
            words[target] = content
        case MessageDeleted(target=target):
            words.pop(target, None)
        case Transcribed(target=target, text=text) if target in words:
            said = words[target]
            text = f"{said.text}\n\n{text}".strip()
            words[target] = replace(said, text=text)
        case rest:
            assert_type(rest, _ChangesNoWords)


# -- the index ------------------------------------------------------------------------------------

_Taken = (
    MessageReceived
    | MessageEdited
    | MessageComposed
    | Pushed
    | RunStarted
    | RunFinished
    | MemoryEvent
)
_NotTaken = (
    QuestionAsked  # by a child session: no call of this log is asked about, nor approved
    | Reacted
    | PushClosed
    | MessageDeleted  # its words are (`stand`)
    | Transcribed
    | Redacted
    | UsageReported
    | Triggered
    | SetupEvent
)


@dataclass(slots=True, kw_only=True)
class LogIndex:
    """What the agent called `agent` has read of a log.

    `waiting` are the questions about calls, or that calls ask, of which something is still to come.
    `words` is what people said, as it stands now; `told`, what they were told. `asked` has the
    seq of each question too; `by_call` are the questions that a call asks, if it asks any.
    `foreign` are the runs of other agents; `reached`, how far the runs that ended in order had
    taken the log in; `position`, how far any had. `people` and `places` are those whose names it
    takes to label what was said.
    `failures` are the runs in a row that failed at the present position. `files` are all that were
    sent or shown. `summary` is the one that reaches furthest, `newest_summary` the last one.
    `first` is where a run, call or question is first mentioned. `undone` are the stretches that
    were taken back, each by its first and its last event.
    """

    agent: str
    words: MutableMapping[Seq, Content] = field(default_factory=dict)
    told: MutableMapping[Seq, Content] = field(default_factory=dict)
    asked: MutableMapping[QuestionId, tuple[Seq, QuestionAsked]] = field(default_factory=dict)
    closed: MutableMapping[QuestionId, QuestionClosed] = field(default_factory=dict)
    called: MutableMapping[CallId, ToolCalled] = field(default_factory=dict)
    by_call: MutableMapping[QuestionId, CallId] = field(default_factory=dict)
    returned: MutableMapping[CallId, ToolReturned] = field(default_factory=dict)
    foreign: MutableMapping[RunId, str] = field(default_factory=dict)
    reached: MutableMapping[RunId, Seq] = field(default_factory=dict)
    notes: MutableMapping[NoteId, NoteKept] = field(default_factory=dict)
    files: MutableMapping[MediaId, Attachment] = field(default_factory=dict)
    people: set[ParticipantId] = field(default_factory=set)
    places: set[ConversationId] = field(default_factory=set)
    first: MutableMapping[str, Seq] = field(default_factory=dict)
    summary: HistoryCompacted | None = None
    newest_summary: HistoryCompacted | None = None
    position: Seq = START
    failures: int = 0
    undone: tuple[tuple[Seq, Seq], ...] = ()
    waiting: MutableMapping[QuestionId, None] = field(default_factory=dict)

    def take(self, events: Iterable[Event]) -> None:
        """Take in what comes next in the log."""
        for event in events:
            for each in mentioned(event.body):
                self.first.setdefault(each, event.seq)
            stand(self.words, event)
            self._take_call(event)

    def _take_call(self, event: Event) -> None:
        match event.body:
            case QuestionAsked(question=question, text=text, background=None) as body:
                self.asked[question] = event.seq, body
                self.told[event.seq] = Content(text=text)
                if body.call is not None or question in self.by_call:
                    self.waiting[question] = None
            case QuestionClosed(question=question, by=who) as body:
                self.closed[question] = body
                if body.answer not in {APPROVE, ALWAYS} and self._is_about_a_call(question):
                    self.waiting.pop(question, None)
                self.people |= {who} if who else set()
            case ToolCalled(call=call) as body:
                self.called[call] = body
                self.by_call[question_of(call)] = call
                if self._is_about_a_call(question_of(call)):
                    self.waiting.pop(question_of(call), None)
            case ToolReturned(call=call) as body:
                self.returned[call] = body
                self.waiting.pop(question_of(call), None)
            case rest:
                self._take(rest, event.seq)

    def _take(self, body: _Taken | _NotTaken, seq: Seq) -> None:
        match body:
            case MessageReceived(participant=who, conversation=where, content=content):
                self.people.add(who)
                self.places.add(where)
                _keep(self.files, content)
            case MessageEdited(content=content):
                _keep(self.files, content)
            case MessageComposed(content=content) | Pushed(content=content):
                self.told[seq] = content
                _keep(self.files, content)
            case RunStarted(run=run, agent=other):
                if other not in {self.agent, ""}:
                    self.foreign[run] = other
            case RunFinished() as end:
                self._end(end)
            case NoteKept(note=note) as kept:
                self.notes[note] = kept
            case NoteRemoved(note=note):
                self.notes.pop(note, None)
            case ExchangeUndone(first=first, upto=upto):
                _undo(self, first, upto)
            case HistoryCompacted() as summary:
                self.newest_summary = summary
                if self.summary is None or summary.upto > self.summary.upto:
                    self.summary = summary
            case rest:
                assert_type(rest, _NotTaken)

    def _is_about_a_call(self, question: QuestionId) -> bool:
        found = self.asked.get(question)
        return found is not None and found[1].call is not None

    def _end(self, end: RunFinished) -> None:
        """Take a run that failed to say nothing of what it had read: it left no answer."""
        if end.upto > self.position:
            self.position, self.failures = end.upto, 0
        elif end.outcome in {"failed", "abandoned"}:
            self.failures += end.reason != SHUTDOWN
        else:
            self.failures = 0
        if end.outcome not in {"failed", "abandoned"}:
            self.reached[end.run] = end.upto

    # -- what is read off it

    def asks(self, log: Sequence[Event], *, after: Seq) -> tuple[Ask, ...]:
        """Return what the events of this log past `after` ask, oldest first."""
        new = log[bisect_right(log, after, key=attrgetter("seq")) :]
        return tuple([ask for event in new if (ask := self._ask(event)) is not None])

    def _ask(self, event: Event) -> Ask | None:
        match event.body:
            case MessageReceived(addressed=True) as heard if event.seq in self.words:
                return Heard(
                    participant=heard.participant,
                    conversation=heard.conversation,
                    content=self.words[event.seq],
                )
            case Triggered() as triggered:
                return triggered
            case QuestionClosed(outcome="answered" | "expired") as closed:
                found = self.asked.get(closed.question)
                return Answered(question=found[1], closed=closed) if found else None
            case rest:
                assert_type(rest, _AsksNothing)
                return None

    def outcome(self, call: CallId) -> ToolReturned | Interrupted | None:
        """Return what became of a call: None when it was never made."""
        return self.returned.get(call) or (Interrupted() if call in self.called else None)

    def approved(self, question: QuestionId) -> PlannedCall | None:
        """Return the call of this agent that this question got approved, and nobody has begun."""
        found, closed = self.asked.get(question), self.closed.get(question)
        if found is None or closed is None or closed.outcome != "answered":
            return None
        seq, asked = found
        is_own = asked.agent in {self.agent, ""} and asked.run not in self.foreign
        is_approved = closed.answer in {APPROVE, ALWAYS} and not is_undone(self, seq)
        if asked.call is None or not is_own or not is_approved:
            return None
        return asked.call if self.outcome(asked.call.call) is None else None

    def interrupted(self) -> Iterator[ToolCalled]:
        """Yield the calls of this agent that were begun and never returned."""
        for call, made in self.called.items():
            is_gone = is_undone(self, self.first.get(call, START))
            if call not in self.returned and made.run not in self.foreign and not is_gone:
                yield made

    def latest_files(self) -> tuple[Attachment, ...]:
        """Return the files of the last message that has any and was not taken back."""
        said = reversed([*self.words.values()])
        return next((content.attachments for content in said if content.attachments), ())

    def said(self, seq: Seq | None) -> Content | None:
        """Return what stands at a seq, whoever said it; None where nothing does."""
        return None if seq is None else self.words.get(seq) or self.told.get(seq)

    def open_before(self, start: Seq) -> Iterator[QuestionAsked]:
        for question, (seq, asked) in self.asked.items():
            if seq <= start and question not in self.closed:
                yield asked

    def reaches_back(self, event: Event, upto: Seq) -> bool:
        """Say whether an event changes how something up to a seq before it is shown."""
        match event.body:
            case HistoryCompacted():
                return True
            case ExchangeUndone(first=first):
                return first <= upto
            case RunFinished(upto=end) if end < upto:  # what it left unread comes after it
                return True
            case MessageEdited(target=target) | MessageDeleted(target=target):
                return target <= upto
            case Transcribed(target=target):
                return target <= upto
            case body:
                return any(self.first[each] <= upto for each in mentioned(body))

    def copy(self) -> "LogIndex":
        """Return one that can take in what this one does not, however much this one has read."""
        own = copy(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, set):
                setattr(own, each.name, value.copy())
            elif isinstance(value, MutableMapping):
                setattr(own, each.name, Overlay(value))
        return own


def summed_up(known: LogIndex) -> Seq:
    """Return up to where a summary stands for the log."""
    return known.summary.upto if known.summary else START


def is_undone(known: LogIndex, seq: Seq) -> bool:
    """Say whether what happened at a seq was taken back, so that no agent is shown it."""
    return any(first <= seq <= upto for first, upto in known.undone)


def _undo(known: LogIndex, first: Seq, upto: Seq) -> None:
    known.undone = (*known.undone, (first, upto))
    _drop(known.words, first, upto)
    _drop(known.told, first, upto)
    for question in [*known.waiting]:
        if first <= known.asked[question][0] <= upto:
            known.waiting.pop(question)


def _drop(said: MutableMapping[Seq, Content], first: Seq, upto: Seq) -> None:
    for seq in range(first, upto + 1):
        said.pop(seq, None)


def _keep(files: MutableMapping[MediaId, Attachment], content: Content) -> None:
    for each in content.attachments:
        files.setdefault(each.media, each)


_MentionsNothing = MessageEvent | UsageReported | OutsideEvent | SetupEvent | MemoryEvent


def mentioned(body: Body) -> tuple[str, ...]:
    """Return the runs, calls and questions that an event is about."""
    match body:
        case ToolCalled(run=run, call=call):
            return run, call, question_of(call)
        case ToolReturned(call=call):
            return call, question_of(call)
        case QuestionAsked(question=question, run=run, call=planned):
            return (question, run) if planned is None else (question, run, planned.call)
        case QuestionClosed(question=question):
            return (question,)
        case MessageComposed(run=run) | RunStarted(run=run) | RunFinished(run=run):
            return (run,)
        case rest:
            assert_type(rest, _MentionsNothing)
            return ()
