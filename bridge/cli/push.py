"""`bridge send`: says something in a session, once, whatever the connection does."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from bridge.cli.exits import MisusedError
from bridge.cli.files import MOST, FileInput, upload
from bridge.cli.safe import sendable
from bridge.cli.sender import LATER
from bridge.cli.server import Server, checked, unreachable
from bridge.cli.talk import choose
from bridge.cli.wire import Accepted, parse
from bridge.ids import mint

TRIES = 4
PAUSE = 0.5
"""Seconds before the second try; doubled each time."""


def push(
    server: Server,
    text: str,
    files: Sequence[Path] = (),
    *,
    session: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Push a text (`-`: what is on the standard input) and files. Raises `CommandError`."""
    text = sendable(sys.stdin.read() if text == "-" else text)
    if not text.strip() and not files:
        raise MisusedError("there is nothing to send")
    if len(files) > MOST:
        raise MisusedError(f"a message carries {MOST} files at most")
    target = choose(server, session)
    # the key makes trying again safe, so there always is one
    said: dict[str, Any] = {"type": "push", "text": text, "key": key or mint("cli")}
    if files:
        said["attachments"] = asyncio.run(_uploaded(server, files))
    accepted = parse(Accepted, _posted(server, f"/v1/stream/sessions/{target}/inbox", said).json())
    if as_json:
        sys.stdout.write(json.dumps({"session": target, **accepted.model_dump()}) + "\n")


async def _uploaded(server: Server, files: Sequence[Path]) -> list[FileInput]:
    return [await upload(server, file) for file in files]


def _posted(server: Server, path: str, said: dict[str, Any]) -> httpx.Response:
    failure: httpx.HTTPError | None = None
    with server.blocking_client() as client:
        for again in range(TRIES):
            if again:
                time.sleep(PAUSE * 2 ** (again - 1))
            try:
                answer = client.post(path, json=said)
            except httpx.ConnectError as error:
                raise unreachable(server.url, error) from error
            except httpx.HTTPError as error:
                failure = error
                continue
            if answer.status_code not in LATER:
                return checked(answer)
            failure = None
    if failure:
        raise unreachable(server.url, failure) from failure
    return checked(answer)
