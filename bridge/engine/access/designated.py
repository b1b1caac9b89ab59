"""Whom the configuration means: by role or by id, never by a name that anyone may choose."""

from bridge.domain.ids import ParticipantId
from bridge.engine.access.admission import BRIDGE, OUT, OWNERS
from bridge.ports.store import Store

OWNER = "owner"


class Designated:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def owners(self) -> frozenset[ParticipantId]:
        """Return who owns the bridge."""
        first = await self._store.identify(realm=BRIDGE.realm, user=BRIDGE.user)
        others = map(ParticipantId, await self._store.facts(OWNERS))
        return frozenset({*others, *([first] if first else [])})

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        """Return whom `owner`, a participant's id or `realm:user` means; nobody, if nobody is."""
        return await self._meant(who) - set(map(ParticipantId, await self._store.facts(OUT)))

    async def _meant(self, who: str) -> frozenset[ParticipantId]:
        if who == OWNER:
            return await self.owners()
        realm, colon, user = who.rpartition(":")
        if colon:
            found = await self._store.identify(realm=realm, user=user)
            return frozenset({found}) if found is not None else frozenset()
        known = await self._store.participants([ParticipantId(who)])
        return frozenset(known)
