"""Files: taken in before the message that carries them, and given out again.

The rules:

- Whoever has a token may put a file in; it is streamed, and kept whole or not at all.
- Whoever is in a session may read a file by its id. The id is the SHA-256 of its bytes: nobody can
  name a file that they have neither been shown nor have themselves. That it occurs in this very
  session is not looked up.
- Without a token a file is read through a link that the bridge made (`bridge.http.links`).
- Nothing of a file that someone sent may run where it is shown, whatever it says it is.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from bridge import admission_texts, texts
from bridge.domain.content import PICTURES, UNKNOWN_TYPE, AttachmentKind, kind_of, mime_of, name_of
from bridge.domain.errors import NotFound, TooLarge
from bridge.domain.ids import MediaId
from bridge.http.dependencies import Entry, Reach, TheAsker, TheReach, enter, reach_of
from bridge.http.errors import Fault, failures
from bridge.http.streaming import Flow, Leash

# -- how a file is served -------------------------------------------------------------------------

SHOWN = PICTURES | {"video/mp4", "video/webm", "video/quicktime", "video/3gpp"}
"""Types that a browser shows in place, beside every `audio/…`."""

SAVED = frozenset(
    {
        "application/pdf",
        "application/zip",
        "application/json",
        "application/rtf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "text/plain",
        "text/csv",
        "text/vcard",
        "text/calendar",
    }
)
"""Types that are told, since platforms refuse documents without one, but never shown in place."""

SAFETY: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def served_type(mime: str) -> str:
    """Return the type a file is served as: one that is harmless, or that of mere bytes."""
    mime = mime_of(mime)
    harmless = mime in SHOWN or mime in SAVED or mime.startswith("audio/")
    if not harmless:
        return UNKNOWN_TYPE
    return f"{mime}; charset=utf-8" if mime.startswith("text/") else mime


def disposition(name: str, mime: str) -> str:
    """Return whether a browser may show it in place, and how it is called when it is saved."""
    mime = mime_of(mime)
    how = "inline" if mime in SHOWN or mime.startswith("audio/") else "attachment"
    name = name_of(name)
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_headers(media: MediaId, *, name: str, mime: str, size: int) -> dict[str, str]:
    return {
        **SAFETY,
        "Content-Type": served_type(mime),
        "Content-Length": str(size),
        "Content-Disposition": disposition(name, mime),
        "ETag": f'"{media}"',
    }


# -- the routes -----------------------------------------------------------------------------------

router = APIRouter(tags=["files"])

UPLOAD = "/v1/media"
DROPPED = 16 * 1_048_576
"""Bytes of a file that is too large which are still read: a client that is cut off while it sends
does not get to read why."""

PRIVATE = {"Cache-Control": "private, max-age=86400", "Vary": "Authorization"}
FLEETING = {"Cache-Control": "private, no-store"}

_MEDIA = re.compile(r"m_[0-9a-f]{64}")

FileName = Annotated[str, Query(alias="name", description="What the file is called.")]
FileType = Annotated[str, Query(alias="type", description="Its media type.")]

_BYTES: dict[str, Any] = {
    "description": "The file.",
    "content": {UNKNOWN_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


class Uploaded(BaseModel):
    """A file that is kept, as it may stand in a message's `attachments`. `size` is in bytes."""

    media: str
    size: int
    name: str
    mime: str
    kind: AttachmentKind


@router.post(
    UPLOAD,
    operation_id="put_file",
    status_code=201,
    responses=failures(400, 401, 403, 408, 413, 503, 507),
    openapi_extra={"requestBody": {"required": True, "content": _BYTES["content"]}},
)
async def put_file(
    reach: TheReach, asker: TheAsker, request: Request, name: FileName = ""
) -> Uploaded:
    """Keep a file, whose bytes are the body and whose type is the body's. A repeat is a success."""
    if not await reach.people.browser_guests.may_bring(asker.participant):
        raise Fault(403, "refused", admission_texts.BRINGS_NO_FILES)
    return await taken_in(reach, request, name)


@router.get(
    "/v1/sessions/{session}/media/{media}",
    operation_id="get_file",
    response_class=Response,
    responses={200: _BYTES, 304: {"description": "It has it."}, **failures(401, 404, 503)},
)
async def get_file(
    entry: Annotated[Entry, Depends(enter)],
    request: Request,
    media: str,
    name: FileName = "",
    mime: FileType = UNKNOWN_TYPE,
) -> Response:
    """Give a file out, under the name and type that a message gave it."""
    return await given_out(entry.reach, request, media, name=name, mime=mime, keeping=PRIVATE)


@router.head(
    "/v1/sessions/{session}/media/{media}",
    operation_id="head_file",
    response_class=Response,
    responses={200: {"description": "It is kept."}, **failures(401, 404, 503)},
)
async def head_file(
    entry: Annotated[Entry, Depends(enter)],
    request: Request,
    media: str,
    name: FileName = "",
    mime: FileType = UNKNOWN_TYPE,
) -> Response:
    """Say whether a file is kept, and its length."""
    return await given_out(entry.reach, request, media, name=name, mime=mime, keeping=PRIVATE)


def install(app: FastAPI) -> None:
    """Serve what signed links lead to."""
    app.add_route("/media/{media}", _linked, methods=["GET", "HEAD"], include_in_schema=False)


async def _linked(request: Request) -> Response:
    reach, media, query = reach_of(request), request.path_params["media"], request.query_params
    name, mime = query.get("name", ""), query.get("type", "")
    reach.links.check(
        MediaId(media),
        name=name,
        mime=mime,
        until=query.get("until", ""),
        signature=query.get("sig", ""),
    )
    return await given_out(reach, request, media, name=name, mime=mime, keeping=FLEETING)


# -- in -------------------------------------------------------------------------------------------


async def taken_in(reach: Reach, request: Request, name: str) -> Uploaded:
    """Keep the body of a request. Raises `Fault`, `NoRoom`."""
    bits = request.stream()
    try:
        blob = await reach.blobs.put(_arriving(bits, reach.limits.drain))
    except TooLarge as error:
        await _drop(_arriving(bits, reach.limits.drain))
        raise Fault(413, "too_large", str(error), {"Connection": "close"}) from None
    if not blob.size:
        raise Fault(400, "malformed", texts.FILE_EMPTY)
    mime = mime_of(request.headers.get("content-type", ""))
    return Uploaded(
        media=blob.media, size=blob.size, name=name_of(name), mime=mime, kind=kind_of(mime)
    )


async def _arriving(bits: AsyncGenerator[bytes], patience: float) -> AsyncIterator[bytes]:
    """Yield a body's bytes as they come. Raises `Fault` when they stop coming before the end."""
    try:
        while True:
            async with asyncio.timeout(patience):
                bit = await anext(bits, None)
            if bit is None:
                return
            yield bit
    except TimeoutError:
        raise Fault(408, "timeout", "the file stopped coming; send it again") from None
    except ClientDisconnect:
        raise Fault(400, "malformed", "the file did not come to its end") from None


async def _drop(bits: AsyncIterator[bytes]) -> None:
    """Read on for a while, keeping nothing."""
    dropped = 0
    async for bit in bits:
        dropped += len(bit)
        if dropped > DROPPED:
            return


# -- out ------------------------------------------------------------------------------------------


async def given_out(
    reach: Reach, request: Request, media: str, *, name: str, mime: str, keeping: dict[str, str]
) -> Response:
    """Return a file as a response. Raises `NotFound`."""
    size = await reach.blobs.size(MediaId(media)) if _MEDIA.fullmatch(media) else None
    if size is None:
        raise NotFound(texts.FILE_GONE)
    headers = {**file_headers(MediaId(media), name=name, mime=mime, size=size), **keeping}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": headers["ETag"], **keeping})
    if request.method == "HEAD":
        return Response(headers=headers)
    return Flow(
        _leaving(reach, MediaId(media)),
        leash=Leash(),
        flows=reach.flows,
        drain=reach.limits.drain,
        media_type=headers["Content-Type"],
        headers=headers,
        whole=True,
    )


async def _leaving(reach: Reach, media: MediaId) -> AsyncGenerator[bytes]:
    async for chunk in reach.blobs.open(media):
        yield chunk
