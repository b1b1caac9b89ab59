"""Who is in a session, which places follow it, and how it is set.

An archived session is not continued: archiving it removes its schedules.
"""

from bridge import texts
from bridge.commands import Archive, Change, ChangeRole, Join, Leave, Link, Unlink
from bridge.deciding.drafting import Drafts, one
from bridge.errors import Refused
from bridge.events import (
    Body,
    ConversationLinked,
    ConversationUnlinked,
    Draft,
    ParticipantJoined,
    ParticipantLeft,
    RoleChanged,
    ScheduleRemoved,
    SessionArchived,
    SettingChanged,
)
from bridge.ids import ParticipantId
from bridge.session import Session, setting_key

Arrangement = Join | ChangeRole | Leave | Link | Unlink | Change | Archive


def arranged(session: Session, command: Arrangement) -> Drafts:
    match command:
        case Join(participant=who, role=role, again=again):
            known = who in session.participants
            if who in session.put_out and not again:
                raise Refused(texts.PUT_OUT)
            return () if known else one(ParticipantJoined(participant=who, role=role))
        case ChangeRole(participant=who, role=role, by=by):
            _require_participant(session, who)
            same = session.participants[who] == role
            return () if same else one(RoleChanged(participant=who, role=role, by=by))
        case Leave(participant=who, by=by):
            gone = who not in session.participants
            return () if gone else one(ParticipantLeft(participant=who, by=by))
        case Link(conversation=place, by=by, welcome=welcome):
            linked = ConversationLinked(conversation=place, by=by, welcome=welcome)
            return () if place in session.conversations else one(linked)
        case Unlink(conversation=place, by=by):
            known = place in session.conversations
            return one(ConversationUnlinked(conversation=place, by=by)) if known else ()
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
    return one(changed)
