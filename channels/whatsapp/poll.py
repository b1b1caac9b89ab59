"""Looking for what no webhook brought: at the start, and every few minutes.

The rules:

- The position is where the next look begins. It is kept a while before the last look, because
  Twilio lists a message a little later than it has it; what is found twice is handed in once.
- Where webhooks come, a message is left to them for `GRACE`, at the start for `FIRST_GRACE`: they
  know more of it. If one was left, the next look is soon.
- Nothing found is passed over: the position moves only when all of it was handed in.
- Without webhooks the outcome of what was sent is looked up, too.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import structlog

from bridge.caches import cache
from bridge.domain.errors import ChannelError, StoreUnavailable, Unauthorized
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Address, Reply
from bridge.ports.clock import Clock
from bridge.ports.feed import NotStored
from bridge.ports.surroundings import KeyValue
from bridge.unseen import note
from channels.whatsapp import parse
from channels.whatsapp.client import Api, Listed
from channels.whatsapp.counters import Sightings
from channels.whatsapp.inbound import PATIENCE_SECONDS, Listener

log = structlog.get_logger()

POSITION = "looked"
OVERLAP = timedelta(minutes=5)
GRACE = timedelta(minutes=1)
FIRST_GRACE = timedelta(seconds=5)
FIRST_LOOK = timedelta(hours=1)
"""How far back the very first look goes."""

FOR_EVER = datetime.max.replace(tzinfo=UTC)

KEEP_EVERY = timedelta(hours=1)
"""The position is kept this often although nothing was found."""

AGAIN_SECONDS = 1.0
MOST_AGAIN_SECONDS = 60.0
AWAITED = 1000
"""Messages whose outcome is looked up, at most."""

FINAL = frozenset({"delivered", "read", "failed", "undelivered", "canceled"})

Answering = Callable[[Inbound, Listed, Reply], Coroutine[object, object, None]]


class Poll:
    """One account's looking. `answer` shows a reply to a message that was found."""

    def __init__(
        self,
        channel: ChannelName,
        api: Api,
        clock: Clock,
        facts: KeyValue,
        *,
        seconds: float,
        has_webhook: bool,
        answer: Answering,
        sightings: Sightings,
    ) -> None:
        self._channel = channel
        self._api = api
        self._clock = clock
        self._facts = facts
        self._seconds = seconds
        self._has_webhook = has_webhook
        self._answer = answer
        self._sightings = sightings
        self._position: datetime | None = None
        cache("positions", forget=self._forget, size=self._size)
        self._first: datetime | None = None  # else it would move on as long as looks fail
        self._kept_at: datetime | None = None
        self._left = False
        self._awaited: OrderedDict[MessageId, Address] = OrderedDict()

    def _forget(self) -> None:
        self._position = None

    def _size(self) -> int:
        return int(self._position is not None)

    def await_outcome(self, message: MessageId, place: Address) -> None:
        """Look up what becomes of a message that was sent, where nobody tells."""
        if not self._has_webhook:
            self._awaited[message] = place
            if len(self._awaited) > AWAITED:
                self._awaited.popitem(last=False)

    async def run(self, hearing: Listener) -> None:
        """Look until cancelled. Raises `Unauthorized`."""
        failures, grace = 0, FIRST_GRACE
        while True:
            failures = 0 if await self._try(hearing, grace) else failures + 1
            hearing.ready.set()
            again = min(AGAIN_SECONDS * 2 ** min(failures - 1, 8), MOST_AGAIN_SECONDS)
            soon = grace.total_seconds() if self._left else self._seconds
            await self._clock.sleep(again if failures else min(soon, self._seconds))
            grace = grace if failures or self._left else GRACE

    async def _try(self, hearing: Listener, grace: timedelta) -> bool:
        """Look once; False when that failed and is to be done again soon."""
        try:
            await self._look(hearing, grace)
            await self._outcomes(hearing)
        except Unauthorized:
            raise
        except (ChannelError, StoreUnavailable, NotStored) as error:
            self._sightings.blind = str(error) or type(error).__name__
            log.warning(
                "looking for messages failed",
                channel=self._channel,
                error=type(error).__name__,
                code=error.code if isinstance(error, ChannelError) else "",
                text=str(error),
            )
            return False
        self._sightings.blind = ""
        return True

    # -- what people said

    async def _look(self, hearing: Listener, grace: timedelta) -> None:
        begun = self._clock.now()
        listed = await self._api.received(await self._after(begun))
        now = begun + self._api.transport.skew  # what is listed has Twilio's time
        places: dict[str, list[Listed]] = {}
        for each in listed:
            if each.sid not in hearing.memory:
                places.setdefault(each.sender, []).append(each)
        until = now - grace if self._has_webhook else FOR_EVER
        due = [list(takewhile(self._is_due(hearing, until), said)) for said in places.values()]
        self._left = sum(map(len, due)) < sum(map(len, places.values()))
        await self._hand_in(hearing, due)
        self._position = now - OVERLAP
        if any(due) or self._kept_at is None or now - self._kept_at >= KEEP_EVERY:
            await self._facts.put(POSITION, self._position.isoformat())
            self._kept_at = now

    async def _after(self, now: datetime) -> datetime:
        if self._position is not None:
            return self._position
        kept = await self._facts.get(POSITION)
        self._first = self._first or now - FIRST_LOOK
        return datetime.fromisoformat(kept) if kept else self._first

    def _is_due(self, hearing: Listener, until: datetime) -> Callable[[Listed], bool]:
        """Return what says whether a message is no more to be waited for."""
        brought = hearing.memory.turned_away
        return lambda message: message.at <= until or message.sid in brought

    async def _hand_in(self, hearing: Listener, places: Sequence[Sequence[Listed]]) -> None:
        """Hand in each place's messages in their order, the places side by side."""
        works = [self._place(hearing, messages) for messages in places]
        failures = [each for each in await asyncio.gather(*works, return_exceptions=True) if each]
        for failure in failures:
            raise failure

    async def _place(self, hearing: Listener, messages: Sequence[Listed]) -> None:
        for message in messages:
            inbound = await self._inbound(hearing, message)
            if inbound is None:
                note("unreadable", account=self._channel, message=message.sid)
                continue
            reply = await hearing.hand_in(inbound, found=message.at, within=PATIENCE_SECONDS)
            if reply is not None:
                await hearing.answer(self._answer(inbound, message, reply))

    async def _inbound(self, hearing: Listener, message: Listed) -> Inbound | None:
        if message.sid in hearing.memory.turned_away:
            return hearing.memory.turned_away[message.sid]
        files = await self._api.files(message.sid) if message.files else ()
        return parse.found(message, files, self._channel)

    # -- what became of ours

    async def _outcomes(self, hearing: Listener) -> None:
        if not self._awaited:
            return
        for listed in await self._api.sent():
            place = self._awaited.get(listed.sid)
            if place is None or listed.status not in FINAL:
                continue
            reported = parse.outcome(place, listed.sid, listed.status, listed.code)
            if reported is not None:
                await hearing.tell(reported, within=PATIENCE_SECONDS)
            del self._awaited[listed.sid]
