"""A Discord that fits on a loopback address, for tests, benchmarks and the demo.

It runs in a thread with a loop of its own, so that a test's loop holds only what is tested. Its
people act and look through plain calls:

    with FakeDiscord.serving() as discord:
        ada = discord.person("Ada")
        room = discord.room("general")
        ada.says(room, "hello")                       # see `Actor`
        assert discord.shown(room) == ["hi"]

Here are its HTTP, with Discord's checks, limits and errors, and its serving.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bridge.demo.discord import fields
from bridge.demo.discord.state import DiscordState, Exchange, Fault, Interaction, attach, is_whisper
from bridge.demo.discord.world import Bot, Message, Room, snowflake, stamp
from bridge.demo.waiting import PATIENCE

JSON = {"Content-Type": "application/json", "Via": "1.1 google"}
NOT_FOUND = {"message": "404: Not Found", "code": 0}
NONCE_SECONDS = 180
MENU_DEFAULTS = {"default_member_permissions": None, "nsfw": False}
HTML = "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "code": code, **more}


Route = Callable[["Call"], Any]
ROUTES: list[tuple[str, str, re.Pattern[str], Route]] = []


def route(operation: str, method: str, path: str) -> Callable[[Route], Route]:
    shape = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def add(work: Route) -> Route:
        ROUTES.append((operation, method, shape, work))
        return work

    return add


class Call:
    """One request, taken apart."""

    def __init__(
        self, fake: DiscordState, bot: Bot | None, ids: dict[str, str], request: web.Request
    ) -> None:
        self.fake = fake
        self._bot = bot
        self.ids = ids
        self.request = request
        self.body: dict[str, Any] = {}
        self.files: dict[int, tuple[str, bytes]] = {}

    async def read(self) -> None:
        if self.request.content_type == "multipart/form-data":
            async for field in await self.request.multipart():
                if field.name == "payload_json":
                    self.body = json.loads(await field.text())
                else:
                    number = int(field.name[len("files[") : -1])
                    self.files[number] = (field.filename or "", bytes(await field.read()))
        elif self.request.can_read_body:
            self.body = await self.request.json()

    @property
    def bot(self) -> Bot:
        if self._bot is None:
            raise Refusal(401, 0, "401: Unauthorized")
        return self._bot

    def room(self, needed: str = "view") -> Room:
        room = self.fake.rooms.get(int(self.ids["room"]))
        if room is None or room.gone:
            raise Refusal(404, 10003, "Unknown Channel")
        members = room.server.bots if room.server is not None else room.people
        if self.bot not in members or not room.may("view"):
            raise Refusal(403, 50001, "Missing Access")
        if not room.may(needed):
            raise Refusal(403, 50013, "Missing Permissions")
        if room.closed:
            raise Refusal(403, 50007, "Cannot send messages to this user")
        return room

    def message(self) -> Message:
        found = self.room().messages.get(int(self.ids["message"]))
        if found is None or found.deleted or found.only is not None:
            raise Refusal(404, 10008, "Unknown Message")
        return found

    def interaction(self) -> Interaction:
        for each in self.fake.interactions:
            if each.token == self.ids["token"] and not each.too_late:
                return each
        raise Refusal(404, 10062, "Unknown interaction")


# -- messages -------------------------------------------------------------------------------------


@route("send", "POST", "/channels/{room}/messages")
def send(call: Call) -> dict[str, Any]:
    call.fake.checker.check("Create Message", fields.CREATE, call.body)
    room = call.room("send in threads" if call.ids and _is_thread(call) else "send")
    if call.files and not room.may("attach"):
        raise Refusal(403, 50013, "Missing Permissions")
    nonce = str(call.body.get("nonce") or "")
    for each in room.messages.values():
        known = nonce and each.nonce == nonce and each.author is call.bot
        if (
            known
            and call.body.get("enforce_nonce")
            and time.time() - stamp(each.id) < NONCE_SECONDS
        ):
            if each.deleted:
                raise Refusal(404, 10008, "Unknown Message")
            return each.as_message() | {"nonce": nonce}
    message = Message(room, call.bot, "", nonce=nonce, flags=call.body.get("flags", 0))
    _write(call, message)
    reference = call.body.get("message_reference") or {}
    if reference:
        message.reply_to = room.messages.get(int(reference["message_id"]))
        if message.reply_to is None and reference.get("fail_if_not_exists", True):
            raise _malformed("message_reference", "UNKNOWN_MESSAGE", "Unknown message")
        message.kind = 19 if message.reply_to is not None else 0
    call.fake.post(message)
    return message.as_message() | ({"nonce": nonce} if nonce else {})


def _is_thread(call: Call) -> bool:
    room = call.fake.rooms.get(int(call.ids["room"]))
    return room is not None and room.parent is not None


@route("edit", "PATCH", "/channels/{room}/messages/{message}")
def edit(call: Call) -> dict[str, Any]:
    call.fake.checker.check("Edit Message", fields.EDIT, call.body)
    message = call.message()
    if message.author is not call.bot:
        raise Refusal(403, 50005, "Cannot edit a message authored by another user")
    message.before.append(message.content)
    _write(call, message)
    message.edited = time.time()
    message.edits += 1
    call.fake.tell_message("MESSAGE_UPDATE", message)
    return message.as_message()


@route("delete", "DELETE", "/channels/{room}/messages/{message}")
def delete(call: Call) -> None:
    call.fake.forget(call.message())


@route("message", "GET", "/channels/{room}/messages/{message}")
def fetch(call: Call) -> dict[str, Any]:
    return call.message().as_message()


@route("history", "GET", "/channels/{room}/messages")
def history(call: Call) -> list[dict[str, Any]]:
    room, asked = call.room(), call.request.query
    assert set(asked) <= {"limit", "before", "after", "around"}, asked
    limit = int(asked.get("limit", 50))
    assert 1 <= limit <= 100
    if not room.may("history"):
        return []
    found = [each for each in room.present() if each.only is None]
    if "after" in asked:
        found = [each for each in found if each.id > int(asked["after"])][:limit]
    if "before" in asked:
        found = [each for each in found if each.id < int(asked["before"])]
    return [each.as_message() for each in reversed(found[-limit:])]


@route("react", "PUT", "/channels/{room}/messages/{message}/reactions/{emoji}/@me")
def react(call: Call) -> None:
    mine = call.message().reactions.setdefault(_emoji(call), [])
    if call.bot not in mine:
        mine.append(call.bot)


@route("unreact", "DELETE", "/channels/{room}/messages/{message}/reactions/{emoji}/@me")
def unreact(call: Call) -> None:
    mine = call.message().reactions.get(_emoji(call), [])
    if call.bot in mine:
        mine.remove(call.bot)


def _emoji(call: Call) -> str:
    name = unquote(call.ids["emoji"])
    if name.isascii() and ":" not in name:
        raise Refusal(400, 10014, "Unknown Emoji")
    return name


@route("typing", "POST", "/channels/{room}/typing")
def typing(call: Call) -> None:
    call.room("send").typed += 1


def _write(call: Call, message: Message) -> None:
    """Give a message what was asked for. Raises `Refusal` for what Discord does not take."""
    _check_text(call.body)
    body = call.body
    content = body.get("content", message.content) or ""
    if not content.strip() and not call.files and not message.files:
        raise Refusal(400, 50006, "Cannot send an empty message")
    buttons = [each for row in body.get("components", ()) for each in row["components"]]
    values = [each["custom_id"] for each in buttons]
    if len(values) != len(set(values)):
        raise _malformed("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "duplicated")
    message.content = content.strip()
    message.components = numbered(body.get("components", message.components))
    if "attachments" in body:
        message.attachments, message.files = [], {}
        for number, (name, content_bytes) in call.files.items():
            assert any(each["id"] == number for each in body["attachments"])
            attach(call.fake, message, name, "application/octet-stream", content_bytes)
    message.pinged = _pinged(call, content, body.get("allowed_mentions"))


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return components with the ids that Discord gives each of them."""
    numbers = count(1)
    return [
        row
        | {"id": next(numbers)}
        | {"components": [each | {"id": next(numbers)} for each in row["components"]]}
        for row in rows
    ]


def _pinged(call: Call, content: str, allowed: dict[str, Any] | None) -> list[Any]:
    """Return who is called: whoever is named, as far as the message says that it may call them."""
    may = {"parse": ["users", "everyone"]} if allowed is None else allowed
    kinds, users = may.get("parse") or (), {str(each) for each in may.get("users") or ()}
    calls_all = "everyone" in kinds and "@everyone" in content
    return [
        each
        for room in call.fake.rooms.values()
        for each in room.people
        if calls_all or (each.mention() in content and ("users" in kinds or str(each.id) in users))
    ]


def _check_text(body: dict[str, Any]) -> None:
    if len(body.get("content") or "") > 2000:
        raise _malformed("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")


def _malformed(field: str, code: str, message: str) -> Refusal:
    errors = {field: {"_errors": [{"code": code, "message": message}]}}
    return Refusal(400, 50035, "Invalid Form Body", errors=errors)


# -- interactions ---------------------------------------------------------------------------------


@route("answer", "POST", "/interactions/{number}/{token}/callback")
def answer(call: Call) -> None:
    table = fields.MODAL if call.body["type"] == 9 else fields.CALLBACK
    call.fake.checker.check("Interaction Response", table, call.body)
    interaction = call.interaction()
    if interaction.answers:
        raise Refusal(400, 40060, "Interaction has already been acknowledged.")
    if call.body["type"] == 9:
        interaction.form = call.body["data"]
    interaction.answers.append(call.body["type"])
    if call.body["type"] == 4:
        _check_text(call.body["data"])
        assert is_whisper(call.body["data"]["flags"])
        interaction.original = call.body["data"]["content"]
        call.fake.whisper(interaction, call.body["data"]["content"])
        interaction.rows += call.body["data"].get("components", [])


@route("follow", "POST", "/webhooks/{app}/{token}")
def follow(call: Call) -> dict[str, Any]:
    call.fake.checker.check("Followup Message", fields.CREATE, call.body)
    interaction = call.interaction()
    if not interaction.answers:
        raise Refusal(404, 10015, "Unknown Webhook")
    _check_text(call.body)
    assert is_whisper(call.body["flags"])
    interaction.followed.append(call.body["content"])
    call.fake.whisper(interaction, call.body["content"])
    interaction.rows += call.body.get("components", [])
    return Message(interaction.room, call.bot, call.body["content"]).as_message()


@route("complete", "PATCH", "/webhooks/{app}/{token}/messages/@original")
def complete(call: Call) -> dict[str, Any]:
    call.fake.checker.check("Edit Original Response", fields.EDIT, call.body)
    interaction = call.interaction()
    _check_text(call.body)
    interaction.original = call.body["content"]
    call.fake.whisper(interaction, call.body["content"], "MESSAGE_UPDATE")
    interaction.rows += call.body.get("components", [])
    return Message(interaction.room, call.bot, call.body["content"]).as_message()


@route("withdraw", "DELETE", "/webhooks/{app}/{token}/messages/@original")
def withdraw(call: Call) -> None:
    call.interaction().original = None


# -- the account and what it sees -----------------------------------------------------------------


@route("me", "GET", "/users/@me")
def me(call: Call) -> dict[str, Any]:
    return call.bot.as_user() | {"verified": True, "mfa_enabled": False, "locale": "en-US"}


@route("application", "GET", "/oauth2/applications/@me")
def application_info(call: Call) -> dict[str, Any]:
    return call.bot.as_application()


@route("gateway", "GET", "/gateway/bot")
def gateway(call: Call) -> dict[str, Any]:
    assert call.bot
    limit = {
        "total": 1000,
        "remaining": call.fake.gateway.starts_left,
        "reset_after": 1,
        "max_concurrency": 1,
    }
    return {"url": call.fake.gateway.url, "shards": 1, "session_start_limit": limit}


@route("guilds", "GET", "/users/@me/guilds")
def guilds(call: Call) -> list[dict[str, Any]]:
    found = [each for each in call.fake.servers if call.bot in each.bots]
    return [
        {"id": str(each.id), "name": each.name, "icon": None, "owner": False, "permissions": "0",
         "features": [], "banner": None}
        for each in found
    ]  # fmt: skip


@route("guild", "GET", "/guilds/{guild}")
def guild(call: Call) -> dict[str, Any]:
    server = _server(call)
    counted = {"approximate_member_count": server.members, "approximate_presence_count": 1}
    return server.as_guild() | (counted if call.request.query.get("with_counts") == "1" else {})


@route("member", "GET", "/guilds/{guild}/members/{user}")
def member(call: Call) -> dict[str, Any]:
    return _server(call).as_member(call.bot)


def _server(call: Call) -> Any:
    for each in call.fake.servers:
        if str(each.id) == call.ids["guild"] and call.bot in each.bots:
            return each
    raise Refusal(404, 10004, "Unknown Guild")


@route("channel", "GET", "/channels/{room}")
def channel(call: Call) -> dict[str, Any]:
    room = call.fake.rooms.get(int(call.ids["room"]))
    if room is None or room.gone:
        raise Refusal(404, 10003, "Unknown Channel")
    if not room.readable():
        raise Refusal(403, 50001, "Missing Access")
    return room.as_channel()


@route("commands", "GET", "/applications/{app}/commands")
def commands(call: Call) -> list[dict[str, Any]]:
    if call.request.query.get("with_localizations") == "true":
        return call.bot.commands
    hidden = "description_localizations"
    return [{key: each[key] for key in each if key != hidden} for each in call.bot.commands]


@route("register", "PUT", "/applications/{app}/commands")
def register(call: Call) -> list[dict[str, Any]]:
    given: Any = call.body
    for each in given:
        call.fake.checker.check("Bulk Overwrite Commands", fields.COMMAND, each)
    app = call.ids["app"]
    call.bot.commands = [
        each | {"id": str(snowflake()), "application_id": app, "version": "1"} | MENU_DEFAULTS
        for each in given
    ]
    return call.bot.commands


# -- serving --------------------------------------------------------------------------------------


def application(fake: DiscordState) -> web.Application:
    async def api(request: web.Request) -> web.StreamResponse:
        return await _serve(fake, request)

    async def socket(request: web.Request) -> web.StreamResponse:
        return await fake.gateway.serve(request, fake.bots)

    async def file(request: web.Request) -> web.Response:
        return _file(fake, request)

    async def nothing(request: web.Request) -> web.Response:
        return _json(404, NOT_FOUND)

    app = web.Application(client_max_size=128 * 1024 * 1024)
    app.router.add_get("/gateway", socket)
    app.router.add_get("/gateway/", socket)
    app.router.add_get("/cdn/{room}/{message}/{file}/{name}", file)
    app.router.add_route("*", "/api/v10/{path:.*}", api)
    app.router.add_route("*", "/{path:.*}", nothing)
    return app


def _file(fake: DiscordState, request: web.Request) -> web.Response:
    assert "Authorization" not in request.headers, "the token went to the file server"
    room = fake.rooms[int(request.match_info["room"])]
    message = room.messages.get(int(request.match_info["message"]))
    number = int(request.match_info["file"])
    if message is None or message.deleted or number not in message.files:
        return web.Response(status=404)
    if request.query.get("ex") == "1" and number in fake.expired:
        return web.Response(status=404, text="This content is no longer available.")
    return web.Response(body=message.files[number])


async def _serve(fake: DiscordState, request: web.Request) -> web.StreamResponse:
    path = "/" + request.match_info["path"]
    for operation, method, shape, work in ROUTES:
        match = shape.fullmatch(path)
        if method == request.method and match is not None:
            fake.calls[operation] += 1
            call = Call(fake, _caller(fake, request), match.groupdict(), request)
            await call.read()
            return await _answer(fake, operation, call, work)
    return _json(404, NOT_FOUND)


def _caller(fake: DiscordState, request: web.Request) -> Bot | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return fake.bots.get(token) if kind == "Bot" else None


async def _answer(
    fake: DiscordState, operation: str, call: Call, work: Route
) -> web.StreamResponse:
    fault = fake.take_fault(operation)
    if fault is not None and not fault.applied:
        return await _troubled(fault, call)
    try:
        with fake.lock:
            said = work(call)
    except Refusal as refusal:
        hangs_up = fault is not None and fault.hang_up
        return await _troubled(fault, call) if hangs_up else _json(refusal.status, refusal.body)
    except AssertionError as wrong:
        fake.checker.faults.append(f"{operation}: {wrong}")
        return _json(400, {"message": str(wrong), "code": 0})
    if fault is not None:
        return await _troubled(fault, call)
    fake.exchanges.append(_exchange(operation, call, said))
    if operation in ANSWERS:
        for each in said if isinstance(said, list) else [said]:
            fake.checker.check(f"answer to {operation}", ANSWERS[operation], each)
    return web.Response(status=204, headers=_bucket()) if said is None else _json(200, said)


ANSWERS = {
    "send": fields.MESSAGE,
    "edit": fields.MESSAGE,
    "message": fields.MESSAGE,
    "history": fields.MESSAGE,
    "follow": fields.MESSAGE,
    "complete": fields.MESSAGE,
    "me": fields.USER,
    "application": fields.APPLICATION,
    "guild": fields.GUILD,
    "member": fields.MEMBER,
    "channel": fields.CHANNEL,
    "commands": fields.COMMAND,
    "register": fields.COMMAND,
}


def _exchange(operation: str, call: Call, said: Any) -> Exchange:
    return Exchange(
        operation=operation,
        method=call.request.method,
        path="/" + call.request.match_info["path"],
        query=list(call.request.query.items()),
        body=call.body or None,
        status=204 if said is None else 200,
        answer=json.loads(json.dumps(said)),
    )


def _json(status: int, body: Any) -> web.Response:
    # aiohttp's own json_response adds a charset, which Discord does not.
    return web.Response(status=status, body=json.dumps(body).encode(), headers=JSON | _bucket())


def _bucket() -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "5",
        "X-RateLimit-Remaining": "4",
        "X-RateLimit-Reset-After": "1.0",
        "X-RateLimit-Bucket": "fake",
    }


async def _troubled(fault: Fault, call: Call) -> web.Response:
    await asyncio.sleep(fault.delay)
    if fault.hang_up and call.request.transport is not None:
        call.request.transport.abort()
        return web.Response()
    headers = dict(JSON)
    if not fault.via:
        del headers["Via"]
    if fault.status == 429:
        headers |= {"Retry-After": str(fault.retry_after), "X-RateLimit-Remaining": "0"}
        headers |= {"X-RateLimit-Reset-After": str(fault.retry_after), "X-RateLimit-Scope": "user"}
        if fault.everywhere:
            headers |= {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
    if fault.html:
        headers["Content-Type"] = "text/html"
        return web.Response(status=fault.status, body=HTML.encode(), headers=headers)
    body = {"message": "trouble", "code": fault.code}
    if fault.status == 429:
        body |= {"retry_after": fault.retry_after, "global": fault.everywhere}
    return web.Response(status=fault.status, body=json.dumps(body).encode(), headers=headers)


class FakeDiscord(DiscordState):
    def __init__(self) -> None:
        super().__init__()
        self._site: web.TCPSite | None = None
        self._runner: web.AppRunner | None = None

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator["FakeDiscord"]:
        """Serve until the context ends; then every object that passed must have been right."""
        fake = cls()
        thread = threading.Thread(target=fake._loop.run_forever, name="fake discord", daemon=True)
        thread.start()
        try:
            fake.run(fake._start())
            yield fake
        finally:
            fake.run(fake._stop())
            fake._loop.call_soon_threadsafe(fake._loop.stop)
            thread.join(PATIENCE)
            fake._loop.close()
        assert not fake.checker.faults, fake.checker.faults[:5]

    def down(self) -> None:
        """Stop serving: connections break, new ones are refused."""
        self.run(self._unlisten())

    def up(self) -> None:
        """Serve again, at the same address, with everything that was there."""
        self.run(self._listen())

    def connections(self) -> int:
        """Return how many connections are open."""
        assert self._runner is not None
        return len(self._runner.server.connections) if self._runner.server is not None else 0

    async def _start(self) -> None:
        self._runner = web.AppRunner(application(self), shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.port = self._site._server.sockets[0].getsockname()[1]
        self.gateway.url = f"ws://127.0.0.1:{self.port}/gateway"

    async def _unlisten(self) -> None:
        assert self._site is not None
        assert self._runner is not None
        if self._runner.server is not None:
            for connection in list(self._runner.server.connections):
                if connection.transport is not None:
                    connection.transport.abort()
        await self._site.stop()
        await asyncio.sleep(0)

    async def _stop(self) -> None:
        assert self._runner is not None
        await self._unlisten()
        await self._runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
