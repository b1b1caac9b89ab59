"""How much of a session a model is shown, and where a summary may cut, sans I/O.

The rules:

- Sizes are estimates, rather too high than too low: tokens of `BYTES_PER_TOKEN` bytes.
- A summary is due when what the model is shown takes more than `FULL` of its budget. What is left
  whole then is about `KEPT` of it, and never less than the last `LAST_TURNS` runs.
- It cuts only where a run ended that left nothing unheard, never past what is unanswered. So a call
  is never cut off from its result.
- What is summed up at once is at most `PIECE` of the budget; a long past takes several summaries.
"""

from collections.abc import Sequence
from itertools import accumulate

from agents.labels import Labels
from agents.transcript import LONGEST_RESULT, Got, Line, Told, Wrote, cut, transcript
from bridge.events import (
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    QuestionAsked,
    RunFinished,
    ToolCalled,
    ToolReturned,
    Triggered,
)
from bridge.ids import START, Seq

BYTES_PER_TOKEN = 3
LINE = 8
"""Tokens that a message takes beside its words."""

IMAGE = 1200
"""Tokens."""

FULL, KEPT, PIECE = 0.8, 0.4, 0.6
LAST_TURNS = 3
LONGEST_SUMMED_RESULT = 1500
"""Characters of a tool's result, and of a call's arguments, in what is summed up."""


def tokens(text: str) -> int:
    return len(text.encode(errors="replace")) // BYTES_PER_TOKEN + 1


def weight(lines: Sequence[Line]) -> int:
    """Return about how many tokens these lines take."""
    texts: list[str] = []
    images = 0
    for line in lines:
        texts.append(line.text)
        if isinstance(line, Told):
            images += sum(each.kind == "image" for each in line.files)
        elif isinstance(line, Wrote):
            texts += [each.name + each.arguments for each in line.calls]
    return len(texts) * (LINE + 1) + tokens("".join(texts)) + IMAGE * images


def cut_at(events: Sequence[Event], *, budget: int) -> Seq | None:
    """Return up to where the log is to be summed up next, None where that is not possible."""
    start = _summed_up(events)
    places = [seq for seq in _quiet(events) if seq > start][:-LAST_TURNS]
    if not places:
        return None
    upto = list(accumulate((_size(event) for event in events), initial=0))
    whole = upto[-1]
    wanted = next((seq for seq in places if whole - upto[seq] <= KEPT * budget), places[-1])
    fitting = [seq for seq in places if seq <= wanted and upto[seq] - upto[start] <= PIECE * budget]
    return fitting[-1] if fitting else places[0]


def _summed_up(events: Sequence[Event]) -> Seq:
    bodies = [event.body for event in events]
    return max((b.upto for b in bodies if isinstance(b, HistoryCompacted)), default=START)


def _quiet(events: Sequence[Event]) -> list[Seq]:
    """Return the ends of runs that left nothing unheard behind them, oldest first."""
    last, found = START, []
    for event in events:
        match event.body:
            case MessageReceived() | Triggered():
                last = event.seq
            case RunFinished(upto=upto) if last <= upto:
                found.append(event.seq)
            case _:
                pass
    return found


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


def to_sum_up(events: Sequence[Event], upto: Seq, *, agent: str, labels: Labels) -> str:
    """Return, as one text, what the next summary is to stand for, the last summary included."""
    before = [event for event in events if event.seq <= upto or _is_summary(event)]
    lines = transcript(before, agent=agent, labels=labels, longest_result=LONGEST_SUMMED_RESULT)
    return "\n\n".join(_read(line) for line in lines)


def _is_summary(event: Event) -> bool:
    return isinstance(event.body, HistoryCompacted)


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
