"""The slash commands as Discord shows them in its menu."""

from collections.abc import Sequence
from typing import Any

from bridge.slash import COMMANDS
from channels.discord.limits import MAX_DESCRIPTION

CHAT_INPUT, TEXT = 1, 3
GUILD, DIRECT_MESSAGE = 0, 1
"""Where a command is offered."""

ARGUMENT = "argument"


def menu() -> list[dict[str, Any]]:
    """Return what is to be registered."""
    return [_entry(each.name, each.text) for each in COMMANDS]


def is_registered(found: Sequence[Any]) -> bool:
    """Say whether what Discord has is what we want it to show."""
    return sorted(map(_shown, found)) == sorted(map(_shown, menu()))


def _entry(name: str, text: str) -> dict[str, Any]:
    argument = {
        "type": TEXT,
        "name": ARGUMENT,
        "description": "what the command is about, if anything",
        "required": False,
    }
    return {
        "type": CHAT_INPUT,
        "name": name,
        "description": text[:MAX_DESCRIPTION],
        "options": [argument],
        "contexts": [GUILD, DIRECT_MESSAGE],
        "integration_types": [0],
    }


def _shown(entry: Any) -> tuple[str, str, tuple[str, ...]]:
    options = tuple(str(each["name"]) for each in entry.get("options") or ())
    return str(entry["name"]), str(entry["description"]), options
