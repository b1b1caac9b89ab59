"""Who may do what in a session, sans I/O: everything that refuses asks here, and here the table.

The rules:

- Roles and ids decide, names never. Whoever is not a participant may do nothing; only what is
  overheard in a place that follows the session is taken in as context, corrected and taken back;
  but nothing of whoever was put out.
- What is not in the table (`bridge.session.permission_table`) needs an owner.
- Anyone may leave, and take a place of their own out; the same for others needs an owner.
- What decides for everybody (the agent, the model, the mode) is changed by owners, and by members
  where an owner has opened it to them (`/may`). It is closed again once that owner is none.
- A schedule is whoever's who set it: they change it, pause it, run it and remove it, as owners do
  those of anyone. Those of nobody, which the configuration sets, are for owners.
- Whom a question is for is decided with the question (`bridge.session.decide_questions`).
"""

from typing import Literal, get_args

from bridge import texts
from bridge.domain.commands import (
    Change,
    Command,
    Delete,
    Edit,
    Leave,
    PauseSchedule,
    RemoveSchedule,
    RunSchedule,
    Say,
    SetSchedule,
    Undo,
    Unlink,
)
from bridge.domain.events import Role
from bridge.domain.ids import ParticipantId, ScheduleId
from bridge.session import tool_grants
from bridge.session.fold import Session, setting_key
from bridge.session.permission_table import REASONS, Act, Kind, Rule, reaches, rule_for

Openable = Literal["agent", "model", "mode"]
OPENABLE: tuple[Openable, ...] = get_args(Openable)
"""Settings that an owner may let members change."""

MEMBERS, OWNERS = "members", "owners"


def refusal(session: Session, command: Command) -> str:
    """Return why whoever asks this may not, in words for them, or "" when they may."""
    by = getattr(command, "by", None)
    role = session.participants.get(by) if by is not None else None
    if role is None:
        is_context = _is_overheard(command) and by not in session.put_out
        return "" if is_context else texts.NOT_IN_SESSION
    return _why_not(role, rule_for(_act(session, command)))


def may_do(session: Session, who: ParticipantId, act: Act) -> bool:
    """Say whether someone's role in a session is one that may do something."""
    return not why_not(session, who, act)


def why_not(session: Session, who: ParticipantId, act: Act) -> str:
    """Return why someone's role may not do something, in words for them, or "" when it may."""
    return _why_not(session.participants.get(who), rule_for(act))


def why_not_there(kind: Kind | None, act: Act) -> str:
    """Return why something cannot be done in a kind of place, or "" where it can.

    `kind` is None for a place of which nothing is known: it is neither private nor a room.
    """
    rule = rule_for(act)
    return "" if rule.where in {"anywhere", kind} else rule.place


def _why_not(role: Role | None, rule: Rule) -> str:
    if rule.needs is None or reaches(role, rule.needs):
        return ""
    return rule.whose or (texts.NOT_IN_SESSION if role is None else REASONS[rule.needs])


def _is_overheard(command: Command) -> bool:
    is_context = isinstance(command, Say) and not command.addressed
    return is_context or isinstance(command, Edit | Delete)


def may(setting: str) -> str:
    """Return the setting that says who may change another one."""
    return f"may:{setting}"


def opened(session: Session) -> frozenset[str]:
    """Return the settings that members may change here too."""
    return frozenset(
        each
        for each in OPENABLE
        if session.settings.get(setting_key("session", "", may(each))) == MEMBERS
    )


def _act(session: Session, command: Command) -> Act:
    """Return what a command comes to in the table: a milder case of it, or itself."""
    match command:
        case Unlink(conversation=place, by=by) if session.conversations.get(place, by) == by:
            return "take one's own place out"
        case Undo(own=True):
            return "undo one's own"
        case Leave(participant=participant, by=by) if participant == by:
            return "leave"
        case SetSchedule(schedule=name) if name not in session.schedules:
            return SetSchedule
        case SetSchedule(schedule=name, by=by) | RemoveSchedule(schedule=name, by=by):
            return _arranging(session, name, by, RemoveSchedule)
        case PauseSchedule(schedule=name, by=by) | RunSchedule(schedule=name, by=by):
            return _arranging(session, name, by, type(command))
        case Change(scope="session", name="title"):
            return "change the title"
        case Change(scope="session", name=name, value=tool_grants.NO) if _is_grant(name):
            return "ask again about a tool"
        case Change(scope="session", name=name) if name in opened(session):
            return "change what is opened"
        case _:
            return type(command)


def _arranging(session: Session, name: ScheduleId, by: ParticipantId | None, of_others: Act) -> Act:
    known = session.schedules.get(name)
    return "arrange one's own schedule" if known is None or known.by == by else of_others


def _is_grant(name: str) -> bool:
    return name.startswith(tool_grants.setting(""))
