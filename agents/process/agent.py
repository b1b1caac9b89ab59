"""An agent that is a program of its own: it speaks JSON lines on its standard input and output.

The rules (docs/process-agents.md is the contract, with the lines themselves):

- Each run starts the program anew. So a run can be stopped for sure, by killing it; what one
  session does to it reaches no other; it needs to keep nothing; and two sessions run at once.
- It is given one line, the turn, and then only what it asks for. Its last line is `ended` or
  `failed`; what it writes after that is not read.
- It must give a first sign of life, and be done, in time. It sees the environment that the config
  gives it, and little else.
- It is tried again when it died, hung from the start or said so itself; not when it broke the
  contract, or took too long, for it would do so again.
- Where the bridge runs as root, a program can run as another `user`, without any of its groups'
  rights beside its own.
"""

import asyncio
import os
import pwd
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
from pydantic import Field

from agents import present
from agents.lines.output_reader import OutputReader
from agents.lines.output_schema import LEVELS, FileLine, Line, LogLine, NewsLine, read
from agents.lines.turn_writer import Json, TurnWriter, encode, recorded
from agents.process.child_process import ChildProcess, Program, started
from agents.process.run_folder import MachineUser, RunFolder
from agents.stderr_log import StderrLog
from bridge.domain.errors import AgentError, AgentFailed, AgentUnavailable, ConfigError
from bridge.domain.events import Preview
from bridge.plugins import AgentPlugin, Section, Variable
from bridge.ports.agent import Ended, Said, Turn
from bridge.ports.health import Check
from bridge.ports.surroundings import AgentSurroundings

log = structlog.get_logger()

T = TypeVar("T")

ALWAYS_SEEN = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""The variables of the bridge's own environment that every program needs."""

LAST_MOMENTS = 0.5
"""Seconds in which a program that said it ended may exit by itself."""


class ProcessConfig(Section):
    """Times are in seconds: `first` to the first line, `limit` to the last, `grace` to exit.

    `env` is added to a few variables that every program needs; `history` is how many of the old
    messages it is told. `user` is whom it runs as, where the bridge runs as root.
    """

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    cwd: Path | None = None
    user: str = ""
    env: Mapping[str, Variable] = {}
    first: Annotated[float, Field(gt=0)] = 60
    limit: Annotated[float, Field(gt=0)] = 900
    grace: Annotated[float, Field(ge=0, le=10)] = 0.8
    history: Annotated[int, Field(ge=0)] = 200
    help: str = ""


class Process:
    """Runs the program that the config names, once for each run."""

    def __init__(self, name: str, config: ProcessConfig, surroundings: AgentSurroundings) -> None:
        self.help = config.help
        self._name, self._config = name, config
        self._cwd = config.cwd.expanduser() if config.cwd else None
        self._account = _account(config.user) if config.user else None
        self._folders = surroundings.data / "agents" / name
        shutil.rmtree(self._folders, ignore_errors=True)  # of runs that died with their bridge

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        telling = TurnWriter(turn=turn, most=self._config.history)
        opening = await telling.opening()
        with RunFolder(self._folders, blobs=turn.blobs, account=self._account) as folder:
            async with (
                started(self._program(turn, folder)) as child,
                _overheard(child, self._name) as errors,
            ):
                conversation = _Conversation(
                    turn=turn,
                    child=child,
                    ears=_Ears(child, self._config),
                    errors=errors,
                    telling=telling,
                    folder=folder,
                    hearing=OutputReader(run=turn.run, clock=turn.clock, files=folder),
                )
                child.write(encode(opening))
                while True:
                    said = await conversation.next()
                    if isinstance(said, Ended):
                        child.may_finish(LAST_MOMENTS)
                        yield said
                        return
                    yield said
                    await conversation.go_on(said)

    def _program(self, turn: Turn, folder: RunFolder) -> Program:
        seen = {name: os.environ[name] for name in ALWAYS_SEEN if name in os.environ}
        own = {"HOME": self._account.home} if self._account else {}
        given = {name: value.get_secret_value() for name, value in self._config.env.items()}
        names = {
            "BRIDGE_AGENT": self._name,
            "BRIDGE_SESSION": turn.session,
            "BRIDGE_RUN": turn.run,
            "BRIDGE_FOLDER": str(folder.out),
        }
        return Program(
            command=self._config.command,
            environ={**seen, **own, **names, **given},
            cwd=self._cwd,
            account=self._account,
            grace=self._config.grace,
        )


def _account(user: str) -> MachineUser:
    """Return another user of this machine. Raises `ConfigError`."""
    if os.geteuid() != 0:
        raise ConfigError(f"user: only where the bridge runs as root can a program run as {user}")
    try:
        found = pwd.getpwnam(user)
    except KeyError as error:
        raise ConfigError(f"user: there is no user {user} on this machine") from error
    return MachineUser(user=found.pw_uid, group=found.pw_gid, home=found.pw_dir)


@dataclass(frozen=True, slots=True)
class _Errors:
    """A program's standard error, and who listens to it."""

    chatter: StderrLog
    listening: asyncio.Task[None]

    async def last(self) -> list[str]:
        """Return its last lines, once all of them were heard."""
        await asyncio.wait({self.listening}, timeout=LAST_MOMENTS)
        return list(self.chatter.last)


@asynccontextmanager
async def _overheard(child: ChildProcess, name: str) -> AsyncIterator[_Errors]:
    """Listen to a program's standard error meanwhile."""
    chatter = StderrLog(name)
    listening = asyncio.create_task(chatter.listen(child.errors))
    try:
        yield _Errors(chatter, listening)
    finally:
        listening.cancel()
        await asyncio.wait({listening})


class _Ears:
    """Reads a program's lines, as long as it may take over them."""

    def __init__(self, child: ChildProcess, config: ProcessConfig) -> None:
        now = asyncio.get_running_loop().time()
        self._child, self._config = child, config
        self._first_by, self._done_by = now + config.first, now + config.limit
        self._number = 0

    async def next(self) -> Line | None:
        """Return its next line, None after the last.

        Raises `AgentUnavailable` and `AgentFailed` when it takes too long, or writes nonsense.
        """
        raw: bytes | None = b""
        while raw is not None and not raw.strip():
            raw = await self.in_time(self._child.line())
            self._number += 1
        return None if raw is None else read(raw, number=self._number)

    async def in_time(self, waiting: Awaitable[T]) -> T:
        first = not self._number and self._first_by < self._done_by
        try:
            async with asyncio.timeout_at(self._first_by if first else self._done_by):
                return await waiting
        except TimeoutError:
            if first:
                why = f"the agent's program said nothing for {self._config.first:g} s"
                raise AgentUnavailable(why) from None
            raise AgentFailed(f"the agent was not done after {self._config.limit:g} s") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversation:
    """One run's exchange of lines with its program."""

    turn: Turn
    child: ChildProcess
    ears: _Ears
    telling: TurnWriter
    folder: RunFolder
    hearing: OutputReader
    errors: _Errors

    async def next(self) -> Preview | Said:
        """Return what the program says next to anyone but the bridge itself."""
        while True:
            match await self.ears.next():
                case None:
                    raise await self._died()
                case NewsLine():
                    await self._answer(await self.telling.news())
                case FileLine(media=media):
                    await self._answer(await self._file(media))
                case LogLine(level=level, text=text):
                    log.log(LEVELS[level], "agent.log", agent=self.turn.agent, text=text)
                case line:
                    if (said := await self.hearing.hear(line)) is not None:
                        return said

    async def go_on(self, said: Preview | Said) -> None:
        """Tell it that what it said is in the log, where it has to know."""
        if (answer := recorded(said)) is not None:
            await self._answer(answer)

    async def _answer(self, line: Json) -> None:
        self.child.write(encode(line))
        await self.ears.in_time(self.child.flushed())

    async def _file(self, media: str) -> Json:
        attachment = self.telling.file(media)
        path = await self.folder.fetch(attachment) if attachment else None
        return {"type": "file", "media": media, "path": str(path) if path else None}

    async def _died(self) -> AgentError:
        """Say how it ended without having said so."""
        await self.child.exit(LAST_MOMENTS)
        code, last = self.child.returncode, await self.errors.last()
        log.warning("agent.died", agent=self.turn.agent, run=self.turn.run, code=code, stderr=last)
        if code is None or code == 0:
            return AgentFailed("the agent's program stopped without saying that it had ended")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return AgentUnavailable(f"the agent's program {how}")


def create(name: str, config: ProcessConfig, surroundings: AgentSurroundings) -> Process:
    return Process(name, config, surroundings)


async def examine(
    config: ProcessConfig, environ: Mapping[str, str], *, deep: bool
) -> Sequence[Check]:
    """Look whether the program is there; it is not started, however `deep`."""
    del deep
    given = {name: value.get_secret_value() for name, value in config.env.items()}
    cwd = config.cwd.expanduser() if config.cwd else None
    fault = present.program(config.command[0], cwd=cwd, environ={**environ, **given})
    return [] if fault is None else [fault]


plugin = AgentPlugin(config=ProcessConfig, create=create, examine=examine)
