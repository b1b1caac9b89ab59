"""The logs that agents work from, as far as they were read already: an event never changes.

An agent is given the whole log at every run. Read and parsed anew each time, that would cost more
than all else about a turn of a session with thousands of messages.

The rules:

- What was just read stays, however large it is: its next run comes soonest. Where all that is kept
  is too much, the sessions that were not used the longest go.
- An event is weighed once, by the length of its texts; nothing is encoded for that.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.content import Content
from bridge.events import (
    Body,
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageEdited,
    MessageReceived,
    NoteKept,
    Pushed,
    QuestionAsked,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import START, Seq, SessionId
from bridge.ports import Log

PAGE = 1000
MOST = 32 * 1024 * 1024
"""Bytes, about, that are kept over all sessions, but for the one that was read last."""

OVERHEAD = 400
"""Bytes that an event takes beside its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The first events of a log, without a gap."""

    events: Sequence[Event] = ()
    weight: int = 0

    @property
    def head(self) -> Seq:
        return self.events[-1].seq if self.events else START


class Histories:
    def __init__(self, log: Log, *, most: int = MOST) -> None:
        self._log = log
        self._most = most
        self._kept: OrderedDict[SessionId, _Kept] = OrderedDict()
        self._weight = 0

    async def read(self, session: SessionId, *, upto: Seq) -> Sequence[Event]:
        """Return the log from its start up to a seq."""
        kept = self._kept.get(session, _Kept())
        if kept.head < upto:
            kept = await self._grown(kept, session, upto=upto)
        self._keep(session, kept)
        return kept.events[: bisect_right(kept.events, upto, key=_seq)]

    async def _grown(self, kept: _Kept, session: SessionId, *, upto: Seq) -> _Kept:
        """Return what is kept with what came since; page by page, so that nobody has to wait."""
        found: list[Event] = []
        weight, after = kept.weight, kept.head
        while after < upto:
            page = await self._log.read(session, after=after, limit=PAGE)
            found += page
            weight += sum(weight_of(event.body) for event in page)
            if len(page) < PAGE:
                break
            after = page[-1].seq
        return _Kept(events=(*kept.events, *found), weight=weight)

    def _keep(self, session: SessionId, kept: _Kept) -> None:
        before = self._kept.pop(session, None)
        self._weight += kept.weight - (before.weight if before else 0)
        self._kept[session] = kept
        while self._weight > self._most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._weight -= gone.weight


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
        case _:
            return OVERHEAD


def _content(content: Content) -> int:
    return len(content.text) + OVERHEAD * len(content.attachments)


def _seq(event: Event) -> Seq:
    return event.seq
