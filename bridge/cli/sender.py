"""Sends what is in an outbox, in order, each input until it is answered."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from bridge.cli.exits import CommandError
from bridge.cli.follow import FIRST_PAUSE, LONGEST_PAUSE
from bridge.cli.outbox import Input, Numbered, Outbox
from bridge.cli.server import Server, fault, unreachable
from bridge.cli.wire import Accepted, parse
from bridge.ids import SessionId

LATER = (408, 425, 429, 500, 502, 503, 504)
"""Statuses that say nothing about the input itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of an input: accepted, or refused with a reason for whoever typed it."""

    accepted: Accepted | None
    refusal: str = ""


class Sender:
    """`waiting` is what was typed and not answered yet, the oldest first."""

    def __init__(self, server: Server, session: SessionId, outbox: Outbox) -> None:
        self._server = server
        self._path = f"/v1/stream/sessions/{session}/inbox"
        self._outbox = outbox
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> list[str]:
        return self._outbox.texts()

    def put(self, input_: Input) -> None:
        """Keep an input and have it sent as soon as may be."""
        self._outbox.add(input_)
        self._wake.set()

    def wake(self) -> None:
        """Try again now: the bridge is back."""
        self._wake.set()

    async def run(self, taken: Callable[[Taken], None]) -> None:
        """Send for good; `taken` hears what became of each input. Raises `CommandError`."""
        tries = count()
        async with self._server.client() as client:
            while True:
                self._wake.clear()
                first = self._outbox.first()
                if first is None:
                    await self._wake.wait()
                elif (answer := await self._sent(client, first)) is None:
                    await self._pause(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** next(tries)))
                else:
                    tries = count()
                    self._settle(first, answer, taken)

    async def now(self, input_: Input) -> None:
        """Send an input that is worth nothing later. Raises `CommandError`."""
        try:
            async with self._server.client() as client:
                answer = await client.post(self._path, json=input_)
        except httpx.HTTPError as error:
            raise unreachable(self._server.url, error) from error
        if not answer.is_success:
            raise CommandError(fault(answer)[1])

    async def _sent(self, client: httpx.AsyncClient, first: Numbered) -> httpx.Response | None:
        try:
            sent = await client.post(self._path, json=first.input, headers=first.headers())
        except httpx.HTTPError:
            return None
        return None if sent.status_code in LATER else sent

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def _settle(
        self, first: Numbered, answer: httpx.Response, taken: Callable[[Taken], None]
    ) -> None:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise CommandError(f"{fault(answer)[1]} What you typed is kept and sent next time.")
        if _is_unknown_producer(answer):
            self._outbox.renumber()
            return
        self._outbox.answered(first)
        if answer.is_success:
            taken(Taken(accepted=parse(Accepted, _json(answer))))
        else:
            taken(Taken(accepted=None, refusal=fault(answer)[1]))


def _is_unknown_producer(answer: httpx.Response) -> bool:
    """Return whether the bridge expects other numbers: it was restored from before them."""
    conflict = answer.status_code == httpx.codes.CONFLICT
    fenced = answer.status_code == httpx.codes.FORBIDDEN and "Producer-Epoch" in answer.headers
    return fenced or (conflict and "Producer-Expected-Seq" in answer.headers)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise CommandError("what answers is no bridge") from error
