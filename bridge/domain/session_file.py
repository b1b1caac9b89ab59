"""A session as a file of JSON lines: what `bridge sessions export` writes, and `import` reads.

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
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bridge.domain.codec import decode, encode, rfc3339
from bridge.domain.errors import Refused, StoreError
from bridge.domain.events import Body, Event, SettingChanged, Source
from bridge.domain.ids import ChannelName, ConversationId, MediaId, ParticipantId, SessionId
from bridge.domain.parts import Conversation

FORMAT = 1
END = b'{"type":"end",'
IMPORTED = "imported:"
"""How the account begins of a place that came with a session: no account is called so, so nobody
speaks there and nothing is shown. Its address begins with its own id, so that it is nobody else's.
"""

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
_WANTED = (ParticipantId, ConversationId, MediaId, SessionId)


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
    channel, there = place.address.channel, place.address.place
    if channel.startswith(IMPORTED):
        channel, there = ChannelName(channel.removeprefix(IMPORTED)), there.partition(" ")[2]
    address = {"channel": channel, "place": there}
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


# -- reading it back ------------------------------------------------------------------------------

LONGEST_LINE = 64 * 1_048_576
"""Bytes of one line that are read; no message is as long."""

Id = Annotated[str, Field(min_length=1, max_length=200)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SessionHead(_Line):
    type: Literal["session"]
    format: int
    session: Id
    title: str
    archived: bool
    created_at: AwareDatetime
    epoch: str
    exported_at: AwareDatetime
    participants: int
    places: int
    events: int
    files: int
    erased: int = 0


class PersonLine(_Line):
    type: Literal["participant"]
    id: Id
    name: str
    since: AwareDatetime | None


class _Address(_Line):
    channel: str
    place: str


class PlaceLine(_Line):
    type: Literal["place"]
    id: Id
    address: _Address
    room: bool
    title: str


class _EventLine(_Line):
    type: Literal["event"]
    seq: int
    at: AwareDatetime
    key: str | None
    body: dict[str, Any]


class _FileLine(_Line):
    type: Literal["file"]
    media: Id
    size: int | None


class _BytesLine(_Line):
    type: Literal["bytes"]
    data: str


class _EndLine(_Line):
    type: Literal["end"]
    lines: int
    sha256: str


_AnyLine = SessionHead | PersonLine | PlaceLine | _EventLine | _FileLine | _BytesLine | _EndLine
_ORDER: tuple[type[_Line], ...] = (SessionHead, PersonLine, PlaceLine, _EventLine, _FileLine)


@cache
def _reading() -> TypeAdapter[_AnyLine]:
    return TypeAdapter(Annotated[_AnyLine, Field(discriminator="type")])


@dataclass(slots=True, kw_only=True)
class SessionRead:
    """What a file says, once all of it was read. `seal` is the hash of its lines."""

    head: SessionHead
    people: list[PersonLine] = field(default_factory=list)
    places: list[PlaceLine] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    files: dict[MediaId, int | None] = field(default_factory=dict)
    seal: str = ""


def read_session(lines: Iterable[bytes]) -> SessionRead:
    """Read a whole file. Raises `Refused`, which names the line, for what is not as it is to be.

    Of its files only the size and the hash of the bytes are looked at; `read_files` yields these.
    """
    reader, number = _Reader(), 0
    for number, line in enumerate(lines, start=1):
        try:
            reader.take(line)
        except ValidationError as error:
            raise Refused(f"line {number}: {_what(error)}") from None
        except (ValueError, StoreError, RecursionError) as error:
            raise Refused(f"line {number}: {error}") from None
    if reader.found is None or not reader.found.seal:
        raise Refused(f"line {number + 1}: the file was cut: its last line is not there")
    return reader.found


def _what(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(each) for each in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


class _Reader:
    """Takes one line after the other. Raises `ValueError` and the like for one that is wrong."""

    def __init__(self) -> None:
        self.found: SessionRead | None = None
        self._seal, self._stage = Seal(), 0
        self._keys: set[str] = set()
        self._file: tuple[MediaId, int] | None = None
        self._hash, self._size = hashlib.sha256(), 0

    def take(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise ValueError("it is too long")
        if self.found is not None and self.found.seal:
            raise ValueError("the file goes on after its end")
        if not line.endswith(b"\n"):
            raise ValueError("the file was cut: it does not end with a line feed")
        told = _reading().validate_json(line)
        if self.found is None:
            self._begin(told)
        elif isinstance(told, _BytesLine):
            self._piece(told)
        elif isinstance(told, _EndLine):
            self._end(self.found, told, line)
            return
        else:
            self._next(self.found, told)
        self._seal.add(line)

    def _begin(self, told: _AnyLine) -> None:
        if not isinstance(told, SessionHead):
            raise ValueError("this is no exported session: it begins with another line")  # noqa: TRY004
        if told.format != FORMAT:
            raise ValueError(f"format {told.format} is of another version of Bridgehead")
        self.found = SessionRead(head=told)

    def _next(self, found: SessionRead, told: _AnyLine) -> None:
        self._file_is_whole()
        stage = _ORDER.index(type(told))
        if stage < max(self._stage, 1):
            raise ValueError(f"a line of type {told.type} does not stand here")
        self._stage = stage
        match told:
            case PersonLine():
                found.people.append(told)
            case PlaceLine():
                found.places.append(told)
            case _EventLine():
                found.events.append(self._event(found, told))
            case _FileLine(media=media, size=size):
                if media in found.files:
                    raise ValueError("this file was there before")
                found.files[MediaId(media)] = size
                if size is not None:
                    self._file = MediaId(media), size
                    self._hash, self._size = hashlib.sha256(), 0
            case _:
                raise ValueError(f"a line of type {told.type} does not stand here")

    def _event(self, found: SessionRead, told: _EventLine) -> Event:
        if told.seq != len(found.events) + 1:
            raise ValueError(f"event {len(found.events) + 1} comes next, not {told.seq}")
        if told.key is not None and told.key in self._keys:
            raise ValueError("two events have one key")
        self._keys |= {told.key} if told.key is not None else set()
        text = json.dumps(told.body, ensure_ascii=False, separators=(",", ":"))
        session, at = SessionId(found.head.session), told.at.astimezone(UTC)
        return Event(session=session, seq=told.seq, at=at, body=decode(text), key=told.key)

    def _piece(self, told: _BytesLine) -> None:
        if self._file is None:
            raise ValueError("these bytes are of no file")
        piece = b64decode(told.data, validate=True)
        self._hash.update(piece)
        self._size += len(piece)
        if not 0 < len(piece) <= PIECE or self._size > self._file[1]:
            raise ValueError("these are more bytes than there are to be")

    def _file_is_whole(self) -> None:
        if self._file is not None:
            media, size = self._file
            if self._size != size or media != f"m_{self._hash.hexdigest()}":
                raise ValueError("the bytes of the file before are not all there, or are others")
        self._file = None

    def _end(self, found: SessionRead, told: _EndLine, line: bytes) -> None:
        self._file_is_whole()
        head = found.head
        counted = (head.participants, head.places, head.events, head.files)
        kept = (len(found.people), len(found.places), len(found.events), len(found.files))
        if counted != kept:
            raise ValueError("the file has not as many lines as its first one says")
        if line != self._seal.end():
            raise ValueError("the file was changed: this is not the hash of its lines")
        found.seal = told.sha256


def read_files(lines: Iterable[bytes]) -> Iterator[tuple[MediaId, Iterator[bytes]]]:
    """Yield the files of one that was read before, each with its pieces."""
    media: MediaId | None = None
    pieces: list[bytes] = []
    for line in lines:
        if line.startswith(b'{"type":"bytes"'):
            pieces.append(b64decode(json.loads(line)["data"]))
            continue
        if media is not None:
            yield media, iter(pieces)
        told = json.loads(line) if line.startswith(b'{"type":"file"') else {}
        media, pieces = (told["media"], []) if told.get("size") is not None else (None, [])


# -- under other ids ------------------------------------------------------------------------------

Renaming = Callable[[Any, str], str]
"""Returns the new id in place of one of a type."""


def renamed(body: Body, to: Renaming) -> Body:
    """Return a body in which people, places and sessions are called otherwise. Files are not."""
    body = _renamed(body, to)
    if isinstance(body, SettingChanged) and body.of and body.scope in _OWNERS:
        return replace(body, of=to(_OWNERS[body.scope], body.of))
    return body


def _renamed(value: Any, to: Renaming) -> Any:
    changes: dict[str, Any] = {}
    for name, kind in _kinds(value.__class__):
        found = getattr(value, name)
        if isinstance(found, tuple):
            changes[name] = tuple(_one(each, kind, to) for each in found)
        else:
            changes[name] = _one(found, kind, to)
    if isinstance(value, Source) and value.kind == "background" and value.name:
        changes["name"] = to(SessionId, value.name)
    return replace(value, **changes)


def _one(value: Any, kind: Any, to: Renaming) -> Any:
    if is_dataclass(value):
        return _renamed(value, to)
    is_id = kind in {ParticipantId, ConversationId, SessionId} and isinstance(value, str)
    return to(kind, value) if is_id else value
