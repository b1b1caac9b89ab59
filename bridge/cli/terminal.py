"""The chat at a terminal: what happens is printed above a prompt that never goes away.

The rules:

- Everything printed comes from the log, also one's own words: what is on the screen was taken.
- What is being written, and by whom, stands just above the prompt and is redrawn in place.
- Enter says what was typed; Alt-Enter and Ctrl-J begin a new line, and what is pasted stays whole.
- Ctrl-C stops the answer being worked on; Ctrl-D and /quit leave. Leaving never stops anything, but
  what is just being sent of a file.
- A file goes to the bridge first; what is typed meanwhile does not wait for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from bridge.cli.exits import CommandError
from bridge.cli.follow import Cut, Restored
from bridge.cli.history import history
from bridge.cli.paint import Painter
from bridge.cli.safe import one_line
from bridge.cli.sender import Taken
from bridge.cli.talk import Talk
from bridge.cli.typed import COMMANDS, HELP, Leave, Misspelt, SaveFile, SendFile, typed

PROMPT = "> "
ROWS_FOR_COMMANDS = 4
"""Kept free below the prompt, for the commands that begin with what was typed."""

MOST_WAITING = 5
"""Of what is to be sent once the bridge is back, this many last messages are shown."""

PATH_AFTER = "/file "
RESTORED = "The bridge was put back to an earlier copy. This is the end of what it knows now:"
TYPING_EVERY = 3.0
"""Seconds between two notes to the others that something is being typed."""


class Terminal:
    """One chat on one terminal."""

    def __init__(self, talk: Talk, painter: Painter) -> None:
        self._talk = talk
        self._painter = painter
        self._typed_at = 0.0
        self._painted = ("", 0), ""
        self._side: set[asyncio.Task[None]] = set()
        self._sending: dict[asyncio.Task[None], str] = {}
        self._prompt: PromptSession[str] = PromptSession(
            message=self._above,
            bottom_toolbar=self._below,
            key_bindings=self._keys(),
            history=history(talk.server.data),
            multiline=True,
            prompt_continuation=" " * len(PROMPT),
            completer=_Commands(talk),
            complete_while_typing=True,
            erase_when_done=True,
            reserve_space_for_menu=ROWS_FOR_COMMANDS,
            mouse_support=False,
        )
        self._prompt.default_buffer.on_text_changed += lambda _: self._note_typing()

    async def run(self) -> None:
        """Chat until Ctrl-D. Raises `CommandError` when it cannot go on."""
        for line in await self._talk.catch_up():
            await self._print(self._painter.line(line))
        tasks = {
            asyncio.create_task(self._read()),
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._talk.sender.run(self._taken)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end([*tasks, *self._side])
        for task in done:
            task.result()

    async def _read(self) -> None:
        while True:
            try:
                text = await self._prompt.prompt_async()
            except EOFError:
                text = "/quit"
            if typed(text) != Leave():
                await self._do(text)
            elif not await self._stays_for_files():
                return

    async def _do(self, text: str) -> None:
        """Say what was typed, or do what it asks of this terminal."""
        match typed(text):
            case None if not text.strip():
                pass
            case None:
                self._talk.say(text)
                if text.strip() == "/help":
                    await self._note(HELP)
            case Leave():
                pass
            case Misspelt(usage=usage):
                await self._note(usage, "red")
            case SendFile() as sent:
                await self._note(f"sending {sent.path} …")
                self._sending[self._aside(self._send_file(sent))] = sent.path
            case SaveFile() as saved:
                self._aside(self._save_file(saved))

    async def _send_file(self, sent: SendFile) -> None:
        try:
            await self._talk.send_file(sent)
        except CommandError as error:
            await self._note(f"not sent: {error}", "red")

    async def _save_file(self, saved: SaveFile) -> None:
        try:
            path = await self._talk.save_file(saved)
        except CommandError as error:
            await self._note(f"not saved: {error}", "red")
        else:
            await self._note(f"saved as {path}")

    async def _stays_for_files(self) -> bool:
        """Leaving would cut off what is being sent: that is asked for twice."""
        going = [path for task, path in self._sending.items() if not task.done()]
        self._sending.clear()
        if going:
            note = f"{', '.join(going)} is still being sent: Ctrl-D again leaves without it"
            await self._note(note, "yellow")
        return bool(going)

    async def _listen(self) -> None:
        was_cut = False
        async for signal, lines in self._talk.signals():
            if isinstance(signal, Restored):
                await self._note(RESTORED, "yellow")
            for line in lines:
                await self._print(self._painter.line(line))
            if isinstance(signal, Cut) and not was_cut:
                note = "The bridge is not connected. What you type is kept and sent once it is."
                await self._print(self._painter.note(note, "yellow"))
            was_cut = not self._talk.up
            self._prompt.app.invalidate()

    def _taken(self, taken: Taken) -> None:
        if taken.refusal:
            self._aside(self._print(self._painter.note(taken.refusal, "red")))
        elif taken.accepted and taken.accepted.reply:
            self._aside(self._print(self._painter.reply(taken.accepted.reply)))

    async def _note(self, text: str, style: str = "dim") -> None:
        await self._print(self._painter.note(text, style))

    async def _print(self, painted: str) -> None:
        output = self._prompt.app.output

        def write() -> None:
            output.write_raw(painted.replace("\n", "\r\n"))
            output.flush()

        await run_in_terminal(write)

    # -- what stands around the prompt ------------------------------------------------------------

    def _above(self) -> StyleAndTextTuples:
        view = self._talk.view
        rows: StyleAndTextTuples = [("", "\n")]
        for preview in view.frame.previews:
            head = one_line(preview.activity) or "writing…"
            rows.append(("ansigreen bold", f"{one_line(view.agent)} "))
            rows.append(("ansibrightblack", f"{head}\n"))
            rows += to_formatted_text(ANSI(self._written(preview.text)))
        if view.run and self._talk.up and not view.frame.previews:
            rows.append(("ansibrightblack", f"{one_line(view.agent)} is working…\n"))
        if not self._talk.up:
            width = self._painter.width - 20
            for text in self._talk.sender.waiting[-MOST_WAITING:]:
                rows.append(("ansibrightblack", f"to be sent: {one_line(text, width)}\n"))
        if typing := [view.name(who) for who in view.frame.typing if who != view.me]:
            rows.append(("ansibrightblack", f"{one_line(', '.join(typing))} is typing…\n"))
        return [*rows, ("bold", PROMPT)]

    def _written(self, text: str) -> str:
        """Return an answer being written as it is painted; each is painted once."""
        if self._painted[0] != (text, self._painter.width):
            rows = "".join(f"  {row}\n" for row in self._painter.preview(text))
            self._painted = (text, self._painter.width), rows
        return self._painted[1]

    def _below(self) -> StyleAndTextTuples:
        view, waiting = self._talk.view, len(self._talk.sender.waiting)
        parts = [one_line(view.title, 40) or "session"]
        others = {view.name(each.participant) for each in view.frame.present} - {view.name(view.me)}
        parts += [f"with {one_line(', '.join(sorted(others)), 40)}"] if others else []
        parts += [] if self._talk.up else ["not connected"]
        parts += [f"{waiting} waiting to be sent"] if waiting and not self._talk.up else []
        keys = "Ctrl-C stops the answer" if view.run and self._talk.up else "Ctrl-D leaves"
        return [("", " · ".join([*parts, keys]))]

    # -- keys -------------------------------------------------------------------------------------

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        keys.add("c-c")(self._interrupt)
        keys.add("enter")(_say)
        keys.add("escape", "enter")(_new_line)
        keys.add("c-j")(_new_line)
        return keys

    def _interrupt(self, event: KeyPressEvent) -> None:
        if self._talk.view.run:
            self._aside(self._stop())
        else:
            event.current_buffer.reset()

    async def _stop(self) -> None:
        try:
            await self._talk.stop()
        except CommandError as error:
            await self._print(self._painter.note(f"not stopped: {error}", "red"))

    def _note_typing(self) -> None:
        now = time.monotonic()
        if (
            self._talk.up
            and self._prompt.default_buffer.text
            and now - self._typed_at > TYPING_EVERY
        ):
            self._typed_at = now
            self._aside(_quietly(self._talk.typing))

    def _aside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something that nothing waits for."""
        task = asyncio.create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
        return task


class _Commands(Completer):
    """Completes slash commands and the path of a file to be sent, and nothing else."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        so_far = document.text_before_cursor
        if so_far.startswith("/") and " " not in so_far:
            for name, text in (*self._talk.commands, *COMMANDS):
                if name.startswith(so_far[1:]):
                    meta = one_line(text, 60)
                    yield Completion(f"/{name}", start_position=-len(so_far), display_meta=meta)
        elif so_far.startswith(PATH_AFTER) and " " not in so_far[len(PATH_AFTER) :]:
            path = Document(so_far[len(PATH_AFTER) :])
            yield from self._paths.get_completions(path, event)


def _say(event: KeyPressEvent) -> None:
    event.current_buffer.validate_and_handle()


def _new_line(event: KeyPressEvent) -> None:
    event.current_buffer.newline(copy_margin=False)


async def _quietly(call: Callable[[], Awaitable[None]]) -> None:
    with suppress(CommandError):
        await call()


async def _end(tasks: Iterable[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
