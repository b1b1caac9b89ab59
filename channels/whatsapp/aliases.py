"""One person with a number and an id is one place, whichever of the two a message names.

The rules:

- When both come with one message they are joined for good. The place is the one that was heard
  first; the other is another name for it. What was sent to the other so far moves.
- A person is told things at the address they used last.
- Two people of the bridge who had them, one each, become one in `bridge.engine.inbound.joining`,
  where each of them is let in.
- A number or an id that changes (WhatsApp says so) is another name for the same place from then on.
- An id is one person's for good; a number is given to somebody else some day. A number that comes
  with another person's id, or that its owner gave up, is lost: from then on ids alone say who
  writes, nothing is sent to it but to whoever writes from it alone, and they are somebody new whom
  nobody vouches for.
- What cannot be kept is not done: whoever brought it hears so, and brings it again. Else a number
  might, for want of its past, be somebody else's.
"""

from asyncio import Lock
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bridge.caches import cache
from bridge.domain.errors import Gone
from bridge.domain.inbound import Inbound, Reported
from bridge.ports.surroundings import KeyValue
from channels.whatsapp.conversation_ids import PREFIX, has_number, user_of
from channels.whatsapp.service_window import HEARD

IS = "is:"
"""Before an address: which place it is another name for."""

TO = "to:"
"""Before a place: the address to send to, where that is another one."""

ID = "id:"
"""Before a place: the id that its person had last."""

LOST = "lost:"
"""Before a number: it tells no longer who writes."""

UNPROVEN = "~"
"""Behind a lost number: the place of whoever writes from it without an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Someone has new addresses instead of the old ones; all as places."""

    old: tuple[str, ...]
    new: tuple[str, ...]


class AliasStore:
    """What is kept of an account's names for places; what cannot be kept does not hold.

    `Aliases` decides what that is. All raise `StoreUnavailable`.
    """

    def __init__(self, facts: KeyValue) -> None:
        self._facts = facts
        self._is_loaded = False
        self._told = self._written = 0
        self._loading = Lock()
        self.places: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.lost: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        cache("aliases", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._is_loaded = False
        self._told += 1

    def _size(self) -> int:
        return len(self.places)

    async def load(self) -> None:
        """Read what is kept, again if something was written meanwhile."""
        if self._is_loaded:
            return
        async with self._loading:
            written = -1
            while written != self._written and not self._is_loaded:
                told, written = self._told, self._written
                kept = await self._facts.all()
                if written == self._written:
                    self._take(kept)
                    self._is_loaded = told == self._told

    def _take(self, kept: Mapping[str, str]) -> None:
        places, ids = _under(kept, IS), dict[str, str]()
        for name, place in places.items():
            if not has_number(name):  # an older store does not say which was the last
                ids.setdefault(place, name)
        self.places = places | {place: place for place in places.values()}
        self._ids = ids | _under(kept, ID)
        self.addresses, self.lost = _under(kept, TO), _under(kept, LOST)

    def id_of(self, place: str) -> str | None:
        return self._ids.get(place, None if has_number(place) else place)

    def known(self, names: Iterable[str]) -> str | None:
        """Return the place of the first name that has one; ids say it before numbers."""
        ranked = sorted(names, key=has_number)
        return next((self.places[name] for name in ranked if name in self.places), None)

    async def was_heard(self, name: str) -> bool:
        return await self._facts.get(HEARD + name) is not None

    async def name(self, names: Iterable[str], place: str) -> None:
        """Keep that these are names for a place."""
        for name in names:
            if name != place and self.places.get(name) != place:
                await self._facts.put(IS + name, place)
                self.places[name] = self.places[place] = place
                self._written += 1
            if not has_number(name) and self.id_of(place) != name:
                await self._facts.put(ID + place, name)
                self._ids[place] = name
                self._written += 1

    async def lose(self, number: str, by: str) -> None:
        """Trust a number no longer. `by`: the place that did not say so itself, else ""."""
        if number not in self.lost:
            await self._facts.put(LOST + number, by)
            self.lost[number] = by
            self._written += 1

    async def reach(self, place: str, address: str) -> None:
        """Keep where to send what is for a place."""
        if self.addresses.get(place, place) != address:
            await self._facts.put(TO + place, address)
            self.addresses[place] = address
            self._written += 1


class Aliases:
    """One account's names for places. All raise `StoreUnavailable`."""

    def __init__(self, facts: KeyValue) -> None:
        self._kept = AliasStore(facts)
        self._naming = Lock()

    async def joined(self, inbound: Inbound) -> Inbound:
        """Return what was heard as from the person's one place."""
        used = inbound.address.place
        names = (used, *(PREFIX + each for each in inbound.sender.also))
        async with self._naming:
            await self._kept.load()
            names, lost = await self._proving(names)
            if not names:
                return _unproven(inbound, used)
            place = self._kept.known(names) or await self._first(names)
            await self._kept.name(names, place)
            await self._kept.reach(place, used if used in names else names[0])
        also = tuple(user_of(name) for name in names if name != place)
        sender = inbound.sender
        if sender.name == sender.user:
            sender = replace(sender, name=user_of(place))
        by = ((each, self._kept.lost[each]) for each in lost)
        took = next((user_of(each) for each, its in by if its not in {"", place}), "")
        return replace(
            inbound,
            address=replace(inbound.address, place=place),
            sender=replace(sender, user=user_of(place), also=also, took=took),
        )

    async def changed(self, change: Changed) -> None:
        """Follow someone to their new number or id."""
        async with self._naming:
            await self._kept.load()
            old, _ = await self._proving(change.old)
            if not old or not change.new:
                return
            place = self._kept.known(old) or await self._first(old)
            numbers = [name for name in change.new if has_number(name)]
            for name in numbers:
                if self._kept.places.get(name, place) != place:
                    await self._kept.lose(name, self._kept.places[name])
            new = [name for name in change.new if name not in self._kept.lost]
            await self._kept.name(new, place)
            for name in change.old:
                if numbers and has_number(name) and name not in numbers:
                    await self._kept.lose(name, "")
            if new:
                to = next((each for each in numbers if each in new), new[0])
                await self._kept.reach(place, to)

    async def reported(self, reported: Reported, *, by_address: bool) -> Reported:
        """Return a report as about the place; `by_address`: it names the address sent to."""
        address = reported.address.place
        place = await self.place(address)
        if by_address and address in self._kept.lost:
            place = address + UNPROVEN
        return replace(reported, address=replace(reported.address, place=place))

    async def place(self, address: str) -> str:
        """Return the place that an address is a name for."""
        await self._kept.load()
        return self._kept.places.get(address, address)

    async def address(self, place: str) -> str:
        """Return where to send what is for a place. Raises `Gone` where that is nobody's."""
        await self._kept.load()
        if place.endswith(UNPROVEN):
            return place.removesuffix(UNPROVEN)
        address = self._kept.addresses.get(place, place)
        if address not in self._kept.lost:
            return address
        known = self._kept.id_of(place)
        if known is not None:
            return known
        raise Gone("the number is somebody else's now, and no other address is known", code="lost")

    # -- who it is

    async def _proving(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names that tell who it is, and the numbers that no longer do."""
        ids = [name for name in names if not has_number(name)]
        for name in names:
            if has_number(name) and name not in self._kept.lost and self._is_anothers(name, ids):
                await self._kept.lose(name, self._kept.places[name])
        lost = tuple(name for name in names if name in self._kept.lost)
        return tuple(name for name in names if name not in lost), lost

    def _is_anothers(self, number: str, ids: Iterable[str]) -> bool:
        """Say whether a number is known with an id, and came with that of somebody else."""
        place = self._kept.places.get(number)
        if place is None:
            return False
        return any(
            self._kept.id_of(place) is not None
            if each not in self._kept.places
            else self._kept.places[each] != place
            for each in ids
        )

    async def _first(self, names: Iterable[str]) -> str:
        """Return the address that was heard before, the number of those that were not."""
        ranked = sorted(names, key=has_number, reverse=True)
        for name in ranked:
            if await self._kept.was_heard(name):
                return name
        return ranked[0]


def _under(kept: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        key.removeprefix(prefix): value for key, value in kept.items() if key.startswith(prefix)
    }


def _unproven(inbound: Inbound, number: str) -> Inbound:
    """Return what came from a lost number alone as said by somebody nobody vouches for."""
    place = number + UNPROVEN
    sender = replace(inbound.sender, user=user_of(place), also=(), proven=False)
    return replace(inbound, address=replace(inbound.address, place=place), sender=sender)
