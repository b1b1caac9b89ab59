"""One round: a bridge on one store lives through what was planned, then everything is counted."""

import asyncio
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import asyncpg

from tests.chaos import book, schedule
from tests.chaos.fleet import Fleet, WhatsApp, fleet
from tests.chaos.ledger import Seen, Verdict, Word, judge
from tests.chaos.process import Bridge
from tests.chaos.schedule import Blow, Line, Plan
from tests.postgres import Cluster, _admin, _binaries

AGENT = Path(__file__).parent / "agent.py"
PATIENCE = 60.0
QUIET = 4.0
"""Seconds without any change after which it is quiet."""

HOPELESS = 330.0
"""Seconds without any change after which what is still missing is not waited for any more.

A session whose runs failed is tried again after five minutes at most."""

LONGEST_SETTLING = 420.0
"""A lane that failed often waits for up to five minutes before it tries again."""

Store = Literal["sqlite", "postgres"]
T = TypeVar("T", Blow, Line)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked of a round. `kills` and `words` are per minute; `keep`: leave its data."""

    store: Store
    seed: str
    seconds: float
    kills: float
    words: float
    keep: bool = False


@dataclass(kw_only=True)
class Outcome:
    """What a round came to. `took`: seconds of trouble; `settled`: seconds until it was quiet."""

    wanted: Wanted
    verdict: Verdict
    counts: Counter[str] = field(default_factory=Counter)
    starts: Sequence[float] = ()
    took: float = 0.0
    settled: float = 0.0
    data: str = ""

    @property
    def faults(self) -> list[str]:
        return self.verdict.faults


class Round:
    def __init__(self, wanted: Wanted, fleet: Fleet, bridge: Bridge, base: "Base") -> None:
        self.wanted, self.fleet, self.bridge, self.base = wanted, fleet, bridge, base
        self.words: list[Word] = []
        self.counts: Counter[str] = Counter()
        self.ending = False
        self._dice = Random(f"{wanted.seed} dice")
        self._mending: set[asyncio.Task[None]] = set()
        self._pressing: asyncio.Future[None] = asyncio.Future()

    # -- before

    async def gather(self) -> None:
        """Let everyone write once, so that every place follows its session."""
        await asyncio.wait_for(self.bridge.ready.wait(), PATIENCE)
        await self._until(lambda: all(p.connected() for p in self.fleet.platforms.values()))
        for writer in self.fleet.writers:
            writer.says(f"{writer.mention}hello")
        places = {writer.place for writer in self.fleet.writers}
        async with asyncio.timeout(PATIENCE):
            while missing := places - set((await book.read(self.base.where)).following()):
                await asyncio.sleep(0.2)
        assert not missing

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.05)

    # -- meanwhile

    async def live(self, plan: Plan) -> None:
        """Let happen what was planned, then end all trouble."""
        begun = time.monotonic()
        self._pressing = asyncio.create_task(self._press())
        tidying = asyncio.create_task(self._tidy())
        await asyncio.gather(
            self._each(plan.process, self._hurt, begun),
            self._each(plan.network, self._disturb, begun),
            self._each(plan.database, self._restart, begun),
            self._each(plan.lines, self._say, begun),
        )
        tidying.cancel()
        await asyncio.gather(*self._mending)
        self.ending = True
        await self.fleet.heal()

    async def _each(
        self, planned: Iterable[T], do: Callable[[T], Awaitable[None]], begun: float
    ) -> None:
        for each in planned:
            await asyncio.sleep(max(0.0, begun + each.at - time.monotonic()))
            if time.monotonic() - begun > self.wanted.seconds:
                return
            await do(each)

    async def _say(self, line: Line) -> None:
        writer = self.fleet.writers[line.writer]
        wants = line.kind != "overheard"
        more = {"tool": " with a tool", "leave": " by your leave"}.get(line.kind, "")
        mention = writer.mention if wants else ""
        self.words.append(Word(number=line.number, place=writer.place, wants=wants))
        writer.says(f"{mention}w{line.number:05} please{more}")

    async def _hurt(self, blow: Blow) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.bridge.ready.wait(), 30)
        match blow.what:
            case "freeze":
                await self.bridge.freeze(blow.seconds)
            case "stop" if self.bridge.ready.is_set():
                await self.bridge.stop()
            case _:
                await self.bridge.burst(blow.gaps, serving=blow.how == "serving")

    async def _restart(self, blow: Blow) -> None:
        self.counts[f"database {blow.how}"] += 1
        how = signal.SIGQUIT if blow.how == "immediate" else signal.SIGINT
        await asyncio.to_thread(self.base.stop, how)
        await asyncio.sleep(blow.seconds)
        await asyncio.to_thread(self.base.start)

    async def _disturb(self, blow: Blow) -> None:
        platform = self.fleet.platforms[blow.where]
        wire, words = platform.wire, platform.send if blow.how == "send" else b""
        if isinstance(platform, WhatsApp) and blow.how == "any":
            wire = platform.calls
        match blow.what:
            case "cut before" | "cut after" | "hang" | "slow":
                wire.trouble(blow.what, words, seconds=blow.seconds, times=blow.times)
            case "stall":
                self.counts["stall"] += 1
                wire.stall()
                self._mend(blow.seconds, wire.flow)
            case "down":
                self.counts["down"] += 1
                await wire.down()
                self._mend(blow.seconds, wire.up)
            case "error" | "page" | "limited":
                self.counts[blow.what] += 1
                platform.refuse(blow)
            case _:
                await platform.event(blow.what, self._dice)

    def _mend(self, seconds: float, how: Callable[[], Awaitable[None] | None]) -> None:
        async def mend() -> None:
            await asyncio.sleep(seconds)
            done = how()
            if done is not None:
                await done

        task = asyncio.create_task(mend())
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def _press(self) -> None:
        """Answer the cards, in one place or another; at the end all that are left."""
        while True:
            await asyncio.sleep(1.0 if self.ending else self._dice.uniform(1.5, 6.0))
            for platform in self.fleet.platforms.values():
                for press in list(platform.presses())[:10]:
                    if self.ending or self._dice.random() < 0.4:
                        label = "Approve" if self._dice.random() < 0.8 else "Deny"
                        self.counts["presses"] += 1
                        with suppress(LookupError, ValueError):
                            press(label)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(10)
            for platform in self.fleet.platforms.values():
                platform.tidy()

    # -- afterwards

    async def settle(self) -> float:
        """Wait until everything is done, or nothing changes any more; return how long it took."""
        begun = changed = time.monotonic()
        before: object = None
        while (now := time.monotonic()) - begun < LONGEST_SETTLING:
            if self._pressing.done():
                self._pressing.result()
            read = await self._read()
            if read is not None:
                if (state := read.state()) != before:
                    before, changed = state, now
                patience = HOPELESS if self._missing(read) else QUIET
                if not read.left() and now - changed > patience:
                    break
            await asyncio.sleep(0.5)
        self._pressing.cancel()
        return time.monotonic() - begun

    async def _read(self) -> book.Book | None:
        with suppress(OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError):
            return await book.read(self.base.where)
        return None

    def _missing(self, read: book.Book) -> bool:
        if read.open_questions() or any(log.open_run for log in read.logs()):
            return True
        seen = Seen(words=self.words, entries=read.entries(), logs=(), places=())
        counts = judge(seen).counts
        kinds = ("not heard", "not answered", "given up unnamed")
        return any(counts[each] for each in kinds)

    async def judged(self, effects: Path) -> Verdict:
        read = await book.read(self.base.where)
        lines = (f"{row['session_id']}#{row['seq']} {row['body']}" for row in read.rows["events"])
        effects.with_name("events.txt").write_text("\n".join(lines), encoding="utf-8")
        shown = {writer.place: self.fleet.shown(writer.place) for writer in self.fleet.writers}
        done = effects.read_text().split() if effects.exists() else []
        verdict = judge(
            Seen(
                words=self.words,
                entries=read.entries(),
                logs=read.logs(),
                places=read.places(shown),
                effects=done,
            )
        )
        self.counts["runs"] += sum(row["type"] == "run_started" for row in read.rows["events"])
        self.counts["events"] += len(read.rows["events"])
        self.counts["recaps"] += sum(len(each.recaps) for each in read.places(shown))
        for name, faults in self._others().items():
            for each in faults:
                verdict.fault(name, each)
        return verdict

    def _others(self) -> Mapping[str, Sequence[str]]:
        complaints = [
            f"{name}: {each}"
            for name, platform in self.fleet.platforms.items()
            for each in platform.complaints()
        ]
        return {"bridge": self.bridge.faults, "complaints": complaints}


# -- what a round stands on -----------------------------------------------------------------------


class Base:
    """The database of a round: `where` it is, and the server behind it, if there is one."""

    def __init__(self, store: Store, data: Path, cluster: Cluster | None) -> None:
        self._cluster = cluster
        self.where = str(data / "bridge.db")
        self.settings: Mapping[str, str] = {"type": "sqlite"}
        self.environ: Mapping[str, str] = {}
        if store == "postgres":
            assert cluster is not None, "there is no PostgreSQL here"
            name = f"chaos_{time.time_ns()}"
            _admin(cluster.url, f"CREATE DATABASE {name}")
            self.where = urlsplit(cluster.url)._replace(path=f"/{name}").geturl()
            self.settings = {"type": "postgres", "url": "${CHAOS_DATABASE}"}
            self.environ = {"CHAOS_DATABASE": self.where}

    def stop(self, how: int) -> None:
        if self._cluster is not None:
            self._cluster.stop(how)

    def start(self) -> None:
        if self._cluster is not None:
            self._cluster.start()


def cluster() -> Cluster | None:
    """Start a PostgreSQL of our own, where there is one to start."""
    binaries = _binaries()
    if binaries is None:
        return None
    made = Cluster(binaries)
    made.start()
    return made


async def played(wanted: Wanted, server: Cluster | None) -> Outcome:
    """Play a round from a fresh bridge to the verdict."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-chaos-"))
    folder.chmod(0o700)
    port = _free_port()
    try:
        async with fleet(port) as ships:
            base = Base(wanted.store, folder / "data", server)
            async with _bridge(folder, port, ships, base) as bridge:
                outcome = await _lived(Round(wanted, ships, bridge, base), folder)
    except BaseException as error:
        error.add_note(f"seed {wanted.seed}, {wanted.store}, data in {folder}")
        raise
    if outcome.faults or wanted.keep:
        outcome.data = str(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


async def _lived(played: Round, folder: Path) -> Outcome:
    wanted, writers = played.wanted, played.fleet.writers
    plan = schedule.plan(
        wanted.seed,
        seconds=wanted.seconds,
        kills=wanted.kills,
        words=wanted.words,
        platforms=list(played.fleet.platforms),
        rooms=[writer.room for writer in writers],
        restarts=wanted.store == "postgres",
    )
    await played.gather()
    begun = time.monotonic()
    await played.live(plan)
    took = time.monotonic() - begun
    settled = await played.settle()
    await played.bridge.end()
    verdict = await played.judged(folder / "effects")
    for wire in played.fleet.wires:
        played.counts.update(wire.done)
    for platform in played.fleet.platforms.values():
        played.counts.update(platform.happened)
    return Outcome(
        wanted=wanted,
        verdict=verdict,
        counts=played.counts + played.bridge.counts,
        starts=played.bridge.starts[1:],
        took=took,
        settled=settled,
    )


@asynccontextmanager
async def _bridge(folder: Path, port: int, ships: Fleet, base: Base) -> AsyncIterator[Bridge]:
    sections, environ = _hidden(ships.sections())
    settings = {
        "data": str(folder / "data"),
        "http": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        "store": base.settings,
        "grace": 1,
        "agents": {
            "counter": {
                "type": "process",
                "command": [sys.executable, "-S", "-E", str(AGENT)],
                "env": {"EFFECTS": str(folder / "effects")},
                "history": 1000,
            }
        },
        "channels": sections,
    }
    bridge = Bridge(folder, settings, {**environ, **base.environ})
    bridge.begin()
    try:
        yield bridge
    finally:
        await bridge.close()


def _hidden(sections: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Put what is secret into the environment: no secret stands in a configuration."""
    environ: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name, section in sections.items():
        found[name] = dict(section)
        for key in section.keys() & {"token", "bot_token", "app_token", "auth_token"}:
            variable = f"CHAOS_{name}_{key}".upper().replace("-", "_")
            environ[variable] = section[key]
            found[name][key] = f"${{{variable}}}"
    return found, environ


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
