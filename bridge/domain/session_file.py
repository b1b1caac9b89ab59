"""A session as a file of JSON lines: what `bridge sessions export` writes.

The rules:

- In this order: one `session` line, its `participant`s and `place`s, every `event` as it is stored,
  its `file`s with the `bytes` of each after it, one `end` line. docs/storage.md has their fields.
- Each line is one JSON object in UTF-8 and ends with a line feed; nothing else does.
- The last line has the SHA-256 of all lines before it: a file without it, or with another, was cut
  or changed.
- A file that is not kept (any more) has no size and no bytes.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_type_hints

from bridge.domain.codec import encode, rfc3339
from bridge.domain.errors import Refused
from bridge.domain.events import Body, Event, SettingChanged
from bridge.domain.ids import ConversationId, MediaId, ParticipantId
from bridge.domain.parts import Conversation

FORMAT = 1
END = b'{"type":"end",'
PIECE = 196_608
"""Bytes of a file on one line at most: as text they are a third more."""


@dataclass(slots=True, kw_only=True)
class Named:
    """Whom, which places and which files events name, each once, in the order of the log."""

    participants: dict[ParticipantId, None] = field(default_factory=dict)
    places: dict[ConversationId, None] = field(default_factory=dict)
    files: dict[MediaId, None] = field(default_factory=dict)

    def note(self, body: Body) -> None:
        for kind, value in _ids(body):
            self._note(kind, value)
        if isinstance(body, SettingChanged) and body.of:
            self._note(_OWNERS.get(body.scope), body.of)

    def _note(self, kind: Any, value: str) -> None:
        if kind is ParticipantId:
            self.participants[ParticipantId(value)] = None
        elif kind is ConversationId:
            self.places[ConversationId(value)] = None
        elif kind is MediaId:
            self.files[MediaId(value)] = None


_OWNERS: dict[str, Any] = {"participant": ParticipantId, "conversation": ConversationId}
_WANTED = (ParticipantId, ConversationId, MediaId)


def _ids(value: Any) -> Iterator[tuple[Any, str]]:
    """Yield the ids that a value holds, each with its type."""
    for name, kind in _kinds(value.__class__):
        found = getattr(value, name)
        for each in found if isinstance(found, tuple) else (found,):
            if is_dataclass(each):
                yield from _ids(each)
            elif kind is not None and each is not None:
                yield kind, each


@cache
def _kinds(of: type) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a dataclass, and of which of the wanted ids each is, if of one."""
    hints = get_type_hints(of)
    return tuple((each.name, _kind(hints[each.name])) for each in fields(of))


def _kind(hint: Any) -> Any:
    if hint in _WANTED:
        return hint
    return next((found for each in get_args(hint) if (found := _kind(each))), None)


# -- lines ----------------------------------------------------------------------------------------


def participant_line(who: ParticipantId, name: str, since: datetime | None) -> bytes:
    seen = None if since is None else rfc3339(since)
    return _line({"type": "participant", "id": who, "name": name, "since": seen})


def place_line(place: Conversation) -> bytes:
    address = {"channel": place.address.channel, "place": place.address.place}
    told = {"id": place.id, "address": address, "room": place.room, "title": place.title}
    return _line({"type": "place", **told})


def event_line(event: Event) -> bytes:
    """Return an event with its body as the codec writes it: what is stored, to the letter."""
    head = {"type": "event", "seq": event.seq, "at": rfc3339(event.at), "key": event.key}
    return _line(head)[:-2] + b',"body":' + encode(event.body).encode() + b"}\n"


def file_line(media: MediaId, size: int | None) -> bytes:
    return _line({"type": "file", "media": media, "size": size})


def bytes_line(piece: bytes) -> bytes:
    return _line({"type": "bytes", "data": b64encode(piece).decode()})


def session_line(**told: Any) -> bytes:
    return _line({"type": "session", "format": FORMAT, **told})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Seal:
    """Counts the lines of a file and hashes them, for its last one."""

    def __init__(self) -> None:
        self._hash, self._lines = hashlib.sha256(), 0

    def add(self, line: bytes) -> bytes:
        self._hash.update(line)
        self._lines += 1
        return line

    def end(self) -> bytes:
        return _line({"type": "end", "lines": self._lines, "sha256": self._hash.hexdigest()})

    def check(self, lines: Iterable[bytes]) -> None:
        """Read a whole file. Raises `Refused` when it was cut or changed."""
        rest = iter(lines)
        for line in rest:
            if line.startswith(END) and line == self.end():
                if any(rest):
                    raise Refused("the file goes on after its end")
                return
            self.add(line)
        raise Refused("the file was cut or changed: its last line is not the hash of the others")
