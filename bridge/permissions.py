"""Who may do what in a session, sans I/O: one table that everything that refuses asks.

The rules:

- Roles and ids decide, names never. Whoever is not a participant may do nothing; only what is
  overheard in a place that follows the session is taken in as context, corrected and taken back.
- What is not in the table needs an owner.
- Anyone may leave, and take a place of their own out; the same for others needs an owner.
- What decides for everybody (the agent, the model, the mode) is changed by owners, and by members
  where an owner has opened it to them (`/may`).
- Whom a question is for is decided with the question (`bridge.deciding.asking`).
"""

from collections.abc import Collection, Mapping
from typing import Literal, get_args

from bridge import consent, texts
from bridge.commands import (
    Answer,
    Change,
    Command,
    Delete,
    Edit,
    Leave,
    Link,
    Push,
    RemoveSchedule,
    Retry,
    Say,
    SetSchedule,
    Stop,
    Trigger,
    Unlink,
)
from bridge.events import Role
from bridge.session import ROLES, Session, setting_key

Openable = Literal["agent", "model", "mode"]
OPENABLE: tuple[Openable, ...] = get_args(Openable)
"""Settings that an owner may let members change."""

MEMBERS, OWNERS = "members", "owners"

NEEDS: Mapping[type[Command], Role] = {
    Say: "member",
    Retry: "member",
    Edit: "member",
    Delete: "member",
    Answer: "member",
    Stop: "member",
    Push: "member",
    Trigger: "member",
    SetSchedule: "member",
    RemoveSchedule: "member",
    Link: "viewer",
}
"""The weakest role that may; what is not here needs an owner."""


def refusal(session: Session, command: Command) -> str:
    """Return why whoever asks this may not, in words for them, or "" when they may."""
    by = getattr(command, "by", None)
    role = session.participants.get(by) if by is not None else None
    if role is None:
        return "" if _is_overheard(command) else texts.NOT_IN_SESSION
    needed = _needed(session, command)
    if ROLES.index(role) <= ROLES.index(needed):
        return ""
    return texts.READ_ONLY if needed == "member" else texts.OWNERS_ONLY


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


def _needed(session: Session, command: Command) -> Role:
    match command:
        case Unlink(conversation=place, by=by) if session.conversations.get(place, by) == by:
            return "viewer"
        case Leave(participant=participant, by=by) if participant == by:
            return "viewer"
        case Change(scope="session", name=name, value=value):
            return "member" if _is_for_members(name, value, opened(session)) else "owner"
        case _:
            return NEEDS.get(type(command), "owner")


def _is_for_members(name: str, value: str, to_members: Collection[str]) -> bool:
    takes_back = name.startswith(consent.setting("")) and value == consent.NO
    return name == "title" or name in to_members or takes_back
