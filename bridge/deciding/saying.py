"""What people's words append.

The rules:

- What is said is appended as it was said; nothing at all is refused.
- Where the session's mode is `interrupt`, an addressed message ends the open run in the same
  append. Its `upto` is where it began from: the next run answers everything.
"""

from bridge import texts
from bridge.commands import Delete, Edit, Say
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


def said(session: Session, command: Say | Edit | Delete) -> Drafts:
    match command:
        case Say():
            return _say(session, command)
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
        quote=command.quote,
        more=command.more,
    )
    return (Draft(body=heard), *_interruption(session, command))


def _interruption(session: Session, command: Say) -> Drafts:
    if session.open_run is None or not command.addressed or mode_of(session) != "interrupt":
        return ()
    cancelled = RunFinished(
        run=session.open_run.run,
        outcome="cancelled",
        upto=session.position,
        by=command.by,
        reason=INTERRUPTED,
    )
    return one(cancelled)
