"""What a log asks of an agent, sans I/O: what is new since it last answered.

The rules:

- The position is how far the last run took the log in; only `RunFinished.upto` says so.
- New are addressed messages, triggers and the ends of questions. What was overheard, what the
  agent said itself and what was withdrawn asks nothing.
- A message is taken as it stands now: with its edits, without those deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.content import Attachment, Content
from bridge.events import (
    SHUTDOWN,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import START, CallId, ConversationId, ParticipantId, QuestionId, Seq


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


def position(events: Sequence[Event]) -> Seq:
    """Return how far the agent has dealt with this log."""
    ends = [event.body.upto for event in events if isinstance(event.body, RunFinished)]
    return max(ends, default=START)


def failures(events: Sequence[Event]) -> int:
    """Count the runs in a row that failed at the present position."""
    count, reached = 0, START
    for event in events:
        match event.body:
            case RunFinished(upto=upto) if upto > reached:
                count, reached = 0, upto
            case RunFinished(outcome="failed" | "abandoned", reason=reason):
                count += reason != SHUTDOWN
            case RunFinished():
                count = 0
            case _:
                pass
    return count


def asked(events: Sequence[Event], *, after: Seq) -> tuple[Ask, ...]:
    """Return what the events past `after` ask, oldest first. `events` is the log from its start."""
    new = [event for event in events if event.seq > after]
    ended = any(isinstance(event.body, QuestionClosed) for event in new)
    words, questions = standing(new), _questions(events) if ended else {}
    asks: list[Ask] = []
    for event in new:
        match event.body:
            case MessageReceived(addressed=True) as heard if event.seq in words:
                asks.append(
                    Heard(
                        participant=heard.participant,
                        conversation=heard.conversation,
                        content=words[event.seq],
                    )
                )
            case Triggered() as triggered:
                asks.append(triggered)
            case QuestionClosed(outcome="answered" | "expired") as closed:
                if question := questions.get(closed.question):
                    asks.append(Answered(question=question, closed=closed))
            case _:
                pass
    return tuple(asks)


def outcome(events: Sequence[Event], call: CallId) -> ToolReturned | Interrupted | None:
    """Return what became of a call: None when it was never made."""
    known: ToolReturned | Interrupted | None = None
    for event in events:
        match event.body:
            case ToolCalled(call=made) if made == call and known is None:
                known = Interrupted()
            case ToolReturned(call=made) as returned if made == call:
                known = returned
            case _:
                pass
    return known


def latest_files(events: Sequence[Event]) -> tuple[Attachment, ...]:
    """Return the files of the last message that has any and was not taken back."""
    said = reversed(standing(events).values())
    return next((content.attachments for content in said if content.attachments), ())


def standing(events: Sequence[Event]) -> dict[Seq, Content]:
    """Return what people said, by the number of its event, as it stands now."""
    words: dict[Seq, Content] = {}
    for event in events:
        stand(words, event)
    return words


def stand(words: dict[Seq, Content], event: Event) -> None:
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
        case _:
            pass


def _questions(events: Sequence[Event]) -> dict[QuestionId, QuestionAsked]:
    bodies = (event.body for event in events)
    return {body.question: body for body in bodies if isinstance(body, QuestionAsked)}
