"""Showing parts at Slack: once, as they were meant, calling nobody; and finding them again."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from bridge.domain.errors import (
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unreachable,
)
from bridge.domain.ids import MessageId, PartId
from bridge.domain.parts import Button
from channels.slack import outbound, render
from tests.channels.slack.rig import (
    Ear,
    MemoryFacts,
    QuickClock,
    address,
    connected,
    listening,
    opened,
    part,
)
from tests.waiting import until

HOSTILE = (
    "<!channel> <!here> <!everyone> <@U0001> <@U0001|x> <#C1|y> <!subteam^S1|@team> @channel "
    "`<!channel>` ```\n<!channel>\n``` [<!here>](https://a.example) | <!channel> |"
)


@pytest.fixture
def room(general):
    return general


@pytest.fixture
def channel(fake):
    return opened(fake)


# -- what is shown


async def test_a_part_is_a_markdown_block_with_a_text_for_notifications(fake, channel, room):
    await channel.send(address(room), part("# Title\n\n**bold** & `x < y`"))
    (given,) = fake.called("chat.postMessage")
    assert given["blocks"] == [{"type": "markdown", "text": "# Title\n\n**bold** & `x < y`"}]
    assert given["text"].startswith("Title\n")
    assert "&amp;" in given["text"]
    assert "*" not in given["text"]


async def test_nothing_is_unfurled_and_no_name_is_linked(fake, channel, room):
    await channel.send(address(room), part("https://a.example"))
    (given,) = fake.called("chat.postMessage")
    assert given["unfurl_links"] is False
    assert given["unfurl_media"] is False
    assert given["link_names"] is False
    assert given["parse"] == "none"


async def test_nobody_is_called_whatever_an_agent_writes(fake, channel, room):
    sent = await channel.send(address(room), part(HOSTILE, speaker=HOSTILE))
    assert fake.shown(room)[0].pings == ()
    await channel.edit(address(room), sent.message, part(HOSTILE, 2, speaker=HOSTILE))
    assert fake.shown(room)[0].pings == ()


async def test_who_spoke_is_a_line_of_its_own_that_is_no_markup(fake, channel, room):
    await channel.send(address(room), part("hello", speaker="*Ada* · Telegram"))
    (message,) = fake.shown(room)
    assert message.blocks[0]["elements"][0]["type"] == "plain_text"
    assert message.label == "*Ada* · Telegram"
    assert message.shown == "hello"
    assert message.text == "*Ada* · Telegram: hello"


async def test_buttons_have_ids_of_their_own_and_their_values(fake, channel, room):
    buttons = tuple(Button(value=f"v{number}", label=f"Answer {number}") for number in range(30))
    await channel.send(address(room), part("Which?", buttons=buttons))
    (message,) = fake.shown(room)
    assert [each["value"] for each in message.buttons] == [f"v{number}" for number in range(30)]
    assert len({each["action_id"] for each in message.buttons}) == 30


async def test_a_long_label_is_cut_and_an_empty_one_stands_for_something(fake, channel, room):
    buttons = (Button(value="a", label="x" * 100), Button(value="b", label=" "))
    await channel.send(address(room), part("Which?", buttons=buttons))
    long, empty = (each["text"]["text"] for each in fake.shown(room)[0].buttons)
    assert (len(long), long[-1], empty) == (75, "…", "…")


async def test_in_a_thread_it_is_a_reply_there(fake, ada, channel, room):
    begun = ada.says(room, "hello")
    await channel.send(address(room, begun.ts), part("answer"))
    assert [each.shown for each in fake.shown(room, begun.ts)] == ["answer"]
    assert fake.shown(room) == []


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=1)])
async def test_from_when_a_thread_is_read_again_hangs_on_no_clock_that_is_ahead(
    fake, ada, room, ahead
):
    """Else what is said there while the bridge is off, in the time that it was ahead, is lost."""
    clock, facts = QuickClock(), MemoryFacts()
    clock.ahead = ahead
    begun = ada.says(room, "hello")
    channel = opened(fake, clock=clock, facts=facts)
    await channel.send(address(room, begun.ts), part("answer"))
    clock.ahead = timedelta(0)
    async with listening(channel, Ear()):
        await until(lambda: f"seen/{room.id}/{begun.ts}" in facts.kept)
    (shown,) = fake.shown(room, begun.ts)
    assert float(facts.kept[f"seen/{room.id}/{begun.ts}"]) <= float(shown.ts)


async def test_the_longest_part_fits_with_its_label_and_buttons(fake, channel, room):
    limits = channel.capabilities(address(room))
    buttons = tuple(Button(value=f"v{number}", label="y" * 75) for number in range(4))
    longest = part("x" * limits.max_chars, speaker="z" * 500, buttons=buttons)
    sent = await channel.send(address(room), longest)
    await channel.edit(address(room), sent.message, longest)
    assert len(fake.shown(room)[0].shown) == limits.max_chars
    assert max(len(given["text"]) for given in fake.called("chat.update")) <= 4_000


async def test_what_a_text_needs_is_counted_as_it_is_rendered(channel, room):
    assert channel.capabilities(address(room)).size("1 * 2") == len(
        render.blocks(part("1 * 2"))[0]["text"]
    )


async def test_an_edit_takes_the_buttons_away(fake, channel, room):
    sent = await channel.send(
        address(room), part("Really?", buttons=(Button(value="a", label="b"),))
    )
    await channel.edit(address(room), sent.message, part("Really? Yes.", 2))
    (message,) = fake.shown(room)
    assert (message.shown, message.buttons, message.edits) == ("Really? Yes.", [], 1)


async def test_it_can_be_used_without_listening_and_leaves_nothing_open(fake, channel, room):
    await channel.send(address(room), part("before", 1))
    async with listening(channel, Ear()):
        await connected(fake)
        await channel.send(address(room), part("while", 2))
    await channel.send(address(room), part("after", 3))
    assert [each.shown for each in fake.shown(room)] == ["before", "while", "after"]


# -- what goes wrong


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500}, OutcomeUnknown),
        ({"status": 502, "html": True}, OutcomeUnknown),
        ({"status": 200, "html": True}, OutcomeUnknown),
        ({"error": "fatal_error"}, OutcomeUnknown),
        ({"hang_up": True}, OutcomeUnknown),
        ({"error": "service_unavailable"}, Unreachable),
        ({"error": "rate_limited"}, RateLimited),
        ({"error": "msg_too_long"}, Rejected),
        ({"error": "is_archived"}, Gone),
    ],
)
async def test_each_failure_is_called_once_and_means_something(fake, channel, room, fault, error):
    fake.fault("chat.postMessage", **fault)
    with pytest.raises(error):
        await channel.send(address(room), part("lost"))
    assert len(fake.called("chat.postMessage")) == 1
    assert fake.shown(room) == []


async def test_while_slack_is_down_nothing_was_sent_for_sure(fake, channel, room):
    await fake.down()
    with pytest.raises(Unreachable) as raised:
        await channel.send(address(room), part("lost"))
    assert raised.value.certain
    await fake.up()


async def test_after_too_often_nothing_is_sent_until_slack_allows_it(fake, room):
    clock = QuickClock()
    channel = opened(fake, clock=clock)
    fake.fault("chat.postMessage", status=429, retry_after=7)
    with pytest.raises(RateLimited) as raised:
        await channel.send(address(room), part("one"))
    assert raised.value.until.tzinfo is UTC
    assert timedelta(seconds=5) < raised.value.until - clock.now() <= timedelta(seconds=7)
    with pytest.raises(RateLimited):
        await channel.send(address(room), part("one"))
    assert len(fake.called("chat.postMessage")) == 1
    clock.ahead = timedelta(seconds=8)
    await channel.send(address(room), part("one"))


async def test_our_own_budget_drops_previews_first(fake, channel, room):
    sent = await channel.send(address(room), part("…"))
    preview = part("…", 2, priority="preview")
    with pytest.raises(RateLimited):
        await repeated(lambda: channel.edit(address(room), sent.message, preview))
    assert len(fake.called("chat.update")) < 5
    await channel.edit(address(room), sent.message, part("the answer", 3))
    assert fake.shown(room)[0].shown == "the answer"


async def repeated(call) -> None:
    for _ in range(10):
        await call()


@pytest.mark.parametrize(
    "error", ["message_not_found", "cant_update_message", "edit_window_closed", "msg_too_long"]
)
async def test_an_edit_that_is_refused_is_rejected(fake, channel, room, error):
    sent = await channel.send(address(room), part("before"))
    fake.fault("chat.update", error=error)
    with pytest.raises(Rejected) as raised:
        await channel.edit(address(room), sent.message, part("after", 2))
    assert raised.value.code == error


async def test_a_message_that_may_not_be_deleted_is_rejected(fake, channel, room):
    sent = await channel.send(address(room), part("stays"))
    fake.fault("chat.delete", error="cant_delete_message")
    with pytest.raises(Rejected):
        await channel.delete(address(room), sent.message)


# -- finding out


@pytest.mark.parametrize("in_thread", [False, True])
async def test_what_was_taken_though_the_answer_was_lost_is_found(
    fake, ada, channel, room, in_thread
):
    begun = ada.says(room, "hello")
    there = address(room, begun.ts if in_thread else "")
    fake.fault("chat.postMessage", applied=True, status=502, html=True)
    with pytest.raises(OutcomeUnknown):
        await channel.send(there, part("once"))
    ada.says(room, "meanwhile", thread=begun.ts if in_thread else "")
    sent = await channel.resolve(there, part("once"))
    assert sent is not None
    assert sent.message == fake.shown(room, begun.ts if in_thread else "")[0].ts


async def test_it_is_found_after_a_restart_too(fake, ada, room):
    fake.fault("chat.postMessage", applied=True, hang_up=True)
    with pytest.raises(OutcomeUnknown):
        await opened(fake).send(address(room), part("once"))
    for number in range(30):
        ada.says(room, str(number))
    sent = await opened(fake).resolve(address(room), part("once"))
    assert sent is not None


async def test_it_is_found_though_many_pages_were_written_since(
    fake, ada, channel, room, monkeypatch
):
    monkeypatch.setattr(outbound, "PAGE", 2)
    sent = await channel.send(address(room), part("once"))
    for number in range(9):
        ada.says(room, str(number))
    assert await channel.resolve(address(room), part("once")) == sent
    monkeypatch.setattr(outbound, "RESOLVE_PAGES", 2)
    with pytest.raises(OutcomeUnknown):
        await channel.resolve(address(room), part("once"))


async def test_an_edit_of_unknown_outcome_is_found_by_the_part_it_became(fake, channel, room):
    sent = await channel.send(address(room), part("preview"))
    final = replace(part("final"), id=PartId("9:0"), edits=sent.message)
    assert await channel.resolve(address(room), final) is None
    fake.fault("chat.update", applied=True, hang_up=True)
    with pytest.raises(OutcomeUnknown):
        await channel.edit(address(room), sent.message, final)
    assert await channel.resolve(address(room), final) == sent


async def test_without_the_scope_for_it_nothing_can_be_found_out(fake, room):
    fake.scopes.discard("metadata.message:read")
    channel = opened(fake)
    async with listening(channel, Ear()):
        await connected(fake)
        await channel.send(address(room), part("once"))
        with pytest.raises(OutcomeUnknown) as raised:
            await channel.resolve(address(room), part("once"))
    assert raised.value.code == "missing_scope"


async def test_a_thread_that_is_gone_holds_nothing_that_was_sent(channel, room):
    assert await channel.resolve(address(room, "1700000000.000001"), part("x")) is None


async def test_a_message_id_of_no_message_is_rejected(channel, room):
    with pytest.raises(Rejected):
        await channel.edit(address(room), MessageId("1700000000.000001"), part("x"))
