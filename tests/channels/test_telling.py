"""A reply is shown although the platform stumbles, and marked where it may have been seen."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge import texts
from bridge.domain.errors import (
    ChannelError,
    FormRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TextRefused,
    Unreachable,
)
from bridge.domain.parts import Reply
from channels.telling import PAUSES, told

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPLY = Reply(text="Here you are.")
MARKED = f"Here you are.\n\n{texts.REPEATED}"


class Platform:
    """Fails so at first. `slept` is what was waited."""

    def __init__(self, *errors: ChannelError) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []
        self.replies: list[Reply] = []
        self.slept: list[float] = []

    async def tell(self, reply: Reply) -> None:
        self.asked.append(reply.text)
        self.replies.append(reply)
        if self.errors:
            raise self.errors.pop(0)

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.parametrize(
    ("errors", "asked"),
    [
        ([], ["Here you are."]),
        ([Unreachable()], ["Here you are."] * 2),
        ([OutcomeUnknown(), Unreachable()], ["Here you are.", MARKED, MARKED]),
    ],
)
async def test_it_is_shown_once_more_and_marked_if_it_may_be_a_repeat(errors, asked) -> None:
    platform = Platform(*errors)
    await told(platform.tell, REPLY, platform)
    assert platform.asked == asked
    assert platform.slept == list(PAUSES[: len(errors)])


LINE = texts.coded(texts.REPLY_REFUSED, "strict")


@pytest.mark.parametrize(
    ("errors", "shown"),
    [
        ([FormRefused(code="strict")], [("Here you are.", False), ("Here you are.", True)]),
        (
            [FormRefused(code="strict"), Rejected(code="strict")],
            [("Here you are.", False), ("Here you are.", True), (LINE, True)],
        ),
    ],
)
async def test_what_the_platform_refuses_is_shown_plain_and_else_told_in_a_line(errors, shown):
    platform = Platform(*errors)
    await told(platform.tell, REPLY, platform)
    assert [(each.text, each.plain) for each in platform.replies] == shown
    assert platform.slept == []


async def test_a_platform_that_asks_to_wait_is_waited_for_unless_that_is_long() -> None:
    platform = Platform(RateLimited(until=NOW + timedelta(seconds=7)))
    await told(platform.tell, REPLY, platform)
    assert (platform.asked, platform.slept) == (["Here you are."] * 2, [7.0])
    platform = Platform(RateLimited(until=NOW + timedelta(minutes=7)))
    with pytest.raises(RateLimited):
        await told(platform.tell, REPLY, platform)
    assert platform.slept == []


@pytest.mark.parametrize("error", [Gone(), TextRefused()])
async def test_where_nothing_may_be_written_nothing_more_is_tried(error) -> None:
    platform = Platform(error)
    with pytest.raises(type(error)):
        await told(platform.tell, REPLY, platform)
    assert len(platform.asked) == 1


async def test_a_line_that_is_refused_too_is_the_end_of_it() -> None:
    platform = Platform(*[Rejected()] * 9)
    with pytest.raises(Rejected):
        await told(platform.tell, REPLY, platform)
    assert len(platform.asked) == 3


async def test_in_the_end_it_is_let_go() -> None:
    platform = Platform(*[OutcomeUnknown()] * 9)
    with pytest.raises(OutcomeUnknown):
        await told(platform.tell, REPLY, platform)
    assert len(platform.asked) == len(PAUSES) + 1
