"""People's emoji on messages in Telegram, as the bridge hears them."""

from bridge.domain.inbound import Reaction
from tests.channels.telegram.test_parse import Scene


def test_an_emoji_is_heard_and_what_it_stands_instead_of():
    scene = Scene()
    said = scene.ada.says(scene.dm, "hello")
    scene.readings()
    scene.bot.allowed = ["message_reaction"]
    scene.ada.reacts(said, "👍")
    scene.ada.reacts(said, "❤")
    scene.ada.reacts(said)
    first, second, third = (each.heard for each in scene.readings())
    message = str(said.id)
    assert first.what == Reaction(message=message, emoji="👍")
    assert second.what == Reaction(message=message, emoji="❤", gone="👍")
    assert third.what == Reaction(message=message, gone="❤")
    assert first.sender.user == str(scene.ada.id)
    assert first.address.place == str(scene.ada.id)
    assert len({each.external_id for each in (first, second, third)}) == 3


def test_what_is_no_emoji_of_unicode_or_of_nobody_is_of_no_concern():
    scene = Scene()
    said = scene.ada.says(scene.team, "hello")
    scene.readings()
    scene.bot.allowed = ["message_reaction"]
    scene.ada.reacts(said, "👍")
    (update,) = scene.bot.updates
    update["message_reaction"] |= {"new_reaction": [{"type": "custom_emoji"}]}
    assert scene.readings() == [None]
    scene.ada.reacts(said, "👎")
    (update,) = scene.bot.updates
    del update["message_reaction"]["user"]
    assert scene.readings() == [None]


def test_in_a_group_it_is_of_the_group():
    scene = Scene()
    said = scene.ada.says(scene.team, "hello")
    scene.readings()
    scene.bot.allowed = ["message_reaction"]
    scene.ada.reacts(said, "🎉")
    heard = scene.heard()
    assert heard.room
    assert heard.address.place == str(scene.team.id)
