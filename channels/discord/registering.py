"""Putting the slash commands into Discord's menu."""

import structlog

from bridge.errors import ChannelError, OutcomeUnknown, RateLimited, Unreachable
from bridge.ports import Clock
from channels.discord import commands
from channels.discord.config import Pace
from channels.discord.errors import translated
from channels.discord.wire import Wire

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
        if not commands.is_registered(await wire.get_global_commands(app)):
            await wire.bulk_upsert_global_commands(app, commands.menu())
