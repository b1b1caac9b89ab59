"""Notices when the event loop is held: while it is, nobody is heard, answered or shown anything.

The rules:

- The loop notes the time every `BEAT` seconds; a thread looks whether it does. A note that is late
  by more than `LATE` seconds is a hold. What held it is taken from the loop's own stack while it
  lasts, as files and lines: never what any variable holds.
- Where neither the thread ran meanwhile nor the loop computed, the machine was busy with others;
  where the loop only waited for something to happen and did not get to run, too: no line of the
  code is to blame then, and none is named.
- One line of log a minute at most says how long it was, where, and how many came before it unsaid.
"""

import asyncio
import selectors
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

import structlog

from bridge.ports.health import Check

log = structlog.get_logger()

BEAT = 0.05
LATE = 0.1
QUIET_SECONDS = 60.0
"""Between two lines of log."""

FRAMES = 12
"""The innermost of the stack, which are told."""


@dataclass(slots=True)
class Holds:
    """What was noticed since the start. `busy`: how often the machine was, and not the loop."""

    count: int = 0
    longest: float = 0.0
    where: str = ""
    busy: int = 0
    longest_busy: float = 0.0
    unsaid: int = field(default=0, repr=False)


class Watchdog:
    """Watches the loop it is started in. `late`, `quiet`: seconds, which tests shorten."""

    def __init__(self, *, late: float = LATE, quiet: float = QUIET_SECONDS) -> None:
        self.holds = Holds()
        self._late, self._quiet = late, quiet
        self._beaten = self._used = 0.0
        self._seen: tuple[float, tuple[str, ...]] = (0.0, ())
        self._said_at: float | None = None
        self._ended = threading.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        self._beaten, self._used = time.monotonic(), time.thread_time()
        self._handle = self._loop.call_later(BEAT, self._beat)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._handle is not None:
            self._handle.cancel()
        if self._thread is not None:
            self._thread.join()

    def check(self) -> Check | None:
        """Return what the doctor should tell, if the loop was held."""
        holds, found = self.holds, []
        if holds.count:
            longest = f"{holds.longest:.1f} s, in {holds.where or 'an unknown place'}"
            found.append(f"stood still {_times(holds.count)} since the start; longest {longest}")
        if holds.busy:
            longest = f"{holds.longest_busy:.1f} s"
            found.append(f"the machine was busy {_times(holds.busy)}; longest {longest}")
        return Check(name="loop", ok=True, detail="; ".join(found)) if found else None

    # -- in the loop

    def _beat(self) -> None:
        now = time.monotonic()
        since, stack = self._seen
        if since != self._beaten:
            stack = ()
        held = now - self._beaten - BEAT
        self._beaten = now
        self._handle = self._loop.call_later(BEAT, self._beat)
        used, self._used = time.thread_time() - self._used, time.thread_time()
        if held <= self._late:
            return
        if stack and is_waiting(stack) and used <= held / 2:
            self._note_busy(held, now)
        elif stack or used > held / 2:
            self._note(held, () if is_waiting(stack) else stack, now)

    def _note(self, held: float, stack: tuple[str, ...], now: float) -> None:
        holds = self.holds
        holds.count += 1
        if held > holds.longest:
            holds.longest, holds.where = held, stack[0] if stack else ""
        if self._may_say(now):
            log.warning("loop_held", seconds=round(held, 3), lines=stack, unsaid=holds.unsaid)
            holds.unsaid = 0

    def _note_busy(self, held: float, now: float) -> None:
        holds = self.holds
        holds.busy += 1
        holds.longest_busy = max(held, holds.longest_busy)
        if self._may_say(now):
            log.warning("machine_busy", seconds=round(held, 3), unsaid=holds.unsaid)
            holds.unsaid = 0

    def _may_say(self, now: float) -> bool:
        """Say whether a line may be written; what may not is counted."""
        if self._said_at is not None and now - self._said_at < self._quiet:
            self.holds.unsaid += 1
            return False
        self._said_at = now
        return True

    # -- in the thread

    def _watch(self) -> None:
        while not self._ended.wait(BEAT):
            beaten = self._beaten
            is_late = time.monotonic() - beaten - BEAT > self._late
            if is_late and self._seen[0] != beaten:
                frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - the only way
                self._seen = (beaten, _places(frame))


def is_waiting(stack: tuple[str, ...]) -> bool:
    """Say whether a loop with this stack waits for something to happen, and does nothing itself."""
    return bool(stack) and stack[0].rpartition(":")[0] == selectors.__file__


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _places(frame: FrameType | None) -> tuple[str, ...]:
    """Return where a thread is, innermost first."""
    found: list[str] = []
    with suppress(AttributeError):  # a frame may end while it is looked at
        while frame is not None and len(found) < FRAMES:
            found.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
            frame = frame.f_back
    return tuple(found)
