"""How questions end.

The rules:

- The first answer to a question stands: its closing has a key. Whoever answers later is told how
  it ended; so is whoever answers when its time is over, though nobody closed it yet.
- A call that is too long to be shown whole anywhere can only be denied.
- The answer `always` to an approval is also a setting (`bridge.consent`): from then on the session
  need not be asked about that tool.
"""

from datetime import datetime

from bridge import texts
from bridge.call_display import is_whole
from bridge.commands import Answer
from bridge.consent import ALWAYS, DENYING, YES, always_allowed, setting
from bridge.deciding.drafting import Drafts, one
from bridge.errors import Refused
from bridge.events import Closing, Draft, QuestionClosed, SettingChanged
from bridge.ids import ParticipantId, QuestionId
from bridge.session import OpenQuestion, Session, is_expired


def answered(session: Session, command: Answer, now: datetime) -> Drafts:
    question = session.questions.get(command.question)
    if question is None:
        raise Refused(_over(session.over.get(command.question)))
    if is_expired(question, now):
        raise Refused(texts.QUESTION_EXPIRED)
    if question.to and command.by not in question.to:
        raise Refused(texts.NOT_ASKED_OF_YOU)
    if question.options and command.answer not in {each.id for each in question.options}:
        raise Refused(texts.NO_SUCH_OPTION)
    if not command.answer.strip():
        raise Refused(texts.ANSWER_EMPTY)
    if question.call and not is_whole(question.call.arguments) and command.answer not in DENYING:
        raise Refused(texts.CALL_TOO_LONG)
    closed = QuestionClosed(
        question=command.question,
        asked=question.asked,
        outcome="answered",
        answer=command.answer,
        by=command.by,
        conversation=command.conversation,
    )
    return (Draft(body=closed, key=_key(command.question)), *_allowed(session, question, command))


def expired(session: Session, now: datetime) -> Drafts:
    """Close every question whose time is over."""
    return tuple(
        _closing(question, each, "expired")
        for question, each in session.questions.items()
        if is_expired(each, now)
    )


def withdrawn(session: Session, by: ParticipantId) -> Drafts:
    """Close every question, for nobody needs its answer any more."""
    return tuple(
        _closing(question, each, "withdrawn", by=by) for question, each in session.questions.items()
    )


def _allowed(session: Session, question: OpenQuestion, command: Answer) -> Drafts:
    if question.kind != "approval" or question.call is None or command.answer != ALWAYS:
        return ()
    tool = question.call.name
    if tool in always_allowed(session):
        return ()
    return one(SettingChanged(scope="session", name=setting(tool), value=YES, by=command.by))


def _over(outcome: Closing | None) -> str:
    match outcome:
        case "expired":
            return texts.QUESTION_EXPIRED
        case "withdrawn":
            return texts.QUESTION_WITHDRAWN
        case "answered":
            return texts.QUESTION_ANSWERED
        case None:
            return texts.QUESTION_OVER


def _closing(
    question: QuestionId,
    asked: OpenQuestion,
    outcome: Closing,
    *,
    by: ParticipantId | None = None,
) -> Draft:
    closed = QuestionClosed(question=question, asked=asked.asked, outcome=outcome, by=by)
    return Draft(body=closed, key=_key(question))


def _key(question: QuestionId) -> str:
    return f"closed:{question}"
