"""What a log says, by what an agent looks for in it: an index that grows with its log. Pure."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, fields

from agents.asked import stand
from agents.tools.approval import question_of
from bridge.content import Content
from bridge.events import (
    Body,
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    ToolCalled,
    ToolReturned,
    Transcribed,
)
from bridge.ids import START, CallId, ConversationId, NoteId, ParticipantId, QuestionId, RunId, Seq


@dataclass(slots=True, kw_only=True)
class Known:
    """What the agent called `agent` has read of a log.

    `words` is what people said, as it stands now. `asked` has the seq of each question too;
    `by_call` are the questions that a call asks, if it asks any. `foreign` are the runs of other
    agents; `reached`, how far the runs that ended in order had taken the log in; `position`, how
    far any had. `people` and `places` are those whose names it takes to label what was said.
    `first` is where a run, call or question is first mentioned.
    """

    agent: str
    words: dict[Seq, Content] = field(default_factory=dict)
    asked: dict[QuestionId, tuple[Seq, QuestionAsked]] = field(default_factory=dict)
    closed: dict[QuestionId, QuestionClosed] = field(default_factory=dict)
    called: set[CallId] = field(default_factory=set)
    by_call: dict[QuestionId, CallId] = field(default_factory=dict)
    returned: dict[CallId, ToolReturned] = field(default_factory=dict)
    foreign: dict[RunId, str] = field(default_factory=dict)
    reached: dict[RunId, Seq] = field(default_factory=dict)
    notes: dict[NoteId, NoteKept] = field(default_factory=dict)
    people: set[ParticipantId] = field(default_factory=set)
    places: set[ConversationId] = field(default_factory=set)
    first: dict[str, Seq] = field(default_factory=dict)
    summary: HistoryCompacted | None = None
    position: Seq = START

    def take(self, events: Iterable[Event]) -> None:
        """Take in what comes next in the log."""
        for event in events:
            for each in mentioned(event.body):
                self.first.setdefault(each, event.seq)
            stand(self.words, event)
            self._take(event)

    def _take(self, event: Event) -> None:
        match event.body:
            case MessageReceived(participant=who, conversation=where):
                self.people.add(who)
                self.places.add(where)
            case QuestionAsked(question=question) as body:
                self.asked[question] = event.seq, body
            case QuestionClosed(question=question, by=who) as body:
                self.closed[question] = body
                self.people |= {who} if who else set()
            case ToolCalled(call=call):
                self.called.add(call)
                self.by_call[question_of(call)] = call
            case ToolReturned(call=call) as body:
                self.returned[call] = body
            case RunStarted(run=run, agent=other) if other not in {self.agent, ""}:
                self.foreign[run] = other
            case RunFinished() as end:
                self._end(end)
            case NoteKept(note=note) as kept:
                self.notes[note] = kept
            case NoteRemoved(note=note):
                self.notes.pop(note, None)
            case HistoryCompacted() as summary:
                if self.summary is None or summary.upto > self.summary.upto:
                    self.summary = summary
            case _:
                pass

    def _end(self, end: RunFinished) -> None:
        """Take a run that failed to say nothing of what it had read: it left no answer."""
        self.position = max(self.position, end.upto)
        if end.outcome not in {"failed", "abandoned"}:
            self.reached[end.run] = end.upto

    def open_before(self, start: Seq) -> Iterator[QuestionAsked]:
        for question, (seq, asked) in self.asked.items():
            if seq <= start and question not in self.closed:
                yield asked

    def reaches_back(self, event: Event, upto: Seq) -> bool:
        """Say whether an event changes how something up to a seq before it is shown."""
        match event.body:
            case HistoryCompacted():
                return True
            case RunFinished(upto=end) if end < upto:  # what it left unread comes after it
                return True
            case MessageEdited(target=target) | MessageDeleted(target=target):
                return target <= upto
            case Transcribed(target=target):
                return target <= upto
            case body:
                return any(self.first[each] <= upto for each in mentioned(body))

    def copy(self) -> "Known":
        """Return one that can take in what this one does not."""
        own = copy(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, dict | set):
                setattr(own, each.name, value.copy())
        return own


def mentioned(body: Body) -> tuple[str, ...]:
    """Return the runs, calls and questions that an event is about."""
    match body:
        case ToolCalled(run=run, call=call):
            return run, call, question_of(call)
        case ToolReturned(call=call):
            return call, question_of(call)
        case QuestionAsked(question=question, run=run, call=None):
            return question, run
        case QuestionAsked(question=question, run=run, call=PlannedCall(call=call)):
            return question, run, call
        case QuestionClosed(question=question):
            return (question,)
        case MessageComposed(run=run) | RunStarted(run=run) | RunFinished(run=run):
            return (run,)
        case _:
            return ()
