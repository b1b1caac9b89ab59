"""One event to 1,000 conversations on the memory channel: how long until the last one shows it."""

import asyncio
import time

from agents.echo import Echo
from benchmarks.figures import Figure, median
from benchmarks.rig import LABELS, Kind, fresh_store
from bridge.domain.commands import Push
from bridge.domain.content import Content
from bridge.domain.events import ConversationLinked, Draft, Source
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId
from bridge.domain.parts import Address
from bridge.engine.access.admission import BRIDGE
from bridge.engine.account_state import AccountState
from bridge.engine.clock import SystemClock
from bridge.engine.engine import Connected, Engine
from bridge.engine.inbound.feed import feeds
from bridge.ports.store import Store
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs

CHANNEL = ChannelName("memory")
OWNER = ParticipantId("p_owner")


def measure(*, quick: bool) -> list[Figure]:
    places, rounds = (20, 1) if quick else (1000, 5)
    kinds: tuple[Kind, ...] = ("sqlite", "memory")
    return [figure for kind in kinds for figure in asyncio.run(_measure(kind, places, rounds))]


async def _measure(kind: Kind, places: int, rounds: int) -> list[Figure]:
    platform, clock = MemoryPlatform(), SystemClock()
    facts = AccountState(MemoryStore(), CHANNEL)
    channel = MemoryChannel(CHANNEL, platform, feeds(CHANNEL, facts, clock))
    async with fresh_store(kind) as store:
        core = Engine(
            blobs=MemoryBlobs(clock=clock),
            store=store,
            clock=clock,
            agents={"echo": Echo(delay=0, clock=clock)},
            agent="echo",
            channels=[
                Connected(channel=channel, account=Account(allow=frozenset()), label="Memory")
            ],
        )
        await store.enrol(OWNER, name="Owner", realm=BRIDGE.realm, user=BRIDGE.user, at=clock.now())
        await core.sessions.create(SHARED, title="Main", owner=OWNER)
        await _follow(store, clock, places)
        await core.start()
        seconds = [await _push(core, platform, places, number) for number in range(1, rounds + 1)]
        await core.stop(1)
    took = median(seconds)
    name = f"one event to {places:,} conversations, {LABELS[kind]}"
    return [
        Figure(name=name, value=took, unit="s", headline=True),
        Figure(name=f"{name}, rate", value=places / took, unit="deliveries/s"),
    ]


async def _follow(store: Store, clock: SystemClock, places: int) -> None:
    """Let places follow the session, and stand at its end: linking is not what is measured."""
    conversations = [ConversationId(f"c_{number}") for number in range(places)]
    for conversation in conversations:
        address = Address(channel=CHANNEL, place=f"place {conversation}")
        await store.register(conversation, address, room=False, title="", at=clock.now())
    drafts = [Draft(body=ConversationLinked(conversation=each, by=OWNER)) for each in conversations]
    await store.append(SHARED, drafts, at=clock.now())
    head = await store.head(SHARED)
    await asyncio.gather(*(store.advance(SHARED, each, head) for each in conversations))


async def _push(core: Engine, platform: MemoryPlatform, places: int, number: int) -> float:
    """Return the seconds from the command until the last place shows what it says."""
    push = Push(source=Source(kind="api"), content=Content(text=f"Event {number}"))
    begun = time.perf_counter()
    await core.sessions.submit(SHARED, push)
    await platform.until(lambda: platform.counts["send"] == places * number, within=60)
    took = time.perf_counter() - begun
    while await core.store.behind():  # noqa: ASYNC110 - the store has nothing to wait on
        await asyncio.sleep(0.05)
    return took
