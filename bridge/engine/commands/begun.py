"""Sessions that people begin by themselves: how many they have, how often, and who ends them.

The rules:

- Each takes one of its beginner's places until it is archived or they are out of it. Then it is its
  owners', who may end it; where no owner is left, the bridge's owners'. It takes none of theirs.
- Nobody begins or ends more than so many within an hour, nor do all together: each costs rows for
  good. People are counted, whatever app they write from, and through restarts.
- What is begun over HTTP, with the page's button or by a program, takes none and is not counted.
- Every step is idempotent, and a session is known as begun so for good: a command that is delivered
  again finishes what it began.
"""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bridge import session_texts
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.waits import is_over
from bridge.ports.clock import Clock
from bridge.ports.store import KeyValueStore

MOST = 100
"""Sessions begun with `/new` that one person may have at once."""

HOUR = timedelta(hours=1)
MOST_AN_HOUR, ALL_AN_HOUR = 20, 200
"""Sessions that one person, and all, may begin within an hour; and archive."""

BY = "begun by"
"""The scope, with the person's id, of the sessions that somebody began or has to see to."""

BEGUN = "begun"
"""The scope of who began a session."""

LATELY = "lately"
"""The scope of what was begun and archived within the hour, by whom."""

OWN, LEFT = "", "left"
"""Why somebody has a session: they began it, or who did is out of it."""

Deed = Literal["begin", "archive"]


@dataclass(slots=True)
class Begun:
    store: KeyValueStore
    clock: Clock
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self, who: ParticipantId, session: SessionId) -> str:
        """Let someone begin a session; return why they may not, in words for them, or ""."""
        async with self._counting:
            if why := await self.why_not(who, session):
                return why
            await self._count("begin", who, session)
            await self.store.keep_fact(BEGUN, session, who)
            await self.store.keep_fact(_by(who), session, OWN)
            return ""

    async def why_not(self, who: ParticipantId | None, session: SessionId) -> str:
        """Return why someone, or (None) somebody new, may not begin a session, or ""."""
        mine = await self.store.facts(_by(who)) if who is not None else {}
        own = [each for each, why in mine.items() if why == OWN]
        if session not in own and len(own) >= MOST:
            return session_texts.too_many(MOST)
        return await self._too_often("begin", who, session)

    async def note(self, who: ParticipantId, session: SessionId) -> None:
        """Let someone end a session that they began in the page or by a program: none counts."""
        await self.store.keep_fact(BEGUN, session, who)
        await self.store.keep_fact(_by(who), session, LEFT)

    async def archive(self, who: ParticipantId, session: SessionId) -> str:
        """Let someone archive a session; return why they may not, in words for them, or ""."""
        async with self._counting:
            if why := await self._too_often("archive", who, session):
                return why
            await self._count("archive", who, session)
            for each in {who, await self.store.fact(BEGUN, session)} - {None}:
                await self.store.drop_fact(_by(ParticipantId(str(each))), session)
            return ""

    async def was_begun(self, session: SessionId, who: ParticipantId) -> bool:
        """Say whether a session is one that somebody began, `who` or anyone."""
        known = await self.store.fact(BEGUN, session)
        return known is not None or session in await self.store.facts(_by(who))

    async def began(self, who: ParticipantId, session: SessionId) -> bool:
        return await self.store.fact(BEGUN, session) == who

    async def of(self, who: ParticipantId) -> Collection[SessionId]:
        """Return the sessions that someone began, or has to see to."""
        return [SessionId(each) for each in await self.store.facts(_by(who))]

    async def left(
        self, who: ParticipantId, session: SessionId, to: Collection[ParticipantId]
    ) -> None:
        """Let others see to a session that someone is out of."""
        if not await self.was_begun(session, who):
            return
        for each in to:
            if await self.store.fact(_by(each), session) is None:
                await self.store.keep_fact(_by(each), session, LEFT)
        await self.store.drop_fact(_by(who), session)

    async def give(self, who: ParticipantId, into: ParticipantId) -> None:
        """Let somebody's sessions be another's, who is the same person."""
        for session, why in (await self.store.facts(_by(who))).items():
            if await self.store.fact(_by(into), session) != OWN:
                await self.store.keep_fact(_by(into), session, why)
            await self.store.drop_fact(_by(who), session)
        for key, body in (await self.store.facts(LATELY)).items():
            deed = json.loads(body)
            if deed["who"] == who:
                await self.store.keep_fact(LATELY, key, json.dumps({**deed, "who": into}))

    async def _too_often(self, deed: Deed, who: ParticipantId | None, session: SessionId) -> str:
        """Return why a deed would be one too many, or ""."""
        name, now = f"{deed} {session}", self.clock.now()
        people = []
        for key, body in (await self.store.facts(LATELY)).items():
            known = json.loads(body)
            at = datetime.fromisoformat(known["at"])
            if is_over(at + HOUR, now=now, since=at):
                await self.store.drop_fact(LATELY, key)
            elif key == name:
                return ""
            elif key.startswith(f"{deed} "):
                people.append(known["who"])
        if people.count(who) >= MOST_AN_HOUR:
            return session_texts.TOO_OFTEN
        return session_texts.TOO_OFTEN_IN_ALL if len(people) >= ALL_AN_HOUR else ""

    async def _count(self, deed: Deed, who: ParticipantId, session: SessionId) -> None:
        """Count a deed, once within an hour."""
        name = f"{deed} {session}"
        if await self.store.fact(LATELY, name) is None:
            body = json.dumps({"who": who, "at": self.clock.now().isoformat()})
            await self.store.keep_fact(LATELY, name, body)


def _by(who: ParticipantId) -> str:
    return f"{BY} {who}"
