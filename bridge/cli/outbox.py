"""What was typed and not yet taken: kept on disk, sent once and in order, whatever dies in between.

The rules:

- An input is on disk, with its number, before it is sent; it leaves the disk once it was answered.
- Numbers of one producer are dense from 0 and an input keeps its number however often it is sent,
  so the bridge knows a repeat.
- Each running terminal holds an outbox of its own by a lock; what a closed terminal left behind is
  taken over by the next one that opens the same session.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from bridge.cli.exits import CommandError
from bridge.cli.follow import FIRST_PAUSE, LONGEST_PAUSE
from bridge.cli.server import Server, fault, unreachable
from bridge.cli.wire import Accepted, parse
from bridge.config.folder import private_folder
from bridge.domain.ids import SessionId, mint

Input = Mapping[str, Any]
"""One JSON object for the inbox of a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An input under its producer's number."""

    producer: str
    seq: int
    input: Input

    def headers(self) -> dict[str, str]:
        return {
            "Producer-Id": self.producer,
            "Producer-Epoch": "0",
            "Producer-Seq": str(self.seq),
        }


class Outbox:
    """The inputs of one terminal to one session, the oldest first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        kept = _read(file)
        self._producer: str = kept.get("producer") or mint("terminal")
        self._next: int = kept.get("next", 0)
        self._waiting: list[tuple[int, Input]] = [
            (seq, input_) for seq, input_ in kept.get("waiting", [])
        ]

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, input_: Input) -> None:
        """Keep an input, durably."""
        self._waiting.append((self._next, input_))
        self._next += 1
        self._write()

    def texts(self) -> list[str]:
        """Return what was typed, the oldest first."""
        return [_shown(input_) for _, input_ in self._waiting]

    def first(self) -> Numbered | None:
        if not self._waiting:
            return None
        seq, input_ = self._waiting[0]
        return Numbered(producer=self._producer, seq=seq, input=input_)

    def answered(self, sent: Numbered) -> None:
        """Forget an input that the bridge took or refused."""
        self._waiting = [each for each in self._waiting if each[0] != sent.seq]
        self._write()

    def renumber(self) -> None:
        """Begin anew as another producer: the bridge does not know this one's earlier numbers."""
        self._producer = mint("terminal")
        self._waiting = [(seq, each) for seq, (_, each) in enumerate(self._waiting)]
        self._next = len(self._waiting)
        self._write()

    def _write(self) -> None:
        kept = {"producer": self._producer, "next": self._next, "waiting": self._waiting}
        fresh = self._file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)


def _shown(input_: Input) -> str:
    files = [str(each.get("name", "")) for each in input_.get("attachments", ())]
    return " ".join(part for part in (str(input_.get("text", "")), ", ".join(files)) if part)


@contextmanager
def outbox(data: Path, url: str, session: SessionId) -> Iterator[Outbox]:
    """Open the first outbox for this session that no other terminal holds."""
    folder = data / "terminal"
    name = sha256(f"{url} {session}".encode()).hexdigest()[:16]
    try:
        private_folder(data)
        private_folder(folder)
        file, lock = next(_free(folder, name))
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        yield Outbox(file)
    finally:
        os.close(lock)


def _free(folder: Path, name: str) -> Iterator[tuple[Path, int]]:
    for number in count(1):
        file = folder / f"{name}-{number}.json"
        lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            yield file, lock


def _read(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} is damaged; look into it and remove it: {error}") from error
    return kept if isinstance(kept, dict) else {}


# -- sending it -----------------------------------------------------------------------------------

LATER = (408, 425, 429, 500, 502, 503, 504)
"""Statuses that say nothing about the input itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputAnswer:
    """What became of an input: accepted, or refused with a reason for whoever typed it.

    `typed` is what was refused: they may want to correct it.
    """

    accepted: Accepted | None
    refusal: str = ""
    typed: str = ""


class OutboxSender:
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

    async def run(self, taken: Callable[[InputAnswer], None]) -> None:
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
        self, first: Numbered, answer: httpx.Response, taken: Callable[[InputAnswer], None]
    ) -> None:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise CommandError(f"{fault(answer)[1]} What you typed is kept and sent next time.")
        if _is_unknown_producer(answer):
            self._outbox.renumber()
            return
        self._outbox.answered(first)
        if answer.is_success:
            taken(InputAnswer(accepted=parse(Accepted, _json(answer))))
        else:
            typed = str(first.input.get("text", ""))
            taken(InputAnswer(accepted=None, refusal=fault(answer)[1], typed=typed))


def _is_unknown_producer(answer: httpx.Response) -> bool:
    """Return whether the bridge expects other numbers: it was restored from before them."""
    conflict = answer.status_code == httpx.codes.CONFLICT
    fenced = answer.status_code == httpx.codes.FORBIDDEN and "Producer-Epoch" in answer.headers
    return fenced or (conflict and "Producer-Expected-Seq" in answer.headers)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise CommandError("something answers, but it is not a bridge") from error
