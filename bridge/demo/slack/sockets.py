"""Socket Mode as Slack does it: envelopes, acknowledgements, and again what was not acknowledged.

An event is delivered up to three times more, at once when a connection begins and after `patience`
seconds while one is there. What is interactive is delivered once, or lost.
Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bridge.demo.slack.fields import Checks
from bridge.demo.slack.workspace import Json, Workspace

RETRIES = 3


@dataclass(slots=True, kw_only=True)
class Delivery:
    """`answer`: what the acknowledgement carried. `attempts` counts."""

    kind: str
    payload: Json
    attempts: int = 0
    acknowledged: bool = False
    answer: Json | None = None
    envelopes: list[str] = field(default_factory=list)
    lost: bool = False

    @property
    def event(self) -> Json:
        return self.payload.get("event") or {}


class Sockets:
    """`keeps`: events wait for a connection; else what happens without one is lost to it.

    `deaf`: acknowledgements do not arrive.
    """

    def __init__(self, workspace: Workspace, checks: Checks) -> None:
        self.workspace = workspace
        self.checks = checks
        self.deliveries: list[Delivery] = []
        self.acknowledged: list[Delivery] = []
        self.patience = 0.3
        self.keeps = True
        self.deaf = False
        self.socket_mode = True
        self.app = workspace.app
        self.connections = 0
        self._open: list[web.WebSocketResponse] = []
        self._numbers = itertools.count(1)
        self._turns = itertools.count()
        self._retries: set[asyncio.TimerHandle] = set()
        self._writing: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> int:
        return len(self._open)

    # -- delivering

    def event(self, event: Json) -> Delivery:
        """Deliver an event that happened in the workspace."""
        number = next(self._numbers)
        payload = {
            "token": "verification",
            "team_id": self.workspace.team,
            "api_app_id": self.workspace.app,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number:06}",
            "event_time": int(event["event_ts"].partition(".")[0]),
            "authed_users": [self.workspace.bot_user],
            "authorizations": [self._installed()],
        }
        self.checks.emitted("event_callback", payload)
        self.checks.emitted(event["type"], event)
        return self.deliver(Delivery(kind="events_api", payload=payload))

    def _installed(self) -> Json:
        here = self.workspace
        whose = {"enterprise_id": None, "team_id": here.team, "user_id": here.bot_user}
        return {**whose, "is_bot": True, "is_enterprise_install": False}

    def deliver(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        if self._open:
            self._send(delivery)
        elif delivery.kind != "events_api" or not self.keeps:
            delivery.lost = True
        return delivery

    def again(self, delivery: Delivery) -> None:
        """Deliver something once more, whether or not it was acknowledged."""
        self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        if not self._open:
            return
        socket = self._open[next(self._turns) % len(self._open)]
        envelope = f"envelope-{next(self._numbers)}"
        delivery.envelopes.append(envelope)
        frame: Json = {
            "envelope_id": envelope,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            frame |= {"retry_attempt": delivery.attempts, "retry_reason": ""}
            if delivery.attempts:
                frame["retry_reason"] = "timeout"
        delivery.attempts += 1
        self._spawn(self._written(socket, frame))
        if delivery.kind == "events_api":
            loop = asyncio.get_running_loop()
            later = loop.call_later(self.patience, self._retry, delivery, delivery.attempts)
            self._retries.add(later)

    async def _written(self, socket: web.WebSocketResponse, frame: Json) -> None:
        with suppress(ConnectionError):
            await socket.send_json(frame)

    def _retry(self, delivery: Delivery, attempt: int) -> None:
        if not delivery.acknowledged and delivery.attempts == attempt <= RETRIES:
            self._send(delivery)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    # -- connections

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not self.socket_mode:
            await socket.send_json({"type": "disconnect", "reason": "link_disabled"})
            await socket.close()
            return socket
        self.connections += 1
        await socket.send_json(self._hello())
        self._open.append(socket)
        for delivery in self._unacknowledged():
            self._send(delivery)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.json())
        finally:
            self._open.remove(socket)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open) + 1,
            "connection_info": {"app_id": self.app},
            "debug_info": {"host": "fake", "build_number": 1, "approximate_connection_time": 3600},
        }

    def _unacknowledged(self) -> Iterator[Delivery]:
        for delivery in self.deliveries:
            if not delivery.acknowledged and not delivery.lost and delivery.kind == "events_api":
                yield delivery

    def _acknowledge(self, frame: Json) -> None:
        if self.deaf:
            return
        for delivery in self.deliveries:
            if frame.get("envelope_id") in delivery.envelopes and not delivery.acknowledged:
                delivery.acknowledged = True
                delivery.answer = frame.get("payload")
                self.acknowledged.append(delivery)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask everyone who is connected to connect anew."""
        for socket in list(self._open):
            await socket.send_json({"type": "disconnect", "reason": reason})

    def cut(self) -> None:
        """Cut every connection, without a word."""
        for socket in list(self._open):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def end(self) -> None:
        for later in self._retries:
            later.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
        self.cut()
