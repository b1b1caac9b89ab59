"""What was said last in a session, in a few lines: to which event, from which on."""

from bridge.domain.content import Content
from bridge.domain.events import ConversationLinked
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Deleted, Edited
from bridge.engine.last_said import last_said
from bridge.engine.outbound.lane_reader import LaneReader
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import MAIL, Doorway

WELCOMING = Account(allow=frozenset({"*"}), welcome=True)


async def began() -> Doorway:
    """Ada has said four things; the third was changed, the fourth taken back."""
    door = await Doorway(mail=WELCOMING).open()
    for number, words in enumerate(("one", "two", "three", "four"), start=1):
        await door.say(words, message=f"m{number}")
    await door.hear(Edited(message=MessageId("m3"), content=Content(text="drei")))
    await door.hear(Deleted(message=MessageId("m4")))
    return door


async def lines(door: Doorway, most: int = 9, **between: int) -> list[str]:
    fold = await door.dispatcher.fold(SHARED)
    told = await last_said(door.store, door.dispatcher.places._names, fold, most, **between)
    return told.split("\n\n") if told else []


async def test_it_is_the_last_few_as_they_stand() -> None:
    door = await began()
    assert await lines(door, 2) == ["**Ada:** two", "**Ada:** drei"]
    assert await lines(door) == ["**Ada:** one", "**Ada:** two", "**Ada:** drei"]


async def test_what_was_changed_or_taken_back_since_is_not_told_as_it_was() -> None:
    door = await began()
    one = (await door.store.head(SHARED)) - 5
    assert await lines(door, upto=one + 3, after=one) == [
        "**Ada:** two", "**Ada:** drei",
    ]  # fmt: skip
    assert await lines(door, upto=one + 1) == ["**Ada:** one", "**Ada:** two"]
    assert await lines(door, after=await door.store.head(SHARED)) == []


async def test_a_place_that_comes_is_told_it_where_its_person_may_read_it() -> None:
    door = await began()
    ada = await door.store.identify(realm="chat", user="ada")
    await door.store.enrol(ada, name="Ada", realm="mail", user="a@b", at=door.clock.now())
    await door.say("here", "a@b", channel=MAIL, place="letters")
    await door.say("hello", "eve", channel=MAIL, place="eves")
    fold = await door.dispatcher.fold(SHARED)
    reader = LaneReader(door.store, door.dispatcher.places._names, door.clock, several=False)
    events = await door.store.read(SHARED, after=0, limit=99)
    came = [e.seq for e in events if isinstance(e.body, ConversationLinked) and e.body.welcome]
    missed = (await reader.scene(fold, events)).missed
    assert missed == {came[0]: "**Ada:** one\n\n**Ada:** two\n\n**Ada:** drei", came[1]: ""}
