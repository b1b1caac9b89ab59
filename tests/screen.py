"""A terminal as a person has it: a program in a pseudo-terminal, and what is on its screen."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

from tests.waiting import PATIENCE

CTRL_C, CTRL_D, CTRL_J = "\x03", "\x04", "\x0a"
ALT_ENTER, UP = "\x1b\r", "\x1b[A"
PASTE = "\x1b[200~{}\x1b[201~"
"""What a terminal sends for something pasted."""

TIME = re.compile(r"  \d\d:\d\d$", re.MULTILINE)


class Screen:
    """`bridge` with `arguments` in a terminal of its own."""

    def __init__(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        cwd: Path,
        size: tuple[int, int] = (40, 90),
    ) -> None:
        rows, columns = size
        environ = {k: v for k, v in environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self._screen = pyte.HistoryScreen(columns, rows, history=2000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "bridge", *arguments],
            env=dict(environ),
            cwd=str(cwd),
            dimensions=size,
        )

    def type(self, text: str) -> None:
        self._child.send(text)

    def say(self, text: str) -> None:
        """Type a line and press Enter."""
        self.type(text)
        # prompt_toolkit takes what comes in one piece for a paste
        self.until(lambda: text.split("\n", maxsplit=1)[0] in self.visible)
        self.type("\r")

    @property
    def visible(self) -> str:
        """What is on the screen just now."""
        return "\n".join(row.rstrip() for row in self._screen.display)

    @property
    def text(self) -> str:
        """Everything that was printed and still can be scrolled to, without the times."""
        columns = range(self._screen.columns)
        above = ("".join(row[x].data for x in columns) for row in self._screen.history.top)
        return TIME.sub("", "\n".join([*(row.rstrip() for row in above), self.visible]))

    def until(self, shown: str | Callable[[], bool]) -> None:
        """Look at the screen until a text is on it, or something holds."""
        holds = shown if callable(shown) else lambda: shown in self.text
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"never came: {shown}\n{self.text}"
            assert self._pump(), f"it ended before: {shown}\n{self.text}"

    def watch(self, seconds: float) -> None:
        """Look at the screen for some time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._pump():
            pass

    def end(self) -> int:
        """Wait for the program to end by itself and return its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._pump():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        self._child.close()
        return self._child.exitstatus if self._child.exitstatus is not None else -1

    def hang_up(self) -> None:
        """Close the window: the program is told, and may still end in good order."""
        self._child.kill(signal.SIGHUP)

    def close(self) -> None:
        self._child.close(force=True)

    def _pump(self) -> bool:
        """Take in what was written; answer what a terminal is asked."""
        try:
            piece = self._child.read_nonblocking(65_536, timeout=0.05)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += piece
        self._stream.feed(piece)
        if b"\x1b[6n" in piece:
            at = self._screen.cursor
            os.write(self._child.child_fd, f"\x1b[{at.y + 1};{at.x + 1}R".encode())
        return True
