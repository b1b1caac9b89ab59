"""What an append is judged by. Every store keeps to these rules, for they are this code.

The rules, in their order; the first that speaks decides, and an append that is refused leaves
nothing behind:

1. A producer of an older epoch is fenced; a number that leaves one out is a gap; a newer epoch,
   and a producer's first ever, begin at 0. A number that was taken in before is a repeat.
2. A known origin is a repeat, in whichever session it was taken in: it gets the same answer.
   If it came with a fresh number of its producer, that number is used up.
3. A known key stands for the event that has it, within one append too.
4. `expect` must be the head, unless every draft turned out to be known.
5. What a run says needs that run to be open (`RunOver`); a run is opened only where none is
   (`Conflict`). Drafts before it in the same append count.

Then the fresh drafts are numbered from the head on.
"""

import re
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, get_args

from bridge.domain.codec import encode
from bridge.domain.content import Content
from bridge.domain.errors import Conflict, ProducerFenced, ProducerGap, RunOver
from bridge.domain.events import Draft, Event, RunBody, RunStarted, open_run_after, run_of
from bridge.domain.ids import PartId, RunId, Seq, SessionId
from bridge.domain.parts import Receipt, Span
from bridge.domain.projection import ArchivedSet, TitleSet, project
from bridge.domain.records import replace
from bridge.ports.store import Appended, Origin, Producer
from storage.text_cleaning import clean, clean_draft, clean_origin, clean_producer

InboxKey = tuple[str, str]

_ABOUT_RUNS = frozenset({RunStarted, *get_args(RunBody)})


@dataclass(slots=True, kw_only=True)  # frozen, it would take three times as long to make
class Append:
    """One append as it was asked for; `texts` are the encoded bodies of the drafts."""

    session: SessionId
    drafts: tuple[Draft, ...]
    texts: tuple[str, ...]
    at: datetime
    expect: Seq | None = None
    origin: Origin | None = None
    producer: Producer | None = None


def asked(
    session: SessionId,
    drafts: Sequence[Draft],
    *,
    at: datetime,
    expect: Seq | None,
    origin: Origin | None,
    producer: Producer | None,
) -> Append:
    """Return an append ready to be judged. Raises `Refused` when a body cannot be encoded."""
    return Append(
        session=SessionId(clean(session)),
        drafts=tuple([clean_draft(draft) for draft in drafts]),
        texts=tuple([encode(draft.body) for draft in drafts]),
        at=at.astimezone(UTC),
        expect=expect,
        origin=origin and clean_origin(origin),
        producer=producer and clean_producer(producer),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last number that was taken in of a producer."""

    epoch: int
    seq: int


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What is known of a session when an append is judged; it grows with each that is admitted.

    `keys` and `producers` hold at least those that the appends to be judged name.
    """

    session: SessionId
    head: Seq
    open_run: RunId | None
    keys: MutableMapping[str, Event] = field(default_factory=dict)
    producers: MutableMapping[str, Position] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)  # frozen, it would take three times as long to make
class Admitted:
    """What came of an append. `texts` belong to `appended.fresh`, one each.

    `origin` and `producer` are what is to be kept, if anything.
    """

    appended: Appended
    texts: tuple[str, ...] = ()
    origin: Origin | None = None
    producer: Producer | None = None


def admit(append: Append, ledger: Ledger, inbox: MutableMapping[InboxKey, Appended]) -> Admitted:
    """Judge an append and note in the ledger and the inbox what it brought.

    Raises `Conflict`, `RunOver`, `ProducerFenced` or `ProducerGap`; then nothing is noted.
    """
    producer, origin = append.producer, append.origin
    known = inbox.get((origin.account, origin.external_id)) if origin else None
    if producer is not None and _is_repeat(producer, ledger.producers.get(producer.id)):
        return Admitted(appended=known or Appended(repeated=True))
    if known is not None:
        _note_producer(producer, ledger)
        return Admitted(appended=known, producer=producer)
    found = _numbered(append, ledger)
    stale = append.expect is not None and append.expect != ledger.head
    if stale and (found.fresh or not found.events):
        raise Conflict
    ledger.open_run = _open_run(found.fresh, ledger.open_run)
    ledger.head += len(found.fresh)
    if found.keyed:
        ledger.keys.update(found.keyed)
    _note_producer(producer, ledger)
    reply = origin.reply if origin else None
    appended = Appended(events=found.events, fresh=found.fresh, reply=reply)
    if origin is not None:
        inbox[origin.account, origin.external_id] = replace(appended, fresh=(), repeated=True)
    return Admitted(appended=appended, texts=found.texts, origin=origin, producer=producer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A log that is put in at once, and what the row of its session shows of it."""

    events: tuple[Event, ...]
    texts: tuple[str, ...]
    title: str = ""
    archived: bool = False
    open_run: RunId | None = None


def whole(session: SessionId, events: Sequence[Event]) -> Whole:
    """Return a log ready to be put in. Raises `Refused` when a body cannot be encoded."""
    title, archived, open_run = "", False, None
    kept: list[Event] = []
    for number, event in enumerate(events, start=1):
        assert event.seq == number
        draft = clean_draft(Draft(body=event.body, key=event.key))
        kept.append(replace(event, session=session, key=draft.key))
        open_run = open_run_after(open_run, event.body)
        match project(event.body):
            case TitleSet(title=called):
                title = called
            case ArchivedSet(archived=over):
                archived = over
            case _:
                pass
    return Whole(
        events=tuple(kept),
        texts=tuple([encode(each.body) for each in kept]),
        title=title,
        archived=archived,
        open_run=open_run,
    )


def origin_receipt(admitted: Admitted) -> Receipt | None:
    """Return the receipt that keeps an event from being shown again where it was said."""
    origin, fresh = admitted.origin, admitted.appended.fresh
    if not fresh or origin is None or origin.conversation is None or origin.message is None:
        return None
    event = fresh[0]
    content = getattr(event.body, "content", None)
    end = len(content.text) if isinstance(content, Content) else 0
    return Receipt(
        session=event.session,
        conversation=origin.conversation,
        part=PartId(f"{event.seq}:0"),
        source=event.seq,
        upto=event.seq,
        span=Span(start=0, end=end),
        state="skipped",
        at=event.at,
        message=origin.message,
        why="origin",
    )


def _is_repeat(producer: Producer, last: Position | None) -> bool:
    if last is None or producer.epoch > last.epoch:
        expected = 0
    elif producer.epoch < last.epoch:
        raise ProducerFenced(last.epoch)
    else:
        expected = last.seq + 1
    if producer.seq > expected:
        raise ProducerGap(expected=expected, received=producer.seq)
    return producer.seq < expected


def _note_producer(producer: Producer | None, ledger: Ledger) -> None:
    if producer is not None:
        ledger.producers[producer.id] = Position(epoch=producer.epoch, seq=producer.seq)


class _Numbered(NamedTuple):
    """Every draft's event; the fresh ones among them, their texts, and which have keys."""

    events: tuple[Event, ...]
    fresh: tuple[Event, ...]
    texts: tuple[str, ...]
    keyed: Mapping[str, Event]


def _numbered(append: Append, ledger: Ledger) -> _Numbered:
    events: list[Event] = []
    fresh: list[Event] = []
    texts: list[str] = []
    keyed: dict[str, Event] = {}
    for draft, text in zip(append.drafts, append.texts, strict=True):
        event = _known(draft.key, keyed, ledger.keys) if draft.key is not None else None
        if event is None:
            event = Event(
                session=append.session,
                seq=ledger.head + len(fresh) + 1,
                at=append.at,
                body=draft.body,
                key=draft.key,
            )
            fresh.append(event)
            texts.append(text)
            if draft.key is not None:
                keyed[draft.key] = event
        events.append(event)
    if len(fresh) == len(events):
        every = tuple(events)
        return _Numbered(every, every, append.texts, keyed)
    return _Numbered(tuple(events), tuple(fresh), tuple(texts), keyed)


def _known(key: str, *known: Mapping[str, Event]) -> Event | None:
    return next((events[key] for events in known if key in events), None)


def _open_run(fresh: Sequence[Event], open_run: RunId | None) -> RunId | None:
    for event in fresh:
        if type(event.body) not in _ABOUT_RUNS:
            continue
        run = run_of(event.body)
        if run is not None and run != open_run:
            raise RunOver
        if isinstance(event.body, RunStarted) and open_run is not None:
            raise Conflict
        open_run = open_run_after(open_run, event.body)
    return open_run


def names_any(external_id: str, names: Collection[str]) -> bool:
    """Say whether what a platform calls a message names one of these ids, as a word."""
    found = "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in names)
    return bool(names) and re.search(found, external_id) is not None
