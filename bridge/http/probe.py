"""Whether the store works, answered in time whatever stalls.

A check that hangs is left to hang and not asked for again: everyone who comes meanwhile waits for
the same one, for a moment.
"""

import asyncio

from bridge.domain.errors import BridgeError
from bridge.ports.store import Store

PATIENCE_SECONDS = 0.6
SILENT = "the database does not answer"


class Probe:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._asking: asyncio.Task[str] | None = None

    async def fault(self) -> str:
        """Return why the store cannot be used just now, or ""."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="store probe")
        done, _ = await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)
        return self._asking.result() if done else SILENT

    async def _ask(self) -> str:
        try:
            await self._store.check()
        except BridgeError as error:
            return str(error) or type(error).__name__
        return ""
