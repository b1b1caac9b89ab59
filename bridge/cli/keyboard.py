"""The keyboard of a chat: what is typed stays what it was, whatever the chat is doing just then.

The rules:

- A terminal that is not raw turns Enter into a line feed, which is Ctrl-J to a prompt. So it is raw
  from the first prompt to the end: between two prompts, and while something is printed, too.
- What was typed before that is read once. There a line feed was Enter: what it ended was said, and
  what comes after the last one is still being typed.
- What was typed in earlier chats is kept for the arrow keys: in the data folder, owner-only.
"""

import os
import select
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input.vt100 import Vt100Input, raw_mode

from bridge.cli.safe import plain

# -- what was typed before ------------------------------------------------------------------------

MOST_BYTES = 200_000
"""A longer file loses its older half at the next start."""


def history(data: Path) -> History:
    """Return the history of this machine's chats; one that cannot be kept lasts for this chat."""
    file = data / "terminal" / "history"
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        file.chmod(0o600)
        _shorten(file)
    except OSError:
        return InMemoryHistory()
    return _TolerantHistory(str(file))


class _TolerantHistory(FileHistory):
    """Goes on without the file when it can no longer be written: a full disk ends no chat."""

    def store_string(self, string: str) -> None:
        with suppress(OSError):
            super().store_string(string)


def _shorten(file: Path) -> None:
    kept = file.read_bytes()
    if len(kept) > MOST_BYTES:
        begins = kept.find(b"\n# ", len(kept) - MOST_BYTES // 2)  # each entry begins with its time
        file.write_bytes(kept[begins:] if begins >= 0 else b"")


# -- the keyboard ---------------------------------------------------------------------------------

AT_ONCE = 65_536
END_OF_INPUT = ("\x00", "\x04")
"""What Ctrl-D is in a terminal that was not raw when it was pressed, and in one that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAhead:
    """What was typed before the first prompt. `is_over`: Ctrl-D ended it."""

    lines: tuple[str, ...] = ()
    rest: str = ""
    is_over: bool = False


class Keyboard(Vt100Input):
    """The terminal's keys, raw also while something is printed above the prompt."""

    def cooked_mode(self) -> AbstractContextManager[None]:
        return raw_mode(self.fileno())

    def typed_ahead(self) -> TypedAhead:
        """Return what was typed and not read yet; the terminal is raw by now."""
        read = b""
        while select.select([self.fileno()], [], [], 0)[0]:
            more = os.read(self.fileno(), AT_ONCE)
            if not more:
                break
            read += more
        return typed_ahead(read.decode(errors="replace"))


def typed_ahead(text: str) -> TypedAhead:
    """Take apart what was typed before there was a prompt."""
    ends = [at for each in END_OF_INPUT if (at := text.find(each)) >= 0]
    kept = text[: min(ends)] if ends else text
    *lines, rest = plain(kept).split("\n")
    return TypedAhead(lines=tuple(lines), rest="" if ends else rest, is_over=bool(ends))
