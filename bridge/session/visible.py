"""What of a log somebody may read, sans I/O: whatever reads a log on somebody's behalf asks here.

The rules:

- Whoever came into a session without what was said before reads it from their own joining on. An
  owner reads all of it.
- A private place is shown what its person may read; a room, what was said since it follows.
- What repeats earlier words later is emptied of them: a change, a transcript, a summary, what is
  asked once more.
- What everybody reads quotes nothing that is hidden from somebody.
"""

from typing import assert_type

from bridge.domain.content import Content
from bridge.domain.events import (
    Body,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteEvent,
    OutsideEvent,
    QuestionEvent,
    Reacted,
    Redacted,
    RunEvent,
    SetupEvent,
    ToolEvent,
    Transcribed,
)
from bridge.domain.ids import START, ConversationId, ParticipantId, Seq
from bridge.domain.parts import Conversation
from bridge.domain.records import replace
from bridge.session.state import OpenQuestion, Session

_RepeatsNothing = (
    MessageReceived  # but for what is hidden, once more
    | MessageEdited  # but for one of what is hidden
    | MessageDeleted
    | Transcribed
    | Redacted
    | RunEvent
    | MessageComposed
    | ToolEvent
    | QuestionEvent
    | OutsideEvent
    | SetupEvent
    | NoteEvent
    | ExchangeUndone
    | Reacted
)


def hidden_upto(session: Session, who: ParticipantId) -> Seq:
    """Return the last event of a session that someone may not read; `START`: they read it all."""
    return session.hidden.get(who, START) if who in session.participants else session.head


def hidden_in(session: Session, place: Conversation) -> Seq:
    """Return the last event that a place which follows a session is not to be shown.

    Whether it is shown anything at all is decided elsewhere.
    """
    if place.room:
        return session.linked.get(place.id, START)
    who = session.conversations.get(place.id)
    return START if who is None else session.hidden.get(who, START)


def hidden_from_some(session: Session) -> Seq:
    """Return the last event that somebody, or a place, may not be shown; `START`: there is none."""
    return max((*session.hidden.values(), *session.linked.values()), default=START)


def repeats_hidden(heard: MessageReceived, hidden: Seq) -> bool:
    """Say whether something said is what is hidden, asked once more: it replies to the first."""
    return heard.again is not None and min(heard.again, heard.reply_to or heard.again) <= hidden


def is_hidden(
    session: Session, question: OpenQuestion, by: ParticipantId, place: ConversationId | None
) -> bool:
    """Say whether a question was asked before someone came, who writes in a place.

    What was asked of them is theirs; so is what a room shows that was there by then.
    """
    if question.asked > session.hidden.get(by, START) or by in question.to:
        return False
    if place is None or session.conversations.get(place) in {None, by}:
        return True
    return question.asked <= session.linked.get(place, START)


def readable(event: Event, hidden: Seq) -> Event:
    """Return an event after `hidden` as it is for whom everything up to that is hidden."""
    body = event.body if hidden == START else _emptied(event.body, hidden)
    return event if body is event.body else replace(event, body=body)


def _emptied(body: Body, hidden: Seq) -> Body:
    match body:
        case MessageReceived() if repeats_hidden(body, hidden):
            return replace(body, content=Content(), quote=None)
        case MessageEdited(target=target) if target <= hidden:
            return replace(body, content=Content())
        case Transcribed(target=target) if target <= hidden:
            return replace(body, text="")
        case HistoryCompacted():
            return replace(body, summary="")
        case rest:
            assert_type(rest, _RepeatsNothing)
            return body
