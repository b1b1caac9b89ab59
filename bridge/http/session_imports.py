"""A whole session from a file, for the operator: what `bridge sessions export` wrote.

The rules:

- The file is read to its end before anything of it is kept; what is wrong with it is said with the
  number of the line, and then nothing is.
- The session, its people and its places get ids of their own, made from the hash of the file. So a
  file that is sent again is the same session, and nobody who is in it is anybody here: none of them
  is let in to anything by it.
- Its log is put in at once, when its files, people and places are kept. What went on in it is over
  (`bridge.session.copying`).
- Who imports it owns it, too, unless it is only to be kept.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from bridge.domain import session_file as form
from bridge.domain.commands import Join
from bridge.domain.display_names import clean_name
from bridge.domain.errors import Refused
from bridge.domain.events import Event
from bridge.domain.ids import ChannelName, ConversationId, MediaId, ParticipantId, SessionId
from bridge.domain.parts import Address
from bridge.domain.records import replace
from bridge.http import retention
from bridge.http.dependencies import Operator, Reach
from bridge.http.errors import Fault, failures
from bridge.http.session_files import LINES
from bridge.session.copying import brought

router = APIRouter(tags=["operator"])
router.include_router(retention.router)

IMPORT = "/v1/import"
REALM = "imported:"
"""Whose ids people had for a moment who came with a session; no platform's are called so."""

PREFIXES: dict[Any, str] = {SessionId: "s", ParticipantId: "p", ConversationId: "c"}


class Imported(BaseModel):
    """A session that came from a file; `repeated`: it had come before. `events`: of its log."""

    session: str
    events: int
    repeated: bool


@router.post(
    IMPORT,
    operation_id="import_session",
    status_code=201,
    responses=failures(400, 401, 403, 408, 413, 503, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {LINES: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def import_session(
    reach: Operator,
    request: Request,
    as_is: Annotated[bool, Query(description="Let nobody in, whoever asks neither.")] = False,  # noqa: FBT002 - a query
) -> Imported:
    """Read a whole session as a new one. A repeat is a success."""
    with tempfile.TemporaryFile(dir=reach.scratch if _is_there(reach.scratch) else None) as file:
        await _arrived(reach, request, file)
        return await taken_in(reach, file, as_is=as_is)


def _is_there(folder: Path | None) -> bool:
    return folder is not None and folder.is_dir()


async def _arrived(reach: Reach, request: Request, file: BinaryIO) -> None:
    bits = request.stream()
    try:
        while True:
            async with asyncio.timeout(reach.limits.drain):
                bit = await anext(bits, None)
            if bit is None:
                return
            await asyncio.to_thread(file.write, bit)
    except TimeoutError as error:
        raise Fault(408, "timeout", "the file stopped coming") from error
    except OSError as error:
        raise Fault(507, "no_room", f"there is no room for the file: {error.strerror}") from error


async def taken_in(reach: Reach, file: BinaryIO, *, as_is: bool) -> Imported:
    """Keep a session that stands in a file. Raises `Fault` where that is not as it is to be."""
    try:
        read = await asyncio.to_thread(form.read_session, _lines(file))
    except Refused as error:
        raise Fault(400, "malformed", str(error)) from error
    names = Ids(read)
    name = SessionId(names(SessionId, read.head.session))
    known = await reach.store.session(name)
    if known is None:
        await _files(reach, file)
        await _people(reach, read, names)
        events = await asyncio.to_thread(_log, read, names, reach.clock.now())
        await reach.store.put_session(name, events, created_at=read.head.created_at)
    if not as_is:
        await reach.sessions.submit(name, Join(participant=reach.operator, role="owner"))
        await reach.people.note_begun(reach.operator, name)
    head = await reach.store.head(name)
    return Imported(session=name, events=head, repeated=known is not None)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.readline(form.LONGEST_LINE + 1), b"")


class Ids:
    """The new id of each person, place and session in a file, the same whenever it is read."""

    def __init__(self, read: form.SessionRead) -> None:
        self._seal = read.seal

    def __call__(self, kind: Any, known: str) -> str:
        made = hashlib.sha256(f"{self._seal} {kind.__name__} {known}".encode()).hexdigest()
        return f"{PREFIXES[kind]}_{made[:16]}"


def _log(read: form.SessionRead, names: Ids, at: datetime) -> list[Event]:
    session = SessionId(names(SessionId, read.head.session))
    log = [
        replace(each, session=session, body=form.renamed(each.body, names)) for each in read.events
    ]
    return brought(log, at=at)


async def _files(reach: Reach, file: BinaryIO) -> None:
    for media, pieces in form.read_files(_lines(file)):
        blob = await reach.blobs.put(_each(pieces))
        assert blob.media == MediaId(media)


async def _each(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _people(reach: Reach, read: form.SessionRead, names: Ids) -> None:
    """Keep who and which places are named. None of them has an account, or is ever spoken in."""
    now = reach.clock.now()
    for who in read.people:
        person = ParticipantId(names(ParticipantId, who.id))
        called, since = clean_name(who.name), who.since or now
        await reach.store.enrol(person, name=called, realm=REALM, user=person, at=since)
        await reach.store.forget_identity(realm=REALM, user=person)
    for each in read.places:
        place = ConversationId(names(ConversationId, each.id))
        channel = ChannelName(f"{form.IMPORTED}{each.address.channel}")
        address = Address(channel=channel, place=f"{place} {each.address.place}")
        title = clean_name(each.title)
        await reach.store.register(place, address, room=each.room, title=title, at=now)
