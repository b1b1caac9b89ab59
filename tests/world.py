"""A small world that outlives the bridge: a store, a platform with two places, and its people.

`Ada` writes from her own place, `Bob` from a room; both follow the shared session. `live_through`
runs one bridge process over the world until its story is told or its fuse blows.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from agents.echo import Echo
from bridge import texts
from bridge.delivery.retry import MAX_ATTEMPTS
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageReceived,
    ParticipantJoined,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
)
from bridge.domain.ids import START, ChannelName, ParticipantId
from bridge.domain.parts import Address, Capabilities
from bridge.engine.engine import Connected, Engine
from bridge.ports.agent import Agent
from bridge.session.admission import EVERYONE, Account
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING, MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory_blobs import MemoryBlobs
from tests.crashing import (
    FragileAgent,
    FragileChannel,
    FragileStore,
    Fuse,
    HurriedClock,
    Process,
)
from tests.feeding import feeding
from tests.waiting import PATIENCE

RICH = ChannelName("rich")
PLAIN = ChannelName("plain")
PLAIN_PLACES = Capabilities(max_chars=4000)
ANYONE = Account(allow=frozenset({EVERYONE}))

Change = Callable[["World", Engine], None]


@dataclass
class World:
    """`rich` can edit, delete, preview and resolve; `plain` can only send."""

    store: Any
    clock: HurriedClock = field(default_factory=HurriedClock)
    rich: MemoryPlatform = field(default_factory=MemoryPlatform)
    plain: MemoryPlatform = field(default_factory=MemoryPlatform)
    agent: Agent | None = None

    def core(self, fuse: Fuse, store: Any = None) -> Engine:
        agent = self.agent or Echo(delay=1.0, clock=self.clock)
        rich = MemoryChannel(RICH, self.rich, feeding(), capabilities=EVERYTHING)
        plain = MemoryChannel(PLAIN, self.plain, feeding(), capabilities=PLAIN_PLACES)
        return Engine(
            blobs=MemoryBlobs(clock=self.clock),
            store=FragileStore(store or self.store, fuse),  # type: ignore[arg-type]
            clock=self.clock,
            agents={"echo": FragileAgent(agent, fuse)},
            agent="echo",
            channels=[
                Connected(channel=FragileChannel(each, fuse), account=ANYONE, label=each.name)
                for each in (rich, plain)
            ],
        )

    async def events(self) -> Sequence[Event]:
        return await self.store.read(SHARED, after=START, limit=10_000)

    async def is_at_rest(self) -> bool:
        if self.rich.waiting() or self.plain.waiting():
            return False
        rows = await self.store.sessions()
        tomorrow = self.clock.now() + timedelta(days=1)  # a run that waits for its next try is due
        if not rows or await self.store.restless(tomorrow):
            return False
        return not await self.store.behind()


async def boot(core: Engine) -> None:
    owner = await core.store.enrol(
        ParticipantId("p_owner"),
        name=texts.OWNER,
        realm="bridge",
        user="owner",
        at=HurriedClock().now(),
    )
    await core.sessions.create(SHARED, title="Main", owner=owner)
    await core.start()


async def live_through(
    world: World, fuse: Fuse, story: asyncio.Task[None], change: Change | None = None
) -> bool:
    """Run one process; True when the story is told and the world is at rest."""
    process, core = Process(), world.core(fuse)
    if change is not None:
        change(world, core)
    try:
        return await _live(world, fuse, story, process, core)
    finally:
        await process.bury()


async def _live(
    world: World, fuse: Fuse, story: asyncio.Task[None], process: Process, core: Engine
) -> bool:
    process.begin(boot(core))
    blown = asyncio.create_task(fuse.blown.wait())
    told = asyncio.create_task(_told(world, story))
    done, _ = await asyncio.wait(
        {blown, told}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE
    )
    if told in done and not fuse.blown.is_set():
        stop = process.begin(core.stop(0))
        await asyncio.wait({blown, stop}, return_when=asyncio.FIRST_COMPLETED)
    assert done, "the world never came to rest"
    if told in done:
        await told  # raises what its people never got to see
    blown.cancel()
    told.cancel()
    return not fuse.blown.is_set()


async def _told(world: World, story: asyncio.Task[None]) -> None:
    await asyncio.shield(story)
    while not await world.is_at_rest():
        await asyncio.sleep(0.005)
    # A read may see a commit before its writer does; the next write comes after both.
    await world.store.drop_fact("world", "rest")


# -- what must hold in the end --------------------------------------------------------------------


async def assert_honest(world: World, said: Sequence[str], *, marked: int = 1) -> None:
    """Assert that nothing was lost, doubled, left open or shown out of order.

    `marked` is how many repeats a place that cannot resolve may show, each with its mark.
    """
    events = await world.events()
    assert_log_is_honest(events, said)
    await assert_shown(world, events, world.rich, RICH, "ada", repeats=0)
    await assert_shown(world, events, world.plain, PLAIN, "den", repeats=marked)


def assert_log_is_honest(events: Sequence[Event], said: Sequence[str]) -> None:
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    heard = [each.body.content.text for each in events if isinstance(each.body, MessageReceived)]
    assert sorted(heard) == sorted(said), "every inbound is in the log once"
    finals = [
        each.body.content.text
        for each in events
        if isinstance(each.body, MessageComposed) and each.body.kind == "final"
    ]
    for words in said:
        if words.startswith("word"):
            answers = sum(text.count(words) for text in finals)
            assert answers == 1, f"{words!r} was answered {answers} times"
    open_run = None
    for event in events:
        match event.body:
            case RunStarted(run=run):
                assert open_run is None, "one run at a time"
                open_run = run
            case MessageComposed(run=run) | QuestionAsked(run=run):
                assert run == open_run, "only the open run speaks"
            case RunFinished(run=run):
                assert run == open_run
                open_run = None
            case _:
                pass
    assert open_run is None, "no run stays open"


async def assert_shown(
    world: World,
    events: Sequence[Event],
    platform: MemoryPlatform,
    channel: ChannelName,
    place: str,
    *,
    repeats: int,
) -> None:
    lane = await world.store.conversation_at(Address(channel=channel, place=place))
    assert lane is not None
    assert lane.cursor == events[-1].seq
    linked = next(
        each.seq for each in events if getattr(each.body, "conversation", None) == lane.id
    )
    expected = [
        (event.seq, words)
        for event in events
        if event.seq > linked and (words := _words(event, lane.id, cards=channel == RICH))
    ]
    receipts = await world.store.receipts(SHARED, lane.id, sources=[seq for seq, _ in expected])
    unknown = {each.source for each in receipts if each.state == "unknown"}
    assert not unknown or repeats >= MAX_ATTEMPTS, "it takes many deaths to give up one part"
    shown = [each.text for each in platform.seen(place) if not each.author]
    visible = [text for text in shown if not text.startswith(REMINDER)]
    marked = [text for text in visible if texts.REPEATED in text]
    assert len(marked) <= repeats, f"repeats in {place}: {marked}"
    once: list[str] = []
    for text, after in zip(visible, [*visible[1:], ""], strict=True):
        if repeats >= MAX_ATTEMPTS - 1 and _tells_of_a_loss(text) and texts.REPEATED in after:
            continue  # it was in doubt for minutes, and then it was shown once more
        bare = text.replace(texts.REPEATED, "").strip()
        if not (texts.REPEATED in text and once and once[-1] == bare):
            once.append(bare)
    for seq, words in expected:
        if once and words in once[0]:
            once.pop(0)
        else:
            assert seq in unknown, f"{place} shows {visible}, expected {expected}"
    assert not once, f"{place} shows {once} beside what was expected"


REMINDER = "You have not seen this yet in **"
"""How a line begins that rings for what was shown without: after many deaths, minutes have gone."""


def _tells_of_a_loss(text: str) -> bool:
    return text.startswith("A message") and " may be missing here" in text


def _words(event: Event, here: str, *, cards: bool) -> str:
    """Return what must be read of an event in a place; `cards` change when they are answered."""
    match event.body:
        case MessageReceived(conversation=place, content=content):
            return content.text if place != here else ""
        case MessageComposed(content=content):
            return content.text
        case QuestionAsked(text=text):
            return text
        case ParticipantJoined():
            return "joined"
        case QuestionClosed():
            return "" if cards else "Tea"
        case _:
            return ""
