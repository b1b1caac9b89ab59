"""Delivery asks who is let in, as hearing does: nobody is shown what they may not say."""

from bridge.domain.commands import Push
from bridge.domain.content import Content
from bridge.domain.events import Source
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.engine.rig import bridge
from tests.stepping import rest

ADA_AND_BOB = Account(allow=frozenset({"ada", "bob"}))
ONLY_ADA = Account(allow=frozenset({"ada"}))


async def test_whoever_is_off_the_list_is_shown_nothing_and_everything_once_on_it_again() -> None:
    """The lane stays where it is: nothing is lost by it."""
    async with bridge(account=ADA_AND_BOB) as b:
        await b.gather("ada", "bob")
        await b.push("one")
        await b.until_shown("bob", "one")
        await b.core.stop(0)
        b.account = ONLY_ADA
        await b.start()
        await b.push("two")
        await b.until_shown("ada", "two")
        await rest()
        assert "two" not in b.said("bob")
        lane = await b.lane("bob")
        assert not lane.suspended
        assert lane.cursor < await b.store.head(SHARED)
        await b.core.stop(0)
        b.account = ADA_AND_BOB
        await b.start()
        await b.until_shown("bob", "two")


async def test_a_room_is_shown_nothing_while_nobody_of_its_session_is_let_in_there() -> None:
    async with bridge(account=ADA_AND_BOB) as b:
        b.platform.open("team", room=True)
        b.platform.say("team", "ada", "/title Team")
        await b.until(lambda: b.platform.notes("team"))
        session = (await b.lane("team")).session
        await b.core.stop(0)
        b.account = Account(allow=frozenset({"bob"}))
        await b.start()
        push = Push(source=Source(kind="api"), content=Content(text="two"))
        await b.core.sessions.submit(session, push)
        await rest()
        assert b.said("team") == []
        await b.core.stop(0)
        b.account = ADA_AND_BOB
        await b.start()
        await b.until_shown("team", "two")


async def test_whoever_is_put_out_is_shown_nothing_more_at_once_and_woken_when_let_in() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        bob = await b.store.identify(realm="memory", user="bob")
        await b.core.sessions.admission.put_out(bob, out=True)
        await b.push("two")
        await b.until_shown("ada", "two")
        await rest()
        assert "two" not in b.said("bob")
        await b.core.sessions.admission.put_out(bob, out=False)
        await b.until_shown("bob", "two")


async def test_what_was_found_out_is_not_asked_of_the_store_for_every_delivery() -> None:
    asked = 0

    class Counting(MemoryStore):
        async def identities(self, participant):
            nonlocal asked
            asked += 1
            return await super().identities(participant)

    async with bridge(account=ADA_AND_BOB, store=Counting()) as b:
        await b.gather("ada", "bob")
        await b.push("zero")
        await b.until_shown("bob", "zero")
        before = asked
        for n in range(20):
            await b.push(f"word {n}")
        await b.until_shown("bob", "word 19")
        assert asked == before
