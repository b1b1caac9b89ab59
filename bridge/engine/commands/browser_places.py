"""Browsers that ring: each is a private place of its person in every session that was opened in it.

The rules:

- A browser is known by its push service's address. Whoever signs in to it next takes it over:
  nothing that it was told of before is told to them.
- It holds as long as the token by which it was named: signing out, being forgotten and taking an
  invitation back end it too, at the latest when it would ring next.
- A place is (browser, session), and follows as any place does; so what rings in it, what is tried
  again and what was missed are decided where they are for every other place.
- Nothing is told of it in the session: that a browser follows is nobody else's business.
- Somebody has `MOST` browsers at most, and each rings for the `MOST_SESSIONS` opened in it last.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from bridge.domain.commands import Link, Unlink
from bridge.domain.errors import NotFound
from bridge.domain.ids import ConversationId, ParticipantId, SessionId, mint
from bridge.domain.parts import Address
from bridge.domain.records import replace
from bridge.engine.languages import Languages
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.push import CHANNEL, Subscription
from bridge.ports.store import Store

SCOPE = "browsers"
"""The scope of the facts: browsers by their id."""

PREFIX = "browser"
"""How the ids of their places begin: the page tells nobody that one follows."""

MOST = 8
MOST_SESSIONS = 20


@dataclass(slots=True)
class BrowserPlaces:
    """`woken` hears of a place that was closed, and may take something again."""

    store: Store
    sessions: Sessions
    clock: Clock
    languages: Languages
    woken: Callable[[ConversationId], None] = field(default=lambda _: None)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, number: str) -> Subscription | None:
        """Return a browser by its id, while the token holds by which it was named."""
        found = await self._known(number)
        if found is None or await self.store.bearer(found.token) != found.who:
            return None
        return found

    async def subscribe(self, browser: Subscription) -> None:
        """Keep a browser, whoever had it before; the oldest of somebody's many is dropped."""
        async with self._changing:
            known = await self._known(browser.id)
            if known is not None and known.who != browser.who:
                await self._drop(known)
                known = None
            sessions = known.sessions if known is not None else ()
            await self._keep(replace(browser, sessions=sessions))
            if known is None:
                for each in (await self._of_person(browser.who))[MOST:]:
                    await self._drop(each)
                await self._tidy()

    async def follow(self, number: str, session: SessionId, accepts: str = "") -> None:
        """Let a browser ring for a session from now on, in a language that it `accepts`."""
        async with self._changing:
            browser = await self._known(number)
            if browser is None:
                return
            last = (session, *(each for each in browser.sessions if each != session))
            if last != browser.sessions:
                await self._keep(replace(browser, sessions=last[:MOST_SESSIONS]))
            place = await self.store.register(
                ConversationId(mint(PREFIX)),
                _address(number, session),
                room=False,
                title="",
                at=self.clock.now(),
            )
            spoken = await self.languages.of_client(browser.who, accepts)
            await self.languages.told(place, spoken.code)
            fold = await self.sessions.fold(session)
            if place.id not in fold.conversations:
                await self.sessions.submit(session, Link(conversation=place.id, by=browser.who))
            if place.suspended:
                await self.store.revive(place.id)
                self.woken(place.id)
            for each in last[MOST_SESSIONS:]:
                await self._leave(number, each)

    async def place(self, number: str, session: SessionId) -> ConversationId | None:
        """Return the place that a browser is in a session, if it rings for it."""
        place = await self.store.conversation_at(_address(number, session))
        return place.id if place is not None and place.session == session else None

    async def title(self, session: SessionId) -> str:
        """Return what a session is called; "" where it has no title."""
        return (await self.sessions.fold(session)).title

    async def drop(self, number: str) -> None:
        """Keep nothing of a browser any more; its places follow nothing."""
        async with self._changing:
            browser = await self._known(number)
            if browser is not None:
                await self._drop(browser)

    async def drop_all(self, who: ParticipantId) -> None:
        """Keep nothing of somebody's browsers."""
        async with self._changing:
            for each in await self._of_person(who):
                await self._drop(each)

    # -- small

    async def _tidy(self) -> None:
        """Drop those whose tokens are void by now."""
        for body in (await self.store.facts(SCOPE)).values():
            if await self.of((each := _read(body)).id) is None:
                await self._drop(each)

    async def _known(self, number: str) -> Subscription | None:
        body = await self.store.fact(SCOPE, number)
        return None if body is None else _read(body)

    async def _keep(self, browser: Subscription) -> None:
        await self.store.keep_fact(SCOPE, browser.id, json.dumps(asdict(browser)))

    async def _of_person(self, who: ParticipantId) -> Sequence[Subscription]:
        """Return somebody's browsers, in which they opened a session last first."""
        found = [_read(each) for each in (await self.store.facts(SCOPE)).values()]
        mine = [each for each in found if each.who == who]
        return sorted(mine, key=lambda each: each.since, reverse=True)

    async def _drop(self, browser: Subscription) -> None:
        """Let the places go first: after a death in between it is asked for again."""
        for each in browser.sessions:
            await self._leave(browser.id, each)
        await self.store.drop_fact(SCOPE, browser.id)

    async def _leave(self, number: str, session: SessionId) -> None:
        place = await self.store.conversation_at(_address(number, session))
        if place is None:
            return
        with suppress(NotFound):
            await self.sessions.submit(session, Unlink(conversation=place.id, by=None))


def _address(number: str, session: SessionId) -> Address:
    return Address(channel=CHANNEL, place=f"{number}/{session}")


def _read(body: str) -> Subscription:
    fields = json.loads(body)
    return Subscription(**{**fields, "sessions": tuple(map(SessionId, fields["sessions"]))})
