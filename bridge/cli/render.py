"""Lines as a terminal shows them: Markdown rendered, and nothing of it able to do harm."""

import io
from datetime import UTC, datetime
from itertools import dropwhile

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from bridge.cli.safe import one_line, plain
from bridge.cli.view import Line
from bridge.delivery.markdown_budget import is_affordable
from bridge.delivery.markdown_rules import (
    FriendlyInline,
    bare_links,
    formulas,
    line_breaks,
    names,
    tasks,
)

LONGEST = 60_000
"""Characters of what is read as Markdown; what is longer is shown as it was written."""

PREVIEW_ROWS = 12
"""Of a long answer being written, this many last rows are shown."""

LONGEST_RENDERED = 20_000
"""Characters of an answer being written: the end of a longer one is shown as it is."""


def _reader() -> MarkdownIt:
    """Return a parser with the rules that chat apps are shown the same words by."""
    made = MarkdownIt("commonmark", {"html": False})
    made.inline = FriendlyInline()
    made.configure("commonmark", {"html": False}).enable("strikethrough").enable("table")
    bare_links(made, linked=False)
    line_breaks(made)
    formulas(made)
    names(made)
    tasks(made)
    return made


class _Said(Markdown):
    """Markdown whose HTML is text like any other, and whose links say where they lead."""

    _parser = _reader()

    def __init__(self, text: str, style: str = "none") -> None:
        super().__init__("", hyperlinks=False, style=style)
        self.markup = text
        self.parsed = self._parser.parse(text)
        for token in self.parsed:
            if formula := token.meta.get("formula"):
                token.children = [Token("text", "", 0, content=str(formula))]
            for child in token.children or ():
                if child.type == "softbreak":  # in a chat a new line is one
                    child.type = "hardbreak"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Leave out the empty line that rich puts above a list, also where that comes first."""
        rendered = super().__rich_console__(console, options)
        return dropwhile(lambda each: isinstance(each, Segment) and each.text == "\n", rendered)


def _said(text: str, style: str = "none") -> RenderableType:
    """Return the text rendered, or plain where reading it would take too long."""
    return _Said(text, style) if is_affordable(text, longest=LONGEST) else Text(text, style)


BLOCKS = ("said", "answer", "question")
"""Looks that stand apart from what is above and below; the others stay close together."""


class Painter:
    """Renders lines for one console, as text that can be written to it as it is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._after_block = False

    @property
    def width(self) -> int:
        return self._console.width

    def line(self, line: Line) -> str:
        return self._paint(_painted(line, _time(line.at)), block=line.look in BLOCKS)

    def preview(self, text: str, rows: int = PREVIEW_ROWS) -> list[str]:
        """Return the last rows of an answer being written, painted like the whole one will be."""
        width = max(self.width - 4, 10)
        if len(text) > LONGEST_RENDERED:
            return preview_rows(text[-LONGEST_RENDERED:], width, rows)
        with self._console.capture() as captured:
            self._console.print(_Said(plain(text)), width=width)
        painted = captured.get().split("\n")
        while painted and not painted[-1].strip():
            painted.pop()
        return painted[-rows:]

    def reply(self, text: str, style: str = "none") -> str:
        """Paint what is said to whoever asked alone."""
        return self._paint(Padding(_said(plain(text), style), (0, 0, 0, 2)), block=True)

    def note(self, text: str, style: str = "dim") -> str:
        return self._paint(Text(plain(text), style), block=False)

    def _paint(self, shown: RenderableType, *, block: bool) -> str:
        apart = block or self._after_block
        self._after_block = block
        with self._console.capture() as captured:
            self._console.print(Group("", shown) if apart else shown)
        return captured.get()


def console() -> Console:
    """Return the terminal's console. Nothing is ever read as rich's own markup."""
    return Console(markup=False, emoji=False, highlight=False)


def _time(at: datetime | None) -> str:
    """Return when something was said, by this machine's clock; the day, too, if not today."""
    if at is None:
        return ""
    here = at.astimezone()
    return here.strftime(
        "%H:%M" if here.date() == datetime.now(UTC).astimezone().date() else "%Y-%m-%d %H:%M"
    )


def _painted(line: Line, time: str) -> RenderableType:
    text = plain(line.text)
    match line.look:
        case "tool":
            return Text(f"  ⚙ {one_line(line.text)}", "dim")
        case "aside":
            return _said(text, "dim")
        case "interim":
            files = [Text(one_line(file), "dim") for file in line.files]
            return Padding(Group(_said(text, "dim"), *files), (0, 0, 0, 2))
        case "said" | "answer" | "question":
            style = {"said": "bold cyan", "answer": "bold green", "question": "bold yellow"}
            head = Text(one_line(line.speaker) or "·", style[line.look])
            head.append(f"  {time}" if time else "", "not bold dim default")
            words: list[RenderableType] = []
            words += [Text(f"▌ {one_line(line.about)}", "dim")] if line.about else []
            words += [Text(text) if line.literal else _said(text)] if text.strip() else []
            files = [Text(one_line(file), "cyan") for file in line.files]
            return Group(head, Padding(Group(*words, *files), (0, 0, 0, 2)))


def unadorned(line: Line) -> str:
    """Return a line as plain text, for a pipe or a file: its Markdown as it was written."""
    speaker = f"{one_line(line.speaker)}: " if line.speaker else ""
    if line.look == "tool":
        return f"[{one_line(line.text)}]"
    about = [f"> {one_line(line.about)}"] if line.about else []
    said = [*about, plain(line.text), *(one_line(file) for file in line.files)]
    return speaker + "\n".join(part for part in said if part)


def preview_rows(text: str, width: int, rows: int = PREVIEW_ROWS) -> list[str]:
    """Return the last rows of a text being written, wrapped to a width."""
    narrow = Console(file=io.StringIO(), width=max(width, 10), markup=False, highlight=False)
    wrapped = Text(plain(text)).wrap(narrow, max(width, 10))
    return [row.plain.rstrip() for row in wrapped][-rows:]
