"""Hearing people at Slack: acknowledged when kept, in order, once, whatever the socket does."""

import asyncio

import pytest

from bridge.errors import StoreUnavailable
from bridge.inbound import Added, Deleted, Edited, Pressed, Spoken
from bridge.parts import Button, Reply
from channels import telling
from tests.channels.slack.rig import (
    Ear,
    MemoryFacts,
    address,
    connected,
    listening,
    opened,
    part,
    until,
)


def acknowledged(fake) -> list[str]:
    return [each.event.get("ts", "") for each in fake.sockets.acknowledged]


# -- who and where


async def test_a_direct_message_comes_with_its_speaker_and_workspace(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        said = ada.says(fake.dm(ada), "*hello* <https://a.example|there>")
        await until(lambda: ear.heard)
    (inbound,) = ear.heard
    assert inbound.address == address(fake.dm(ada))
    assert inbound.sender.realm == f"slack:{fake.workspace.team}"
    assert (inbound.sender.user, inbound.sender.name) == (ada.id, "Ada")
    assert inbound.what.content.text == "**hello** [there](https://a.example)"
    assert inbound.what.message == said.ts
    assert (inbound.room, inbound.title) == (False, "")


async def test_a_mention_in_a_room_is_one_message_in_a_thread_of_its_own(fake, ada, general):
    ear = Ear()
    async with listening(opened(fake), ear):
        said = ada.says(general, f"<@{fake.workspace.bot_user}> hello <@{ada.id}>")
        await until(lambda: len(fake.sockets.acknowledged) == 2)  # message and app_mention
    (inbound,) = ear.heard
    assert inbound.address == address(general, said.ts)
    assert inbound.what.addressed
    assert inbound.what.content.text == "hello @Ada"
    assert (inbound.room, inbound.title) == (True, "#general (thread)")


async def test_once_mentioned_the_bot_goes_on_answering_in_the_thread(fake, ada, general):
    ear = Ear()
    async with listening(opened(fake), ear):
        said = ada.says(general, f"<@{fake.workspace.bot_user}> hello")
        await until(lambda: ear.heard)
        ada.says(general, "and then?", thread=said.ts)
        ada.says(general, "unrelated")
        await until(lambda: len(ear.heard) == 3)
    by_text = {each.what.content.text: each for each in ear.heard}
    assert by_text["and then?"].what.addressed
    assert by_text["and then?"].address == address(general, said.ts)
    assert not by_text["unrelated"].what.addressed
    assert by_text["unrelated"].address == address(general)


async def test_the_thread_is_remembered_after_a_restart(fake, ada, general):
    facts = MemoryFacts()
    async with listening(opened(fake, facts=facts), Ear()):
        said = ada.says(general, f"<@{fake.workspace.bot_user}> hello")
        await until(lambda: len(fake.sockets.acknowledged) == 2)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        ada.says(general, "still there?", thread=said.ts)
        await until(lambda: ear.heard)
    assert ear.texts() == ["still there?"]
    assert ear.heard[0].what.addressed


async def test_where_the_bot_spoke_first_a_reply_is_for_it(fake, ada, general):
    channel, ear = opened(fake, threads="never"), Ear()
    async with listening(channel, ear):
        sent = await channel.send(address(general), part("good morning"))
        ada.says(general, "to you too", thread=sent.message)
        await until(lambda: ear.heard)
    assert ear.heard[0].what.addressed
    assert ear.heard[0].address == address(general, sent.message)


async def test_a_name_that_cannot_be_had_is_asked_for_again(fake, ada):
    fake.fault("users.info", status=500)
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "one")
        await until(lambda: ear.heard)
        ada.says(fake.dm(ada), "two")
        ada.says(fake.dm(ada), "three")
        await until(lambda: len(ear.heard) == 3)
    assert [each.sender.name for each in ear.heard] == [ada.id, "Ada", "Ada"]
    assert len(fake.called("users.info")) == 2


# -- what else people do


async def test_edits_and_deletions_are_heard_and_named_apart(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        said = ada.says(fake.dm(ada), "helo")
        ada.edits(said, "hello")
        fake.workspace.unfurl(said)
        ada.deletes(said)
        await until(lambda: len(ear.heard) == 3)
    assert [type(each.what) for each in ear.heard] == [Spoken, Edited, Deleted]
    assert ear.heard[1].what.content.text == "hello"
    assert len({each.external_id for each in ear.heard}) == 3
    assert {each.what.message for each in ear.heard} == {said.ts}


async def test_being_invited_is_heard(fake, ada):
    room, ear = fake.room("new", ada, bot=False), Ear()
    async with listening(opened(fake), ear):
        await connected(fake)
        ada.invites(room)
        await until(lambda: ear.heard)
    (inbound,) = ear.heard
    assert (inbound.what, inbound.sender.name) == (Added(), "Ada")
    assert (inbound.room, inbound.title) == (True, "#new")


async def test_what_the_bot_itself_says_is_acknowledged_and_not_heard(fake, ada):
    channel, ear = opened(fake), Ear()
    async with listening(channel, ear):
        await connected(fake)
        sent = await channel.send(address(fake.dm(ada)), part("I speak"))
        await until(lambda: sent.message in acknowledged(fake))
    assert ear.heard == []


async def test_a_press_is_heard_and_answered_to_whoever_pressed(fake, ada, general):
    channel = opened(fake)

    async def ear(inbound):
        heard.append(inbound)
        return Reply(text="**too late**")

    heard = []
    async with listening(channel, ear):
        await connected(fake)
        button = Button(value="a:q_1:0", label="Yes")
        await channel.send(address(general), part("Really?", buttons=(button,)))
        pressed = ada.presses(fake.shown(general)[0])
        await until(lambda: general.ephemeral)
    assert heard[0].what == Pressed(value="a:q_1:0")
    assert pressed.acknowledged
    (to, shown) = general.ephemeral[0]
    assert to == ada.id
    assert shown["blocks"] == [{"type": "markdown", "text": "**too late**"}]


async def test_a_press_without_a_reply_is_acknowledged_all_the_same(fake, ada):
    channel = opened(fake)
    async with listening(channel, Ear()):
        await connected(fake)
        button = Button(value="a:q_1:0", label="Yes")
        await channel.send(address(fake.dm(ada)), part("Really?", buttons=(button,)))
        pressed = ada.presses(fake.shown(fake.dm(ada))[0])
        await until(lambda: pressed.acknowledged)
    assert pressed.answer is None


async def test_the_slash_command_is_answered_with_its_acknowledgement(fake, ada, general):
    ear = Ear(replies={"/help": Reply(text="# Help")})
    async with listening(opened(fake), ear):
        await connected(fake)
        typed = ada.types(general, "help")
        await until(lambda: typed.acknowledged)
    assert ear.texts() == ["/help"]
    assert typed.answer["response_type"] == "ephemeral"
    assert typed.answer["blocks"] == [{"type": "markdown", "text": "# Help"}]
    assert general.ephemeral == []


async def test_the_slash_command_also_says_things_and_is_then_answered_like_anything(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        await connected(fake)
        typed = ada.types(fake.dm(ada), "what is &lt;new&gt;?", command="/other")
        await until(lambda: typed.acknowledged)
    assert ear.texts() == ["what is <new>?"]
    assert typed.answer is None


async def test_a_reply_that_slack_does_not_take_keeps_nobody_from_being_heard(
    fake, ada, monkeypatch
):
    """The bot's answer to a command stumbles; what is said next is heard meanwhile."""
    monkeypatch.setattr(telling, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(telling, "PAUSES", (10_000.0,))
    fake.fault("chat.postMessage", status=503, times=1000)
    ear, room = Ear(replies={"/status": Reply(text="fine")}), fake.dm(ada)
    async with listening(opened(fake), ear):
        await connected(fake)
        ada.says(room, "/status")
        ada.says(room, "next")
        await until(lambda: ear.texts() == ["/status", "next"])


async def test_a_reply_is_shown_to_the_asker_alone(fake, ada, general):
    bot = fake.workspace.bot_user
    ear = Ear(replies={"/status": Reply(text="all is well")})
    async with listening(opened(fake), ear):
        begun = ada.says(general, f"<@{bot}> /status")
        await until(lambda: len(general.ephemeral) == 1)
        ada.says(general, f"<@{bot}> /status", thread=begun.ts)
        await until(lambda: len(general.ephemeral) == 2)
        ada.says(fake.dm(ada), "/status")
        await until(lambda: fake.shown(fake.dm(ada)))
    first, second = (given for _, given in general.ephemeral)
    assert "thread_ts" not in first  # nobody would see it in a thread that has not begun
    assert second["thread_ts"] == begun.ts
    assert [each.shown for each in fake.shown(fake.dm(ada))] == ["all is well"]


async def test_a_reply_that_cannot_be_shown_holds_up_nothing(fake, ada):
    fake.fault("chat.postMessage", status=500)
    ear = Ear(replies={"/status": Reply(text="all is well")})
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "/status")
        ada.says(fake.dm(ada), "hello")
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == ["/status", "hello"]


# -- acknowledging


async def test_an_event_delivered_again_is_acknowledged_and_not_handed_in_again(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "hello")
        await until(lambda: len(fake.sockets.acknowledged) == 1)
        (delivery,) = fake.sockets.deliveries
        delivery.acknowledged = False
        fake.sockets.again(delivery)
        await until(lambda: delivery.acknowledged)
    assert ear.texts() == ["hello"]


async def test_what_waits_for_the_store_is_delivered_again_meanwhile_and_kept_once(fake, ada):
    fake.sockets.patience = 0.02
    ear = Ear(slow={fake.dm(ada).id: asyncio.Event()})
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "hello")
        await until(lambda: fake.sockets.deliveries[0].attempts >= 3)
        assert not fake.sockets.acknowledged
        ear.slow[fake.dm(ada).id].set()
        await until(lambda: fake.sockets.acknowledged)
    assert ear.texts() == ["hello"]


async def test_while_the_store_is_away_a_place_waits_in_its_order_and_others_go_on(fake, ada):
    bob = fake.person("Bob")
    ear = Ear(slow={fake.dm(ada).id: asyncio.Event()})
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "one")
        ada.says(fake.dm(ada), "two")
        bob.says(fake.dm(bob), "hello")
        await until(lambda: ear.texts() == ["hello"])
        ear.refusals = [StoreUnavailable(), StoreUnavailable()]
        ear.slow[fake.dm(ada).id].set()
        await until(lambda: len(ear.heard) == 3)
    assert ear.texts() == ["hello", "one", "two"]


async def test_what_arrives_out_of_order_is_handed_in_in_order(fake, ada):
    ear = Ear(slow={fake.dm(ada).id: asyncio.Event()})
    async with listening(opened(fake), ear):
        await connected(fake)
        fake.sockets.keeps = False
        ada.says(fake.dm(ada), "zero")
        await asyncio.sleep(0.02)
        deliveries = fake.sockets.deliveries
        sockets, fake.sockets._open = fake.sockets._open, []
        ada.says(fake.dm(ada), "one")
        ada.says(fake.dm(ada), "two")
        fake.sockets._open = sockets
        fake.sockets.again(deliveries[2])
        fake.sockets.again(deliveries[1])
        await asyncio.sleep(0.5)
        ear.slow[fake.dm(ada).id].set()
        await until(lambda: len(ear.heard) == 3)
    assert ear.texts() == ["zero", "one", "two"]


async def test_what_makes_no_sense_holds_up_nothing(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        await connected(fake)
        poison = {"type": "message", "event_ts": "1700000000.000001", "ts": "x", "channel": "D1"}
        fake.sockets.event(poison | {"user": ada.id, "text": "x", "channel_type": "im"})
        fake.sockets.event({"type": "message", "event_ts": "1700000000.000001"})
        ada.says(fake.dm(ada), "hello")
        await until(lambda: len(fake.sockets.acknowledged) == 3)
    assert ear.texts() == ["hello"]
    fake.checks.problems.clear()  # the poison is no event that Slack would emit


async def test_an_error_of_the_inbox_ends_listening_and_nothing_is_acknowledged(fake, ada):
    ada.says(fake.dm(ada), "hello")
    with pytest.raises(ZeroDivisionError):
        await opened(fake).listen(Ear(refusals=[ZeroDivisionError()]))
    assert not fake.sockets.acknowledged


# -- what has no text of its own


def rich(*leaves):
    section = {"type": "rich_text_section", "elements": list(leaves)}
    return [{"type": "rich_text", "block_id": "b", "elements": [section]}]


async def test_what_is_shared_and_what_is_written_in_blocks_is_heard_live_and_in_the_history(
    fake, ada, general
):
    shared = {
        "is_share": True,
        "author_name": "CI",
        "text": "the *build* is red",
        "fallback": "[CI] the build is red",
    }
    words = "2*3*4 __x__"
    ear, channel = Ear(), opened(fake)
    async with listening(channel, ear):
        ada.says(general, "first")
        await until(lambda: len(ear.heard) == 1)
        ada.says(general, "", attachments=[shared])
        ada.says(general, words, blocks=rich({"type": "text", "text": words}))
        await until(lambda: len(ear.heard) == 3)
    ada.says(general, "", attachments=[shared])
    async with listening(channel, ear):
        await until(lambda: len(ear.heard) == 4)
    contents = [each.what.content for each in ear.heard[1:]]
    assert [each.text for each in contents] == [
        "> **CI:**\n> the **build** is red",
        words,
        "> **CI:**\n> the **build** is red",
    ]
    assert contents[1].literal


async def test_a_mention_in_code_starts_nothing(fake, ada, general):
    ear = Ear()
    code = {"type": "user", "user_id": fake.workspace.bot_user, "style": {"code": True}}
    async with listening(opened(fake), ear):
        ada.says(general, f"`<@{fake.workspace.bot_user}>`", blocks=rich(code))
        await until(lambda: ear.heard)
    (inbound,) = ear.heard
    assert not inbound.what.addressed
    assert inbound.address == address(general)
    assert inbound.what.content.text == "`@bridge`"
