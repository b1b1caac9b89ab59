"""What people are called: once their app says it, or as they wish.

The rules:

- A name is chosen by whoever bears it, where one person or many read it. It is cleaned as every
  name is.
- None reads like another person's, like an agent, an app or a word of ours, and none ends in what
  we write behind names: whoever reads "Ada" or "Ada (2)" has to be able to tell who that is.
- Of two who choose one name at once, in whichever processes, never both get it: it is looked at
  again once it is chosen, and taken back where somebody else is called so by then.
- Whoever is about to be somebody chooses within `choosing`, until they are.
"""

import asyncio
from dataclasses import dataclass, field

from bridge import admission_texts
from bridge.domain.display_names import clean_name, reads_as, unmarked
from bridge.domain.errors import Refused
from bridge.domain.ids import ParticipantId
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.names import DisplayNames
from bridge.ports.store import Store


@dataclass(slots=True)
class OwnName:
    store: Store
    names: DisplayNames
    reserved: ReservedNames
    choosing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def choose(self, who: ParticipantId, wanted: str) -> str:
        """Call someone as they wish; return how that is written. Raises `Refused`."""
        async with self.choosing:
            name = await self.checked(who, wanted)
            await self._rename(who, name)
        return name

    async def checked(self, who: ParticipantId, wanted: str) -> str:
        """Return how a name is written that someone may choose by now. Raises `Refused`."""
        name = clean_name(wanted)
        if not name:
            raise Refused(admission_texts.NAME_UNREADABLE)
        if unmarked(name) != name:
            raise Refused(admission_texts.name_marked(name))
        if self.reserved.holds(name) or await self._is_anothers(name, who):
            raise Refused(admission_texts.name_taken(name))
        return name

    async def _rename(self, who: ParticipantId, name: str) -> None:
        known = (await self.store.participants([who])).get(who)
        if known is None or known.name == name:
            return
        await self.store.rename(who, was=known.name, name=name)
        self.names.forget(who)
        if await self._is_anothers(name, who):  # another process was as quick
            await self.store.rename(who, was=name, name=known.name)
            self.names.forget(who)
            raise Refused(admission_texts.name_taken(name))

    async def give_way(self, who: ParticipantId, name: str, instead: str) -> None:
        """Call somebody new otherwise where somebody else has their name: who was as quick."""
        if await self._is_anothers(name, who):
            await self.store.rename(who, was=name, name=instead)
            self.names.forget(who)

    async def _is_anothers(self, name: str, who: ParticipantId) -> bool:
        read, people = reads_as(name), await self.store.people()
        return any(each.id != who and not read.isdisjoint(reads_as(each.name)) for each in people)
