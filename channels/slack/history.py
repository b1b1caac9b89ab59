"""What was said while nobody was connected, read from Slack's history.

The rules:

- A room is read from its mark on; then each thread in it that the bot takes part in and that was
  alive lately, and each that began in what was missed. Of each the oldest comes first; Slack tells
  a room's newest first, so all that is to be read of it is read before any of it is put.
- A reply that was shown in the room as well is left to its thread, where that is read.
- A page that cannot be read now is asked for again until it can. A room that is closed to us is
  forgotten, and so is a thread that is gone. Where the bot may not read, nothing is read.
- Who is called into a thread is told what was said in it before: its beginning and its last words.

Source: https://docs.slack.dev/reference/methods/conversations.history, ….replies
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bridge import texts
from bridge.domain.errors import Gone, Rejected, Unauthorized
from bridge.domain.inbound import Quoted, RemoteFile
from bridge.ports.feed import Item
from bridge.unseen import note
from channels.slack import blocks
from channels.slack.client import Answer, Web
from channels.slack.content import content, unfolded
from channels.slack.conversation_ids import Spot, position, ts_at
from channels.slack.files import completed
from channels.slack.limits import MOST_CAUGHT_UP, PAGE
from channels.slack.names import UserNames
from channels.slack.parse import UNREADABLE, Json, files_of, thread_in
from channels.slack.read_marks import Sources
from channels.threads import LATEST, Line, told

MOST_PAGES = 5
"""Pages that are read to find them: the last of a thousand messages."""


@dataclass(slots=True)
class History:
    """The feed's `History` of one account. `item` is what a message of a room is put as."""

    web: Web
    sources: Sources
    item: Callable[[Json, str], Item]

    async def of(self, room: str) -> AsyncIterator[Sequence[Item]]:
        try:
            async for page in self._whole(room):
                yield [self.item(each, room) for each in page]
        except Gone:
            self.sources.forget(Spot(room=room))
            raise
        except Unauthorized as error:
            if error.code != "missing_scope":
                raise
            raise Rejected(str(error), code=error.code) from error

    async def _whole(self, room: str) -> AsyncIterator[Sequence[Json]]:
        threads, since = dict(self.sources.threads(room)), self.sources.since(Spot(room=room))
        if since is not None:
            said = await self._said(Spot(room=room), since)
            for each in said:
                if each.get("reply_count"):
                    threads[each["ts"]] = min(threads.get(each["ts"], since), since)
            here = [each for each in said if not _is_elsewhere(each, threads)]
            for page in _pages(here):
                yield page
        for thread, after in threads.items():
            for page in _pages(await self._said(Spot(room=room, thread=thread), after)):
                yield page

    async def _said(self, there: Spot, since: int) -> Sequence[Json]:
        """Return what was said after `since` in a room, or in a thread; the oldest first."""
        try:
            found = [each async for each in self._messages(there, since)]
        except Gone as error:
            if not there.thread or error.code != "thread_not_found":
                raise
            self.sources.forget(there)
            return []
        return sorted(found, key=lambda each: position(each["ts"]))

    async def _messages(self, there: Spot, since: int) -> AsyncIterator[Json]:
        cursor, read = None, 0
        while True:
            answer = await self.web.patiently(self._page(there, since, cursor))
            for each in answer["messages"]:
                if self._is_later(each, since, there):
                    read += 1
                    yield each
            cursor = next_cursor(answer)
            if not cursor:
                return
            if read >= MOST_CAUGHT_UP:
                note("history_not_read", account=self.web.name, place=str(there), read=read)
                return

    def _is_later(self, message: Json, since: int, there: Spot) -> bool:
        try:
            return position(message["ts"]) > since
        except UNREADABLE as error:
            why = type(error).__name__
            note("unreadable", account=self.web.name, place=str(there), error=why)
            return False

    def _page(
        self, there: Spot, since: int, cursor: str | None
    ) -> Callable[[], Awaitable[AsyncSlackResponse]]:
        client, oldest = self.web.client, ts_at(since)
        if there.thread:
            return lambda: client.conversations_replies(
                channel=there.room, ts=there.thread, oldest=oldest, limit=PAGE, cursor=cursor
            )
        return lambda: client.conversations_history(
            channel=there.room, oldest=oldest, limit=PAGE, cursor=cursor
        )


def next_cursor(answer: Answer) -> str | None:
    return (answer.get("response_metadata") or {}).get("next_cursor") or None


def _is_elsewhere(message: Json, threads: Container[str]) -> bool:
    """Say whether a message will be found in its thread as well."""
    return message.get("subtype") == "thread_broadcast" and thread_in(message) in threads


def _pages(messages: Sequence[Json]) -> Iterator[Sequence[Json]]:
    for start in range(0, len(messages), PAGE):
        yield messages[start : start + PAGE]


# -- a thread, before the bot was called into it --------------------------------------------------


async def said_before(
    web: Web, names: UserNames, me: str, there: Spot, *, before: str
) -> Quoted | None:
    """Return what stands in a thread before a time stamp. Raises a `ChannelError`.

    `me`: the bot's own user, whose messages may show what others said elsewhere.
    """
    found = [
        each
        async for each in _replies(web, there.room, there.thread, before)
        if position(each["ts"]) < position(before)
    ]
    if not found:
        return None
    root, later = found[0], found[1:][-LATEST:]
    lines = [
        Line(author=await _author(each, names), words=await _words(web, each, names))
        for each in later
    ]
    speaker, words = _speaker(root, me), await _words(web, root, names)
    return Quoted(
        author=speaker or await _author(root, names),
        text=told(_without(words, speaker) if speaker else words, lines),
        files=await _files(web, root),
    )


async def _replies(web: Web, room: str, thread: str, ts: str) -> AsyncIterator[Json]:
    """Yield the messages of a thread, oldest first, as Slack tells them."""
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = await web.ask(
            web.client.conversations_replies(
                channel=room, ts=thread, latest=ts, limit=PAGE, cursor=cursor
            )
        )
        for each in answer["messages"]:
            yield each
        cursor = next_cursor(answer)
        if not cursor:
            return


def _speaker(message: Json, me: str) -> str:
    """Return who said elsewhere what a message of ours shows; "" where it is nobody else's."""
    if message.get("user") != me:
        return ""
    with suppress(*UNREADABLE):
        found = (each for each in message.get("blocks") or () if each["type"] == "context")
        return next((str(each["elements"][0]["text"]) for each in found), "")
    return ""


def _without(words: str, speaker: str) -> str:
    return words.removeprefix(f"{speaker}: ").removesuffix(f"\n\n{speaker}")


async def _author(message: Json, names: UserNames) -> str:
    profile = message.get("bot_profile")
    app = message.get("username") or (profile.get("name") if isinstance(profile, dict) else "")
    if app:
        return str(app)
    return await names.person(str(message["user"])) if message.get("user") else ""


async def _words(web: Web, message: Json, names: UserNames) -> str:
    """Return what a message says; one that cannot be read takes none of the others with it."""
    try:
        known = blocks.MentionNames(people=await names.people(blocks.people(message)))
        return await asyncio.to_thread(_whole, message, known)
    except UNREADABLE as error:  # anybody, and any app, may have written it
        note("unreadable", account=web.name, error=type(error).__name__)
        return texts.unreadable("a message")


def _whole(message: Json, names: blocks.MentionNames) -> str:
    """Return what a message says and shows; the longest take a tenth of a second."""
    return "\n".join(filter(None, (content(message, names).text, *unfolded(message, names))))


async def _files(web: Web, message: Json) -> tuple[RemoteFile, ...]:
    try:
        return files_of(await completed(web, message))
    except UNREADABLE as error:
        note("unreadable", account=web.name, error=type(error).__name__)
        return ()
