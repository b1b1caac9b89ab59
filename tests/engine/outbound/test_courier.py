"""Every place is shown what its session holds: in order, once, whatever its platform does."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import texts
from bridge.delivery.retry import UNANSWERED_LIMIT
from bridge.domain.content import Content
from bridge.domain.errors import OutcomeUnknown, RateLimited, Rejected, Unauthorized, Unreachable
from bridge.domain.events import MessageReceived, Pushed
from bridge.domain.ids import ChannelName, Seq
from bridge.domain.inbound import PartKey, Reported
from bridge.domain.parts import Address, Capabilities, Part, Receipt, Sent
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING, MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory import MemoryStore
from tests.engine.rig import CHAT, Bridge, bridge
from tests.stepping import rest

PLAIN = Capabilities(max_chars=4000)
"""A place that can only be sent to."""

MAIL = ChannelName("mail")


async def receipts(b: Bridge, place: str, *seqs: Seq) -> list[Receipt]:
    lane = await b.lane(place)
    found = await b.store.receipts(SHARED, lane.id, sources=seqs)
    return [each for each in found if each.source in seqs]


async def until_postponed(b: Bridge, place: str) -> None:
    async def postponed() -> bool:
        return (await b.lane(place)).due_at is not None

    await b.until(postponed)
    await rest()


# -- in order -------------------------------------------------------------------------------------


async def test_what_is_said_in_one_place_is_shown_in_the_others_with_who_said_it() -> None:
    """Silently: nobody's phone rings because of words that are meant for the agent."""
    async with bridge(capabilities=replace(EVERYTHING, previews=False)) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "hello")
        await b.until_shown("bob", "ada (Chat) said: hello", each=0.1)
        await b.until_at_rest(each=0.1)
        said, answered = b.platform.seen("bob")[-2:]
        assert (said.speaker, said.text, said.silent) == ("ada · Chat", "hello", True)
        assert (answered.speaker, answered.silent) == ("", False)
        assert b.said("ada") == ["ada (Chat) said: hello"], "not where it was said"


async def test_a_receipt_goes_before_the_message_and_another_before_the_cursor() -> None:
    deeds: list[str] = []

    class Watched(MemoryStore):
        async def attempt(self, receipt):
            deeds.append(receipt.state)
            await super().attempt(receipt)

        async def record(self, receipt, **how):
            deeds.append(receipt.state)
            await super().record(receipt, **how)

        async def advance(self, session, conversation, to):
            deeds.append("advance")
            await super().advance(session, conversation, to)

    class Noted(MemoryChannel):
        async def send(self, to, part):
            deeds.append("send")
            return await super().send(to, part)

    async with bridge(store=Watched(), channel=Noted) as b:
        await b.gather("ada")
        deeds.clear()
        await b.push("hello")
        await b.until_at_rest()
    assert deeds == ["attempted", "send", "sent", "advance"]


async def test_everything_comes_in_its_order() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada", "bob")
        for n in range(15):
            await b.push(f"word {n}")
        await b.until_at_rest()
        words = [f"word {n}" for n in range(15)]
        assert (b.said("ada"), b.said("bob")) == (words, words)


async def test_a_slow_place_holds_up_no_other() -> None:
    gate = asyncio.Event()

    class Slow(MemoryChannel):
        async def send(self, to, part):
            if to.place == "bob":
                await gate.wait()
            return await super().send(to, part)

    async with bridge(channel=Slow) as b:
        await b.place("ada")
        b.platform.say("ada", "ada", "hi", addressed=False)
        await b.until_logged(MessageReceived)
        await b.place("bob")
        b.platform.say("bob", "bob", "hi", addressed=False)
        await b.until_logged(MessageReceived, 2)
        for n in range(3):
            await b.push(f"word {n}")
        await b.until_shown("ada", "word 2")
        assert b.said("bob") == []
        gate.set()
        await b.until_at_rest()
        assert b.said("bob") == b.said("ada")


async def test_a_lane_whose_channel_is_not_configured_any_more_is_left_alone() -> None:
    mail = MemoryPlatform()
    async with bridge(others={MAIL: mail}) as b:
        await b.place("ada", MAIL)
        mail.say("ada", "ada", "hi", addressed=False)
        await b.until_logged(MessageReceived)
        await b.gather("bob")
        await b.core.stop(0)
        b.others = {}
        await b.start()
        await b.push("hello")
        await b.until_shown("bob", "hello")
        assert "hello" not in mail.shown("ada")
        await b.core.stop(0)
        b.others = {MAIL: mail}
        await b.start()
        await mail.until(lambda: "hello" in mail.shown("ada"))


# -- what platforms answer ------------------------------------------------------------------------


async def test_a_platform_that_cannot_be_reached_is_tried_again() -> None:
    """The part is owed; after a pause it is sent, once and without a mark."""
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada", "bob")
        b.platform.refuse(Unreachable("no route", code="net"), place="bob")
        seq = await b.push("hello")
        await until_postponed(b, "bob")
        (owed,) = await receipts(b, "bob", seq)
        assert (owed.state, owed.tries) == ("owed", 0)
        lane = await b.lane("bob")
        assert (lane.tries, lane.last_error) == (1, "net")
        assert lane.due_at - b.clock.now() >= timedelta(seconds=1)
        await b.until_shown("bob", "hello", each=0.5)
        await b.until_at_rest(each=0.5)
        assert (b.said("bob"), b.said("ada")) == (["hello"], ["hello"])
        assert (await b.lane("bob")).tries == 0


async def test_pauses_grow_while_a_platform_stays_away() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.refuse(Unreachable(), times=None)
        await b.push("hello")
        pauses = []
        for tries in (1, 2, 3, 4):

            async def tried(tries: int = tries) -> bool:
                return (await b.lane("bob")).tries == tries

            await b.until(tried)
            pauses.append(((await b.lane("bob")).due_at - b.clock.now()).total_seconds())
            b.clock.forward(pauses[-1] + 0.01)
        assert pauses == sorted(pauses)
        assert pauses[-1] > 4
        b.platform.recover()
        await b.until_shown("bob", "hello", each=1)


async def test_a_rate_limit_is_waited_out() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        until = b.clock.now() + timedelta(seconds=90)
        b.platform.refuse(RateLimited(until=until))
        await b.push("hello")
        await until_postponed(b, "bob")
        lane = await b.lane("bob")
        assert (lane.due_at, lane.tries) == (until, 0)
        sent = b.platform.counts["send"]
        b.clock.forward(89)
        b.core._courier.wake(lane.id)
        await rest()
        assert b.platform.counts["send"] == sent
        b.clock.forward(2)
        await b.until_shown("bob", "hello")


async def test_an_unknown_outcome_is_found_out_where_that_can_be() -> None:
    """The answer got lost: what was shown is not shown again."""
    async with bridge() as b:
        await b.gather("bob")
        b.platform.hang_up(place="bob")
        seq = await b.push("hello")
        await b.until_at_rest(each=0.5)
        assert b.said("bob") == ["hello"]
        (receipt,) = await receipts(b, "bob", seq)
        assert (receipt.state, b.platform.counts["resolve"]) == ("sent", 1)
        assert receipt.message == b.platform.seen("bob")[-1].id


async def test_a_message_that_turns_out_not_to_be_there_is_sent() -> None:
    async with bridge() as b:
        await b.gather("bob")
        b.platform.refuse(OutcomeUnknown(), place="bob")
        await b.push("hello")
        await b.until_at_rest(each=0.5)
        assert b.said("bob") == ["hello"], "without a mark: it surely is the only one"


@pytest.mark.parametrize("held_up", [0, 20], ids=["on its way", "with all that is asked"])
async def test_a_message_that_arrives_after_it_was_asked_for_is_not_sent_again(held_up) -> None:
    """The connection broke while it was under way, or everything on it was held up with it."""

    class Late(MemoryChannel):
        late = False

        async def send(self, to, part):
            if part.text == "hello" and not self.late:
                Late.late = True
                self.arriving = asyncio.create_task(self.arrive(super().send(to, part)))
                raise OutcomeUnknown
            return await super().send(to, part)

        async def arrive(self, sending):
            await b.clock.sleep(held_up or 3)
            await rest()
            await sending

        async def resolve(self, to, part):
            if not self.arriving.done():
                await b.clock.sleep(held_up)
            return await super().resolve(to, part)

    async with bridge(channel=Late) as b:
        await b.gather("bob")
        await b.push("hello")
        await b.until_at_rest(each=0.5)
        assert b.said("bob") == ["hello"]


async def test_an_unknown_outcome_is_sent_once_more_and_marked_where_nobody_can_say() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.hang_up(place="bob")
        await b.push("hello")
        await b.push("world")
        await b.until_at_rest(each=0.5)
        assert b.said("bob") == ["hello", f"hello\n\n{texts.REPEATED}", "world"]


async def test_whoever_cannot_find_out_for_too_long_sends_once_more() -> None:
    """A part of unknown outcome blocks its lane for an hour where no question is answered."""
    async with bridge() as b:
        await b.gather("bob")
        b.platform.hang_up(place="bob")
        b.platform.refuse(Unreachable(), on="resolve", times=None)
        begun = b.clock.now()
        await b.push("hello")
        await b.push("world")
        await b.until_at_rest(each=5)
        assert b.said("bob") == ["hello", f"hello\n\n{texts.REPEATED}", "world"]
        assert b.clock.now() - begun < 1.2 * UNANSWERED_LIMIT


async def test_a_platform_that_refuses_to_say_is_not_asked_without_a_pause() -> None:
    async with bridge() as b:
        await b.gather("bob")
        asked = 0

        def count(*_: object) -> None:
            nonlocal asked
            asked += 1
            raise Rejected("what part?")

        b.platform.find = count  # type: ignore[method-assign]
        b.platform.hang_up(place="bob")
        await b.push("hello")
        await b.until(lambda: asked == 1, each=0.5)
        await rest()
        assert asked == 1
        await b.until_shown("bob", texts.REPEATED, each=0.5)
        assert asked < 20


async def test_what_a_platform_never_takes_is_told_in_a_line_and_the_lane_goes_on() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada", "bob")
        b.platform.refuse(Rejected("too rude", code="rude"), place="bob", times=2)
        seq = await b.push("hello")
        await b.push("world")
        await b.until_at_rest()
        assert b.said("ada") == ["hello", "world"]
        assert b.said("bob") == [texts.coded(texts.not_taken(""), "rude"), "world"]
        receipt, line = await receipts(b, "bob", seq)
        assert (receipt.state, receipt.why, receipt.code) == ("failed", "plain", "rude")
        assert line.state == "sent"


async def test_a_place_that_is_gone_is_left_alone_until_someone_speaks_there() -> None:
    """Then it is shown what it missed, before what comes next."""
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada", "bob")
        b.platform.close("bob")
        await b.push("one")
        await b.until_at_rest()
        assert (await b.lane("bob")).suspended
        await b.push("two")
        b.clock.forward(60)
        await b.until_at_rest()
        assert (b.said("bob"), b.said("ada")) == ([], ["one", "two"])
        b.platform.say("bob", "bob", "I am back", addressed=False)
        await b.until_shown("bob", "two")
        await b.push("three")
        await b.until_shown("bob", "three")
        assert b.said("bob") == ["one", "two", "three"]


async def test_a_place_that_moved_is_followed() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        await b.push("one")
        await b.until_at_rest()
        b.platform.move("bob", "bob2")
        await b.push("two")
        await b.until_shown("bob2", "two")
        await b.until_at_rest()
        assert b.said("bob2") == ["one", "two"]
        assert (await b.lane("bob2")).cursor == await b.store.head(SHARED)
        assert await b.store.conversation_at(Address(channel=CHAT, place="bob")) is None


async def test_a_place_that_moved_to_where_another_lane_is_stays_quiet() -> None:
    """What it would show is shown there already."""
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.move("bob", "bob2")
        await b.place("bob2", user="bob")
        b.platform.say("bob2", "bob", "I am here now", addressed=False)
        await b.until(lambda: not b.platform.waiting())
        await b.push("hello")
        await b.until_at_rest()
        assert b.said("bob2") == ["hello"]
        assert (await b.lane("bob")).suspended


async def test_refused_credentials_shut_their_channel_and_no_other() -> None:
    mail = MemoryPlatform()
    async with bridge(others={MAIL: mail}) as b:
        await b.place("ada", MAIL)
        mail.say("ada", "ada", "hi", addressed=False)
        await b.until_logged(MessageReceived)
        await b.gather("bob")
        mail.refuse(Unauthorized("the token was revoked"), times=None)
        await b.push("hello")
        await b.until_shown("bob", "hello")
        await b.until(lambda: MAIL in b.core.supervisor.faults)
        assert "revoked" in b.core.supervisor.faults[MAIL]
        assert b.core.faults() == "", "the core itself works"
        mail.say("ada", "ada", "can you hear me?")
        await b.push("world")
        await b.until_shown("bob", "world")
        assert mail.waiting() == ("ada",), "nobody listens there any more"
        mail.recover()
        await b.restart()
        b.clock.forward(3600)
        await mail.until(lambda: any("can you hear me?" in text for text in mail.shown("ada")))


async def test_a_platform_that_never_answers_is_given_its_time() -> None:
    class Mute(MemoryChannel):
        async def send(self, to, part):
            sent = await super().send(to, part)
            if part.text == "hello" and self.platform.counts["resolve"] == 0:
                await asyncio.Event().wait()
            return sent

    hasty = replace(EVERYTHING, send_timeout=timedelta(milliseconds=50))
    async with bridge(channel=Mute, capabilities=hasty) as b:
        await b.gather("bob")
        await b.push("hello")
        await b.push("world")
        await b.until_at_rest(each=0.5)
        assert b.said("bob") == ["hello", "world"]


async def test_a_fault_of_a_channel_itself_is_bounded_too() -> None:
    """A bug in one channel is told in a line, which does not quote what it trips over."""

    class Broken(MemoryChannel):
        async def send(self, to, part):
            if "hello" in part.text:
                raise KeyError("no such thing")
            return await super().send(to, part)

    async with bridge(channel=Broken, capabilities=PLAIN) as b:
        await b.gather("bob")
        await b.push("hello")
        await b.push("world")
        await b.until_shown("bob", "world", each=0.5)
        line = f"{texts.SOMETHING_MISSING}\n\n{texts.REPEATED}"
        assert b.said("bob") == [line, "world"]


# -- long texts, long absences --------------------------------------------------------------------


async def test_a_long_text_is_split_and_resumed_where_it_broke_off() -> None:
    async with bridge(capabilities=replace(PLAIN, max_chars=140)) as b:
        await b.gather("bob")
        text = " ".join(f"n{n}" for n in range(150))
        b.platform.refuse(Unreachable(), place="bob")
        await b.push(text)
        await until_postponed(b, "bob")
        b.platform.recover()
        whole = b.platform.show
        left = 3

        def breaking(place, part):
            nonlocal left
            left -= 1
            if left == 0:
                raise Unreachable
            return whole(place, part)

        b.platform.show = breaking  # type: ignore[method-assign]
        await b.until_at_rest(each=0.5)
        shown = b.said("bob")
        assert len(shown) > 3
        assert " ".join(shown).split() == text.split()


async def test_a_place_that_was_long_away_gets_one_recap() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada", "bob")
        b.platform.close("bob")
        for n in range(25):
            await b.push(f"word {n}")
        await b.until_at_rest()
        b.platform.say("bob", "bob", "what is new?", addressed=False)
        await b.until_shown("bob", "While you were away")
        await b.push("and now")
        await b.until_shown("bob", "and now")
        recap, after = b.said("bob")[-2:]
        assert "word 24" in recap
        assert "word 3" not in recap
        assert after == "and now"
        assert len(b.said("bob")) <= 3, "but for a part that was under way, all is in the recap"
        await b.until_shown("ada", "and now")
        assert len(b.said("ada")) == 26


async def test_a_part_that_a_later_failure_made_owed_is_shown_again() -> None:
    """Alone: what came after it was shown and stays."""
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        seq = await b.push("one")
        await b.push("two")
        await b.until_at_rest()
        (sent,) = await receipts(b, "bob", seq)
        await b.store.record(replace(sent, state="owed", message=None, tries=0))
        b.core._courier.wake((await b.lane("bob")).id)
        await b.until_at_rest()
        assert b.said("bob") == ["one", "two", "one"]


async def test_a_recap_that_failed_later_says_the_same_again() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.refuse(Unreachable("no route", code="net"), place="bob")
        first = await b.push("word 0")
        await until_postponed(b, "bob")
        owed = (await receipts(b, "bob", first))[0]
        await b.store.record(replace(owed, state="skipped"))
        for n in range(1, 25):
            await b.push(f"word {n}")
        await b.until_shown("bob", "While you were away", each=0.5)
        await b.until_at_rest(each=0.5)
        (said,) = b.said("bob")
        recap = next(each for each in await receipts(b, "bob", first) if each.upto > first)
        await b.store.record(replace(recap, state="owed", message=None, tries=0))
        b.core._courier.wake((await b.lane("bob")).id)
        await b.until_at_rest()
        assert b.said("bob") == [said, said]


async def test_what_was_forgotten_while_its_place_was_away_holds_up_nothing_there() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.refuse(Unreachable("no route", code="net"), place="bob")
        seq = await b.push("a secret")
        await until_postponed(b, "bob")
        (event,) = await b.store.read(SHARED, after=seq - 1, limit=1)
        await b.store.rewrite(SHARED, {seq: replace(event.body, content=Content())})
        await b.push("next")
        await b.until_shown("bob", "next", each=0.5)
        await b.until_at_rest(each=0.5)
        assert b.said("bob") == ["next"]


# -- the end --------------------------------------------------------------------------------------


class Hasty(MemoryChannel):
    """A platform that says what became of a message before the call that sent it returns."""

    again = False

    async def listen(self, inbox) -> None:
        self.inbox = inbox
        await super().listen(inbox)

    async def send(self, to: Address, part: Part) -> Sent:
        sent = await super().send(to, part)
        key = PartKey(session=part.session, conversation=part.conversation, part=part.id)
        about = {"address": to, "message": sent.message, "key": key, "again": self.again}
        if part.text != texts.coded(texts.not_taken(""), "63024"):
            await self.inbox(Reported(state="failed", code="63024", **about))
        return Sent(message=sent.message, state="submitted")


async def test_what_a_platform_said_before_its_call_returned_stands() -> None:
    async with bridge(channel=Hasty, capabilities=PLAIN) as b:
        await b.gather("ada")
        seq = await b.push("news")
        await b.until_at_rest(each=0.05)
        receipt, line = await receipts(b, "ada", seq)
        assert (receipt.state, receipt.code) == ("failed", "63024")
        assert line.state == "submitted", "and people are told that it is missing"


async def test_a_place_that_is_closed_in_the_middle_of_something_is_sent_nothing_more_of_it() -> (
    None
):
    class Closed(Hasty):
        again = True

    async with bridge(channel=Closed, capabilities=PLAIN) as b:
        await b.gather("ada")
        seq = await b.push("word " * 2000)
        await b.until_at_rest(each=0.05)
        (receipt,) = await receipts(b, "ada", seq)
        assert receipt.state == "owed"
        assert (await b.lane("ada")).suspended


async def test_closing_shows_what_is_due() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada")
        b.platform.delay = 0.02
        for n in range(5):
            await b.push(f"word {n}")
        await b.core.stop(30)
        assert b.said("ada") == [f"word {n}" for n in range(5)]


async def test_closing_does_not_wait_for_a_platform_that_hangs() -> None:
    """The part stays attempted, and the next process finds out."""
    hang = asyncio.Event()

    class Stuck(MemoryChannel):
        async def send(self, to, part):
            sent = await super().send(to, part)
            if part.text == "hello":
                hang.set()
                await asyncio.Event().wait()
            return sent

    async with bridge(channel=Stuck) as b:
        await b.gather("ada")
        seq = await b.push("hello")
        await hang.wait()
        await b.core.stop(0.05)
        (receipt,) = await receipts(b, "ada", seq)
        assert receipt.state == "attempted"
        b.channel = MemoryChannel
        await b.start()
        await b.until_at_rest(each=0.5)
        assert b.said("ada") == ["hello"]


@pytest.mark.parametrize("capabilities", [PLAIN, EVERYTHING], ids=["plain", "rich"])
async def test_after_a_restart_nothing_is_shown_twice(capabilities: Capabilities) -> None:
    async with bridge(capabilities=capabilities) as b:
        await b.gather("ada", "bob")
        for n in range(3):
            await b.push(f"word {n}")
        await b.until_at_rest()
        for _ in range(3):
            await b.restart()
            await b.until_at_rest()
        assert b.said("bob") == ["word 0", "word 1", "word 2"]


# -- what rings -----------------------------------------------------------------------------------


async def test_two_hundred_pushes_at_once_ring_thirty_times_and_the_rest_is_one_message() -> None:
    """Whoever pushes: all of it is in the log, and the silent message says how many there are."""
    async with bridge(capabilities=replace(EVERYTHING, previews=False)) as b:
        await b.gather("ada")
        before = len(b.platform.seen("ada"))
        for each in range(200):
            await b.push(f"alarm {each}")
        await b.until_shown("ada", "alarm 29", "170 more messages", each=0.5)
        await b.until_at_rest(each=0.5)
        shown = b.platform.seen("ada")[before:]
        assert len(shown) == 31
        assert sum(not each.silent for each in shown) == 30
        assert "alarm 30" in shown[-1].text
        log = await b.store.read(SHARED, after=0, limit=1000)
        pushed = [each.body.content.text for each in log if isinstance(each.body, Pushed)]
        assert pushed == [f"alarm {each}" for each in range(200)]
