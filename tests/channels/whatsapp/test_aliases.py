"""A number and an id of one person are one place, however their messages are named."""

import pytest

from bridge.caches import stale
from bridge.domain.content import Content
from bridge.domain.errors import Moved, StoreUnavailable
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Reported, Sender, Spoken
from bridge.domain.parts import Address
from channels.whatsapp.aliases import Aliases, Changed
from channels.whatsapp.service_window import HEARD
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


async def test_what_another_process_joined_is_known_once_it_is_told() -> None:
    facts = MemoryFacts()
    here, elsewhere = Aliases(facts), Aliases(facts)
    assert await here.place(ID) == ID
    await joined(elsewhere, NUMBER, ID)
    assert await here.place(ID) == ID
    stale("aliases")
    assert (await here.place(ID), await here.address(NUMBER)) == (NUMBER, NUMBER)


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


async def test_without_the_store_nobody_is_named_and_nothing_is_addressed() -> None:
    class Down(MemoryFacts):
        async def all(self):
            raise StoreUnavailable

    aliases = Aliases(Down())
    with pytest.raises(StoreUnavailable):
        await joined(aliases, NUMBER, ID)
    with pytest.raises(StoreUnavailable):
        await aliases.address(NUMBER)


async def test_what_cannot_be_kept_does_not_hold() -> None:
    class Full(MemoryFacts):
        async def put(self, key, value):
            raise StoreUnavailable

    facts = Full()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await joined(Aliases(facts), NUMBER, ID)


# -- a number that was given to somebody else -----------------------------------------------------

OTHER = "whatsapp:DE.MALLORY"
ALONE = f"{NUMBER}~"


async def sender(aliases: Aliases, place: str, *also: str) -> Sender:
    return (await aliases.joined(heard(place, *also))).sender


async def recycled(facts: MemoryFacts) -> Aliases:
    """Somebody else writes from a person's number, under an id of their own."""
    aliases = Aliases(facts)
    await joined(aliases, NUMBER, ID)
    await joined(aliases, NUMBER, OTHER)
    return aliases


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("before", [(), (ID,)])
async def test_another_id_from_the_same_number_is_somebody_new(before, is_restarted) -> None:
    facts = MemoryFacts({HEARD + each: "2026-01-01T00:00:00+00:00" for each in before})
    aliases = await recycled(facts)
    ada = ID if before else NUMBER
    if is_restarted:
        aliases = Aliases(facts)
    assert await joined(aliases, NUMBER, OTHER) == (OTHER, "DE.MALLORY", ())
    assert await joined(aliases, OTHER) == (OTHER, "DE.MALLORY", ())
    assert (await joined(aliases, ID))[0] == ada
    assert (await joined(aliases, NUMBER, ID))[0] == ada
    assert await aliases.address(ada) == ID, "what is private goes to the id, never to the number"
    assert await aliases.address(OTHER) == OTHER


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_who_was_heard_by_their_id_before_does_not_become_the_number(is_restarted) -> None:
    facts = MemoryFacts({HEARD + OTHER: "2026-01-01T00:00:00+00:00"})
    aliases = Aliases(facts)
    await joined(aliases, OTHER)
    await joined(aliases, NUMBER, ID)
    if is_restarted:
        aliases = Aliases(facts)
    assert (await joined(aliases, NUMBER, OTHER))[0] == OTHER
    assert (await joined(aliases, ID))[0] == NUMBER
    assert await aliases.address(NUMBER) == ID


async def test_two_people_who_have_ids_stay_two_when_one_writes_from_the_others_number() -> None:
    aliases = Aliases(MemoryFacts())
    await joined(aliases, NUMBER, ID)
    await joined(aliases, NEW_NUMBER, OTHER)
    assert (await joined(aliases, NUMBER, OTHER))[:2] == (NEW_NUMBER, "+4915187654321")
    assert (await joined(aliases, ID))[0] == NUMBER
    assert await aliases.address(NUMBER) == ID
    assert await aliases.address(NEW_NUMBER) == OTHER


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_the_number_alone_proves_nobody_any_more(is_restarted) -> None:
    facts = MemoryFacts()
    aliases = await recycled(facts)
    if is_restarted:
        aliases = Aliases(facts)
    found = await aliases.joined(heard(NUMBER))
    assert found.address.place == ALONE
    assert (found.sender.user, found.sender.proven) == ("+4915112345678~", False)
    assert await aliases.address(ALONE) == NUMBER
    assert await aliases.address(NUMBER) == ID


async def test_whoever_took_a_number_is_told_of_and_nobody_else() -> None:
    aliases = await recycled(MemoryFacts())
    assert (await sender(aliases, NUMBER, OTHER)).took == "+4915112345678"
    assert (await sender(aliases, NUMBER, ID)).took == ""
    assert (await sender(aliases, OTHER)).took == ""


async def test_a_report_of_a_lost_number_is_not_about_its_first_place() -> None:
    aliases = await recycled(MemoryFacts())
    reported = Reported(
        address=Address(channel=ChannelName("w"), place=NUMBER),
        message=MessageId("SM2"),
        state="failed",
    )
    called = await aliases.reported(reported, by_address=True)
    looked = await aliases.reported(reported, by_address=False)
    assert (called.address.place, looked.address.place) == (ALONE, NUMBER)


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_new_id_is_followed_whether_it_is_said_before_or_after_it_is_used(is_late) -> None:
    facts = MemoryFacts()
    aliases = Aliases(facts)
    await joined(aliases, NUMBER, ID)
    if is_late:
        assert (await joined(aliases, NUMBER, NEW_ID))[0] == NEW_ID
    await aliases.changed(Changed(old=(NUMBER, ID), new=(NEW_ID,)))
    for each in (aliases, Aliases(facts)):
        assert (await joined(each, NUMBER, NEW_ID))[0] == NUMBER
        assert (await joined(each, NEW_ID))[0] == NUMBER
        assert await each.address(NUMBER) == NEW_ID


async def test_a_number_that_someone_gave_up_is_theirs_no_more() -> None:
    facts = MemoryFacts()
    aliases = Aliases(facts)
    await joined(aliases, NUMBER, ID)
    await aliases.changed(Changed(old=(NUMBER, ID), new=(NEW_NUMBER,)))
    for each in (aliases, Aliases(facts)):
        assert (await joined(each, NEW_NUMBER, ID))[0] == NUMBER
        assert await each.address(NUMBER) == NEW_NUMBER
        assert await joined(each, NUMBER, OTHER) == (OTHER, "DE.MALLORY", ())
        assert (await sender(each, NUMBER, OTHER)).took == "", "its owner has said so"
        assert (await joined(each, NUMBER))[0] == ALONE


async def test_whose_number_goes_to_somebody_who_changes_to_it_is_told_things_at_their_id() -> None:
    aliases = Aliases(MemoryFacts())
    await joined(aliases, NUMBER, ID)
    await joined(aliases, NEW_NUMBER, OTHER)
    await aliases.changed(Changed(old=(NUMBER, ID), new=(NEW_NUMBER, NEW_ID)))
    assert await aliases.address(NUMBER) == NEW_ID
    assert await aliases.address(NEW_NUMBER) == OTHER
    assert (await joined(aliases, NEW_NUMBER, NEW_ID))[0] == NUMBER
    assert (await joined(aliases, OTHER))[0] == NEW_NUMBER


async def test_a_change_that_somebody_else_makes_moves_nobody() -> None:
    aliases = Aliases(MemoryFacts())
    await joined(aliases, NUMBER, ID)
    await aliases.changed(Changed(old=(NUMBER, OTHER), new=(NEW_NUMBER, NEW_ID)))
    assert (await joined(aliases, NEW_NUMBER, NEW_ID))[0] != NUMBER
    assert await aliases.address(NUMBER) == ID


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


async def test_nothing_private_reaches_whoever_has_the_number_now(stage, fake) -> None:
    ada = fake.person("Ada", "+4915112345678", scoped="US.13491208655302741918")
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(ada, "one")
        await until(lambda: len(ear.heard) == 1)
        await fake.tell(
            {
                "To": fake.sender.place,
                "From": NUMBER,
                "ExternalUserId": "DE.MALLORY",
                "MessageSid": "SM" + "f" * 32,
                "Body": "what did I ask you?",
            }
        )
        await until(lambda: len(ear.heard) == 2)
        theirs = ear.heard[1]
        assert (theirs.address.place, theirs.sender.user) == (OTHER, "DE.MALLORY")
        await stage.channel.send(ear.heard[0].address, part("for Ada alone"))
        await until(lambda: "for Ada alone" in fake.shown(ada))
        assert fake.seen(ada)[-1].to == ID
