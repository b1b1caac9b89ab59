"""The last messages of a session in a few lines: `/history`, and what a place missed."""

from collections.abc import Mapping
from typing import assert_type

from bridge import session_texts, texts
from bridge.delivery.rendering import BRIDGE, brought_by
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    PushClosed,
    Pushed,
    SilentEvent,
    Triggered,
)
from bridge.domain.ids import START, ParticipantId, Seq
from bridge.engine.names import DisplayNames
from bridge.ports.store import Log
from bridge.session import visible
from bridge.session.fold import Session

PAGE = 200
LENGTH = 300
"""Characters that are told of each message."""

CHANGES = 5_000
"""Events after the later one in which it is looked for edits and for what was taken back."""

_NotSaid = SilentEvent | PushClosed | Triggered


async def last_said(
    log: Log,
    names: DisplayNames,
    fold: Session,
    most: int,
    *,
    after: Seq = START,
    upto: Seq | None = None,
) -> str:
    """Return the last messages between two events, as they stand by now, in Markdown."""
    found: list[Event] = []
    changed: dict[Seq, str] = {}
    gone: set[Seq] = set()
    until = fold.head if upto is None else upto
    before = min(fold.head, Seq(until + CHANGES))
    while before > after and len(found) < most:
        begin = Seq(max(after, before - PAGE))
        for event in reversed(await log.read(fold.id, after=begin, limit=before - begin)):
            match event.body:
                case MessageEdited(target=target, content=content):
                    changed.setdefault(target, content.text)
                case MessageDeleted(target=target):
                    gone.add(target)
                case MessageReceived() as heard if visible.repeats_hidden(heard, after):
                    pass
                case MessageReceived() | MessageComposed() | Pushed():
                    is_of_then = event.seq <= until and event.seq not in gone
                    found += [event] if is_of_then and _is_told(event) else []
                case rest:
                    assert_type(rest, _NotSaid)
        before = begin
    people = {e.body.participant for e in found if isinstance(e.body, MessageReceived)}
    called = await names.in_session(fold, people)
    lines = [_line(each, changed.get(each.seq), called) for each in found[:most]]
    return "\n\n".join(reversed(lines))


def _line(event: Event, text: str | None, names: Mapping[ParticipantId, str]) -> str:
    match event.body:
        case MessageReceived(participant=who, content=content):
            name = names[who]
        case MessageComposed(agent=name, content=content):
            pass
        case Pushed(source=source, content=content):
            name = brought_by(source) or source.name or texts.AGENT
        case rest:
            assert_type(rest, _NotSaid | MessageEdited | MessageDeleted)
            raise TypeError(type(rest).__name__)
    files = [each.name for each in content.attachments]
    return session_texts.said(name, content.text if text is None else text, files, LENGTH)


def _is_told(event: Event) -> bool:
    """Say whether something said is for everyone: what the bridge says is about the moment."""
    body = event.body
    if isinstance(body, Pushed):
        return (body.source.kind, body.source.name) != ("background", BRIDGE)
    return not (isinstance(body, MessageComposed) and body.kind == "notice")
