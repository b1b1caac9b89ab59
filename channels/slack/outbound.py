"""Showing: parts become messages, are changed, taken back and found again.

The rules:

- One call to Slack shows a part, and it is never repeated here. Our own budget refuses a call that
  Slack would refuse, the less urgent ones first.
- A message is named by its time stamp. The message of a file is not told by Slack: it is looked up
  once, and named `file:<id>` where that does not succeed.
- A part of unknown outcome is looked for by its key in the history since it was sent. A preview may
  be there as a stream, which has none: that is the newest of ours without metadata, where Slack
  shows any.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bridge.delivery.markdown_budget import LONG
from bridge.domain.errors import ChangeRefused, Gone, OutcomeUnknown, RateLimited, Rejected
from bridge.domain.ids import MessageId
from bridge.domain.parts import Part, Sent
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from channels.limits import Budget
from channels.slack import render
from channels.slack.client import Answer, Web
from channels.slack.conversation_ids import Spot, position, position_of, ts_of
from channels.slack.files import FILE, Uploads
from channels.slack.history import next_cursor
from channels.slack.limits import (
    CLOCKS_DIFFER,
    EDITS,
    EDITS_IN_ROOM,
    MOST_RECENT,
    PAGE,
    POSTS,
    POSTS_IN_ROOM,
    RESOLVE_BACK,
    RESOLVE_PAGES,
)
from channels.slack.read_marks import Sources
from channels.slack.streams import Streams

STREAMING = "streaming_state_conflict"
READS_METADATA = "metadata.message:read"


@dataclass(slots=True)
class Outbound:
    web: Web
    sources: Sources
    blobs: Blobs
    clock: Clock
    streams: Streams
    _posts: Budget = field(init=False)
    _edits: Budget = field(init=False)
    _uploads: Uploads = field(init=False)
    _attempts: dict[str, datetime] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._posts = Budget(self.clock, POSTS, POSTS_IN_ROOM)
        self._edits = Budget(self.clock, EDITS, EDITS_IN_ROOM)
        self._uploads = Uploads(self.web, self.blobs)

    async def send(self, there: Spot, part: Part) -> Sent:
        self._posts.spend(there.room, part.priority)
        self._attempt(part)
        try:
            if part.attachments:
                message = await self._uploads.send(there, part)
            else:
                message = await self._streamed(there, part) or await self._post(there, part)
        except RateLimited as error:
            self._posts.block(error.until)
            raise
        self.sources.posted(there, _begun(self.clock.now(), message))
        return Sent(message=message)

    async def _streamed(self, there: Spot, part: Part) -> MessageId | None:
        return await self.streams.start(there, part) if there.thread else None

    async def _post(self, there: Spot, part: Part) -> MessageId:
        text, blocks = await _rendered(part)
        answer = await self.web.ask(
            self.web.client.chat_postMessage(
                channel=there.room,
                thread_ts=there.thread or None,
                text=text,
                blocks=blocks,
                mrkdwn=not part.is_plain,
                metadata=render.metadata(part),
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                parse="none",
            )
        )
        return MessageId(str(answer["ts"]))

    async def edit(self, there: Spot, message: MessageId, part: Part) -> None:
        if message.startswith(FILE):
            raise ChangeRefused("the message of a file cannot be changed", code="file")
        self._edits.spend(there.room, part.priority)
        self._attempt(part)
        if part.priority == "preview" and await self.streams.append(there, message, part):
            return
        try:
            if self.streams.is_open(there, message):
                await self.streams.stop(there, message)
            await self._ended(there, message, lambda: self._update(there, message, part))
        except RateLimited as error:
            self._edits.block(error.until)
            raise

    async def _update(self, there: Spot, message: MessageId, part: Part) -> None:
        text, blocks = await _rendered(part)
        await self.web.ask(
            self.web.client.chat_update(
                channel=there.room,
                ts=message,
                text=text,
                blocks=blocks,
                metadata=render.metadata(part),
                link_names=False,
                parse="none",
            )
        )

    async def _ended(
        self, there: Spot, message: MessageId, change: Callable[[], Awaitable[None]]
    ) -> None:
        """Change a message; one that a process left as a stream is ended first."""
        try:
            await change()
        except ChangeRefused as error:
            if error.code != STREAMING:
                raise
            await self.streams.stop(there, message)
            await change()

    async def delete(self, there: Spot, message: MessageId) -> None:
        self._edits.spend(there.room, "notice")
        try:
            if message.startswith(FILE):
                file = message.removeprefix(FILE)
                await self.web.ask(self.web.client.files_delete(file=file))
            else:
                if self.streams.is_open(there, message):
                    await self.streams.stop(there, message)
                await self._ended(there, message, lambda: self._delete(there, message))
        except RateLimited as error:
            self._edits.block(error.until)
            raise
        except Rejected as error:
            if error.code not in {"message_not_found", "file_not_found", "file_deleted"}:
                raise

    async def _delete(self, there: Spot, message: MessageId) -> None:
        await self.web.ask(self.web.client.chat_delete(channel=there.room, ts=message))

    # -- finding out

    async def resolve(self, there: Spot, part: Part, scopes: frozenset[str] | None) -> Sent | None:
        """Find a part by its key. Raises `OutcomeUnknown` where the history does not say."""
        sent_at = self._attempts.get(render.key(part))
        if part.attachments:
            return await self._uploads.resolve(there, part)
        if scopes is not None and READS_METADATA not in scopes:
            raise OutcomeUnknown(f"the scope {READS_METADATA} is missing", code="missing_scope")
        now = self.clock.now()  # it may have been set back since
        oldest = min(sent_at or now - RESOLVE_BACK, now) - CLOCKS_DIFFER
        is_known = scopes is not None  # else no message may show metadata, whosever it is
        stream: MessageId | None = None
        cursor: str | None = None
        for _ in range(RESOLVE_PAGES):
            answer = await self._page(there, ts_of(oldest), cursor)
            for message in answer["messages"]:
                if render.key_of(message) == render.key(part):
                    return Sent(message=MessageId(message["ts"]))
            if part.priority == "preview" and is_known:
                stream = self._newest_stream(answer["messages"], stream, since=position_of(oldest))
            cursor = next_cursor(answer)
            if cursor is None:
                return Sent(message=stream) if stream is not None else None
        raise OutcomeUnknown("too much was said since", code="too_far_back")

    def _newest_stream(
        self, messages: Sequence[Answer], known: MessageId | None, *, since: int
    ) -> MessageId | None:
        """Return the newest of ours that is a stream which nobody ended; or what is `known`."""
        found = [
            MessageId(each["ts"])
            for each in messages
            if each.get("user") == self.streams.me and position(each["ts"]) > since
            if not (each.get("metadata") or each.get("files") or each.get("subtype"))
        ]
        return max([*found, *([known] if known else [])], key=position, default=None)

    async def _page(self, there: Spot, oldest: str, cursor: str | None) -> Answer:
        client = self.web.client
        try:
            if there.thread:
                call = client.conversations_replies(
                    channel=there.room,
                    ts=there.thread,
                    oldest=oldest,
                    limit=PAGE,
                    cursor=cursor,
                    include_all_metadata=True,
                )
            else:
                call = client.conversations_history(
                    channel=there.room,
                    oldest=oldest,
                    limit=PAGE,
                    cursor=cursor,
                    include_all_metadata=True,
                )
            return await self.web.ask(call)
        except Gone as error:
            if error.code == "thread_not_found":
                return {"messages": []}
            raise

    def _attempt(self, part: Part) -> None:
        """Keep in mind when a part was first sent, to know from where to look for it."""
        if len(self._attempts) >= MOST_RECENT:
            del self._attempts[next(iter(self._attempts))]
        self._attempts.setdefault(render.key(part), self.clock.now())


def _begun(now: datetime, message: MessageId) -> int:
    """Return from when on a place is read again: from our own message, where our clock is ahead."""
    ours = position_of(now - CLOCKS_DIFFER)
    try:
        return min(ours, position(message) - 1)
    except ValueError:  # of a file whose message is not known yet
        return ours


async def _rendered(part: Part) -> tuple[str, list[render.Block]]:
    """Return the text and the blocks; long ones are written in a thread."""
    if len(part.text) > LONG:
        return await asyncio.to_thread(_written, part)
    return _written(part)


def _written(part: Part) -> tuple[str, list[render.Block]]:
    return render.text(part), render.blocks(part)
