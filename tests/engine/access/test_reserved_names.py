"""Words of ours are no names: those of the bridge, its agents and the apps."""

import pytest

from bridge.domain.ids import ChannelName
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.names import DisplayNames
from storage.memory import MemoryStore
from tests.engine.rig import agent_registry

RESERVED = ReservedNames(
    DisplayNames(MemoryStore(), {ChannelName("chat"): "Chat"}), agent_registry()
)


MORE = [
    *("someone 5678", "Someone U0AB", "s0meone", "Some one", "agent", "the owner", "The Bridge"),
    *("Bridge head", "bridge-head", "Owner 2", "agent #3", "member", "VIEWER", "you", "echo 2"),
    *("\u0430gent", "The  \u043ewner", "Bot (7)", "2 owner"),
]


@pytest.mark.parametrize(
    "name", ["Owner", "BRIDGE", "\u043ewner", "ECHO", "chat", "the agent", *MORE]
)
def test_what_reads_like_a_word_of_ours_is_reserved(name: str) -> None:
    assert RESERVED.holds(name)


@pytest.mark.parametrize(
    "name", ["Ada", "Bridget", "Owner of cats", "Thea", "Ada 2", "Boti", "Membery"]
)
def test_other_names_are_free(name: str) -> None:
    assert not RESERVED.holds(name)
