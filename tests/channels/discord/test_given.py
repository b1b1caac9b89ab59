"""People's emoji on messages in Discord, as the bridge hears them."""

from bridge.domain.inbound import Reaction
from channels.discord import parse
from channels.discord.inbound import GuildCache, Lately, _given
from channels.discord.parse import Scene
from tests.waiting import until

GIVEN = {"user_id": "7", "channel_id": "1", "message_id": "2", "emoji": {"id": None, "name": "👍"}}
MEMBER = {"user": {"id": "7", "username": "ada", "global_name": "Ada"}, "nick": "The Countess"}


def scene(known):
    return Scene(account="discord", place="1", room=True, title="#team", known=known)


def heard(given, *, gone=False, lately=None):
    known = GuildCache()
    return _given(given, scene(known), known, lately or Lately(), gone=gone)


def test_an_emoji_in_a_room_tells_whose_it_is():
    inbound = heard({**GIVEN, "member": MEMBER})
    assert inbound.what == Reaction(message="2", emoji="👍")
    assert (inbound.sender.user, inbound.sender.name) == ("7", "The Countess")
    assert heard({**GIVEN, "member": MEMBER}).external_id != inbound.external_id


def test_one_that_is_taken_off_is_of_whoever_wrote_lately():
    lately = Lately()
    assert heard(GIVEN, gone=True, lately=lately) is None
    lately._authors["9"] = parse.person(MEMBER["user"])
    inbound = heard(GIVEN, gone=True, lately=lately)
    assert inbound.what == Reaction(message="2", gone="👍")
    assert inbound.sender.name == "Ada"


def test_a_bots_and_a_servers_own_emoji_are_of_no_concern():
    bot = {"user": {**MEMBER["user"], "bot": True}}
    assert heard({**GIVEN, "member": bot}) is None
    own = {**GIVEN, "emoji": {"id": "5", "name": "👍"}, "member": MEMBER}
    assert heard(own) is None


async def test_it_is_heard_over_the_gateway(discord, account, ada):
    room = discord.room("team")
    async with account.listening() as ear:
        message = ada.says(room, "hello")
        ada.reacts(message, "👍")
        await until(lambda: any(isinstance(each.what, Reaction) for each in ear.heard))
