"""What a model is shown of a session: a pure function of its log.

The rules:

- People are labelled by who, where and when, in a line of its own that nobody can forge. What was
  overheard says so. A message is shown as it stands now: edited, or not at all.
- Nothing is shown before it was taken in: what came while a run answered, and was left to the next
  one, comes after that answer.
- A call and its result stand together, whatever came between, for providers want it so. Every call
  has a result or what stands for one: waiting, not allowed, interrupted.
- Calls that were asked for together are together, as long as nothing was said between them.
- What was undone is not shown.
- A summary stands for all before it, but for the questions that are still open.
- Another agent's words are told as those of someone else, its calls not at all. So are the
  bridge's own notices (that a run failed, that something could not be read): a model that takes
  them for its own words says them again.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_type

from agents.as_seen import as_seen
from agents.log_index import LogIndex, is_undone
from agents.speaker_labels import (
    SpeakerLabels,
    bracketed,
    heard,
    label,
    plain,
    unforged,
    unforged_result,
)
from agents.tools.approval import ALWAYS, APPROVE, question_of
from bridge.domain.content import Attachment
from bridge.domain.events import (
    Event,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageReceived,
    PlannedCall,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
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
from bridge.domain.ids import START, CallId, QuestionId, RunId, Seq

LONGEST_RESULT = 20_000
"""Characters of a tool's result that a model is shown."""

SUMMED_UP = bracketed("the bridge", "what was said before, in short")
STILL_OPEN = bracketed("the bridge", "a question that is still open")
NOTICE = bracketed("the bridge", "a notice to people, not written by you")
BEFORE = bracketed("the bridge", "about what was said before")
GAP = "{count} older events are left out here: they are not summed up yet."
WAITING = "Waiting for approval: nobody has decided yet."
UNANSWERED = "Waiting for the answer: nobody has answered yet."
APPROVED = "Approved, but not run yet."
INTERRUPTED = "Interrupted: whether this call took effect is unknown."
EXPIRED = "Nobody decided in time, so this call was not made."
EXPIRED_QUESTION = "Nobody answered in time."
WITHDRAWN = "Someone stopped the work before this was decided; the call was not made."
WITHDRAWN_QUESTION = "Someone stopped the work before this was answered."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the model is told, by people or by the bridge."""

    text: str
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """What the model wrote, and which tools it called."""

    text: str = ""
    calls: tuple[PlannedCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What a call brought, or what stands for it."""

    call: CallId
    name: str
    text: str
    failed: bool = False


Line = Told | Wrote | Got


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The lines of the first `count` events of a log, which end with a run, at `upto`.

    They stay as they are until a later event reaches back to them, or someone's name changes.
    """

    count: int = 0
    upto: Seq = START
    lines: tuple[Line, ...] = ()
    labels: SpeakerLabels = field(default_factory=SpeakerLabels)
    longest_result: int = LONGEST_RESULT
    begin: Seq = START

    def holds(
        self,
        later: Sequence[Event],
        known: LogIndex,
        labels: SpeakerLabels,
        longest_result: int,
        begin: Seq,
    ) -> bool:
        return (
            (self.longest_result, self.begin) == (longest_result, begin)
            and self.labels.are_within(labels)
            and not any(known.reaches_back(event, self.upto) for event in later)
        )


UNSETTLED = Settled()


def transcript(
    events: Sequence[Event],
    *,
    agent: str,
    labels: SpeakerLabels,
    longest_result: int = LONGEST_RESULT,
) -> tuple[Line, ...]:
    """Return what the agent called `agent` is shown of a log."""
    known = LogIndex(agent=agent)
    known.take(events)
    return grown(UNSETTLED, events, known, labels, longest_result)[0]


def grown(
    settled: Settled,
    events: Sequence[Event],
    known: LogIndex,
    labels: SpeakerLabels,
    longest_result: int,
    *,
    begin: Seq = START,
) -> tuple[tuple[Line, ...], Settled]:
    """Return the transcript of a log, made from what is settled of it, and what is settled now.

    What came up to `begin` is not shown, but for what was summed up.
    """
    summed_up = known.summary.upto if known.summary else START
    start = max(summed_up, begin)
    later = events[settled.count :]
    is_narrowed = bool(_left_unread(later))  # what a run did not read moves past others' ends
    if is_narrowed or not settled.holds(later, known, labels, longest_result, begin):
        settled = Settled(count=_past(events, start))
        later = events[settled.count :]
    page = _Page(known=known, labels=labels, longest_result=longest_result)
    page.lines += settled.lines or [*_head(known, start), *_gap(summed_up, begin)]
    count, upto, quiet = settled.count, settled.upto, len(settled.lines)
    for number, ready in enumerate(_as_taken_in(later, known.reached), start=settled.count + 1):
        for event in ready:
            if event.seq > start and not is_undone(known, event.seq):
                page.add(event)
        if ready and isinstance(ready[0].body, RunFinished):
            count, upto, quiet = number, ready[0].seq, len(page.lines)
    page.close()
    lines = tuple(page.lines)
    if is_narrowed:
        return lines, UNSETTLED
    return lines, Settled(
        count=count,
        upto=upto,
        lines=lines[:quiet],
        labels=labels,
        longest_result=longest_result,
        begin=begin,
    )


def between(
    events: Sequence[Event], known: LogIndex, labels: SpeakerLabels, longest_result: int
) -> Sequence[Line]:
    """Return the lines of a part of a log that begins and ends with a run, as all of it is known.

    What was summed up before stands in front.
    """
    page = _Page(known=known, labels=labels, longest_result=longest_result)
    page.lines += _head(known, known.summary.upto if known.summary else START)
    for ready in _as_taken_in(events, known.reached):
        for event in ready:
            if not is_undone(known, event.seq):
                page.add(event)
    page.close()
    return page.lines


def _past(events: Sequence[Event], start: Seq) -> int:
    """Return how many events a summary up to `start` leaves behind, and no run that is open."""
    past = bisect_right(events, start, key=lambda event: event.seq)
    at = past
    while at and not isinstance(events[at - 1].body, RunFinished | RunStarted):
        at -= 1
    if at == 0 or isinstance(events[at - 1].body, RunFinished):
        return past
    while at and not isinstance(events[at - 1].body, RunFinished):
        at -= 1
    return at


def _gap(summed_up: Seq, begin: Seq) -> Iterator[Told]:
    """Yield what stands for what is neither shown nor summed up yet."""
    if begin > summed_up:
        yield Told(text=f"{BEFORE}\n{GAP.format(count=begin - summed_up)}")


def _head(known: LogIndex, start: Seq) -> Iterator[Told]:
    """Yield what stands for all up to `start`: what sums it up, and what is open of it."""
    if known.summary is not None:
        yield Told(text=f"{SUMMED_UP}\n{unforged(known.summary.summary)}")
    for asked in known.open_before(start):
        yield Told(text=f"{STILL_OPEN}\n{unforged(_question(asked))}")


_NotAnswered = (
    MessageEdited
    | MessageDeleted
    | Transcribed
    | Redacted
    | UsageReported
    | MessageComposed
    | ToolEvent
    | QuestionAsked
    | PushClosed
    | SetupEvent
    | MemoryEvent
)
"""What no run answers, and is no run's beginning or end."""


def _as_taken_in(
    events: Sequence[Event], reached: Mapping[RunId, Seq]
) -> Iterator[Sequence[Event]]:
    """Yield, for each event, those that are taken in with it, in order; at last what is left.

    What came while a run answered, and was left to the next one, comes after that run's end. So
    does what was there already when a run began that was to answer only the oldest of it.
    """
    late: list[Event] = []
    upto: Seq | None = None
    left = _left_unread(events)
    for event in events:
        match event.body:
            case RunStarted(run=run):
                upto = reached.get(run)
            case RunFinished(run=run):
                ready = [each for each in late if left.get(each.seq, run) == run]
                yield event, *ready
                late, upto = [each for each in late if each not in ready], None
                continue
            case MessageReceived() | Triggered() | QuestionClosed() | Pushed():
                if event.seq in left or (upto is not None and event.seq > upto):
                    late.append(event)
                    yield ()
                    continue
            case rest:
                assert_type(rest, _NotAnswered)
        yield (event,)
    yield late


def _left_unread(events: Sequence[Event]) -> Mapping[Seq, RunId]:
    """Return what was there when a run began that did not read it, and the last such run."""
    said: list[Seq] = []
    begun: dict[RunId, int] = {}
    left: dict[Seq, RunId] = {}
    position = START
    for event in events:
        match event.body:
            case MessageReceived() | Triggered() | QuestionClosed() | Pushed():
                said.append(event.seq)
            case RunStarted(run=run):
                begun[run] = len(said)
            case RunFinished(run=run, upto=end):
                if end > position:
                    position, count = end, begun.get(run, 0)
                    first = bisect_right(said, end, hi=count)
                    left |= dict.fromkeys(said[first:count], run)
            case rest:
                assert_type(rest, _NotAnswered)
    return left


# -- line by line ---------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Page:
    """The lines so far, and what the model is saying: `saying` until `over`, then what waited."""

    known: LogIndex
    labels: SpeakerLabels
    longest_result: int
    lines: list[Line] = field(default_factory=list)
    saying: Wrote | None = None
    over: bool = False
    waiting: list[Told] = field(default_factory=list)
    shown: set[CallId] = field(default_factory=set)

    def add(self, event: Event) -> None:
        match event.body:
            case MessageComposed() as composed:
                self._composed(composed)
            case ToolCalled(run=run, call=call, name=name, arguments=arguments):
                if run not in self.known.foreign:
                    self._call(PlannedCall(call=call, name=name, arguments=arguments))
            case ToolReturned():
                self.over = True
            case QuestionAsked(background=str()):
                pass
            case QuestionAsked() as asked:
                self._ask(asked)
            case RunStarted() | RunFinished():
                self.close()
            case rest:
                told = _told(rest, event, self.known, self.labels)
                if told is not None:
                    self.tell(told.text, told.files)

    def tell(self, text: str, files: tuple[Attachment, ...] = ()) -> None:
        told = Told(text=text, files=files)
        (self.lines if self.saying is None else self.waiting).append(told)

    def close(self) -> None:
        """Put down what the model said, the results of its calls, then what came meanwhile."""
        if self.saying is not None:
            self.lines.append(self.saying)
            self.lines += [self._result(each) for each in self.saying.calls]
        self.saying, self.over = None, False
        self.lines += self.waiting
        self.waiting.clear()

    def _composed(self, composed: MessageComposed) -> None:
        if other := self.known.foreign.get(composed.run):
            text = unforged(composed.content.text)
            self.tell(f"{bracketed(plain(other), 'another agent, to people')}\n{text}")
            return
        if composed.kind == "notice":
            self.tell(f"{NOTICE}\n{unforged(composed.content.text)}")
            return
        self.close()
        self.saying = Wrote(text=composed.content.text)

    def _call(self, planned: PlannedCall) -> None:
        if planned.call in self.shown:
            return
        if self.over or self.saying is None:
            self.close()
            self.saying = Wrote()
        self.shown.add(planned.call)
        self.saying = replace(self.saying, calls=(*self.saying.calls, planned))

    def _ask(self, asked: QuestionAsked) -> None:
        """Take a question about a call for that call; what a call asks, it tells itself."""
        if asked.by is not None:
            header = bracketed("the bridge", "a program asked people, not you")
            self.tell(f"{header}\n{unforged(_question(asked))}")
        elif other := self.known.foreign.get(asked.run):
            header = bracketed(plain(other), "another agent, asked people")
            self.tell(f"{header}\n{unforged(_question(asked))}")
        elif asked.call is not None:
            self._call(asked.call)
        elif asked.question not in self.known.by_call:
            self.close()
            self.saying = Wrote(text=_question(asked))

    def _result(self, planned: PlannedCall) -> Got:
        text, failed = _outcome(planned.call, self.known, self.labels)
        shown = unforged_result(cut(as_seen(text), self.longest_result))
        return Got(call=planned.call, name=planned.name, text=shown, failed=failed)


_Untold = (
    MessageEvent  # but for a message that stands
    | UsageReported
    | Pushed  # by the bridge itself
    | PushClosed
    | SetupEvent
    | MemoryEvent
)


def _told(
    body: Triggered | QuestionClosed | _Untold, event: Event, known: LogIndex, labels: SpeakerLabels
) -> Told | None:
    match body:
        case MessageReceived(reply_to=reply_to) as message if event.seq in known.words:
            content = known.words[event.seq]
            text = heard(message, content, event.at, labels, known.said(reply_to))
            return Told(text=text, files=content.attachments)
        case Triggered(source=source, prompt=prompt):
            header = label("asked by", source.kind, source.name, at=event.at)
            return Told(text=f"{header}\n{unforged(prompt)}")
        case Pushed(source=source, content=content) if source.kind != "background":
            header = label("told to people by", source.kind, source.name, at=event.at)
            return Told(text=f"{header}\n{unforged(content.text)}")
        case QuestionClosed(question=question) as closed:
            return _answer(closed, known, labels) if _is_bare(question, known) else None
        case rest:
            assert_type(rest, _Untold)
            return None


def _is_bare(question: QuestionId, known: LogIndex) -> bool:
    """Say whether a question is about no call, so that its answer is no result."""
    asked = known.asked.get(question)
    return asked is not None and asked[1].call is None and question not in known.by_call


def _answer(closed: QuestionClosed, known: LogIndex, labels: SpeakerLabels) -> Told:
    asked = known.asked[closed.question][1]
    who, about = labels.person(closed.by), _first_line(asked.text)
    match closed.outcome:
        case "answered":
            return Told(
                text=f"{bracketed(who, 'answered', about)}\n{unforged(said(closed, asked))}"
            )
        case "expired":
            return Told(text=f"{bracketed('about', about)}\n{EXPIRED_QUESTION}")
        case "withdrawn":
            return Told(text=f"{bracketed('about', about)}\n{WITHDRAWN_QUESTION}")


def _first_line(text: str) -> str:
    return plain(text.strip().partition("\n")[0])[:200]


def said(closed: QuestionClosed, asked: QuestionAsked) -> str:
    """Return an answer as it reads: of an option its label."""
    labels = {option.id: option.label for option in asked.options}
    return labels.get(closed.answer, closed.answer)


def _question(asked: QuestionAsked) -> str:
    return "\n".join([asked.text, *(f"- {option.label}" for option in asked.options)])


# -- what became of a call ------------------------------------------------------------------------


def _outcome(call: CallId, known: LogIndex, labels: SpeakerLabels) -> tuple[str, bool]:
    """Return the result of a call, or what stands for it, and whether it failed."""
    if returned := known.returned.get(call):
        return returned.result, returned.failed
    question = question_of(call)
    asked, closed = known.asked.get(question), known.closed.get(question)
    if asked is None:
        return INTERRUPTED, True
    if asked[1].call is None:
        return answered(asked[1], closed)
    return (INTERRUPTED, True) if call in known.called else _decided(closed, labels)


def answered(asked: QuestionAsked, closed: QuestionClosed | None) -> tuple[str, bool]:
    """Return what became of a call that asked people something."""
    if closed is None:
        return UNANSWERED, False
    match closed.outcome:
        case "answered":
            return said(closed, asked), False
        case "expired":
            return EXPIRED_QUESTION, True
        case "withdrawn":
            return WITHDRAWN_QUESTION, True


def _decided(closed: QuestionClosed | None, labels: SpeakerLabels) -> tuple[str, bool]:
    """Return what became of a call that needed approval and was not made."""
    if closed is None:
        return WAITING, False
    match closed.outcome:
        case "answered" if closed.answer in {APPROVE, ALWAYS}:
            return APPROVED, False
        case "answered":
            return f"{labels.person(closed.by)} decided that this call may not be made.", True
        case "expired":
            return EXPIRED, True
        case "withdrawn":
            return WITHDRAWN, True


def cut(text: str, longest: int) -> str:
    """Return a text of about `longest` characters: its beginning, what is left out, its end."""
    left = len(text) - longest
    if left <= 0:
        return text
    end = longest // 4
    note = f"\n\n[… {left} characters are left out here …]\n\n"
    return text[: longest - end] + note + text[len(text) - end :]
