"""A second opinion: a Discord that somebody else wrote says the same to the same client."""

from dataclasses import replace

import discord as library
import pytest
import simcord

from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Spoken
from bridge.engine.inbound.feed import feeds
from channels.discord.client import Wire
from channels.discord.config import Pace
from channels.discord.gateway import INTENTS, Gateway
from channels.discord.inbound import Listener
from channels.discord.read_marks import MARKING, Seen
from tests.channels.discord.account import Account, MemoryFacts
from tests.stores import StillClock
from tests.waiting import until


class Loud(Listener):
    """Hears like the real one, and keeps what it would hand in."""

    def __init__(self):
        clock = StillClock()
        wire = Wire("http://127.0.0.1:1", "token", clock)
        name, facts = ChannelName("discord"), MemoryFacts()
        feed = feeds(name, facts, clock)(marking=MARKING)
        seen = Seen(feed.marks, facts, clock)
        super().__init__(name, wire, feed, seen, clock=clock, pace=Pace())
        self.gateway = Gateway(wire, self, clock, Pace())
        self.known.client = self.gateway
        self.heard = []
        feed.put = lambda item: self.heard.append(item.what)
        feed.start = bool


def plain(inbounds):
    """Return what was heard, without what every Discord numbers as it likes."""
    ids = {}

    def named(number):
        return ids.setdefault(number, f"#{len(ids)}") if number is not None else None

    told = []
    for each in inbounds:
        if not isinstance(each, Inbound):
            continue
        what = each.what
        if hasattr(what, "message"):
            what = replace(what, message=MessageId(named(what.message)))
        if isinstance(what, Spoken):
            about = replace(what.quoted, author="the bot") if what.quoted is not None else None
            what = replace(what, reply_to=named(what.reply_to), quoted=about)
        told.append((each.sender.name, each.room, each.title, what))
    return told


async def what_simcord_tells():
    ears = Loud()
    async with simcord.run(ears.gateway, strict_sync=False, check_errors=False) as env:
        server = env.create_guild()
        room = server.create_text_channel("general")
        ada = server.add_member(env.create_user("Ada"))
        me = f"<@{ears.gateway.user.id}>"
        ours = await ears.gateway.get_partial_messageable(room.id).send(
            "sure?", view=button("a:q_1:0")
        )
        await ada.send(room, "good morning")
        await ada.send(room, f"{me} what time is it?")
        message = await ada.send(room, "thanks", reply_to=ours)
        await ada.edit(message, "thank you")
        await ada.delete(message)
        await ada.click(ours, custom_id="a:q_1:0")
        await ada.send_dm("just us")
    return plain([await each() if callable(each) else each for each in ears.heard])


async def what_the_fake_tells(discord):
    account = Account(discord)
    ada, room = discord.person("Ada"), discord.room("general")
    async with account.listening() as ear:
        channel = account.channel._hearing.known.client.get_partial_messageable(room.id)
        shown = await channel.send("sure?", view=button("a:q_1:0"))
        ours = room.messages[shown.id]
        ada.says(room, "good morning")
        ada.says(room, f"{discord.bot.mention()} what time is it?")
        message = ada.says(room, "thanks", reply_to=ours)
        await ear.until(3)
        ada.corrects(message, "thank you")
        ada.unsays(message)
        ada.presses(ours, "Yes")
        await ear.until(6)
        ada.says(discord.direct(ada), "just us")
        await ear.until(7)
    return plain(ear.heard)


def button(value):
    view = library.ui.View(timeout=None)
    view.add_item(library.ui.Button(label="Yes", custom_id=value))
    return view


async def test_what_people_do_is_told_alike(discord):
    assert await what_the_fake_tells(discord) == await what_simcord_tells()


async def refusals(client, room):
    """Return what Discord answers to what it does not take."""
    channel = client.get_partial_messageable(room)
    message = await channel.send("hello")
    await message.edit(content="hello again")
    read = [each.content async for each in channel.history(oldest_first=True)]
    told = [read, await code_of(channel.send("x" * 2001))]
    await message.delete()
    told += [await code_of(message.delete()), await code_of(message.edit(content="gone"))]
    told += [await code_of(client.get_partial_messageable(7).send("nowhere"))]
    return told


async def code_of(call):
    with pytest.raises(library.HTTPException) as raised:
        await call
    return raised.value.status, raised.value.code


async def test_what_is_refused_is_refused_alike(discord):
    client = library.Client(intents=INTENTS)
    async with simcord.run(client) as env:
        theirs = await refusals(client, env.create_guild().create_text_channel("general").id)
    account = Account(discord)
    async with account.listening():
        await until(lambda: account.channel._hearing.known.client.user is not None)
        ours = await refusals(account.channel._hearing.known.client, discord.room().id)
    assert ours == theirs
