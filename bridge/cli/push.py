"""`bridge send`: says something in a session, once, whatever the connection does."""

import json
import sys
import time

import httpx

from bridge.cli.exits import MisusedError
from bridge.cli.safe import sendable
from bridge.cli.sender import LATER
from bridge.cli.server import Server, checked, unreachable
from bridge.cli.talk import choose
from bridge.cli.wire import Accepted, parse
from bridge.ids import mint

TRIES = 4
PAUSE = 0.5
"""Seconds before the second try; doubled each time."""


def push(server: Server, text: str, *, session: str | None, key: str | None, as_json: bool) -> None:
    """Push a text (`-`: what is on the standard input). Raises `CommandError`."""
    text = sendable(sys.stdin.read() if text == "-" else text)
    if not text.strip():
        raise MisusedError("there is nothing to send")
    target = choose(server, session)
    # the key makes trying again safe, so there always is one
    said = {"type": "push", "text": text, "key": key or mint("cli")}
    accepted = parse(Accepted, _posted(server, f"/v1/stream/sessions/{target}/inbox", said).json())
    if as_json:
        sys.stdout.write(json.dumps({"session": target, **accepted.model_dump()}) + "\n")


def _posted(server: Server, path: str, said: dict[str, str]) -> httpx.Response:
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
