"""What an answer needs of each thread, kept for as long as somebody may be answered there."""

import json
from collections import OrderedDict

from bridge.caches import cache
from bridge.ports.surroundings import KeyValue
from channels.email.parse import Mail, Thread

REMEMBERED = 1000
KEY = "thread:"


class Threads:
    """One account's. What was just heard is known before it is kept: its sender may be no one."""

    def __init__(self, facts: KeyValue) -> None:
        self._facts = facts
        self._known: OrderedDict[str, Thread] = OrderedDict()
        self._unkept: set[str] = set()
        cache("threads", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._known.clear()
        self._unkept.clear()

    def _size(self) -> int:
        return len(self._known)

    def heard(self, mail: Mail) -> None:
        self._remember(mail.place, mail.thread)
        self._unkept.add(mail.place)

    async def keep(self, place: str, thread: Thread) -> None:
        """Keep where a thread is. Raises `StoreUnavailable`."""
        told = {"subject": thread.subject, "last": thread.last, "references": thread.references}
        await self._facts.put(f"{KEY}{place}", json.dumps(told, ensure_ascii=False))
        if self._known.get(place) == thread:
            self._unkept.discard(place)

    async def of(self, place: str) -> Thread | None:
        """Return what is known of a thread, and keep it. Raises `StoreUnavailable`."""
        if place in self._unkept:
            await self.keep(place, self._known[place])
        if place not in self._known:
            kept = await self._facts.get(f"{KEY}{place}")
            if kept is None:
                return None
            told = json.loads(kept)
            self._remember(
                place,
                Thread(
                    subject=told["subject"],
                    last=told["last"],
                    references=tuple(told["references"]),
                ),
            )
        return self._known[place]

    def _remember(self, place: str, thread: Thread) -> None:
        self._known[place] = thread
        self._known.move_to_end(place)
        if len(self._known) > REMEMBERED:
            gone, _ = self._known.popitem(last=False)
            self._unkept.discard(gone)
