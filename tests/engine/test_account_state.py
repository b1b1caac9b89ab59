from bridge.domain.ids import ChannelName
from bridge.engine.account_state import AccountState
from storage.memory import MemoryStore


async def test_each_account_has_facts_of_its_own():
    store = MemoryStore()
    work, home = (AccountState(store, ChannelName(name)) for name in ("work", "home"))
    await work.put("seen", "1")
    await home.put("seen", "2")
    await home.remove("unheard of")
    assert (await work.get("seen"), await home.all()) == ("1", {"seen": "2"})


async def test_what_is_removed_is_gone():
    facts = AccountState(MemoryStore(), ChannelName("work"))
    await facts.put("seen", "1")
    await facts.remove("seen")
    assert await facts.get("seen") is None
