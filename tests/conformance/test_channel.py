"""The `Channel` port, sentence by sentence, on every channel there is a rig for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC

import pytest

from bridge.errors import (
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
from bridge.ids import ConversationId, PartId, SessionId
from bridge.inbound import Inbound, Spoken
from bridge.parts import Part, Reply, Span
from bridge.ports import Deleting, Editing, Resolving, Typing
from tests.conformance.rig import RIGS, ChannelRig
from tests.waiting import soon, until


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__)
async def rig(request) -> AsyncIterator[ChannelRig]:
    async with request.param.open() as opened:
        yield opened


@dataclass
class Ear:
    """An inbox that keeps what it hears. `refusals` are raised first, one for each call."""

    refusals: list[Exception] = field(default_factory=list)
    heard: list[Inbound] = field(default_factory=list)
    slow: asyncio.Event | None = None

    async def __call__(self, inbound: Inbound) -> Reply | None:
        if self.slow is not None:
            await self.slow.wait()
        if self.refusals:
            raise self.refusals.pop(0)
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


async def test_what_is_said_is_handed_in_with_its_place_and_speaker(rig):
    ear = Ear()
    async with listening(rig, ear):
        said = await rig.say(rig.place, "hello")
        await until(lambda: ear.heard)
    (inbound,) = ear.heard
    assert inbound.external_id == said
    assert inbound.address == rig.place
    assert inbound.sender.realm
    assert inbound.sender.user
    assert inbound.sender.name
    assert ear.texts() == ["hello"]


async def test_it_is_acknowledged_only_after_the_inbox_returned(rig):
    ear = Ear(slow=asyncio.Event())
    async with listening(rig, ear):
        said = await rig.say(rig.place, "hello")
        await asyncio.sleep(0.05)
        assert list(rig.acknowledged()) == []
        ear.slow.set()
        await until(lambda: list(rig.acknowledged()) == [said])


async def test_what_the_store_could_not_keep_is_delivered_again(rig):
    ear = Ear(refusals=[StoreUnavailable(), StoreUnavailable()])
    async with listening(rig, ear):
        said = await rig.say(rig.place, "hello")
        await until(rig.acknowledged)
    assert [each.external_id for each in ear.heard] == [said]
    assert list(rig.acknowledged()) == [said]


async def test_after_any_other_error_the_next_listener_hears_it(rig):
    said = await rig.say(rig.place, "hello")
    with pytest.raises(ZeroDivisionError):
        await soon(rig.channel.listen(Ear(refusals=[ZeroDivisionError()])))
    assert list(rig.acknowledged()) == []
    ear = Ear()
    async with listening(rig, ear):
        await until(lambda: list(rig.acknowledged()) == [said])
    assert ear.texts() == ["hello"]


async def test_messages_of_one_place_come_in_their_order_though_the_first_one_is_refused(rig):
    ear = Ear(refusals=[StoreUnavailable()])
    async with listening(rig, ear):
        said = [await rig.say(rig.place, f"message {number}") for number in range(5)]
        await until(lambda: len(rig.acknowledged()) == 5)
    assert ear.texts() == [f"message {number}" for number in range(5)]
    assert list(rig.acknowledged()) == said


async def test_what_was_said_while_nobody_listened_comes_first(rig):
    await rig.say(rig.place, "early")
    ear = Ear()
    async with listening(rig, ear):
        await until(lambda: ear.heard)
        await rig.say(rig.place, "late")
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == ["early", "late"]


async def test_what_was_acknowledged_does_not_come_again(rig):
    await rig.say(rig.place, "one")
    async with listening(rig, Ear()):
        await until(rig.acknowledged)
    ear = Ear()
    async with listening(rig, ear):
        await rig.say(rig.place, "two")
        await until(lambda: ear.heard)
    assert ear.texts() == ["two"]


async def test_cancelled_it_leaves_no_task_behind_and_acknowledges_nothing_more(rig):
    before = asyncio.all_tasks()
    ear = Ear(slow=asyncio.Event())
    async with listening(rig, ear) as task:
        await rig.say(rig.place, "hello")
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: asyncio.all_tasks() <= before)  # a fake's own end with their connection
        ear.slow.set()
        await asyncio.sleep(0.05)
    assert list(rig.acknowledged()) == []


# -- showing --------------------------------------------------------------------------------------


async def test_parts_are_shown_where_they_are_sent_and_get_ids_of_their_own(rig):
    first = await rig.channel.send(rig.place, part("one", 1))
    second = await rig.channel.send(rig.place, part("two", 2))
    await rig.channel.send(rig.elsewhere, part("three", 3))
    assert first.message != second.message
    assert list(rig.shown(rig.place)) == ["one", "two"]
    assert list(rig.shown(rig.elsewhere)) == ["three"]


@pytest.mark.parametrize("error", [Unreachable, RateLimited, Rejected, Gone, Moved, Unauthorized])
async def test_a_refusal_is_raised_as_what_it_means_and_nothing_is_shown(rig, error):
    if error not in rig.errors:
        pytest.skip(f"this platform never says {error.__name__}")
    rig.refuse(error)
    with pytest.raises(ChannelError) as raised:
        await rig.channel.send(rig.place, part("lost"))
    assert isinstance(raised.value, error)
    assert raised.value.certain
    assert list(rig.shown(rig.place)) == []
    match raised.value:
        case RateLimited(until=until):
            assert until.tzinfo is UTC
        case Moved(place=place):
            assert place


async def test_without_an_answer_the_outcome_is_unknown_and_it_is_not_sent_again(rig):
    if OutcomeUnknown not in rig.errors:
        pytest.skip("this platform always answers")
    rig.hang_up()
    with pytest.raises(OutcomeUnknown) as raised:
        await rig.channel.send(rig.place, part("once"))
    assert not raised.value.certain
    assert list(rig.shown(rig.place)) == ["once"]


async def test_limits_are_for_every_place_and_asking_them_does_nothing(rig):
    limits = rig.channel.capabilities(rig.place)
    assert limits == rig.channel.capabilities(rig.place)
    assert limits.max_chars > 0
    await rig.channel.send(rig.place, part("x" * limits.max_chars))
    assert len("".join(rig.shown(rig.place))) == limits.max_chars


# -- abilities ------------------------------------------------------------------------------------


async def test_what_its_limits_promise_it_can_do(rig):
    limits = rig.channel.capabilities(rig.place)
    assert not limits.edits or isinstance(rig.channel, Editing)
    assert not limits.previews or isinstance(rig.channel, Editing)
    assert not limits.deletes or isinstance(rig.channel, Deleting)
    assert not limits.typing or isinstance(rig.channel, Typing)
    assert not limits.resolves or isinstance(rig.channel, Resolving)


def able(rig: ChannelRig, ability: str) -> None:
    if not getattr(rig.channel.capabilities(rig.place), ability):
        pytest.skip(f"no {ability} here")


async def test_an_edit_changes_the_message_and_a_repeat_is_a_success(rig):
    able(rig, "edits")
    sent = await rig.channel.send(rig.place, part("before"))
    await rig.channel.edit(rig.place, sent.message, part("after"))
    await rig.channel.edit(rig.place, sent.message, part("after"))
    assert list(rig.shown(rig.place)) == ["after"]


async def test_an_edit_of_what_is_gone_is_rejected(rig):
    able(rig, "edits")
    sent = await rig.channel.send(rig.place, part("before"))
    rig.vanish(rig.place, sent.message)
    with pytest.raises(ChangeRefused):
        await rig.channel.edit(rig.place, sent.message, part("after"))
    assert list(rig.shown(rig.place)) == []


async def test_deleting_takes_the_message_back_and_what_is_gone_is_a_success(rig):
    able(rig, "deletes")
    await rig.channel.send(rig.place, part("stays", 1))
    sent = await rig.channel.send(rig.place, part("goes", 2))
    await rig.channel.delete(rig.place, sent.message)
    await rig.channel.delete(rig.place, sent.message)
    assert list(rig.shown(rig.place)) == ["stays"]


async def test_a_part_of_unknown_outcome_is_found_by_what_it_is(rig):
    able(rig, "resolves")
    rig.hang_up()
    with pytest.raises(OutcomeUnknown):
        await rig.channel.send(rig.place, part("shown", 1))
    sent = await rig.channel.resolve(rig.place, part("shown", 1))
    assert sent is not None
    assert list(rig.shown(rig.place)) == ["shown"]
    if isinstance(rig.channel, Editing):
        await rig.channel.edit(rig.place, sent.message, replace(part("changed"), id=PartId("2:0")))
        assert list(rig.shown(rig.place)) == ["changed"]


async def test_a_part_the_platform_does_not_have_is_not_found(rig):
    able(rig, "resolves")
    rig.refuse(Unreachable)
    with pytest.raises(Unreachable):
        await rig.channel.send(rig.place, part("lost", 1))
    await rig.channel.send(rig.place, part("other", 2))
    assert await rig.channel.resolve(rig.place, part("lost", 1)) is None


async def test_typing_shows_no_message(rig):
    able(rig, "typing")
    await rig.channel.typing(rig.place)
    assert list(rig.shown(rig.place)) == []
