"""Who is in a session, which places follow it, and how it is set.

An archived session is not continued: archiving it stops its run and what works in the background,
withdraws its questions and removes its schedules. What is someone's goes with their right to it.
What someone allowed others holds by whoever allowed it last.

A session that goes on has an owner: the last one neither leaves it nor steps down, unless the
operator or an undone code has it so. Whoever left as a viewer comes back as one.
"""

from bridge import admission_texts, texts
from bridge.domain.commands import (
    Archive,
    Ask,
    Change,
    ChangeRole,
    Join,
    Leave,
    Link,
    Merge,
    Say,
    SetSchedule,
    Unlink,
)
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Body,
    ConversationLinked,
    ConversationUnlinked,
    Draft,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    Role,
    RoleChanged,
    ScheduleRemoved,
    SessionArchived,
    SettingChanged,
)
from bridge.domain.ids import ParticipantId
from bridge.session import permissions, tool_grants
from bridge.session.decide_background import work_ended
from bridge.session.decide_external import schedules_ended
from bridge.session.decide_questions import questions_ended
from bridge.session.decide_runs import cut_off
from bridge.session.drafting import Drafts, one
from bridge.session.fold import Session, setting_key
from bridge.session.permission_table import roles_for

LONGEST_SETTING = 200
"""Characters of a setting that someone chooses; what stood before is put back whatever it is."""

Arrangement = Join | ChangeRole | Leave | Merge | Link | Unlink | Change | Archive


def arranged(session: Session, command: Arrangement) -> Drafts:
    match command:
        case Join():
            return _join(session, command)
        case ChangeRole(participant=who, role=role, by=by):
            _require_participant(session, who)
            if session.participants[who] == role:
                return ()
            if by is not None and _is_last_owner(session, who):
                raise Refused(admission_texts.LAST_OWNER)
            ended = schedules_ended(session, who) if role not in roles_for(SetSchedule) else ()
            ended = (*ended, *(questions_ended(session, who) if role not in roles_for(Ask) else ()))
            ended = (*ended, *(work_ended(session, who) if role not in roles_for(Say) else ()))
            return (*one(RoleChanged(participant=who, role=role, by=by)), *ended)
        case Leave(participant=who, by=by, called=name, operator=is_operator):
            if who not in session.participants:
                return ()
            if not (is_operator or session.archived) and _is_last_owner(session, who):
                raise Refused(admission_texts.LAST_OWNER)
            left = one(ParticipantLeft(participant=who, by=by))
            over = (*questions_ended(session, who), *work_ended(session, who))
            return (*left, *schedules_ended(session, who, name), *over)
        case Merge(participant=who, into=into):
            known = who in session.participants or who in session.conversations.values()
            return one(ParticipantMerged(participant=who, into=into)) if known else ()
        case Link(conversation=place, by=by, welcome=welcome):
            linked = ConversationLinked(conversation=place, by=by, welcome=welcome)
            return () if place in session.conversations else one(linked)
        case Unlink(conversation=place, by=by):
            known = place in session.conversations
            return one(ConversationUnlinked(conversation=place, by=by)) if known else ()
        case Change():
            return _change(session, command)
        case Archive(by=by):
            return () if session.archived else _ended(session, by)


def _ended(session: Session, by: ParticipantId) -> Drafts:
    """Return the end of a session, and of the run, the questions and the schedules in it."""
    removed = [ScheduleRemoved(schedule=each, by=by) for each in session.schedules]
    bodies: tuple[Body, ...] = (*removed, SessionArchived(by=by))
    return (*cut_off(session, by), *(Draft(body=body) for body in bodies))


def _join(session: Session, command: Join) -> Drafts:
    who = command.participant
    if who in session.put_out and not command.again:
        raise Refused(texts.PUT_OUT)
    if who in session.participants:
        return ()
    is_viewer = who in session.left_viewing and not command.again
    role: Role = "viewer" if is_viewer else command.role
    earlier = command.earlier or role == "owner"
    return one(ParticipantJoined(participant=who, role=role, earlier=earlier))


def _require_participant(session: Session, who: ParticipantId) -> None:
    if who not in session.participants:
        raise Refused(texts.NO_SUCH_PARTICIPANT)


def _is_last_owner(session: Session, who: ParticipantId) -> bool:
    return [each for each, role in session.participants.items() if role == "owner"] == [who]


def _is_given_anew(session: Session, key: str, command: Change) -> bool:
    """Say whether someone allows what another did: it holds by them from then on."""
    is_grant = command.name.startswith((tool_grants.setting(""), permissions.may("")))
    return is_grant and session.set_by.get(key, command.by) != command.by


def too_long(command: Change) -> str:
    """Return why a setting is too long to be kept for good, in words for whoever sets it, or ""."""
    is_long = command.by is not None and len(command.value) > LONGEST_SETTING
    return texts.setting_too_long(LONGEST_SETTING) if is_long else ""


def _change(session: Session, command: Change) -> Drafts:
    if why := too_long(command):
        raise Refused(why)
    key = setting_key(command.scope, command.of, command.name)
    is_title = (command.scope, command.name) == ("session", "title")
    present = session.title if is_title else session.settings.get(key)
    if present == command.value and not _is_given_anew(session, key, command):
        return ()
    changed = SettingChanged(
        scope=command.scope, name=command.name, value=command.value, of=command.of, by=command.by
    )
    return one(changed)
