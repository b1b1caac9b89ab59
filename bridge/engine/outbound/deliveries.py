"""What places are owed and why, for whoever pushed something, or runs the bridge."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from urllib.parse import urlsplit

from bridge import texts
from bridge.delivery.deliveries import Obstacle, Standing, standing
from bridge.delivery.shown_receipts import is_preview
from bridge.delivery.subscription import Subscription
from bridge.domain.errors import NotFound, Refused
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, Seq
from bridge.domain.parts import SETTLED, Address, Conversation
from bridge.engine.access.admission import Admission
from bridge.engine.outbound.courier import Courier
from bridge.engine.outbound.lane_drops import LaneDrop
from bridge.engine.outbound.subscription_book import SubscriptionDesk
from bridge.engine.outbound.subscriptions import ACCOUNT
from bridge.ports.channel import Channel
from bridge.ports.engine import LaneRow, Sessions
from bridge.ports.store import Store
from bridge.ports.subscriptions import Following
from bridge.session.fold import Session

MOST_SESSIONS = 1000
LATE = 100
"""Events from the end of a session of which is told what a place lacks."""

DROP_SECONDS = 10.0
"""How long a drop waits for what is under way in its place."""


class Deliveries:
    """`is_shut` knows the accounts that are refused, `is_held` where the courier holds back."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        channels: Mapping[ChannelName, Channel],
        *,
        admission: Admission,
        is_shut: Callable[[ChannelName], bool],
        is_held: Callable[[ConversationId], bool],
        courier: Courier,
        subscriptions: SubscriptionDesk | None = None,
    ) -> None:
        self._subscriptions = subscriptions
        self._store = store
        self._sessions = sessions
        self._channels = channels
        self._admission = admission
        self._is_shut = is_shut
        self._is_held = is_held
        self._courier = courier

    async def obstacle(self, lane: Conversation, session: Session) -> Obstacle:
        """Return why nothing is sent to a place just now."""
        if lane.address.channel not in self._channels:
            return "no_account"
        if self._is_shut(lane.address.channel):
            return "account_refused"
        if lane.suspended:
            return "closed"
        if not await self._admission.may_show(lane, session):
            return "not_let_in"
        if lane.due_at is not None:
            return "unanswered"
        return "held" if self._is_held(lane.id) else ""

    def watching(
        self, conversations: Collection[ConversationId]
    ) -> AbstractContextManager[asyncio.Event]:
        """Yield an event that is set when something became of what these places are owed."""
        return self._courier.progress.watching(conversations)

    async def rows(self) -> Sequence[LaneRow]:
        """Return the places that are owed something, or lack something of late."""
        found: list[LaneRow] = []
        for row in await self._store.sessions(limit=MOST_SESSIONS):
            session = await self._sessions.fold(row.id)
            for lane in await self._store.conversations(row.id):
                known = await self._row(lane, session)
                if known is not None:
                    found.append(known)
            await asyncio.sleep(0)
        return [*found, *await self._sent()]

    async def _sent(self) -> Sequence[LaneRow]:
        """Return the addresses that are owed events, or lack some."""
        desk = self._subscriptions
        known = await desk.all_of(None) if desk is not None else ()
        return [
            _sent_row(each, owed)
            for each in known
            if desk is not None
            for owed in await desk.followed(each)
        ]

    async def _subscription(self, number: str) -> Subscription | None:
        desk = self._subscriptions
        return await desk.one(number) if desk is not None else None

    async def _row(self, lane: Conversation, session: Session) -> LaneRow | None:
        late = range(max(1, session.head - LATE + 1), session.head + 1)
        receipts = await self._store.receipts(session.id, lane.id, sources=set(late))
        owed = [each for each in receipts if each.state not in SETTLED and not is_preview(each)]
        lost = {each.source for each in receipts if each.state in {"failed", "unknown"}}
        behind = max(0, session.head - lane.cursor)
        if not (behind or owed or lost):
            return None
        first = min([each.source for each in owed], default=lane.cursor + 1)
        obstacle = await self.obstacle(lane, session)
        return LaneRow(
            lane=lane,
            title=session.title,
            upto=session.head,
            behind=behind,
            parts=len(owed),
            failed=sorted(lost),
            standing=standing(first, lane, owed, obstacle)
            if behind or owed
            else Standing(state="failed"),
            error=lane.last_error,
        )

    async def retry(self, conversation: ConversationId) -> None:
        """Try now whatever a place, or an address, is owed. Raises `NotFound`."""
        known = await self._subscription(conversation)
        if known is not None and self._subscriptions is not None:
            await self._subscriptions.retry(known)
            return
        await self._lane(conversation)
        await self._store.revive(conversation)
        self._courier.wake(conversation)

    async def drop(
        self, conversation: ConversationId, *, by: ParticipantId, upto: Seq | None = None
    ) -> int:
        """Let a place be owed nothing up to an event; return how many it was behind of these.

        Without `upto`, nothing of what there is now. Raises `NotFound`, or `Refused` where
        something is under way there.
        """
        known = await self._subscription(conversation)
        if known is not None and self._subscriptions is not None:
            return await self._subscriptions.drop(known, upto)
        lane = await self._lane(conversation)
        assert lane.session is not None
        head = (await self._sessions.fold(lane.session)).head
        last = head if upto is None else min(upto, head)
        drops, asked = self._courier.drops, LaneDrop(session=lane.session, upto=last, by=by)
        if not drops.ask(conversation, asked):
            raise Refused(texts.DROP_LATER)
        self._courier.wake(conversation)
        try:
            await asyncio.wait({asked.done}, timeout=DROP_SECONDS)
            while not asked.done.done() and not drops.forget(conversation, asked):
                await asyncio.wait({asked.done}, timeout=DROP_SECONDS)
        finally:
            drops.forget(conversation, asked)
        if not asked.done.done():
            raise Refused(texts.DROP_LATER)
        return asked.done.result()

    async def _lane(self, conversation: ConversationId) -> Conversation:
        lane = await self._store.conversation(conversation)
        if lane is None or lane.session is None:
            raise NotFound(conversation)
        return lane


def _sent_row(known: Subscription, owed: Following) -> LaneRow:
    cursor, host = owed.cursor, urlsplit(known.url).hostname or ""
    due_at = datetime.fromisoformat(cursor.due_at) if cursor.due_at else None
    lane = Conversation(
        id=ConversationId(known.id),
        address=Address(channel=ChannelName(ACCOUNT), place=host),
        session=owed.session,
        cursor=cursor.seq,
        due_at=due_at,
        tries=cursor.tries,
        suspended=known.state != "on",
    )
    is_owed = bool(owed.behind or cursor.again)
    if not is_owed:
        stands = Standing(state="failed")
    elif known.state != "on":
        stands = Standing(state="parked", why="closed")
    else:
        stands = Standing(state="owed", why="unanswered" if due_at else "", due_at=due_at)
    return LaneRow(
        lane=lane,
        title=owed.title,
        upto=owed.head,
        behind=owed.behind,
        parts=int(cursor.tries > 0),
        failed=[seq for seq, _ in cursor.dead],
        standing=stands,
        error=known.why or cursor.error,
        label=f"{ACCOUNT}: {host}",
    )
