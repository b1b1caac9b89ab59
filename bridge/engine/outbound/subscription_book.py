"""What is kept of subscriptions, and what people do with them.

What is kept of how far one is in a session is changed by one at a time: a call that is under way
when somebody drops what is owed does not bring it back. One itself is changed only as it is kept by
then: what was removed, or forgotten, meanwhile stays so, and a new secret is not lost.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from bridge import texts
from bridge.caches import cache
from bridge.delivery.subscription import KEPT, Cursor, Subscription, scope_of
from bridge.domain.errors import NotFound, Refused
from bridge.domain.ids import START, ParticipantId, Seq, SessionId, mint
from bridge.domain.records import replace
from bridge.hooks.settings import new_secret
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import FactChange, Store
from bridge.ports.subscriptions import Following, Receivers

MOST_OF_ONE = 20
MOST_CALLBACKS = 100
"""Subscriptions of one person, and questions of theirs whose end is to be told."""

MOST_SESSIONS = 1000
READ_AT_ONCE = 200
"""Cursors that are read before others on the loop go on."""

KEPT_EVERY = 500
"""Events that are not wanted, after which a cursor is kept all the same."""


class SubscriptionBook:
    """Subscriptions as the store keeps them, and where they are sent."""

    receivers: Receivers | None = None

    def __init__(self, store: Store) -> None:
        self._store = store
        self.loaded: Mapping[str, Subscription] | None = None
        """All of them by their ids; None where that is to be asked of the store."""
        self.passed: dict[tuple[str, SessionId], Seq] = {}
        """Up to where nothing is owed, further than is kept: what is not wanted costs no write."""
        self.outside: dict[tuple[str, SessionId], Seq] = {}
        """Up to where whoever subscribed was found to be in no session: nothing is looked for."""
        self._moving: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._version = 0
        cache("subscriptions", forget=self.forget, size=self._size)

    def forget(self) -> None:
        self.loaded = None
        self._version += 1

    def _size(self) -> int:
        return len(self.loaded or ())

    async def known(self) -> Mapping[str, Subscription]:
        """Return all of them by their ids, the oldest first."""
        while (found := self.loaded) is None:
            version = self._version
            kept = (await self._store.facts(KEPT)).values()
            read = sorted(map(Subscription.read, kept), key=lambda each: (each.made, each.id))
            if version == self._version:  # else what was read may be older than what has changed
                self.loaded = {each.id: each for each in read}
        return found

    async def one(self, number: str) -> Subscription | None:
        return (await self.known()).get(number)

    async def keep(self, new: Subscription) -> None:
        """Keep a new one."""
        await self._store.keep_fact(KEPT, new.id, new.written())
        self.forget()

    async def change(
        self, number: str, to: Callable[[Subscription], Subscription]
    ) -> Subscription | None:
        """Change one, as it is kept by then, and return what it became; None: it was removed."""
        while (kept := await self._store.fact(KEPT, number)) is not None:
            new = to(Subscription.read(kept))
            change = FactChange(scope=KEPT, key=number, expected=kept, new=new.written())
            if await self._store.change_facts([change]):
                self.forget()
                return new
        self.forget()
        return None

    async def drop(self, subscription: Subscription) -> None:
        async with self._moving[subscription.id]:
            await self._store.drop_fact(KEPT, subscription.id)
            self.forget()
            for session in await self._store.facts(scope_of(subscription.id)):
                await self._store.drop_fact(scope_of(subscription.id), session)
        self._moving.pop(subscription.id, None)
        self.let_go(subscription.id)

    def let_go(self, number: str) -> None:
        for kept in (self.passed, self.outside):
            for key in [key for key in kept if key[0] == number]:
                del kept[key]

    def is_owed(
        self,
        subscription: Subscription,
        session: SessionId,
        head: Seq,
        cursor: Cursor | None = None,
    ) -> bool:
        """Say whether there may be something to be sent of a session that ends at `head`.

        Without a `cursor`, as far as is remembered.
        """
        key, cursor = (subscription.id, session), cursor or Cursor(seq=START)
        reached = max(cursor.seq, self.passed.get(key, START), self.outside.get(key, START))
        return bool(cursor.again) or head > reached

    async def drained(self, subscription: Subscription, session: SessionId, at: Seq) -> None:
        """Note that nothing is owed up to an event; it is kept now and then."""
        kept = await self.cursor(subscription, session)
        self.passed[subscription.id, session] = at
        if at - kept.seq >= KEPT_EVERY:
            await self.move(subscription, session, lambda cursor: cursor.past(at))

    async def cursor(self, subscription: Subscription, session: SessionId) -> Cursor:
        kept = await self._store.fact(scope_of(subscription.id), session)
        return Cursor.read(kept) if kept else Cursor(seq=START)

    async def cursors(self, subscription: Subscription) -> Mapping[SessionId, Cursor]:
        kept = await self._store.facts(scope_of(subscription.id))
        found: dict[SessionId, Cursor] = {}
        for each, text in kept.items():
            found[SessionId(each)] = Cursor.read(text)
            if len(found) % READ_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    async def move(
        self,
        subscription: Subscription,
        session: SessionId,
        to: Callable[[Cursor], Cursor],
        *,
        is_new: bool = False,
    ) -> Cursor:
        """Change how far it is, and return that; of one that was removed nothing is kept."""
        async with self._moving[subscription.id]:
            moved = to(await self.cursor(subscription, session))
            if is_new or await self.one(subscription.id) is not None:
                await self._store.keep_fact(scope_of(subscription.id), session, moved.written())
            return moved


def _unparked(known: Subscription) -> Subscription:
    return replace(known, state="on", why="") if known.state == "parked" else known


class SubscriptionDesk:
    """What people do with subscriptions; `wake` sends what one is owed in a session."""

    def __init__(
        self,
        book: SubscriptionBook,
        store: Store,
        sessions: Sessions,
        clock: Clock,
        *,
        wake: Callable[[Subscription, SessionId], None],
    ) -> None:
        self._book, self._store, self._sessions = book, store, sessions
        self._clock, self._wake = clock, wake
        self._adding = asyncio.Lock()

    @property
    def receivers(self) -> Receivers:
        assert self._book.receivers is not None
        return self._book.receivers

    def send_to(self, receivers: Receivers) -> None:
        """Send from now on, and this way."""
        self._book.receivers = receivers

    async def add(
        self, *, by: ParticipantId, url: str, session: SessionId | None, kinds: Sequence[str]
    ) -> Subscription:
        """Send events from now on. Raises `Refused`."""
        new = self._new(mint("sub"), by, url)
        new = replace(new, session=session or "", kinds=tuple(sorted(set(kinds))))
        async with self._adding:
            mine = [each for each in await self.all_of(by) if not each.question]
            if len(mine) >= MOST_OF_ONE:
                raise Refused(texts.too_many_subscriptions(MOST_OF_ONE))
            for each in await self._followed_now(by) if session is None else (session,):
                at = Cursor.dropped_upto(await self._store.head(each))
                await self._book.move(new, each, at, is_new=True)
            await self._book.keep(new)
        return new

    async def call_back(
        self, *, by: ParticipantId, url: str, session: SessionId, question: str, asked: Seq
    ) -> Subscription:
        """Tell the end of a question once, which was asked at an event. A repeat is a success."""
        number = hashlib.sha256(f"{session} {question}".encode()).hexdigest()[:24]
        new = replace(self._new(f"sub_{number}", by, url), session=session, question=question)
        async with self._adding:
            known = await self._book.one(new.id)
            if known is not None:
                return known
            await self._book.move(new, session, lambda _: Cursor(seq=asked), is_new=True)
            await self._book.keep(new)
        self._wake(new, session)
        return new

    async def check_room(self, by: ParticipantId) -> None:
        """Raise `Refused` where nothing more can be told of questions of somebody."""
        if sum(bool(each.question) for each in await self.all_of(by)) >= MOST_CALLBACKS:
            raise Refused(texts.too_many_callbacks(MOST_CALLBACKS))

    def _new(self, number: str, by: ParticipantId, url: str) -> Subscription:
        made = self._clock.now().isoformat()
        return Subscription(id=number, by=by, url=url, secret=new_secret("standard"), made=made)

    async def _followed_now(self, by: ParticipantId) -> Sequence[SessionId]:
        rows = await self._store.sessions(limit=MOST_SESSIONS)
        folds = [await self._sessions.fold(row.id) for row in rows]
        return [each.id for each in folds if by in each.participants]

    async def all_of(self, by: ParticipantId | None) -> Sequence[Subscription]:
        known = (await self._book.known()).values()
        return [each for each in known if by is None or each.by == by]

    async def one(self, number: str) -> Subscription | None:
        return await self._book.one(number)

    async def followed(self, subscription: Subscription) -> Sequence[Following]:
        """Return the sessions in which something is owed, or was given up.

        Of all sessions, those touched last, and where something is in trouble.
        """
        found = []
        touched = () if subscription.session else await self._store.sessions(limit=MOST_SESSIONS)
        rows = {each.id: each for each in touched}
        for session, cursor in (await self._book.cursors(subscription)).items():
            row = rows.get(session)
            if row is None and (subscription.session or cursor.is_in_trouble):
                row = await self._store.session(session)
            if row is not None:
                passed = self._book.passed.get((subscription.id, session), cursor.seq)
                behind = max(0, row.head - max(cursor.seq, passed))
                found.append(
                    Following(
                        session=session,
                        title=row.title,
                        head=row.head,
                        behind=behind,
                        cursor=cursor,
                    )
                )
        return [each for each in found if each.behind or each.cursor.dead or each.cursor.again]

    async def remove(self, subscription: Subscription) -> None:
        await self._book.drop(subscription)

    async def rotate(self, subscription: Subscription) -> Subscription:
        """Give it another secret; the one before signs too for a while."""
        secret, now = new_secret("standard"), self._clock.now()
        new = await self._book.change(subscription.id, lambda each: each.rotated(secret, now))
        if new is None:
            raise NotFound(subscription.id)
        return new

    async def retry(self, subscription: Subscription) -> None:
        """Try now, also what was given up, and where everything was."""
        subscription = await self._book.change(subscription.id, _unparked) or subscription
        for session in await self._book.cursors(subscription):
            await self._book.move(subscription, session, Cursor.retried)
            self._wake(subscription, session)

    async def drop(self, subscription: Subscription, upto: Seq | None) -> int:
        """Send nothing of what there is now, or up to an event; return how much was owed."""
        owed = 0
        for each in await self.followed(subscription):
            last = each.head if upto is None else min(upto, each.head)
            owed += max(0, each.behind - (each.head - last)) + len(each.cursor.dead)
            await self._book.move(subscription, each.session, Cursor.dropped_upto(last))
        return owed
