"""Rooms and roles are known by name while connected, and nothing is before."""

from channels.discord.inbound import GuildCache
from tests.waiting import until


def test_before_the_first_connection_nothing_is_known():
    known = GuildCache()
    assert known.me == known.title("7") == ""
    assert known.room("7") is known.role("7") is None
    assert not known.is_me(user="7")
    assert not known.is_me(role="7")


async def test_rooms_threads_and_our_own_role_are_known_once_connected(discord, account):
    room = discord.room("general")
    thread = discord.thread("plans", room)
    role = str(discord.server.bot_roles[discord.bot.id])
    known = account.channel._hearing.known
    async with account.listening():
        await until(lambda: known.title(str(thread.id)))
        assert known.me == "Bridge"
        assert known.title(str(room.id)) == "#general"
        assert known.room(str(thread.id)) == "plans"
        assert known.role(role) == "Bridge"
        assert known.is_me(role=role)
        assert known.is_me(user=str(discord.bot.id))
        assert not known.is_me(role=str(discord.server.id))
        assert not known.is_me(user="7")


async def test_a_room_made_later_is_known(discord, account):
    room = discord.room("general")
    known = account.channel._hearing.known
    async with account.listening():
        await until(lambda: known.title(str(room.id)))
        thread = discord.thread("later", room)
        await until(lambda: known.room(str(thread.id)) == "later")
