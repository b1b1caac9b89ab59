"""One person with a number and an id is one place, whichever of the two a message names.

The rules:

- When both come with one message they are joined for good. The place is the one that was heard
  first; the other is another name for it. What was sent to the other so far moves.
- A person is told things at the address they used last.
- A number or an id that changes (WhatsApp says so) is another name for the same place from then on.
- A store that cannot be used just now is no reason to hear nothing: the names hold in this process.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bridge.errors import StoreUnavailable
from bridge.inbound import Inbound, Reported
from bridge.ports import Facts
from channels.whatsapp.places import PREFIX, has_number, user_of
from channels.whatsapp.windows import HEARD

IS = "is:"
"""Before an address: which place it is another name for."""

TO = "to:"
"""Before a place: the address to send to, where that is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Someone has new addresses instead of the old ones; all as places."""

    old: tuple[str, ...]
    new: tuple[str, ...]


class Aliases:
    """One account's names for places."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._is_loaded = False
        self._places: dict[str, str] = {}
        self._addresses: dict[str, str] = {}

    async def joined(self, inbound: Inbound) -> Inbound:
        """Return what was heard as from the person's one place."""
        used = inbound.address.place
        names = (used, *(PREFIX + each for each in inbound.sender.also))
        await self._load()
        place = self._known(names) or await self._first(names)
        for name in names:
            await self._name(name, place)
        await self._reach(place, used)
        also = tuple(user_of(name) for name in names if name != place)
        sender = inbound.sender
        if sender.name == sender.user:
            sender = replace(sender, name=user_of(place))
        return replace(
            inbound,
            address=replace(inbound.address, place=place),
            sender=replace(sender, user=user_of(place), also=also),
        )

    async def changed(self, change: Changed) -> None:
        """Follow someone to their new number or id."""
        await self._load()
        place = self._known(change.old) or (change.old[0] if change.old else None)
        if place is None or not change.new:
            return
        for name in change.new:
            await self._name(name, place)
        numbers = [name for name in change.new if has_number(name)]
        await self._reach(place, (numbers or change.new)[0])

    async def reported(self, reported: Reported) -> Reported:
        place = await self.place(reported.address.place)
        return replace(reported, address=replace(reported.address, place=place))

    async def place(self, address: str) -> str:
        """Return the place that an address is a name for."""
        await self._load()
        return self._places.get(address, address)

    async def address(self, place: str) -> str:
        """Return where to send what is for a place."""
        await self._load()
        return self._addresses.get(place, place)

    def _known(self, names: Sequence[str]) -> str | None:
        return next((self._places[name] for name in names if name in self._places), None)

    async def _first(self, names: Sequence[str]) -> str:
        """Return the address that was heard before, the number of those that were not."""
        ranked = sorted(names, key=has_number, reverse=True)
        for name in ranked:
            with suppress(StoreUnavailable):
                if await self._facts.get(HEARD + name) is not None:
                    return name
        return ranked[0]

    async def _name(self, name: str, place: str) -> None:
        if name != place and self._places.get(name) != place:
            self._places[name] = self._places[place] = place
            with suppress(StoreUnavailable):
                await self._facts.put(IS + name, place)

    async def _reach(self, place: str, address: str) -> None:
        if self._addresses.get(place, place) != address:
            self._addresses[place] = address
            with suppress(StoreUnavailable):
                await self._facts.put(TO + place, address)

    async def _load(self) -> None:
        if self._is_loaded:
            return
        with suppress(StoreUnavailable):
            kept = await self._facts.all()
            self._is_loaded = True
            for key, value in kept.items():
                if key.startswith(IS):
                    self._places.setdefault(key.removeprefix(IS), value)
                    self._places.setdefault(value, value)
                elif key.startswith(TO):
                    self._addresses.setdefault(key.removeprefix(TO), value)
