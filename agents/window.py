"""How much of a session a model is shown, and where a summary may cut, sans I/O.

The rules:

- Sizes are estimates: `fitting` has them.
- A summary is due when what the model is shown takes more than `FULL` of its budget. What is left
  whole then is about `KEPT` of it, and never less than the last `LAST_TURNS` runs.
- It cuts only where a run ended that left nothing unheard that was meant for the agent, never past
  what is unanswered. So a call is never cut off from its result.
- What is summed up at once is at most `PIECE` of the budget; a long past takes several summaries,
  at most about `MOST_PIECES`: of one that was never summed up only the newest part is read, and the
  summary is told so.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agents.fitting import IMAGE, LINE, fitted, tokens
from agents.known import Known
from agents.labels import Labels
from agents.transcript import LONGEST_RESULT, Got, Line, Told, Wrote, between, cut
from bridge.events import (
    Event,
    MessageComposed,
    MessageReceived,
    QuestionAsked,
    RunFinished,
    ToolCalled,
    ToolReturned,
    Triggered,
)
from bridge.ids import START, Seq

FULL, KEPT, PIECE = 0.8, 0.4, 0.6
LAST_TURNS = 3
MOST_PIECES = 64
SKIPPED = "[{count} older events are left out here: the past was too long to be read.]"
LONGEST_SUMMED_RESULT = 1500
"""Characters of a tool's result, and of a call's arguments, in what is summed up."""


@dataclass(slots=True)
class Outline:
    """The sizes of a log's events, and where it may be cut; it grows with its log.

    `upto[seq]` is about how many tokens the events up to a seq take, `places` are the ends of runs
    that left nothing unheard behind them, oldest first.
    """

    upto: list[int] = field(default_factory=lambda: [0])
    places: list[Seq] = field(default_factory=list)
    _unheard: Seq = START

    @property
    def count(self) -> int:
        return len(self.upto) - 1

    def take(self, events: Iterable[Event]) -> "Outline":
        """Take in what comes next in the log."""
        for event in events:
            self.upto.append(self.upto[-1] + _size(event))
            match event.body:
                case MessageReceived(addressed=True) | Triggered():
                    self._unheard = event.seq
                case RunFinished(upto=upto) if self._unheard <= upto:
                    self.places.append(event.seq)
                case _:
                    pass
        return self

    def size(self, after: Seq, upto: Seq) -> int:
        return self.upto[upto] - self.upto[after]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A summary is to stand for all up to `upto`, and is made of what came past `after`."""

    after: Seq
    upto: Seq


def cut_at(outline: Outline, *, start: Seq, budget: int) -> Cut | None:
    """Return what is to be summed up next, None where that is not possible.

    `start` is up to where the log has been summed up.
    """
    first = bisect_right(outline.places, start)
    places = outline.places[first : len(outline.places) - LAST_TURNS]
    if not places:
        return None
    rest = [-outline.size(seq, outline.count) for seq in places]
    wanted = places[min(bisect_left(rest, -int(KEPT * budget)), len(places) - 1)]
    piece = int(PIECE * budget)
    if outline.size(start, wanted) > MOST_PIECES * piece:
        oldest = outline.upto[wanted] - MOST_PIECES * piece
        near = bisect_left([outline.upto[seq] for seq in places], oldest)
        start = places[near] if near < len(places) and places[near] < wanted else start
    fitting = [seq for seq in places if start < seq <= wanted and outline.size(start, seq) <= piece]
    later = next((seq for seq in places if seq > start), wanted)
    return Cut(after=start, upto=fitting[-1] if fitting else later)


def _size(event: Event) -> int:
    """Return about how many tokens an event takes where it is shown."""
    match event.body:
        case MessageReceived(content=content) | MessageComposed(content=content):
            images = sum(each.kind == "image" for each in content.attachments)
            return LINE * 2 + tokens(content.text) + IMAGE * images
        case ToolCalled(arguments=text) | Triggered(prompt=text):
            return LINE * 2 + tokens(text)
        case QuestionAsked(text=text, call=call):
            return LINE * 2 + tokens(text + (call.arguments if call else ""))
        case ToolReturned(result=text):
            return LINE + tokens(text[:LONGEST_RESULT])
        case _:
            return 0


def to_sum_up(
    events: Sequence[Event], cut: Cut, known: Known, labels: Labels, *, budget: int
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
