"""What a platform refuses is shown in less, and only what is forbidden is left out."""

from collections.abc import Callable
from dataclasses import replace

from bridge import texts
from bridge.domain.commands import Push
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import (
    ChangeRefused,
    FileRefused,
    FormRefused,
    Gone,
    Rejected,
    TextRefused,
)
from bridge.domain.events import Preview, Source
from bridge.domain.ids import MediaId, Seq
from bridge.domain.inbound import Reported
from bridge.domain.parts import Address, Part, Receipt
from bridge.ports.agent import Ended
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING, MemoryChannel
from tests.engine.outbound.test_courier import receipts
from tests.engine.rig import Acting, Bridge, bridge

PICTURE = Attachment(kind="image", name="cat.png", mime="image/png", size=9, media=MediaId("m"))
QUIET = replace(EVERYTHING, previews=False, typing=False, caption_chars=1000)


def refusing(*rules: tuple[str, type[Rejected], Callable[[Part], object]]) -> type[MemoryChannel]:
    """Return a channel whose platform refuses what a rule names."""

    class Strict(MemoryChannel):
        async def send(self, to: Address, part: Part):
            self.check("send", to, part)
            return await super().send(to, part)

        async def edit(self, to, message, part):
            self.check("edit", to, part)
            await super().edit(to, message, part)

        def check(self, call: str, to: Address, part: Part) -> None:
            for on, error, refused in rules:
                if to.place == "bob" and on == call and refused(part):
                    raise error("no", code="strict")

    return Strict


async def push(b: Bridge, text: str, *files: Attachment) -> Seq:
    content = Content(text=text, attachments=files)
    said = await b.core.sessions.submit(SHARED, Push(source=Source(kind="api"), content=content))
    await b.until_at_rest(each=0.1)
    return said.events[0].seq


async def last(b: Bridge, seq: Seq) -> Receipt:
    return (await receipts(b, "bob", seq))[0]


def buttons(b: Bridge, place: str) -> list[str]:
    return [button.label for each in b.platform.seen(place) for button in each.buttons]


async def test_where_files_are_forbidden_the_text_is_shown_and_the_file_named() -> None:
    strict = refusing(("send", FileRefused, lambda part: part.attachments))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        seq = await push(b, "A **cat**:", PICTURE)
        await push(b, "and more")
        named = texts.file_refused("cat.png", 9)
        assert b.said("bob") == [f"A **cat**:\n\n{named}", "and more"]
        assert b.platform.seen("ada")[-2].attachments == (PICTURE,), "elsewhere it is shown"
        receipt = await last(b, seq)
        assert (receipt.state, receipt.why, receipt.code) == ("sent", "without_file", "strict")
        assert not (await b.lane("bob")).suspended


async def test_a_form_that_is_refused_is_left_out_and_the_file_stays() -> None:
    strict = refusing(("send", FormRefused, lambda part: not part.is_plain))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        seq = await push(b, "A **cat**:", PICTURE)
        assert b.platform.seen("bob")[-1].attachments == (PICTURE,)
        assert (await last(b, seq)).why == "plain"


async def test_what_is_refused_without_a_reason_ends_as_a_line() -> None:
    strict = refusing(("send", Rejected, lambda part: "rude" in part.text or part.attachments))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        seq = await push(b, "a rude cat", PICTURE)
        await push(b, "and more")
        assert b.said("bob") == [texts.coded(texts.not_taken(""), "strict"), "and more"]
        receipt = await last(b, seq)
        assert (receipt.state, receipt.why) == ("failed", "bare")


async def test_of_a_long_text_only_the_refused_piece_is_missing() -> None:
    strict = refusing(("send", Rejected, lambda part: "rude" in part.text))
    async with bridge(channel=strict, capabilities=replace(QUIET, max_chars=240)) as b:
        await b.gather("ada", "bob")
        await push(b, f"{'first ' * 30}\n\n{'rude ' * 36}\n\n{'third ' * 30}")
        first, third, line = b.said("bob")
        assert (first[:5], third[:5]) == ("first", "third")
        assert line == texts.coded(texts.not_taken(""), "strict")


async def test_where_no_text_may_be_written_files_are_still_shown() -> None:
    strict = refusing(("send", TextRefused, lambda part: part.text))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        seq = await push(b, "hello")
        await push(b, "", PICTURE)
        assert b.platform.seen("bob")[-1].attachments == (PICTURE,)
        receipt = await last(b, seq)
        assert (receipt.state, receipt.why) == ("failed", "forbidden")
        assert len(await receipts(b, "bob", seq)) == 1, "nor is a line tried"


async def test_a_line_that_is_refused_too_is_the_end_of_it() -> None:
    strict = refusing(("send", Rejected, lambda part: part.text != "and more"))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        await push(b, "hello")
        await push(b, "and more")
        assert b.said("bob") == ["and more"]


async def test_a_question_whose_buttons_are_refused_is_answered_by_number() -> None:
    strict = refusing(("send", FormRefused, lambda part: part.buttons))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "ask")
        await b.until_shown("bob", "2. Coffee", each=0.1)
        b.platform.say("bob", "bob", "2")
        await b.until_shown("ada", "bob · Chat: Coffee", each=0.1)


async def test_a_change_that_is_refused_is_left_out_and_silences_nobody() -> None:
    """A card in an archived thread is answered elsewhere: what comes next is shown there."""
    for error in (ChangeRefused, Gone):
        strict = refusing(("edit", error, lambda _: True))
        async with bridge(channel=strict, capabilities=QUIET) as b:
            await b.gather("ada", "bob")
            b.platform.say("ada", "ada", "ask")
            await b.until(lambda: buttons(b, "bob"), each=0.1)
            b.platform.press("ada", "ada", "Tea")
            await b.until_at_rest(each=0.1)
            await push(b, "and more")
            assert b.said("bob")[-1] == "and more"
            assert not (await b.lane("bob")).suspended
            lane = await b.lane("bob")
            known = await b.store.receipts(SHARED, lane.id, sources=range(1, 40))
            assert [each.state for each in known if each.why == "unchanged"] == ["skipped"]


async def test_a_change_whose_form_is_refused_is_made_plain() -> None:
    strict = refusing(("edit", FormRefused, lambda part: not part.is_plain))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "ask")
        await b.until(lambda: buttons(b, "bob"), each=0.1)
        b.platform.press("ada", "ada", "Tea")
        await b.until_shown("bob", "ada · Chat: Tea", each=0.1)


async def test_a_change_that_is_refused_in_every_form_is_told() -> None:
    strict = refusing(("edit", FormRefused, lambda _: True))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "helo", addressed=True)
        await b.until_shown("bob", "helo", each=0.1)
        message = next(each.id for each in b.platform.seen("ada") if each.text == "helo")
        b.platform.correct("ada", message, "hello")
        await b.until_shown("bob", texts.coded(texts.CHANGE_NOT_TAKEN, "strict"), each=0.1)


async def test_an_answer_that_cannot_take_its_previews_place_is_shown_plain_there() -> None:
    async def play(turn):
        yield Preview(run=turn.run, revision=1, text="So")
        await turn.clock.sleep(1)
        yield Ended(content=Content(text="So **it** is."))

    strict = refusing(("edit", FormRefused, lambda part: "**" in part.text and not part.is_plain))
    loud = replace(EVERYTHING, silent=False)
    async with bridge(channel=strict, capabilities=loud, agent=Acting(play)) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "is it?")
        await b.until_shown("bob", "So **it** is.", each=0.1)
        await b.until_at_rest(each=0.1)
        assert [text for text in b.said("bob") if "So" in text] == ["So **it** is."]


async def test_a_file_that_failed_later_is_named_then() -> None:
    """Twilio fetches a file when it has taken the message, and says afterwards that it could not.

    What was shown since stays where it is.
    """

    class Telling(MemoryChannel):
        async def listen(self, inbox):
            inboxes.append(inbox)
            await super().listen(inbox)

    inboxes = []
    async with bridge(channel=Telling, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        seq = await push(b, "A cat:", PICTURE)
        sent = await last(b, seq)
        lane = await b.lane("bob")
        await b.store.record(replace(sent, state="submitted"))
        await inboxes[0](
            Reported(
                address=lane.address,
                message=sent.message,
                state="failed",
                code="63019",
                less="without_file",
            )
        )
        await b.until_at_rest(each=0.1)
        assert b.said("bob")[-1] == f"A cat:\n\n{texts.file_refused('cat.png', 9)}"
        assert (await last(b, seq)).why == "without_file"


async def test_a_process_that_starts_anew_goes_on_with_the_step_it_was_at() -> None:
    tried: list[str] = []

    def refuse(part: Part) -> bool:
        tried.append(part.less)
        return part.text.startswith("rude")

    strict = refusing(("send", Rejected, refuse))
    async with bridge(channel=strict, capabilities=QUIET) as b:
        await b.gather("ada", "bob")
        tried.clear()
        lane = await b.lane("bob")
        postponed = b.store.attempt
        left = 1

        async def once(receipt: Receipt) -> None:
            nonlocal left
            if receipt.conversation == lane.id:
                left -= 1
                if left < 0:
                    raise RuntimeError("the process dies")
            await postponed(receipt)

        b.store.attempt = once  # type: ignore[method-assign]
        said = Push(source=Source(kind="api"), content=Content(text="rude"))
        await b.core.sessions.submit(SHARED, said)
        await b.until(lambda: left < 0, each=0.1)
        b.store.attempt = postponed  # type: ignore[method-assign]
        await b.restart()
        await b.until_shown("bob", texts.coded(texts.not_taken(""), "strict"), each=0.1)
        assert tried == ["", "plain", ""], "whole, plain, and the line"
