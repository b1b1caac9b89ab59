"""A streamed answer, put together piece by piece, sans I/O.

The rules:

- Pieces of one call share an index; a new id begins a new call, also at an index that was used
  before, and so does a new name without an id (Ollama numbers every call 0, and sends it whole).
- An answer is whole only once it said why it ended: a stream that merely stops was cut off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.ids import CallId, mint


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
    """What came at once. `thinking`: words that are not meant for people."""

    text: str = ""
    thinking: bool = False
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

    text: str = ""
    calls: list[Wanted] = field(default_factory=list)
    finish: str = ""
    thoughts: list[Any] = field(default_factory=list)
    metered: Metered | None = None
    _open: dict[int, Wanted] = field(default_factory=dict)

    def add(self, piece: Piece) -> None:
        self.text += piece.text
        self.finish = piece.finish or self.finish
        self.thoughts += piece.thoughts
        self.metered = piece.metered or self.metered
        for each in piece.calls:
            self._add(each)

    def _add(self, piece: CallPiece) -> None:
        known = self._open.get(piece.index)
        if known is None or _begins(piece, known):
            known = Wanted(call=CallId(mint("k")), id=piece.id)
            self._open[piece.index] = known
            self.calls.append(known)
        known.name = known.name or piece.name
        known.arguments += piece.arguments
        known.extra |= piece.extra

    @property
    def is_whole(self) -> bool:
        return bool(self.finish)


def _begins(piece: CallPiece, known: Wanted) -> bool:
    """Say whether a piece is the first of another call than the one known at its index."""
    if piece.id:
        return piece.id != known.id
    return bool(piece.name and known.name)
