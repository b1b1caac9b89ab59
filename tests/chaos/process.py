"""The bridge as a process that is killed and frozen, and started again whenever it is not there."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

START_LIMIT = 180.0
"""A machine with much else to do takes more than a minute; one that hangs is asked where."""
STOP_LIMIT = 30.0
PAUSE = 0.3
"""Seconds before a bridge that ended by itself is started again."""


class Bridge:
    """`starts`: seconds from each start until it served. `faults`: what it did by itself.

    `counts`: kills, freezes, stops, and starts that failed.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], environ: Mapping[str, str]
    ) -> None:
        self.data = Path(settings["data"])
        self.file = folder / "config.yaml"
        self.file.write_text(json.dumps(settings), encoding="utf-8")
        self.log = folder / "bridge.log"
        self.environ = {**os.environ, **environ, "PYTHONFAULTHANDLER": "1"}
        self.starts: list[float] = []
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self.ready = asyncio.Event()
        self.spawned = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._asked = False
        self._over = False
        self._keeping: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while not self._over:
            await self._start()
            assert self._process is not None
            await self._process.wait()
            was_ready = self.ready.is_set()
            self.ready.clear()
            self.spawned.clear()
            if not self._asked:
                self._ended_by_itself(was_ready)
                await asyncio.sleep(PAUSE)

    def _ended_by_itself(self, was_ready: bool) -> None:  # noqa: FBT001
        code = self._process.returncode if self._process is not None else None
        if was_ready:
            last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
            self.faults.append(f"died by itself: exit code {code}: {last}")
        else:
            self.counts["failed starts"] += 1

    async def _start(self) -> None:
        """Start it and wait until it serves, or is over."""
        announced = self.data / "server.json"
        announced.unlink(missing_ok=True)
        self._asked = False
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bridge", "run", "--config", str(self.file),
                stdout=asyncio.subprocess.DEVNULL, stderr=log, env=self.environ,
            )  # fmt: skip
        self.spawned.set()
        while self._process.returncode is None and not announced.exists():
            await asyncio.sleep(0.02)
            if time.monotonic() - begun > START_LIMIT:
                self.faults.append(f"did not start within {START_LIMIT:g} s")
                self._process.send_signal(signal.SIGABRT)  # the log then says where it hangs
                return
        if self._process.returncode is None:
            self.starts.append(time.monotonic() - begun)
            self.ready.set()

    # -- what is done to it

    def _signal(self, number: signal.Signals) -> asyncio.subprocess.Process | None:
        process = self._process
        if process is None or process.returncode is not None:
            return None
        with suppress(ProcessLookupError):
            process.send_signal(number)
        return process

    async def kill(self) -> None:
        await asyncio.wait_for(self.spawned.wait(), START_LIMIT)
        self._asked = True
        process = self._signal(signal.SIGKILL)
        if process is not None:
            self.counts["kills"] += 1
            await process.wait()

    async def burst(self, gaps: tuple[float, ...], *, serving: bool) -> None:
        """Kill it, and again so many seconds after each start, or after it serves."""
        await self.kill()
        for gap in gaps:
            await asyncio.sleep(0.01)
            with suppress(TimeoutError):
                until = self.ready if serving else self.spawned
                await asyncio.wait_for(until.wait(), START_LIMIT)
            await asyncio.sleep(gap)
            await self.kill()

    async def freeze(self, seconds: float) -> None:
        self.counts["freezes"] += 1
        self._signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Ask it to stop, and see to it that it does, in order."""
        self._asked = True
        self.counts["stops"] += 1
        process = self._signal(signal.SIGTERM)
        if process is None:
            return
        try:
            code = await asyncio.wait_for(process.wait(), STOP_LIMIT)
        except TimeoutError:
            self.faults.append(f"did not stop within {STOP_LIMIT:g} s")
            self._signal(signal.SIGKILL)
            return
        if code != 0:
            self.faults.append(f"exit code {code} when it was asked to stop")

    async def end(self) -> None:
        """Stop it for good."""
        self._over = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ready.wait(), START_LIMIT)
        await self.stop()
        await self.close()

    async def close(self) -> None:
        self._over = self._asked = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        process = self._signal(signal.SIGKILL)
        if process is not None:
            await process.wait()
