"""What a reply is about is asked for, where nobody but Twilio has it."""

import pytest

from bridge.demo.whatsapp.faults import Fault
from bridge.demo.whatsapp.world import Media
from bridge.domain.parts import Address
from channels.whatsapp import history
from channels.whatsapp.parse import UNTOLD
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import part
from tests.waiting import until


async def reply(stage, who, to):
    """Reply to a message; return what is heard of that."""
    ear = Ear()
    async with listening(stage.channel, ear):
        stage.fake.says(who, "why?", OriginalRepliedMessageSid=to)
        await until(lambda: "why?" in ear.texts())
    return next(each.what for each in ear.heard if each.what.content.text == "why?")


async def test_the_words_and_files_that_a_reply_is_about_are_told(stage, fake, ada):
    picture = Media(mime="image/jpeg", body=b"1")
    old = fake.says(ada, "the *build* is red", files=(picture,), webhook=False)
    quoted = (await reply(stage, ada, old)).quoted
    assert (quoted.author, quoted.text) == ("Ada", "the **build** is red")
    assert [each.mime for each in quoted.files] == ["image/jpeg"]


async def test_a_picture_alone_is_told_as_a_file(stage, fake, ada):
    old = fake.says(ada, files=(Media(mime="image/jpeg", body=b"1"),), webhook=False)
    quoted = (await reply(stage, ada, old)).quoted
    assert (quoted.text, len(quoted.files)) == ("", 1)


async def test_what_another_of_our_programs_sent_is_told_and_what_we_sent_is_not_asked_for(
    fake, stage, ada
):
    fake.says(ada, "hello", webhook=False)
    to = Address(channel=stage.channel.name, place=ada.place)
    sent = (await stage.channel.send(to, part("Your order is on its way."))).message
    assert (await reply(stage, ada, sent)).quoted.text == UNTOLD  # the log has it
    stage.channel._replies.sent.clear()  # as after a restart
    assert (await reply(stage, ada, sent)).quoted.text == "Your order is on its way."


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="fetch", status=404, code=20404),
        Fault(method="fetch", status=503),
        Fault(method="fetch", status=401, code=20003),
        Fault(method="fetch", hangs_up=True),
        Fault(method="fetch", delay=0.2),
    ],
)
async def test_what_cannot_be_had_is_said_in_a_line_and_holds_up_nobody(
    stage, fake, ada, fault, monkeypatch
):
    monkeypatch.setattr(history, "SECONDS", 0.1 if fault.delay else 3.0)
    old = fake.says(ada, "the build is red", webhook=False)
    fake.faults.add(fault)
    assert (await reply(stage, ada, old)).quoted.text == UNTOLD


async def test_what_was_said_in_another_chat_is_not_told(stage, fake, ada, bob):
    """Nothing but a call of Twilio's names it, but what somebody else wrote is theirs."""
    old = fake.says(bob, "between us", webhook=False)
    assert (await reply(stage, ada, old)).quoted.text == UNTOLD
