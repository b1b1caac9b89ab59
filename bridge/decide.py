"""What a command appends to a session, sans I/O.

The rules:

- `()` means it is so already. `Refused` carries a text for the asker; `RunOver` tells a run that
  it may not speak any more.
- Only the open run speaks. Whatever ends it is one set of drafts: its last words, its questions
  and its `RunFinished` share their fate.
- A failed run is tried again; at the third failure, or when trying again cannot help, it ends
  with a notice to the people and `upto` where it had read, so that the session lives on.
- The first answer to a question stands: its closing has a key.
- `/stop` ends the run, withdraws every open question, and covers all that was said before it. A
  run that is due but not begun (it waits for its next try) is begun and ended at once.
- An archived session is not continued: archiving it removes its schedules.
"""

from datetime import datetime
from typing import assert_never

from bridge import access, schedule, texts
from bridge.commands import (
    AbandonRun,
    Announce,
    Answer,
    Archive,
    Aside,
    Asking,
    CallTool,
    Change,
    ChangeRole,
    Command,
    Compact,
    Compose,
    Delete,
    Edit,
    EndRun,
    ExpireQuestions,
    FailRun,
    Fire,
    Join,
    KeepNote,
    Leave,
    Link,
    Push,
    RemoveSchedule,
    ReturnTool,
    Say,
    SetSchedule,
    StartRun,
    Stop,
    Transcribe,
    Trigger,
    Unlink,
)
from bridge.content import Content
from bridge.errors import Refused, RunOver
from bridge.events import (
    Body,
    Closing,
    ConversationLinked,
    ConversationUnlinked,
    Draft,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    Outcome,
    ParticipantJoined,
    ParticipantLeft,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import ParticipantId, QuestionId, RunId
from bridge.retry import MAX_RUN_FAILURES
from bridge.session import (
    Begin,
    OpenQuestion,
    OpenRun,
    Session,
    is_shutdown,
    next_step,
    setting_key,
)

Drafts = tuple[Draft, ...]


def decide(session: Session, command: Command, *, now: datetime) -> Drafts:
    """Return what the command appends. Raises `Refused` and `RunOver`."""
    _admit(session, command)
    match command:
        case Say() | Edit() | Delete() | Stop() | Answer():
            return _said(session, command)
        case Join() | ChangeRole() | Leave() | Link() | Unlink() | Change() | Archive():
            return _arranged(session, command)
        case SetSchedule() | RemoveSchedule() | Fire() | Push() | Trigger() | ExpireQuestions():
            return _prompted(session, command, now)
        case StartRun():
            return _start(session, command, now)
        case Compose() | CallTool() | EndRun() | FailRun() | AbandonRun():
            return _spoken(session, _require(session, command.run), command)
        case Announce() | KeepNote() | Compact() | Transcribe():
            return _aside(_require(session, command.run), command)
        case ReturnTool(call=call, result=result, failed=failed):
            returned = ToolReturned(call=call, result=result, failed=failed)
            return (Draft(body=returned, key=f"returned:{call}"),)
        case _:
            assert_never(command)


def _admit(session: Session, command: Command) -> None:
    if session.archived and isinstance(command, Push | Trigger):
        raise Refused(texts.ARCHIVED)
    by: ParticipantId | None = getattr(command, "by", None)
    if by is None:
        return
    why = access.refusal(session.participants.get(by), command)
    if not why and session.archived and not isinstance(command, Archive | Leave | Unlink):
        why = texts.ARCHIVED
    if why:
        raise Refused(why)


def _one(body: Body, key: str | None = None) -> Drafts:
    return (Draft(body=body, key=key),)


# -- what people say ------------------------------------------------------------------------------


def _said(session: Session, command: Say | Edit | Delete | Stop | Answer) -> Drafts:
    match command:
        case Say(by=by, content=content):
            if not _says_something(content):
                raise Refused(texts.NOTHING_SAID)
            return _one(
                MessageReceived(
                    participant=by,
                    conversation=command.conversation,
                    content=content,
                    addressed=command.addressed,
                    reply_to=command.reply_to,
                )
            )
        case Edit(by=by, target=target, content=content):
            return _one(MessageEdited(participant=by, target=target, content=content))
        case Delete(by=by, target=target):
            return _one(MessageDeleted(participant=by, target=target), key=f"deleted:{target}")
        case Stop(by=by):
            return _stop(session, by)
        case Answer():
            return _answer(session, command)


def _says_something(content: Content) -> bool:
    return bool(content.text.strip() or content.attachments)


def _stop(session: Session, by: ParticipantId) -> Drafts:
    withdrawn = tuple(
        _closing(question, each, "withdrawn", by=by) for question, each in session.questions.items()
    )
    if session.open_run is not None:
        return (*withdrawn, _cancelled(session, session.open_run.run, by))
    if session.wanted <= session.position:
        return withdrawn
    run = RunId(f"stopped:{session.head}")
    begun = RunStarted(run=run, agent="", upto=session.head, node="")
    return (*withdrawn, Draft(body=begun), _cancelled(session, run, by))


def _cancelled(session: Session, run: RunId, by: ParticipantId) -> Draft:
    return Draft(body=RunFinished(run=run, outcome="cancelled", upto=session.head, by=by))


def _answer(session: Session, command: Answer) -> Drafts:
    question = session.questions.get(command.question)
    if question is None:
        raise Refused(texts.QUESTION_OVER)
    if question.to and command.by not in question.to:
        raise Refused(texts.NOT_ASKED_OF_YOU)
    if question.options and command.answer not in {each.id for each in question.options}:
        raise Refused(texts.NO_SUCH_OPTION)
    if not command.answer.strip():
        raise Refused(texts.ANSWER_EMPTY)
    return (_closing(command.question, question, "answered", answer=command.answer, by=command.by),)


def _closing(
    question: QuestionId,
    asked: OpenQuestion,
    outcome: Closing,
    *,
    answer: str = "",
    by: ParticipantId | None = None,
) -> Draft:
    closed = QuestionClosed(
        question=question, asked=asked.asked, outcome=outcome, answer=answer, by=by
    )
    return Draft(body=closed, key=f"closed:{question}")


# -- who is here, where, and how it is set --------------------------------------------------------


def _arranged(
    session: Session, command: Join | ChangeRole | Leave | Link | Unlink | Change | Archive
) -> Drafts:
    match command:
        case Join(participant=who, role=role):
            known = who in session.participants
            return () if known else _one(ParticipantJoined(participant=who, role=role))
        case ChangeRole(participant=who, role=role, by=by):
            _require_participant(session, who)
            same = session.participants[who] == role
            return () if same else _one(RoleChanged(participant=who, role=role, by=by))
        case Leave(participant=who, by=by):
            gone = who not in session.participants
            return () if gone else _one(ParticipantLeft(participant=who, by=by))
        case Link(conversation=place, by=by, welcome=welcome):
            linked = ConversationLinked(conversation=place, by=by, welcome=welcome)
            return () if place in session.conversations else _one(linked)
        case Unlink(conversation=place, by=by):
            known = place in session.conversations
            return _one(ConversationUnlinked(conversation=place, by=by)) if known else ()
        case Change():
            return _change(session, command)
        case Archive(by=by):
            removed = [ScheduleRemoved(schedule=each, by=by) for each in session.schedules]
            bodies: tuple[Body, ...] = (*removed, SessionArchived(by=by))
            return () if session.archived else tuple(Draft(body=body) for body in bodies)


def _require_participant(session: Session, who: ParticipantId) -> None:
    if who not in session.participants:
        raise Refused(texts.NO_SUCH_PARTICIPANT)


def _change(session: Session, command: Change) -> Drafts:
    key = setting_key(command.scope, command.of, command.name)
    is_title = (command.scope, command.name) == ("session", "title")
    present = session.title if is_title else session.settings.get(key)
    if present == command.value:
        return ()
    changed = SettingChanged(
        scope=command.scope, name=command.name, value=command.value, of=command.of, by=command.by
    )
    return _one(changed)


# -- what comes from outside the conversation -----------------------------------------------------


def _prompted(
    session: Session,
    command: SetSchedule | RemoveSchedule | Fire | Push | Trigger | ExpireQuestions,
    now: datetime,
) -> Drafts:
    match command:
        case SetSchedule():
            return _one(_schedule(command, now))
        case RemoveSchedule(schedule=gone, by=by):
            known = gone in session.schedules
            return _one(ScheduleRemoved(schedule=gone, by=by)) if known else ()
        case Fire():
            return _fire(session, command, now)
        case Push():
            pushed = Pushed(
                source=command.source,
                content=command.content,
                to=command.to,
                buttons=command.buttons,
            )
            return _one(pushed, key=command.key)
        case Trigger(source=source, prompt=prompt, key=key):
            return _one(Triggered(source=source, prompt=prompt), key=key)
        case ExpireQuestions():
            return tuple(
                _closing(question, each, "expired")
                for question, each in session.questions.items()
                if each.expires_at is not None and each.expires_at <= now
            )


def _schedule(command: SetSchedule, now: datetime) -> ScheduleSet:
    return ScheduleSet(
        schedule=command.schedule,
        rule=command.rule,
        action=command.action,
        text=command.text,
        first=schedule.first_slot(command.rule, now),
        to=command.to,
        by=command.by,
    )


def _fire(session: Session, command: Fire, now: datetime) -> Drafts:
    known = session.schedules.get(command.schedule)
    if known is None:
        return ()
    source = Source(
        kind="schedule",
        name=command.schedule,
        slot=command.slot,
        next_slot=schedule.next_slot(known.rule, command.slot, now),
    )
    body: Body = Triggered(source=source, prompt=known.text)
    if known.action == "say":
        body = Pushed(source=source, content=Content(text=known.text), to=known.to)
    return _one(body, key=f"schedule:{command.schedule}@{command.slot.isoformat()}")


# -- what a run does ------------------------------------------------------------------------------


def _start(session: Session, command: StartRun, now: datetime) -> Drafts:
    if next_step(session, now=now) != Begin():
        return ()
    started = RunStarted(run=command.run, agent=command.agent, upto=session.head, node=command.node)
    return _one(started)


def _require(session: Session, run: RunId) -> OpenRun:
    if session.open_run is None or session.open_run.run != run:
        raise RunOver
    return session.open_run


def _spoken(
    session: Session,
    run: OpenRun,
    command: Compose | CallTool | EndRun | FailRun | AbandonRun,
) -> Drafts:
    match command:
        case Compose(content=content, kind=kind):
            return _one(MessageComposed(run=run.run, agent=run.agent, content=content, kind=kind))
        case CallTool(call=call, name=name, arguments=arguments):
            called = ToolCalled(run=run.run, call=call, name=name, arguments=arguments)
            return _one(called, key=f"called:{call}")
        case EndRun():
            return _end(run, command)
        case FailRun(reason=reason, retry=retry):
            return _fail(session, run, "failed", reason, give_up=not retry)
        case AbandonRun(reason=reason):
            return _fail(session, run, "abandoned", reason, give_up=False)


def _aside(run: OpenRun, command: Aside) -> Drafts:
    match command:
        case Announce(content=content, to=to):
            source = Source(kind="background", name=run.agent)
            said = Pushed(source=source, content=content, to=to)
            return _one(said) if _says_something(content) else ()
        case KeepNote(note=note, text=text, about=about) if text.strip():
            return _one(NoteKept(note=note, text=text, about=about))
        case KeepNote(note=note):
            return _one(NoteRemoved(note=note))
        case Compact(upto=upto, summary=summary):
            return _one(HistoryCompacted(upto=upto, summary=summary), key=f"compacted:{upto}")
        case Transcribe(target=target, media=media, text=text):
            words = Transcribed(target=target, media=media, text=text)
            return _one(words, key=f"transcribed:{target}:{media}")


def _end(run: OpenRun, command: EndRun) -> Drafts:
    words = (
        (Draft(body=MessageComposed(run=run.run, agent=run.agent, content=command.content)),)
        if command.content is not None and _says_something(command.content)
        else ()
    )
    questions = tuple(Draft(body=_asked(run.run, each)) for each in command.questions)
    outcome: Outcome = "paused" if questions else "completed" if words else "silent"
    finished = RunFinished(
        run=run.run, outcome=outcome, upto=max(run.upto, command.upto), usage=command.usage
    )
    return (*words, *questions, Draft(body=finished))


def _asked(run: RunId, asking: Asking) -> QuestionAsked:
    return QuestionAsked(
        question=asking.question,
        run=run,
        kind=asking.kind,
        text=asking.text,
        options=asking.options,
        to=asking.to,
        call=asking.call,
        expires_at=asking.expires_at,
    )


def _fail(
    session: Session, run: OpenRun, outcome: Outcome, reason: str, *, give_up: bool
) -> Drafts:
    counts = not is_shutdown(outcome, reason)
    last = counts and session.failures + 1 >= MAX_RUN_FAILURES
    over = give_up or last
    finished = RunFinished(
        run=run.run,
        outcome=outcome,
        upto=run.upto if over else session.position,
        reason=reason,
    )
    if not over:
        return _one(finished)
    text = texts.gave_up(reason if outcome == "failed" else texts.CRASHED)
    notice = MessageComposed(
        run=run.run, agent=run.agent, content=Content(text=text), kind="notice"
    )
    return (Draft(body=notice), Draft(body=finished))
