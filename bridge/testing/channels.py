"""The `Channel` port, sentence by sentence, on any channel there is a rig for.

In a test module: `from bridge.testing.channels import *`, and a fixture `rig` that yields an open
`ChannelRig`. The tests are coroutines: pytest-asyncio with `asyncio_mode = "auto"` runs them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC

import pytest

from bridge.domain.errors import (
    ChangeRefused,
    ChannelError,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StoreUnavailable,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import ConversationId, PartId, SessionId
from bridge.domain.inbound import Inbound, Readable, Relocated, Reported, Spoken, Titled, Unread
from bridge.domain.parts import Address, Capabilities, Part, Reply, Span
from bridge.ports.channel import Deleting, Editing, Probing, Reacting, Resolving, Typing
from bridge.testing.rig import Ability, ChannelRig, soon, until


@dataclass
class Ear:
    """An inbox that keeps what it hears. `refusals` are raised first, one for each call."""

    refusals: list[Exception] = field(default_factory=list)
    heard: list[Inbound] = field(default_factory=list)
    slow: asyncio.Event | None = None

    async def __call__(
        self, inbound: Inbound | Reported | Relocated | Titled | Readable | Unread
    ) -> Reply | None:
        if self.slow is not None:
            await self.slow.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        if isinstance(inbound, Inbound):
            self.heard.append(inbound)
        return None

    def texts(self) -> list[str]:
        return [each.what.content.text for each in self.heard if isinstance(each.what, Spoken)]


@asynccontextmanager
async def listening(rig: ChannelRig, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
    """Listen like the bridge does: what ends with an error is begun again."""

    async def listen() -> None:
        while True:
            with suppress(StoreUnavailable):
                await rig.channel.listen(ear)

    task = asyncio.create_task(listen())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


_left_out: Counter[Ability] = Counter()


@pytest.fixture(scope="module", autouse=True)
def left_out(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say in a line what was not asked, whatever pytest was told to report."""
    _left_out.clear()
    yield
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    if _left_out and reporter is not None and capture is not None:
        tests = ", ".join(f"{name} ({count})" for name, count in sorted(_left_out.items()))
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\nleft out, as the platform lacks it (tests): {tests}")


def needs(rig: ChannelRig, *abilities: Ability) -> None:
    """Report a test that cannot be held on this platform as skipped, and say why."""
    for ability in abilities:
        if ability in rig.lacks:
            _left_out[ability] += 1
            pytest.skip(f"this platform has no {ability}")


@pytest.fixture
async def open_rig(rig: ChannelRig) -> AsyncIterator[ChannelRig]:
    """The rig, ready to show: where it shows only while it listens, it listens."""
    if "apart" not in rig.lacks:
        yield rig
        return
    ear = Ear()
    async with listening(rig, ear):
        await rig.say(rig.elsewhere, "are you there?")
        await until(lambda: ear.heard)
        yield rig


def told(rig: ChannelRig, external_id: str, said: str) -> bool:
    """Say whether it is the id that the platform gave, or any where it gives none."""
    return bool(external_id) if "ids" in rig.lacks else external_id == said


async def shows(rig: ChannelRig, place: Address, *texts: str) -> None:
    """Wait until a place shows these, and nothing else: its people may read a moment later."""
    with suppress(TimeoutError):
        await until(lambda: list(rig.shown(place)) == list(texts))
    assert list(rig.shown(place)) == list(texts)


async def taken(rig: ChannelRig, ear: "Ear", count: int) -> None:
    """Wait until so much is acknowledged, or heard where nothing is acknowledged."""
    if "acknowledgements" in rig.lacks:
        await until(lambda: len(ear.heard) == count)
    else:
        await until(lambda: len(rig.acknowledged()) == count)


def part(text: str, number: int = 1) -> Part:
    return Part(
        id=PartId(f"{number}:0"),
        session=SessionId("s_1"),
        conversation=ConversationId("c_1"),
        source=number,
        upto=number,
        span=Span(start=0, end=len(text)),
        text=text,
    )


# -- listening ------------------------------------------------------------------------------------


async def test_what_is_said_is_handed_in_with_its_place_and_speaker(rig: ChannelRig) -> None:
    ear = Ear()
    async with listening(rig, ear):
        said = await rig.say(rig.place, "hello")
        await until(lambda: ear.heard)
    (inbound,) = ear.heard
    assert told(rig, inbound.external_id, said)
    assert inbound.address == rig.place
    assert inbound.sender.realm
    assert inbound.sender.user
    assert inbound.sender.name
    assert ear.texts() == ["hello"]


async def test_it_is_acknowledged_only_after_the_inbox_returned(rig: ChannelRig) -> None:
    needs(rig, "acknowledgements")
    slow = asyncio.Event()
    ear = Ear(slow=slow)
    async with listening(rig, ear):
        said = await rig.say(rig.place, "hello")
        await asyncio.sleep(0.05)
        assert list(rig.acknowledged()) == []
        slow.set()
        await until(lambda: list(rig.acknowledged()) == [said])


async def test_what_the_store_could_not_keep_is_delivered_again(rig: ChannelRig) -> None:
    ear = Ear(refusals=[StoreUnavailable(), StoreUnavailable()])
    async with listening(rig, ear):
        said = await rig.say(rig.place, "hello")
        await taken(rig, ear, 1)
    (inbound,) = ear.heard
    assert told(rig, inbound.external_id, said)
    if "acknowledgements" not in rig.lacks:
        assert list(rig.acknowledged()) == [said]


async def test_after_any_other_error_the_next_listener_hears_it(rig: ChannelRig) -> None:
    needs(rig, "acknowledgements")
    said = await rig.say(rig.place, "hello")
    with pytest.raises(ZeroDivisionError):
        await soon(rig.channel.listen(Ear(refusals=[ZeroDivisionError()])))
    assert list(rig.acknowledged()) == []
    ear = Ear()
    async with listening(rig, ear):
        await until(lambda: list(rig.acknowledged()) == [said])
    assert ear.texts() == ["hello"]


async def test_messages_of_one_place_come_in_their_order_though_the_first_one_is_refused(
    rig: ChannelRig,
) -> None:
    ear = Ear(refusals=[StoreUnavailable()])
    async with listening(rig, ear):
        said = [await rig.say(rig.place, f"message {number}") for number in range(5)]
        await taken(rig, ear, 5)
    assert ear.texts() == [f"message {number}" for number in range(5)]
    if "acknowledgements" not in rig.lacks:
        assert list(rig.acknowledged()) == said


async def test_the_same_words_said_twice_are_two_messages(rig: ChannelRig) -> None:
    ear = Ear()
    async with listening(rig, ear):
        said = [await rig.say(rig.place, "again") for _ in range(2)]
        await taken(rig, ear, 2)
    assert ear.texts() == ["again", "again"]
    first, second = (each.external_id for each in ear.heard)
    assert first != second
    assert not any(said) if "ids" in rig.lacks else len(set(said)) == 2


async def test_what_a_rig_says_cannot_be_brought_again_is_not(rig: ChannelRig) -> None:
    """What is lost for want of acknowledgements and history; else the tests of them would apply."""
    if not {"acknowledgements", "history"} <= rig.lacks:
        pytest.skip("this platform has acknowledgements or a history")
    dying = asyncio.create_task(rig.channel.listen(Ear(refusals=[ZeroDivisionError()])))
    await rig.say(rig.place, "lost")
    with pytest.raises(ZeroDivisionError):
        await soon(dying)
    ear = Ear()
    async with listening(rig, ear):
        await rig.say(rig.place, "heard")
        await until(lambda: ear.heard)
    assert ear.texts() == ["heard"]


async def test_what_was_said_while_nobody_listened_comes_first(rig: ChannelRig) -> None:
    needs(rig, "history")
    await rig.say(rig.place, "early")
    ear = Ear()
    async with listening(rig, ear):
        await until(lambda: ear.heard)
        await rig.say(rig.place, "late")
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == ["early", "late"]


async def test_what_was_acknowledged_does_not_come_again(rig: ChannelRig) -> None:
    needs(rig, "acknowledgements")
    await rig.say(rig.place, "one")
    async with listening(rig, Ear()):
        await until(rig.acknowledged)
    ear = Ear()
    async with listening(rig, ear):
        await rig.say(rig.place, "two")
        await until(lambda: ear.heard)
    assert ear.texts() == ["two"]


async def test_cancelled_it_leaves_no_task_behind_and_acknowledges_nothing_more(
    rig: ChannelRig,
) -> None:
    needs(rig, "acknowledgements")
    before = asyncio.all_tasks()
    slow = asyncio.Event()
    ear = Ear(slow=slow)
    async with listening(rig, ear) as task:
        await rig.say(rig.place, "hello")
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: asyncio.all_tasks() <= before)  # a fake's own end with their connection
        slow.set()
        await asyncio.sleep(0.05)
    assert list(rig.acknowledged()) == []


# -- showing --------------------------------------------------------------------------------------


async def test_parts_are_shown_where_they_are_sent_and_get_ids_of_their_own(
    open_rig: ChannelRig,
) -> None:
    first = await open_rig.channel.send(open_rig.place, part("one", 1))
    second = await open_rig.channel.send(open_rig.place, part("two", 2))
    await open_rig.channel.send(open_rig.elsewhere, part("three", 3))
    assert first.message != second.message
    await shows(open_rig, open_rig.place, "one", "two")
    await shows(open_rig, open_rig.elsewhere, "three")


@pytest.mark.parametrize("error", [Unreachable, RateLimited, Rejected, Gone, Moved, Unauthorized])
async def test_a_refusal_is_raised_as_what_it_means_and_nothing_is_shown(
    open_rig: ChannelRig, error: type[ChannelError]
) -> None:
    if error not in open_rig.errors:
        pytest.skip(f"this platform never says {error.__name__}")
    open_rig.refuse(error)
    with pytest.raises(ChannelError) as raised:
        await open_rig.channel.send(open_rig.place, part("lost"))
    assert isinstance(raised.value, error)
    assert raised.value.certain
    assert list(open_rig.shown(open_rig.place)) == []
    if isinstance(raised.value, RateLimited):
        assert raised.value.until.tzinfo is UTC
    if isinstance(raised.value, Moved):
        assert raised.value.place


async def test_without_an_answer_the_outcome_is_unknown_and_it_is_not_sent_again(
    open_rig: ChannelRig,
) -> None:
    if OutcomeUnknown not in open_rig.errors:
        pytest.skip("this platform always answers")
    open_rig.hang_up()
    with pytest.raises(OutcomeUnknown) as raised:
        await open_rig.channel.send(open_rig.place, part("once"))
    assert not raised.value.certain
    await shows(open_rig, open_rig.place, "once")


async def test_limits_are_for_every_place_and_asking_them_does_nothing(
    open_rig: ChannelRig,
) -> None:
    limits = open_rig.channel.capabilities(open_rig.place)
    assert limits == open_rig.channel.capabilities(open_rig.place)
    assert limits.max_chars > 0
    await open_rig.channel.send(open_rig.place, part("x" * limits.max_chars))
    await until(lambda: len("".join(open_rig.shown(open_rig.place))) >= limits.max_chars)
    assert len("".join(open_rig.shown(open_rig.place))) == limits.max_chars


# -- abilities ------------------------------------------------------------------------------------


def has(limits: Capabilities, ability: Ability) -> bool:
    return limits.max_files > 0 if ability == "files" else bool(getattr(limits, ability))


SAID_BY_LIMITS: tuple[Ability, ...] = (
    "edits",
    "deletes",
    "typing",
    "resolves",
    "reacts",
    "buttons",
    "files",
)


@pytest.mark.parametrize("ability", SAID_BY_LIMITS)
async def test_what_is_lacking_is_said_by_the_rig_and_by_the_channel(
    rig: ChannelRig, ability: Ability
) -> None:
    assert has(rig.channel.capabilities(rig.place), ability) == (ability not in rig.lacks)


async def test_what_its_limits_promise_it_can_do(rig: ChannelRig) -> None:
    limits = rig.channel.capabilities(rig.place)
    assert not limits.edits or isinstance(rig.channel, Editing)
    assert not limits.previews or isinstance(rig.channel, Editing)
    assert not limits.deletes or isinstance(rig.channel, Deleting)
    assert not limits.typing or isinstance(rig.channel, Typing)
    assert not limits.resolves or isinstance(rig.channel, Resolving)
    assert not limits.reacts or isinstance(rig.channel, Reacting)


async def test_an_edit_changes_the_message_and_a_repeat_is_a_success(open_rig: ChannelRig) -> None:
    needs(open_rig, "edits")
    assert isinstance(open_rig.channel, Editing)
    sent = await open_rig.channel.send(open_rig.place, part("before"))
    await open_rig.channel.edit(open_rig.place, sent.message, part("after"))
    await open_rig.channel.edit(open_rig.place, sent.message, part("after"))
    await shows(open_rig, open_rig.place, "after")


async def test_an_edit_of_what_is_gone_is_rejected(open_rig: ChannelRig) -> None:
    needs(open_rig, "edits")
    assert isinstance(open_rig.channel, Editing)
    sent = await open_rig.channel.send(open_rig.place, part("before"))
    open_rig.vanish(open_rig.place, sent.message)
    with pytest.raises(ChangeRefused):
        await open_rig.channel.edit(open_rig.place, sent.message, part("after"))
    assert list(open_rig.shown(open_rig.place)) == []


async def test_deleting_takes_the_message_back_and_what_is_gone_is_a_success(
    open_rig: ChannelRig,
) -> None:
    needs(open_rig, "deletes")
    assert isinstance(open_rig.channel, Deleting)
    await open_rig.channel.send(open_rig.place, part("stays", 1))
    sent = await open_rig.channel.send(open_rig.place, part("goes", 2))
    await open_rig.channel.delete(open_rig.place, sent.message)
    await open_rig.channel.delete(open_rig.place, sent.message)
    await shows(open_rig, open_rig.place, "stays")


async def test_a_part_of_unknown_outcome_is_found_by_what_it_is(open_rig: ChannelRig) -> None:
    needs(open_rig, "resolves")
    assert isinstance(open_rig.channel, Resolving)
    open_rig.hang_up()
    with pytest.raises(OutcomeUnknown):
        await open_rig.channel.send(open_rig.place, part("shown", 1))
    sent = await open_rig.channel.resolve(open_rig.place, part("shown", 1))
    assert sent is not None
    await shows(open_rig, open_rig.place, "shown")
    if isinstance(open_rig.channel, Editing):
        await open_rig.channel.edit(
            open_rig.place, sent.message, replace(part("changed"), id=PartId("2:0"))
        )
        await shows(open_rig, open_rig.place, "changed")


async def test_a_part_the_platform_does_not_have_is_not_found(open_rig: ChannelRig) -> None:
    needs(open_rig, "resolves")
    assert isinstance(open_rig.channel, Resolving)
    open_rig.refuse(Unreachable)
    with pytest.raises(Unreachable):
        await open_rig.channel.send(open_rig.place, part("lost", 1))
    await open_rig.channel.send(open_rig.place, part("other", 2))
    assert await open_rig.channel.resolve(open_rig.place, part("lost", 1)) is None


async def test_asking_whether_it_takes_calls_leaves_no_trace(open_rig: ChannelRig) -> None:
    if not isinstance(open_rig.channel, Probing):
        pytest.skip("the channel cannot ask so (`Probing`)")
    await open_rig.channel.probe(open_rig.place)
    assert list(open_rig.shown(open_rig.place)) == []


async def test_typing_shows_no_message(open_rig: ChannelRig) -> None:
    needs(open_rig, "typing")
    assert isinstance(open_rig.channel, Typing)
    await open_rig.channel.typing(open_rig.place)
    assert list(open_rig.shown(open_rig.place)) == []


async def test_a_reaction_shows_no_message_and_a_repeat_is_a_success(open_rig: ChannelRig) -> None:
    needs(open_rig, "reacts")
    assert isinstance(open_rig.channel, Reacting)
    sent = await open_rig.channel.send(open_rig.place, part("said"))
    await open_rig.channel.react(open_rig.place, sent.message, ["👀"], [])
    for _ in range(2):
        await open_rig.channel.react(open_rig.place, sent.message, ["✅"], ["👀"])
    await open_rig.channel.react(open_rig.place, sent.message, [], ["✅"])
    await shows(open_rig, open_rig.place, "said")


async def test_a_reaction_to_what_is_gone_is_refused_for_that_message_alone(
    open_rig: ChannelRig,
) -> None:
    needs(open_rig, "reacts")
    assert isinstance(open_rig.channel, Reacting)
    sent = await open_rig.channel.send(open_rig.place, part("said"))
    open_rig.vanish(open_rig.place, sent.message)
    with pytest.raises(ChangeRefused):
        await open_rig.channel.react(open_rig.place, sent.message, ["👀"], [])
