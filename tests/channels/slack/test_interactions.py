"""Commands and presses: what is answered is shown to the asker alone, and holds up nobody."""

from bridge.domain.inbound import Pressed
from bridge.domain.parts import Button, Reply
from bridge.engine.inbound import feed
from channels import telling
from tests.channels.slack.rig import Ear, address, connected, listening, opened, part
from tests.waiting import until


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
        await until(lambda: general.ephemeral and pressed.acknowledged)
    assert heard[0].what == Pressed(value="a:q_1:0")
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
    """The answer to a command stumbles; what is said next is heard, and both are acknowledged."""
    monkeypatch.setattr(feed, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(telling, "PAUSES", (10_000.0,))
    fake.fault("chat.postMessage", status=503, times=1000)
    ear, room = Ear(replies={"/status": Reply(text="fine")}), fake.dm(ada)
    async with listening(opened(fake), ear):
        await connected(fake)
        ada.says(room, "/status")
        ada.says(room, "next")
        await until(lambda: ear.texts() == ["/status", "next"])
        await until(lambda: len(fake.sockets.acknowledged) == 2)


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
