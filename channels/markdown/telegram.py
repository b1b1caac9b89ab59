"""Telegram's entities: a text, and beside it what is formatted from where to where.

Entities rather than MarkdownV2 or HTML: nothing needs escaping, so nothing is refused for it.

- Offsets and lengths are UTF-16 code units. Entities are sorted, nest properly, are not empty, and
  neither begin nor end with a space or a line break. Code holds no other entity, and lies in none
  but quotes; quotes lie in no quote and in no list.
- Telegram ignores all entities after the hundredth. The least valuable are left out before that:
  italic first, blocks of code last; a link left out leaves its address, `text (url)`.
- Telegram drops links to mail and to hosts without a dot: their address is shown in the text.

Sources: https://core.telegram.org/bots/api#messageentity, and TDLib, which the tests ask.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from channels.markdown.parse import REMEMBERED, parse
from channels.markdown.telegram_lines import Kind, Line, Mark, lines
from channels.markdown.units import utf16

LONGEST = 4096
MOST_ENTITIES = 100

WORTH: tuple[Kind, ...] = (
    "italic",
    "strikethrough",
    "bold",
    "blockquote",
    "code",
    "text_link",
    "pre",
)
"""From the least to the most valuable."""

OUTER: tuple[Kind, ...] = (
    "blockquote",
    "pre",
    "code",
    "text_link",
    "bold",
    "italic",
    "strikethrough",
)
"""Of two that cover the same text, which one comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A Bot API entity; `offset` and `length` are UTF-16 code units."""

    kind: Kind
    offset: int
    length: int
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    text: str
    entities: tuple[Entity, ...]


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> Formatted:
    """Return the text for `sendMessage`, with at most 100 entities."""
    whole = _whole(text)
    kept = _most_valuable(whole.entities)
    links = sum(entity.kind == "text_link" for entity in kept)
    if links < sum(entity.kind == "text_link" for entity in whole.entities):
        whole = _formatted(lines(parse(text), most_links=links))
        kept = _most_valuable(whole.entities)
    return Formatted(text=whole.text, entities=kept)


def size(text: str) -> int:
    """Return the share of a message that the text takes, as if it were a length of up to 4,096.

    That is its length in UTF-16 code units (Telegram counts code points, of which there are never
    more), or its share of the entities where that is larger.
    """
    whole = _whole(text)
    share = math.ceil(len(whole.entities) * LONGEST / MOST_ENTITIES)
    return max(utf16(whole.text), share)


@lru_cache(maxsize=REMEMBERED)
def _whole(text: str) -> Formatted:
    return _formatted(lines(parse(text)))


def _most_valuable(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    if len(entities) <= MOST_ENTITIES:
        return entities
    ranked = sorted(range(len(entities)), key=lambda at: (-WORTH.index(entities[at].kind), at))
    kept = sorted(ranked[:MOST_ENTITIES])
    return tuple(entities[at] for at in kept)


# -- from lines to offsets ------------------------------------------------------------------------


def _formatted(written: list[Line]) -> Formatted:
    """Join the lines, without empty ones at the ends, and find where each mark begins and ends."""
    first, last = 0, len(written)
    while first < last and _is_empty(written[first]):
        first += 1
    while first < last and _is_empty(written[last - 1]):
        last -= 1
    return _placed(written[first:last])


def _is_empty(line: Line) -> bool:
    return not any(run.text.strip() for run in line)


def _placed(written: list[Line]) -> Formatted:
    """Return the text and the entities; a mark reaches from its first visible run to its last."""
    text = "\n".join("".join(run.text for run in line) for line in written)
    skipped = len(text) - len(text.lstrip())
    places: dict[Mark, tuple[int, int]] = {}
    offset = -skipped
    for line in written:
        for run in line:
            for mark in run.marks if run.text.strip() else ():
                begin, _ = places.get(mark, (max(offset + _margin(run.text, mark), 0), 0))
                places[mark] = (begin, offset + utf16(run.text.rstrip()))
            offset += utf16(run.text)
        offset += 1
    entities = sorted((_entity(mark, *place) for mark, place in places.items()), key=_order)
    return Formatted(text=text.strip(), entities=tuple(entities))


def _margin(text: str, mark: Mark) -> int:
    """Return how many spaces at the beginning are not formatted; code keeps its indentation."""
    return 0 if mark.kind == "pre" else len(text) - len(text.lstrip())


def _entity(mark: Mark, begin: int, end: int) -> Entity:
    return Entity(
        kind=mark.kind, offset=begin, length=end - begin, url=mark.url, language=mark.language
    )


def _order(entity: Entity) -> tuple[int, int, int]:
    return entity.offset, -entity.length, OUTER.index(entity.kind)
