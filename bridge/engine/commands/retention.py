"""Retention: words that are older than a session keeps them are taken out of all that is kept.

The rules (`bridge.session.retention` has those of what goes, and when):

- The configuration says how long words are kept, and the bridge's owner for one session. What works
  in the background of a session is kept as long as that. People are told where it is changed.
- In this order: that a scrub is owed, files that no log shows any more, notes, what events say, the
  summary that agents read instead; when all sessions are done the scrub, and only then how far each
  is done. So after a death anywhere it is all done again, and once more changes nothing.
- What events say is changed at the head at which it was looked through.
- A session in which an agent works just then is looked at the next time.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge import session_texts
from bridge.caches import stale
from bridge.domain.commands import Forget, Push, SumUp
from bridge.domain.content import ours
from bridge.domain.errors import Conflict
from bridge.domain.events import Event, HistoryCompacted, QuestionAsked, QuestionClosed, Source
from bridge.domain.ids import START, MediaId, Seq, SessionId
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.ports.engine import Retained, Sessions
from bridge.ports.store import SessionRow, Store
from bridge.session import retention
from bridge.session.fold import Session
from bridge.session.forgetting import attached
from bridge.session.retention import ERASED, TOLD, Erased, Wordless

log = structlog.get_logger()

KEEPS, TIME = "how long words are kept", "the trusted time"
"""Scopes of facts: what was chosen for a session, and what time it is."""

RETENTION = "the retention of words"
"""The worker's name; no channel can have such a one."""

DEFAULT = "default"
PAGE, MANY = 1_000, 1_000_000


@dataclass(slots=True)
class Retention:
    """`default`: how long words are kept where nobody chose; None: for ever."""

    store: Store
    sessions: Sessions
    default: timedelta | None = None

    async def of(self, session: SessionId) -> Retained:
        """Return how long a session keeps its words, and up to where it has none any more."""
        own = (await self.store.facts(KEEPS)).get(session)
        keep = retention.parsed(own) if own else self.default
        done = Erased.of((await self.store.facts(ERASED)).get(session))
        return Retained(keep=retention.written(keep), own=bool(own), erased=done.upto)

    async def choose(self, session: SessionId, wanted: str) -> None:
        """Let a session keep its words for `30d`, `forever`, or `default`. Raises `Refused`."""
        before = await self.of(session)
        if wanted.strip().lower() == DEFAULT:
            await self.store.drop_fact(KEEPS, session)
        else:
            keep = retention.written(retention.parsed(wanted))
            await self.store.keep_fact(KEEPS, session, keep)
        now = retention.parsed((await self.of(session)).keep)
        if (
            retention.written(now) != before.keep
            and not (await self.sessions.fold(session)).archived
        ):
            told = session_texts.KEPT_FOREVER if now is None else session_texts.kept_for(now.days)
            source = Source(kind="background", name="bridge")
            await self.sessions.submit(session, Push(source=source, content=ours(told)))

    async def run(self, blobs: Blobs, clock: Clock) -> None:
        """Look now and every hour."""
        while True:
            await self.look(blobs, clock.now())
            await clock.sleep(retention.EVERY.total_seconds())

    async def look(self, blobs: Blobs, now: datetime) -> None:
        """Take out what is too old, of every session."""
        trusted = await self._trusted(now)
        chosen, known = await self.store.facts(KEEPS), await self.store.facts(ERASED)
        if self.default is None and not chosen and not known:
            return
        done: dict[SessionId, Erased] = {}
        owed = False
        for row in await self.store.sessions(limit=MANY):
            keep = await self._keep(row.id, chosen)
            before = Erased.of(known.get(row.id))
            owed = owed or before.owed
            done[row.id] = before
            if keep is not None:
                upto = await self._erase(row, before, keep, trusted, blobs)
                done[row.id] = Erased(upto=upto)
        marks = await self.store.facts(ERASED)
        if owed or any(Erased.of(each).owed for each in marks.values()):
            await self.store.scrub()
        for session, each in done.items():
            mark = Erased(upto=each.upto).kept()
            if each.upto and marks.get(session) != mark:
                await self.store.keep_fact(ERASED, session, mark)

    async def _trusted(self, now: datetime) -> retention.Trusted:
        kept = (await self.store.facts(TIME)).get(TIME, "")
        known = retention.thawed(kept)
        rows = await self.store.sessions(limit=1)
        trusted = retention.moved(known, now, rows[0].touched_at if rows else None)
        if trusted != known:
            await self.store.keep_fact(TIME, TIME, trusted.kept())
        return trusted

    async def _keep(self, session: SessionId, chosen: Mapping[str, str]) -> timedelta | None:
        at: SessionId | None = session
        while at is not None:
            if (own := chosen.get(at)) is not None:
                return retention.parsed(own)
            if not chosen:
                break
            at = (await self.sessions.fold(at)).parent
        return self.default

    async def _erase(
        self,
        row: SessionRow,
        done: Erased,
        keep: timedelta,
        trusted: retention.Trusted,
        blobs: Blobs,
    ) -> Seq:
        """Take out of a session what is too old; return up to where that is done."""
        before = retention.due(keep, trusted)
        upto = await self._old(row.id, done.upto, before)
        if upto <= done.upto:
            return done.upto
        fold = await self.sessions.fold(row.id)
        seen = retention.shown_upto(await self.store.conversations(row.id), fold.head)
        if upto > seen:
            upto = max(seen, await self._old(row.id, done.upto, before - retention.PATIENCE))
        upto = min(upto, retention.bound(fold))
        if upto <= done.upto:
            return done.upto
        events = [each async for each in self._events(row.id, done.upto, upto)]
        gone = retention.wordless(events, fold, await self._asked(row.id, events))
        if not gone.bodies:
            return upto
        await self.store.keep_fact(ERASED, row.id, Erased(upto=done.upto, owed=True).kept())
        for media in gone.media - await self._shown(gone, row.id):
            await blobs.forget(media)
        try:
            await self._rewrite(fold, gone, upto)
        except Conflict:  # somebody spoke meanwhile: the next look does it again
            return done.upto
        log.info("words erased", session=row.id, upto=upto, events=len(gone.bodies))
        return upto

    async def _rewrite(self, fold: Session, gone: Wordless, upto: Seq) -> None:
        """Let events say nothing, and agents read why. Raises `Conflict`."""
        head = fold.head
        if gone.notes:
            notes = await self.sessions.submit(fold.id, Forget(targets=(), notes=gone.notes))
            fold = await self.sessions.fold(fold.id)
            if fold.head != head + len(notes.fresh) or retention.bound(fold) < upto:
                raise Conflict
            head = fold.head
        rows = sorted(gone.bodies.items())
        for at in range(0, len(rows), PAGE):
            await self.store.rewrite(fold.id, dict(rows[at : at + PAGE]), expect=head)
        stale()  # nobody shows or answers what was said before from memory
        await self.sessions.refold(fold.id)
        fold = await self.sessions.fold(fold.id)
        if fold.summed_up < upto and await self._may_replace(fold):
            await self.sessions.submit(fold.id, SumUp(upto=upto, summary=TOLD))

    async def _may_replace(self, fold: Session) -> bool:
        """Say whether the summary that agents read is none, or one of these."""
        if fold.summary == START:
            return True
        found = await self.store.read(fold.id, after=fold.summary - 1, limit=1)
        return any(
            isinstance(each.body, HistoryCompacted) and each.body.summary == TOLD for each in found
        )

    # -- what there is

    async def _events(
        self, session: SessionId, after: Seq, upto: Seq | None = None
    ) -> AsyncIterator[Event]:
        while page := await self.store.read(session, after=after, limit=PAGE):
            for event in page:
                if upto is not None and event.seq > upto:
                    return
                yield event
            after = page[-1].seq

    async def _old(self, session: SessionId, after: Seq, before: datetime) -> Seq:
        """Return the last event before the first young one."""
        while page := await self.store.read(session, after=after, limit=PAGE):
            last = retention.old(page, before)
            if last is None:
                return after
            after = last
            if last < page[-1].seq:
                return last
        return after

    async def _asked(self, session: SessionId, events: Collection[Event]) -> list[QuestionAsked]:
        """Return the questions from before these events that they close."""
        first = min((each.seq for each in events), default=START)
        closed = [each.body for each in events if isinstance(each.body, QuestionClosed)]
        found: list[QuestionAsked] = []
        for seq in sorted({each.asked for each in closed if each.asked < first}):
            page = await self.store.read(session, after=seq - 1, limit=1)
            found += [each.body for each in page if isinstance(each.body, QuestionAsked)]
        return found

    async def _shown(self, gone: Wordless, session: SessionId) -> set[MediaId]:
        """Return which of the files that may go some log still shows."""
        found: set[MediaId] = set()
        if not gone.media:
            return found
        for row in await self.store.sessions(limit=MANY):
            async for event in self._events(row.id, START):
                if row.id != session or event.seq not in gone.bodies:
                    found |= {each.media for each in attached([event.body])} & gone.media
        return found
