"""A platform that answers nothing for a while: a marked repeat is better than a loss."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import texts
from bridge.delivery.part_splitter import quoted
from bridge.delivery.recap import RECAP_EVENTS
from bridge.delivery.retry import MAX_ATTEMPTS
from bridge.domain.errors import ChangeRefused, ChannelError, OutcomeUnknown, Rejected
from bridge.domain.events import QuestionAsked
from bridge.domain.parts import Address, Capabilities
from channels.memory import EVERYTHING, MemoryChannel
from tests.engine.outbound.test_courier import PLAIN, receipts
from tests.engine.rig import Bridge, bridge
from tests.stepping import rest

ASKABLE = replace(PLAIN, typing=True)
"""A place that says whether it takes calls, but not what became of one."""

UNSURE = replace(EVERYTHING, resolves=False)
"""A place that can do all that a chat app can, as Telegram does."""


async def over(b: Bridge, minutes: float) -> None:
    until = b.clock.now() + timedelta(minutes=minutes)
    await b.until(lambda: b.clock.now() > until, each=5)
    b.platform.recover()
    await b.until_at_rest(each=5)


async def test_an_outage_of_minutes_costs_one_marked_repeat_and_no_message() -> None:
    """Whatever is asked of the platform fails without a word, and nothing of it is done."""
    for minutes in (0.1, 1, 60):
        async with bridge(capabilities=ASKABLE) as b:
            await b.gather("bob")
            b.platform.refuse(OutcomeUnknown(), on=None, times=None)
            await b.push("hello")
            await b.push("world")
            until = b.clock.now() + timedelta(minutes=minutes)
            await b.until(lambda until=until: b.clock.now() > until, each=5)
            b.platform.recover()
            await b.until_at_rest(each=5)
            assert b.said("bob") == [f"hello\n\n{texts.REPEATED}", "world"]
            assert b.clock.now() < until + 2 * timedelta(minutes=max(minutes, 1))


async def test_an_outage_that_showed_everything_costs_one_marked_repeat() -> None:
    async with bridge(capabilities=ASKABLE) as b:
        await b.gather("bob")
        b.platform.hang_up(on="send", times=None)
        b.platform.refuse(OutcomeUnknown(), on="typing", times=None)
        await b.push("hello")
        await b.push("world")
        until = b.clock.now() + timedelta(minutes=5)
        await b.until(lambda: b.clock.now() > until, each=5)
        b.platform.recover()
        await b.until_at_rest(each=5)
        assert b.said("bob") == ["hello", f"hello\n\n{texts.REPEATED}", "world"]


async def test_a_place_that_cannot_be_asked_anything_loses_nothing_for_some_minutes() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.refuse(OutcomeUnknown(), place="bob", times=MAX_ATTEMPTS - 1)
        await b.push("hello")
        await b.push("world")
        await b.until_at_rest(each=5)
        assert b.said("bob") == [f"hello\n\n{texts.REPEATED}", "world"]


async def test_a_platform_that_never_says_what_became_of_a_part_is_not_asked_for_ever() -> None:
    """It shows each attempt: there are few, far apart; then the place is told, and one more."""
    async with bridge(capabilities=ASKABLE) as b:
        await b.gather("bob")
        b.platform.hang_up(place="bob", times=MAX_ATTEMPTS)
        begun = b.clock.now()
        seq = await b.push("hello")
        await b.push("world")
        await b.until_at_rest(each=5)
        told = texts.not_shown(quoted("hello"), "")
        repeat = f"hello\n\n{texts.REPEATED}"
        repeats = [repeat] * (MAX_ATTEMPTS - 1)
        assert b.said("bob") == ["hello", *repeats, told, repeat, "world"]
        assert b.clock.now() - begun > timedelta(minutes=3)
        state = {each.part: (each.state, each.tries) for each in await receipts(b, "bob", seq)}
        assert state == {f"{seq}:0": ("sent", MAX_ATTEMPTS + 1), f"{seq}:lost": ("sent", 1)}


async def test_an_outage_of_sending_alone_loses_nothing_however_long_it_is() -> None:
    """Typing signs are taken and no message is: first the place reads that something is missing."""
    for capabilities in (ASKABLE, UNSURE, EVERYTHING):
        async with bridge(capabilities=capabilities) as b:
            await b.gather("bob")
            b.platform.refuse(OutcomeUnknown(), on="send", times=None)
            await b.push("hello")
            await b.push("world")
            await over(b, 90)
            mark = "" if capabilities.resolves else f"\n\n{texts.REPEATED}"
            line = f"{texts.SOMETHING_MISSING}{mark}"
            assert b.said("bob") == [line, f"hello{mark}", "world"]


async def test_while_only_sending_is_out_few_calls_are_made() -> None:
    for capabilities in (ASKABLE, EVERYTHING):
        async with bridge(capabilities=capabilities) as b:
            await b.gather("bob")
            b.platform.refuse(OutcomeUnknown(), on="send", times=(most := 25))
            await b.push("hello")
            until = b.clock.now() + timedelta(minutes=60)
            await b.until(lambda until=until: b.clock.now() > until, each=5)
            assert b.said("bob") == [], f"more than {most} in an hour"


async def test_a_place_that_fails_at_certain_words_is_shown_all_others() -> None:
    class Choking(MemoryChannel):
        async def send(self, to, part):
            if "poison" in part.text:
                raise OutcomeUnknown("no", code="500")
            return await super().send(to, part)

    for capabilities in (ASKABLE, EVERYTHING):
        async with bridge(capabilities=capabilities, channel=Choking) as b:
            await b.gather("bob")
            await b.push("poison")
            await b.push("world")
            await b.until_at_rest(each=5)
            mark = "" if capabilities.resolves else f"\n\n{texts.REPEATED}"
            assert b.said("bob") == [f"{texts.SOMETHING_MISSING}{mark}", "world"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_an_account_takes_elsewhere_shows_that_it_is_back(restarted) -> None:
    """A place need not wait out its pause once another place of the account was shown something."""
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob", "ada")
        b.platform.refuse(OutcomeUnknown(), place="bob", times=MAX_ATTEMPTS - 1)
        await b.push("hello")
        lane = await b.lane("bob")

        async def waits() -> bool:
            nonlocal lane
            lane = await b.lane("bob")
            left = (lane.due_at or b.clock.now()) - b.clock.now()
            return left > timedelta(minutes=2)

        await b.until(waits, each=1)
        if restarted:
            await b.restart()
        begun = b.clock.now()
        await b.push("world")
        await b.until_at_rest(each=1)
        assert b.said("bob") == [f"hello\n\n{texts.REPEATED}", "world"]
        assert b.clock.now() - begun < timedelta(minutes=1)


async def test_a_part_in_doubt_stays_owed_across_a_restart() -> None:
    async with bridge(capabilities=ASKABLE) as b:
        await b.gather("bob")
        b.platform.refuse(OutcomeUnknown(), on=None, times=None)
        await b.push("hello")
        for _ in range(8):
            await b.restart()
            await rest()
            b.clock.forward(60)
            await rest()
        b.platform.recover()
        await b.until_at_rest(each=5)
        assert b.said("bob") == [f"hello\n\n{texts.REPEATED}"]


async def test_an_outage_is_waited_out_before_a_part_is_found_out() -> None:
    """Where the platform can be asked, it is asked when it is back, however long that takes."""
    for applied in (True, False):
        async with bridge() as b:
            await b.gather("bob")
            if applied:
                b.platform.hang_up(place="bob")
            b.platform.refuse(OutcomeUnknown(), on=None, times=None)
            await b.push("hello")
            await b.push("world")
            until = b.clock.now() + timedelta(minutes=50)
            await b.until(lambda until=until: b.clock.now() > until, each=5)
            b.platform.recover()
            await b.until_at_rest(each=5)
            assert b.said("bob") == ["hello", "world"]


async def test_cards_of_approvals_and_recaps_outlive_an_outage_too() -> None:
    async with bridge(capabilities=UNSURE) as b:
        await b.gather("ada", "bob")
        b.platform.refuse(OutcomeUnknown(), on=None, place="bob", times=None)
        b.platform.say("ada", "ada", "ask")
        await b.until_logged(QuestionAsked, each=0.1)
        for number in range(RECAP_EVENTS + 1):
            await b.push(f"news {number}")
        await over(b, 10)
        cards = [each for each in b.platform.seen("bob") if each.buttons]
        assert len(cards) == 1
        assert sum("news 20" in text for text in b.said("bob")) == 1


class Probed(MemoryChannel):
    """An account that cannot show that it is writing, but can be asked whether it takes calls."""

    async def probe(self, to: Address) -> None:
        await self.platform.call("typing", to.place, lambda: None)


@pytest.mark.parametrize(
    ("capabilities", "channel"),
    [(UNSURE, MemoryChannel), (replace(UNSURE, typing=False), Probed)],
    ids=["typing", "probing"],
)
async def test_a_change_outlives_an_outage(
    capabilities: Capabilities, channel: type[MemoryChannel]
) -> None:
    """An edit and a takeback are the same done twice, so they need no mark."""
    async with bridge(capabilities=capabilities, channel=channel) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "helo")
        b.platform.say("ada", "ada", "oops")
        await b.until_at_rest(each=0.1)
        mine = {each.text: each.id for each in b.platform.seen("ada") if each.author}
        b.platform.refuse(OutcomeUnknown(), on=None, place="bob", times=None)
        b.platform.correct("ada", mine["helo"], "hello")
        b.platform.unsay("ada", mine["oops"])
        await over(b, 30)
        assert "ada · Chat: hello" in b.shown("bob")
        assert "ada · Chat: oops" not in b.shown("bob")
        assert not [text for text in b.shown("bob") if texts.REPEATED in text]


async def test_an_edit_that_is_given_up_is_told_in_a_line() -> None:
    async with bridge(capabilities=UNSURE) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "helo")
        await b.until_at_rest(each=0.1)
        mine = {each.text: each.id for each in b.platform.seen("ada") if each.author}
        b.platform.refuse(OutcomeUnknown(), on="edit", place="bob", times=None)
        b.platform.correct("ada", mine["helo"], "hello")
        await b.until_at_rest(each=1)
        assert texts.not_changed(quoted("hello")) in b.shown("bob")


@pytest.mark.parametrize(
    "error", [OutcomeUnknown(), ChangeRefused(code="48h"), Rejected(code="no")]
)
async def test_a_takeback_that_is_given_up_is_told_in_a_line(error: ChannelError) -> None:
    """Whoever took it back may think that nobody can read it any more."""
    async with bridge(capabilities=UNSURE) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "oops")
        await b.until_at_rest(each=0.1)
        mine = {each.text: each.id for each in b.platform.seen("ada") if each.author}
        b.platform.refuse(error, on="delete", place="bob", times=None)
        b.platform.unsay("ada", mine["oops"])
        await b.until_at_rest(each=1)
        lines = [text for text in b.shown("bob") if texts.NOT_REMOVED in text]
        assert lines == [texts.coded(texts.NOT_REMOVED, error.code)]
        assert not [text for text in b.shown("ada") if texts.NOT_REMOVED in text]
        await b.push("next")
        await b.until_at_rest(each=1)
        assert "next" in b.shown("bob")
