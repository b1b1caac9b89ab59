"""Statuses: a place from which the agent was asked says that it works, waits for people, or rests.

The rules:

- What is to be said is derived from the fold (`bridge.session.marks.status_in`). That the agent
  rests is said once its place was shown all there is: until then the answer is still to come.
- Which status a place has is kept as a fact before the platform is told, and forgotten once it is
  told that the agent rests. So a process that died leaves no place saying that somebody works.
- A status holds up nothing: this works beside the lanes, and a failure is noted and left. That the
  agent rests is tried again for a day, anything else a few times.
- A place that says something is looked at whatever becomes of its session: it may have left it, or
  what was asked there may have been taken back.
- A place that takes no status is not asked again before the next start.
- What wears off by itself is told again for as long as it holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.domain.errors import ChannelError, Gone, RateLimited, Rejected, Unauthorized
from bridge.domain.ids import ChannelName, ConversationId, SessionId
from bridge.domain.parts import AgentStatus, Conversation
from bridge.domain.waits import is_over
from bridge.engine.access.admission import Admission
from bridge.engine.keyed_worker import KeyedWorker
from bridge.engine.outbound.calls import called
from bridge.engine.store_health import StoreHealth
from bridge.ports.channel import Channel, TellingStatus
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session.fold import Session
from bridge.session.marks import status_in

log = structlog.get_logger()

SCOPE = "status"
"""Of the facts that name the places which do not say that the agent rests."""

MOST_TRIES = 3
AGAIN = timedelta(seconds=5)
MOST_PAUSE = timedelta(minutes=5)
ENDS_WITHIN = timedelta(days=1)
SHOWN_WITHIN = timedelta(minutes=1)
"""How long a place that is not up to date still says that the agent works, when it does not."""

WITHIN = timedelta(seconds=15)
"""How long one call may take."""

_Told = tuple[AgentStatus, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    """Failures in a row, the first at `since` and the last at `at`; `until` nothing is tried."""

    tries: int
    since: datetime
    at: datetime
    until: datetime


class Statuses:
    """Tells the places that it is woken for."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        channels: Mapping[ChannelName, Channel],
        *,
        admission: Admission,
        clock: Clock,
        health: StoreHealth,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._channels = channels
        self._admission = admission
        self._clock = clock
        self._worker = KeyedWorker("statuses", self._work_on, clock, health)
        self._is_needed = any(isinstance(each, TellingStatus) for each in channels.values())
        self._told: dict[ConversationId, _Told] = {}
        self._busy: dict[ConversationId, SessionId] = {}
        """The places that may not say that the agent rests, and what they say it of."""
        self._failed: dict[ConversationId, _Failed] = {}
        self._resting: dict[ConversationId, datetime] = {}
        self._refusing: set[ConversationId] = set()
        self._noted: dict[ConversationId, str] | None = None

    def wake(self, session: Session) -> None:
        """Look at the places from which the agent was asked, and at those that say so."""
        if self._is_needed:
            asked = {each.place for each in session.asked} & session.conversations.keys()
            busy = [place for place, of in self._busy.items() if of == session.id]
            for place in asked.union(busy) - self._refusing:
                if not self._is_told(session, place):
                    self._worker.wake(place)

    def _is_told(self, session: Session, place: ConversationId) -> bool:
        if place not in session.conversations:
            return False
        status = status_in(session, place)
        if status == "idle" and self._noted is not None and place not in self._noted:
            return True
        return self._told.get(place) == (status, session.title)

    def shown(self, conversation: ConversationId) -> None:
        """Look at a place that was waited for: it was shown something."""
        if conversation in self._resting:
            self._worker.wake(conversation)

    async def recall(self) -> None:
        """Look again at what a process that died may have left."""
        if self._is_needed:
            for conversation in tuple(await self._places()):
                self._worker.wake(conversation)

    async def close(self, grace: float) -> None:
        await self._worker.close(grace)

    async def _work_on(self, conversation: ConversationId) -> datetime | None:
        """Tell a place what is to be told; return when to look again."""
        lane = await self._store.conversation(conversation)
        channel = self._channels.get(lane.address.channel) if lane is not None else None
        if lane is None or channel is None:
            return None
        if not _is_able(channel, lane):
            self._refusing.add(conversation)
            return None
        session = await self._sessions.fold(lane.session) if lane.session is not None else None
        status: AgentStatus = status_in(session, conversation) if session else "idle"
        title = session.title if session else ""
        told = self._told.get(conversation)
        noted = (await self._places()).get(conversation)
        if told == (status, title) or (status == "idle" and noted is None):
            self._resting.pop(conversation, None)
            return None
        if status != "idle" and session and not await self._admission.may_show(lane, session):
            return None
        failed, now = self._failed.get(conversation), self._worker.now(conversation)
        if failed is not None and not is_over(failed.until, now=now, since=failed.at):
            return failed.until
        later = await self._answer_comes(lane, session) if status == "idle" else None
        if later is not None:
            return later
        self._resting.pop(conversation, None)
        return await self._tell(lane, channel, status, title)

    async def _answer_comes(self, lane: Conversation, session: Session | None) -> datetime | None:
        """Return until when a place is waited for that was not shown all there is yet."""
        if session is None or lane.suspended or lane.cursor >= session.head:
            return None
        now = self._clock.now()
        since = min(self._resting.setdefault(lane.id, now), now)
        by_now = await self._store.conversation(lane.id)  # nobody told of what was shown till here
        if by_now is None or by_now.cursor >= session.head:
            return None
        return since + SHOWN_WITHIN if now < since + SHOWN_WITHIN else None

    async def _tell(
        self, lane: Conversation, channel: Channel, status: AgentStatus, title: str
    ) -> datetime | None:
        if not isinstance(channel, TellingStatus):
            raise TypeError(f"{channel.name} says it tells a status, but has no tell_status()")
        await self._note(lane.id, status if status != "idle" else "ending")
        if status != "idle" and lane.session is not None:
            self._busy[lane.id] = lane.session
        try:
            stays = await called(
                channel,
                lane.address,
                lambda: channel.tell_status(lane.address, status, title),
                within=WITHIN,
            )
        except ChannelError as error:
            return await self._not_told(lane, status, title, error)
        self._failed.pop(lane.id, None)
        if status == "idle":
            self._told.pop(lane.id, None)
            self._busy.pop(lane.id, None)
            await self._note(lane.id, "")
            return None
        self._told[lane.id] = (status, title)
        if stays is None:
            return None
        self._told.pop(lane.id)  # so that it is told once more
        return self._clock.now() + stays

    async def _not_told(
        self, lane: Conversation, status: AgentStatus, title: str, error: ChannelError
    ) -> datetime | None:
        where, now = lane.address, self._clock.now()
        log.info("status not told", account=where.channel, place=where.place, code=error.code)
        if isinstance(error, Rejected | Gone | Unauthorized):
            self._refusing.add(lane.id)
            self._busy.pop(lane.id, None)
            await self._note(lane.id, "")
            return None
        known = self._failed.get(lane.id)
        tries, since = (known.tries + 1, known.since) if known else (1, now)
        at: datetime = now + min(AGAIN * 2 ** (tries - 1), MOST_PAUSE)
        if isinstance(error, RateLimited):
            at = error.until
        self._failed[lane.id] = _Failed(tries=tries, since=since, at=now, until=at)
        if at - since <= ENDS_WITHIN if status == "idle" else tries < MOST_TRIES:
            return at
        self._failed.pop(lane.id)
        self._told[lane.id] = (status, title)
        return None

    async def _places(self) -> dict[ConversationId, str]:
        if self._noted is None:
            facts = await self._store.facts(SCOPE)
            self._noted = {ConversationId(each): value for each, value in facts.items()}
        return self._noted

    async def _note(self, conversation: ConversationId, status: str) -> None:
        """Keep which status a place may have; "" if none."""
        noted = await self._places()
        if status and conversation not in noted:
            await self._store.keep_fact(SCOPE, conversation, status)
            noted[conversation] = status
        elif not status and conversation in noted:
            await self._store.drop_fact(SCOPE, conversation)
            del noted[conversation]


def _is_able(channel: Channel, lane: Conversation) -> bool:
    return channel.capabilities(lane.address).tells_status and isinstance(channel, TellingStatus)
