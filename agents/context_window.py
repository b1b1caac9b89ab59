"""How much of a session a model is shown, and where a summary may cut, sans I/O.

The rules:

- Sizes are estimates: `fitting` has them.
- A summary is due when what the model is shown takes more than `FULL` of its budget. What is left
  whole then is about `KEPT` of it, and never less than the last `LAST_TURNS` runs.
- It cuts only where no run is open: where one ended that left nothing unheard that was meant for
  the agent, or, where no run was for long, between messages; never past what is unanswered. So a
  call is never cut off from its result.
- Whoever asks for a summary (`/compact`) has all summed up that is answered, piece by piece, the
  last runs too (`all_at`).
- An answer waits for `PIECES_AT_ONCE` summaries, of `PIECE` of the budget each. Where the past is
  longer (an import, a busy room, an agent that was switched on late), the model is shown the newest
  of it at once (`newest`), and the rest is summed up between answers, piece by piece, at most about
  `MOST_PIECES`: what is older than that is not read, and the summary is told so.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import assert_type

from agents.fitting import IMAGE, LINE, fitted, tokens
from agents.log_index import LogIndex
from agents.speaker_labels import SpeakerLabels
from agents.transcript import LONGEST_RESULT, Got, Line, Told, Wrote, between, cut
from bridge.domain.events import (
    Event,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageReceived,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
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
from bridge.domain.ids import START, Seq

FULL, KEPT, PIECE = 0.8, 0.4, 0.6
PIECES_AT_ONCE = 2
"""Summaries that an answer waits for."""

LAST_TURNS = 3
MOST_PIECES = 64
QUIET = 50
"""Events without a run after which may be cut between messages."""

LABEL = 30
"""Tokens of the line that says who said something, where and when."""

SKIPPED = "[{count} older events are left out here: the past was too long to be read.]"
LONGEST_SUMMED_RESULT = 1500
"""Characters of a tool's result, and of a call's arguments, in what is summed up."""


_EndsNoTurn = (
    MessageEvent  # but for a message that is meant for the agent
    | UsageReported
    | MessageComposed
    | ToolEvent
    | QuestionAsked
    | Pushed
    | PushClosed
    | SetupEvent
    | MemoryEvent
)


@dataclass(slots=True)
class Outline:
    """The sizes of a log's events, and where it may be cut; it grows with its log.

    It begins past `base`. `upto[n]` is about how many tokens its first n events take, `places` are
    where it may be cut: the ends of runs that left nothing unheard, and between messages where no
    run was for long, oldest first. `starts` are where the runs of these ends began.
    """

    base: Seq = START
    upto: list[int] = field(default_factory=lambda: [0])
    places: list[Seq] = field(default_factory=list)
    starts: list[Seq] = field(default_factory=list)
    _unheard: Seq = START
    _waiting: list[Seq] = field(default_factory=list)
    _open: Seq | None = None
    _quiet: int = 0

    @property
    def count(self) -> int:
        return len(self.upto) - 1

    @property
    def head(self) -> Seq:
        return self.base + self.count

    def take(self, events: Iterable[Event]) -> "Outline":
        """Take in what comes next in the log."""
        for event in events:
            self.upto.append(self.upto[-1] + _size(event))
            self._quiet += 1
            match event.body:
                case MessageReceived(addressed=True) | Triggered() | QuestionClosed():
                    self._unheard = event.seq
                    self._waiting.append(event.seq)
                case RunStarted():
                    self._open = event.seq
                case RunFinished(upto=upto):
                    self._finished(event.seq, upto)
                case rest:
                    assert_type(rest, _EndsNoTurn)
            if self._open is None and self._quiet >= QUIET:
                self._cut_after(event.seq)
        return self

    def _finished(self, seq: Seq, upto: Seq) -> None:
        self._waiting = self._waiting[bisect_right(self._waiting, upto) :]
        begun, self._open = self._open, None
        if self._unheard <= upto:
            self._cut_after(seq)
            self.starts.append(begun or seq)

    def _cut_after(self, seq: Seq) -> None:
        self.places.append(seq)
        self._quiet = 0

    def copy(self) -> "Outline":
        """Return one that can take in what this one does not."""
        own = copy(self)
        own.upto, own.places, own.starts = [*self.upto], [*self.places], [*self.starts]
        own._waiting = [*self._waiting]  # noqa: SLF001 - its own kind
        return own

    def size(self, after: Seq, upto: Seq) -> int:
        return self.upto[max(upto - self.base, 0)] - self.upto[max(after - self.base, 0)]

    def answered(self, after: Seq, before: Seq | None) -> Seq | None:
        """Return the last place past one seq, and before another, that leaves nothing unanswered.

        None where something is in none of the events up to there.
        """
        ends = [*self._waiting[:1], *([] if before is None else [before])]
        last = bisect_left(self.places, min(ends)) if ends else len(self.places)
        upto = self.places[last - 1] if last else START
        return upto if upto > after and self.size(after, upto) else None

    def between(self, after: Seq, upto: Seq | None = None) -> Sequence[Seq]:
        """Return where may be cut past one seq, before what is to stay whole."""
        whole = [*self.starts[-LAST_TURNS:][:1], *self._waiting[:1]] if upto is None else [upto + 1]
        first = bisect_right(self.places, after)
        last = bisect_left(self.places, min(whole)) if whole else len(self.places)
        return self.places[first:last]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryCut:
    """A summary is to stand for all up to `upto`, and is made of what came past `after`."""

    after: Seq
    upto: Seq


def cut_at(outline: Outline, *, start: Seq, budget: int) -> SummaryCut | None:
    """Return what is to be summed up next, None where that is not possible.

    `start` is up to where the log has been summed up.
    """
    places = outline.between(start)
    if not places:
        return None
    return _piece(
        outline, places, start=start, wanted=_wanted(outline, places, budget), budget=budget
    )


def newest(outline: Outline, *, start: Seq, budget: int, owes: bool) -> Seq | None:
    """Return past what a model is to be shown the log, None where a summary is soon made.

    It has been summed up, or left out, up to `start`; `owes`: something before is to be summed up
    still, so that none may be made of what comes after it.
    """
    if outline.size(start, outline.head) <= FULL * budget:
        return None
    places = outline.between(start)
    if not places:
        return None
    wanted = _wanted(outline, places, budget)
    return wanted if owes or outline.size(start, wanted) > PIECES_AT_ONCE * PIECE * budget else None


def next_piece(outline: Outline, *, start: Seq, upto: Seq, budget: int) -> SummaryCut | None:
    """Return the next piece of what is to be summed up between answers, up to a seq."""
    places = [*outline.between(start, upto)]
    if start >= upto:
        return None
    if not places or places[-1] < upto:
        places.append(upto)
    return _piece(outline, places, start=start, wanted=upto, budget=budget)


def all_at(outline: Outline, *, start: Seq, before: Seq | None, budget: int) -> SummaryCut | None:
    """Return the next piece of all that is answered, None where there is none to be summed up.

    It is what came past `start`, and before the event `before`.
    """
    upto = outline.answered(start, before)
    return None if upto is None else next_piece(outline, start=start, upto=upto, budget=budget)


def _wanted(outline: Outline, places: Sequence[Seq], budget: int) -> Seq:
    rest = [-outline.size(seq, outline.head) for seq in places]
    return places[min(bisect_left(rest, -int(KEPT * budget)), len(places) - 1)]


def _piece(
    outline: Outline, places: Sequence[Seq], *, start: Seq, wanted: Seq, budget: int
) -> SummaryCut:
    piece = int(PIECE * budget)
    if outline.size(start, wanted) > MOST_PIECES * piece:
        oldest = outline.size(outline.base, wanted) - MOST_PIECES * piece
        near = bisect_left([outline.size(outline.base, seq) for seq in places], oldest)
        start = places[near] if near < len(places) and places[near] < wanted else start
    fitting = [seq for seq in places if start < seq <= wanted and outline.size(start, seq) <= piece]
    later = next((seq for seq in places if seq > start), wanted)
    return SummaryCut(after=start, upto=fitting[-1] if fitting else later)


_NotCounted = (
    MessageEdited
    | MessageDeleted
    | Transcribed
    | Redacted
    | RunEvent
    | QuestionClosed
    | Pushed
    | PushClosed
    | SetupEvent
    | MemoryEvent
)


def _size(event: Event) -> int:
    """Return about how many tokens an event takes where it is shown."""
    match event.body:
        case MessageReceived(content=content):
            images = sum(each.kind == "image" for each in content.attachments)
            return LINE + LABEL + tokens(content.text) + IMAGE * images
        case MessageComposed(content=content):
            images = sum(each.kind == "image" for each in content.attachments)
            return LINE * 2 + tokens(content.text) + IMAGE * images
        case ToolCalled(arguments=text) | Triggered(prompt=text):
            return LINE * 2 + tokens(text)
        case QuestionAsked(text=text, call=call):
            return LINE * 2 + tokens(text + (call.arguments if call else ""))
        case ToolReturned(result=text):
            return LINE + tokens(text[:LONGEST_RESULT])
        case rest:
            assert_type(rest, _NotCounted)
            return 0


def to_sum_up(
    events: Sequence[Event], cut: SummaryCut, known: LogIndex, labels: SpeakerLabels, *, budget: int
) -> str:
    """Return, as one text, what the next summary is to stand for, the last summary included.

    It takes no more than `budget` tokens. `known` is what is known of the whole log.
    """
    seqs = (cut.after, cut.upto)
    first, last = (bisect_right(events, seq, key=lambda event: event.seq) for seq in seqs)
    lines = between(events[first:last], known, labels, LONGEST_SUMMED_RESULT)
    start = known.summary.upto if known.summary else START
    if cut.after > start:
        note = SKIPPED.format(count=cut.after - start)
        lines = (
            [*lines[:1], Told(text=note), *lines[1:]]
            if known.summary
            else [Told(text=note), *lines]
        )
    return "\n\n".join(_read(line) for line in fitted(lines, budget))


def _read(line: Line) -> str:
    match line:
        case Told(text=text):
            return text
        case Wrote(text=text, calls=calls):
            used = [
                f"You called {each.name}({cut(each.arguments, LONGEST_SUMMED_RESULT)})"
                for each in calls
            ]
            return "\n".join([*([f"You: {text}"] if text else []), *used])
        case Got(name=name, text=text):
            return f"{name} returned: {text}"
