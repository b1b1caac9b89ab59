"""What every decision is made of."""

from bridge.domain.content import Content
from bridge.domain.events import Body, Draft
from bridge.domain.literal import shows_nothing

Drafts = tuple[Draft, ...]


def one(body: Body, key: str | None = None) -> Drafts:
    return (Draft(body=body, key=key),)


def shows_something(content: Content | None) -> bool:
    """Say whether anything is seen of what an agent says, once it is rendered."""
    if content is None or content.attachments:
        return content is not None
    return bool(content.text.strip()) if content.literal else not shows_nothing(content.text)


def says_something(content: Content | None) -> bool:
    return content is not None and bool(content.text.strip() or content.attachments)
