"""What a reply is about, where Twilio alone has it: what was said before the bridge came, say.

A webhook names the message that is replied to, and tells nothing of it. It is asked for, unless we
sent it just now and so have it; whatever comes of that holds up nobody for long.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from bridge.domain.errors import ChannelError, StoreUnavailable
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Quoted, Spoken
from bridge.unseen import note
from channels.whatsapp import parse
from channels.whatsapp.aliases import Aliases
from channels.whatsapp.client import Api
from channels.whatsapp.conversation_ids import place_of

SECONDS = 3.0
"""Waited for it, at most."""

MOST_SENT = 10_000


@dataclass(slots=True)
class Replies:
    """One account's. `sent`: messages of ours that are in the log."""

    account: ChannelName
    api: Api
    aliases: Aliases
    sent: OrderedDict[MessageId, None] = field(default_factory=OrderedDict)

    def keep(self, message: MessageId) -> None:
        """Take note of a message that we sent."""
        self.sent[message] = None
        if len(self.sent) > MOST_SENT:
            self.sent.popitem(last=False)

    async def told(self, inbound: Inbound) -> Inbound:
        """Return a message with the words of what it replies to, as far as they can be had."""
        spoken = inbound.what
        if not isinstance(spoken, Spoken) or spoken.quoted is None or spoken.reply_to is None:
            return inbound
        if spoken.reply_to in self.sent:
            return inbound
        try:
            async with asyncio.timeout(SECONDS):
                quoted = await self._quoted(inbound, spoken.reply_to, spoken.quoted)
        except (ChannelError, StoreUnavailable, TimeoutError) as error:
            code = error.code if isinstance(error, ChannelError) else type(error).__name__
            note("history_not_read", account=self.account, place=inbound.address.place, code=code)
            return inbound
        return replace(inbound, what=replace(spoken, quoted=quoted))

    async def _quoted(self, inbound: Inbound, message: MessageId, untold: Quoted) -> Quoted:
        listed = await self.api.message(message)
        is_theirs = listed.direction == "inbound"
        if not await self._is_of(inbound, listed.sender if is_theirs else listed.to):
            return untold
        files = await self.api.files(message) if listed.files and is_theirs else ()
        return parse.quoted(listed, files, author=inbound.sender.name if is_theirs else "")

    async def _is_of(self, inbound: Inbound, address: str) -> bool:
        """Say whether a message was said in this chat, and not in one with somebody else."""
        place = place_of(address)
        return place is not None and await self.aliases.place(place) == inbound.address.place
