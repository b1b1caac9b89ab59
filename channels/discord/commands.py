"""The slash commands as Discord shows them in its menu, and putting them there."""

from collections.abc import Sequence
from typing import Any

import structlog

from bridge.catalogs import others
from bridge.domain.errors import ChannelError, OutcomeUnknown, RateLimited, Unreachable
from bridge.domain.wording import _
from bridge.ports.clock import Clock
from bridge.session import slash
from channels.discord.client import Wire
from channels.discord.config import Pace
from channels.discord.errors import translated
from channels.discord.forms import ASK_ABOUT
from channels.discord.limits import MAX_DESCRIPTION

CHAT_INPUT, MESSAGE, TEXT = 1, 3, 3
GUILD, DIRECT_MESSAGE = 0, 1
"""Where a command is offered."""

ARGUMENT = "argument"
ABOUT = _("what the command is about, if anything")

Shown = tuple[int, str, str, tuple[str, ...], tuple[tuple[str, str], ...]]
"""What people see of a command: kind, name, description, arguments, and its words elsewhere."""


def menu() -> list[dict[str, Any]]:
    """Return what is to be registered."""
    return [*(_entry(each.name, each.text) for each in slash.COMMANDS), _about()]


def _about() -> dict[str, Any]:
    """Return the entry in the menu of every message."""
    return {
        "type": MESSAGE,
        "name": ASK_ABOUT,
        "name_localizations": _in_languages(ASK_ABOUT),
        "description": "",
        "contexts": [GUILD, DIRECT_MESSAGE],
        "integration_types": [0],
    }


LOCALES = {
    "de": ("de",),
    "es": ("es-ES", "es-419"),
    "fr": ("fr",),
    "zh": ("zh-CN", "zh-TW"),
}
"""What Discord calls our languages. Source: docs, Reference, Locales."""


def _in_languages(text: str) -> dict[str, str]:
    """Return a text in every language but English, by Discord's names of them."""
    return {
        locale: language.says(text)[:MAX_DESCRIPTION]
        for language in others()
        for locale in LOCALES[language.code]
    }


def is_registered(found: Sequence[Any]) -> bool:
    """Say whether what Discord has is what we want it to show."""
    return sorted(map(_shown, found)) == sorted(map(_shown, menu()))


def _entry(name: str, text: str) -> dict[str, Any]:
    argument = {
        "type": TEXT,
        "name": ARGUMENT,
        "description": ABOUT,
        "description_localizations": _in_languages(ABOUT),
        "required": False,
    }
    return {
        "type": CHAT_INPUT,
        "name": name,
        "description": text[:MAX_DESCRIPTION],
        "description_localizations": _in_languages(text),
        "options": [argument],
        "contexts": [GUILD, DIRECT_MESSAGE],
        "integration_types": [0],
    }


def _shown(entry: Any) -> Shown:
    options = tuple(str(each["name"]) for each in entry.get("options") or ())
    names = entry.get("description_localizations") or entry.get("name_localizations") or {}
    words = str(entry["name"]), str(entry.get("description") or "")
    return int(entry.get("type") or CHAT_INPUT), *words, options, tuple(sorted(names.items()))


log = structlog.get_logger()


async def register(wire: Wire, clock: Clock, pace: Pace) -> None:
    """Register the commands if Discord has others. Without them everything else still works."""
    while True:
        try:
            await _register(wire, clock)
        except (Unreachable, OutcomeUnknown, RateLimited):
            await clock.sleep(pace.reconnect[-1])
        except ChannelError as error:
            log.warning("commands not registered", error=type(error).__name__, code=error.code)
            return
        else:
            return


async def _register(wire: Wire, clock: Clock) -> None:
    with translated(clock.now()):
        app = int((await wire.application_info())["id"])
        if not is_registered(await wire.commands(app)):
            await wire.bulk_upsert_global_commands(app, menu())
