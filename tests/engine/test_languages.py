"""In which language somebody is spoken to: what they chose, else what their app tells."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.caches import stale
from bridge.domain.content import Content
from bridge.domain.ids import ChannelName, ConversationId, MessageId, ParticipantId, SessionId
from bridge.domain.inbound import Inbound, Sender, Spoken
from bridge.domain.parts import Address, Conversation
from bridge.domain.wording import SpokenLanguages
from bridge.engine.languages import MOST_KEPT, SCOPE, Languages
from bridge.session.admission import Account
from bridge.session.fold import Session
from storage.memory import MemoryStore

ADA = ParticipantId("p_ada")
PHONE = Conversation(
    id=ConversationId("c_phone"), address=Address(channel=ChannelName("phone"), place="1")
)
DESK = Conversation(
    id=ConversationId("c_desk"), address=Address(channel=ChannelName("desk"), place="1")
)
ROOM = Conversation(
    id=ConversationId("c_room"), address=Address(channel=ChannelName("phone"), place="2"), room=True
)
SESSION = Session(id=SessionId("s"), conversations={PHONE.id: ADA, DESK.id: ADA, ROOM.id: ADA})


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 30, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class World:
    def __init__(self, own: str = "", **accounts: str) -> None:
        self.store, self.clock = MemoryStore(), SetClock()
        known = {
            ChannelName(name): Account(allow=frozenset(), language=code)
            for name, code in accounts.items()
        }
        self.languages = Languages(self.store, self.clock, own, known)

    async def begin(self, own: str = "", **accounts: str) -> None:
        """Start again, with another configuration."""
        known = {
            ChannelName(name): Account(allow=frozenset(), language=code)
            for name, code in accounts.items()
        }
        self.languages = Languages(self.store, self.clock, own, known)
        await self.languages.begin()

    async def now(self, place: Conversation) -> str:
        return (await self.languages.spoken(SESSION, place)).at(self.clock.now()).code


def inbound(place: Conversation, tag: str = "") -> Inbound:
    return Inbound(
        external_id="1",
        address=place.address,
        sender=Sender(realm="r", user="ada", name="Ada", language=tag),
        what=Spoken(message=MessageId("1"), content=Content(text="hi")),
        room=place.room,
    )


async def test_where_nothing_is_known_it_is_english_and_nothing_is_kept():
    world = World()
    assert await world.languages.spoken(SESSION, PHONE) == SpokenLanguages()
    await world.languages.told(PHONE, "en-US")
    await world.languages.told(PHONE, "")
    await world.languages.told(PHONE, "pt-BR")
    assert await world.store.facts(SCOPE) == {}


async def test_what_was_chosen_holds_in_every_app_and_outlives_the_process():
    world = World()
    await world.languages.told(DESK, "fr")
    await world.languages.choose(ADA, "de")
    stale("languages")
    assert [await world.now(each) for each in (PHONE, DESK, ROOM)] == ["de", "de", "en"]
    again = Languages(world.store, world.clock, "", {})
    assert await again.chosen(ADA) == "de"
    await again.choose(ADA, "")
    stale("languages")
    assert [await world.now(each) for each in (PHONE, DESK)] == ["en", "fr"]


async def test_an_app_tells_the_language_of_its_own_private_place_alone():
    world = World()
    await world.languages.told(PHONE, "de-AT")
    await world.languages.told(ROOM, "es")
    assert [await world.now(each) for each in (PHONE, DESK, ROOM)] == ["de", "en", "en"]


async def test_the_configuration_is_for_rooms_and_for_whoever_tells_nothing():
    world = World("fr", phone="es", desk="")
    await world.languages.begin()
    assert [await world.now(each) for each in (PHONE, DESK, ROOM)] == ["es", "fr", "es"]
    await world.languages.told(DESK, "en")
    assert await world.now(DESK) == "en"


async def test_what_was_shown_before_a_change_stays_in_its_language():
    world = World()
    await world.languages.told(PHONE, "es")
    before = world.clock.now()
    await world.clock.sleep(60)
    await world.languages.choose(ADA, "de")
    spoken = await world.languages.spoken(SESSION, PHONE)
    assert spoken.at(before).code == "es"
    assert spoken.at(before - timedelta(seconds=1)).code == "en"
    assert spoken.at(world.clock.now()).code == "de"


async def test_what_was_shown_before_the_app_told_a_language_stays_in_english():
    world = World()
    shown = world.clock.now()
    await world.clock.sleep(60)
    await world.languages.told(PHONE, "de")
    spoken = await world.languages.spoken(SESSION, PHONE)
    assert (spoken.at(shown).code, spoken.at(world.clock.now()).code) == ("en", "de")


async def test_what_was_shown_before_the_configuration_changed_stays_in_its_language():
    world, shown = World(), []
    for own in ("", "de", "", "fr"):
        await world.begin(own, phone="")
        shown.append((world.clock.now(), own or "en"))
        await world.clock.sleep(60)
    for place in (PHONE, ROOM):
        spoken = await world.languages.spoken(SESSION, place)
        assert [(at, spoken.at(at).code) for at, _ in shown] == shown


async def test_of_what_was_before_the_changes_that_are_kept_the_first_is_kept():
    world = World()
    await world.languages.choose(ADA, "es")
    first = world.clock.now()
    for number in range(MOST_KEPT):
        await world.clock.sleep(1)
        await world.languages.choose(ADA, ("de", "fr")[number % 2])
    assert (await world.languages.spoken(SESSION, PHONE)).at(first).code == "de"


async def test_who_writes_is_answered_in_their_own_language_also_in_a_room():
    world = World("fr")
    of = world.languages.of_sender
    assert (await of(inbound(ROOM, "de"), None, ROOM)).code == "de"
    assert (await of(inbound(ROOM), None, ROOM)).code == "fr"
    await world.languages.told(PHONE, "es")
    assert (await of(inbound(PHONE), ADA, PHONE)).code == "es"
    await world.languages.choose(ADA, "zh")
    assert (await of(inbound(ROOM, "de"), ADA, ROOM)).code == "zh"


async def test_a_page_is_answered_as_was_chosen_or_as_the_browser_says():
    world = World("fr")
    assert (await world.languages.of_client(ADA, "")).code == "fr"
    assert (await world.languages.of_client(ADA, "de-CH, en;q=0.5")).code == "de"
    await world.languages.choose(ADA, "es")
    assert (await world.languages.of_client(ADA, "de-CH")).code == "es"


async def test_only_so_many_changes_are_kept():
    world = World()
    for number in range(3 * MOST_KEPT):
        await world.clock.sleep(1)
        await world.languages.choose(ADA, ("de", "fr")[number % 2])
    assert len((await world.languages.spoken(SESSION, PHONE)).changes) == MOST_KEPT + 1


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "7", '[["x", "de"]]', '[["2026-01-01"]]'])
async def test_what_cannot_be_read_was_never_chosen(text):
    world = World()
    await world.store.keep_fact(SCOPE, ADA, text)
    assert await world.languages.chosen(ADA) == ""
    assert await world.now(PHONE) == "en"
