"""What the doctor finds: every part looks at itself, and one that cannot is a fault of its own."""

import asyncio
from dataclasses import replace

import pytest

from bridge import health, texts
from bridge.config import load
from bridge.health import agent_checks, examine, store_checks
from bridge.ids import ChannelName, ConversationId
from bridge.ports import Check
from bridge.workers.tidying import FILES
from storage.memory import MemoryStore
from tests.stores import AT, S1, address, linked, put
from tests.workers.rig import MoodyStore


class Account:
    """A channel that says of itself what a test wants."""

    def __init__(self, name: str, *checks: Check, error: Exception | None = None) -> None:
        self.name = ChannelName(name)
        self.checks, self.error = checks, error

    async def diagnose(self):
        if self.error is not None:
            raise self.error
        return self.checks


class Silent(Account):
    async def diagnose(self):
        await asyncio.Event().wait()


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("store: {type: memory}\nchannels: {chat: {type: memory}}\n")
    return load(file, {})


async def test_a_store_that_is_down_says_why() -> None:
    """What cannot be known then is left out."""
    store = MoodyStore()
    healthy = await store_checks("memory", store)
    assert [(each.name, each.ok) for each in healthy] == [("store", True), ("deliveries", True)]
    store.is_down = True
    (found,) = await store_checks("memory", store)
    assert (found.name, found.ok, found.detail) == ("store", False, "the disk is full")
    assert found.fix == texts.FIX_STORE


async def test_what_accounts_say_of_themselves_carries_their_name(config) -> None:
    scope = Check(name="scope", ok=False, detail="files:read is missing", fix="add it")
    found = await examine(config, MemoryStore(), {}, [Account("work", scope), Account("home")])
    assert found[-1] == Check(
        name="work: scope", ok=False, detail="files:read is missing", fix="add it"
    )


async def test_a_worker_that_fails_is_a_fault_with_its_reason(config) -> None:
    found = await examine(config, MemoryStore(), {"chat": "boom", "the sweep": "bang"}, [])
    faults = {each.name: each.detail for each in found if not each.ok}
    assert faults == {"worker chat": "boom", "worker the sweep": "bang"}


async def test_files_that_cannot_be_looked_through_are_no_matter_of_credentials(config) -> None:
    found = await examine(config, MemoryStore(), {FILES: "no such folder"}, [])
    assert [each.fix for each in found if not each.ok] == [texts.FIX_FILES]


async def test_an_account_that_cannot_look_at_itself_hides_no_other(config, monkeypatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.01)
    fine = Account("home", Check(name="token", ok=True))
    broken, silent = Account("work", error=KeyError("ok")), Silent("mute")
    found = await examine(config, MemoryStore(), {}, [broken, silent, fine])
    told = {each.name: (each.ok, each.detail) for each in found}
    assert told["work: platform"] == (False, "'ok'")
    assert told["mute: platform"] == (False, texts.NO_ANSWER)
    assert told["home: token"] == (True, "")


async def test_an_agent_that_cannot_be_looked_at_in_time_is_a_fault(tmp_path) -> None:
    """Whatever its plugin does, the start does not wait for it."""
    file = tmp_path / "config.yaml"
    file.write_text("agents: {helper: {type: litellm, model: openai/x}}\n")
    config = load(file, {})

    async def never(*_, deep):
        await asyncio.Event().wait()

    async def broken(*_, deep):
        raise ValueError("is broken")

    for examine_, said in ((never, texts.NO_ANSWER), (broken, "is broken")):
        plugin = replace(config.agents["helper"].plugin, examine=examine_)
        agents = {"helper": replace(config.agents["helper"], plugin=plugin)}
        (found,) = await agent_checks(agents, {}, seconds=0.05)
        assert (found.name, found.ok, found.detail) == ("agent helper", False, said)


async def test_rooms_that_follow_a_session_with_others_are_named() -> None:
    """Others read there what is said elsewhere: whoever runs the bridge should know."""
    store = MemoryStore()
    await store.create_session(S1, at=AT)
    for place, room in (("1", True), ("2", False)):
        conversation = ConversationId(f"c_{place}")
        await store.register(conversation, address(place), room=room, title="Team", at=AT)
        await put(store, S1, linked(conversation))
        found = [each.detail for each in await store_checks("memory", store)]
        assert any("Team" in each for each in found) == (not room)
