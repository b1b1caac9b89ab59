"""Which tools may run unasked in a session, for someone answered "Always" once, sans I/O.

It is a setting of the session, of the agent that asked: `always:` and the tool's name, with the
value `yes`. Any other value takes it back. Another agent has other tools of that name, and others
may approve them: what was said to one agent is said to no other. It holds while whoever gave it may
approve: the fold drops it once they left, were removed, or may only read; and where an agent names
its approvers, it holds only while they are one.
"""

from collections.abc import Mapping

from bridge.domain.ids import ParticipantId
from bridge.session.fold import Session, setting_key

ALWAYS = "always"
"""The id of the option that approves a call, and every later one of the same tool."""

DENYING = frozenset({"deny", "no", "refuse"})
"""The ids of options that let nothing run: they may be chosen without having read the call."""

YES, NO = "yes", ""


def setting(tool: str) -> str:
    """Return how the setting of a tool is called."""
    return f"{ALWAYS}:{tool}"


def always_allowed(session: Session, agent: str) -> Mapping[str, ParticipantId | None]:
    """Return the tools of an agent that may always run in a session, and who said so, if anyone."""
    prefix = setting_key("session", agent, setting(""))
    return {
        key.removeprefix(prefix): session.set_by.get(key)
        for key, value in session.settings.items()
        if key.startswith(prefix) and value == YES
    }
