"""A reply is shown although the platform stumbles, and marked where it may have been seen."""

import pytest

from bridge import texts
from bridge.errors import ChannelError, OutcomeUnknown, Rejected, Unreachable
from bridge.parts import Reply
from channels.telling import PAUSES, told

REPLY = Reply(text="Here you are.")
MARKED = f"Here you are.\n\n{texts.REPEATED}"


class Platform:
    """Fails so at first. `slept` is what was waited."""

    def __init__(self, *errors: ChannelError) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []
        self.slept: list[float] = []

    async def tell(self, reply: Reply) -> None:
        self.asked.append(reply.text)
        if self.errors:
            raise self.errors.pop(0)

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


async def test_what_the_platform_refuses_is_not_tried_again() -> None:
    platform = Platform(Rejected())
    with pytest.raises(Rejected):
        await told(platform.tell, REPLY, platform)
    assert platform.slept == []


async def test_in_the_end_it_is_let_go() -> None:
    platform = Platform(*[OutcomeUnknown()] * 9)
    with pytest.raises(OutcomeUnknown):
        await told(platform.tell, REPLY, platform)
    assert len(platform.asked) == len(PAUSES) + 1
