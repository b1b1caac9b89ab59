"""A bridge's HTTP side for tests: a real dispatcher and boards, a memory store, a real server."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import httpx

from bridge.delivery.subscription import Subscription
from bridge.domain.commands import Join, Leave, Say, StartRun
from bridge.domain.content import Content
from bridge.domain.events import Event, Role
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.domain.parts import Address
from bridge.engine.clock import SystemClock
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.live import LiveBoards
from bridge.engine.names import DisplayNames
from bridge.engine.outbound.deliveries import Deliveries
from bridge.engine.outbound.lane_drops import LaneDrops
from bridge.engine.outbound.progress import Progress
from bridge.engine.outbound.subscription_book import SubscriptionBook, SubscriptionDesk
from bridge.engine.outbound.subscriptions import Subscriptions
from bridge.engine.store_health import StoreHealth
from bridge.hooks.hook import Hook
from bridge.http.app import create_app
from bridge.http.auth import digest
from bridge.http.dependencies import Reading
from bridge.http.limits import Limits
from bridge.http.links import Links
from bridge.http.outgoing import Outgoing
from bridge.http.server import HttpServer
from bridge.ports.agent import AgentReceiving
from bridge.ports.channel import Channel, Receiving
from bridge.ports.health import Check
from bridge.session.fold import Session
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.engine.rig import agent_registry
from tests.waiting import PATIENCE

ADA, BOB, EVE = ParticipantId("p_ada"), ParticipantId("p_bob"), ParticipantId("p_eve")
NAMES = {ADA: "Ada", BOB: "Bob", EVE: "Eve"}
MAIN = SessionId("s_main")
STREAM = f"/v1/stream/sessions/{MAIN}"
INBOX = f"{STREAM}/inbox"
SESSION = f"/v1/sessions/{MAIN}"
LIVE = f"{SESSION}/live"

CLOCK = SystemClock()
MOST = 20_000_000
"""Bytes of one file."""

QUICK = Limits(
    long_poll=0.4, keepalive=0.15, stream=0.6, drain=5.0, linger=0.1, token_memory=0.05, webhook=0.1
)


def token_of(participant: ParticipantId) -> str:
    return f"token-of-{participant}-0123456789"


def bearer(participant: ParticipantId) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(participant)}"}


@dataclass
class Bridge:
    """What a test touches. Ada owns the session `MAIN`; Bob and Eve have tokens, no more."""

    limits: Limits = QUICK
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: SystemClock = field(default_factory=SystemClock)
    blobs: MemoryBlobs = field(default_factory=lambda: MemoryBlobs(clock=CLOCK, max_bytes=MOST))
    why_not_ready: str = ""
    parts: list[Check] = field(default_factory=list)
    receiving: dict[ChannelName, Receiving] = field(default_factory=dict)
    agents: dict[str, AgentReceiving] = field(default_factory=dict)
    answering: str = ""
    channels: dict[ChannelName, Channel] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    shut: set[ChannelName] = field(default_factory=set)
    held: set[ConversationId] = field(default_factory=set)
    progress: Progress = field(default_factory=Progress)
    hooks: dict[str, Hook] = field(default_factory=dict)
    public_url: str | None = None
    woken: list[ConversationId] = field(default_factory=list)
    networks: Sequence[IPv4Network] = ()
    resolve: Any = None
    patience: float = 5.0
    url: str = ""

    def __post_init__(self) -> None:
        self.live = LiveBoards(self.clock)
        self.drops, self.dropping = LaneDrops(self.store, self.clock), set[Any]()
        self.links = Links(b"key" * 11, base="https://bridge.example/", clock=self.clock)
        names = DisplayNames(self.store, {})
        self.sessions = Dispatcher(
            self.store,
            self.clock,
            names,
            woken=self._woken,
            agents=agent_registry("Ask me anything."),
        )
        self.book = SubscriptionBook(self.store)
        self.sending = self.sender()
        self.desk = SubscriptionDesk(
            self.book, self.store, self.sessions, self.clock, wake=self._wake
        )
        self.receivers = Outgoing(
            Reading(store=self.store, sessions=self.sessions, people=self.sessions.people),
            self.clock,
            self.networks,
            resolve=self.resolve,
            seconds=self.patience,
        )
        self.desk.send_to(self.receivers)
        self.app = create_app(
            store=self.store,
            sessions=self.sessions,
            blobs=self.blobs,
            links=self.links,
            live=self.live,
            clock=self.clock,
            checks=self._checks,
            ready=lambda: self.why_not_ready,
            parts=lambda: self.parts,
            label=_label,
            operator=ADA,
            people=self.sessions.people,
            deliveries=Deliveries(
                self.store,
                self.sessions,
                self.channels,
                admission=self.sessions.admission,
                is_shut=self.shut.__contains__,
                is_held=self.held.__contains__,
                courier=self,  # type: ignore[arg-type]
                subscriptions=self.desk,
            ),
            subscriptions=self.desk,
            limits=self.limits,
            receiving=self.receiving,
            agents=self.agents,
            answering=lambda _: self.answering,
            called=self.hooks,
            public_url=self.public_url,
            topics=self.topics,
        )
        self.server = HttpServer(self.app, host="127.0.0.1", port=0)

    def sender(self) -> Subscriptions:
        """Return what sends events out, as a process begins with it."""
        health = StoreHealth(self.store.check, self.clock)
        return Subscriptions(self.book, self.store, self.sessions, self.clock, health)

    def _woken(self, session: Session, events: Sequence[Event]) -> None:
        """Wake no worker but this: tests play the agent themselves."""
        self.sending.appended(session)

    def _wake(self, subscription: Subscription, session: SessionId) -> None:
        self.sending.hurry(subscription, session)

    def wake(self, conversation: ConversationId) -> None:
        """Be the courier that shows nothing by itself: it only drops what is to be dropped."""
        self.woken.append(conversation)
        self.dropping.add(asyncio.ensure_future(self._drop(conversation)))

    async def _drop(self, conversation: ConversationId) -> None:
        lane = await self.store.conversation(conversation)
        assert lane is not None
        await self.drops.drop(lane)

    async def _checks(self, *, deep: bool) -> Sequence[Check]:
        return [Check(name="store", ok=False, detail="is full", fix="make room")]

    async def start(self) -> None:
        for participant, name in NAMES.items():
            await self.enrol(participant, name)
        await self.sessions.create(MAIN, title="Main", owner=ADA)
        self.url = f"http://127.0.0.1:{await self.server.start()}"
        self.sessions.people.browser_guests.page = self.url

    async def enrol(self, participant: ParticipantId, name: str) -> None:
        now = self.clock.now()
        await self.store.enrol(participant, name=name, realm="test", user=participant, at=now)
        await self.store.issue_token(
            digest(token_of(participant)), participant, label="test", at=now
        )

    def client(self, participant: ParticipantId = ADA) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url, headers=bearer(participant), timeout=PATIENCE, verify=False
        )

    async def say(self, text: str) -> Seq:
        """Let Ada say something in the terminal."""
        place = ConversationId("http:terminal")
        say = Say(by=ADA, conversation=place, content=Content(text=text))
        return (await self.sessions.hear(MAIN, say)).events[0].seq

    async def join(self, participant: ParticipantId, role: Role = "member") -> None:
        await self.sessions.submit(MAIN, Join(participant=participant, role=role))

    async def leave(self, participant: ParticipantId) -> None:
        await self.sessions.submit(MAIN, Leave(participant=participant, by=ADA))

    async def begin(self, run: RunId) -> Seq:
        """Play the agent: begin to answer something that Ada says."""
        await self.say("work on this")
        started = await self.sessions.submit(MAIN, StartRun(run=run, agent="echo", node="n"))
        return started.events[0].seq


@asynccontextmanager
async def serving(limits: Limits = QUICK, **more: Any) -> AsyncIterator[Bridge]:
    bridge = Bridge(limits=limits, **more)
    await bridge.start()
    try:
        yield bridge
    finally:
        await bridge.server.stop()
        await bridge.sending.close(0)


async def put(client: httpx.AsyncClient, body: object, **headers: str) -> dict[str, Any]:
    answer = await client.post(INBOX, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def numbered(name: str, seq: int, epoch: int = 0) -> dict[str, str]:
    return {"Producer-Id": name, "Producer-Epoch": str(epoch), "Producer-Seq": str(seq)}


@dataclass(frozen=True)
class Frame:
    """One event of a stream, or a comment (`event` is ":")."""

    event: str
    data: Any
    id: str = ""


async def frames(response: httpx.Response) -> AsyncGenerator[Frame]:
    """Read a stream byte by byte as it is framed here: strictly, unlike a browser."""
    rest = b""
    async for chunk in response.aiter_bytes():
        rest += chunk
        while b"\n\n" in rest:
            block, rest = rest.split(b"\n\n", 1)
            yield _frame(block.decode())
    assert rest == b"", "the stream ended within a frame"


@asynccontextmanager
async def following(
    client: httpx.AsyncClient,
    url: str = STREAM,
    *,
    offset: str | None = "-1",
    headers: dict[str, str] | None = None,
    **params: str,
) -> AsyncIterator[AsyncGenerator[Frame]]:
    """Follow the session's stream, or another; yields its frames."""
    if offset is not None:
        params["offset"] = offset
    if url == STREAM:
        params["live"] = "sse"
    async with client.stream("GET", url, params=params, headers=headers) as answer:
        assert answer.status_code == 200
        async with aclosing(frames(answer)) as read:
            yield read


def _frame(block: str) -> Frame:
    if block.startswith(":"):
        return Frame(":", block[1:].strip())
    lines = block.split("\n")
    event, data = lines[0].removeprefix("event: "), lines[1].removeprefix("data:")
    assert not data.startswith(" ")
    ids = [line.removeprefix("id: ") for line in lines[2:]]
    assert len(ids) <= 1, "only an id may follow the data"
    return Frame(event, json.loads(data), ids[0] if ids else "")


def open_flows(bridge: Bridge) -> int:
    return len(bridge.app.state.reach.flows)


def texts(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["content"]["text"] for event in events if "content" in event]


def seqs(events: Sequence[dict[str, Any]]) -> list[int]:
    return [event["seq"] for event in events]


def _label(address: Address) -> str:
    return address.channel.title()
