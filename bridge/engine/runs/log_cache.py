"""The logs that agents work from, as far as they were read already: an event never changes.

An agent is given the log at every run. Read and parsed anew each time, that would cost more than
all else about a turn of a session with thousands of messages.

The rules:

- Of a log that was summed up is read what came since, and a page before, to which people may refer;
  of one that never was, or long ago, its newest events (as many as are asked for, else `NEWEST`),
  from where no run was open. What lies before is read only when someone asks for all of it.
- What was just read stays, however large it is: its next run comes soonest. Where all that is kept
  is too much, the sessions that were not used the longest go.
- A log is kept once and only grows: a run is given a view of it as it was then, not a copy.
- An event is weighed once, by the length of its texts; nothing is encoded for that.
- A long log is kept out of the garbage collector's rounds, which would hold everybody for a tenth
  of a second each time; it is let go like all else, when nothing refers to it.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import assert_type, overload

from bridge.caches import cache
from bridge.domain.content import Content
from bridge.domain.events import (
    Body,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Reacted,
    Redacted,
    RunEvent,
    RunFinished,
    RunStarted,
    SetupEvent,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.domain.ids import START, Seq, SessionId
from bridge.imports import for_good
from bridge.ports.store import Log

PAGE = 1000
NEWEST = 20_000
"""Events of a log that are read where no summary stands for what came before."""

MOST = 32 * 1024 * 1024
"""Bytes, about, that are kept over all sessions, but for the one that was read last."""

MANY = 10_000
"""Events, in which a round of the garbage collector would take about 10 ms."""

OVERHEAD = 400
"""Bytes that an event takes beside its text."""


@dataclass(slots=True, kw_only=True)
class _CachedLog:
    """The events of a log past `base`, without a gap; none is ever taken out or changed."""

    base: Seq = START
    events: list[Event] = field(default_factory=list)
    weight: int = 0

    @property
    def head(self) -> Seq:
        return self.events[-1].seq if self.events else self.base

    def add(self, found: Sequence[Event]) -> None:
        """Add what follows; some of it may have been added while it was read."""
        fresh = found[bisect_right(found, self.head, key=attrgetter("seq")) :]
        self.events += fresh
        self.weight += sum([weight_of(event.body) for event in fresh])


class _First(Sequence[Event]):
    """The first of some events to which others may be added."""

    def __init__(self, events: Sequence[Event], length: int) -> None:
        self._events = events
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Event]:
        return islice(self._events, self._length)

    @overload
    def __getitem__(self, at: int) -> Event: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Event]: ...
    def __getitem__(self, at: int | slice) -> Event | Sequence[Event]:
        if isinstance(at, slice):
            return self._events[slice(*at.indices(self._length))]
        return self._events[range(self._length)[at]]


class LogCache:
    def __init__(self, log: Log, *, most: int = MOST) -> None:
        self._log = log
        self._most = most
        self._kept: OrderedDict[SessionId, tuple[_CachedLog, int]] = OrderedDict()  # and its weight
        self._weight = 0
        cache("logs of runs", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._kept = OrderedDict()
        self._weight = 0

    def _size(self) -> int:
        return len(self._kept)

    async def read(self, session: SessionId, *, upto: Seq) -> Sequence[Event]:
        """Return the log from its start up to a seq."""
        kept, _ = self._kept.get(session, (_CachedLog(), 0))
        if kept.base > START:
            whole = _CachedLog()
            await self._grow(whole, session, upto=kept.base)
            whole.add(kept.events)
            kept = whole
        return await self._upto(kept, session, upto)

    async def recent(
        self,
        session: SessionId,
        *,
        upto: Seq,
        summed_up: Seq,
        since: Seq | None = None,
        newest: int | None = None,
    ) -> tuple[Seq, Sequence[Event]]:
        """Return the log up to a seq as far as it is worked from, and past what it is whole.

        It is whole past its last summary, which reaches up to `summed_up`; or past an event where
        no run was open. What comes before that is only what people may refer to. It has the
        `newest` events at least, where no summary stands for some of them, and what came from
        `since` on where that is not too much.
        """
        newest = NEWEST if newest is None else newest
        begin = min(summed_up, upto) if upto - summed_up <= newest else upto - newest
        if since is not None and upto - since < NEWEST:
            begin = min(begin, since - 1)
        base = max(begin - PAGE, START)
        kept, _ = self._kept.get(session, (None, 0))
        if kept is not None and (kept.base > base or self._is_stale(kept, upto, summed_up)):
            kept = None
        if kept is None:
            kept = _CachedLog(base=base)
        log = await self._upto(kept, session, upto)
        base = self._kept[session][0].base
        if base == START:
            return START, log
        return (summed_up if base < summed_up <= upto else _at_rest(log)), log

    def _is_stale(self, kept: _CachedLog, upto: Seq, summed_up: Seq) -> bool:
        """Say whether much of what is kept is not worked from any more, or too much was said."""
        begin = max(summed_up - PAGE, START)
        if kept.base and upto - max(kept.base, begin) > 3 * NEWEST:
            return True
        return kept.weight > self._most and begin - kept.base >= NEWEST

    async def _upto(self, kept: _CachedLog, session: SessionId, upto: Seq) -> Sequence[Event]:
        if kept.head < upto:
            with for_good() if upto - kept.head >= MANY else nullcontext():
                await self._grow(kept, session, upto=upto)
        self._keep(session, kept)
        return _First(kept.events, max(0, min(upto - kept.base, len(kept.events))))

    async def _grow(self, kept: _CachedLog, session: SessionId, *, upto: Seq) -> None:
        """Add what came since; page by page, so that nobody has to wait."""
        while kept.head < upto:
            page = await self._log.read(session, after=kept.head, limit=PAGE)
            kept.add(page)
            if len(page) < PAGE:
                break

    def _keep(self, session: SessionId, kept: _CachedLog) -> None:
        _, before = self._kept.pop(session, (kept, 0))
        self._weight += kept.weight - before
        self._kept[session] = kept, kept.weight
        while self._weight > self._most and len(self._kept) > 1:
            _, (_, weight) = self._kept.popitem(last=False)
            self._weight -= weight


def _at_rest(log: Sequence[Event]) -> Seq:
    """Return the first event of a log, past what may be looked up, after which no run was open."""
    for event in islice(log, PAGE, None):
        if isinstance(event.body, RunFinished):
            return event.seq
        if isinstance(event.body, RunStarted):
            return event.seq - 1
    return log[min(PAGE, len(log)) - 1].seq if log else START


_Short = (
    MessageDeleted
    | Redacted
    | RunEvent
    | QuestionClosed
    | PushClosed
    | SetupEvent
    | NoteRemoved
    | ExchangeUndone
    | Reacted
)


def weight_of(body: Body) -> int:
    """Return about how many bytes an event takes: what it says, and what every event takes."""
    match body:
        case MessageReceived(content=content) | MessageEdited(content=content):
            return OVERHEAD + _content(content)
        case MessageComposed(content=content) | Pushed(content=content):
            return OVERHEAD + _content(content)
        case ToolCalled(arguments=text) | ToolReturned(result=text) | Triggered(prompt=text):
            return OVERHEAD + len(text)
        case QuestionAsked(text=text, call=call):
            return OVERHEAD + len(text) + (len(call.arguments) if call else 0)
        case HistoryCompacted(summary=text) | Transcribed(text=text) | NoteKept(text=text):
            return OVERHEAD + len(text)
        case rest:
            assert_type(rest, _Short)
            return OVERHEAD


def _content(content: Content) -> int:
    return len(content.text) + OVERHEAD * len(content.attachments)
