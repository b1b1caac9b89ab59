"""What people's words append.

The rules:

- What is said is appended as it was said; nothing at all is refused.
- What was given up is asked once more in the words of the first time, of whoever asks now.
- Where the session's mode is `interrupt`, an addressed message ends the open run in the same
  append. Its `upto` is where it began from: the next run answers everything.
"""

from bridge import texts
from bridge.commands import Delete, Edit, Retry, Say
from bridge.deciding.drafting import Drafts, one, says_something
from bridge.errors import Refused
from bridge.events import (
    INTERRUPTED,
    Draft,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    RunFinished,
)
from bridge.session import Session
from bridge.steering import mode_of


def said(session: Session, command: Say | Retry | Edit | Delete) -> Drafts:
    match command:
        case Say():
            return _say(session, command)
        case Retry():
            return _again(session, command)
        case Edit(by=by, target=target, content=content):
            return one(MessageEdited(participant=by, target=target, content=content))
        case Delete(by=by, target=target):
            return one(MessageDeleted(participant=by, target=target), key=f"deleted:{target}")


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
            content=content,
            reply_to=seq,
            again=seq,
        )
        for seq, content in command.said
        if seq in session.given_up and says_something(content)
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
