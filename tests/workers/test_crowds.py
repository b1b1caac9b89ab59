"""Many writers at once, over every store: dense, in order, and nobody hears of a conflict."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.commands import Change, Join, Say
from bridge.content import Content
from bridge.events import MessageReceived
from bridge.ids import START, ParticipantId, SessionId
from bridge.ports import Origin, Store
from bridge.workers.desks import Desks
from bridge.workers.names import Names
from tests.playbook import ADA, DM, HERE
from tests.stores import opened
from tests.workers.rig import SetClock, roster

CROWD = 64
EACH = 5


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def desks(store: Store) -> Desks:
    return Desks(
        store,
        SetClock(),
        Names(store, {}),
        woken=lambda _, __: None,
        agents=roster(),
    )


def say(text: str, by: ParticipantId = ADA) -> Say:
    return Say(by=by, conversation=DM, content=Content(text=text))


async def words(store: Store, session: SessionId) -> list[str]:
    events = await store.read(session, after=START, limit=10_000)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return [e.body.content.text for e in events if isinstance(e.body, MessageReceived)]


async def test_sixty_four_writers_into_one_session(store: Store, desks: Desks) -> None:
    """Each one's words stay in the order in which they said them."""
    await desks.create(HERE, title="", owner=ADA)

    async def writer(number: int) -> None:
        who = ParticipantId(f"p_{number}")
        await desks.submit(HERE, Join(participant=who, role="member"))
        for n in range(EACH):
            await desks.hear(HERE, say(f"{number}: {n}", who))

    await asyncio.gather(*(writer(number) for number in range(CROWD)))
    heard = await words(store, HERE)
    assert len(heard) == CROWD * EACH
    for number in range(CROWD):
        mine = [text for text in heard if text.startswith(f"{number}: ")]
        assert mine == [f"{number}: {n}" for n in range(EACH)]
    assert len((await desks.fold(HERE)).participants) == CROWD + 1


async def test_sixty_four_writers_into_sixty_four_sessions(store: Store, desks: Desks) -> None:
    sessions = [SessionId(f"s_n{n}") for n in range(CROWD)]

    async def writer(session: SessionId) -> None:
        await desks.create(session, title=f"of {session}", owner=ADA)
        for n in range(EACH):
            await desks.hear(session, say(f"{session}: {n}"))

    await asyncio.gather(*(writer(each) for each in sessions))
    for each in sessions:
        assert await words(store, each) == [f"{each}: {n}" for n in range(EACH)]
        assert (await desks.fold(each)).title == f"of {each}"


async def test_two_processes_over_one_store_share_its_sessions(store: Store, desks: Desks) -> None:
    """Each folds what the other wrote; repeats that both are handed are one event."""
    await desks.create(HERE, title="", owner=ADA)
    other = Desks(store, SetClock(), Names(store, {}), woken=lambda _, __: None, agents=roster())
    both = [desks, other]

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
