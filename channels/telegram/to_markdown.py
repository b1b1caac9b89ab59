"""What a person wrote, with Telegram's entities, becomes Markdown.

- What was typed without formatting stays as it is, literal. Among formatting it is escaped.
- Emphasis is put on each line by itself, and outside of spaces, as CommonMark asks.
- A quote and a block of code stand between blank lines.
- The bot's own mention goes, with the comma or colon behind it, unless nothing else was said. One
  in a quote or in code is no address: it stays.

Offsets are UTF-16 code units. See https://core.telegram.org/bots/api#messageentity.
"""

import re
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bridge.domain import literal
from bridge.domain.content import Content
from channels.telegram.schema import Entity

DEEPEST = 16
"""Entities that lie in each other and are read; Telegram lets a few do so."""

CALLED, OPENED, CLOSED = "\0", "\1", "\2"
"""Where the bot was mentioned, and where a block begins and ends: no message contains these."""

CALL = re.compile(
    rf"\A\s*{CALLED}[,:;]?\s*|(?<=\n)[ \t]*+{CALLED}[,:;]?(?:[ \t]*\n|[ \t]*)"
    rf"|(?<!\s)[ \t]*+{CALLED}(?=[\s.,:;!?]|$)|{CALLED}[ \t]*"
)
"""The bot's mention, with what belongs to it: never with the line break that ends a quote."""

BLOCK_BEGINS = re.compile(rf"(?<!\n)\n*+{OPENED}")
BLOCK_ENDS = re.compile(rf"{CLOSED}\n*")
AWKWARD_URL = re.compile(r"[\s()<>]")
TICKS = re.compile(r"`+")

FORMATTING = frozenset(
    {"bold", "italic", "strikethrough", "code", "pre", "blockquote", "expandable_blockquote"}
)
APART = frozenset({"code", "pre", "blockquote", "expandable_blockquote"})
"""In these nobody is spoken to: they show what somebody wrote, or might."""

EMPHASIS = {"bold": "**", "italic": "*", "strikethrough": "~~"}

WRITTEN_CODE = re.compile(r"(?<![\\`])(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
"""Code in the Markdown that is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The bot, as people call it."""

    id: int
    username: str

    def is_called(self, entity: Entity, said: str) -> bool:
        match entity.type:
            case "mention":
                return said.casefold() == f"@{self.username}".casefold()
            case "text_mention":
                return entity.user is not None and entity.user.id == self.id
            case _:
                return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """An entity in code points. `mark` is its type, or `CALLED` for the bot's own mention."""

    start: int
    end: int
    mark: str
    entity: Entity


def calls(text: str, entities: Sequence[Entity], bot: Named) -> bool:
    """Say whether the bot is mentioned."""
    return any(span.mark == CALLED for span in _spans(text, entities, bot))


def command(text: str, entities: Sequence[Entity]) -> str:
    """Return the command a message begins with ("/stop@bot"), or nothing."""
    first = min(entities, key=lambda each: (each.offset, each.type not in APART), default=None)
    if first is None or first.type != "bot_command" or first.offset:
        return ""
    return text[: first.length]  # a command is ASCII


def is_formatted(entities: Iterable[Entity]) -> bool:
    """Say whether anything is formatted, and not merely found to be a name or an address."""
    return any(
        each.type in FORMATTING or (each.type == "text_link" and not each.url.startswith("tg:"))
        for each in entities
    )


def content(text: str, entities: Sequence[Entity], bot: Named) -> Content:
    """Return the text: as Markdown where it is formatted, else to the letter."""
    spans = list(_spans(text, entities, bot))
    is_literal = not is_formatted(each.entity for each in spans)
    waiting = deque(spans)
    written = _written(text, 0, len(text), waiting, str if is_literal else literal.escaped)
    words = CALL.sub("", _parted(written)).strip() or text.strip()
    if not is_literal:
        words = literal.laid_out(words, WRITTEN_CODE)
    return Content(text=words, literal=bool(words) and is_literal)


def _parted(written: str) -> str:
    """Return what was written with an empty line on both sides of each block."""
    return BLOCK_ENDS.sub("\n\n", BLOCK_BEGINS.sub("\n\n", written))


def _spans(text: str, entities: Iterable[Entity], bot: Named) -> Iterator[_Span]:
    """Yield the entities, the outer before what it contains."""
    points = _points(text)
    apart = 0
    for entity in sorted(entities, key=_outer_first):
        start, end = points(entity.offset), points(entity.offset + entity.length)
        if 0 <= start < end:
            apart = max(apart, end) if entity.type in APART else apart
            is_called = start >= apart and bot.is_called(entity, text[start:end])
            mark = CALLED if is_called else entity.type
            yield _Span(start=start, end=end, mark=mark, entity=entity)


def _outer_first(entity: Entity) -> tuple[int, int, bool]:
    return entity.offset, -entity.length, entity.type not in APART


def _points(text: str) -> Callable[[int], int]:
    """Return what says how many code points lie before an offset."""
    if text.isascii() or max(text) <= "\uffff":
        return lambda offset: min(max(offset, 0), len(text))
    at = array("L")
    for number, char in enumerate(text):
        at.extend((number, number + 1) if char > "\uffff" else (number,))
    at.append(len(text))
    return lambda offset: at[min(max(offset, 0), len(at) - 1)]


def _written(  # noqa: PLR0917 - what is written, and how
    text: str,
    start: int,
    end: int,
    spans: deque[_Span],
    plain: Callable[[str], str],
    depth: int = DEEPEST,
) -> str:
    """Write what lies between `start` and `end`; takes its spans out of the queue."""
    written = []
    while spans and spans[0].start < end:
        span = spans.popleft()
        stop = min(span.end, end)
        if stop <= start or not depth:
            continue
        written.append(plain(text[start : max(start, span.start)]))
        as_code = span.mark in {"code", "pre"}
        own = str if as_code else plain
        inner = _written(text, max(start, span.start), stop, spans, own, depth - 1)
        written.append(_marked(span, inner))
        start = stop
    written.append(plain(text[start:end]))
    return "".join(written)


def _marked(span: _Span, inner: str) -> str:
    match span.mark:
        case "bold" | "italic" | "strikethrough" as kind:
            return "\n".join(_emphasised(line, EMPHASIS[kind]) for line in inner.split("\n"))
        case "code" if "\n" not in inner:
            return _code(inner)
        case "code" | "pre":
            return _fenced(inner, span.entity.language)
        case "text_link" if not span.entity.url.startswith("tg:"):
            return _linked(inner, span.entity.url)
        case "blockquote" | "expandable_blockquote":
            lines = literal.laid_out(_parted(inner).strip("\n"), WRITTEN_CODE).split("\n")
            quoted = "\n".join(f"> {line}".rstrip() for line in lines)
            return f"{OPENED}{quoted}{CLOSED}"
        case mark if mark == CALLED:
            return CALLED
        case _:
            return inner


def _emphasised(line: str, sign: str) -> str:
    core = line.strip()
    if not core:
        return line
    lead = line[: line.index(core)]
    return f"{lead}{sign}{core}{sign}{line[len(lead) + len(core) :]}"


def _code(inner: str) -> str:
    ticks = "`" * (_longest_ticks(inner) + 1)
    room = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{ticks}{room}{inner}{room}{ticks}"


def _fenced(inner: str, language: str) -> str:
    fence = "`" * max(3, _longest_ticks(inner) + 1)
    return f"{OPENED}{fence}{language}\n{inner.strip(chr(10))}\n{fence}{CLOSED}"


def _longest_ticks(inner: str) -> int:
    return max((len(ticks) for ticks in TICKS.findall(inner)), default=0)


def _linked(inner: str, url: str) -> str:
    if inner == url:
        return inner
    label = inner.replace("[", "&#91;")  # the other one is escaped
    return f"[{label}](<{url}>)" if AWKWARD_URL.search(url) else f"[{label}]({url})"
