"""How far the bridge is with each of the last messages that asked it, sans I/O.

The rules:

- What is addressed to the agent is seen. It is worked on from the start of the run that reads it,
  through its questions, until a run that dealt with it ends: then it is done, or given up (failed),
  or somebody told the bridge to stop (none).
- A run that failed, died or was interrupted and will be tried again changes nothing: the message is
  still worked on.
- How far the agent is in a place (`status_in`) is derived from the same: it works there as long as
  any message from there is seen or worked on.
- What is asked once more (`/retry`) is seen again, the first message with it. What was taken back
  is forgotten, and what was said before a restore asks nothing.
"""

from typing import assert_type

from bridge.domain.events import (
    INTERRUPTED,
    Event,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    OutsideEvent,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RunFinished,
    RunStarted,
    SetupEvent,
    ToolEvent,
    Transcribed,
    UsageReported,
)
from bridge.domain.ids import ConversationId, Seq
from bridge.domain.parts import AgentStatus
from bridge.domain.reactions import Mark
from bridge.domain.records import replace
from bridge.session.state import Asked, Session

ASKED_KEPT = 20
"""Messages of which is remembered how far the bridge is with them, the newest."""

OPEN_KEPT = 200
"""More of them where the bridge is not done with any: each has a mark that is to come off."""

_MarksNothing = (
    MessageEdited
    | Transcribed
    | Redacted
    | UsageReported
    | MessageComposed
    | ToolEvent
    | QuestionAsked
    | OutsideEvent
    | SetupEvent
    | MemoryEvent
)

OPEN_MARKS: frozenset[Mark] = frozenset({"seen", "working"})


def is_open(asked: Asked) -> bool:
    """Say whether there will be more to say of a message."""
    return asked.mark in OPEN_MARKS


def status_in(session: Session, place: ConversationId) -> AgentStatus:
    """Return how far the agent is with what was asked in a place.

    It waits for people while its run is paused, or while the open run itself has a question open.
    """
    if not any(is_open(each) for each in session.asked if each.place == place):
        return "idle"
    run = session.open_run
    asks = session.questions.values()
    is_waiting = bool(asks) and (run is None or any(each.run == run.run for each in asks))
    return "waiting" if is_waiting else "working"


def marked(session: Session, event: Event) -> tuple[Asked, ...]:
    """Return the marks as they are after an event, which is not folded yet."""
    match event.body:
        case MessageReceived() as heard:
            return _heard(session, heard, event)
        case MessageDeleted(target=target):
            return tuple([each for each in session.asked if each.seq != target])
        case RunStarted(agent=agent, upto=upto):
            is_begun = bool(agent)
            only = frozenset[Mark]({"seen"} if is_begun else ())
            return _changed(session, event, "working", upto=upto, only=only)
        case RunFinished() as finished:
            return _finished(session, finished, event)
        case QuestionClosed(outcome=outcome):
            is_over = outcome == "withdrawn" and session.open_run is None
            if not is_over:
                return session.asked
            return _changed(session, event, "none", upto=session.position)
        case rest:
            assert_type(rest, _MarksNothing)
            return session.asked


def _heard(session: Session, heard: MessageReceived, event: Event) -> tuple[Asked, ...]:
    if heard.before_restore or not heard.addressed:
        return session.asked
    new = Asked(seq=event.seq, place=heard.conversation, mark="seen", at=event.at)
    again = [
        replace(each, mark="seen", at=event.at) if each.seq == heard.again else each
        for each in session.asked
    ]
    return _kept((*again, new))


def _kept(asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """Return those that are remembered: what is done with is forgotten first."""
    beyond = len(asked) - ASKED_KEPT
    if beyond <= 0:
        return asked
    left = []
    for each in asked:
        if beyond > 0 and not is_open(each):
            beyond -= 1
        else:
            left.append(each)
    return tuple(left[-OPEN_KEPT:])


def _finished(session: Session, finished: RunFinished, event: Event) -> tuple[Asked, ...]:
    match finished.outcome:
        case "completed" | "silent":
            return _changed(session, event, "done", upto=finished.upto)
        case "paused":
            return _changed(session, event, "working", upto=finished.upto)
        case "cancelled" if finished.reason != INTERRUPTED:
            return _changed(session, event, "none", upto=finished.upto)
        case "failed" | "abandoned" if finished.upto > session.position:
            return _changed(session, event, "failed", upto=finished.upto)
        case "cancelled" | "failed" | "abandoned":
            return session.asked


def _changed(
    session: Session,
    event: Event,
    mark: Mark,
    *,
    upto: Seq,
    only: frozenset[Mark] = OPEN_MARKS,
) -> tuple[Asked, ...]:
    if not [each for each in session.asked if each.mark in only and each.seq <= upto]:
        return session.asked
    return tuple(
        [
            replace(each, mark=mark, at=event.at)
            if each.mark in only and each.mark != mark and each.seq <= upto
            else each
            for each in session.asked
        ]
    )
