"""What an agent is given for one run: the log so far, and what comes in while it works."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from bridge.domain.events import (
    Event,
    MessageComposed,
    NoteKept,
    NoteRemoved,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    ToolCalled,
    ToolReturned,
    Usage,
)
from bridge.domain.ids import START, CallId, ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.engine.access.designated import Designated
from bridge.engine.names import DisplayNames
from bridge.engine.runs.log_cache import NEWEST, PAGE, LogCache
from bridge.ports.agent import Recent
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.ports.engine import LetsIn, Sessions
from bridge.ports.store import Log
from bridge.session.background import among
from bridge.session.fold import Session, unread_upto
from bridge.session.run_mode import mode_of

DONE = (
    RunStarted, RunFinished, MessageComposed, ToolCalled, ToolReturned, QuestionAsked, NoteKept,
    NoteRemoved,
)  # fmt: skip
"""What a run does."""

MOST_UNREAD = 50
"""Events from before what is read that still ask for something; of more the newest count."""

SIDE_BY_SIDE = 20
"""Events that may lie between the questions of one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What every turn of this process works with."""

    log: Log
    log_cache: LogCache
    sessions: Sessions
    names: DisplayNames
    designated: Designated
    blobs: Blobs
    clock: Clock
    lets_in: LetsIn


class LogTurn:
    """The `Turn` port over the log. `upto` is how far the run has taken the log in.

    `narrowed`: it takes in no more, for its message is tried alone; the number of the event that
    began it. What runs did in the meantime it is shown all the same: else it would answer again
    what is answered already, and make a call again that was made. `used` is what the run said it
    used so far; `accounted`, that its end says so; `over`, why it may not go on; `made`, which
    calls it made.
    """

    def __init__(
        self,
        session: SessionId,
        run: RunId,
        agent: str,
        *,
        upto: Seq,
        on: Desktop,
        narrowed: Seq | None = None,
        asker: ParticipantId | None = None,
    ) -> None:
        self.session = session
        self.run = run
        self.agent = agent
        self.upto = upto
        self.clock = on.clock
        self.blobs = on.blobs
        self.used: Usage | None = None
        self.accounted = False
        self.over = ""
        self.made: set[CallId] = set()
        self._narrowed = narrowed
        self.asker = asker
        self._on = on

    async def fold(self) -> Session:
        fold = await self._on.sessions.fold(self.session)
        if fold.parent is None:
            return fold
        return among(fold, await self._on.sessions.fold(fold.parent))

    async def history(self) -> Sequence[Event]:
        log = await self._on.log_cache.read(self.session, upto=self.upto)
        return log if self._narrowed is None else [*log, *await self._done()]

    async def _done(self) -> list[Event]:
        """Return what runs did past where this one reads, which is told all the same."""
        if self._narrowed is None:
            return []
        later = await self._read(after=self.upto)
        return [each for each in later if each.seq < self._narrowed and isinstance(each.body, DONE)]

    async def recent(self, *, newest: int | None = None) -> Recent:
        fold = await self.fold()
        newest = None if newest is None else min(newest, NEWEST)
        unread = unread_upto(fold, self.upto)
        since = unread[0] if unread else self.upto
        whole, log = await self._tail(fold, newest, since=since)
        first = log[0].seq if log else START
        asked = _first_asked(log, first, after=fold.position)
        if asked < first:
            whole, log = await self._tail(fold, newest, since=min(since, asked))
            first = log[0].seq if log else START
        before = await self._before(fold, first)
        if asked < first or any(isinstance(each.body, QuestionClosed) for each in before):
            return Recent(log=await self.history())  # what it decides may be anywhere before
        return Recent(before=before, whole=whole, log=[*log, *await self._done()])

    async def _tail(
        self, fold: Session, newest: int | None, *, since: Seq
    ) -> tuple[Seq, Sequence[Event]]:
        """Return the log as far as it is worked from, and past what it is whole."""
        whole, log = await self._on.log_cache.recent(
            self.session, upto=self.upto, summed_up=fold.summed_up, since=since, newest=newest
        )
        most = PAGE + max(newest or 0, self.upto - since + 1)
        if newest is not None and len(log) > most:  # others work from more of it
            log = log[len(log) - most :]
            whole = max(whole, log[0].seq - 1)
        return whole, log

    async def _before(self, fold: Session, first: Seq) -> list[Event]:
        """Return what still matters of what was before an event."""
        older = [*fold.notes.values(), *(each.asked for each in fold.questions.values())]
        older += [fold.summary, *unread_upto(fold, first)[-MOST_UNREAD:]]
        return [
            event
            for seq in sorted({each for each in older if START < each < first})
            for event in await self._on.log.read(self.session, after=seq - 1, limit=1)
        ]

    async def past(self, *, after: Seq, upto: Seq) -> Sequence[Event]:
        limit = min(upto - after, PAGE)
        return await self._on.log.read(self.session, after=after, limit=limit) if limit > 0 else ()

    async def backwards(self) -> AsyncGenerator[Event]:
        """Yield the log from its end, newest first, page by page: what is looked for is near."""
        upto = await self._on.log.head(self.session)
        while upto > START:
            after = max(START, upto - PAGE)
            page = await self._on.log.read(self.session, after=after, limit=upto - after)
            for event in reversed(page):
                yield event
            upto = after

    async def forwards(self, target: Seq) -> AsyncGenerator[Event]:
        """Yield the log from an event on: itself, then what may have changed it."""
        after, limit = max(START, target - 1), 1
        while page := await self._on.log.read(self.session, after=after, limit=limit):
            for event in page:
                yield event
            after, limit = page[-1].seq, PAGE

    async def news(self) -> Sequence[Event]:
        if self._narrowed is not None or mode_of(await self.fold()) == "queue":
            return ()
        fresh = await self._read(after=self.upto)
        if fresh:
            self.upto = fresh[-1].seq
        return fresh

    async def who(self, participant: ParticipantId) -> str:
        names = await self._on.names.in_session(await self.fold(), [participant])
        return names[participant]

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        found = await self._on.designated.meant(who)
        fold = await self._on.sessions.fold(self.session)
        if fold.parent is not None:  # people are let in there
            fold = await self._on.sessions.fold(fold.parent)
        return frozenset([each for each in found if await self._on.lets_in(each, fold)])

    async def where(self, conversation: ConversationId) -> str:
        return await self._on.names.where(conversation)

    async def _read(self, *, after: Seq) -> list[Event]:
        found: list[Event] = []
        while page := await self._on.log.read(self.session, after=after, limit=PAGE):
            found += page
            after = page[-1].seq
        return found


def _first_asked(log: Sequence[Event], begins: Seq, *, after: Seq) -> Seq:
    """Return where the oldest question was asked that was closed past an event.

    Its run may have asked others, a little before it, that were closed meanwhile. What is past the
    end of the log where none was.
    """
    new = log[max(0, after + 1 - begins) :]  # without a gap
    asked = [each.body.asked for each in new if isinstance(each.body, QuestionClosed)]
    if not asked:
        return begins + len(log)
    return max(min(asked) - SIDE_BY_SIDE, 1)
