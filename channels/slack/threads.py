"""What was said in a thread before the bot was called into it: its beginning and its last words."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from bridge.inbound import Quoted
from channels.slack import blocks
from channels.slack.catching_up import next_cursor
from channels.slack.limits import PAGE
from channels.slack.names import Names
from channels.slack.parse import files_of
from channels.slack.places import order
from channels.slack.web import Web

Json = dict[str, Any]

LATEST = 5
"""Messages that are told, beside the one that began the thread."""

MOST_PAGES = 5
"""Pages that are read to find them: the last of a thousand messages."""

LONGEST_ROOT, LONGEST = 500, 200
"""Characters of the first message, and of each of the last."""


async def before(web: Web, names: Names, room: str, thread: str, ts: str) -> Quoted | None:
    """Return what stands before `ts` in a thread. Raises a `ChannelError`."""
    found = [
        each async for each in _messages(web, room, thread, ts) if order(each["ts"]) < order(ts)
    ]
    if not found:
        return None
    root, later = found[0], found[1:][-LATEST:]
    lines = [_cut(await _words(root, names), LONGEST_ROOT)]
    lines += [
        f"{await _author(each, names)}: {_cut(await _words(each, names), LONGEST)}"
        for each in later
    ]
    return Quoted(author=await _author(root, names), text="\n".join(lines), files=files_of(root))


async def _messages(web: Web, room: str, thread: str, ts: str) -> AsyncIterator[Json]:
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


async def _author(message: Json, names: Names) -> str:
    app = message.get("username") or (message.get("bot_profile") or {}).get("name")
    if app:
        return str(app)
    return await names.person(str(message["user"])) if message.get("user") else ""


async def _words(message: Json, names: Names) -> str:
    known = blocks.Names(people=await names.people(blocks.people(message)))
    said = blocks.content({**message, "attachments": _shares(message)}, known).text
    shown = [said, *(_attachment(each) for each in message.get("attachments") or ())]
    return "\n".join(filter(None, shown))


def _shares(message: Json) -> Sequence[Json]:
    return [each for each in message.get("attachments") or () if each.get("is_share")]


def _attachment(attached: Json) -> str:
    """Return what an app shows beside its words, as alerts do."""
    if attached.get("is_share"):
        return ""
    parts = [attached.get(each) for each in ("pretext", "title", "text")]
    parts += [f"{each.get('title')}: {each.get('value')}" for each in attached.get("fields") or ()]
    inner = blocks.content({"blocks": attached.get("blocks")}, blocks.Names(people={}))
    told = "\n".join(str(each) for each in (*parts, inner.text) if each)
    return told or str(attached.get("fallback") or "")


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
