"""What is shown is shown once, Twilio says later what became of it, and nobody is told in vain."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from bridge.demo.whatsapp.twilio import running
from bridge.demo.whatsapp.world import SANDBOX, Media, Template
from bridge.domain.errors import (
    ChannelError,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbound, PartKey
from bridge.domain.parts import Address
from channels.whatsapp.channel import WhatsAppChannel
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import PDF, PNG, part
from tests.channels.whatsapp.stage import Stage, fronted, staged, staged_channel
from tests.waiting import until

REOPEN = "HX" + "0" * 32
DAY = timedelta(hours=25)


@pytest.fixture
def there(fake, ada) -> Address:
    """A place where someone has just written."""
    ada.wrote_at[fake.sender.place] = fake.now()
    return Address(channel=ChannelName("wa"), place=ada.place)


def again(stage: Stage) -> WhatsAppChannel:
    return WhatsAppChannel(stage.channel.name, stage.channel._config, stage.surroundings)


# -- what became of it ----------------------------------------------------------------------------


async def test_delivery_and_reading_are_reported_with_the_parts_own_key(stage, fake, ada, there):
    ada.reads = True
    ear, sent_part = Ear(), part(number=7)
    async with listening(stage.channel, ear):
        sent = await stage.channel.send(there, sent_part)
        assert sent.state == "submitted"
        await until(lambda: len(ear.reported) == 3)
    assert ear.states() == ["sent", "delivered", "read"]
    key = PartKey(session=sent_part.session, conversation=sent_part.conversation, part=sent_part.id)
    assert {each.key for each in ear.reported} == {key}
    assert {each.message for each in ear.reported} == {sent.message}
    assert {each.address for each in ear.reported} == {there}


async def test_reports_may_come_twice_and_backwards(stage, fake, there):
    fake.holds = True
    ear = Ear()
    async with listening(stage.channel, ear):
        await stage.channel.send(there, part())
        await until(lambda: len(fake.held) == 2)
        await fake.release(backwards=True, copies=2)
    assert ear.states() == ["delivered", "delivered", "sent", "sent"]


async def test_a_report_nobody_listens_to_is_not_acknowledged(stage, fake, there):
    await stage.channel.send(there, part())
    await until(lambda: len(fake.postman.posted) == 2)
    assert {status for _, _, status in fake.postman.posted} == {503}


async def test_a_late_failure_for_good_has_failed(stage, fake, there):
    ear = Ear()
    async with listening(stage.channel, ear):
        await stage.channel.send(there, part("", attachments=(PNG,)))  # it is not to be had
        await until(lambda: ear.reported)
    (failed,) = ear.reported
    assert (failed.state, failed.code, failed.again) == ("failed", "63019", False)


# -- the window -----------------------------------------------------------------------------------


async def test_a_day_after_their_last_word_nothing_is_sent_until_they_write(
    stage, fake, ada, there
):
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(ada, "hi")
        await until(lambda: ear.heard)
        fake.ahead = DAY
        for _ in range(2):
            with pytest.raises(Gone) as raised:
                await stage.channel.send(there, part("answer"))
            assert raised.value.code == "63016"
        assert fake.calls["create"] == 0
        fake.says(ada, "still there?")
        await until(lambda: len(ear.heard) == 2)
        await stage.channel.send(there, part("answer"))
    assert fake.shown(ada) == ["answer"]


async def test_when_they_wrote_last_is_known_after_a_restart(stage, fake, ada, there):
    async with listening(stage.channel, Ear()):
        fake.says(ada, "hi")
        await until(lambda: fake.accepted)
    fake.ahead = timedelta(hours=23, minutes=59)
    await again(stage).send(there, part("in time"))
    fake.ahead = timedelta(hours=25)
    with pytest.raises(Gone):
        await again(stage).send(there, part("too late"))
    assert fake.shown(ada) == ["in time"]


@pytest.mark.parametrize("how", ["running", "restarted"])
async def test_a_clock_of_ours_that_jumps_ahead_closes_no_window(stage, fake, ada, there, how):
    """Who is out of their window is shown nothing until they write: a wrong clock is no reason."""
    clock, ear = stage.surroundings.clock, Ear()
    async with listening(stage.channel, ear):
        fake.says(ada, "hi")
        await until(lambda: ear.heard)
        clock.wrong = timedelta(days=3)
        channel = stage.channel if how == "running" else again(stage)
        await channel.send(there, part("now"))
        clock.wrong = timedelta(0)
        await channel.send(there, part("and later"))
    assert fake.shown(ada) == ["now", "and later"]


async def test_a_clock_of_ours_that_was_behind_when_they_wrote_closes_none(stage, fake, ada, there):
    clock, ear = stage.surroundings.clock, Ear()
    clock.wrong = -timedelta(days=3)
    async with listening(stage.channel, ear):
        await stage.channel._api.account()
        fake.says(ada, "hi")
        await until(lambda: ear.heard)
        clock.wrong = timedelta(0)
        await stage.channel.send(there, part("now"))
    assert fake.shown(ada) == ["now"]


async def test_while_nobody_says_what_time_it_is_no_window_is_closed_for_good(
    stage, fake, ada, there
):
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(ada, "hi")
        await until(lambda: ear.heard)
    stage.surroundings.clock.wrong = timedelta(days=3)
    for fault in ({"hangs_up": True}, {"status": 503}):
        fake.fault("account", **fault)
        with pytest.raises(Unreachable):
            await stage.channel.send(there, part("now"))
    await stage.channel.send(there, part("now"))
    assert fake.shown(ada) == ["now"]


async def test_of_whom_nothing_is_known_twilio_is_asked(stage, fake, ada):
    stranger = Address(channel=ChannelName("wa"), place=ada.place)
    ear = Ear()
    async with listening(stage.channel, ear):
        await stage.channel.send(stranger, part("anyone?"))
        await until(lambda: ear.reported)
        (failed,) = ear.reported
        assert (failed.state, failed.code, failed.again) == ("failed", "63016", True)
        with pytest.raises(Gone):
            await stage.channel.send(stranger, part("anyone?"))
    assert fake.shown(ada) == []


async def test_a_failure_told_after_they_wrote_silences_nobody(stage, fake, ada, there):
    ada.wrote_at.clear()
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.holds = True
        await stage.channel.send(there, part("answer"))  # it is taken, and will not be brought
        await until(lambda: fake.held)
        fake.holds = False
        fake.says(ada, "I am back")
        await until(lambda: ear.heard)
        await fake.release()
        await until(lambda: ear.reported)
        await stage.channel.send(there, part("answer"))
        await until(lambda: fake.shown(ada))
    assert ear.states()[0] == "failed"


async def test_whoever_writes_can_be_told_something_while_that_is_being_taken_in(
    stage, fake, ada, there
):
    """What waited for their words is sent at once."""
    ada.wrote_at.clear()
    told = []

    class Prompt(Ear):
        async def __call__(self, heard):
            if isinstance(heard, Inbound):
                told.append(await stage.channel.send(there, part("answer")))
            return await super().__call__(heard)

    ear = Prompt()
    async with listening(stage.channel, ear):
        await stage.channel.send(there, part("answer"))
        await until(lambda: ear.reported)
        with pytest.raises(Gone):
            await stage.channel.send(there, part("answer"))
        fake.says(ada, "I am back")
        await until(lambda: told)


@pytest.fixture
async def reopening():
    async with staged(templates={"reopen": REOPEN}) as stage:
        types = {"twilio/text": {"body": "There is news for you. Write to read it."}}
        template = Template(
            account=stage.fake.account, types=types, approval="approved", sid=REOPEN
        )
        stage.fake.templates[REOPEN] = template
        yield stage


async def test_outside_the_window_they_are_asked_to_write_once(reopening):
    stage, fake = reopening, reopening.fake
    ada, ear = fake.person("Ada"), Ear()
    there = Address(channel=ChannelName("wa"), place=ada.place)
    asked = ["There is news for you. Write to read it."]
    async with listening(stage.channel, ear):
        for day in (1, 2):
            fake.says(ada, "hi")
            await until(lambda: len(ear.heard) == day)  # noqa: B023 - awaited here
            fake.ahead = day * DAY
            for channel in (stage.channel, stage.channel, again(stage)):
                with pytest.raises(Gone):
                    await channel.send(there, part("news"))
            assert fake.shown(ada) == asked * day


async def test_they_are_asked_also_when_twilio_knew_better(reopening):
    stage, fake = reopening, reopening.fake
    ada, ear = fake.person("Ada"), Ear()
    async with listening(stage.channel, ear):
        await stage.channel.send(Address(channel=ChannelName("wa"), place=ada.place), part("news"))
        await until(lambda: fake.shown(ada))
    assert fake.shown(ada) == ["There is news for you. Write to read it."]


async def test_asking_that_failed_is_done_again(reopening):
    stage, fake = reopening, reopening.fake
    ada, ear = fake.person("Ada"), Ear()
    there = Address(channel=ChannelName("wa"), place=ada.place)
    async with listening(stage.channel, ear):
        fake.says(ada, "hi")
        await until(lambda: ear.heard)
        fake.ahead = DAY
        fake.fault(status=503, code=20503)
        for _ in range(2):
            with pytest.raises(Gone):
                await stage.channel.send(there, part("news"))
    assert len(fake.shown(ada)) == 1


async def test_who_wrote_stop_is_left_alone_until_they_write_start(stage, fake, ada, there):
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(ada, "STOP")
        await until(lambda: ear.texts() == ["STOP"])
        with pytest.raises(Gone) as raised:
            await stage.channel.send(there, part())
        assert raised.value.code == "21610"
        fake.says(ada, "START")
        await until(lambda: ear.texts() == ["STOP", "START"])
        await stage.channel.send(there, part())
    assert fake.shown(ada) == ["hello"]


# -- unknown outcomes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"hangs_up": True},
        {"status": 500, "code": 20500},
        {"status": 502, "is_html": True},
        {"status": 200, "is_html": True},
    ],
    ids=str,
)
async def test_what_was_taken_without_an_answer_is_found(stage, fake, ada, there, fault):
    await stage.channel.send(there, part("same words", number=1))
    fake.fault(applied=True, **fault)
    with pytest.raises(OutcomeUnknown):
        await stage.channel.send(there, part("same words", number=2))
    found = await stage.channel.resolve(there, part("same words", number=2))
    assert found is not None
    assert found.message == fake.seen(ada)[1].sid
    assert fake.shown(ada) == ["same words"] * 2


async def test_the_first_report_tells_which_message_it_became(stage, fake, ada, there):
    fake.fault(applied=True, hangs_up=True)
    ear = Ear()
    async with listening(stage.channel, ear):
        with pytest.raises(OutcomeUnknown):
            await stage.channel.send(there, part())
        await until(lambda: ear.reported)
        seen = fake.calls["listing"]
        found = await stage.channel.resolve(there, part())
    assert found.message == fake.seen(ada)[0].sid
    assert fake.calls["listing"] == seen


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 502, "is_html": True}], ids=str)
async def test_what_was_refused_without_a_reason_is_not_there(stage, fake, ada, there, fault):
    await stage.channel.send(there, part("same words", number=1))
    fake.fault(**fault)
    with pytest.raises(OutcomeUnknown):
        await stage.channel.send(there, part("same words", number=2))
    assert await stage.channel.resolve(there, part("same words", number=2)) is None


async def test_a_call_that_may_still_be_under_way_is_waited_for(stage, fake, ada, there):
    fake.fault(hangs_up=True)
    with pytest.raises(OutcomeUnknown):
        await stage.channel.send(there, part())
    with pytest.raises(OutcomeUnknown):
        await stage.channel.resolve(there, part())
    fake.ahead = timedelta(seconds=20)
    assert await stage.channel.resolve(there, part()) is None
    assert fake.shown(ada) == []


async def test_after_a_restart_it_is_found_by_its_words(stage, fake, ada, there):
    await stage.channel.send(there, part("before", number=1))
    fake.fault(applied=True, hangs_up=True)
    with pytest.raises(OutcomeUnknown):
        await stage.channel.send(there, part("**bold** words", number=2))
    after = again(stage)
    assert await after.resolve(there, part("other", number=3)) is None
    found = await after.resolve(there, part("**bold** words", number=2))
    assert found.message == fake.seen(ada)[1].sid


async def test_a_file_is_not_taken_for_a_text(stage, fake, ada, there):
    fake.hosted["m_cat"] = Media(mime="image/png", body=b"cat")
    fake.fault(applied=True, hangs_up=True)
    with pytest.raises(OutcomeUnknown):
        await stage.channel.send(there, part("cat", attachments=(PNG,)))
    fake.ahead = timedelta(seconds=20)
    assert await stage.channel.resolve(there, part("cat", number=2)) is None
    assert await stage.channel.resolve(there, part("cat", attachments=(PNG,))) is not None


async def test_while_twilio_cannot_be_asked_it_stays_unknown(stage, fake, there):
    fake.fault(applied=True, hangs_up=True)
    with pytest.raises(OutcomeUnknown):
        await stage.channel.send(there, part())
    fake.fault("listing", status=503)
    with pytest.raises(ChannelError):
        await stage.channel.resolve(there, part())
    assert await stage.channel.resolve(there, part()) is not None


# -- refusals -------------------------------------------------------------------------------------


async def test_while_twilio_is_down_nothing_was_sent(stage, fake, ada, there):
    await fake.down()
    with pytest.raises(Unreachable):
        await stage.channel.send(there, part())
    await fake.up()
    await stage.channel.send(there, part())
    assert fake.shown(ada) == ["hello"]


async def test_too_many_calls_stop_them_all_for_as_long_as_twilio_says(stage, fake, bob, there):
    elsewhere = replace(there, place=bob.place)
    fake.fault(status=429, code=20429, retry_after=7)
    with pytest.raises(RateLimited) as raised:
        await stage.channel.send(there, part())
    assert raised.value.until.tzinfo is UTC
    assert 6 <= (raised.value.until - fake.now()).total_seconds() <= 8
    with pytest.raises(RateLimited):
        await stage.channel.send(elsewhere, part())
    assert fake.calls["create"] == 1
    fake.ahead = timedelta(seconds=8)
    await stage.channel.send(elsewhere, part())


async def test_a_burst_to_one_person_is_paced(stage, fake, ada, bob, there):
    for number in range(5):
        await stage.channel.send(there, part(number=number))
    with pytest.raises(RateLimited) as raised:
        await stage.channel.send(there, part(number=6))
    assert 0 < (raised.value.until - fake.now()).total_seconds() <= 7
    assert len(fake.shown(ada)) == fake.calls["create"] == 5
    await stage.channel.send(replace(there, place=bob.place), part(number=7))


async def test_the_sandbox_takes_one_message_in_three_seconds(tmp_path, bob):
    async with running(senders=(SANDBOX,)) as fake, fronted(fake) as front:
        stage = staged_channel(fake, front, tmp_path, number=SANDBOX)
        for person in (fake.person("Ada"), fake.person("Bob")):
            person.wrote_at[SANDBOX] = fake.now()
            with suppress(RateLimited):
                place = Address(channel=ChannelName("wa"), place=person.place)
                await stage.channel.send(place, part())
        assert fake.calls["create"] == 1
        fake.ahead = timedelta(seconds=3)
        await stage.channel.send(place, part())
        assert fake.shown(person) == ["hello"]
        await fake.quiet()


async def test_what_can_never_be_shown_is_rejected_without_a_call(stage, fake, there):
    with pytest.raises(Rejected):
        await stage.channel.send(there, part("x" * 1601))
    assert fake.calls["create"] == 0


async def test_a_sender_that_is_not_ours_stops_the_channel(stage, fake, there):
    fake.senders.clear()
    with pytest.raises(Unauthorized) as raised:
        await stage.channel.send(there, part())
    assert raised.value.code == "63007"


async def test_a_number_that_does_not_exist_is_gone(stage, there):
    with pytest.raises(Gone) as raised:
        await stage.channel.send(replace(there, place="whatsapp:+15550009999"), part())
    assert raised.value.code == "21211"


# -- typing and files -----------------------------------------------------------------------------


async def test_typing_answers_their_newest_message_and_not_too_often(stage, fake, ada, there):
    ear = Ear()
    await stage.channel.typing(there)  # nothing to answer
    async with listening(stage.channel, ear):
        fake.says(ada, "hi")
        await until(lambda: ear.heard)
        for _ in range(3):
            await stage.channel.typing(there)
        assert fake.typed == [ada.place]
        fake.ahead = timedelta(seconds=21)
        await stage.channel.typing(there)
        assert len(fake.typed) == 2
        await stage.channel.send(there, part())
        await stage.channel.typing(there)
        assert len(fake.typed) == 3


async def test_a_file_is_fetched_by_twilio_from_our_address(stage, fake, ada, there):
    fake.hosted["m_plan"] = Media(mime="application/pdf", body=b"%PDF")
    await stage.channel.send(there, part("", attachments=(PDF,)))
    await until(lambda: fake.messages[-1].files)
    assert [(each.mime, each.body) for each in fake.seen(ada)[0].files] == [
        ("application/pdf", b"%PDF")
    ]


def test_a_link_sends_a_code_to_our_number(stage):
    number = stage.channel._config.number.removeprefix("whatsapp:+")
    assert stage.channel.link("ABCDE-FGHJK") == f"https://wa.me/{number}?text=ABCDE-FGHJK"
