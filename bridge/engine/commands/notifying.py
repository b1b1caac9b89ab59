"""What rings for someone: /notify.

The rules:

- What is chosen is the person's, for all of their private places or, with `here`, for this one.
- Quiet hours are in the time zone that is named. Where none is, they are in that of the earlier
  ones, else in the bridge's own, and the reply says so and asks for it.
"""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from bridge import session_texts, texts
from bridge.delivery.notify import MODES, Quiet
from bridge.domain.ids import ConversationId, ParticipantId
from bridge.domain.parts import Button, Conversation, Reply
from bridge.domain.records import replace
from bridge.engine.wishes import Wished, Wishes, zone_named
from bridge.ports.clock import Clock
from bridge.session.routing import command_buttons

HERE, QUIET, OFF, STRICT, DEFAULT = "here", "quiet", "off", "strict", "default"
LOCALTIME = Path("/etc/localtime")
_TIME = r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?"
_HOURS = re.compile(rf"{_TIME}\s*[-\u2013]\s*{_TIME}(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is wished from now on for a person or a place, and what they are told."""

    of: ParticipantId | ConversationId
    wished: Wished
    reply: Reply


@dataclass(slots=True)
class Notifying:
    wishes: Wishes
    clock: Clock

    async def answer(self, by: ParticipantId, place: Conversation | None, argument: str) -> Reply:
        """Do what someone wrote after `/notify`; `place` is None in a client, which never rings."""
        meant = await self._meant(by, place, argument)
        if isinstance(meant, Reply):
            return meant
        await self.wishes.wish(meant.of, meant.wished)
        return meant.reply

    async def objection(
        self, by: ParticipantId, place: Conversation, argument: str
    ) -> Reply | None:
        """Return what would be refused of what someone wrote, and do nothing."""
        meant = await self._meant(by, place, argument)
        return meant if isinstance(meant, Reply) and meant.refused else None

    async def _meant(
        self, by: ParticipantId, place: Conversation | None, argument: str
    ) -> _Choice | Reply:
        words = argument.split()
        is_here = bool(words) and words[0].lower() == HERE
        if is_here and place is None:
            return _refused(session_texts.NOTIFY_HERE_IN_APPS)
        rest = words[1:] if is_here else words
        of = place.id if is_here and place is not None else by
        if not rest:
            return await self._told(by, place)
        if rest[0].lower() == QUIET:
            return await self._quiet(of, " ".join(rest[1:]), here=is_here)
        name = rest[0].lower()
        known = await self.wishes.wished(of)
        if len(rest) == 1 and is_here and name == DEFAULT:
            told = Reply(text=session_texts.NOTIFY_AS_OTHERS)
            return _Choice(of, replace(known, mode=None), told)
        if len(rest) > 1 or name not in MODES:
            text = session_texts.no_such_notify(" ".join(rest))
            return Reply(text=text, refused=True, buttons=_buttons())
        told = Reply(text=session_texts.notify_set(name, here=is_here))
        return _Choice(of, replace(known, mode=name), told)

    async def _told(self, by: ParticipantId, place: Conversation | None) -> Reply:
        mine = await self.wishes.wished(by)
        here = await self.wishes.wished(place.id) if place is not None else Wished()
        text = session_texts.notify(
            mine.mode or "all", here.mode, _hours(mine.quiet), _hours(here.quiet)
        )
        return Reply(text=text, buttons=_buttons())

    async def _quiet(
        self, of: ParticipantId | ConversationId, written: str, *, here: bool
    ) -> _Choice | Reply:
        known = await self.wishes.wished(of)
        if written.lower() == OFF:
            told = Reply(text=session_texts.quiet_off(here=here))
            return _Choice(of, replace(known, quiet=None), told)
        shape = _HOURS.fullmatch(written)
        if shape is None:
            return _refused(session_texts.NOTIFY_QUIET_HOW)
        begins, ends = (time(int(shape[at]), int(shape[at + 1] or 0)) for at in (1, 3))
        if begins == ends:
            return _refused(session_texts.NOTIFY_QUIET_NEVER)
        zones, is_strict = _after(shape[5] or "")
        if len(zones) > 1:
            return _refused(session_texts.NOTIFY_QUIET_HOW)
        named = zones[0] if zones else (known.quiet.zone if known.quiet is not None else "")
        zone = zone_named(named) if named else zone_named(local_zone())
        if zone is None:
            return _refused(texts.no_such_zone(named))
        quiet = Quiet(begins=begins, ends=ends, zone=zone.key, questions=not is_strict)
        now = self.clock.now().astimezone(zone).strftime("%H:%M")
        text = session_texts.quiet_set(_hours(quiet), now, assumed=not named, here=here)
        return _Choice(of, replace(known, quiet=quiet), Reply(text=text))


def _after(written: str) -> tuple[Sequence[str], bool]:
    """Return the words that follow the hours, and whether one of them says `strict`."""
    words = written.split()
    zones = [each for each in words if each.lower() != STRICT]
    return zones, len(zones) < len(words)


def local_zone(localtime: Path = LOCALTIME) -> str:
    """Return the name of the bridge's own time zone; UTC where the machine does not say."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        with suppress(OSError):
            name = str(localtime.resolve()).rpartition("/zoneinfo/")[2]
    return name if name and zone_named(name) is not None else "UTC"


def _hours(quiet: Quiet | None) -> str:
    if quiet is None:
        return ""
    begins, ends = (each.isoformat("minutes") for each in (quiet.begins, quiet.ends))
    return session_texts.quiet_hours(begins, ends, quiet.zone, questions=quiet.questions)


def _refused(text: str) -> Reply:
    return Reply(text=text, refused=True)


def _buttons() -> tuple[Button, ...]:
    return command_buttons("notify", MODES)
