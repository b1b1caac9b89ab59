"""Hearing: what the socket brings and what the history has is put into the feed, and acknowledged.

The rules:

- Slack delivers a message again that is not acknowledged, and tells of a mention twice. All
  deliveries of one message are one item, and are acknowledged once it is stored.
- A place is a room or a thread; a room is caught up with its threads. Within a place the oldest
  goes first, whatever order Slack delivered it in.
- Whenever a connection begins, each room that has a mark is read back. Slack itself redelivers for
  some minutes only. In a room that is heard of for the first time nothing was missed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.errors import ChannelError
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import (
    Added,
    Deleted,
    Edited,
    Heard,
    Inbound,
    Pressed,
    Quoted,
    Reaction,
    Readable,
    Sender,
    Spoken,
    Titled,
    said_at,
)
from bridge.domain.parts import Address, Reply
from bridge.ports.clock import Clock
from bridge.ports.feed import Feed, Item, NotStored
from bridge.unseen import note
from channels.slack import blocks
from channels.slack.agent_sessions import AgentSessions
from channels.slack.client import BotUser, Web
from channels.slack.config import Threads
from channels.slack.content import told
from channels.slack.conversation_ids import Spot, position, spot, ts_of
from channels.slack.files import completed
from channels.slack.history import History, said_before
from channels.slack.interactions import answer
from channels.slack.names import UserNames
from channels.slack.parse import (
    UNREADABLE,
    Json,
    News,
    Opened,
    Reader,
    Renaming,
    Shown,
    files_of,
    is_anybodys,
    thread_in,
)
from channels.slack.read_marks import Sources
from channels.slack.render import ephemeral
from channels.slack.socket import Socket
from channels.slack.streams import Streams
from channels.visible_words import visible_words


@dataclass(slots=True)
class Listener:
    """Hears for one account."""

    name: ChannelName
    account: BotUser
    web: Web
    feed: Feed
    sources: Sources
    names: UserNames
    clock: Clock
    streams: Streams
    agent: AgentSessions
    threads: Threads
    ping_seconds: float
    history: History = field(init=False)
    _reader: Reader = field(init=False)
    _heard: set[str] = field(init=False, default_factory=set)
    """Rooms that were heard of since the connection began, or are read back."""

    def __post_init__(self) -> None:
        self.history = History(self.web, self.sources, self._found)
        self._reader = Reader(
            account=self.account, threads=self.threads, takes_part=self.sources.takes_part
        )

    async def run(self, app_token: str) -> None:
        """Hear; a connection that is given up is made anew. Raises what ends it."""
        while True:
            async with self._open(app_token) as socket, asyncio.TaskGroup() as group:
                connecting = group.create_task(socket.connect())
                await socket.broken()
                connecting.cancel()

    @asynccontextmanager
    async def _open(self, app_token: str) -> AsyncIterator[Socket]:
        socket = Socket(
            app_token,
            self.web,
            self.clock,
            door=self._door,
            greeted=self._greeted,
            ping_seconds=self.ping_seconds,
        )
        try:
            yield socket
        finally:
            await socket.close()

    def _greeted(self) -> None:
        self.feed.cut()
        rooms = self.sources.anew()
        for room in self.sources.crowded:
            note("history_not_read", account=self.name, place=room, what="threads")
        self._heard = set(rooms)
        for room in rooms:
            self.feed.catch_up(room)

    # -- what is put

    async def _door(self, payload: Json) -> Json | None:
        """Take a delivery in; return when it may be acknowledged. Raises `NotStored`."""
        try:
            news = self._reader.payload(payload, now=ts_of(self.clock.now()))
        except UNREADABLE as error:  # its traceback might show what was said
            note("unreadable", account=self.name, error=type(error).__name__)
            return None
        if news is None:
            note("of_no_concern", account=self.name)
            return None
        if isinstance(news, Opened):
            await self.agent.offer(news.spot)
            return None
        if isinstance(news, Shown):
            note("of_no_concern", account=self.name, place=news.spot.room)
        room = news.room if isinstance(news, Renaming) else news.spot.room
        if room not in self._heard:
            if is_anybodys(payload, self.account) and not await _is_in(self.names, room):
                note("of_no_concern", account=self.name, place=room)
                return None
            self._heard.add(room)
            self.feed.up_to_date(room)
        reply = await asyncio.shield(self.feed.put(self._item(news)))
        is_asked = isinstance(news, News) and news.slash
        return ephemeral(reply) if reply is not None and is_asked else None

    def _found(self, message: Json, room: str) -> Item:
        """Return what a message of the history is put as; what says nothing moves the mark."""
        try:
            news = self._reader.message(message, room)
        except UNREADABLE as error:
            why = type(error).__name__
            note("unreadable", account=self.name, place=room, error=why)
            news = None
        if news is not None:
            return self._item(news)
        mark = self.sources.mark(
            Spot(room=room, thread=thread_in(message)), position(message["ts"])
        )
        return Item(key=f"{room}:{message['ts']}", place=room, what=None, mark=mark)

    def _item(self, news: News | Renaming | Shown) -> Item:
        if isinstance(news, Renaming):
            return self._renamed(news)
        if isinstance(news, Shown):
            return _shown(news, self.name, self.sources)
        self._foresee(news)
        self.streams.heard(news.spot, news.user)
        at = position(news.ts)
        return Item(
            key=news.external_id,
            place=str(news.spot),
            scope=news.spot.room,
            order=at,
            what=partial(self._inbound, news),
            mark=self.sources.mark(spot(news.source), at) if news.source else None,
            answer=None if news.slash else partial(_answered, self, news),
        )

    def _renamed(self, news: Renaming) -> Item:
        self.names.forget(news.room)
        room, at = Spot(room=news.room), position(news.ts)
        return Item(
            key=f"{news.room}:{news.ts}",
            place=str(room),
            scope=news.room,
            order=at,
            what=Titled(address=Address(channel=self.name, place=str(room)), title=news.name),
            mark=self.sources.mark(room, at),
        )

    def _foresee(self, news: News) -> None:
        """Set the first mark of a place before what is heard there is handed in.

        What we say there meanwhile would set it later, and this message would not be read again.
        """
        at = position(news.ts)
        if news.spot.thread and isinstance(news.what, Spoken) and news.what.addressed:
            is_first = news.spot.thread == news.ts  # it is read back with the room
            self.sources.begin(news.spot, at if is_first else at - 1)
        if news.source and not spot(news.source).thread:
            self.sources.begin(spot(news.source), at - 1)

    # -- in our words

    async def _inbound(self, news: News) -> Inbound:
        await self.sources.keep_new()
        news = await _found_thread(self.web, news)
        name = await self.names.person(news.user, otherwise=news.name)
        message = await completed(self.web, news.message)
        return Inbound(
            external_id=news.external_id,
            address=Address(channel=self.name, place=str(news.spot)),
            sender=Sender(
                realm=f"slack:{self.account.team}",
                user=news.user,
                name=name,
                language=self.names.language(news.user),
            ),
            what=await self._told(news, message),
            room=not news.spot.is_direct,
            title=await self.names.title(news.spot),
            at=said_at(float(news.ts)),
            beside=visible_words(message),
        )

    async def _told(self, news: News, message: Json) -> Heard:
        """Return what was said in our words, with what it is about where the bot comes anew."""
        match news.what:
            case Spoken() as spoken:
                content, files = await self._words(message), files_of(message)
                quoted = await self._about(news) if news.joins and spoken.addressed else None
                return replace(spoken, content=content, quoted=quoted, files=files)
            case Edited() as edited:
                now = files_of(message) if edited.files is not None else None
                return replace(edited, content=await self._words(message), files=now)
            case Deleted() | Pressed() | Added() | Reaction() as what:
                return what

    async def _words(self, message: Json) -> Content:
        """Return what a message says; one that cannot be read must hold up no other."""
        try:
            people = blocks.people(message) - {self.account.user}
            names = {self.account.user: self.account.name, **await self.names.people(people)}
            known = blocks.MentionNames(people=names, me=self.account.user)
            return await asyncio.to_thread(told, message, known)
        except UNREADABLE as error:
            note("unreadable", account=self.name, error=type(error).__name__)
            return Content(text=texts.unreadable("a message"))

    async def _about(self, news: News) -> Quoted | None:
        """Return what was said in a thread before the bot was called; None where it may not see."""
        try:
            there, me = Spot(room=news.spot.room, thread=news.joins), self.account.user
            return await said_before(self.web, self.names, me, there, before=news.ts)
        except ChannelError as error:
            self.web.log.info("thread not read", code=error.code)
            return None
        except UNREADABLE as error:  # anybody may have written there
            note("unreadable", account=self.name, error=type(error).__name__)
            return None


async def _is_in(names: UserNames, room: str) -> bool:
    try:
        return await names.is_in(room)
    except ChannelError as error:
        raise NotStored from error  # Slack tells it again


async def _answered(listener: Listener, news: News, reply: Reply | None) -> None:
    await answer(listener.web, listener.clock, news, reply)
    if news.stops and reply is not None and not reply.refused:
        await listener.agent.stopped(news.spot)


def _shown(shown: Shown, account: ChannelName, sources: Sources) -> Item:
    at = position(shown.ts)
    return Item(
        key=f"{shown.spot.room}:{shown.ts}",
        place=str(shown.spot),
        scope=shown.spot.room,
        order=at,
        what=Readable(address=Address(channel=account, place=str(shown.spot)), words=shown.words),
        mark=sources.mark(spot(shown.source), at) if shown.source else None,
    )


async def _found_thread(web: Web, news: News) -> News:
    """Return an emoji with the thread that its message is in, which Slack does not tell."""
    if not isinstance(news.what, Reaction) or news.spot.thread:
        return news
    room, message = news.spot.room, news.what.message
    call = web.client.conversations_replies(channel=room, ts=message, limit=1)
    try:
        found = (await web.ask(call))["messages"]
    except ChannelError as error:
        web.log.info("thread not found", code=error.code)
        return news
    thread = next((thread_in(each) for each in found if each["ts"] == message), "")
    return replace(news, spot=Spot(room=room, thread=thread))
