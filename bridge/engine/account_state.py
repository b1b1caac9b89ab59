"""The `KeyValue` of one account: its own scope of what the store keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.ids import ChannelName
from bridge.ports.store import KeyValueStore

SCOPE = "channel:"


@dataclass(frozen=True, slots=True)
class AccountState:
    store: KeyValueStore
    account: ChannelName

    async def get(self, key: str) -> str | None:
        return await self.store.fact(self._scope, key)

    async def put(self, key: str, value: str) -> None:
        await self.store.keep_fact(self._scope, key, value)

    async def remove(self, key: str) -> None:
        await self.store.drop_fact(self._scope, key)

    async def all(self) -> Mapping[str, str]:
        return await self.store.facts(self._scope)

    @property
    def _scope(self) -> str:
        return f"{SCOPE}{self.account}"
