"""Texts as every database takes them."""

from bridge.domain.events import Draft
from bridge.domain.parts import Reply
from bridge.domain.records import replace
from bridge.ports.store import Origin, Producer


def clean(text: str) -> str:
    """Return the text with what no database takes replaced: NUL and lone surrogates."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")


def clean_or_none(text: str | None) -> str | None:
    return None if text is None else clean(text)


def clean_draft(draft: Draft) -> Draft:
    if draft.key is None or draft.key == clean(draft.key):
        return draft
    return replace(draft, key=clean(draft.key))


def clean_origin(origin: Origin) -> Origin:
    reply = origin.reply
    return replace(
        origin,
        account=clean(origin.account),
        external_id=clean(origin.external_id),
        reply=reply and Reply(text=clean(reply.text), refused=reply.refused),
    )


def clean_producer(producer: Producer) -> Producer:
    return replace(producer, id=clean(producer.id))
