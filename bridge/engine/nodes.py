"""Which processes work on this store: each keeps a fact with its name while it lives.

The rules:

- A store is used by one process at a time: its lock sees to that. So who starts knows that all
  who came before are gone, and takes their facts away. Nothing is waited for: a process that was
  killed is replaced at once.
- Who stops in good order takes its own fact away.
- A run of another node is abandoned only when that node is gone. Who is asked about it reads the
  facts anew; this is asked only where a run is open that nobody here works on.
"""

from bridge.domain.ids import mint
from bridge.ports.clock import Clock
from bridge.ports.store import FactChange, KeyValueStore

SCOPE = "nodes"


class Nodes:
    """`own` is this process's name in the log."""

    def __init__(self, store: KeyValueStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.own = mint("n")

    async def begin(self) -> None:
        """Take the place of every process that came before."""
        while not await self._taken_over():
            pass  # something changed meanwhile

    async def _taken_over(self) -> bool:
        before = await self._store.facts(SCOPE)
        gone = [
            FactChange(scope=SCOPE, key=node, expected=since, new=None)
            for node, since in before.items()
            if node != self.own
        ]
        now = self._clock.now().isoformat()
        here = FactChange(scope=SCOPE, key=self.own, expected=before.get(self.own), new=now)
        return await self._store.change_facts([*gone, here])

    async def is_gone(self, node: str) -> bool:
        """Say whether nobody works on the runs of a node that is not this one any more."""
        return node not in await self._store.facts(SCOPE)

    async def is_elsewhere(self, node: str) -> bool:
        """Say whether another process works on the runs of a node, and lives."""
        return node != self.own and not await self.is_gone(node)

    async def end(self) -> None:
        await self._store.drop_fact(SCOPE, self.own)
