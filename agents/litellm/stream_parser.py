"""A streamed answer, put together piece by piece, sans I/O.

The rules:

- Pieces of one call share an index. At an index that was used before, another name begins another
  call; so does the same name or another id once the call before is whole (Ollama numbers every
  call 0, and sends it whole). Some servers repeat the name with every piece, or give each piece an
  id of its own: such pieces go on with the call that is not whole yet.
- Where several calls came at one index and nothing tells them apart, each JSON object in their
  arguments is a call of its own, of the tool that was named.
- An answer is whole only once it said why it ended: a stream that merely stops was cut off.
- Half a character (of UTF-16) is joined with its other half; where that never comes it is replaced.
- What the model thought is kept with what it wrote: words one by one, blocks as they are signed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.characters import but_half, joined, whole
from bridge.domain.ids import CallId, mint


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What one answer used. `cost` is in US dollars, None where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPiece:
    """`extra` is what the provider wants to see again with this call."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What came at once. `thinking`: words that are not meant for people.

    `thoughts` are pieces of the blocks that a provider signs.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[CallPiece, ...] = ()
    finish: str = ""
    thoughts: tuple[Any, ...] = ()
    metered: Metered | None = None


@dataclass(slots=True, kw_only=True)
class Wanted:
    """A call that the model asks for, as far as it has been written."""

    call: CallId
    id: str
    name: str = ""
    arguments: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Answer:
    """What a model has answered so far. `finish` is empty until it is whole."""

    written: str = ""
    thinking: str = ""
    calls: list[Wanted] = field(default_factory=list)
    finish: str = ""
    thoughts: list[dict[str, Any]] = field(default_factory=list)
    metered: Metered | None = None
    _open: dict[int, Wanted] = field(default_factory=dict)

    def add(self, piece: Piece) -> None:
        self.written = joined(self.written, piece.text)
        self.thinking = joined(self.thinking, piece.thinking)
        self.finish = piece.finish or self.finish
        self.metered = piece.metered or self.metered
        for thought in piece.thoughts:
            self._think(thought)
        for each in piece.calls:
            self._add(each)

    @property
    def text(self) -> str:
        """Return what is written, without a half character at its end, which may yet be whole."""
        return whole(self.written) if self.finish else whole(but_half(self.written))

    @property
    def is_whole(self) -> bool:
        return bool(self.finish)

    def seal(self) -> None:
        """Take calls apart, and replace what is no character in them: nothing more will come."""
        self.calls = [part for each in self.calls for part in _apart(each)]
        for each in self.calls:
            each.arguments = whole(each.arguments)
            each.name = whole(each.name)

    def _add(self, piece: CallPiece) -> None:
        known = self._open.get(piece.index)
        if known is None or _begins(piece, known):
            known = Wanted(call=CallId(mint("k")), id=piece.id)
            self._open[piece.index] = known
            self.calls.append(known)
        known.name = known.name or piece.name
        known.arguments = joined(known.arguments, piece.arguments)
        known.extra |= piece.extra

    def _think(self, thought: Any) -> None:
        """Put a block together: its words come in pieces, and its signature at last."""
        piece = {key: value for key, value in dict(thought).items() if value is not None}
        last = self.thoughts[-1] if self.thoughts else None
        goes_on = (
            last is not None
            and piece.get("type") == last.get("type") == "thinking"
            and not last.get("signature")
        )
        if last is None or not goes_on:
            self.thoughts.append(piece)
            return
        last["thinking"] = joined(last.get("thinking", ""), piece.get("thinking", ""))
        if piece.get("signature"):
            last["signature"] = piece["signature"]


def _apart(call: Wanted) -> list[Wanted]:
    """Return a call for each object that stands in the arguments of one, behind each other."""
    first, *more = _objects(call.arguments)
    if not more:
        return [call]
    call.arguments = first
    others = (Wanted(call=CallId(mint("k")), id="", name=call.name, arguments=x) for x in more)
    return [call, *others]


def _objects(text: str) -> list[str]:
    """Return the JSON objects that a text is made of; all of it where it is not of objects only."""
    found: list[str] = []
    whole, end = text.rstrip(), 0
    while end < len(whole):
        start = BLANK.match(whole, end).end()  # type: ignore[union-attr]
        try:
            value, end = DECODER.raw_decode(whole, start)
        except (ValueError, RecursionError):
            return [text]
        if not isinstance(value, dict):
            return [text]
        found.append(whole[start:end])
    return found or [text]


BLANK = re.compile(r"\s*")
DECODER = json.JSONDecoder()


def _begins(piece: CallPiece, known: Wanted) -> bool:
    """Say whether a piece is the first of another call than the one known at its index."""
    if not (piece.id or piece.name) or (piece.id and piece.id == known.id):
        return False
    if piece.name and known.name and piece.name != known.name:
        return True
    if _is_object(known.arguments):
        return True
    another = bool(piece.id and piece.name and known.id)
    return another and not known.arguments and (not piece.arguments or _is_object(piece.arguments))


def _is_object(text: str) -> bool:
    if not text.rstrip().endswith("}"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
