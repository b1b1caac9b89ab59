"""What the owner is told of troubles, in the session itself."""

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.errors import Unauthorized, Unreachable
from bridge.domain.events import Pushed
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Inbound, Sender, Spoken, Unread
from bridge.domain.parts import Address
from tests.engine.rig import CHAT, OWNER, bridge


async def notices(b) -> list[Pushed]:
    return [each for each in await b.bodies(Pushed) if each.source.kind == "background"]


async def test_the_owner_is_told_of_an_account_that_is_refused_and_the_rest_goes_on() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(Unauthorized("the token was revoked"), on="listen", times=None)
        b.platform.called.ring()
        await b.until(lambda: notices(b), each=0.05)
        await b.until_at_rest(each=0.05)
        (told,) = await notices(b)
        assert "chat" in b.core.supervisor.faults
        assert told.to == (OWNER,)
        assert "the token was revoked" in told.content.text


async def test_the_owner_is_told_once_a_day_that_what_was_missed_may_not_be_read() -> None:
    async with bridge() as b:
        await b.gather("ada")
        for _ in range(3):
            why = "Slack wants the scope im:history"
            await b.core._intake(Unread(channel=CHAT, code="missing_scope", why=why))
        await b.until(lambda: notices(b), each=0.05)
        await b.until_at_rest(each=0.05)
        (told,) = await notices(b)
        assert told.to == (OWNER,)
        assert why in told.content.text


async def test_the_owner_is_told_once_that_a_number_is_somebody_elses_now() -> None:
    async with bridge() as b:
        await b.gather("ada")
        for number in range(3):
            inbound = Inbound(
                external_id=f"m{number}",
                address=Address(channel=CHAT, place="mallorys"),
                sender=Sender(realm="chat", user="mallory", name="Ada", took="ada"),
                what=Spoken(message=MessageId(f"m{number}"), content=Content(text="hi")),
            )
            await b.core._intake(inbound)
        await b.until(lambda: notices(b), each=0.05)
        await b.until_at_rest(each=0.05)
        (told,) = await notices(b)
        assert told.to == (OWNER,)
        assert told.content.text == texts.id_taken("Chat", CHAT, "ada", "")


async def test_a_person_who_can_be_reached_nowhere_is_a_notice_to_the_owner() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.close("ada")
        await b.push("news")
        await b.until(lambda: notices(b), each=0.05)
        await b.until_at_rest(each=0.05)
        (told,) = await notices(b)
        assert told.content.text == texts.out_of_reach("ada")
        assert told.to == (OWNER,)


async def test_what_waited_is_shown_as_soon_as_they_write_again() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.close("ada")
        await b.push("news")
        await b.until_at_rest(each=0.05)
        b.platform.say("ada", "ada", "I am back")
        await b.until_shown("ada", "news", each=0.05)


async def test_a_place_that_is_slow_is_no_such_notice() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(Unreachable())
        await b.push("news")
        await b.until_shown("ada", "news", each=0.5)
        assert await notices(b) == []


async def test_one_place_of_two_is_enough_to_be_reached() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.say("desk", "ada", "hello")
        await b.until_at_rest(each=0.05)
        b.platform.close("ada")
        await b.push("news")
        await b.until_shown("desk", "news", each=0.05)
        await b.until_at_rest(each=0.05)
        assert await notices(b) == []


async def test_a_trouble_is_told_once_a_day() -> None:
    async with bridge() as b:
        await b.gather("ada")
        for _ in range(3):
            b.platform.close("ada")
            await b.push("news")
            await b.until_at_rest(each=0.05)
            b.platform.say("ada", "ada", "back")
            await b.until_at_rest(each=0.05)
        assert len(await notices(b)) == 1
