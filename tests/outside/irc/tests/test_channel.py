"""The channel on a real `ngircd`: who is heard, how the connection lasts, what is never sent."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bridgehead_irc.channel import UNKNOWN, Irc, IrcConfig, Pace
from bridgehead_irc.connection import Connection, Login
from bridgehead_irc.lines import MOST_LINES
from irc_rig import FAST
from irc_world import Person, Services, needs_ngircd, ngircd

from bridge.domain.errors import Gone, OutcomeUnknown, RateLimited, Unauthorized, Unreachable
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address, Reply
from bridge.engine.clock import SystemClock
from bridge.testing.channels import Ear, part
from bridge.testing.rig import soon, surrounded, until

pytestmark = [pytest.mark.ngircd, needs_ngircd]

NAME = ChannelName("irc")


def place(name: str) -> Address:
    return Address(channel=NAME, place=name)


@pytest.fixture
async def server(tmp_path):
    async with ngircd(tmp_path) as running:
        yield running


@asynccontextmanager
async def person(nick, server, *rooms):
    somebody = await Person(nick, server.port).come(*rooms)
    try:
        yield somebody
    finally:
        await somebody.end()


@asynccontextmanager
async def connected(tmp_path, port, ear=None, **more):
    """The channel, listening and on the server."""
    config = IrcConfig(server="127.0.0.1", port=port, **{"nicks": True, **FAST, **more})
    channel = Irc(NAME, config, surrounded(tmp_path, NAME))
    listening = asyncio.create_task(channel.listen(ear or Ear()))
    try:
        rooms = {each.lower() for each in config.rooms}
        await until(lambda: (channel.is_connected and rooms <= channel._joined) or listening.done())
        yield channel
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


# -- who is heard ---------------------------------------------------------------------------------


async def test_a_nick_is_heard_where_that_is_allowed_and_is_no_proof(server, tmp_path):
    ear = Ear()
    async with connected(tmp_path, server.port, ear), person("Ada", server) as ada:
        ada.say("bridge", "hello")
        await until(lambda: ear.heard)
    (inbound,) = ear.heard
    assert (inbound.address.place, inbound.room) == ("nick:ada", False)
    assert (inbound.sender.user, inbound.sender.name) == ("nick:ada", "Ada")
    assert not inbound.sender.proven


async def test_otherwise_it_is_told_so_and_nothing_is_handed_in(server, tmp_path):
    ear = Ear()
    more = {"nicks": False, "rooms": ("#tea",)}
    async with (
        connected(tmp_path, server.port, ear, **more) as channel,
        person("ada", server, "#tea") as ada,
    ):
        ada.say("#tea", "not for anybody")
        ada.say("bridge", "hello")
        said = await ada.reads("does not tell me who you are", by="bridge", to="ada")
        assert said.command == "NOTICE"
        assert " ".join(ada.texts(command="NOTICE")) == UNKNOWN
        with pytest.raises(Gone):
            await channel.send(place("nick:ada"), part("secret"))
    assert ear.heard == []
    assert ada.texts() == []


async def test_an_account_is_heard_as_itself_whatever_nick_it_writes_by(server, tmp_path):
    ear = Ear()
    async with (
        Services(server.port, accounts={"ada": "Ada", "lovelace": "Ada"}).open() as services,
        connected(tmp_path, services.port, ear, nicks=False) as channel,
        person("ada", server) as ada,
    ):
        ada.say("bridge", "hello")
        await until(lambda: len(ear.heard) == 1)
        ada.send("NICK lovelace")
        await ada.until_raw("NICK :lovelace")
        with pytest.raises(Gone):  # nobody knows yet that it is still Ada
            await channel.send(place("ada"), part("secret"))
        ada.say("bridge", "hello again")
        await until(lambda: len(ear.heard) == 2)
        await channel.send(place("ada"), part("for Ada"))
        await ada.reads("for Ada", to="lovelace")
    assert {each.address.place for each in ear.heard} == {"ada"}
    assert all(each.sender.proven for each in ear.heard)


async def test_what_is_for_an_account_goes_to_nobody_else_who_took_its_nick(server, tmp_path):
    ear = Ear()
    async with (
        Services(server.port, accounts={"ada": "ada"}).open() as services,
        connected(tmp_path, services.port, ear) as channel,
    ):
        async with person("ada", server) as ada:
            ada.say("bridge", "hello")
            await until(lambda: ear.heard)
            await ada.goes()
        services.accounts.clear()
        async with person("ada", server) as mallory:
            with pytest.raises(Gone):
                await channel.send(place("ada"), part("secret"))
            mallory.say("bridge", "I am Ada")
            await until(lambda: len(ear.heard) == 2)
    assert mallory.texts() == []
    assert [each.sender.user for each in ear.heard] == ["ada", "nick:ada"]


async def test_a_tag_that_the_server_does_not_offer_proves_nothing(server, tmp_path):
    ear = Ear()
    services = Services(server.port, accounts={"ada": "ada"}, offers="message-tags")
    async with (
        services.open(),
        connected(tmp_path, services.port, ear),
        person("ada", server) as ada,
    ):
        ada.say("bridge", "hello")
        await until(lambda: ear.heard)
    assert ear.heard[0].sender.user == "nick:ada"


async def test_in_a_room_it_is_meant_by_its_nick_and_the_rest_is_overheard(server, tmp_path):
    ear = Ear()
    async with (
        connected(tmp_path, server.port, ear, rooms=("#Tea",)) as channel,
        person("ada", server, "#tea") as ada,
    ):
        for words in ("nobody", "Bridge: hello", "@bridge, !help me", "bridge: !wow", "\x02 \x03"):
            ada.say("#tea", words)
        ada.say("#tea", "\x01ACTION waves\x01")
        ada.say("#tea", "\x01VERSION\x01")
        ada.send("NOTICE #tea :bridge: I am a program")
        ada.say("#tea", "bridge: last")
        await until(lambda: ear.texts()[-1:] == ["last"])
        await channel.send(place("#tea"), part("all of you"))
        await ada.reads("all of you", to="#tea")
    assert [(each.what.addressed, each.what.content.text) for each in ear.heard] == [
        (False, "nobody"),
        (True, "hello"),
        (True, "/help me"),
        (True, "!wow"),
        (False, "* ada waves"),
        (True, "last"),
    ]
    assert {(each.address.place, each.room) for each in ear.heard} == {("#tea", True)}


# -- what is shown --------------------------------------------------------------------------------


async def sent_in_time(channel, to, shown):
    """Send as the core does: later, where the channel says so."""

    async def sent():
        with suppress(RateLimited):
            return await channel.send(to, shown)

    await until(sent)


NASTY = (
    "one\r\nQUIT :gone\nPRIVMSG #tea :forged\0\x01VERSION\x01\x01DCC SEND x\x01 \u2028JOIN #evil"
)


@pytest.mark.parametrize("less", ["", "plain"])
async def test_what_an_agent_writes_is_words_and_nothing_else(server, tmp_path, less):
    async with (
        connected(tmp_path, server.port, rooms=("#tea",)) as channel,
        person("ada", server, "#tea") as ada,
    ):
        nasty = replace(part(NASTY), speaker="Eve\r\nQUIT :x", less=less)
        await channel.send(place("nick:ada"), nasty)
        await sent_in_time(channel, place("nick:ada"), part("still here", 2))
        await ada.reads("still here")
        ada.send("WHOIS bridge")
        await ada.until_raw(" 318 ")
    assert ada.texts(to="#tea") == []
    assert not any("#evil" in line for line in ada.raw if " 319 " in line)
    assert not any("\x01" in text for text in ada.texts())
    words = "".join(ada.texts())
    assert all(each in words for each in ("one", "QUIT :gone", "PRIVMSG #tea :forged", "VERSION"))


async def test_a_reply_is_for_the_asker_alone_however_long(server, tmp_path):
    long = "\n".join(f"- line {number} of the help" for number in range(12))

    class Answering(Ear):
        async def __call__(self, inbound):
            await super().__call__(inbound)
            return Reply(text=long)

    async with (
        connected(tmp_path, server.port, Answering(), rooms=("#tea",)),
        person("ada", server, "#tea") as ada,
    ):
        ada.say("#tea", "bridge: !help")
        await ada.reads("line 11")
    assert len(ada.texts(to="ada", command="NOTICE")) == 12
    assert ada.texts(to="#tea") == []


async def test_whoever_left_is_gone_until_they_speak(server, tmp_path):
    async with connected(tmp_path, server.port) as channel:
        async with person("ada", server) as ada:
            await ada.goes()
        with pytest.raises(Gone):
            await channel.send(place("nick:ada"), part("hello?"))
        with pytest.raises(Gone):
            await channel.send(place("#nowhere"), part("hello?"))


def test_more_lines_than_a_server_takes_wait_their_turn():
    class SetClock:
        at = datetime(2026, 1, 1, tzinfo=UTC)

        def now(self):
            return self.at

    clock = SetClock()
    pace = Pace(clock, timedelta(seconds=2))
    pace.take(5)
    with pytest.raises(RateLimited) as raised:
        pace.take(5)
    assert raised.value.until == clock.at + timedelta(seconds=8)
    clock.at = raised.value.until
    pace.take(5)
    with pytest.raises(RateLimited):
        pace.take(2)


def test_a_message_of_more_lines_than_that_goes_when_all_before_is_paid_for():
    pace = Pace(SystemClock(), timedelta(seconds=60))
    pace.take(50)
    with pytest.raises(RateLimited):
        pace.take(1)


async def test_at_its_own_pace_a_server_with_its_brake_on_takes_everything(tmp_path):
    """ngircd holds a client back that is too quick, and answers late; nothing is lost of it."""
    async with (
        ngircd(tmp_path, penalty=-1) as server,
        connected(tmp_path, server.port, line_seconds=0.01) as channel,
        person("ada", server) as ada,
    ):
        limits = channel.capabilities(place("nick:ada"))
        await channel.send(place("nick:ada"), part("x" * limits.max_chars))
        await until(lambda: len("".join(ada.texts())) == limits.max_chars)
    assert len(ada.texts()) == MOST_LINES


# -- the connection -------------------------------------------------------------------------------


async def test_a_nick_that_is_taken_is_taken_back_when_it_is_free(server, tmp_path):
    ear = Ear()
    async with (
        person("bridge", server) as ghost,
        person("ada", server) as ada,
        connected(tmp_path, server.port, ear),
    ):
        await ada.is_there("bridge1")
        await ghost.goes()
        await ada.is_there("bridge")
        ada.say("bridge", "hello")
        await until(lambda: ear.heard)


async def test_a_room_that_it_was_thrown_out_of_is_tried_again(server, tmp_path):
    async with (
        person("ada", server, "#tea") as ada,
        connected(tmp_path, server.port, rooms=("#tea",)) as channel,
    ):
        await ada.until_raw(":bridge!~bridge@127.0.0.1 JOIN")
        ada.raw.clear()
        ada.send("KICK #tea bridge :out")
        await ada.until_raw(":bridge!~bridge@127.0.0.1 JOIN")
        await until(lambda: "#tea" in channel._joined)
        await channel.send(place("#tea"), part("back"))
        await ada.reads("back", to="#tea")


async def test_a_server_that_goes_is_found_again_and_what_is_sent_meanwhile_is_surely_not_taken(
    server, tmp_path
):
    ear = Ear()
    async with connected(tmp_path, server.port, ear) as channel:
        await server.stop()
        await until(lambda: not channel.is_connected)
        with pytest.raises(Unreachable) as raised:
            await channel.send(place("nick:ada"), part("hello"))
        assert raised.value.certain
        await server.start()
        await until(lambda: channel.is_connected)
        async with person("ada", server) as ada:
            ada.say("bridge", "there you are")
            await until(lambda: ear.texts() == ["there you are"])


async def test_a_connection_that_breaks_before_an_answer_leaves_it_unknown(server, tmp_path):
    async with (
        Services(server.port).open() as services,
        connected(tmp_path, services.port) as channel,
        person("ada", server) as ada,
    ):
        services.is_hanging_up = True
        with pytest.raises(OutcomeUnknown):
            await channel.send(place("nick:ada"), part("once"))
        await ada.reads("once")


@asynccontextmanager
async def scripted(serve):
    """A server that does what a test says; yields its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_it_answers_that_it_is_there_also_before_it_is_registered():
    answered = asyncio.get_running_loop().create_future()

    async def serve(reader, writer):
        writer.write(b"PING :are you real?\r\n")
        while (line := await reader.readline()) and not line.startswith(b"PONG"):
            pass
        answered.set_result(line)
        writer.close()

    async with scripted(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(Unreachable):
            await Connection(reader, writer).register(Login(nick="bridge"))
        writer.close()
    assert answered.result() == b"PONG :are you real?\r\n"


async def test_a_server_that_says_nothing_any_more_is_left():
    async def serve(reader, writer):
        with suppress(OSError):
            await reader.read()
        writer.close()

    async with scripted(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection = Connection(reader, writer, silence=0.05)
        asking = asyncio.create_task(connection.ask([b"PRIVMSG ada :hello\r\n"]))
        with pytest.raises(Unreachable, match="says nothing"):
            await soon(connection.read())
        connection.close()
        with pytest.raises(OutcomeUnknown):
            await soon(asking)


async def test_without_sasl_it_does_not_sign_in_in_the_clear(server, tmp_path):
    config = IrcConfig(
        server="127.0.0.1", port=server.port, account="b", account_password="x", **FAST
    )
    with pytest.raises(Unauthorized, match="SASL"):
        await soon(Irc(NAME, config, surrounded(tmp_path, NAME)).listen(Ear()))
