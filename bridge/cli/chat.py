"""`bridge chat`: at a terminal with a prompt, in a pipe line by line."""

import asyncio
import sys

from bridge.cli import pipe
from bridge.cli.paint import Painter, console
from bridge.cli.server import Server
from bridge.cli.talk import choose, talk


def chat(server: Server, named: str | None) -> None:
    """Chat in a session until the person leaves. Raises `CommandError`."""
    asyncio.run(_chat(server, named))


async def _chat(server: Server, named: str | None) -> None:
    with talk(server, choose(server, named)) as opened:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from bridge.cli.terminal import Terminal  # noqa: PLC0415 - a pipe needs no prompt

            await Terminal(opened, Painter(console())).run()
        else:
            await pipe.Pipe(opened, sys.stdin.readline, pipe.stdout_line).run()
