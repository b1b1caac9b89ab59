"""Files between this machine and the bridge: sent before the message, saved without harm."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from bridge import texts
from bridge.cli.exits import CommandError
from bridge.cli.server import Server, checked, unreachable
from bridge.cli.wire import Me, parse
from bridge.domain.content import UNKNOWN_TYPE, Attachment, name_of
from bridge.domain.ids import SessionId

CHUNK = 262_144
PATIENCE = 120.0
"""Seconds of silence; the bridge makes a file durable before it answers."""

MOST = 10
"""Files of one message."""

FileInput = dict[str, Any]
"""A file as a message carries it."""


async def upload(server: Server, path: Path) -> FileInput:
    """Keep a file with the bridge; return it as a message carries it. Raises `CommandError`."""
    with _readable(path) as (file, size):
        async with _asking(server) as client:
            me = parse(Me, checked(await client.get("/v1/me")).json())
            if me.max_file_bytes is not None and size > me.max_file_bytes:
                most = texts.size(me.max_file_bytes)
                raise CommandError(f"{path} has {texts.size(size)}, and the limit is {most}")
            headers = {"Content-Type": mimetypes.guess_type(path.name)[0] or UNKNOWN_TYPE}
            answer = await client.post(
                "/v1/media", params={"name": path.name}, content=_bits(file), headers=headers
            )
    kept: FileInput = checked(answer).json()
    return kept


async def save(server: Server, session: SessionId, file: Attachment, to: str) -> Path:
    """Save a file and return where. Nothing that is there is replaced. Raises `CommandError`.

    `to`: a folder, or the name it gets; empty: the present folder, under its own name.
    """
    with _created(to, name_of(file.name)) as (path, out):
        await _fetch(server, f"/v1/sessions/{session}/media/{file.media}", out)
        if out.tell() != file.size:
            raise CommandError("it was cut off; nothing was kept")
    return path


async def _fetch(server: Server, path: str, out: BinaryIO) -> None:
    async with _asking(server) as client, client.stream("GET", path) as answer:
        if not answer.is_success:
            await answer.aread()
        async for bit in checked(answer).aiter_bytes(CHUNK):
            await asyncio.to_thread(out.write, bit)


@contextmanager
def _readable(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file; tell its size in bytes."""
    try:
        path = _at_home(path)
        file = path.open("rb")
        size = path.stat().st_size
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}") from error
    with file:
        if not size:
            raise CommandError(f"{path} is empty")
        yield file, size


@contextmanager
def _created(to: str, name: str) -> Iterator[tuple[Path, BinaryIO]]:
    """Create a file that was not there; when what follows fails it is gone again."""
    target = _at_home(Path(to))
    try:
        path, out = _beside(target / name) if target.is_dir() else (target, target.open("xb"))
    except FileExistsError as error:
        raise CommandError(f"{target} is there already; name another place") from error
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror or error}") from error
    try:
        with out:
            yield path, out
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CommandError(f"{path} cannot be written: {error.strerror or error}") from error
        raise


def _at_home(path: Path) -> Path:
    """Return a path with its `~` replaced, if it means someone's home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _beside(path: Path) -> tuple[Path, BinaryIO]:
    """Create a file, under another name if there is one of that name: `cat (2).png`."""
    numbered = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    for each in chain([path], numbered):
        try:
            return each, each.open("xb")
        except FileExistsError:
            continue
    raise AssertionError


@asynccontextmanager
async def _asking(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client; whatever the wire does becomes a `CommandError`."""
    try:
        async with server.client(read=PATIENCE) as client:
            yield client
    except httpx.HTTPError as error:
        raise unreachable(server.url, error) from error


async def _bits(file: BinaryIO) -> AsyncIterator[bytes]:
    while bit := await asyncio.to_thread(file.read, CHUNK):
        yield bit
