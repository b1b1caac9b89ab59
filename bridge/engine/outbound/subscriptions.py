"""Events that go out to addresses: one call at a time for each subscription, each session in order.

The rules:

- A subscription is a follower of the log as any other: what is to be sent is derived from its
  cursor, which moves once the receiver took the event. After a crash the same event is sent again,
  under the same name, by which the receiver knows it.
- What follows a failure is what `bridge.delivery.retry` says. An address that cannot be reached, or
  asks to wait, holds up all that is to go there; what it answers with an error, its session alone.
  An event that is refused `MAX_ATTEMPTS` times is given up and kept as dead, by its number; the
  next one is sent.
- After `LONGEST_OUTAGE` without success nothing is tried any more: it is parked until somebody
  tries again, and nothing is lost. 410 ends a subscription.
- Before each call it is looked at whether whoever subscribed may read the event by now, and whether
  its words were taken back. Who left a session is sent nothing more of it, and a subscription of
  that session alone ends.
- Each subscription has a task of its own: no receiver slows another.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bridge import texts
from bridge.delivery import retry
from bridge.delivery.retry import MAX_ATTEMPTS, Again, Drop, Lessen, Suspend
from bridge.delivery.subscription import Cursor, State, Subscription, gone_in, still_said
from bridge.domain.errors import ChannelError, NotFound, UnknownSession
from bridge.domain.events import Event
from bridge.domain.ids import Seq, SessionId
from bridge.domain.records import replace
from bridge.domain.waits import is_over
from bridge.engine.keyed_worker import KeyedWorker
from bridge.engine.outbound.subscription_book import MOST_SESSIONS, SubscriptionBook
from bridge.engine.store_health import StoreHealth
from bridge.hooks.verification import Verification
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.ports.subscriptions import Receivers
from bridge.session.fold import Session
from bridge.session.visible import readable
from bridge.tally import tally
from bridge.unseen import note

log = structlog.get_logger()

ACCOUNT = "events"
"""What all subscriptions are called where accounts are counted; no channel can have such a name."""

PAGE = 100
LONGEST_OUTAGE = timedelta(days=3)
MOST_DEAD = 100
SIGNATURE = "webhook-signature"
ALL = ""
"""The key under which it is looked which subscriptions there are."""


@dataclass(slots=True)
class _Ahead:
    """What is known of a session up to event `upto`: what is to be sent, and what is unsaid.

    Only numbers: the words of an event are read when it is sent.
    """

    upto: Seq
    wanted: deque[Seq] = field(default_factory=deque)
    gone: set[Seq] = field(default_factory=set)


class _Rests:
    """Until when addresses are let alone. `now` is the present, for the work of a subscription."""

    def __init__(self, now: Callable[[str], datetime]) -> None:
        self.now = now
        self._until: dict[str, tuple[datetime, datetime]] = {}

    def begin(self, number: str, until: datetime) -> None:
        self._until[number] = (self.now(number), until)

    def end(self, number: str) -> None:
        self._until.pop(number, None)

    def until(self, number: str) -> datetime | None:
        """Return until when nothing is sent to an address; None: it takes calls."""
        since, until = self._until.get(number, (None, None))
        if until is None or is_over(until, now=self.now(number), since=since):
            self.end(number)
            return None
        return until


class _Sender:
    """Sends what a subscription is owed of a session, and keeps what became of it."""

    def __init__(
        self,
        book: SubscriptionBook,
        store: Store,
        sessions: Sessions,
        clock: Clock,
        rests: _Rests,
    ) -> None:
        self._book, self._store, self._sessions = book, store, sessions
        self._clock, self._rests = clock, rests

    async def serve(self, subscription: Subscription, session: SessionId) -> datetime | None:
        """Send what is owed of a session, up to the first failure; return when to go on."""
        number, ahead = subscription.id, None
        while True:
            now, fold = await self._book.one(number), await self._fold(session)
            if now is None or now.state != "on" or fold is None:
                return None
            hidden = await self._hidden(now, fold)
            if hidden is None:
                self._book.outside[number, session] = fold.head
                return None
            cursor = await self._book.cursor(now, session)
            until = self._due(cursor, number)
            if until is not None:
                return until
            ahead = ahead or _Ahead(self._begins(number, session, cursor, hidden))
            seq = await self._next(now, fold, cursor, ahead)
            if seq is None:
                await self._book.drained(now, session, fold.head)
                return None
            events = await self._store.read(session, after=Seq(seq - 1), limit=1)
            if seq <= hidden or not events:
                await self._book.move(now, session, partial(Cursor.past, seq=seq))
            elif not await self._sent(now, still_said(readable(events[0], hidden), ahead.gone)):
                rest = self._rests.until(number)
                if rest is not None:
                    return rest

    @property
    def _receivers(self) -> Receivers:
        assert self._book.receivers is not None
        return self._book.receivers

    def _begins(self, number: str, session: SessionId, cursor: Cursor, hidden: Seq) -> Seq:
        """Return behind which event it is looked for what is to be sent."""
        if cursor.again:
            return Seq(min(cursor.again) - 1)
        return max(cursor.seq, hidden, self._book.passed.get((number, session), cursor.seq))

    async def _next(
        self, subscription: Subscription, fold: Session, cursor: Cursor, ahead: _Ahead
    ) -> Seq | None:
        """Return which event of a session is sent next, if any is."""
        while ahead.upto < fold.head:
            page = await self._store.read(fold.id, after=ahead.upto, limit=PAGE)
            if not page:
                break
            ahead.wanted.extend(each.seq for each in page if subscription.wants(each))
            ahead.gone.update(gone_in(page))
            ahead.upto = page[-1].seq
        if cursor.again:
            return cursor.again[0]
        while ahead.wanted and ahead.wanted[0] <= cursor.seq:
            ahead.wanted.popleft()
        return ahead.wanted[0] if ahead.wanted and ahead.wanted[0] <= fold.head else None

    async def _fold(self, session: SessionId) -> Session | None:
        try:
            return await self._sessions.fold(session)
        except NotFound:
            return None

    async def _hidden(self, subscription: Subscription, session: Session) -> Seq | None:
        """Return what of a session is not for them; None: all. That ends one of it alone."""
        (who,) = session.people((subscription.by,))
        hidden = await self._receivers.hidden(who, session)
        if hidden is None and subscription.session:
            await self._end(subscription, "ended", texts.NO_ACCESS)
        return hidden

    def _due(self, cursor: Cursor, number: str) -> datetime | None:
        if not cursor.due_at:
            return None
        until, since = datetime.fromisoformat(cursor.due_at), datetime.fromisoformat(cursor.tried)
        return None if is_over(until, now=self._rests.now(number), since=since) else until

    # -- one event

    async def _sent(self, subscription: Subscription, event: Event) -> bool:
        """Send an event, and keep what became of it."""
        try:
            body = await self._receivers.body(subscription, event)
            name = subscription.name_of(event, await self._store.epoch())
            headers = signed(subscription, name, body, self._clock.now())
            await self._receivers.post(subscription.url, headers, body)
        except ChannelError as error:
            tally.part(ACCOUNT, "retried")
            await self._failed(subscription, event, error)
            return False
        tally.part(ACCOUNT, "shown")
        self._rests.end(subscription.id)
        if subscription.question:
            await self._book.drop(subscription)
        else:
            await self._book.move(subscription, event.session, partial(Cursor.past, seq=event.seq))
        return True

    async def _failed(self, subscription: Subscription, event: Event, error: ChannelError) -> None:
        number, now = subscription.id, self._rests.now(subscription.id)
        if await self._book.one(number) is None:
            return
        cursor = await self._book.cursor(subscription, event.session)
        key = f"{number}/{event.session}"
        match retry.after(error, tries=cursor.tries, now=now, key=key):
            case Suspend():
                await self._end(subscription, "ended", str(error))
            case Drop() | Lessen() if cursor.tries + 1 >= MAX_ATTEMPTS:
                await self._give_up(subscription, event, cursor, error)
            case Again(at=at, tries=tries):
                if not error.code:  # it did not answer, or asks to wait: that holds for all
                    self._rests.begin(number, at)
                await self._wait(subscription, event.session, error, at=at, tries=tries)
            case _:
                at, tries = now + retry.pause(cursor.tries, key), cursor.tries + 1
                await self._wait(subscription, event.session, error, at=at, tries=tries)

    async def _wait(
        self,
        subscription: Subscription,
        session: SessionId,
        error: ChannelError,
        *,
        at: datetime,
        tries: int,
    ) -> None:
        now = self._rests.now(subscription.id)
        moved = await self._book.move(
            subscription, session, partial(_failing, tries=tries, now=now, at=at, error=str(error))
        )
        if now - datetime.fromisoformat(moved.since) > LONGEST_OUTAGE:
            await self._end(subscription, "parked", str(error))

    async def _give_up(
        self, subscription: Subscription, event: Event, cursor: Cursor, error: ChannelError
    ) -> None:
        tally.part(ACCOUNT, "not_shown")
        note("given_up", account=ACCOUNT, place=subscription.id, code=error.code)
        await self._book.move(
            subscription, event.session, lambda at: at.past(event.seq, str(error))
        )
        if len(cursor.dead) + 1 >= MOST_DEAD:
            await self._end(subscription, "parked", str(error))

    async def _end(self, subscription: Subscription, state: State, why: str) -> None:
        log.info("subscription rests", subscription=subscription.id, state=state)
        if subscription.question and state == "ended":
            await self._book.drop(subscription)
        else:
            await self._book.change(
                subscription.id, lambda each: replace(each, state=state, why=why)
            )


def _failing(cursor: Cursor, *, tries: int, now: datetime, at: datetime, error: str) -> Cursor:
    since = cursor.since or now.isoformat()
    tried, due_at = now.isoformat(), at.isoformat()
    return replace(cursor, tries=tries, since=since, tried=tried, due_at=due_at, error=error)


def signed(subscription: Subscription, name: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers of a body that is called `name`, signed by Standard Webhooks."""
    each = [
        Verification(way="standard", secret=secret).signed(body, now, name)
        for secret in subscription.secrets(now)
    ]
    return {**each[0], SIGNATURE: " ".join(headers[SIGNATURE] for headers in each)}


def _is_in(subscription: Subscription, session: Session) -> bool:
    """Say whether whoever subscribed may be in a session; of what works in the background, yes."""
    (who,) = session.people((subscription.by,))
    return session.parent is not None or who in session.participants


class Subscriptions:
    """Sends what subscriptions are owed. While the book has no `receivers` nothing is sent."""

    def __init__(
        self,
        book: SubscriptionBook,
        store: Store,
        sessions: Sessions,
        clock: Clock,
        health: StoreHealth,
    ) -> None:
        self._book, self._store, self._sessions, self._clock = book, store, sessions, clock
        self._worker = KeyedWorker("subscriptions", self._work_on, clock, health)
        self._stirred: dict[str, set[SessionId]] = {}
        self._rests = _Rests(self._worker.now)

    def appended(self, session: Session) -> None:
        """Wake whatever follows a session."""
        if self._book.loaded is None:
            self._worker.wake(ALL)
        else:
            for each in self._book.loaded.values():
                if each.session == session.id or (not each.session and _is_in(each, session)):
                    self.wake(each, session.id)

    def sweep(self) -> None:
        """Look for what is owed and nothing told of."""
        self._worker.wake(ALL)

    def wake(self, subscription: Subscription, session: SessionId) -> None:
        if self._book.receivers is not None and subscription.state == "on":
            self._stirred.setdefault(subscription.id, set()).add(session)
            self._worker.wake(subscription.id)

    def hurry(self, subscription: Subscription, session: SessionId) -> None:
        """Wake it, also while its address is let alone."""
        self._rests.end(subscription.id)
        self.wake(subscription, session)

    async def close(self, grace: float) -> None:
        await self._worker.close(grace)

    async def _work_on(self, number: str) -> datetime | None:
        if number == ALL:
            await self._wake_all()
            return None
        sender = _Sender(self._book, self._store, self._sessions, self._clock, self._rests)
        stirred, waiting = self._stirred.setdefault(number, set()), dict[SessionId, datetime]()
        while stirred:
            subscription = await self._book.one(number)
            if subscription is None or subscription.state != "on":
                self._forget(number)
                return None
            rest = self._rests.until(number)
            if rest is not None:
                stirred.update(waiting)
                return rest
            session = stirred.pop()
            again = await sender.serve(subscription, session)
            if again is not None:
                waiting[session] = again
        stirred.update(waiting)
        return min(waiting.values(), default=None)

    async def _wake_all(self) -> None:
        known = (await self._book.known()).values()
        wide = any(not each.session for each in known)
        rows = await self._store.sessions(limit=MOST_SESSIONS) if wide else ()
        heads = {row.id: row.head for row in rows}
        for each in known:
            mine = await self._heads(each, heads)
            if not any(self._book.is_owed(each, *row) for row in mine.items()):
                continue  # as far as is remembered, which is little after a start
            cursors = await self._book.cursors(each)
            for session, head in mine.items():
                if self._book.is_owed(each, session, head, cursors.get(session)):
                    self.wake(each, session)
            for session in cursors.keys() - mine.keys():  # of so many others was touched since
                if cursors[session].is_in_trouble:
                    self.wake(each, session)

    async def _heads(
        self, subscription: Subscription, heads: Mapping[SessionId, Seq]
    ) -> Mapping[SessionId, Seq]:
        """Return where the sessions of a subscription end; `heads` are those of all."""
        if not subscription.session:
            return heads
        session = SessionId(subscription.session)
        with suppress(UnknownSession):
            return {session: await self._store.head(session)}
        return {}

    def _forget(self, number: str) -> None:
        self._stirred.pop(number, None)
        self._rests.end(number)
        self._book.let_go(number)
