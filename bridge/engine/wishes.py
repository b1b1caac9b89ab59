"""What people wish to ring, for all of their places or for one: facts that outlive the process.

What cannot be read is no wish: then things ring as they do for everyone.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from bridge import session_texts, texts
from bridge.caches import cache
from bridge.delivery.notify import AS_EVERYONE, MODES, Mode, Quiet, Wish
from bridge.domain.errors import Refused
from bridge.domain.ids import ConversationId, ParticipantId
from bridge.ports.store import KeyValueStore

SCOPE = "notify"
LONGEST = 64
"""Characters of the name of a time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """What was wished for a person or for one place; None: nothing in particular."""

    mode: Mode | None = None
    quiet: Quiet | None = None


class Wishes:
    def __init__(self, store: KeyValueStore) -> None:
        self._store = store
        self._known: dict[str, Wished] | None = None
        self._version = 0
        cache("notify", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._known = None
        self._version += 1

    def _size(self) -> int:
        return len(self._known or ())

    @property
    def version(self) -> int:
        """Return a number that is another one once anybody wished something else."""
        return self._version

    async def of(self, who: ParticipantId, place: ConversationId | None) -> Wish:
        """Return what counts for someone in one of their places."""
        known = self._known if self._known is not None else await self._all()
        mine, here = known.get(who), known.get(place or "")
        if mine is here is None:
            return AS_EVERYONE
        mine, here = mine or Wished(), here or Wished()
        return Wish(mode=here.mode or mine.mode or "all", quiet=here.quiet or mine.quiet)

    async def choose(self, who: ParticipantId, wish: Wish) -> None:
        """Let things ring as someone wishes, in all of their places. Raises `Refused`."""
        quiet = wish.quiet
        if quiet is not None and zone_named(quiet.zone) is None:
            raise Refused(texts.no_such_zone(quiet.zone))
        if quiet is not None and quiet.begins == quiet.ends:
            raise Refused(session_texts.NOTIFY_QUIET_NEVER)
        await self.wish(who, Wished(mode=wish.mode, quiet=quiet))

    async def wished(self, of: ParticipantId | ConversationId) -> Wished:
        return (await self._all()).get(of, Wished())

    async def wish(self, of: ParticipantId | ConversationId, wished: Wished) -> None:
        """Keep what is wished for a person or a place."""
        if wished == Wished():
            await self._store.drop_fact(SCOPE, of)
        else:
            await self._store.keep_fact(SCOPE, of, _written(wished))
        self._forget()

    async def give(self, who: ParticipantId, into: ParticipantId) -> None:
        """Let what somebody wished be another's, who is the same person, where they did not."""
        theirs, mine = await self.wished(who), await self.wished(into)
        both = Wished(mode=mine.mode or theirs.mode, quiet=mine.quiet or theirs.quiet)
        if both != mine:
            await self.wish(into, both)
        await self.wish(who, Wished())

    async def _all(self) -> Mapping[str, Wished]:
        known, version = self._known, self._version
        if known is not None:
            return known
        found = {key: _read(text) for key, text in (await self._store.facts(SCOPE)).items()}
        if version == self._version:  # else it may be older than what has changed
            self._known = found
        return found


def zone_named(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name; None: there is none."""
    if len(name) > LONGEST:
        return None
    with suppress(ValueError, KeyError, OSError):  # what is no key, no zone, or a folder of zones
        return ZoneInfo(name)
    return None


def _written(wished: Wished) -> str:
    body: dict[str, Any] = {"mode": wished.mode} if wished.mode is not None else {}
    if (quiet := wished.quiet) is not None:
        body["quiet"] = {
            "begins": quiet.begins.isoformat("minutes"),
            "ends": quiet.ends.isoformat("minutes"),
            "zone": quiet.zone,
            "questions": quiet.questions,
        }
    return json.dumps(body)


def _read(text: str) -> Wished:
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        body = json.loads(text)
        mode = body.get("mode")
        return Wished(mode=mode if mode in MODES else None, quiet=_quiet(body.get("quiet")))
    return Wished()


def _quiet(body: Any) -> Quiet | None:
    if body is None:
        return None
    ZoneInfo(body["zone"])
    return Quiet(
        begins=time.fromisoformat(body["begins"]),
        ends=time.fromisoformat(body["ends"]),
        zone=body["zone"],
        questions=body["questions"] is True,
    )
