"""What Discord tells becomes what was heard: live events and what is read back alike."""

from collections import OrderedDict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Sequence,
)
from datetime import datetime
from functools import partial
from typing import Any, cast
from zlib import crc32

import discord

from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbound, Readable, Sender, Titled
from bridge.domain.parts import Address, Reply
from bridge.ports.clock import Clock
from bridge.ports.feed import Feed, Item
from bridge.unseen import note
from channels.discord import interactions, parse
from channels.discord.client import Wire
from channels.discord.commands import DIRECT_MESSAGE
from channels.discord.config import Pace
from channels.discord.forms import Forms, Written
from channels.discord.history import Past
from channels.discord.parse import Scene
from channels.discord.read_marks import Seen
from channels.discord.render import EPHEMERAL
from channels.discord.schema import Guild, Interaction, Message

MOST_AUTHORS = 2000
"""Messages of people kept in mind by their author: Discord does not say whose a deleted one was."""

MOST_NONCES = 500

Answer = Callable[[Reply | None], Coroutine[object, object, None]]
Told = Inbound | Readable | Callable[[], Awaitable[Inbound | Readable | None]] | None

ROOM_TYPES = frozenset({0, 2, 5, 10, 11, 12, 13})
"""Rooms of a server in which messages are written: text, voice, announcements, threads, stages."""


class Lately:
    """Who said what lately, and which of the messages that appeared are ours."""

    def __init__(self) -> None:
        self._authors: OrderedDict[str, Sender] = OrderedDict()
        self._own: OrderedDict[str, str] = OrderedDict()

    def author(self, message: str) -> Sender | None:
        return self._authors.get(message)

    def person(self, user: str) -> Sender | None:
        """Return somebody who wrote lately."""
        found = (each for each in reversed(self._authors.values()) if each.user == user)
        return next(found, None)

    def own(self, nonce: str) -> str | None:
        """Return our message that was sent with this nonce, if we saw it appear."""
        return self._own.get(nonce)

    def keep(self, message: Message, inbound: Inbound | None, *, is_ours: bool) -> None:
        number = str(message["id"])
        if inbound is not None:
            self._authors[number] = inbound.sender
            if len(self._authors) > MOST_AUTHORS:
                self._authors.popitem(last=False)
        nonce = message.get("nonce")
        if nonce is not None and is_ours:
            self._own[str(nonce)] = number
            if len(self._own) > MOST_NONCES:
                self._own.popitem(last=False)


class Listener:
    """The `Events` of one account, and its history."""

    def __init__(
        self,
        name: ChannelName,
        wire: Wire,
        feed: Feed,
        seen: Seen,
        *,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._name = name
        self._wire = wire
        self._feed = feed
        self._seen = seen
        self._clock = clock
        self._pace = pace
        self._past = Past(wire, seen, clock)
        self._forms = Forms(wire, clock)
        self.lately = Lately()
        self.known = GuildCache()
        self._sure: set[str] = set()
        """Places of which Discord said whether they are chats of two."""

    # -- what happens

    def dialled(self) -> None:
        self._feed.cut()

    def ready(self) -> None:
        self._feed.cut()
        for place in tuple(self._seen.direct):
            self._feed.catch_up(place)

    def resumed(self) -> None:
        for place in self._seen.places():
            self._feed.catch_up(place)

    def guild(self, guild: Guild) -> None:
        joined = datetime.fromisoformat(str(cast("dict[str, Any]", guild)["joined_at"]))
        for room in _rooms(guild):
            self._seen.direct.discard(str(room["id"]))
            place, newest = str(room["id"]), int(room.get("last_message_id") or 0)
            self._seen.joined(place, joined)
            if self._seen.is_behind(place, newest):
                self._feed.catch_up(place)
            else:
                self._feed.up_to_date(place)

    def titled(self, room: Any) -> None:
        place, name = str(room["id"]), str(room.get("name") or "")
        if room.get("type") not in ROOM_TYPES or not name:
            return
        titled = Titled(address=Address(channel=self._name, place=place), title=name)
        self._feed.put(Item(key=f"{place}:called {name}", place=place, what=titled))
        if topic := str(room.get("topic") or ""):
            about = Readable(address=titled.address, words=topic)
            self._feed.put(Item(key=f"{place}:about {topic}", place=place, what=about))

    def created(self, message: Message) -> None:
        if _is_whisper(message):
            note("of_no_concern", account=self._name, message=str(message["id"]))
            return
        is_direct = "guild_id" not in message
        place = self._place(message["channel_id"], direct=is_direct)
        if is_direct:
            self._sure.add(place)
        self._feed.put(self._said(place, message))

    def updated(self, message: Message) -> None:
        place = str(message["channel_id"])
        if _is_whisper(message):
            note("of_no_concern", account=self._name, place=place, message=str(message["id"]))
            return
        if "guild_id" in message:
            self._place(place, direct=False)
        inbound = parse.changed(message, self._scene(place))
        if inbound is None:
            note("of_no_concern", account=self._name, place=place, message=str(message["id"]))
            self._feed.put(_shown(place, message, self._scene(place)))
        self._hear(place, inbound, None)

    def deleted(self, channel: str, messages: list[str]) -> None:
        for message in messages:
            author = self.lately.author(message)
            if author is None:  # of ours too, as nobody said whose it was
                note("unknown_message", account=self._name, place=channel, message=message)
                continue
            inbound = parse.deleted(message, author, self._scene(channel))
            self._hear(channel, inbound, None)

    def reacted(self, given: Any, *, gone: bool) -> None:
        place = str(given["channel_id"])
        found = _given(given, self._scene(place), self.known, self.lately, gone=gone)
        if found is None:
            note("of_no_concern", account=self._name, place=place)
        self._hear(place, found, None)

    def interacted(self, interaction: Interaction) -> None:
        place = self._place(interaction["channel_id"], direct=_is_direct(interaction))
        scene = self._scene(place)
        form = self._forms.opened(interaction, scene)
        if form is not None:
            opens = partial(interactions.opened, self._wire, self._clock, interaction, form)
            self._feed.start(opens)
            return
        written = self._forms.written(interaction, scene)
        inbound = written.heard if written else parse.interacted(interaction, scene)
        if inbound is None:
            note("of_no_concern", account=self._name, place=place)
            return
        answer = interactions.Interaction(
            self._wire,
            self._clock,
            self._pace,
            number=str(interaction["id"]),
            token=interaction["token"],
            app=str(interaction["application_id"]),
            press=interaction["type"] == parse.COMPONENT or bool(written and not written.about),
        )
        self._feed.start(answer.in_time)
        self._hear(place, inbound, answer.answer, what=written)

    # -- what is read back

    async def history(self, place: str) -> AsyncIterator[Sequence[Item]]:
        """Yield what was said after the mark of a place, page by page, oldest first."""
        await self._make_sure(place)
        after = self._seen.after(place)
        while True:
            found, is_all = await self._past.page(place, after)
            yield [self._said(place, message) for message in found]
            if is_all or not found:
                break
            after = int(found[-1]["id"])

    async def _make_sure(self, place: str) -> None:
        """Ask whether a place is a chat of two before what was missed is read as said there.

        What is kept says so of rooms too in which an earlier version whispered.
        """
        if place in self._seen.direct and place not in self._sure:
            found = await self._past.channel(place)
            self._place(place, direct="guild_id" not in found)
            self._sure.add(place)

    # -- from their words to ours

    def _hear(
        self,
        place: str,
        inbound: Inbound | None,
        answer: Answer | None,
        *,
        what: Written | None = None,
    ) -> None:
        if inbound is not None:
            item = Item(key=inbound.external_id, place=place, what=what or inbound, answer=answer)
            self._feed.put(item)

    def _place(self, channel: int | str, *, direct: bool) -> str:
        place = str(channel)
        if direct and not self.known.is_of_server(place):
            self._seen.direct.add(place)
        else:
            self._seen.direct.discard(place)
        return place

    def _said(self, place: str, message: Message) -> Item:
        number, scene = str(message["id"]), self._scene(place)
        try:
            inbound = parse.said(message, scene)
        except Exception as error:  # noqa: BLE001 - it must not hold up the place
            why = type(error).__name__
            note("unreadable", account=self._name, place=place, message=number, error=why)
            inbound = None
        is_ours = parse.is_ours(message, scene)
        if is_ours:
            self._past.has_part(place)
        self.lately.keep(message, inbound, is_ours=is_ours)
        if self._seen.heard(int(number)):
            self._feed.start(self._seen.save)
        shown = parse.readable(message, scene) if inbound is None else None
        told = shown or self._past.told(inbound, message, scene)
        return Item(
            key=number,
            place=place,
            mark=self._seen.mark(place, int(number)),
            what=_known(self._seen, place, number, told),
            answer=_reply(self._wire, self._clock, place, number) if inbound is not None else None,
        )

    def _scene(self, place: str) -> Scene:
        return Scene(
            account=self._name,
            place=place,
            room=place not in self._seen.direct,
            title=self.known.title(place),
            known=self.known,
        )


def _shown(place: str, message: Message, scene: Scene) -> Item:
    """Return what others read in a message that nobody changed, such as previews of links."""
    shown = parse.readable(message, scene)
    words = shown.words if shown is not None else ""
    return Item(key=f"{message['id']}:shown {crc32(words.encode()):08x}", place=place, what=shown)


def _given(
    given: Any, scene: Scene, known: "GuildCache", lately: Lately, *, gone: bool
) -> Inbound | None:
    """Return an emoji of somebody's. Who it is, Discord tells in rooms, and of new ones only."""
    member = given.get("member") or {}
    user = member.get("user") or {}
    by = parse.person(user, member.get("nick") or "") if user else None
    by = by or lately.person(str(given["user_id"]))
    if by is None or known.is_me(user=by.user) or user.get("bot"):
        return None
    return parse.reacted(given, by, scene, gone=gone)


def _known(seen: Seen, place: str, message: str, what: Told) -> Told:
    """Return what hands this in once it is kept that its place is there."""
    if seen.knows(place):
        return what

    async def made() -> Inbound | Readable | None:
        await seen.know(place, int(message))
        return await what() if callable(what) else what

    return made


def _reply(wire: Wire, clock: Clock, place: str, message: str) -> Answer:
    async def answer(reply: Reply | None) -> None:
        await interactions.reply_to(wire, clock, place=place, message=message, reply=reply)

    return answer


def _is_whisper(message: Message) -> bool:
    """Say whether only one person sees it: Discord tells of it as of a direct message.

    Source: https://github.com/discord/discord-api-docs/issues/4557
    """
    return bool(message.get("flags", 0) & EPHEMERAL)


def _is_direct(interaction: Any) -> bool:
    """Say whether one person used a command with us alone, and not in a group of their own."""
    return "guild_id" not in interaction and interaction.get("context") in {None, DIRECT_MESSAGE}


def _rooms(guild: Guild) -> Iterator[dict[str, Any]]:
    whole = cast("dict[str, Any]", guild)
    for room in (*whole.get("channels", ()), *whole.get("threads", ())):
        if room["type"] in ROOM_TYPES:
            yield room


class GuildCache:
    """What the library keeps in mind of an account's rooms and roles, asked in our words.

    Knows nothing before the first connection.
    """

    def __init__(self) -> None:
        self.client: discord.Client | None = None

    @property
    def me(self) -> str:
        user = self.client.user if self.client is not None else None
        return user.display_name if user is not None else ""

    def title(self, place: str) -> str:
        name = self.room(place)
        return f"#{name}" if name is not None else ""

    def room(self, room: str) -> str | None:
        found = self.client.get_channel(int(room)) if self.client is not None else None
        return getattr(found, "name", None)

    def parent(self, place: str) -> str | None:
        """Return the room that a thread is in, None for what is no thread."""
        found = self.client.get_channel(int(place)) if self.client is not None else None
        return str(found.parent_id) if isinstance(found, discord.Thread) else None

    def is_of_server(self, place: str) -> bool:
        """Say whether a place is known as a room of a server."""
        found = self.client.get_channel(int(place)) if self.client is not None else None
        return getattr(found, "guild", None) is not None

    def role(self, role: str) -> str | None:
        found = self._role(role)
        return found.name if found is not None else None

    def is_me(self, *, user: str = "", role: str = "") -> bool:
        """Say whether this is us, or the role that our server made for us alone."""
        if self.client is None or self.client.user is None:
            return False
        me = self.client.user.id
        if user:
            return int(user) == me
        found = self._role(role)
        return found is not None and found.tags is not None and found.tags.bot_id == me

    def _role(self, role: str) -> discord.Role | None:
        for guild in self.client.guilds if self.client is not None else ():
            found = guild.get_role(int(role))
            if found is not None:
                return found
        return None
