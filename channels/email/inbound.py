"""Hearing: what comes into one folder is put into the feed, and handled once it is in.

The rules:

- The position is the folder's validity and the number of the last mail that is dealt with, kept
  after that was done; what is above it is new. A death in between brings a mail again: it is the
  same, by its name.
- Numbers count as long as the validity stays the same. Where it is another, the folder is read from
  a day before the last mail on, by the server's dates: the log knows what it has.
- The very first look goes back an hour.
- Mails are dealt with in their order. A mail is marked as read, or moved, only after it is stored;
  one that is not heard is left as it is, for people to find.
- The server tells of new mails (IDLE) on a connection of its own. Where it cannot, it is asked now
  and then. IDLE is begun anew every few minutes, as connections die unnoticed.
- Who writes more than a person can is heard no more in that hour: no loop gets through here.
- A mail that its server cannot give is tried some times, and then left: one mail stops no folder.
- Of those who are not let in nothing is kept, and few are answered (`senders`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from functools import partial
from typing import Any

import structlog
from imapclient.exceptions import IMAPClientError

from bridge.domain.errors import ChannelError, Rejected, StoreUnavailable, Unauthorized
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbox
from bridge.domain.parts import Reply
from bridge.ports.clock import Clock
from bridge.ports.feed import Feed, Item
from bridge.ports.surroundings import KeyValue
from bridge.unseen import note
from channels.email import parse
from channels.email.client import Connection, Selected
from channels.email.config import EmailConfig
from channels.email.files import ref_of
from channels.email.limits import (
    BRIEF_IDLE,
    FIRST_LOOK,
    MOST_HEAD,
    MOST_TRIES,
    MOST_WAITING,
    PAUSES,
    RENUMBERED_OVERLAP,
)
from channels.email.parse import Arrived, Mail, Unheard
from channels.email.senders import Senders
from channels.email.threads import Threads

log = structlog.get_logger()

POSITION = "position"
UNREADABLE = (
    ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError,
    ArithmeticError, MessageError,
)  # fmt: skip
"""What Python's own reader stumbles over, and mails of a thousand parts in each other."""

DAY = timedelta(days=1)

Answer = Callable[[Mail, Reply], Coroutine[object, object, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Up to where a folder is dealt with; `at`: when the server got the last mail of it."""

    validity: int
    uid: int
    at: datetime

    def written(self) -> str:
        return f"{self.validity} {self.uid} {int(self.at.timestamp())}"

    @classmethod
    def read(cls, kept: str) -> "Position":
        validity, uid, at = map(int, kept.split())
        return cls(validity=validity, uid=uid, at=datetime.fromtimestamp(at, UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is new in a folder as it is now; `next` is the number of the next mail to come."""

    validity: int
    next: int
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mail until it is dealt with; without one there is nothing to do but to move on."""

    position: Position
    mail: Mail | None = None
    done: "asyncio.Future[Reply | None] | None" = None


class Listening:
    """One account's hearing. `trouble`: why nothing is heard just now."""

    def __init__(
        self,
        channel: ChannelName,
        config: EmailConfig,
        *,
        feed: Feed,
        clock: Clock,
        facts: KeyValue,
        threads: Threads,
        answer: Answer,
    ) -> None:
        self._channel = channel
        self._config = config
        self._feed = feed
        self._clock = clock
        self._facts = facts
        self._threads = threads
        self._answer = answer
        self.folder = Connection(config)
        self._watching = Connection(config)
        self._tried = (0, 0, 0)
        self._senders = Senders(config.per_hour)
        self.trouble: ChannelError | StoreUnavailable | None = None
        self.is_listening = False

    async def run(self, inbox: Inbox) -> None:
        """Hear until cancelled. Raises `Unauthorized`."""
        queue: asyncio.Queue[Waiting] = asyncio.Queue(MOST_WAITING)
        self.is_listening = True
        try:
            await self._feed.run(inbox, partial(self._hear, queue), partial(self._settle, queue))
        finally:
            self.is_listening = False
            await self._watching.close()
            await self.folder.close()

    # -- looking

    async def _hear(self, queue: "asyncio.Queue[Waiting]") -> None:
        position: Position | None = None
        failures = 0
        while True:
            try:
                position = position or await self._kept()
                news = await self.folder.call(partial(new_in, position, self._clock.now()))
                position = await self._take(news, position, queue)
                self._well()
                failures = 0
                await self._wait(news)
            except Unauthorized:
                raise
            except (ChannelError, StoreUnavailable) as error:
                self._ill(error)
                await self._clock.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1

    async def _kept(self) -> Position | None:
        kept = await self._facts.get(POSITION)
        return Position.read(kept) if kept else None

    async def _take(
        self, news: News, position: Position | None, queue: "asyncio.Queue[Waiting]"
    ) -> Position:
        """Put what is new into the feed; return up to where that was done."""
        is_anew = position is None or position.validity != news.validity
        at = position.at if position is not None else self._clock.now() - FIRST_LOOK
        for uid in news.uids:
            arrived = await self._fetched(news.validity, uid)
            # A copy may have any date: one to come would hide what is older, once numbers are new.
            at = min(arrived.at, self._clock.now()) if arrived is not None else at
            position = Position(validity=news.validity, uid=uid, at=at)
            await queue.put(await self._put(arrived, position))
        if position is None or is_anew:
            # Where there was nothing, the next look begins here too, however late that is.
            uid = max((news.next - 1, *news.uids))
            position = Position(validity=news.validity, uid=uid, at=at)
            await queue.put(Waiting(position=position))
        return position

    async def _fetched(self, validity: int, uid: int) -> Arrived | None:
        """Return a mail; None where there is none. Raises a `ChannelError`."""
        try:
            return await self.folder.call(partial(fetched, uid, validity, self._config.max_bytes))
        except Unauthorized:
            raise
        except ChannelError as error:
            is_same = self._tried[:2] == (validity, uid)
            self._tried = (validity, uid, self._tried[2] + 1 if is_same else 1)
            if self._tried[2] < MOST_TRIES:
                raise
            ref = ref_of(validity, uid)
            note("unreadable", account=self._channel, message=ref, why=error.code)
            return None

    async def _put(self, arrived: Arrived | None, position: Position) -> Waiting:
        if arrived is None:
            return Waiting(position=position)
        try:
            found = await asyncio.to_thread(parse.read, arrived, self._config, self._channel)
        except UNREADABLE as error:
            why = type(error).__name__
            note("unreadable", account=self._channel, message=arrived.ref, why=why)
            return Waiting(position=position)
        if isinstance(found, Mail) and not self._is_too_much(found, arrived.at):
            item = Item(
                key=found.inbound.external_id,
                place=found.place,
                what=found.inbound,
                answer=partial(self._answered, found),
            )
            self._threads.heard(found)
            return Waiting(position=position, mail=found, done=self._feed.put(item))
        why = found.why if isinstance(found, Unheard) else "too-many"
        key = found.key if isinstance(found, Unheard) else found.inbound.external_id
        is_forged = why == "unproven"
        note("forged" if is_forged else "unserved", account=self._channel, message=key, why=why)
        return Waiting(position=position)

    def _is_too_much(self, mail: Mail, at: datetime) -> bool:
        key = mail.inbound.external_id
        known = self._feed.knows(key)
        return not known and self._senders.is_too_much(mail.inbound.sender.user, key, at)

    async def _answered(self, mail: Mail, reply: Reply | None) -> None:
        # Nobody is written to whose address somebody else may have used to be refused here.
        sender = mail.inbound.sender
        if reply is None or (reply.refused and not sender.proven):
            return
        if self._senders.may_be_answered(sender.user, self._clock.now()):
            await self._answer(mail, reply)
            return
        note("reply_not_shown", account=self._channel, place=mail.place, code="too-many")

    async def _wait(self, news: News) -> None:
        """Wait until there may be something new."""
        seconds = self._config.idle_seconds
        if news.uids:
            seconds = min(seconds, BRIEF_IDLE)
        if not await self._watching.call(partial(watched, news, seconds)):
            await self._clock.sleep(self._config.poll_seconds)

    # -- dealing with what is stored

    async def _settle(self, queue: "asyncio.Queue[Waiting]") -> None:
        while True:
            waiting = await queue.get()
            # It is the feed's: whoever is cancelled here does not cancel it.
            reply = None if waiting.done is None else await asyncio.shield(waiting.done)
            if waiting.mail is not None:
                who, now = waiting.mail.inbound.sender.user, self._clock.now()
                if self._senders.is_heard(who, reply, now):
                    keep = partial(self._threads.keep, waiting.mail.place, waiting.mail.thread)
                    await self._until_it_works(keep)
                await self._until_it_works(partial(self._handle, waiting.position))
            kept = partial(self._facts.put, POSITION, waiting.position.written())
            await self._until_it_works(kept)

    async def _handle(self, position: Position) -> None:
        try:
            await self.folder.call(partial(handled, position, self._config))
        except Rejected as error:
            log.warning(
                "mail not marked", channel=self._channel, code=error.code, answer=str(error)
            )

    async def _until_it_works(self, work: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                return await work()
            except Unauthorized:
                raise
            except (ChannelError, StoreUnavailable) as error:
                self._ill(error)
                await self._clock.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1

    # -- trouble

    def _ill(self, error: ChannelError | StoreUnavailable) -> None:
        if type(self.trouble) is not type(error):
            code = error.code if isinstance(error, ChannelError) else "store"
            why = type(error).__name__
            log.warning("mail not heard", channel=self._channel, error=why, code=code)
        self.trouble = error

    def _well(self) -> None:
        if self.trouble is not None:
            log.info("mail heard again", channel=self._channel)
        self.trouble = None


# -- in the thread of the connection --------------------------------------------------------------


def new_in(position: Position | None, now: datetime, folder: Selected) -> News:
    """Return what is new in the folder."""
    client = folder.client
    # Old servers do not say which number is next. What comes from here on is new to the next look.
    following = folder.next or max(client.search("ALL"), default=0) + 1
    if position is not None and position.validity == folder.validity:
        found = client.search(["UID", f"{position.uid + 1}:*"])
        new = [uid for uid in found if uid > position.uid]  # `*` is the last one, however low
    else:
        since = now - FIRST_LOOK if position is None else position.at - RENUMBERED_OVERLAP
        found = client.search(["SINCE", (since - DAY).date()])
        dated = client.fetch(found, ["INTERNALDATE"]) if found else {}
        new = [uid for uid in found if uid in dated and _at(dated[uid], now) >= since]
    return News(validity=folder.validity, next=following, uids=tuple(sorted(new)))


def fetched(uid: int, validity: int, most: int, folder: Selected) -> Arrived | None:
    """Return a mail; None where it is gone, or the folder is another one by now.

    Raises `Rejected` where the server has it and does not give it.
    """
    if folder.validity != validity:
        return None
    client = folder.client
    facts = client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE", "FLAGS"]).get(uid)
    if facts is None or b"\\Deleted" in facts.get(b"FLAGS", ()):
        return None
    size = int(facts.get(b"RFC822.SIZE") or 0)
    wanted, key = ("BODY.PEEK[]", b"BODY[]")
    if size > most:
        wanted, key = (f"BODY.PEEK[HEADER]<0.{MOST_HEAD}>", b"BODY[HEADER]<0>")
    body = client.fetch([uid], [wanted]).get(uid, {}).get(key)
    if body is None:
        raise Rejected("the mail server does not give this mail", code="empty")
    return Arrived(
        ref=ref_of(validity, uid),
        body=body,
        size=size,
        at=_at(facts, datetime.now(UTC)),
        is_whole=size <= most,
    )


def _at(facts: dict[bytes, Any], otherwise: datetime) -> datetime:
    found = facts.get(b"INTERNALDATE")
    if not isinstance(found, datetime):
        return otherwise
    return (found if found.tzinfo is not None else found.astimezone()).astimezone(UTC)


def handled(position: Position, config: EmailConfig, folder: Selected) -> None:
    """Do to a mail what is done once it is stored; done twice is done once."""
    if folder.validity != position.validity or config.handled == "leave":
        return
    client, uids = folder.client, [position.uid]
    client.add_flags(uids, [b"\\Seen"], silent=True)
    if config.handled == "seen" or not client.search(["UID", str(position.uid)]):
        return
    if not client.folder_exists(config.handled_folder):
        with suppress(IMAPClientError):  # somebody else was quicker
            client.create_folder(config.handled_folder)
    if client.has_capability("MOVE"):
        client.move(uids, config.handled_folder)
        return
    client.copy(uids, config.handled_folder)
    client.delete_messages(uids, silent=True)
    if client.has_capability("UIDPLUS"):  # else the mails of others would go, too
        client.uid_expunge(uids)


def watched(news: News, seconds: float, folder: Selected) -> bool:
    """Wait until the folder has something that it had not; False where the server cannot tell."""
    client = folder.client
    if folder.validity != news.validity or (folder.next and folder.next != news.next):
        return True
    if not client.has_capability("IDLE"):
        return False
    client.idle()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        told = client.idle_check(left)
        if not told or any(len(each) > 1 and each[1] == b"EXISTS" for each in told):
            break  # told nothing before its time, it is cut off
    client.idle_done()
    return True
