"""What every decision is made of."""

from bridge.content import Content
from bridge.events import Body, Draft

Drafts = tuple[Draft, ...]


def one(body: Body, key: str | None = None) -> Drafts:
    return (Draft(body=body, key=key),)


def says_something(content: Content | None) -> bool:
    return content is not None and bool(content.text.strip() or content.attachments)
