"""The outermost layer: who is asking, how much they send, and what never leaves.

Everything under `/v1/` needs a token, a participant's or, under `/v1/agents/`, that agent's: a
route that forgets to ask cannot exist. A body is read here, bounded in size and time, once it is
known who sends it or, of a platform or a hook, that the account or the hook exists; it is JSON, but
for what platforms send. Who signs in by an invitation has no token yet, and sends little; so does a
notification, with what was sealed for it. A file
alone passes through as it comes; where no body belongs none is read. An unexpected error is
answered in our shape and logged by its kind and place, since its text may hold what people said.
"""

import asyncio
import re
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.domain.errors import StoreUnavailable
from bridge.domain.ids import ChannelName
from bridge.domain.json_values import has_more_than
from bridge.hooks.hook import Hook
from bridge.hooks.payload import takes
from bridge.http import compatible
from bridge.http.auth import Tokens, token_in
from bridge.http.errors import RETRY_SECONDS, Fault, response, translate
from bridge.http.hook_desk import NO_HOOK, HookDesk
from bridge.http.limits import Limits
from bridge.http.media import UPLOAD
from bridge.http.metrics import METRICS
from bridge.http.session_imports import IMPORT
from bridge.ports.agent import AgentReceiving
from bridge.ports.channel import Receiving

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src blob:;"
    " connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self';"
    " base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
GUARDED = "/v1/"
AGENTS = "/v1/agents/"
PLATFORMS = "/channels/"
HOOKS = "/hooks/"
SIGN_IN = "/sign-in"
DEED = "/push-deed"
SMALL = 4096
"""Bytes of what is sent to sign in, or from a notification, without a token that is known."""

JSON = "application/json"
MOST_PARAMETERS = 100
"""Of an address; tens of thousands fit in a head, and anybody may send one."""

MOST_VALUES = 5_000
"""Of a body; to say what is wrong with each of more of them would keep others waiting."""

BEARER = {"WWW-Authenticate": "Bearer"}
OVERLONG = 16
"""Times the limit: so far a body that is too large is read and dropped, because a client that is
cut off while it still sends does not get to read why."""

SHARES = 4
"""Into which the memory for bodies is divided that come with a token; nobody has more than one."""

_UPLOADS = re.compile(rf"{UPLOAD}|{IMPORT}|{AGENTS}[^/]+/media")
"""Paths whose bodies are files, of any size and type."""

_REPORTS = re.compile(rf"{AGENTS}[^/]+/runs/.*", re.DOTALL)
"""Paths whose bodies are bounded where they are read (`agents.lines.output_schema`)."""

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
        hooks: HookDesk,
        limits: Limits,
    ) -> None:
        self._app, self._tokens, self._agents, self._receiving = app, tokens, agents, receiving
        self._hooks, self._limits, self._body = hooks, limits, limits.body
        self._of_platforms, self._of_people = _Room(limits.held), _Room(limits.held)

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
        if scope["query_string"].count(b"&") > MOST_PARAMETERS:
            raise Fault(400, "malformed", f"the address has more than {MOST_PARAMETERS} parameters")
        if scope["path"].startswith(AGENTS):
            self._admit_agent(scope["path"], headers)
        elif scope["path"].startswith(GUARDED) or scope["path"] == METRICS:
            await self._admit_asker(scope, headers.get("authorization", ""))
        elif compatible.is_called(scope["path"], scope["method"]):
            given = headers.get("authorization", "")
            await self._admit_asker(scope, compatible.token_of(given))
        if scope["path"] in {SIGN_IN, DEED} and _has_body(headers):
            _check_type(headers)
            _check_small(headers)
            await self._app(scope, _Replay(_text(await self._read(receive)), receive), send)
        elif not _has_body(headers) or _UPLOADS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
        elif scope["path"].startswith(GUARDED):
            _check_type(headers)
            await self._hear(scope, receive, send)
        elif scope["path"].startswith(PLATFORMS):
            await self._call(scope, receive, send)
        elif scope["path"].startswith(HOOKS) and scope["method"] == "POST":
            await self._call_hook(scope, receive, send)
        elif compatible.is_called(scope["path"], scope["method"]):
            with self._of_people.holding(_whose(scope)) as held:
                await self._app(scope, _Replay(await self._read(receive, held), receive), send)
        else:
            await self._app(scope, _Replay(b"", receive), send)

    async def _admit_asker(self, scope: Scope, authorization: str) -> None:
        asker = await self._tokens.asker(authorization)
        if asker is None:
            raise _unauthorized(given=bool(authorization))
        scope.setdefault("state", {})["asker"] = asker

    async def _hear(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on JSON of whoever has a token."""
        with self._of_people.holding(_whose(scope)) as held:
            body = _text(await self._read(receive, held))
            if not _REPORTS.fullmatch(scope["path"]) and has_more_than(MOST_VALUES, body):
                raise Fault(400, "malformed", f"the body holds more than {MOST_VALUES} values")
            await self._app(scope, _Replay(body, receive), send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what a platform sends, unless all of them together send too much at once."""
        account = scope["path"].removeprefix(PLATFORMS).partition("/")[0]
        if account not in self._receiving:
            raise Fault(404, "not_found", "nothing is called here", {"Connection": "close"})
        with self._of_platforms.holding() as held:
            await self._app(scope, _Replay(await self._read(receive, held), receive), send)

    async def _call_hook(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read what a hook is called with, no more than it takes."""
        hook = await self._hooks.on(scope["path"].removeprefix(HOOKS))
        if hook is None:
            raise Fault(404, "not_found", NO_HOOK, {"Connection": "close"})
        _check_hook(hook, Headers(scope=scope))
        with self._of_platforms.holding() as held:
            body = await self._read(receive, held, hook.most_bytes)
            await self._app(scope, _Replay(body, receive), send)

    def _admit_agent(self, path: str, headers: Headers) -> None:
        agent = self._agents.get(path.removeprefix(AGENTS).partition("/")[0])
        token = token_in(headers.get("authorization", ""))
        if agent is None or token is None or not agent.admits(token):
            raise Fault(401, "unauthorized", "this is no agent's token", BEARER)

    async def _read(
        self, receive: Receive, held: "_Held | None" = None, most: int | None = None
    ) -> bytes:
        """Return a body of `most` bytes, in time."""
        limit = asyncio.timeout(self._limits.body_time)
        try:
            async with limit:
                if held is None:
                    return await self._received(receive, held, most or self._body)
                with held.coming(limit):
                    return await self._received(receive, held, most or self._body)
        except TimeoutError:
            if not limit.expired():
                raise
            if held is not None and held.is_cut:
                raise _too_much() from None
            message = "the body did not come in time"
            raise Fault(408, "timeout", message, {"Connection": "close"}) from None

    async def _received(self, receive: Receive, held: "_Held | None", most: int) -> bytes:
        body, received, more = bytearray(), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            received += len(chunk)
            if received <= most:
                body += chunk
                if held is not None:
                    held.grow(len(chunk))
            elif received > most * OVERLONG:
                break
        if received > most:
            raise _too_large(most, close=more)
        return bytes(body)


class _Room:
    """The memory that bodies of one kind share. `most`: bytes of them at once.

    Where one more does not fit, the one that has been coming for longest makes room: whoever leaves
    theirs half keeps nobody out whose body is whole in a moment. One person has a quarter of it at
    most, in which only their own make room: so a guest ends nobody else's.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes: Counter[str] = Counter()
        self.coming: list[_Held] = []

    @contextmanager
    def holding(self, whose: str = "") -> Iterator["_Held"]:
        """Yield what one call holds; `whose` it is, if known."""
        held = _Held(self, whose)
        try:
            yield held
        finally:
            self.add(held, -held.bytes)

    def add(self, held: "_Held", size: int) -> None:
        held.bytes += size
        self.bytes[held.whose] += size
        if not self.bytes[held.whose]:
            del self.bytes[held.whose]

    def is_full(self, whose: str = "") -> bool:
        """Say whether more is held than may be: by one person, or by all."""
        if whose:
            return self.bytes[whose] > self.most // SHARES
        return self.bytes.total() > self.most

    def longest(self, held: "_Held") -> "_Held | None":
        """Return the body that has been coming for longest, of those that can make room for one."""
        whose = held.whose if self.is_full(held.whose) else ""
        others = (each for each in self.coming if each is not held)
        return next((each for each in others if whose in {"", each.whose}), None)


@dataclass(slots=True, eq=False)
class _Held:
    """What one call takes of a room. `limit` ends the wait for the rest of its body."""

    room: _Room
    whose: str = ""
    bytes: int = 0
    limit: asyncio.Timeout | None = None
    is_cut: bool = False

    @contextmanager
    def coming(self, limit: asyncio.Timeout) -> Iterator[None]:
        self.limit = limit
        self.room.coming.append(self)
        try:
            yield
        finally:
            if self in self.room.coming:
                self.room.coming.remove(self)

    def grow(self, size: int) -> None:
        """Take so many bytes more. Raises `Fault` where no other body can make room."""
        self.room.add(self, size)
        while self.room.is_full(self.whose) or self.room.is_full():
            other = self.room.longest(self)
            if other is None:
                raise _too_much()
            other.cut()

    def cut(self) -> None:
        """Wait for the rest of the body no more."""
        self.room.coming.remove(self)
        self.room.add(self, -self.bytes)
        self.is_cut = True
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time())


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


def _check_hook(hook: Hook, headers: Headers) -> None:
    """Raise `Fault` for a type that a hook does not read, and for more than it takes."""
    if not takes(headers.get("content-type", ""), forms=hook.takes_forms):
        raise Fault(
            415,
            "unsupported_media_type",
            f"the body must be {JSON}, in UTF-8",
            {"Connection": "close"},
        )
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdecimal() or int(length[:12]) > hook.most_bytes:
        raise _too_large(hook.most_bytes, close=True)


def _check_small(headers: Headers) -> None:
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdecimal() or int(length[:9]) > SMALL:
        raise _too_large(SMALL, close=True)


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


def _whose(scope: Scope) -> str:
    """Return whose token a request came with; "" where it is an agent's, or there is none."""
    asker = scope.get("state", {}).get("asker")
    return asker.participant if asker is not None else ""


def _too_much() -> Fault:
    headers = {"Retry-After": RETRY_SECONDS, "Connection": "close"}
    return Fault(503, "unavailable", "too much is sent at once; call again", headers)


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
