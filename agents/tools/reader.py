"""Reads a fetched file in a process of its own, so that nothing in it can hold up the bridge.

The process gets the file on its standard input and nothing else: no variable of the bridge's, no
open file, as much time and memory as it is given here. When whoever waits for it is cancelled, it
is killed.
"""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from math import ceil

from agents.tools import page
from agents.tools.tool import ToolError

MOST_MEMORY = 512 * 1024 * 1024
"""Bytes; a page of `page.MOST_BYTES` takes some fifty times as much at its worst."""

PROGRAM = (sys.executable, "-I", "-S", "-X", "utf8", page.__file__)


async def read(
    body: bytes, *, mime: str, charset: str = "", packing: str = "", seconds: float
) -> str:
    """Return what a file says. Raises `ToolError` where it cannot be read within its limits."""
    known = {"mime": mime, "charset": charset, "packing": packing}
    limits = {"seconds": max(1, ceil(seconds)), "memory": MOST_MEMORY}
    reader = await asyncio.create_subprocess_exec(
        *PROGRAM, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/"
    )
    try:
        async with asyncio.timeout(seconds):
            given = json.dumps({**known, **limits}).encode() + b"\n" + body
            text, _ = await reader.communicate(given)
    except TimeoutError as error:
        raise ToolError(f"it could not be read as text within {seconds:g} s") from error
    finally:
        await _end(reader)
    if reader.returncode:
        raise ToolError("it could not be read as text: there is something wrong with it")
    return text.decode(errors="replace")


async def _end(reader: Process) -> None:
    with suppress(ProcessLookupError):
        if reader.returncode is None:
            reader.kill()
    await asyncio.shield(reader.wait())
