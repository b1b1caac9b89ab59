"""How many places people bring along whom nobody named: each costs rows, and mostly a session.

The rules:

- Counted is a place that the bridge does not know yet and that is about to follow a session, where
  its account lets in everyone ("*") and nothing else lets in who writes: no list that names their
  id, no code, no request, and not that they own the bridge. An id that nobody vouches for is
  nobody's name.
- Nobody of them brings along more than so many within an hour, nor in all; nor do all together on
  one account within an hour or 30 days. Beyond that nothing is placed, and they are told why, once
  an hour. What all did is over some day, or a few could close an account for good.
- Whoever is known is not counted and not held up. A place that follows a session goes on.
- The count is kept together with the place that it counts: one that is heard of again within the
  hour is counted once.
"""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge import texts
from bridge.domain.ids import ParticipantId
from bridge.domain.inbound import Identity, Inbound
from bridge.domain.waits import is_over
from bridge.engine.access.admission import Admission
from bridge.ports.clock import Clock
from bridge.ports.store import FactChange, KeyValueStore

HOUR = timedelta(hours=1)
MOST_AN_HOUR, ALL_AN_HOUR = 20, 200
"""Places that one stranger, and all of an account, may bring along within an hour."""

MOST, ALL = 2_000, 100_000
"""Places that one stranger may bring along in all, and all of an account within `PERIOD`."""

PERIOD = timedelta(days=30)

LATELY, COUNTED = "placed lately", "placed"
"""The scopes of the places of the last hour, by whom; and of how many there were in all."""

CONTENDERS = 5
NONE = "0"
"""A count of which nothing is kept."""


@dataclass(slots=True)
class NewPlaces:
    store: KeyValueStore
    admission: Admission
    clock: Clock
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self, inbound: Inbound, who: ParticipantId | None) -> str:
        """Let someone bring a new place along; return why they may not, in words, or ""."""
        if await self.admission.is_named(inbound, who):
            return ""
        account, askers = inbound.address.channel, await self._askers(inbound, who)
        key = f"{account} {inbound.address.place}"
        async with self._counting:
            for _ in range(CONTENDERS):
                lately = await self._lately()
                if key in lately:
                    return ""
                there = [who for here, who in lately.values() if here == account]
                mine = {each: await self._count(f"{account} {each}") for each in askers}
                everyones = await self._count(together := self._together(account))
                if why := _too_many(askers, there, sum(map(int, mine.values())), int(everyones)):
                    return why
                asker = askers[0]
                counts = {f"{account} {asker}": mine[asker], together: everyones}
                if await self.store.change_facts(self._counted(account, asker, key, counts)):
                    return ""
        return texts.TOO_MANY_PLACES_IN_ALL

    async def give(self, who: ParticipantId, into: ParticipantId) -> None:
        """Let what somebody brought along be another's, who is the same person."""
        for account in self.admission.channels:
            while not await self._give(f"{account} {who}", f"{account} {into}"):
                pass  # somebody else counted just then
        for key, body in (await self.store.facts(LATELY)).items():
            known = json.loads(body)
            if known["who"] == who:
                await self.store.keep_fact(LATELY, key, json.dumps({**known, "who": into}))

    async def _give(self, old: str, new: str) -> bool:
        """Count what is counted under one key under another; False: it changed meanwhile."""
        theirs, before = await self._count(old), await self._count(new)
        if theirs == NONE:
            return True
        both = str(int(theirs) + int(before))
        freed = FactChange(scope=COUNTED, key=old, expected=theirs, new=None)
        given = FactChange(scope=COUNTED, key=new, expected=_kept(before), new=both)
        return await self.store.change_facts([freed, given])

    def _together(self, account: str) -> str:
        """Return the key under which all together are counted now."""
        return f"{account}/{int(self.clock.now().timestamp() // PERIOD.total_seconds())}"

    async def _askers(self, inbound: Inbound, who: ParticipantId | None) -> Sequence[str]:
        """Return by what somebody was counted so far; before they were known, by their id."""
        mine = await self.admission.identities(who) if who is not None else ()
        ids = map(_named, (*inbound.sender.identities, *mine))
        return list(dict.fromkeys([who, *ids] if who is not None else ids))

    async def _lately(self) -> Mapping[str, tuple[str, str]]:
        """Return the places of the last hour, with the account and the asker of each."""
        now, found = self.clock.now(), {}
        for key, body in (await self.store.facts(LATELY)).items():
            known = json.loads(body)
            at = datetime.fromisoformat(known["at"])
            if is_over(at + HOUR, now=now, since=at):
                await self.store.drop_fact(LATELY, key)
            else:
                found[key] = (known["account"], known["who"])
        return found

    async def _count(self, key: str) -> str:
        return await self.store.fact(COUNTED, key) or NONE

    def _counted(
        self, account: str, asker: str, place: str, counts: Mapping[str, str]
    ) -> Sequence[FactChange]:
        at = self.clock.now().isoformat()
        body = json.dumps({"account": account, "who": asker, "at": at})
        more = [
            FactChange(scope=COUNTED, key=each, expected=_kept(count), new=str(int(count) + 1))
            for each, count in counts.items()
        ]
        return [FactChange(scope=LATELY, key=place, expected=None, new=body), *more]


def _named(identity: Identity) -> str:
    return f"{identity.realm}:{identity.user}"


def _kept(count: str) -> str | None:
    return None if count == NONE else count


def _too_many(askers: Collection[str], lately: Sequence[str], mine: int, everyones: int) -> str:
    """Return why one more is too many, or ""; `lately` is by whom each was in the last hour."""
    if sum(each in askers for each in lately) >= MOST_AN_HOUR:
        return texts.TOO_MANY_PLACES
    if mine >= MOST:
        return texts.TOO_MANY_PLACES_EVER
    if len(lately) >= ALL_AN_HOUR or everyones >= ALL:
        return texts.TOO_MANY_PLACES_IN_ALL
    return ""
