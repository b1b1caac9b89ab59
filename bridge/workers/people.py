"""Whom the configuration means: by role or by id, never by a name that anyone may choose."""

from bridge.ids import ParticipantId
from bridge.ports import Directory

OWNER_REALM, OWNER_USER = "bridge", "owner"
"""The identity of whoever owns the bridge; there from the first start on."""

OWNER = "owner"


class People:
    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def owners(self) -> frozenset[ParticipantId]:
        """Return who owns the bridge."""
        owner = await self._directory.identify(realm=OWNER_REALM, user=OWNER_USER)
        return frozenset({owner}) if owner is not None else frozenset()

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        """Return whom `owner`, a participant's id or `realm:user` means; nobody, if nobody is."""
        if who == OWNER:
            return await self.owners()
        realm, colon, user = who.rpartition(":")
        if colon:
            found = await self._directory.identify(realm=realm, user=user)
            return frozenset({found}) if found is not None else frozenset()
        known = await self._directory.participants([ParticipantId(who)])
        return frozenset(known)
