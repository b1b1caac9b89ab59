"""The outermost layer: who is asking, how much they send, and what never leaves.

Everything under `/v1/` needs a token, a participant's or, under `/v1/agents/`, that agent's: a
route that forgets to ask cannot exist. A body is read here, bounded in size and time, once it is
known who sends it or, of a platform, that the account exists; it is JSON, but for what platforms
send. A file alone passes through as it comes; where no body belongs none is read. An unexpected
error is answered in our shape and logged by its kind and place, since its text may hold what
people said.
"""

import asyncio
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.errors import StoreUnavailable
from bridge.http.auth import Tokens, token_in
from bridge.http.faults import RETRY_SECONDS, Fault, response, translate
from bridge.http.limits import Limits
from bridge.http.media import UPLOAD
from bridge.ids import ChannelName
from bridge.ports import AgentReceiving, Receiving

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
    """An ASGI middleware. `receiving` are the channels whose platforms call them."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Tokens,
        agents: Mapping[str, AgentReceiving],
        receiving: Mapping[ChannelName, Receiving],
        limits: Limits,
    ) -> None:
        self._app, self._tokens, self._agents, self._receiving = app, tokens, agents, receiving
        self._limits, self._body = limits, limits.body
        self._held = 0

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
        if not _has_body(headers) or _UPLOADS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
        elif scope["path"].startswith(GUARDED):
            _check_type(headers)
            body = _text(await self._read(receive))
            await self._app(scope, _Replay(body, receive), send)
        elif scope["path"].startswith(PLATFORMS):
            await self._call(scope, receive, send)
        else:
            await self._app(scope, _Replay(b"", receive), send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what a platform sends, unless all of them together send too much at once."""
        account = scope["path"].removeprefix(PLATFORMS).partition("/")[0]
        if account not in self._receiving:
            raise Fault(404, "not_found", "nothing is called here", {"Connection": "close"})
        held = _Held()
        try:
            body = await self._read(receive, held)
            await self._app(scope, _Replay(body, receive), send)
        finally:
            self._held -= held.bytes

    def _admit_agent(self, path: str, headers: Headers) -> None:
        agent = self._agents.get(path.removeprefix(AGENTS).partition("/")[0])
        token = token_in(headers.get("authorization", ""))
        if agent is None or token is None or not agent.admits(token):
            raise Fault(401, "unauthorized", "this is no agent's token", BEARER)

    async def _read(self, receive: Receive, held: "_Held | None" = None) -> bytes:
        limit = asyncio.timeout(self._limits.body_time)
        try:
            async with limit:
                return await self._received(receive, held)
        except TimeoutError:
            if not limit.expired():
                raise
            message = "the body did not come in time"
            raise Fault(408, "timeout", message, {"Connection": "close"}) from None

    async def _received(self, receive: Receive, held: "_Held | None") -> bytes:
        body, received, more = bytearray(), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            received += len(chunk)
            if received <= self._body:
                body += chunk
                self._hold(held, len(chunk))
            elif received > self._body * OVERLONG:
                break
        if received > self._body:
            raise _too_large(self._body, close=more)
        return bytes(body)

    def _hold(self, held: "_Held | None", size: int) -> None:
        if held is None:
            return
        held.bytes += size
        self._held += size
        if self._held > self._limits.held:
            headers = {"Retry-After": RETRY_SECONDS, "Connection": "close"}
            raise Fault(503, "unavailable", "too much is sent at once; call again", headers)


@dataclass(slots=True)
class _Held:
    """What one call takes of the memory that all of them share."""

    bytes: int = 0


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
