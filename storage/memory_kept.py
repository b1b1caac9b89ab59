"""The part of the reference store that keeps facts and tokens."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from bridge.errors import StoreUnavailable
from bridge.ids import ParticipantId


class MemoryKept:
    def __init__(self) -> None:
        self._closed = False
        self._facts: dict[str, dict[str, str]] = defaultdict(dict)
        self._tokens: dict[str, tuple[ParticipantId, str]] = {}

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

    async def revoke_tokens(self, participant: ParticipantId, *, label: str) -> None:
        await self.check()
        revoked = (participant, label)
        self._tokens = {key: kept for key, kept in self._tokens.items() if kept != revoked}
