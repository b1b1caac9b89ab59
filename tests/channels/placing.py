"""What the tests of the memory channel send, and where."""

from bridge.domain.ids import ChannelName, ConversationId, PartId, SessionId
from bridge.domain.parts import Address, Part, Span

HERE = Address(channel=ChannelName("memory"), place="here")


def part(text="hello", *, part_id="1:0", **more):
    return Part(
        id=PartId(part_id),
        session=SessionId("s"),
        conversation=ConversationId("c"),
        source=1,
        upto=1,
        span=Span(start=0, end=len(text)),
        text=text,
        **more,
    )
