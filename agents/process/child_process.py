"""A program that runs for the bridge, with all that it starts in its turn.

The rules:

- The program and what it starts are one process group. It is led by a keeper, a shell that does
  nothing but wait: while it lives, the group's number is nobody else's, and when the bridge dies,
  however it dies, the keeper ends the group.
- The group is told to end (SIGTERM) when the program has exited or is dismissed; what is left of
  it after the grace is killed. That happens to its end whatever is cancelled meanwhile.
- What leaves the group on purpose (a daemon) is beyond this.
"""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process, SubprocessStreamProtocol
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from agents.lines.output_schema import LONGEST_LINE, MOST_BYTES
from agents.process.run_folder import FOR_NOW, MachineUser
from bridge.domain.errors import AgentFailed, AgentUnavailable

# what reads from the bridge reads to the end when the bridge is gone; `kill 0` is the group
KEEPER = 'trap "" HUP INT QUIT TERM; read -r _; kill -s TERM 0; sleep 2; kill -s KILL 0'
KEEPER_PATH = "/usr/bin:/bin"

BREATH = 4_096
"""Bytes that a program says before others have their turn again."""

A_LINE = 64
"""Bytes, about, that cost as much to read as a line does beside its own."""

STDOUT, STDERR = 1, 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How a program is started. `environ` is all of its environment; `grace` in seconds.

    `account` is whom it runs as, if it is another user than the bridge's.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    cwd: Path | None = None
    grace: float = 0.8
    account: MachineUser | None = None


class _Watched(SubprocessStreamProtocol):
    """Tells when the process is gone, and when nothing can be heard any more.

    `Process.wait` waits for the pipes too, which a grandchild may hold open.
    """

    def __init__(self) -> None:
        super().__init__(limit=LONGEST_LINE, loop=asyncio.get_running_loop())
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()
        self.ending = asyncio.Event()
        self._pipes = {STDOUT, STDERR}

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()
        self.ending.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        super().pipe_connection_lost(fd, exc)
        self._pipes.discard(fd)
        if not self._pipes:
            self.silent.set()


class ChildProcess:
    """A program that was started. `errors` is its standard error."""

    def __init__(
        self,
        transport: asyncio.SubprocessTransport,
        watched: _Watched,
        keeper: Process,
        grace: float,
    ) -> None:
        process = Process(transport, watched, asyncio.get_running_loop())
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self.errors = process.stderr
        self._in, self._out = process.stdin, process.stdout
        self._transport, self._watched, self._keeper = transport, watched, keeper
        self._grace = grace
        self._heard = self._unbroken = 0
        self._patience = 0.0
        self._life = asyncio.create_task(self._live(), name=f"program {process.pid}")

    @property
    def returncode(self) -> int | None:
        return self._transport.get_returncode()

    async def line(self) -> bytes | None:
        """Return its next line, None after the last. Raises `AgentFailed` for too much."""
        try:
            line = await self._out.readuntil()
        except asyncio.IncompleteReadError as rest:
            line = rest.partial
        except asyncio.LimitOverrunError:
            raise AgentFailed("the agent wrote a line of more than 1 MiB") from None
        self._heard += len(line)
        self._unbroken += len(line) + A_LINE
        if self._unbroken > BREATH:  # what has come already is read without waiting
            self._unbroken = 0
            await asyncio.sleep(0)
        if self._heard > MOST_BYTES:
            raise AgentFailed("the agent wrote more than 64 MiB")
        return line or None

    def write(self, line: bytes) -> None:
        """Send it a line, now or as soon as it reads."""
        with suppress(OSError, RuntimeError):  # it may have closed its ears, which is its right
            self._in.write(line)

    async def flushed(self) -> None:
        """Return when it has read most of what it was sent."""
        with suppress(OSError):
            await self._in.drain()

    async def exit(self, seconds: float) -> bool:
        """Wait for it to exit by itself; say whether it did."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._watched.exited.wait()
        return self._watched.exited.is_set()

    def may_finish(self, seconds: float) -> None:
        """Let it exit by itself for so long when it is closed."""
        self._patience = seconds

    async def close(self) -> None:
        """End it and all that it started."""
        self._in.close()
        self._watched.ending.set()
        await _to_its_end(self._life)

    # -- its life

    async def _live(self) -> None:
        try:
            await self._watched.ending.wait()
            await self.exit(self._patience)
            self._signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._grace):
                    await self._watched.exited.wait()
                    await self._watched.silent.wait()
        finally:
            self._signal(signal.SIGKILL)
        await self._watched.exited.wait()
        await self._keeper.wait()
        self._transport.close()  # a pipe with something unread in it does not close by itself

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._keeper.pid, number)


@asynccontextmanager
async def started(program: Program) -> AsyncIterator[ChildProcess]:
    """Start a program, and end it with the context.

    Raises `AgentFailed` when it cannot be started as it is configured, `AgentUnavailable` when the
    machine is at its limits.
    """
    child = await _start(program)
    try:
        yield child
    finally:
        await child.close()


async def _start(program: Program) -> ChildProcess:
    keeper = await _spawned(_keep())
    try:
        transport, watched = await _spawned(_run(program, keeper.pid))
    except BaseException:
        keeper.kill()
        await _to_its_end(asyncio.ensure_future(keeper.wait()))
        raise
    return ChildProcess(transport, watched, keeper, program.grace)


async def _keep() -> Process:
    return await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", KEEPER,
        stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL,
        cwd="/", env={"PATH": KEEPER_PATH}, process_group=0,
    )  # fmt: skip


async def _run(program: Program, group: int) -> tuple[asyncio.SubprocessTransport, _Watched]:
    return await asyncio.get_running_loop().subprocess_exec(
        _Watched,
        *program.command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd=program.cwd,
        env=dict(program.environ),
        process_group=group,
        **_as(program.account),
    )


def _as(account: MachineUser | None) -> Mapping[str, Any]:
    if account is None:
        return {}
    return {"user": account.user, "group": account.group, "extra_groups": ()}


async def _spawned(starting: Awaitable[T]) -> T:
    try:
        return await starting
    except OSError as error:
        why = f"the agent's program cannot be started: {error.strerror} ({error.filename})"
        if error.errno in FOR_NOW:
            raise AgentUnavailable(why) from error
        raise AgentFailed(why) from error


async def _to_its_end(task: asyncio.Future[Any]) -> None:
    """Wait for a task, also when cancelled meanwhile; that comes after it."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
