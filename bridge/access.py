"""Who may ask what of a session. Pure policy: a refusal is a text for the person.

- Whoever is not a participant may do nothing, but for what is overheard in a place that follows the
  session: it is context, and may be corrected and taken back.
- A viewer reads, stays or leaves; every other command needs a member or an owner.
- Changing roles, making others leave and archiving need an owner.
- Whom a question is for is decided with the question (`bridge.decide`).
"""

from bridge import texts
from bridge.commands import Archive, ChangeRole, Command, Delete, Edit, Join, Leave, Link, Say
from bridge.events import Role


def refusal(role: Role | None, command: Command) -> str:
    """Return why this role may not ask this command, or "" when it may."""
    if role is None:
        is_overheard = isinstance(command, Say) and not command.addressed
        return "" if is_overheard or isinstance(command, Edit | Delete) else texts.NOT_IN_SESSION
    if role == "owner":
        return ""
    match command:
        case Archive() | ChangeRole():
            return texts.OWNERS_ONLY
        case Leave(participant=participant, by=by):
            return "" if participant == by else texts.OWNERS_ONLY
        case Link() | Join():
            return ""
        case _:
            return texts.READ_ONLY if role == "viewer" else ""
