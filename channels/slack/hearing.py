"""Hearing: from the socket, or from the history, through the lanes, to the inbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bridge.content import Content
from bridge.errors import ChannelError
from bridge.ids import ChannelName
from bridge.inbound import Edited, Heard, Inbound, Inbox, Quoted, Sender, Spoken, said_at
from bridge.parts import Address, Reply
from bridge.ports import Clock
from channels.slack import blocks, threads
from channels.slack.catching_up import CatchingUp
from channels.slack.config import Threads
from channels.slack.lanes import Lanes
from channels.slack.names import Names
from channels.slack.parse import UNREADABLE, Json, News, Reader
from channels.slack.places import just_before, spot, ts_of
from channels.slack.render import ephemeral, reply_blocks, reply_text
from channels.slack.seen import Seen
from channels.slack.socket import Socket
from channels.slack.web import Account, Web
from channels.telling import told


@dataclass(slots=True)
class Hearing:
    """Hears for one account, until its connection is given up. `recent` outlives it."""

    name: ChannelName
    account: Account
    web: Web
    seen: Seen
    names: Names
    clock: Clock
    inbox: Inbox
    threads: Threads
    recent: dict[str, None]
    ping_seconds: float
    _reader: Reader = field(init=False)
    _lanes: Lanes = field(init=False)
    _catching_up: CatchingUp = field(init=False)

    def __post_init__(self) -> None:
        self._reader = Reader(
            account=self.account, threads=self.threads, takes_part=self.seen.takes_part
        )
        self._lanes = Lanes(self._hand_in, self._answer, self.clock, self.recent)
        self._catching_up = CatchingUp(self.web, self.seen, self._reader, self._lanes, self.clock)

    async def until_broken(self, app_token: str) -> None:
        """Hear until the connection is given up. Raises what ends the account's hearing."""
        try:
            async with self._open(app_token) as socket, asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(work)
                    for work in (
                        self._lanes.run(),
                        self._catching_up.run(),
                        self.seen.keep(),
                        socket.connect(),
                    )
                ]
                await socket.broken()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as group_error:
            raise first_of(group_error) from None
        finally:
            self.seen.fall_back()

    @asynccontextmanager
    async def _open(self, app_token: str) -> AsyncIterator[Socket]:
        socket = Socket(
            app_token,
            self.web,
            self.clock,
            door=self._door,
            greeted=self._catching_up.begin,
            ping_seconds=self.ping_seconds,
        )
        try:
            yield socket
        finally:
            await socket.close()

    # -- one delivery

    async def _door(self, payload: Json) -> Json | None:
        """Take a delivery in; return when it may be acknowledged."""
        try:
            news = self._reader.payload(payload, now=ts_of(self.clock.now()))
        except UNREADABLE as error:  # its traceback might show what was said
            self.web.log.warning("payload not understood", error=type(error).__name__)
            return None
        if news is None:
            return None
        self._foresee(news)
        reply = await asyncio.shield(self._lanes.take(news))
        return ephemeral(reply) if reply is not None and news.slash else None

    async def _hand_in(self, news: News) -> Reply | None:
        reply = await self.inbox(await self._inbound(news))
        self._mark(news)
        return reply

    def _foresee(self, news: News) -> None:
        """Set the first mark of a place before what is heard there is handed in.

        What we say there meanwhile would set it later, and this message would not be read again.
        """
        before = just_before(news.ts)
        if news.spot.thread and isinstance(news.what, Spoken) and news.what.addressed:
            self.seen.begin(str(news.spot), before)
        if news.source and not spot(news.source).thread:
            self.seen.begin(news.source, before)

    def _mark(self, news: News) -> None:
        if news.spot.thread and isinstance(news.what, Spoken) and news.what.addressed:
            self.seen.begin(str(news.spot), news.ts)
            self.seen.move(str(news.spot), news.ts)
        if news.source:
            waiting = self._lanes.oldest(news.source, but=news)
            self.seen.reach(news.source, news.ts, waiting=waiting)

    async def _inbound(self, news: News) -> Inbound:
        return Inbound(
            external_id=news.external_id,
            address=Address(channel=self.name, place=str(news.spot)),
            sender=Sender(
                realm=f"slack:{self.account.team}",
                user=news.user,
                name=await self.names.person(news.user, otherwise=news.name),
            ),
            what=await self._told(news),
            room=not news.spot.is_direct,
            title=await self.names.title(news.spot),
            at=said_at(float(news.ts)),
        )

    async def _told(self, news: News) -> Heard:
        """Return what was said in our words, with what it is about where the bot comes anew."""
        match news.what:
            case Spoken() as spoken:
                content = await self._words(news.message)
                quoted = await self._about(news) if news.joins and spoken.addressed else None
                return replace(spoken, content=content, quoted=quoted)
            case Edited() as edited:
                return replace(edited, content=await self._words(news.message))
            case what:
                return what

    async def _words(self, message: Json) -> Content:
        people = blocks.people(message) - {self.account.user}
        names = {self.account.user: self.account.name, **await self.names.people(people)}
        return blocks.content(message, blocks.Names(people=names, me=self.account.user))

    async def _about(self, news: News) -> Quoted | None:
        """Return what was said in a thread before the bot was called; None where it may not see."""
        try:
            return await threads.before(self.web, self.names, news.spot.room, news.joins, news.ts)
        except ChannelError as error:
            self.web.log.info("thread not read", code=error.code)
            return None

    # -- what is answered to the asker alone

    async def _answer(self, news: News, reply: Reply) -> None:
        """Show a reply: in a room to the asker alone, in a direct message as a message."""
        try:
            await told(lambda again: self.web.ask(self._shown_to(news, again)), reply, self.clock)
        except ChannelError as error:
            self.web.log.warning("reply not shown", code=error.code)

    def _shown_to(self, news: News, reply: Reply) -> Awaitable[AsyncSlackResponse]:
        client, room = self.web.client, news.spot.room
        # Nobody sees an ephemeral message in a thread that has not begun.
        thread = (news.spot.thread if news.spot.thread != news.ts else "") or None
        text, blocks = reply_text(reply), reply_blocks(reply)
        if news.spot.is_direct:
            return client.chat_postMessage(
                channel=room, thread_ts=thread, text=text, blocks=blocks, unfurl_links=False
            )
        return client.chat_postEphemeral(
            channel=room, user=news.user, thread_ts=thread, text=text, blocks=blocks
        )


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error in a group of groups."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
