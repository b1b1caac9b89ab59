"""`bridge chat`: at a terminal with a prompt, in a pipe line by line.

Without a terminal lines come in, plain text goes out, and it is done at the end of the input. Each
line is said once the answer to the one before is there. What is printed is only what others say: an
answer, a question, a push. A line that gets no answer does not keep the next ones from being said,
but the command ends as failed.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from bridge.cli import follow
from bridge.cli.client_session import PLACE, Talk, choose, talk
from bridge.cli.exits import CommandError
from bridge.cli.follow import Restored
from bridge.cli.local_commands import Leave, Misspelt, SaveFile, SendFile, typed
from bridge.cli.outbox import InputAnswer
from bridge.cli.render import Painter, console, unadorned
from bridge.cli.safe import plain
from bridge.cli.server import Server
from bridge.cli.view import Line
from bridge.cli.wire import place_id
from bridge.domain.ids import Seq

# -- without a terminal ---------------------------------------------------------------------------

CALM_LOOKS = 2
"""One look may be too early: the run has not started yet."""

LOOK_AGAIN = 2.0
"""Seconds after which to ask whether anything is still being worked on."""


class Pipe:
    """`read` blocks for the next line, empty at the end; `write` prints one."""

    def __init__(self, talk: Talk, read: Callable[[], str], write: Callable[[str], None]) -> None:
        self._talk = talk
        self._read = read
        self._write = write
        self._changed = asyncio.Event()
        self._taken: asyncio.Queue[InputAnswer] = asyncio.Queue()
        self._unanswered = 0

    async def run(self) -> None:
        """Say every line and print what comes back. Raises `CommandError`."""
        await self._talk.catch_up()
        work = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._talk.sender.run(self._taken.put_nowait)),
            asyncio.create_task(self._say_all()),
        ]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in work:
                if task.done():
                    task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _say_all(self) -> None:
        lines = self._lines()
        for _ in self._talk.sender.waiting:
            await self._taken.get()  # what an earlier terminal left behind goes first
        while (line := await lines.get()) and typed(line) != Leave():
            if line.strip() and await self._say(line.rstrip("\n")):
                await self._answered(await self._taken.get())
        if self._unanswered:
            raise CommandError(f"{self._unanswered} of the lines got no answer; see above")

    async def _say(self, line: str) -> bool:
        """Do what a line asks; return whether something was said that is to be answered."""
        self._talk.view.unanswered = False
        match typed(line):
            case None:
                self._talk.say(line)
            case SendFile() as sent:
                await self._talk.send_file(sent)
            case SaveFile() as saved:
                self._write(str(await self._talk.save_file(saved)))
                return False
            case Misspelt(usage=usage):
                raise CommandError(usage)
            case Leave():
                return False
        return True

    def _lines(self) -> asyncio.Queue[str]:
        """Read in a thread that nobody has to wait for: a pipe may stay silent for good."""
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read_all() -> None:
            line = "?"
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                while line:
                    line = self._read()
                    loop.call_soon_threadsafe(lines.put_nowait, line)

        threading.Thread(target=read_all, daemon=True).start()
        return lines

    async def _answered(self, taken: InputAnswer) -> None:
        if taken.accepted is None:
            raise CommandError(taken.refusal)
        if taken.accepted.reply:
            self._write(plain(taken.accepted.reply))
        elif taken.accepted.events:
            await self._dealt_with(max(taken.accepted.events))

    async def _dealt_with(self, seq: Seq) -> None:
        """Wait until the agent has taken the log in up to `seq`, or nothing is going on.

        Between a try that failed and the next one the session looks idle, but it is not over.
        """
        calm, view = 0, self._talk.view
        view.unanswered = view.unanswered and view.position >= seq  # it may be over already
        while view.position < seq and (view.again or calm < CALM_LOOKS):
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), LOOK_AGAIN)
                calm = 0
            except TimeoutError:
                calm = calm + 1 if await self._is_calm() else 0
        self._unanswered += view.unanswered

    async def _is_calm(self) -> bool:
        state = (await follow.view(self._talk.server, self._talk.session)).state
        return state != "running" and self._talk.up

    async def _listen(self) -> None:
        async for signal, lines in self._talk.signals():
            for line in lines:
                if not (self._is_own(line) or isinstance(signal, Restored)):
                    self._write(unadorned(line))
            self._changed.set()

    def _is_own(self, line: Line) -> bool:
        return line.where == place_id(PLACE) and line.by == self._talk.view.me


def stdout_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# -- the command ----------------------------------------------------------------------------------


def chat(server: Server, named: str | None) -> None:
    """Chat in a session until the person leaves. Raises `CommandError`."""
    asyncio.run(_chat(server, named))


async def _chat(server: Server, named: str | None) -> None:
    with talk(server, choose(server, named)) as opened:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from bridge.cli.terminal import Terminal  # noqa: PLC0415 - a pipe needs no prompt

            await Terminal(opened, Painter(console())).run()
        else:
            await Pipe(opened, sys.stdin.readline, stdout_line).run()
