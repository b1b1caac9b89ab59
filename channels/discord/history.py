"""What Discord tells of a place when it is asked: what was missed, and how a thread began.

Who is called into a thread is told what was said in it before: the message that began it, and the
last ones. It is new to a thread in whose latest messages it said nothing, and whoever calls it now
did not call it before: that is found out there, once for each caller and not for long.
Source: https://docs.discord.com/developers/topics/threads
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bridge import texts
from bridge.domain.errors import ChannelError, Gone
from bridge.domain.inbound import Inbound, Quoted, Spoken
from bridge.ports.clock import Clock
from bridge.unseen import note
from channels.discord import parse
from channels.discord.client import Wire
from channels.discord.errors import UNKNOWN_ROOM, translated
from channels.discord.limits import HISTORY_PAGE
from channels.discord.parse import Scene
from channels.discord.read_marks import Seen
from channels.discord.schema import Message
from channels.threads import LATEST, Line, told

MOST_THREADS = 2000
"""Threads in which we spoke, kept in mind so that they are not asked for; and so many callers."""

LOOK_SECONDS = 3.0
"""How long a call into a thread waits for what was said before it."""

NOT_THERE = frozenset({"10003", "10008", "50001", "50008", "50013", "50024"})
"""Codes of rooms in which a message is not, or not for us to read."""

STARTER = 21
"""The type of the message that stands in a thread for the one it began with, which is elsewhere."""

Found = TypeVar("Found")
Key = TypeVar("Key")
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Past:
    """What Discord says of a place when it is asked; one that is gone is forgotten."""

    wire: Wire
    seen: Seen
    clock: Clock
    _parts: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _looked: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)
    """By thread and caller, the message for which it was looked at: a repeat is told the same."""

    async def channel(self, place: str) -> Mapping[str, Any]:
        return await self._asked(place, lambda: self.wire.get_channel(int(place)))

    async def page(self, place: str, after: int) -> tuple[Sequence[Message], bool]:
        """Return what was said next after a message, oldest first, and whether that is all."""
        found = await self._asked(
            place, lambda: self.wire.logs_from(int(place), HISTORY_PAGE, after=after)
        )
        return _in_order(found), len(found) < HISTORY_PAGE

    async def _asked(self, place: str, ask: Callable[[], Awaitable[Found]]) -> Found:
        try:
            with translated(self.clock.now()):
                return await ask()
        except Gone as error:
            if error.code == str(UNKNOWN_ROOM):
                await self.seen.forget(place)
            raise

    # -- a thread, before we were called into it

    def has_part(self, thread: str) -> None:
        """Take note that we spoke in a thread."""
        _remember(self._parts, thread, None)

    def told(
        self, inbound: Inbound | None, message: Message, scene: Scene
    ) -> Inbound | Callable[[], Awaitable[Inbound]] | None:
        """Return a message, with what was said before it where it calls us into a thread."""
        if inbound is None:
            return None
        spoken, parent = inbound.what, scene.known.parent(scene.place)
        if not isinstance(spoken, Spoken) or not spoken.addressed or spoken.quoted is not None:
            return inbound
        if parent is None or scene.place in self._parts:
            return inbound
        call = (scene.place, inbound.sender.user)
        if self._looked.get(call, inbound.external_id) != inbound.external_id:
            return inbound

        async def told() -> Inbound:
            quoted = await self._told(message, scene, parent)
            _remember(self._looked, call, inbound.external_id)
            return replace(inbound, what=replace(spoken, quoted=quoted))

        return told

    async def _told(self, message: Message, scene: Scene, parent: str) -> Quoted | None:
        """Return what stands in a thread before a message; None where it is not new to us.

        What goes wrong there holds up nobody: anybody, and any app, may have written there.
        """
        where = {"account": scene.account, "place": scene.place}
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._before(message, scene, parent)
        except ChannelError as error:
            note("history_not_read", **where, code=error.code)
        except TimeoutError:
            note("history_not_read", **where, code="timeout")
        except Exception as error:  # noqa: BLE001 - it must not end the listening
            note("unreadable", **where, error=type(error).__name__)
        return None

    async def _before(self, message: Message, scene: Scene, parent: str) -> Quoted | None:
        thread, number = int(scene.place), int(message["id"])
        found = await self._asked(
            scene.place, lambda: self.wire.logs_from(thread, HISTORY_PAGE, before=number)
        )
        said = _in_order(found)
        if any(parse.is_ours(each, scene) for each in said):
            self.has_part(scene.place)
            return None
        if any(parse.calls_too(each, message, scene) for each in said):
            return None
        root = await self._root(said, thread, parent)
        later = [each for each in said if parse.is_said(each) and not _is_same(each, root)]
        told_of = [_quote(each, scene) for each in later[-LATEST:]]
        began = _quote(root, scene) if root is not None else Quoted(author="", text="")
        whole = told(began.text, [Line(author=each.author, words=each.text) for each in told_of])
        return replace(began, text=whole) if whole or began.files else None

    async def _root(self, said: Sequence[Message], thread: int, parent: str) -> Message | None:
        """Return the message that a thread began with: it has the thread's id."""
        for each in said:
            there = each.get("referenced_message")
            if each.get("type") == STARTER and there is not None:
                return there
            if int(each["id"]) == thread:  # of a forum's post it is in the thread itself
                return each
        for room in filter(None, (parent, str(thread))):
            try:
                with translated(self.clock.now()):
                    return await self.wire.get_message(int(room), thread)
            except ChannelError as error:
                if error.code not in NOT_THERE:
                    raise
        return None


def _in_order(found: Iterable[Message]) -> Sequence[Message]:
    """Return messages, the oldest first; what has no number or no author is none of them."""
    said = [each for each in found if parse.is_message(each)]
    return sorted(said, key=lambda each: int(each["id"]))


def _remember(kept: OrderedDict[Key, Kept], key: Key, value: Kept) -> None:
    kept[key] = value
    if len(kept) > MOST_THREADS:
        kept.popitem(last=False)


def _is_same(message: Message, root: Message | None) -> bool:
    return root is not None and str(message["id"]) == str(root["id"])


def _quote(message: Message, scene: Scene) -> Quoted:
    """Return a message as what another is about; one that is odd takes no other with it."""
    try:
        return parse.quote(message, scene)
    except Exception as error:  # noqa: BLE001 - anybody, and any app, may have written it
        why = type(error).__name__
        note("unreadable", account=scene.account, place=scene.place, error=why)
        return Quoted(author="", text=texts.unreadable("a message"))
