"""Which tools may run unasked in a session, for someone answered "Always" once, sans I/O.

It is a setting of the session, `always:` and the tool's name, with the value `yes`. Any other value
takes it back.
"""

from bridge.session import Session, setting_key

ALWAYS = "always"
"""The id of the option that approves a call, and every later one of the same tool."""

DENYING = frozenset({"deny", "no", "refuse"})
"""The ids of options that let nothing run: they may be chosen without having read the call."""

YES, NO = "yes", ""


def setting(tool: str) -> str:
    """Return how the setting of a tool is called."""
    return f"{ALWAYS}:{tool}"


def always_allowed(session: Session) -> frozenset[str]:
    """Return the tools of which someone said that they may always run in this session."""
    prefix = setting_key("session", "", setting(""))
    return frozenset(
        key.removeprefix(prefix)
        for key, value in session.settings.items()
        if key.startswith(prefix) and value == YES
    )
