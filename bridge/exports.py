"""A session as a file, for whoever may read it: JSON lines, or Markdown for people.

The rules (`bridge.domain.session_file` has those of the lines):

- Whoever may not read all of it gets what comes after that, as they read it.
- The log is read twice, page by page, up to where it ended at first: once for what it names, once
  to send it. So however long it is, one page of it and one piece of a file are in memory.
- The addresses of places are for the bridge's owner alone: they may be numbers of telephones.
- What somebody wrote is quoted line by line, so that nobody in it speaks as somebody else.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from datetime import datetime

from bridge import session_texts, texts
from bridge.domain import session_file as form
from bridge.domain.codec import rfc3339
from bridge.domain.content import Content
from bridge.domain.display_names import told_apart
from bridge.domain.errors import StoreError
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Pushed,
    QuestionAsked,
    QuestionClosed,
)
from bridge.domain.ids import START, MediaId, ParticipantId, Seq, SessionId
from bridge.domain.literal import escaped
from bridge.domain.parts import Address
from bridge.domain.records import replace
from bridge.ports.blobs import Blobs
from bridge.ports.store import Log, SessionRow, Store
from bridge.session.retention import ERASED, Erased
from bridge.session.visible import readable, repeats_hidden

PAGE = 100
"""Events read at a time."""

# -- as JSON lines --------------------------------------------------------------------------------


async def lines(
    store: Store,
    blobs: Blobs,
    session: SessionId,
    *,
    at: datetime,
    hidden: Seq = START,
    addresses: bool = True,
) -> AsyncGenerator[bytes]:
    """Yield the lines of a session's file, of what comes after `hidden`.

    Raises `StoreError`, `NotFound`.
    """
    seal = form.Seal()
    row = await store.session(session)
    if row is None:
        raise StoreError("the session is gone")
    named = await _named(store, row, hidden)
    people = await store.participants(named.participants)
    gone = await _erased(store, session)
    places = [place for each in named.places if (place := await store.conversation(each))]
    yield seal.add(
        form.session_line(
            session=row.id,
            title=row.title,
            archived=row.archived,
            created_at=rfc3339(row.created_at),
            epoch=(await store.epoch()).id,
            exported_at=rfc3339(at),
            participants=len(people),
            places=len(places),
            events=max(row.head - hidden, 0),
            files=len(named.files),
            **({"erased": gone} if gone else {}),
        )
    )
    for who in people.values():
        yield seal.add(form.participant_line(who.id, who.name, who.since))
    for place in places:
        nowhere = Address(channel=place.address.channel, place="")
        yield seal.add(form.place_line(place if addresses else replace(place, address=nowhere)))
    async for event in _events(store, session, row.head, hidden):
        yield seal.add(form.event_line(event))
    for media in named.files:
        async for line in _file(blobs, media):
            yield seal.add(line)
    yield seal.end()


async def _named(store: Store, row: SessionRow, hidden: Seq) -> form.Named:
    named = form.Named()
    async for event in _events(store, row.id, row.head, hidden):
        named.note(event.body)
    return named


async def _events(
    store: Log, session: SessionId, head: Seq, hidden: Seq = START
) -> AsyncIterator[Event]:
    after = hidden
    while after < head:
        page = await store.read(session, after=after, limit=min(PAGE, head - after))
        if not page:
            raise StoreError(f"the log of {session} ends at {after}, before {head}")
        for event in page:
            yield readable(event, hidden)
        after = page[-1].seq


async def _erased(store: Store, session: SessionId) -> Seq:
    """Return up to where the log has no words any more, since they were older than it is kept."""
    return Erased.of((await store.facts(ERASED)).get(session)).upto


async def _file(blobs: Blobs, media: MediaId) -> AsyncIterator[bytes]:
    """Yield the lines of a file. What is forgotten while it is read ends the export."""
    size = await blobs.size(media)
    yield form.file_line(media, size)
    if size is None:
        return
    rest = b""
    async for chunk in blobs.open(media):
        rest += chunk
        while len(rest) >= form.PIECE:
            yield form.bytes_line(rest[: form.PIECE])
            rest = rest[form.PIECE :]
    if rest:
        yield form.bytes_line(rest)


# -- as Markdown ----------------------------------------------------------------------------------


async def markdown(
    store: Store,
    session: SessionId,
    *,
    at: datetime,
    hidden: Seq = START,
) -> AsyncGenerator[bytes]:
    """Yield what was said in a session after `hidden`, as it stands by now. Raises `StoreError`."""
    row = await store.session(session)
    if row is None:
        raise StoreError("the session is gone")
    edited: dict[Seq, Content | None] = {}
    asked: dict[str, QuestionAsked] = {}
    named = form.Named()
    async for event in _events(store, session, row.head, hidden):
        named.note(event.body)
        body = event.body
        if isinstance(body, MessageEdited):
            edited[body.target] = body.content
        elif isinstance(body, MessageDeleted):
            edited[body.target] = None
        elif isinstance(body, QuestionAsked):
            asked[body.question] = body
    people = await store.participants(named.participants)
    names = told_apart({who: each.name or texts.SOMEONE for who, each in people.items()})
    title = escaped(" ".join(row.title.split())) or row.id
    yield f"# {title}\n\n{rfc3339(at)}\n".encode()
    if (gone := await _erased(store, session)) > hidden:
        yield f"\n_{session_texts.erased_upto(gone)}_\n".encode()
    async for event in _events(store, session, row.head, hidden):
        is_taken_back = event.seq in edited and edited[event.seq] is None
        if is_taken_back or event.seq <= gone:
            continue
        for text in _told(event, names, edited.get(event.seq), asked, hidden):
            yield text.encode(errors="replace")


def _told(
    event: Event,
    names: Mapping[ParticipantId, str],
    edited: Content | None,
    asked: Mapping[str, QuestionAsked],
    hidden: Seq,
) -> Iterator[str]:
    body = event.body
    if isinstance(body, MessageReceived):
        if not repeats_hidden(body, hidden):
            yield _said(event, names.get(body.participant, texts.SOMEONE), edited or body.content)
    elif isinstance(body, MessageComposed):
        yield _said(event, body.agent, body.content)
    elif isinstance(body, Pushed):
        yield _said(event, body.source.name or body.source.kind, body.content)
    elif isinstance(body, QuestionAsked):
        labels = "".join(f"\n- {each.label}" for each in body.options)
        yield _said(event, body.agent, Content(text=f"{body.text}\n{labels}".strip()))
    elif isinstance(body, QuestionClosed) and body.by is not None and body.answer:
        options = asked[body.question].options if body.question in asked else ()
        label = next((each.label for each in options if each.id == body.answer), body.answer)
        yield _said(event, names.get(body.by, texts.SOMEONE), Content(text=label))


def _said(event: Event, name: str, content: Content) -> str:
    head = f"\n## {escaped(name)}, {event.at:%Y-%m-%d %H:%M} UTC\n\n"
    text = escaped(content.text) if content.literal else content.text
    quoted = "".join(f"> {each}\n" for each in text.splitlines()) if text else ""
    files = "".join(f"\n- {escaped(each.name)}\n" for each in content.attachments)
    return f"{head}{quoted}{files}"
