"""Many writers at once, over every store: dense, in order, and nobody hears of a conflict."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.domain.commands import Change, Join, Say
from bridge.domain.content import Content
from bridge.domain.events import MessageReceived
from bridge.domain.ids import START, ParticipantId, SessionId
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.names import DisplayNames
from bridge.ports.store import Origin, Store
from tests.engine.rig import SetClock, agent_registry
from tests.playbook import ADA, DM, HERE
from tests.stores import opened

CROWD = 64
EACH = 5


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def dispatcher(store: Store) -> Dispatcher:
    return Dispatcher(
        store,
        SetClock(),
        DisplayNames(store, {}),
        woken=lambda _, __: None,
        agents=agent_registry(),
    )


def say(text: str, by: ParticipantId = ADA) -> Say:
    return Say(by=by, conversation=DM, content=Content(text=text))


async def words(store: Store, session: SessionId) -> list[str]:
    events = await store.read(session, after=START, limit=10_000)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return [e.body.content.text for e in events if isinstance(e.body, MessageReceived)]


async def test_sixty_four_writers_into_one_session(store: Store, dispatcher: Dispatcher) -> None:
    """Each one's words stay in the order in which they said them."""
    await dispatcher.create(HERE, title="", owner=ADA)

    async def writer(number: int) -> None:
        who = ParticipantId(f"p_{number}")
        await dispatcher.submit(HERE, Join(participant=who, role="member"))
        for n in range(EACH):
            await dispatcher.hear(HERE, say(f"{number}: {n}", who))

    await asyncio.gather(*(writer(number) for number in range(CROWD)))
    heard = await words(store, HERE)
    assert len(heard) == CROWD * EACH
    for number in range(CROWD):
        mine = [text for text in heard if text.startswith(f"{number}: ")]
        assert mine == [f"{number}: {n}" for n in range(EACH)]
    assert len((await dispatcher.fold(HERE)).participants) == CROWD + 1


async def test_sixty_four_writers_into_sixty_four_sessions(
    store: Store, dispatcher: Dispatcher
) -> None:
    sessions = [SessionId(f"s_n{n}") for n in range(CROWD)]

    async def writer(session: SessionId) -> None:
        await dispatcher.create(session, title=f"of {session}", owner=ADA)
        for n in range(EACH):
            await dispatcher.hear(session, say(f"{session}: {n}"))

    await asyncio.gather(*(writer(each) for each in sessions))
    for each in sessions:
        assert await words(store, each) == [f"{each}: {n}" for n in range(EACH)]
        assert (await dispatcher.fold(each)).title == f"of {each}"


async def test_two_processes_over_one_store_share_its_sessions(
    store: Store, dispatcher: Dispatcher
) -> None:
    """Each folds what the other wrote; repeats that both are handed are one event."""
    await dispatcher.create(HERE, title="", owner=ADA)
    other = Dispatcher(
        store,
        SetClock(),
        DisplayNames(store, {}),
        woken=lambda _, __: None,
        agents=agent_registry(),
    )
    both = [dispatcher, other]

    async def writer(number: int) -> None:
        title = Change(scope="session", name="title", value=f"title {number}", by=ADA)
        await both[number % 2].submit(HERE, title)
        origin = Origin(account="chat", external_id=f"m{number // 2}")
        await both[number % 2].hear(HERE, say(f"word {number // 2}"), origin=origin)

    await asyncio.gather(*(writer(number) for number in range(16)))
    assert sorted(await words(store, HERE)) == [f"word {n}" for n in range(8)]
    for each in both:
        await each.hear(HERE, say("hello"))
    first, second = [await each.fold(HERE) for each in both]
    head = await store.head(HERE)
    assert (first.head, second.head) == (head - 1, head), "each is as of its own last append"
    assert first.title == second.title
