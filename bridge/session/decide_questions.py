"""How questions end.

The rules:

- The first answer to a question stands: its closing has a key. Whoever answers later is told how
  it ended; so is whoever answers when its time is over, though nobody closed it yet.
- Whoever may not read what was asked before they came can only deny it, but in a room that showed
  it, or where it is asked of them.
- A call that is too long to be shown whole anywhere can only be denied.
- The answer `always` to an approval is also a setting (`bridge.session.tool_grants`): from then on
  the session need not be asked about that tool of that agent.
- What a program asks is of no run: its end calls for no agent, `/stop` leaves it open, and whoever
  asked it takes it back, or an owner does. `MOST_OPEN` of them may be open at once in a session,
  and `MOST_AN_HOUR` be asked within one by the programs of each person: nobody uses up another's.
  They end with the right of whoever asked them to ask, and of all whom they are for to answer.
- What is asked for a child session is of no run here either; `/stop` withdraws it.
- An id names one question as long as the newest questions are remembered. What is asked under the
  id of another is not asked. A button names its question by the event that asked it as well.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from bridge import texts
from bridge.domain.commands import Answer, Ask, Withdraw
from bridge.domain.content import on_one_line
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Closing,
    Draft,
    QuestionAsked,
    QuestionClosed,
    SettingChanged,
    is_whole,
)
from bridge.domain.ids import ParticipantId, QuestionId, RunId, Seq, SessionId
from bridge.domain.run_output import Asking
from bridge.session import visible
from bridge.session.drafting import Drafts, one
from bridge.session.fold import OpenQuestion, Session, is_expired
from bridge.session.permission_table import roles_for
from bridge.session.tool_grants import ALWAYS, DENYING, YES, always_allowed, setting

MOST_OPEN = 20
"""Questions of programs that are open at once in a session."""

MOST_AN_HOUR = 60
HOUR = timedelta(hours=1)
"""Questions of one person's programs within an hour: each is a card in every place, also if it is
taken back."""


def answered(session: Session, command: Answer, now: datetime) -> Drafts:
    question = session.questions.get(command.question)
    if question is None:
        raise Refused(_over(session.over.get(command.question)))
    if command.run not in {None, question.run}:
        raise Refused(texts.QUESTION_OVER)  # its id is another question's by now
    if is_expired(question, now):
        raise Refused(texts.QUESTION_EXPIRED)
    if question.to and command.by not in question.to:
        raise Refused(texts.NOT_ASKED_OF_YOU)
    if question.options and command.answer not in {each.id for each in question.options}:
        raise Refused(texts.NO_SUCH_OPTION)
    if command.answer not in DENYING and _is_hidden(session, question, command):
        raise Refused(texts.NOT_ASKED_OF_YOU)
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
        outside=command.outside,
    )
    return (
        Draft(body=closed, key=closing_key(command.question, question.asked)),
        *_allowed(session, question, command),
    )


def asked(session: Session, command: Ask, now: datetime) -> Drafts:
    """Ask what a program waits for. A repeat is told by its key, whatever is open by then."""
    is_known = command.question in session.questions or command.question in session.over
    if not is_known:
        _check(session, command, now)
    body = QuestionAsked(
        question=command.question,
        run=RunId(command.question),
        kind="choice" if command.options else "open",
        text=command.text,
        options=tuple(map(on_one_line, command.options)),
        to=command.to,
        expires_at=command.expires_at,
        by=command.by,
    )
    return one(body, key=asking_key(command.question))


def _check(session: Session, command: Ask, now: datetime) -> None:
    if sum(each.by is not None for each in session.questions.values()) >= MOST_OPEN:
        raise Refused(texts.too_many_open(MOST_OPEN))
    if sum(abs(now - at) < HOUR for at in session.asks.get(command.by, ())) >= MOST_AN_HOUR:
        raise Refused(texts.too_many_asked(MOST_AN_HOUR))
    may = roles_for(Answer)
    if any(session.participants.get(each) not in may for each in command.to):
        raise Refused(texts.ASKED_OUTSIDE)
    if command.expires_at is not None and command.expires_at <= now:
        raise Refused(texts.QUESTION_EXPIRED)


def taken_back(session: Session, command: Withdraw) -> Drafts:
    """Close what a program asked, for the person whose program it is, or an owner."""
    question = session.questions.get(command.question)
    if question is None:
        if command.question in session.over:
            return ()  # it is over as it is
        raise Refused(texts.QUESTION_OVER)
    is_owner = session.participants.get(command.by) == "owner"
    if question.by is None or not (question.by == command.by or is_owner):
        raise Refused(texts.NOT_YOURS_TO_WITHDRAW)
    return (_closing(command.question, question, "withdrawn", by=command.by),)


def questions_ended(session: Session, who: ParticipantId) -> Drafts:
    """Close what programs of someone asked, who may not any more, or asked of nobody else."""
    return tuple(
        _closing(question, each, "withdrawn")
        for question, each in session.questions.items()
        if each.by == who or (each.by is not None and _is_left_alone(session, each, who))
    )


def _is_left_alone(session: Session, question: OpenQuestion, without: ParticipantId) -> bool:
    """Say whether nobody whom a question is for may answer it without this person."""
    others = (each for each in question.to if each != without)
    may = roles_for(Answer)
    return without in question.to and all(
        session.participants.get(each) not in may for each in others
    )


def expired(session: Session, now: datetime) -> Drafts:
    """Close every question whose time is over."""
    return tuple(
        _closing(question, each, "expired")
        for question, each in session.questions.items()
        if is_expired(each, now)
    )


def withdrawn(session: Session, by: ParticipantId | None, *, programs: bool = True) -> Drafts:
    """Close every question, for nobody needs its answer; or only those that no program asked."""
    return tuple(
        _closing(question, each, "withdrawn", by=by)
        for question, each in session.questions.items()
        if programs or each.by is None
    )


def withdrawn_for(
    session: Session, children: Collection[SessionId], by: ParticipantId | None
) -> Drafts:
    """Close what is asked for these children, which work no more."""
    return tuple(
        _closing(question, each, "withdrawn", by=by)
        for question, each in session.questions.items()
        if each.background in children
    )


def _is_hidden(session: Session, question: OpenQuestion, command: Answer) -> bool:
    if question.call is None and not question.options:
        return False  # words alone: they are read as theirs
    return visible.is_hidden(session, question, command.by, command.conversation)


def _allowed(session: Session, question: OpenQuestion, command: Answer) -> Drafts:
    if question.kind != "approval" or question.call is None or command.answer != ALWAYS:
        return ()
    tool, agent = question.call.name, question.agent
    always = always_allowed(session, agent)
    if tool in always and always[tool] in {None, command.by}:
        return ()
    allowed = SettingChanged(
        scope="session", of=agent, name=setting(tool), value=YES, by=command.by
    )
    return one(allowed)


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
    return Draft(body=closed, key=closing_key(question, asked.asked))


def asking_key(question: QuestionId) -> str:
    """Return the key of the event in which a program asks this."""
    return f"asked:{question}"


def closing_key(question: QuestionId, asked: Seq) -> str:
    """Return the key of the event that closes a question, which was asked in the event `asked`."""
    return f"closed:{question}@{asked}"


def is_taken(session: Session, asking: Asking) -> bool:
    """Say whether the id of what is to be asked stands for something else already."""
    known = session.questions.get(asking.question)
    if known is None:
        return asking.question in session.over
    is_same = (known.call, known.to) == (asking.call, asking.to) and [
        each.id for each in known.options
    ] == [each.id for each in asking.options]
    return asking.call is None or not is_same
