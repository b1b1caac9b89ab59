"""Emoji on messages in Slack, by the names that Slack has for them."""

import pytest

from bridge.demo.slack.workspace import Person
from bridge.domain.errors import ChangeRefused, RateLimited, Rejected
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Reaction
from bridge.domain.reactions import MARKS
from channels.slack.conversation_ids import Spot
from channels.slack.limits import REACTIONS_IN_ROOM
from channels.slack.reactions import NAMES, emoji_named
from tests.channels.slack.rig import Ear, address, listening, opened, part
from tests.waiting import until


@pytest.fixture
def channel(fake):
    return opened(fake)


@pytest.fixture
async def shown(channel, general):
    return (await channel.send(address(general), part("hello"))).message


def given(general, shown):
    return [name for name, people in general.messages[shown].reactions.items() if people]


def test_every_mark_has_a_name_and_every_name_its_emoji():
    assert set(MARKS) <= NAMES.keys()
    assert all(emoji_named(name) == each for each, name in NAMES.items())
    assert emoji_named("+1::skin-tone-3") == "👍"
    assert emoji_named("thumbsdown") == emoji_named("-1") == "👎"
    assert emoji_named("party_parrot") == ""


async def test_the_new_one_is_added_before_the_old_one_goes(fake, channel, general, shown):
    await channel.react(address(general), shown, ["👀"], [])
    await channel.react(address(general), shown, ["⏳"], ["👀"])
    assert given(general, shown) == ["hourglass_flowing_sand"]
    assert len(fake.called("reactions.add")) == 2
    assert len(fake.called("reactions.remove")) == 1


async def test_a_repeat_is_a_success_and_an_emoji_without_a_name_is_left_out(
    channel, general, shown
):
    for _ in range(2):
        await channel.react(address(general), shown, ["✅", "🧀"], ["👀"])
    assert given(general, shown) == ["white_check_mark"]


async def test_a_scope_that_is_missing_refuses_reactions_and_not_the_account(
    fake, channel, general, shown
):
    fake.scopes -= {"reactions:write"}
    with pytest.raises(Rejected) as raised:
        await channel.react(address(general), shown, ["👀"], [])
    assert raised.value.code == "missing_scope"
    assert not isinstance(raised.value, ChangeRefused)


async def test_what_is_no_message_is_refused_for_itself(channel, general):
    for message in ("1700000000.000001", "file:F1"):
        with pytest.raises(ChangeRefused):
            await channel.react(address(general), MessageId(message), ["👀"], [])


async def test_too_many_are_refused_before_slack_is_asked(fake, channel, general, shown):
    for _ in range(REACTIONS_IN_ROOM.burst):
        await channel.react(address(general), shown, ["👀"], [])
    with pytest.raises(RateLimited):
        await channel.react(address(general), shown, ["👀"], [])
    assert len(fake.called("reactions.add")) == REACTIONS_IN_ROOM.burst


async def test_when_slack_asks_to_wait_it_is_not_asked_again_before(fake, channel, general, shown):
    fake.fault("reactions.add", status=429, retry_after=30)
    for _ in range(2):
        with pytest.raises(RateLimited):
            await channel.react(address(general), shown, ["👀"], [])
    assert given(general, shown) == []


async def test_an_emoji_is_heard_where_its_message_is(fake, channel, general, ada):
    said = ada.says(general, "hello")
    below = ada.says(general, "more", thread=said.ts)
    ear = Ear()
    async with listening(channel, ear):
        await until(lambda: fake.sockets.connected)
        ada.reacts(said, "+1")
        ada.reacts(below, "heart")
        ada.reacts(said, "+1", gone=True)
        ada.reacts(said, "party_parrot")
        await until(lambda: len([each for each in ear.heard if _is_reaction(each)]) == 3)
    first, second, third = [each for each in ear.heard if _is_reaction(each)]
    assert first.what == Reaction(message=said.ts, emoji="👍")
    assert first.sender.user == ada.id
    assert second.what == Reaction(message=below.ts, emoji="❤")
    assert second.address.place == str(Spot(room=general.id, thread=said.ts))
    assert third.what == Reaction(message=said.ts, gone="👍")


async def test_the_bots_own_emoji_is_of_no_concern(fake, channel, general, shown, ada):
    ear = Ear()
    async with listening(channel, ear):
        await until(lambda: fake.sockets.connected)
        fake.workspace.give(
            Person(id=fake.workspace.bot_user, name="bridge"),
            general.messages[shown],
            "eyes",
            gone=False,
        )
        ada.says(general, "hello")
        await until(ear.texts)
    assert not any(map(_is_reaction, ear.heard))


def _is_reaction(inbound) -> bool:
    return isinstance(inbound.what, Reaction)
