"""Hearing people at Slack: acknowledged when kept, in order, once, whatever the socket does."""

import asyncio
from datetime import timedelta

import pytest

from bridge.demo.slack.sockets import Delivery
from bridge.domain.errors import StoreUnavailable
from bridge.domain.inbound import Added, Deleted, Edited, Spoken
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
from tests.left_out import left_out


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


async def test_what_a_room_is_called_from_now_on_is_told_and_is_its_title(fake, ada, general):
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(general, "hello")
        await until(lambda: ear.heard)
        general.name = "plans"
        ts = fake.workspace.ts()
        renamed = {"type": "message", "subtype": "channel_name", "channel": general.id}
        more = {"channel_type": "channel", "user": ada.id, "text": "", "name": "plans"}
        fake._told(renamed | more | {"ts": ts, "event_ts": ts})
        await until(lambda: ear.titled)
        ada.says(general, "hello again")
        await until(lambda: len(ear.heard) == 2)
    assert [(each.address, each.title) for each in ear.titled] == [(address(general), "plans")]
    assert [each.title for each in ear.heard] == ["#general", "#plans"]


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


async def test_a_long_paste_is_heard_whole_and_line_by_line(fake, ada, general):
    """In a thread, at the first mention and later; Slack takes 12,000 characters of people."""
    ear = Ear()
    lines = [f"{number:04}   at step_{number % 7}(x * {number})" for number in range(360)]
    paste = "\n".join(lines)
    async with listening(opened(fake), ear):
        said = ada.says(general, f"<@{fake.workspace.bot_user}> {paste}")
        await until(lambda: ear.heard)
        ada.says(general, paste, thread=said.ts)
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == [paste, paste]


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


async def test_a_name_that_cannot_be_had_is_asked_for_again(fake, ada, monkeypatch):
    monkeypatch.setattr("channels.slack.names.MISSED", timedelta())
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
    assert left_out()["of_no_concern"] >= 1


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
    assert [each.what.content.text for each in ear.heard] == ["hello"]


async def test_what_waits_for_the_store_is_delivered_again_meanwhile_and_kept_once(fake, ada):
    fake.sockets.patience = 0.02
    ear = Ear(slow={fake.dm(ada).id: asyncio.Event()})
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "hello")
        await until(lambda: fake.sockets.deliveries[0].attempts >= 3)
        assert not fake.sockets.acknowledged
        ear.slow[fake.dm(ada).id].set()
        await until(lambda: fake.sockets.acknowledged)
    assert [each.what.content.text for each in ear.heard] == ["hello"]


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
    assert [each.what.content.text for each in ear.heard] == ["hello"]
    assert left_out()["unreadable"] == 2
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
        await until(lambda: len(fake.sockets.acknowledged) == 3)
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


async def test_a_mention_that_comes_by_an_edit_calls_nobody(fake, ada, general):
    """Slack tells of it as of a mention, under the time at which the message was written."""
    fake.sockets.keeps = False
    said, ear = ada.says(general, "lunch?"), Ear()
    async with listening(opened(fake), ear):
        await until(lambda: fake.sockets.connected)
        fake.workspace.change(said, f"<@{fake.workspace.bot_user}> lunch?")
        await until(lambda: len(fake.sockets.acknowledged) == 2)
    assert [type(each.what) for each in ear.heard] == [Edited]


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


async def test_a_message_that_slack_tells_of_in_many_events_is_heard_once(fake, ada):
    """Slack has told of one message eleven times, each time in an event with an id of its own."""
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "hello")
        await until(lambda: len(fake.sockets.acknowledged) == 1)
        (delivery,) = fake.sockets.deliveries
        for number in range(10):
            fake.workspace.tell({**delivery.event, "client_msg_id": str(number)})
        await until(lambda: len(fake.sockets.acknowledged) == 11)
    assert [each.what.content.text for each in ear.heard] == ["hello"]


@pytest.mark.parametrize(
    "broken",
    [
        {
            "blocks": [
                {"type": "rich_text", "elements": [{"type": "rich_text_list", "indent": "x"}]}
            ]
        },
        {"blocks": [{"type": "section", "fields": 7, "text": {"type": "mrkdwn", "text": "x"}}]},
        {"blocks": [{"type": "rich_text", "elements": [{"type": []}]}]},
    ],
)
async def test_a_message_that_cannot_be_read_holds_up_no_other(fake, ada, broken):
    """It is told in a line; Slack would bring it again, and end the hearing each time."""
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "before")
        await until(lambda: len(ear.heard) == 1)
        event = {**fake.sockets.deliveries[-1].event, "ts": "4000000000.000001", **broken}
        fake.sockets.event({**event, "event_ts": "4000000000.000001"})
        await until(lambda: len(ear.heard) == 2)
        ada.says(fake.dm(ada), "after")
        await until(lambda: len(ear.heard) == 3)
    assert ear.heard[1].what.content.text


def shared(fake, room, ts, text="hello"):
    """Tell of a message in a shared room as if another workspace had been named."""
    event = {"type": "message", "channel": room, "user": "U0FAR", "text": text, "ts": ts}
    far = {"team_id": "T0FAR", "enterprise_id": None, "user_id": "U0BOT2", "is_bot": True}
    payload = {
        "type": "event_callback",
        "event": event | {"event_ts": ts, "channel_type": "channel"},
        "authorizations": [far],
        "is_ext_shared_channel": True,
    }
    return fake.sockets.deliver(Delivery(kind="events_api", payload=payload))


async def test_of_a_shared_room_that_others_share_without_us_nothing_is_heard(fake, ada, general):
    """The app is on one socket for both of them; Slack names any workspace that has it."""
    ear = Ear()
    async with listening(opened(fake), ear):
        shared(fake, "C0THEIRS", fake.workspace.ts(), "not for you")
        shared(fake, general.id, fake.workspace.ts(), "for you")
        await until(lambda: ear.heard)
        await until(lambda: len(fake.sockets.acknowledged) == 2)
    assert [each.what.content.text for each in ear.heard] == ["for you"]
    assert not ear.shown


async def test_nothing_of_a_shared_room_is_lost_while_slack_does_not_say_whose_it_is(
    fake, ada, general
):
    ear = Ear()
    async with listening(opened(fake), ear):
        fake.fault("conversations.info", error="internal_error", times=3)
        told = shared(fake, general.id, fake.workspace.ts())
        await until(lambda: fake.called("conversations.info"))
        while not ear.heard:
            fake.sockets.again(told)
            await asyncio.sleep(0.05)
    assert [each.what.content.text for each in ear.heard] == ["hello"]
