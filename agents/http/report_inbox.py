"""What comes in for a run of an agent that lives elsewhere, wherever it comes from.

The rules:

- A mailbox per open run takes one line at a time: whoever brings the next waits until this one is
  in the log. So "taken" means durable.
- When the run is over, whoever still brings something is told so.
- A report with a key is taken once: a repeat gets the answer of the first time, also when that one
  is still being taken.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from agents.lines.output_schema import Line
from agents.lines.turn_writer import Json
from bridge.domain.errors import AgentError, RunOver
from bridge.domain.ids import RunId

KEPT = 1000
"""Answers to reports with a key."""

Answer = tuple[Json, ...]
"""What the lines of a report are answered, as docs/process-agents.md says."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A line, and where to say that it was taken."""

    line: Line
    taken: asyncio.Future[Json | None]

    def answer(self, answer: Json | None = None) -> None:
        if not self.taken.done():
            self.taken.set_result(answer)

    def refuse(self, error: AgentError) -> None:
        if not self.taken.done():
            self.taken.set_exception(error)


class Mailbox:
    """The lines for one open run."""

    def __init__(self) -> None:
        self._parcels: asyncio.Queue[Parcel | AgentError] = asyncio.Queue()
        self._waiting: set[asyncio.Future[Json | None]] = set()
        self._closed = False

    async def put(self, line: Line) -> Json | None:
        """Hand a line in; return what it is answered once it is taken. Raises `RunOver`."""
        if self._closed:
            raise RunOver
        taken: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting.add(taken)
        try:
            self._parcels.put_nowait(Parcel(line, taken))
            return await taken
        finally:
            self._waiting.discard(taken)

    def fail(self, error: AgentError) -> None:
        """Let the run fail, once it has taken what came before."""
        self._parcels.put_nowait(error)

    async def next(self) -> Parcel:
        """Return the next line that anyone still waits for. Raises what the run fails with."""
        while True:
            parcel = await self._parcels.get()
            if isinstance(parcel, AgentError):
                raise parcel
            if not parcel.taken.done():
                return parcel

    def close(self) -> None:
        self._closed = True
        for taken in self._waiting:
            if not taken.done():
                taken.set_exception(RunOver())
                taken.exception()  # whoever waits may be gone


class ReportInbox:
    """The mailboxes of an agent's open runs, and what was answered lately."""

    def __init__(self) -> None:
        self._open: dict[RunId, Mailbox] = {}
        self._answers: OrderedDict[tuple[RunId, str], asyncio.Task[Answer]] = OrderedDict()

    @contextmanager
    def open(self, run: RunId) -> Iterator[Mailbox]:
        mailbox = self._open[run] = Mailbox()
        try:
            yield mailbox
        finally:
            mailbox.close()
            if self._open.get(run) is mailbox:
                del self._open[run]

    async def take(self, run: RunId, read: Callable[[], Sequence[Line]], *, key: str) -> Answer:
        """Take a report's lines in; return what they are answered.

        Raises `RunOver`, and whatever `read` raises for a report that is none.
        """
        if not key:
            return await self._put(run, read)
        known = self._answers.get((run, key))
        if known is None or _failed(known):
            known = self._answers[run, key] = asyncio.create_task(self._put(run, read))
            known.add_done_callback(_failed)  # whoever waits may be gone
            self._forget()
        return await asyncio.shield(known)

    def _put(self, run: RunId, read: Callable[[], Sequence[Line]]) -> Coroutine[Any, Any, Answer]:
        return _put_all(self._open.get(run), read)

    def _forget(self) -> None:
        while len(self._answers) > KEPT:
            self._answers.popitem(last=False)


async def _put_all(mailbox: Mailbox | None, read: Callable[[], Sequence[Line]]) -> Answer:
    if mailbox is None:
        raise RunOver
    answers = [await mailbox.put(line) for line in read()]
    return tuple(answer for answer in answers if answer is not None)


def _failed(task: asyncio.Task[Answer]) -> bool:
    with suppress(asyncio.InvalidStateError, asyncio.CancelledError):
        return task.exception() is not None
    return task.cancelled()
