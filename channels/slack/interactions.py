"""What is answered to the asker alone: to a command, to a press."""

from collections.abc import Awaitable

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bridge.domain.errors import ChannelError
from bridge.domain.parts import Reply
from bridge.ports.clock import Clock
from bridge.unseen import note
from channels.slack.client import Web
from channels.slack.parse import News
from channels.slack.render import REPLY, reply_blocks, reply_text
from channels.telling import told


async def answer(web: Web, clock: Clock, news: News, reply: Reply | None) -> None:
    """Show a reply: in a room to the asker alone, in a direct message as a message."""
    if reply is None:
        return
    try:
        await told(lambda again: web.ask(_shown_to(web, news, again)), reply, clock)
    except ChannelError as error:
        note("reply_not_shown", account=web.name, place=str(news.spot), code=error.code)


def _shown_to(web: Web, news: News, reply: Reply) -> Awaitable[AsyncSlackResponse]:
    room = news.spot.room
    # Nobody sees an ephemeral message in a thread that has not begun.
    thread = (news.spot.thread if news.spot.thread != news.ts else "") or None
    text, blocks = reply_text(reply), reply_blocks(reply, news.spot.thread)
    if news.spot.is_direct:
        return web.client.chat_postMessage(
            channel=room,
            thread_ts=thread,
            text=text,
            blocks=blocks,
            metadata=REPLY,
            mrkdwn=not reply.plain,
            unfurl_links=False,
            link_names=False,
            parse="none",
        )
    return web.client.chat_postEphemeral(
        channel=room,
        user=news.user,
        thread_ts=thread,
        text=text,
        blocks=blocks,
        link_names=False,
        parse="none",
    )
