"""What people's words append, and how they are taken back from what agents remember.

The rules:

- What is said is appended as it was said; nothing at all is refused.
- What was given up is asked once more in the words of the first time, with what they were about,
  of whoever asks now.
- An exchange begins with what calls for the agent while nothing else goes on, and ends with the
  last run. It is undone whole, the newest first, and only while the session is at rest, whatever
  its children ask. The log
  keeps it; agents are shown nothing of it any more, nor what was noted in it. What began in it and
  works in the background is stopped. What has been summed up is in the summary, and cannot be
  undone.
- Where the session's mode is `interrupt`, an addressed message ends the open run in the same
  append. Its `upto` is where it began from: the next run answers everything.
"""

from bridge import session_texts, texts
from bridge.domain.commands import Delete, Edit, React, Retry, Say, Undo
from bridge.domain.errors import Refused
from bridge.domain.events import (
    INTERRUPTED,
    Draft,
    ExchangeUndone,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteRemoved,
    Reacted,
    RunFinished,
)
from bridge.session import background
from bridge.session.decide_background import stopped
from bridge.session.drafting import Drafts, one, says_something
from bridge.session.fold import Session
from bridge.session.run_mode import mode_of
from bridge.session.state import Given

MOST_EARLIER = 16
"""Edits of one message that another edit of it names."""


def said(session: Session, command: Say | Retry | Edit | Delete | React) -> Drafts:
    match command:
        case Say():
            return _say(session, command)
        case Retry():
            return _again(session, command)
        case Edit(by=by, target=target, content=content, earlier=before):
            edited = MessageEdited(
                participant=by, target=target, content=content, earlier=before[-MOST_EARLIER:]
            )
            return one(edited)
        case Delete(by=by, target=target, earlier=before):
            deleted = MessageDeleted(participant=by, target=target, earlier=before[-MOST_EARLIER:])
            return one(deleted, key=f"deleted:{target}")
        case React():
            return _react(session, command)


def _react(session: Session, command: React) -> Drafts:
    """Say nothing of what is so already."""
    known = session.reactions.get(command.target, ())

    def is_there(emoji: str) -> bool:
        return Given(by=command.by, place=command.conversation, emoji=emoji) in known

    def change(emoji: str, *, gone: bool) -> Drafts:
        if not emoji or is_there(emoji) != gone:
            return ()
        who, where = command.by, command.conversation
        return one(
            Reacted(
                participant=who, conversation=where, target=command.target, emoji=emoji, gone=gone
            )
        )

    return (*change(command.gone, gone=True), *change(command.emoji, gone=False))


def _say(session: Session, command: Say) -> Drafts:
    if not says_something(command.content):
        raise Refused(texts.NOTHING_SAID)
    heard = MessageReceived(
        participant=command.by,
        conversation=command.conversation,
        content=command.content,
        addressed=command.addressed,
        reply_to=command.reply_to,
        before_restore=command.before_restore,
        quote=command.quote,
        more=command.more,
    )
    return (Draft(body=heard), *_interruption(session, command))


def _again(session: Session, command: Retry) -> Drafts:
    heard = [
        MessageReceived(
            participant=command.by,
            conversation=command.conversation,
            content=each.content,
            reply_to=each.first or each.seq,
            again=each.seq,
            quote=each.quote,
        )
        for each in command.said
        if each.seq in session.given_up and says_something(each.content)
    ]
    if not heard:
        raise Refused(texts.NOTHING_TO_RETRY)
    return (*(Draft(body=each) for each in heard), *_interruption(session, command))


def _interruption(session: Session, command: Say | Retry) -> Drafts:
    is_addressed = isinstance(command, Retry) or command.addressed
    if session.open_run is None or not is_addressed or mode_of(session) != "interrupt":
        return ()
    cancelled = RunFinished(
        run=session.open_run.run,
        outcome="cancelled",
        upto=session.position,
        by=command.by,
        reason=INTERRUPTED,
    )
    return one(cancelled)


def undone(session: Session, command: Undo) -> Drafts:
    if not session.is_at_rest:
        raise Refused(session_texts.UNDO_AT_REST)
    last = session.exchanges[-1] if session.exchanges else None
    if last is None or session.rested < last.first:
        raise Refused(session_texts.NOTHING_TO_UNDO)
    if command.own and last.by != command.by:
        raise Refused(texts.OWNERS_ONLY)
    if session.summed_up >= last.first:
        raise Refused(session_texts.UNDO_SUMMED_UP)
    whole = ExchangeUndone(first=last.first, upto=session.rested, by=command.by)
    begun = [
        child
        for child in background.running(session)
        if whole.first <= session.background[child].started <= whole.upto
    ]
    noted = [note for note, seq in session.notes.items() if whole.first <= seq <= whole.upto]
    removed = (Draft(body=NoteRemoved(note=each)) for each in noted)
    return (Draft(body=whole), *removed, *stopped(session, tuple(begun), command.by))
