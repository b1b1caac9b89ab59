"""What the doctor finds: every part looks at itself, and one that cannot is a fault of its own."""

import asyncio
from dataclasses import replace

import pytest

from bridge import health, texts
from bridge.config import load
from bridge.domain.ids import ChannelName, ConversationId
from bridge.engine.blob_sweeper import FILES
from bridge.health import agent_checks, examine, store_checks, trials
from bridge.ports.health import Check
from storage.memory import MemoryStore
from tests.engine.rig import MoodyStore
from tests.stores import AT, S1, address, linked, put


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


async def test_a_model_that_is_asked_for_a_word_has_more_time_than_a_look(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.01)
    file = tmp_path / "config.yaml"
    file.write_text("agents: {helper: {type: litellm, model: openai/x}}\n")
    config = load(file, {})

    async def slow(*_, deep):
        await asyncio.sleep(0.1)
        return ()

    plugin = replace(config.agents["helper"].plugin, examine=slow)
    agents = {"helper": replace(config.agents["helper"], plugin=plugin)}
    assert [each.ok for each in await agent_checks(agents, {}, deep=True)] == [True]
    assert [each.ok for each in await agent_checks(agents, {})] == [False]


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


class Tried(Account):
    """A channel whose credentials are tried at the start."""

    async def trial(self):
        if self.error is not None:
            raise self.error
        return next(iter(self.checks), None)


async def test_a_start_names_each_app_that_cannot_be_used_and_no_other(monkeypatch) -> None:
    monkeypatch.setattr(health, "TRIED_SECONDS", 0.05)

    class Stalled(Tried):
        async def trial(self):
            await asyncio.Event().wait()

    refused = Tried("work", Check(name="token", ok=False, detail="it is refused", fix="make one"))
    apps = [refused, Tried("home"), Stalled("slow"), Tried("odd", error=KeyError("ok"))]
    found = await trials([*apps, Account("old"), Account("sound")], {"old": "the token is revoked"})
    assert [(each.name, each.detail, each.fix) for each in found] == [
        ("work", "it is refused", "make one"),
        ("slow", texts.NO_ANSWER, texts.FIX_NETWORK),
        ("odd", "'ok'", texts.FIX_NETWORK),
        ("old", "the token is revoked", texts.FIX_CHANNEL),
    ]


async def test_a_hook_says_where_it_is_called_or_why_nothing_can_come_of_it(tmp_path) -> None:
    store = MemoryStore()
    await store.create_session(S1, at=AT)
    section = "{verify: %s, secret: '${S}', session: %s%s}"
    hooks = {
        "here": section % ("github", S1, ""),
        "gone": section % ("github", "s_gone", ""),
        "off": section % ("github", "s_gone", ", enabled: false"),
        "mine": section % ("bearer", S1, ""),
    }
    file = tmp_path / "config.yaml"
    lines = "".join(f"  {name}: {each}\n" for name, each in hooks.items())
    found = []
    for url in ("null", "https://bridge.example/"):
        file.write_text(f"http: {{public_url: '{url}'}}\nhooks:\n{lines}".replace("'null'", "null"))
        config = load(file, {"S": "a-secret-of-twenty-one"})
        found.append([(each.ok, each.detail) for each in await health.hook_checks(config, store)])
    unreached, reached = found
    gone, off = (False, "its session s_gone is not there"), (True, "off")
    assert unreached == [
        (False, texts.HOOK_UNREACHED),
        gone,
        off,
        (True, texts.HOOK_UNREACHED),
    ]
    assert reached[:3] == [(True, "called at https://bridge.example/hooks/here"), gone, off]
