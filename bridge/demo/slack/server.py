"""Slack on this machine: the Web API, Socket Mode and files, for the real client libraries.

    async with FakeSlack() as fake:
        ada = fake.person("Ada")
        ada.says(fake.dm(ada), "hello")

Everything it is asked and everything it emits is held against `fields`; leaving it fails if
something did not hold.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from aiohttp import web

from bridge.demo.slack.fields import Checks
from bridge.demo.slack.methods import OTHER_SCOPES, Methods
from bridge.demo.slack.methods import SCOPES as OUR_SCOPES
from bridge.demo.slack.sockets import Delivery, Sockets
from bridge.demo.slack.workspace import File, Json, Message, Person, Refusal, Room, Workspace
from channels.slack.manifest import SCOPES

NEEDED = {**OUR_SCOPES, **OTHER_SCOPES}
PAGE = "<!DOCTYPE html><html><body>Something went wrong</body></html>"
LOGIN = "<!DOCTYPE html><html><body>Sign in to Slack</body></html>"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next call of a method. `applied`: after it was done all the same."""

    method: str
    error: str = ""
    status: int = 200
    html: bool = False
    retry_after: int | None = None
    applied: bool = False
    hang_up: bool = False
    silent: bool = False
    times: int = 1


@dataclass(slots=True, kw_only=True)
class Call:
    method: str
    given: Json


class FakeSlack:
    """`calls`: every call there was. `connections`: how often a socket was opened.

    `judge` holds what is emitted against the platform's own description, where there is one.
    """

    judge: ClassVar[Callable[[Json, Checks], None] | None] = None

    def __init__(self, name: str = "Acme", number: int = 1) -> None:
        self.workspace = Workspace(name, number)
        self.checks = Checks()
        self.bot_token = f"xoxb-{number}-secret"
        self.app_token = f"xapp-1-{self.workspace.app}-{number}-secret"
        self.scopes = {scope.name for scope in SCOPES}
        self.methods = Methods(self.workspace, self.scopes)
        self.sockets = Sockets(self.workspace, self.checks)
        self.workspace.tell = self._told
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.tickets: set[str] = set()
        self.app_scopes = {"connections:write"}
        self._runner: web.AppRunner | None = None
        self._port = 0

    # -- on and off

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.sockets.end()
        await self.down()
        assert self.checks.problems == []

    async def up(self) -> None:
        """Be there, on the same port as before."""
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link/", self._link)
        app.router.add_post("/upload/v1/{file}", self._upload)
        app.router.add_get("/files-pri/{file}/download/{name}", self._download)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.workspace.base_url = self.url

    async def down(self) -> None:
        """Refuse every connection."""
        self.sockets.cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    # -- people and rooms

    def person(self, name: str) -> "Hand":
        return Hand(fake=self, person=self.workspace.person(name))

    def dm(self, person: "Hand") -> Room:
        return self.workspace.dm(person.person)

    def room(self, name: str, *members: "Hand", kind: str = "channel", bot: bool = True) -> Room:
        people = [each.person for each in members]
        return self.workspace.channel(name, *people, kind=kind, bot=bot)

    def shown(self, room: Room, thread: str = "") -> list[Message]:
        """Return the bot's messages in a place."""
        bot = self.workspace.bot_user
        return [each for each in room.visible(thread) if each.user == bot]

    def called(self, method: str) -> list[Json]:
        return [each.given for each in self.calls if each.method == method]

    def fault(self, method: str, **what: Any) -> None:
        self.faults.append(Fault(method=method, **what))

    def events(self, kind: str = "message") -> Iterator[Delivery]:
        for delivery in self.sockets.deliveries:
            if delivery.event.get("type") == kind:
                yield delivery

    def _told(self, event: Json) -> None:
        delivery = self.sockets.event(event)
        if FakeSlack.judge is not None:
            FakeSlack.judge(delivery.payload, self.checks)

    # -- the Web API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, given = request.match_info["method"], await _given(request)
        self.calls.append(Call(method=method, given=given))
        self.checks.request(method, given)
        fault = self._fault(method)
        if fault is None:
            return self._answered(request, method, given)
        if fault.applied:
            self._answered(request, method, given)
        if fault.silent:
            await asyncio.sleep(3600)
        if fault.hang_up and request.transport is not None:
            request.transport.abort()
        return _faulty(fault)

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in {method, "*"} and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _answered(self, request: web.Request, method: str, given: Json) -> web.Response:
        try:
            answer = {"ok": True, **self._called(request, method, given)}
        except Refusal as refusal:
            answer = {"ok": False, "error": refusal.code, **refusal.more}
        headers = {"x-oauth-scopes": ",".join(sorted(self.scopes))}
        return web.json_response(answer, headers=headers)

    def _called(self, request: web.Request, method: str, given: Json) -> Json:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "apps.connections.open":
            return self._opened(token)
        if not token:
            raise Refusal("not_authed")
        if token != self.bot_token:
            raise Refusal("not_allowed_token_type" if token == self.app_token else "invalid_auth")
        if method not in self.methods.call:
            raise Refusal("unknown_method", req_method=method)
        if method in NEEDED:
            self.methods.needs(NEEDED[method])
        return self.methods.call[method](given)

    def _opened(self, token: str) -> Json:
        if token != self.app_token:
            raise Refusal("not_allowed_token_type" if token == self.bot_token else "invalid_auth")
        if "connections:write" not in self.app_scopes:
            raise Refusal("missing_scope", needed="connections:write", provided="")
        ticket = f"ticket-{len(self.calls)}"
        self.tickets.add(ticket)
        address = self.url.replace("http:", "ws:")
        return {"url": f"{address}/link/?ticket={ticket}&app_id={self.workspace.app}"}

    async def _link(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault("link")
        if fault is not None:
            self.tickets.clear()
            return _faulty(fault)
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=401)
        self.tickets.remove(ticket)  # it is good for one connection
        return await self.sockets.serve(request)

    # -- files

    async def _upload(self, request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers, "the token was shown to another host"
        fault = self._fault("upload")
        if fault is not None:
            return _faulty(fault)
        self.workspace.files[request.match_info["file"]].content = await request.read()
        return web.Response(text="OK")

    async def _download(self, request: web.Request) -> web.Response:
        fault = self._fault("download")
        if fault is not None:
            return _faulty(fault)
        allowed = request.headers.get("Authorization") == f"Bearer {self.bot_token}"
        if not allowed or "files:read" not in self.scopes:
            return web.Response(text=LOGIN, content_type="text/html")
        file = self.workspace.files[request.match_info["file"].partition("-")[2]]
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return web.Response(body=file.content, content_type=file.mime, headers=headers)


@dataclass(slots=True, kw_only=True)
class Hand:
    """A person, and what they do at Slack."""

    fake: FakeSlack = field(repr=False)
    person: Person

    @property
    def id(self) -> str:
        return self.person.id

    def says(self, room: Room, text: str, *, thread: str = "", **more: Any) -> Message:
        return self.fake.workspace.say(self.person, room, text, thread=thread, **more)

    def sends(self, room: Room, name: str, mime: str, content: bytes, text: str = "") -> Message:
        file: File = self.fake.workspace.file(name, mime, content, self.id)
        return self.says(room, text, files=(file,))

    def edits(self, message: Message, text: str) -> None:
        self.fake.workspace.change(message, text)

    def deletes(self, message: Message) -> None:
        self.fake.workspace.delete(message)

    def reacts(self, message: Message, name: str, *, gone: bool = False) -> None:
        self.fake.workspace.give(self.person, message, name, gone=gone)

    def invites(self, room: Room) -> None:
        self.fake.workspace.invite(room, self.person)

    def stops(self, room: Room, thread: str) -> None:
        """Press Slack's own button to stop an agent."""
        self.fake.workspace.stop(self.person, room, thread)

    def opens_messages(self) -> None:
        self.fake.workspace.open_messages(self.person)

    def presses(self, message: Message, number: int = 0) -> Delivery:
        there = self.fake.workspace
        room, button = there.rooms[message.room], message.buttons[number]
        return self._press(room, button, message.ts, {"message": there.as_json(message)})

    def presses_aside(self, room: Room, number: int = 0) -> Delivery:
        """Press a button of the newest message in a room that only this person sees."""
        given = [given for user, given in room.ephemeral if user == self.id][-1]
        rows = [each for each in given["blocks"] if each["type"] == "actions"]
        buttons = [
            {**each, "block_id": row["block_id"]} for row in rows for each in row["elements"]
        ]
        return self._press(room, buttons[number], self.fake.workspace.ts(), {})

    def _press(self, room: Room, button: Json, ts: str, below: Json) -> Delivery:
        there = self.fake.workspace
        payload = {
            "type": "block_actions",
            "user": {"id": self.id, "username": self.person.name.lower(), "name": self.person.name},
            "api_app_id": there.app,
            "token": "verification",
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": room.id,
                "is_ephemeral": not below,
            },
            "trigger_id": f"trigger-{there.number()}",
            "team": {"id": there.team, "domain": there.name.lower()},
            "channel": {"id": room.id, "name": room.name or "directmessage"},
            "response_url": f"{self.fake.url}/actions/1",
            "actions": [{"block_id": "b", **button, "action_ts": there.ts()}],
            **below,
        }
        self.fake.checks.emitted("block_actions", payload)
        return self.fake.sockets.deliver(Delivery(kind="interactive", payload=payload))

    def types(self, room: Room, words: str, command: str = "/bridge") -> Delivery:
        there = self.fake.workspace
        payload = {
            "token": "verification",
            "team_id": there.team,
            "team_domain": there.name.lower(),
            "channel_id": room.id,
            "channel_name": room.name or "directmessage",
            "user_id": self.id,
            "user_name": self.person.name.lower(),
            "command": command,
            "text": words,
            "api_app_id": there.app,
            "response_url": f"{self.fake.url}/commands/1",
            "trigger_id": f"trigger-{there.number()}",
        }
        self.fake.checks.emitted("slash_command", payload)
        return self.fake.sockets.deliver(Delivery(kind="slash_commands", payload=payload))


def _faulty(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.html:
        return web.Response(
            status=fault.status, text=PAGE, content_type="text/html", headers=headers
        )
    error = fault.error or ("ratelimited" if fault.status == 429 else "internal_error")
    return web.json_response({"ok": False, "error": error}, status=fault.status, headers=headers)


async def _given(request: web.Request) -> Json:
    """Return the arguments of a call, however they were encoded, the token left out."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= await request.json()
    else:
        given |= dict(await request.post())
    for name in ("blocks", "metadata", "files"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    given.pop("token", None)
    return given
