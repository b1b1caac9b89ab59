"""A number and an id of one person are one place, however their messages are named."""

import pytest

from bridge.content import Content
from bridge.errors import Moved, StoreUnavailable
from bridge.ids import ChannelName, MessageId
from bridge.inbound import Inbound, Sender, Spoken
from bridge.parts import Address
from channels.whatsapp.aliases import Aliases, Changed
from channels.whatsapp.windows import HEARD
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import part
from tests.channels.whatsapp.stage import MemoryFacts
from tests.channels.whatsapp.test_listening import again
from tests.waiting import until

NUMBER, ID = "whatsapp:+4915112345678", "whatsapp:US.13491208655302741918"
NEW_NUMBER, NEW_ID = "whatsapp:+4915187654321", "whatsapp:US.99"


def heard(place: str, *also: str) -> Inbound:
    user = place.removeprefix("whatsapp:")
    others = tuple(each.removeprefix("whatsapp:") for each in also)
    return Inbound(
        external_id="SM1",
        address=Address(channel=ChannelName("w"), place=place),
        sender=Sender(realm="whatsapp", user=user, name=user, also=others),
        what=Spoken(message=MessageId("SM1"), content=Content(text="hi")),
    )


async def joined(aliases: Aliases, place: str, *also: str) -> tuple[str, str, tuple[str, ...]]:
    found = await aliases.joined(heard(place, *also))
    return found.address.place, found.sender.user, found.sender.also


async def test_an_id_alone_is_a_place_of_its_own() -> None:
    found = await joined(Aliases(MemoryFacts()), ID)
    assert found == (ID, "US.13491208655302741918", ())


async def test_both_together_are_the_place_of_the_number() -> None:
    aliases = Aliases(MemoryFacts())
    expected = (NUMBER, "+4915112345678", ("US.13491208655302741918",))
    assert await joined(aliases, NUMBER, ID) == expected
    assert await joined(aliases, ID) == expected
    assert await aliases.address(NUMBER) == ID, "they are told things where they wrote last"


async def test_the_place_that_was_heard_first_stays() -> None:
    facts = MemoryFacts({HEARD + ID: "2026-01-01T00:00:00+00:00"})
    place, user, also = await joined(Aliases(facts), NUMBER, ID)
    assert (place, user, also) == (ID, "US.13491208655302741918", ("+4915112345678",))


async def test_what_was_joined_is_joined_after_a_restart() -> None:
    facts = MemoryFacts()
    await joined(Aliases(facts), NUMBER, ID)
    later = Aliases(facts)
    assert (await joined(later, ID))[0] == NUMBER
    assert await later.place(ID) == NUMBER


@pytest.mark.parametrize(
    ("change", "address"),
    [
        (Changed(old=(NUMBER, ID), new=(NEW_NUMBER, NEW_ID)), NEW_NUMBER),
        (Changed(old=(ID,), new=(NEW_ID,)), NEW_ID),
    ],
)
async def test_a_new_number_or_id_is_the_same_place(change: Changed, address: str) -> None:
    facts = MemoryFacts()
    aliases = Aliases(facts)
    await joined(aliases, NUMBER, ID)
    await aliases.changed(change)
    assert await Aliases(facts).address(NUMBER) == address
    for each in (aliases, Aliases(facts)):
        for new in change.new:
            assert (await joined(each, new))[0] == NUMBER


async def test_a_change_of_somebody_unknown_is_kept_for_when_they_write() -> None:
    aliases = Aliases(MemoryFacts())
    await aliases.changed(Changed(old=(ID,), new=(NEW_ID,)))
    assert (await joined(aliases, NEW_ID))[0] == ID


async def test_a_change_without_addresses_changes_nothing() -> None:
    facts = MemoryFacts()
    await Aliases(facts).changed(Changed(old=(), new=(NEW_ID,)))
    await Aliases(facts).changed(Changed(old=(ID,), new=()))
    assert facts.kept == {}


async def test_without_the_store_the_names_hold_in_this_process() -> None:
    class Down(MemoryFacts):
        async def all(self):
            raise StoreUnavailable

        async def put(self, key, value):
            raise StoreUnavailable

        async def get(self, key):
            raise StoreUnavailable

    aliases = Aliases(Down())
    await joined(aliases, NUMBER, ID)
    assert (await joined(aliases, ID))[0] == NUMBER


# -- through the channel --------------------------------------------------------------------------


async def test_who_hides_their_number_is_heard_and_answered(stage, fake) -> None:
    eve = fake.person("Eve", scoped="US.13491208655302741918", hides=True)
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(eve, "hello")
        await until(lambda: ear.heard)
        place = ear.heard[0].address
        assert place.place == ID
        await stage.channel.send(place, part("hello back"))
        await stage.channel.typing(place)
        await until(lambda: "hello back" in fake.shown(eve))
        await until(lambda: any(each.state == "delivered" for each in ear.reported))
        assert {each.address.place for each in ear.reported} == {ID}
    assert fake.typed == [ID]


async def test_whose_number_is_hidden_one_day_stays_in_their_place(stage, fake) -> None:
    eve = fake.person("Eve", "+4915112345678", scoped="US.13491208655302741918")
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(eve, "one")
        await until(lambda: len(ear.heard) == 1)
        eve.hides = True
        fake.says(eve, "two")
        await until(lambda: len(ear.heard) == 2)
        assert {each.address.place for each in ear.heard} == {NUMBER}
        await stage.channel.send(ear.heard[0].address, part("three"))
        await until(lambda: "three" in fake.shown(eve))
        assert fake.seen(eve)[-1].to == ID
        await until(lambda: any(each.state == "delivered" for each in ear.reported))
        assert {each.address.place for each in ear.reported} == {NUMBER}


async def test_a_message_that_is_found_by_looking_is_from_the_same_place(stage, fake) -> None:
    eve = fake.person("Eve", "+4915112345678", scoped="US.13491208655302741918")
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(eve, "one")
        await until(lambda: ear.heard)
    eve.hides = True
    fake.says(eve, "two", webhook=False)
    later = Ear()
    async with listening(again(stage), later):
        await until(lambda: later.heard)
    assert later.heard[-1].address.place == NUMBER


async def test_a_new_number_is_followed(stage, fake) -> None:
    eve = fake.person("Eve", "+4915112345678", scoped="US.13491208655302741918")
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(eve, "one")
        await until(lambda: ear.heard)
        await fake.tell(
            {
                "From": eve.place,
                "MessageType": "system",
                "SystemType": "user_changed_number",
                "NewWaId": "4915187654321",
                "PreviousExternalUserId": eve.scoped,
                "ExternalUserId": "US.99",
            }
        )
        eve.place, eve.scoped = NEW_NUMBER, "US.99"
        await stage.channel.send(ear.heard[0].address, part("still there?"))
        await until(lambda: "still there?" in fake.shown(eve))
        assert len(ear.heard) == 1, "nobody said anything"


async def test_what_is_sent_to_the_other_name_moves(stage, fake) -> None:
    eve = fake.person("Eve", "+4915112345678", scoped="US.13491208655302741918")
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(eve, "one")
        await until(lambda: ear.heard)
        with pytest.raises(Moved) as moved:
            await stage.channel.send(Address(channel=stage.channel.name, place=ID), part("hi"))
        assert moved.value.place == NUMBER
