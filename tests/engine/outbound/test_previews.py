"""The text being written: one message a place, paced, the newest text only, never in the way."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bridge import texts
from bridge.delivery.markdown_budget import LONG
from bridge.delivery.shown_receipts import is_preview
from bridge.domain.content import Content
from bridge.domain.errors import OutcomeUnknown, RateLimited, Rejected, Unreachable
from bridge.domain.events import Preview, RunFinished
from bridge.domain.parts import Capabilities
from bridge.engine.outbound import previews as module
from bridge.ports.agent import Ended, Remark, Turn
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING, MemoryChannel
from channels.memory_platform import Message
from tests.engine.rig import NINE, Bridge, bridge
from tests.stepping import rest

LOUD = replace(EVERYTHING, silent=False)
DRAFTS = replace(EVERYTHING, previews=False, drafts=True)
SECOND = replace(EVERYTHING, preview_interval=timedelta(seconds=1))


class Writer:
    """An agent that writes what a test tells it to, as long as the test wants."""

    def __init__(self) -> None:
        self.help = ""
        self.began = 0
        self.items: asyncio.Queue = asyncio.Queue()
        self._revision = 0
        self._run = None

    async def run(self, turn: Turn):
        self.began += 1
        self._run = turn.run
        while True:
            item = await self.items.get()
            yield item if not isinstance(item, Preview) else replace(item, run=turn.run)
            if isinstance(item, Ended):
                return

    def write(self, text: str, activity: str = "") -> None:
        self._revision += 1
        preview = Preview(run="", revision=self._revision, text=text, activity=activity)
        self.items.put_nowait(preview)

    def remark(self, text: str) -> None:
        self.items.put_nowait(Remark(content=Content(text=text)))

    def end(self, text: str = "") -> None:
        self.items.put_nowait(Ended(content=Content(text=text) if text else None))


def ours(b: Bridge, place: str = "ada") -> list[Message]:
    """Return what the bridge shows in a place but for small notices."""
    seen = b.platform.seen(place)
    return [each for each in seen if not each.author and not each.text.startswith("_")]


def shown(b: Bridge, place: str = "ada") -> list[str]:
    return [each.text for each in ours(b, place)]


def spent(b: Bridge) -> bool:
    """Say whether every fault that was arranged has happened."""
    return not any(fault.times for fault in b.platform._faults)


async def begun(b: Bridge, writer: Writer, text: str = "hello") -> None:
    """Let Ada ask, and wait until the place is shown all there was and the agent works."""
    runs = writer.began
    b.platform.say("ada", "ada", text)
    await b.until(lambda: writer.began == runs + 1)

    async def caught_up() -> bool:
        return (await b.lane("ada")).cursor == await b.store.head(SHARED)

    await b.until(caught_up)


async def previews_left(b: Bridge, place: str = "ada") -> list:
    lane = await b.lane(place)
    found = await b.store.receipts(SHARED, lane.id, sources=())
    return [each for each in found if is_preview(each)]


# -- from the first words to the last -------------------------------------------------------------


async def test_a_short_answer_takes_the_place_of_a_preview_that_rang() -> None:
    """People saw it grow and were told of it: it stays the same message."""
    writer = Writer()
    async with bridge(agent=writer, capabilities=LOUD) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        (preview,) = ours(b)
        writer.write("So it is")
        await b.until_shown("ada", "So it is", each=0.05)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        await b.until_at_rest(each=0.05)
        assert [each.id for each in ours(b)] == [preview.id]
        assert await previews_left(b) == []


@pytest.mark.parametrize("waited", [0, 11])
@pytest.mark.parametrize("words", [5, 100])
async def test_an_answer_rings_once_in_each_place(waited: float, words: int) -> None:
    """However long it took, in however many parts it came, however often its preview changed."""
    writer = Writer()
    async with bridge(agent=writer, capabilities=replace(EVERYTHING, max_chars=150)) as b:
        await b.gather("bob")
        await begun(b, writer)
        for text in ("So", "So it", "So it is"):
            writer.write(text)
            await b.until_shown("ada", text, each=0.05)
            await b.until_shown("bob", text, each=0.05)
        b.clock.forward(waited)
        writer.end("word " * words)
        await b.until_at_rest(each=0.05)
        for place in ("ada", "bob"):
            ever = b.platform.open(place).messages.values()
            (rang,) = [each for each in ever if not each.author and not each.silent]
            assert rang.text.startswith("word")
            assert not rang.deleted


# -- where the platform shows it without a message ------------------------------------------------


async def test_long_texts_are_measured_beside_the_loop() -> None:
    """A thousand characters of the worst Markdown take longer than nobody may wait."""
    loop, held = threading.get_ident(), []

    def size(text: str) -> int:
        if len(text) > LONG and threading.get_ident() == loop:
            held.append(len(text))
        return len(text)

    writer = Writer()
    async with bridge(agent=writer, capabilities=replace(EVERYTHING, size=size)) as b:
        b.platform.say("ada", "ada", "hello")
        writer.write("x" * 5 * LONG)
        await b.until(lambda: ours(b), each=0.1)
        writer.end("y" * (LONG + 500))
        await b.until_logged(RunFinished, each=0.1)
        await b.until_at_rest(each=0.1)
        assert "y" * LONG in b.said("ada")[-1]
    assert held == []


async def test_a_draft_shows_the_text_without_a_message_and_keeps_no_receipt() -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=DRAFTS) as b:
        await begun(b, writer)
        for text in ("So", "So it"):
            writer.write(text)
            await b.until(lambda text=text: b.platform.open("ada").draft == text, each=0.05)
        assert (shown(b), await previews_left(b)) == ([], [])
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        (answer,) = ours(b)
        assert (answer.silent, b.platform.open("ada").draft) == (False, "")


async def test_a_draft_is_shown_again_before_it_wears_off() -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=DRAFTS) as b:
        await begun(b, writer)
        writer.write("So")
        await b.until(lambda: b.platform.counts["preview"] == 1, each=0.05)
        await b.until(lambda: b.platform.counts["preview"] == 2, each=1.0)
        assert b.clock.now() - NINE >= module.DRAFT_AGAIN


@pytest.mark.parametrize("error", [Rejected(), Unreachable(), RateLimited(until=NINE)])
async def test_a_draft_that_fails_is_dropped_and_the_answer_is_not(error) -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=DRAFTS) as b:
        b.platform.refuse(error, on="preview")
        await begun(b, writer)
        writer.write("So")
        await b.until(lambda: spent(b), each=0.05)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)


async def test_a_long_answer_arrives_as_a_message_of_its_own() -> None:
    """People have looked away: it has to ring, and the preview is taken back."""
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        (preview,) = ours(b)
        b.clock.forward(11)
        writer.end("So it is.")
        await b.until(lambda: shown(b) == ["So it is."], each=0.05)
        (answer,) = ours(b)
        assert (answer.id != preview.id, answer.silent) == (True, False)


async def test_the_text_is_written_in_every_place_that_can_show_it() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await b.gather("bob")
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        await b.until_shown("bob", "So it", each=0.05)
        writer.end("So it is.")
        for place in ("ada", "bob"):
            await b.until(lambda place=place: shown(b, place)[-1] == "So it is.", each=0.05)


async def test_where_it_cannot_be_shown_only_the_answer_is() -> None:
    writer = Writer()
    capabilities = replace(EVERYTHING, previews=False)
    async with bridge(agent=writer, capabilities=capabilities) as b:
        await begun(b, writer)
        writer.write("So it")
        await rest()
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        assert shown(b) == ["So it is."]
        assert b.platform.counts["edit"] == 0


async def test_a_run_that_ends_silently_takes_its_preview_back() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("Shall I")
        await b.until_shown("ada", "Shall I", each=0.05)
        writer.end()
        await b.until(lambda: shown(b) == [], each=0.05)
        await b.until_at_rest()
        assert await previews_left(b) == []


async def test_a_stop_takes_the_preview_back() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("Once upon a")
        await b.until_shown("ada", "Once upon a", each=0.05)
        b.platform.say("ada", "ada", "/stop")
        await b.until_shown("ada", texts.stopped_by("ada"), each=0.05)
        await b.until(lambda: shown(b) == [], each=0.05)


async def test_words_that_come_between_make_the_answer_a_new_message() -> None:
    """Above what others said since, an answer would not be found."""
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        (preview,) = ours(b)
        await b.push("By the way")
        await b.until_shown("ada", "By the way", each=0.05)
        writer.end("So it is.")
        await b.until(lambda: shown(b) == ["By the way", "So it is."], each=0.05)
        assert preview.id not in [each.id for each in ours(b)]


async def test_what_is_said_on_the_way_leaves_the_preview_to_the_answer() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("So")
        await b.until_shown("ada", "So", each=0.05)
        writer.remark("I am looking.")
        await b.until_shown("ada", "I am looking.", each=0.05)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        await b.until_at_rest(each=0.05)
        assert shown(b) == ["I am looking.", "So it is."]


async def test_the_next_process_goes_on_in_the_same_message() -> None:
    """What a run that was cut off had shown is where its successor writes."""
    writer = Writer()
    async with bridge(agent=writer, capabilities=LOUD) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        (preview,) = ours(b)
        await b.restart()
        await b.until(lambda: writer.began == 2)
        writer.write("Well, so")
        await b.until(lambda: shown(b) == ["Well, so"], each=0.05)
        writer.end("Well, so it is.")
        await b.until(lambda: shown(b) == ["Well, so it is."], each=0.05)
        await b.until_at_rest(each=0.05)
        assert [each.id for each in ours(b)] == [preview.id]


# -- paced ----------------------------------------------------------------------------------------


async def test_previews_keep_to_the_interval_of_their_place() -> None:
    """However fast an agent writes, there is one call an interval, and it has the newest text."""
    writer = Writer()
    async with bridge(agent=writer, capabilities=SECOND) as b:
        await begun(b, writer)
        writer.write("word 0")
        await b.until_shown("ada", "word 0", each=0.05)
        calls: list[str] = []
        change = b.platform.change
        b.platform.change = lambda place, message, part: (  # type: ignore[method-assign]
            calls.append(part.text),
            change(place, message, part),
        )[1]
        for n in range(1, 41):
            writer.write(f"word {n}")
            b.clock.forward(0.1)
            await rest()
        assert 3 <= len(calls) <= 4
        await b.until_shown("ada", "word 40", each=0.5)
        assert len(calls) <= 5


async def test_other_events_do_not_quicken_the_pace() -> None:
    """Each of them wakes the place; the preview still waits for its time."""
    writer = Writer()
    async with bridge(agent=writer, capabilities=SECOND) as b:
        await begun(b, writer)
        writer.write("word 0")
        await b.until_shown("ada", "word 0", each=0.05)
        for n in range(1, 6):
            writer.write(f"word {n}")
            writer.remark(f"remark {n}")
            await b.until_shown("ada", f"remark {n}")
            await rest()
        assert b.platform.counts["edit"] == 0, "no time has passed"
        await b.until_shown("ada", "word 5", each=0.5)
        assert b.platform.counts["edit"] == 1


async def test_the_same_text_is_not_sent_again() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        for n in range(5):
            writer.write("So it", activity=f"step {n}")
            await b.until_shown("ada", "So it", each=0.05)
            b.clock.forward(1)
            await rest()
        assert (b.platform.counts["send"], b.platform.counts["edit"]) == (1, 0)


async def test_a_long_text_is_cut_to_what_the_place_can_show() -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=replace(EVERYTHING, max_chars=100)) as b:
        await begun(b, writer)
        writer.write("x" * 500)
        await b.until_shown("ada", "xxx", each=0.05)
        (preview,) = ours(b)
        assert 50 <= len(preview.text) <= 100
        writer.end("done")
        await b.until(lambda: shown(b) == ["done"], each=0.05)


# -- never in the way -----------------------------------------------------------------------------


async def test_a_rate_limit_silences_the_preview_and_not_the_answer() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        until = b.clock.now() + timedelta(seconds=9)
        b.platform.refuse(RateLimited(until=until), on="edit")
        writer.write("So it i")
        b.clock.forward(1)
        await b.until(lambda: spent(b), each=0.05)
        edits = b.platform.counts["edit"]
        for n in range(5):
            writer.write(f"So it is, {n}")
            b.clock.forward(1)
            await rest()
        assert b.platform.counts["edit"] == edits
        writer.end("So it is.")
        await b.until(lambda: shown(b) == ["So it is."], each=0.05)


@pytest.mark.parametrize(
    "error", [Unreachable(), Rejected(), RateLimited], ids=["away", "never", "later"]
)
async def test_a_preview_that_cannot_be_sent_costs_nothing(error) -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        wait = b.clock.now() + timedelta(seconds=30)
        b.platform.refuse(error(until=wait) if error is RateLimited else error)
        writer.write("So it")
        await b.until(lambda: spent(b), each=0.05)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        assert (await b.lane("ada")).due_at is None
        assert shown(b) == ["So it is."]
        assert b.platform.counts["resolve"] == 0, "it surely is not there"


async def test_a_preview_of_unknown_outcome_is_found_and_used() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        b.platform.hang_up()
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        await b.until_at_rest(each=0.05)
        assert shown(b) == ["So it is."]
        assert b.platform.counts["resolve"] == 1


async def test_a_preview_that_was_never_shown_is_forgotten() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        b.platform.refuse(OutcomeUnknown())
        writer.write("So it")
        await b.until(lambda: spent(b), each=0.05)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        await b.until_at_rest(each=0.05)
        assert shown(b) == ["So it is."]
        assert await previews_left(b) == []


async def test_a_preview_that_someone_deleted_is_begun_anew() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        (preview,) = ours(b)
        preview.deleted = True
        writer.write("So it i")
        await b.until(lambda: shown(b) == ["So it i"], each=0.05)
        writer.write("So it is")
        await b.until(lambda: shown(b) == ["So it is"], each=0.05)
        writer.end("So it is.")
        await b.until(lambda: shown(b) == ["So it is."], each=0.05)


async def test_an_answer_arrives_although_its_preview_vanished() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        (preview,) = ours(b)
        preview.deleted = True
        writer.end("So it is.")
        await b.until(lambda: shown(b) == ["So it is."], each=0.05)


async def test_an_answer_whose_preview_can_never_be_changed_for_certain_comes_anew() -> None:
    """The platform does not answer to edits any more; after a while the answer is sent instead."""

    class Unsure(MemoryChannel):
        async def edit(self, to, message, part):
            raise OutcomeUnknown("the wire is silent")

    writer = Writer()
    async with bridge(agent=writer, channel=Unsure) as b:
        await begun(b, writer)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        writer.end("So it is.")
        await b.until(lambda: "So it is." in shown(b), each=0.5)
        await b.push("And then")
        await b.until_shown("ada", "And then", each=0.5)


async def test_a_fault_of_a_channel_in_a_preview_delays_no_answer() -> None:
    class Broken(MemoryChannel):
        async def send(self, to, part):
            if part.priority == "preview":
                raise KeyError("what preview?")
            return await super().send(to, part)

    writer = Writer()
    with capture_logs():
        async with bridge(agent=writer, channel=Broken) as b:
            await begun(b, writer)
            writer.write("So it")
            await b.until(lambda: b.core._courier._previews.following, each=0.05)
            writer.end("So it is.")
            await b.until_shown("ada", "So it is.", each=0.01)
            assert shown(b) == ["So it is."]


# -- typing ---------------------------------------------------------------------------------------

TYPING_ONLY = Capabilities(typing=True)


def typed(b: Bridge) -> int:
    return b.platform.open("ada").typed


async def test_where_there_are_no_previews_typing_is_shown_every_few_seconds() -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=TYPING_ONLY) as b:
        await begun(b, writer)
        await b.until(lambda: typed(b) == 1)
        for _ in range(10):
            b.clock.forward(1)
            await rest()
        assert 2 <= typed(b) <= 4
        writer.end("So it is.")
        await b.until_logged(RunFinished)
        await b.until_at_rest()
        told = typed(b)
        b.clock.forward(60)
        await rest()
        assert typed(b) == told, "nobody is typing any more"


async def test_typing_is_shown_until_there_is_a_text() -> None:
    writer = Writer()
    async with bridge(agent=writer) as b:
        await begun(b, writer)
        writer.write("", activity="thinking")
        await b.until(lambda: typed(b) == 1)
        writer.write("So it")
        await b.until_shown("ada", "So it", each=0.05)
        told = typed(b)
        for _ in range(10):
            b.clock.forward(1)
            await rest()
        assert typed(b) == told


async def test_what_an_agent_does_meanwhile_does_not_quicken_the_typing() -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=SECOND) as b:
        await begun(b, writer)
        await b.until(lambda: typed(b) == 1)
        for n in range(16):
            writer.write("", activity=f"step {n}")
            b.clock.forward(0.5)
            await rest()
        assert 2 <= typed(b) <= 3
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)


async def test_typing_that_fails_is_nobodys_business() -> None:
    writer = Writer()
    async with bridge(agent=writer, capabilities=TYPING_ONLY) as b:
        b.platform.refuse(Unreachable(), on="typing", times=None)
        await begun(b, writer)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)
        assert (await b.lane("ada")).tries == 0


async def test_typing_that_hangs_holds_up_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TYPING_EVERY", timedelta(seconds=0.05))

    class Hanging(MemoryChannel):
        async def typing(self, to):
            await asyncio.Event().wait()

    writer = Writer()
    async with bridge(agent=writer, channel=Hanging, capabilities=TYPING_ONLY) as b:
        await begun(b, writer)
        writer.end("So it is.")
        await b.until_shown("ada", "So it is.", each=0.05)


async def test_where_several_agents_may_answer_a_preview_says_who_writes_it() -> None:
    writer = Writer()
    async with bridge(agent=writer, more_agents={"deep": Writer()}) as b:
        await begun(b, writer)
        writer.write("Let me")
        await b.until(lambda: shown(b) == ["Let me"], each=0.1)
        assert ours(b)[-1].speaker == "echo"
        writer.end("Let me see.")
        await b.until(lambda: shown(b) == ["Let me see."], each=0.1)
        assert ours(b)[-1].speaker == "echo"
