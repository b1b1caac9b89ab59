"""The outermost layer: who is asking, how much they send, and what never leaves.

Everything under `/v1/` needs a token, a participant's or, under `/v1/agents/`, that agent's: a
route that forgets to ask cannot exist. A body is read here, bounded, before anything looks at it;
it is JSON, but for what platforms send. A file alone passes through as it comes. An unexpected
error is answered in our shape and logged by its kind and place, since its text may hold what
people said.
"""

import re
import traceback
from collections.abc import Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.errors import StoreUnavailable
from bridge.http.auth import Tokens, token_in
from bridge.http.faults import Fault, response, translate
from bridge.http.media import UPLOAD
from bridge.ports import AgentReceiving

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src blob:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
GUARDED = "/v1/"
AGENTS = "/v1/agents/"
PLATFORMS = "/channels/"
JSON = "application/json"
BEARER = {"WWW-Authenticate": "Bearer"}
OVERLONG = 16
"""Times the limit: so far a body that is too large is read and dropped, because a client that is
cut off while it still sends does not get to read why."""

_UPLOADS = re.compile(rf"{UPLOAD}|{AGENTS}[^/]+/media")
"""Paths whose bodies are files, of any size and type."""

_log = structlog.get_logger()


class Edge:
    """An ASGI middleware; `body` is the most bytes of one."""

    def __init__(
        self, app: ASGIApp, *, tokens: Tokens, agents: Mapping[str, AgentReceiving], body: int
    ) -> None:
        self._app, self._tokens, self._agents, self._body = app, tokens, agents, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        outgoing = _Outgoing(scope, send)
        try:
            await self._admit(scope, receive, outgoing)
        except _Gone:
            return
        except Fault as fault:
            await response(fault)(scope, receive, outgoing)
        except Exception as error:  # noqa: BLE001 -- every request is supervised here
            await _failed(error, scope, receive, outgoing)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["path"].startswith(AGENTS):
            self._admit_agent(scope["path"], headers)
        elif scope["path"].startswith(GUARDED):
            asker = await self._tokens.asker(headers.get("authorization", ""))
            if asker is None:
                raise _unauthorized(given="authorization" in headers)
            scope.setdefault("state", {})["asker"] = asker
        if _has_body(headers) and not _UPLOADS.fullmatch(scope["path"]):
            receive = _Replay(await self._whole(scope, headers, receive), receive)
        await self._app(scope, receive, send)

    def _admit_agent(self, path: str, headers: Headers) -> None:
        agent = self._agents.get(path.removeprefix(AGENTS).partition("/")[0])
        token = token_in(headers.get("authorization", ""))
        if agent is None or token is None or not agent.admits(token):
            raise Fault(401, "unauthorized", "this is no agent's token", BEARER)

    async def _whole(self, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        if scope["path"].startswith(PLATFORMS):
            return await self._read(receive)
        _check_type(headers)
        return _text(await self._read(receive))

    async def _read(self, receive: Receive) -> bytes:
        body, received, more = bytearray(), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            received += len(chunk)
            if received <= self._body:
                body += chunk
            elif received > self._body * OVERLONG:
                break
        if received > self._body:
            raise _too_large(self._body, close=more)
        return bytes(body)


class _Gone(Exception):
    """The client left in the middle of its request."""


class _Replay:
    """Receives a body that was read already, then whatever comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Outgoing:
    """Adds to every response what browsers must be told."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.started = False
        self._private = scope["path"].startswith(GUARDED)
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(raw=message["headers"])
            headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
            if self._private:
                headers.setdefault("Cache-Control", "private, no-store")
        await self._send(message)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _check_type(headers: Headers) -> None:
    media, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        raise Fault(415, "unsupported_media_type", f"the body must be {JSON}, in UTF-8")


def _text(body: bytes) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        message = f"the body is not UTF-8: byte {error.start} cannot be read"
        raise Fault(400, "malformed", message) from None
    return body


def _unauthorized(*, given: bool) -> Fault:
    message = (
        "this token is not known (any more); ask for a new one"
        if given
        else "send the header `Authorization: Bearer <token>`; the owner's token is in the file"
        " `owner-token` of the data folder"
    )
    return Fault(401, "unauthorized", message, BEARER)


def _too_large(most: int, *, close: bool) -> Fault:
    message = f"the body is larger than {most} bytes; send less at a time"
    return Fault(413, "too_large", message, {"Connection": "close"} if close else None)


async def _failed(error: Exception, scope: Scope, receive: Receive, send: _Outgoing) -> None:
    if isinstance(error, StoreUnavailable):
        fault = translate(error)
    else:
        fault = Fault(500, "internal", "something went wrong in the bridge; its log says what")
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        _log.error("http.failed", path=scope["path"], error=type(error).__name__, where=where)
    if not send.started:
        await response(fault)(scope, receive, send)
