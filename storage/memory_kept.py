"""The part of the reference store that keeps facts, people and tokens."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bridge.errors import StoreUnavailable
from bridge.ids import ParticipantId
from bridge.inbound import Identity
from bridge.ports import FactChange, Participant


class MemoryKept:
    def __init__(self) -> None:
        self._closed = False
        self._facts: dict[str, dict[str, str]] = defaultdict(dict)
        self._tokens: dict[str, tuple[ParticipantId, str]] = {}
        self._participants: dict[ParticipantId, Participant] = {}
        self._identities: dict[tuple[str, str], ParticipantId] = {}

    async def check(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")

    async def fact(self, scope: str, key: str) -> str | None:
        return self._facts[scope].get(key)

    async def facts(self, scope: str) -> Mapping[str, str]:
        return dict(self._facts[scope])

    async def keep_fact(self, scope: str, key: str, value: str) -> None:
        self._facts[scope][key] = value

    async def drop_fact(self, scope: str, key: str) -> None:
        self._facts[scope].pop(key, None)

    async def change_facts(self, changes: Sequence[FactChange]) -> bool:
        await self.check()
        if any(self._facts[each.scope].get(each.key) != each.expected for each in changes):
            return False
        for each in changes:
            if each.new is None:
                self._facts[each.scope].pop(each.key, None)
            else:
                self._facts[each.scope][each.key] = each.new
        return True

    async def identify(self, *, realm: str, user: str) -> ParticipantId | None:
        await self.check()
        return self._identities.get((realm, user))

    async def enrol(
        self, participant: ParticipantId, *, name: str, realm: str, user: str, at: datetime
    ) -> ParticipantId:
        del at  # kept by stores that outlive the process
        await self.check()
        owner = self._identities.setdefault((realm, user), participant)
        if owner == participant:
            self._participants.setdefault(owner, Participant(id=owner, name=name))
        return owner

    async def forget_identity(self, *, realm: str, user: str) -> None:
        await self.check()
        self._identities.pop((realm, user), None)

    async def identities(self, participant: ParticipantId) -> Sequence[Identity]:
        await self.check()
        mine = [pair for pair, whose in self._identities.items() if whose == participant]
        return [Identity(realm=realm, user=user) for realm, user in sorted(mine)]

    async def people(self) -> Sequence[Participant]:
        await self.check()
        return [self._participants[each] for each in sorted(self._participants)]

    async def participants(
        self, ids: Collection[ParticipantId]
    ) -> Mapping[ParticipantId, Participant]:
        await self.check()
        return {each: self._participants[each] for each in ids if each in self._participants}

    async def issue_token(
        self, digest: str, participant: ParticipantId, *, label: str, at: datetime
    ) -> None:
        del at  # kept by stores that outlive the process
        await self.check()
        self._tokens.setdefault(digest, (participant, label))

    async def bearer(self, digest: str) -> ParticipantId | None:
        await self.check()
        participant, _ = self._tokens.get(digest, (None, ""))
        return participant

    async def revoke_tokens(self, participant: ParticipantId, *, label: str | None) -> None:
        await self.check()
        self._tokens = {
            digest: (whose, called)
            for digest, (whose, called) in self._tokens.items()
            if whose != participant or label not in {None, called}
        }
