"""What the tests of the WhatsApp channel send."""

from bridge.domain.content import Attachment
from bridge.domain.ids import ConversationId, MediaId, PartId, SessionId
from bridge.domain.parts import Button, Part, Span

PNG = Attachment(
    kind="image", name="cat.png", mime="image/png", size=70_000, media=MediaId("m_cat")
)
PDF = Attachment(
    kind="file", name="plan.pdf", mime="application/pdf", size=90_000, media=MediaId("m_plan")
)
YES_NO = (Button(value="a:q_1:0", label="Yes"), Button(value="a:q_1:1", label="No"))


def part(text: str = "hello", *, number: int = 1, **more) -> Part:
    return Part(
        id=PartId(f"{number}:0"),
        session=SessionId("s_1"),
        conversation=ConversationId("c_1"),
        source=number,
        upto=number,
        span=Span(start=0, end=len(text)),
        text=text,
        **more,
    )
