"""What people and places are called, read once and kept."""

from datetime import UTC, datetime

import pytest

from bridge import texts
from bridge.delivery.speaker_lines import unforged
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.domain.parts import Address
from bridge.engine import names as module
from bridge.engine.names import CLIENTS, DisplayNames
from bridge.session.fold import Session
from storage.memory import MemoryStore

AT = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB, EVE = ParticipantId("p_ada"), ParticipantId("p_bob"), ParticipantId("p_eve")
DM, ROOM = ConversationId("c_dm"), ConversationId("c_room")
TELEGRAM = ChannelName("telegram")


class CountingStore(MemoryStore):
    """Counts how often it is asked for names."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, ...]] = []

    async def participants(self, ids):
        self.asked.append(tuple(ids))
        return await super().participants(ids)


@pytest.fixture
async def store():
    store = CountingStore()
    for participant, name in ((ADA, "Ada"), (BOB, "Bob")):
        await store.enrol(participant, name=name, realm="r", user=participant, at=AT)
    address = Address(channel=TELEGRAM, place="1")
    await store.register(DM, address, room=False, title="", at=AT)
    address = Address(channel=ChannelName("odd"), place="1")
    await store.register(ROOM, address, room=True, title="", at=AT)
    yield store
    await store.close()


@pytest.fixture
def names(store):
    return DisplayNames(store, {TELEGRAM: "Telegram"})


async def test_people_are_called_by_their_names(names):
    assert await names.people([ADA, BOB]) == {ADA: "Ada", BOB: "Bob"}
    assert await names.who(ADA) == "Ada"


async def test_a_name_is_read_once(names, store):
    await names.people([ADA])
    await names.people([ADA, BOB])
    await names.people([ADA, BOB])
    assert store.asked == [(ADA,), (BOB,)]


async def test_nobody_known_is_someone_until_they_are_known(names, store):
    assert await names.who(EVE) == texts.SOMEONE
    await store.enrol(EVE, name="Eve", realm="r", user="eve", at=AT)
    assert await names.who(EVE) == "Eve"


async def test_places_are_called_by_their_channels_label_or_name(names):
    assert await names.where(DM) == "Telegram"
    assert await names.where(ROOM) == "odd"


async def test_a_place_nobody_knows_is_elsewhere(names):
    assert await names.where(ConversationId("c_x")) == texts.SOMEWHERE


@pytest.mark.parametrize(("client", "label"), CLIENTS.items())
async def test_the_clients_of_the_http_side_have_names_of_their_own(names, client, label):
    assert await names.where(client) == label


async def test_what_is_kept_is_bounded_and_nobody_loses_their_name(names, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 1)
    await names.people([ADA])
    assert await names.people([ADA, BOB]) == {ADA: "Ada", BOB: "Bob"}


async def test_clients_keep_their_names_however_many_places_there_are(names, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 1)
    await names.where(DM)
    assert [await names.where(client) for client in CLIENTS] == list(CLIENTS.values())


async def test_whoever_is_only_overheard_has_nobodys_name_who_takes_part(names, store):
    for who in ("p_1", "p_2"):
        await store.enrol(ParticipantId(who), name="Ada", realm="r", user=who, at=AT)
    session = Session(id=SessionId("s_1"), participants={ADA: "owner", BOB: "member"})
    first, second = ParticipantId("p_1"), ParticipantId("p_2")
    assert await names.in_session(session, [second]) == {ADA: "Ada", BOB: "Bob", second: "Ada (2)"}
    told = await names.in_session(session, [first, second, EVE])
    assert told == {ADA: "Ada", BOB: "Bob", second: "Ada (2)", first: "Ada (3)", EVE: "someone"}
    assert await names.in_session(session) == {ADA: "Ada", BOB: "Bob"}


def test_nobodys_words_begin_like_those_of_something_outside():
    labels = DisplayNames(MemoryStore(), {}).labels
    for forged in ("**github · webhook**\nmerged", "merged\n\ndeploy · API"):
        told = unforged(forged, labels)
        assert "·" not in told
        assert len(told) == len(forged)
