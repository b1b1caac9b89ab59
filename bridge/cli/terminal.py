"""The chat at a terminal: what happens is printed above a prompt that never goes away.

The rules:

- Everything printed comes from the log, also one's own words: what is on the screen was taken.
- What is being written, and by whom, stands just above the prompt and is redrawn in place.
- Enter says what was typed; Alt-Enter and Ctrl-J begin a new line, and what is pasted stays whole.
- Ctrl-C stops the answer being worked on; Ctrl-D and /quit leave. Leaving never stops anything, but
  what is just being sent of a file.
- A file goes to the bridge first; what is typed meanwhile does not wait for it.
- What is typed before the prompt stands is said line by line, as it was typed.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import (
    ANSI,
    OneStyleAndTextTuple,
    StyleAndTextTuples,
    to_formatted_text,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from bridge.cli import chat_texts
from bridge.cli.client_session import Talk
from bridge.cli.exits import CommandError
from bridge.cli.follow import Disconnected, Restored
from bridge.cli.keyboard import Keyboard, history
from bridge.cli.local_commands import Leave, Misspelt, SaveFile, SendFile, typed
from bridge.cli.outbox import InputAnswer
from bridge.cli.render import Painter
from bridge.cli.safe import one_line

PROMPT = "> "
ROWS_FOR_COMMANDS = 4
"""Kept free below the prompt, for the commands that begin with what was typed."""

MOST_WAITING = 5
"""Of what is to be sent once the bridge is back, this many last messages are shown."""

LEAVE = "/quit"
PATH_AFTER = "/file "
TYPING_EVERY = 3.0
"""Seconds between two notes to the others that something is being typed."""


class Terminal:
    """One chat on one terminal."""

    def __init__(self, talk: Talk, painter: Painter) -> None:
        self._talk = talk
        self._painter = painter
        self._typed_at = 0.0
        self._begun = ""
        self._side: set[asyncio.Task[None]] = set()
        self._files = _Files(talk, self._note)
        self._keyboard = Keyboard(sys.stdin)
        around = _Around(talk, painter)
        self._prompt: PromptSession[str] = PromptSession(
            input=self._keyboard,
            message=around.above,
            placeholder=around.hint,
            bottom_toolbar=around.below,
            key_bindings=_keys(self._interrupt),
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
        with self._keyboard.raw_mode():
            await self._chat()

    async def _chat(self) -> None:
        tasks = {
            asyncio.create_task(self._read()),
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._talk.keep_looking()),
            asyncio.create_task(self._talk.sender.run(self._taken)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end([*tasks, *self._side])
            await self._talk.look_away()
        for task in done:
            task.result()

    async def _read(self) -> None:
        ahead = self._keyboard.typed_ahead()
        for line in (*ahead.lines, *([LEAVE] if ahead.is_over else [])):
            if not await self._goes_on(line):
                return
        self._begun = ahead.rest or self._begun
        while True:
            begun, self._begun = self._begun, ""
            try:
                text = await self._prompt.prompt_async(default=begun)
            except EOFError:
                text = LEAVE
            if not await self._goes_on(text):
                return

    async def _goes_on(self, text: str) -> bool:
        """Do what was typed; return whether the chat goes on after it."""
        if typed(text) != Leave():
            await self._do(text)
            return True
        return await self._files.keep_here()

    async def _do(self, text: str) -> None:
        """Say what was typed, or do what it asks of this terminal."""
        match typed(text):
            case None if not text.strip():
                pass
            case None:
                self._talk.say(text)
                if text.strip() == "/help":
                    await self._note(chat_texts.HELP)
            case Leave():
                pass
            case Misspelt(usage=usage):
                await self._note(usage, "red")
                self._give_back(text)
            case SendFile() as sent:
                await self._note(chat_texts.sending(sent.path))
                self._files.begun(self._aside(self._files.send(sent)), sent.path)
            case SaveFile() as saved:
                self._aside(self._files.save(saved))

    async def _listen(self) -> None:
        was_cut = False
        async for signal, lines in self._talk.signals():
            if isinstance(signal, Restored):
                await self._note(chat_texts.RESTORED, "yellow")
            for line in lines:
                await self._print(self._painter.line(line))
            if isinstance(signal, Disconnected) and not was_cut:
                await self._note(chat_texts.UNREACHABLE, "yellow")
            was_cut = not self._talk.up
            self._prompt.app.invalidate()

    def _taken(self, taken: InputAnswer) -> None:
        if taken.refusal:
            self._aside(self._refused(taken))
        elif taken.accepted and taken.accepted.reply:
            self._talk.offered(one.text for one in taken.accepted.buttons)
            self._aside(self._replied(taken.accepted.reply))

    async def _replied(self, reply: str) -> None:
        await self._talk.renew()
        await self._print(self._painter.reply(reply))

    async def _refused(self, taken: InputAnswer) -> None:
        """Say why, and give back what was typed, unless something else is being typed by now."""
        await self._print(self._painter.reply(taken.refusal, "red"))
        self._give_back(taken.typed)

    def _give_back(self, text: str) -> None:
        """Put into the prompt, or the next one, what is to be corrected; never over other words."""
        if not self._prompt.app.is_running:
            self._begun = self._begun or text
        elif not self._prompt.default_buffer.text:
            self._prompt.default_buffer.insert_text(text)

    async def _note(self, text: str, style: str = "dim") -> None:
        await self._print(self._painter.note(self._talk.view.language.says(text), style))

    async def _print(self, painted: str) -> None:
        output = self._prompt.app.output

        def write() -> None:
            output.write_raw(painted.replace("\n", "\r\n"))
            output.flush()

        await run_in_terminal(write)

    # -- keys -------------------------------------------------------------------------------------

    def _interrupt(self, event: KeyPressEvent) -> None:
        if self._talk.view.run:
            self._aside(_attempt(self._talk.stop, chat_texts.not_stopped, self._note))
        else:
            event.current_buffer.reset()

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


Note = Callable[[str, str], Awaitable[None]]
"""Tells something, in a style."""


async def _attempt(
    work: Callable[[], Awaitable[object]], undone: Callable[[str], str], note: Note
) -> None:
    try:
        await work()
    except CommandError as error:
        await note(undone(str(error)), "red")


class _Files:
    """Files on their way: nothing waits for them, but leaving."""

    def __init__(self, talk: Talk, note: Note) -> None:
        self._talk = talk
        self._note = note
        self._sending: dict[asyncio.Task[None], str] = {}

    async def send(self, sent: SendFile) -> None:
        await _attempt(partial(self._talk.send_file, sent), chat_texts.not_sent, self._note)

    def begun(self, task: asyncio.Task[None], path: str) -> None:
        self._sending[task] = path

    async def save(self, saved: SaveFile) -> None:
        async def kept() -> None:
            where = await self._talk.save_file(saved)
            await self._note(chat_texts.saved(str(where)), "dim")

        await _attempt(kept, chat_texts.not_saved, self._note)

    async def keep_here(self) -> bool:
        """Say whether to stay: leaving would cut off what is being sent, so it is asked twice."""
        going = [path for task, path in self._sending.items() if not task.done()]
        self._sending.clear()
        if going:
            await self._note(chat_texts.still_sending(going), "yellow")
        return bool(going)


class _Around:
    """What stands above the prompt and below it."""

    def __init__(self, talk: Talk, painter: Painter) -> None:
        self._talk = talk
        self._painter = painter
        self._painted = ("", 0), ""

    def above(self) -> StyleAndTextTuples:
        view = self._talk.view
        rows: StyleAndTextTuples = [("", "\n")]
        for preview in view.frame.previews:
            head = one_line(preview.activity) or self._talk.view.language.says(chat_texts.WRITING)
            rows.append(("ansigreen bold", f"{one_line(view.agent)} "))
            rows.append(("ansibrightblack", f"{head}\n"))
            rows += to_formatted_text(ANSI(self._written(preview.text)))
        if view.run and self._talk.up and not view.frame.previews:
            rows.append(self._faint(chat_texts.is_working(one_line(view.agent))))
        if not self._talk.up:
            width = self._painter.width - 20
            for text in self._talk.sender.waiting[-MOST_WAITING:]:
                rows.append(self._faint(chat_texts.to_be_sent(one_line(text, width))))
        if typing := [view.name(who) for who in view.frame.typing if who != view.me]:
            rows.append(self._faint(chat_texts.are_typing([one_line(each) for each in typing])))
        return [*rows, ("bold", PROMPT)]

    def hint(self) -> StyleAndTextTuples:
        """Return what to do, as long as this person has said nothing in the session."""
        hint = self._talk.view.language.says(chat_texts.HINT)
        return [] if self._talk.has_spoken else [("ansibrightblack", hint)]

    def _faint(self, text: str) -> OneStyleAndTextTuple:
        return "ansibrightblack", f"{self._talk.view.language.says(text)}\n"

    def _written(self, text: str) -> str:
        """Return an answer being written as it is painted; each is painted once."""
        if self._painted[0] != (text, self._painter.width):
            rows = "".join(f"  {row}\n" for row in self._painter.preview(text))
            self._painted = (text, self._painter.width), rows
        return self._painted[1]

    def below(self) -> StyleAndTextTuples:
        view, waiting = self._talk.view, len(self._talk.sender.waiting)
        parts = [one_line(view.title, 40) or chat_texts.SESSION]
        others = {view.name(each.participant) for each in view.frame.present} - {view.name(view.me)}
        names = one_line(", ".join(sorted(others)), 40)
        parts += [chat_texts.present(names)] if others else []
        parts += [] if self._talk.up else [chat_texts.NOT_CONNECTED]
        parts += [chat_texts.waiting(waiting)] if waiting and not self._talk.up else []
        keys = chat_texts.STOPS if view.run and self._talk.up else chat_texts.LEAVES
        return [("", " · ".join(self._talk.view.language.says(each) for each in (*parts, keys)))]


class _Commands(Completer):
    """Completes slash commands, what a reply offered, and the path of a file to be sent."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        so_far = document.text_before_cursor
        if so_far.startswith("/") and " " not in so_far:
            for name, text in (*self._talk.commands, *chat_texts.COMMANDS):
                if name.startswith(so_far[1:]):
                    meta = one_line(self._talk.view.language.says(text), 60)
                    yield Completion(f"/{name}", start_position=-len(so_far), display_meta=meta)
        elif said := [each for each in self._talk.offers if each.startswith(so_far)]:
            for each in said if so_far else ():
                yield Completion(each, start_position=-len(so_far), display=one_line(each, 60))
        elif so_far.startswith(PATH_AFTER) and " " not in so_far[len(PATH_AFTER) :]:
            path = Document(so_far[len(PATH_AFTER) :])
            yield from self._paths.get_completions(path, event)


def _keys(interrupt: Callable[[KeyPressEvent], None]) -> KeyBindings:
    keys = KeyBindings()
    keys.add("c-c")(interrupt)
    keys.add("enter")(_say)
    keys.add("escape", "enter")(_new_line)
    keys.add("c-j")(_new_line)
    return keys


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
