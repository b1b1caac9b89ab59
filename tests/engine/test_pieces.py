"""A text that came in two messages, pictures that came in four: one run answers them."""

from bridge.domain.events import MessageReceived, RunStarted
from bridge.session.routing import SHARED
from tests.engine.rig import bridge


async def test_two_halves_of_a_text_are_one_question() -> None:
    async with bridge() as b:
        b.platform.say("ada", "ada", "first half", more=True)
        await b.until_logged(MessageReceived)
        b.platform.say("ada", "ada", "second half")
        await b.until_logged(RunStarted)
        await b.until_at_rest(each=0.1)
        assert len(await b.bodies(RunStarted)) == 1


async def test_pictures_that_follow_each_other_are_one_question() -> None:
    async with bridge() as b:
        for number in range(4):
            b.platform.say("ada", "ada", f"picture {number}", more=True)
            await b.until_logged(MessageReceived, number + 1)
            b.clock.forward(1.0)
        await b.until_logged(RunStarted, each=0.1)
        await b.until_at_rest(each=0.1)
        assert len(await b.bodies(RunStarted)) == 1


async def test_a_piece_is_kept_before_anything_is_waited_for() -> None:
    """A death in between loses nothing: what came is answered, and what comes later is, too."""
    async with bridge() as b:
        b.platform.say("ada", "ada", "first half", more=True)
        await b.until(lambda: not b.platform.waiting())
        assert len(await b.bodies(MessageReceived)) == 1
        await b.restart()
        b.platform.say("ada", "ada", "second half")
        await b.until_logged(RunStarted, each=0.1)
        await b.until_at_rest(each=0.1)
        heard = [each.content.text for each in await b.bodies(MessageReceived)]
        assert heard == ["first half", "second half"]


async def test_what_is_still_being_fetched_is_waited_for() -> None:
    async with bridge() as b:
        with b.core._runner.arrivals.coming(SHARED):
            b.platform.say("ada", "ada", "picture", more=True)
            await b.until_logged(MessageReceived)
            for _ in range(20):
                b.clock.forward(0.25)
                await b.until(lambda: True)
            assert await b.bodies(RunStarted) == []
        await b.until_logged(RunStarted, each=0.1)


async def test_it_is_waited_for_ten_seconds_at_most() -> None:
    async with bridge() as b:
        with b.core._runner.arrivals.coming(SHARED):
            b.platform.say("ada", "ada", "picture", more=True)
            await b.until_logged(RunStarted, each=0.1)
