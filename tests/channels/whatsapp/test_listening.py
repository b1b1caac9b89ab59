"""Nothing that people wrote is lost or heard twice, however it reaches us."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.demo.whatsapp.twilio import running
from bridge.demo.whatsapp.world import Media, new_sid
from bridge.domain.errors import StoreUnavailable, Unauthorized
from bridge.domain.inbound import Pressed, Reported
from bridge.engine.inbound import feed
from channels import telling
from channels.whatsapp.channel import WhatsAppChannel
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import part
from tests.channels.whatsapp.stage import MemoryFacts, fronted, staged, staged_channel
from tests.waiting import until


def again(stage) -> WhatsAppChannel:
    """The channel after a restart: nothing in mind, only what was kept."""
    return WhatsAppChannel(stage.channel.name, stage.channel._config, stage.surroundings)


async def test_what_was_said_while_we_were_down_is_heard_oldest_first(stage, fake, ada, bob):
    for number in range(3):
        fake.says(ada, f"ada {number}")
        fake.says(bob, f"bob {number}")
    await until(lambda: len(fake.missed) == 6)
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: len(ear.heard) == 6)
    for person in ("ada", "bob"):
        heard = [text for text in ear.texts() if text.startswith(person)]
        assert heard == [f"{person} {number}" for number in range(3)]


async def test_more_than_a_page_was_said_while_we_were_down(stage, fake, ada):
    said = [fake.says(ada, f"{number}", webhook=False) for number in range(450)]
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: len(ear.heard) == 450)
    assert [each.external_id for each in ear.heard] == said


async def test_after_a_kill_it_comes_again_under_the_same_id(stage, fake, ada):
    ear = Ear()
    said = fake.says(ada, "hi")
    async with listening(stage.channel, ear):
        await until(lambda: ear.heard)
    del stage.facts.kept["looked"]  # killed before it was kept
    later = Ear()
    async with listening(again(stage), later):
        await until(lambda: later.heard)
    assert [each.external_id for each in (*ear.heard, *later.heard)] == [said, said]


async def test_after_a_restart_looking_goes_on_a_little_before_where_it_was(stage, fake, ada):
    fake.says(ada, "long ago", webhook=False)
    for ahead, expected in ((0, ["long ago"]), (30, ["long ago"]), (60, ["just now"])):
        fake.ahead = timedelta(minutes=ahead)
        ear = Ear()
        async with listening(again(stage), ear):
            await until(lambda: ear.heard)  # noqa: B023 - awaited here
        assert ear.texts() == expected
        if ahead == 30:
            fake.says(ada, "just now", webhook=False)


async def test_the_very_first_look_goes_back_an_hour_and_no_further(stage, fake, ada):
    fake.ahead = timedelta(hours=-2)
    fake.says(ada, "of another time", webhook=False)
    fake.ahead = timedelta(minutes=-30)
    fake.says(ada, "hello?", webhook=False)
    fake.ahead = timedelta(0)
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: ear.heard)
        await asyncio.sleep(0.05)
    assert ear.texts() == ["hello?"]


async def test_the_very_first_look_goes_back_as_far_however_often_it_failed_before(
    stage, fake, ada
):
    fake.ahead = timedelta(minutes=-30)
    fake.says(ada, "hello?", webhook=False)
    fake.ahead = timedelta(0)
    await fake.down()
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: stage.channel._sightings.blind)
        fake.ahead = timedelta(minutes=45)
        await fake.up()
        await until(lambda: not stage.channel._sightings.blind)
    assert ear.texts() == ["hello?"]


async def test_what_no_webhook_brought_is_found_after_a_minute_and_not_before():
    async with staged(poll_seconds=0.01) as stage:
        fake, ada, ear = stage.fake, stage.fake.person("Ada"), Ear()
        async with listening(stage.channel, ear):
            await until(lambda: fake.calls["listing"] > 1)
            fake.says(ada, "lost on the way", webhook=False)
            seen = fake.calls["listing"]
            await until(lambda: fake.calls["listing"] > seen + 2)
            assert ear.heard == []
            fake.ahead = timedelta(seconds=61)
            await until(lambda: ear.texts() == ["lost on the way"])


async def test_at_the_start_what_was_just_said_is_left_to_its_webhook(
    stage, fake, ada, monkeypatch
):
    monkeypatch.setattr("channels.whatsapp.poll.FIRST_GRACE", timedelta(seconds=2))
    said = fake.says(ada, "hi", webhook=False)
    ear = Ear()
    async with listening(stage.channel, ear):
        assert ear.heard == []
        fake.redeliver(said)
        await until(lambda: ear.heard)
        assert ear.heard[0].sender.name == "Ada"


async def test_what_no_webhook_brings_at_the_start_is_found_soon(stage, fake, ada, monkeypatch):
    monkeypatch.setattr("channels.whatsapp.poll.FIRST_GRACE", timedelta(seconds=2))
    fake.says(ada, "hi", webhook=False)
    ear = Ear()
    async with listening(stage.channel, ear):
        assert ear.heard == []
        fake.ahead = timedelta(seconds=2)
        await until(lambda: ear.heard)


async def test_what_a_webhook_brought_in_vain_is_found_as_it_was(stage, fake, ada, monkeypatch):
    monkeypatch.setattr("channels.whatsapp.poll.FIRST_GRACE", timedelta(minutes=1))
    fake.says(ada, "Yes", ButtonPayload="a:q_1:0", ButtonText="Yes")
    await until(lambda: fake.missed)
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: ear.heard)
    assert ear.heard[0].what == Pressed(value="a:q_1:0")
    assert ear.heard[0].sender.name == "Ada"


async def test_a_later_message_never_overtakes_one_that_is_waited_for(
    stage, fake, ada, monkeypatch
):
    monkeypatch.setattr("channels.whatsapp.poll.FIRST_GRACE", timedelta(seconds=1))
    fake.says(ada, "first", webhook=False)
    fake.says(ada, "second")
    await until(lambda: fake.missed)
    ear = Ear()
    async with listening(stage.channel, ear):
        assert ear.heard == []
        fake.ahead = timedelta(seconds=1)
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == ["first", "second"]


@pytest.mark.parametrize("minutes", [-30, 30])
async def test_a_wrong_clock_of_ours_costs_no_message(minutes):
    async with staged(poll_seconds=0.01) as stage:
        fake, ada, ear = stage.fake, stage.fake.person("Ada"), Ear()
        stage.surroundings.clock.wrong = timedelta(minutes=minutes)
        async with listening(stage.channel, ear):
            for number in range(3):
                fake.says(ada, f"{number}", webhook=False)
                fake.ahead += timedelta(minutes=4)
                await until(lambda: len(ear.heard) == number + 1)  # noqa: B023 - awaited here


async def test_brought_and_found_it_is_heard_once():
    async with staged(poll_seconds=0.01) as stage:
        fake, ada, ear = stage.fake, stage.fake.person("Ada"), Ear()
        async with listening(stage.channel, ear):
            fake.says(ada, "hi")
            await until(lambda: ear.heard)
            fake.ahead = timedelta(seconds=90)
            seen = fake.calls["listing"]
            await until(lambda: fake.calls["listing"] > seen + 2)
        assert ear.texts() == ["hi"]


async def test_the_same_webhook_twice_is_one_message(stage, fake, ada):
    ear = Ear()
    async with listening(stage.channel, ear):
        said = fake.says(ada, "hi")
        fake.redeliver(said)
        await until(lambda: fake.accepted == [said, said])
    assert ear.texts() == ["hi"]


async def test_a_slow_place_holds_up_no_other(stage, fake, ada, bob):
    slow = asyncio.Event()
    ear = Ear(held={ada.place: slow})
    async with listening(stage.channel, ear):
        fake.says(ada, "slow")
        fake.says(bob, "quick")
        await until(lambda: ear.texts() == ["quick"])
        slow.set()
        await until(lambda: ear.texts() == ["quick", "slow"])


async def test_a_message_nobody_can_read_holds_up_no_other(stage, fake, ada):
    fake.says(ada, "before", webhook=False)
    fake.messages[-1].sender = "whatsapp:nobody"
    fake.says(ada, "after", webhook=False)
    fake.complaints.clear()
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: ear.texts() == ["after"])


async def test_a_file_that_was_found_is_the_file_that_was_sent(stage, fake, ada):
    fake.says(ada, "", files=[Media(mime="image/png", body=b"cat")], webhook=False)
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: ear.heard)
    (file,) = ear.heard[0].what.files
    assert (file.kind, file.mime) == ("image", "image/png")
    assert b"".join([chunk async for chunk in stage.channel.download(file)]) == b"cat"


async def test_a_reply_to_a_found_message_is_shown_once_over_restarts(stage, fake, ada):
    fake.says(ada, "/help", webhook=False)
    for channel in (stage.channel, again(stage)):
        ear = Ear(replies={"/help": "Ask."})
        async with listening(channel, ear):
            await until(lambda: ear.heard)  # noqa: B023 - awaited here
            await until(lambda: fake.shown(ada))
            await asyncio.sleep(0.05)
    assert fake.shown(ada) == ["Ask."]


async def test_a_reply_that_twilio_does_not_take_keeps_nobody_from_being_heard(
    stage, fake, ada, monkeypatch
):
    """The answer to a command stumbles; what is said next, by anybody, is heard meanwhile."""
    monkeypatch.setattr(feed, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(telling, "PAUSES", (10_000.0,))
    fake.fault(times=None)
    ear = Ear(replies={"/help": "Ask."})
    fake.says(ada, "/help", webhook=False)
    fake.says(ada, "next", webhook=False)
    async with listening(stage.channel, ear):
        await until(lambda: ear.texts() == ["/help", "next"])


@pytest.mark.parametrize("patience", [6.0, 0.02])
async def test_a_reply_that_came_too_late_for_its_webhook_is_shown_once(monkeypatch, patience):
    """The store is slow: the webhook is told so, and what it brought is stored a little later."""
    monkeypatch.setattr("channels.whatsapp.webhook.WEBHOOK_PATIENCE", 0.05)
    monkeypatch.setattr("channels.whatsapp.poll.PATIENCE_SECONDS", patience)
    monkeypatch.setattr("channels.whatsapp.poll.AGAIN_SECONDS", 0.01)
    async with staged(poll_seconds=0.01) as stage:
        fake, ada, release = stage.fake, stage.fake.person("Ada"), asyncio.Event()
        ear = Ear(replies={"/help": "Ask."}, held={ada.place: release})
        async with listening(stage.channel, ear):
            fake.says(ada, "/help")
            await until(lambda: fake.missed)
            await asyncio.sleep(0.1)
            release.set()
            await until(lambda: fake.shown(ada))
            seen = fake.calls["listing"]
            await until(lambda: fake.calls["listing"] > seen + 2)
        assert fake.shown(ada) == ["Ask."]
        assert ear.texts() == ["/help"]


async def test_what_the_store_cannot_keep_is_looked_for_again(stage, fake, ada, monkeypatch):
    monkeypatch.setattr("channels.whatsapp.poll.PATIENCE_SECONDS", 0)
    monkeypatch.setattr("channels.whatsapp.poll.AGAIN_SECONDS", 0.01)
    fake.says(ada, "one", webhook=False)
    fake.says(ada, "two", webhook=False)
    ear = Ear(refusals=[StoreUnavailable()])
    async with listening(stage.channel, ear):
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == ["one", "two"]


# -- Twilio is down -------------------------------------------------------------------------------


async def test_while_twilio_is_down_it_is_asked_again_and_nothing_is_lost(stage, fake, ada):
    fake.says(ada, "said while down", webhook=False)
    await fake.down()
    ear = Ear()
    async with listening(stage.channel, ear) as task:
        await until(lambda: stage.channel._sightings.blind)
        assert not task.done()
        await fake.up()
        await until(lambda: ear.texts() == ["said while down"])
        await until(lambda: not stage.channel._sightings.blind)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502, "is_html": True},
        {"status": 200, "is_html": True},
        {"status": 503, "code": 20503},
        {"status": 429, "code": 20429, "times": 2},
        {"status": 429, "code": 20429, "retry_after": 1},
        {"hangs_up": True},
    ],
    ids=str,
)
async def test_a_look_that_fails_is_done_again(stage, fake, ada, fault):
    fake.fault("listing", **fault)
    fake.says(ada, "hi", webhook=False)
    ear = Ear()
    async with listening(stage.channel, ear):
        await until(lambda: ear.texts() == ["hi"])


async def test_refused_credentials_end_the_listening_for_good(stage, fake):
    fake.account.token = "a new one"
    with pytest.raises(Unauthorized) as raised:
        await stage.channel.listen(Ear())
    assert raised.value.code in {"20003", "401"}


async def test_it_can_listen_again_and_show_things_in_between(stage, fake, ada):
    ear = Ear()
    for round_number in range(2):
        async with listening(stage.channel, ear):
            fake.says(ada, "hi")
            await until(lambda: len(ear.heard) == round_number + 1)  # noqa: B023 - awaited here
        await stage.channel.send(ear.heard[0].address, part(f"answer {round_number}"))
    assert fake.shown(ada) == ["answer 0", "answer 1"]


# -- without a public address ---------------------------------------------------------------------


async def test_without_a_public_address_people_are_heard_by_looking():
    async with staged(public=False, poll_seconds=0.01) as stage:
        fake, ada, ear = stage.fake, stage.fake.person("Ada"), Ear()
        async with listening(stage.channel, ear):
            fake.says(ada, "one")
            await until(lambda: ear.texts() == ["one"])
            fake.says(ada, "two")
            await until(lambda: ear.texts() == ["one", "two"])


async def test_without_a_public_address_outcomes_are_looked_up():
    async with staged(public=False, poll_seconds=0.01) as stage:
        fake, ada, ear = stage.fake, stage.fake.person("Ada"), Ear()
        async with listening(stage.channel, ear):
            fake.says(ada, "hi")
            await until(lambda: ear.heard)
            place = ear.heard[0].address
            sent = await stage.channel.send(place, part("one", number=1))
            await until(lambda: ear.reported)
            assert ear.reported == [
                Reported(address=place, message=sent.message, state="delivered")
            ]
            ada.blocks = True
            lost = await stage.channel.send(place, part("two", number=2))
            await until(lambda: len(ear.reported) == 2)
            assert ear.reported[1].message == lost.message
            assert (ear.reported[1].state, ear.reported[1].again) == ("failed", True)


# -- two accounts ---------------------------------------------------------------------------------


async def test_two_numbers_of_one_account_do_not_mix(tmp_path: Path):
    ours, theirs = "whatsapp:+4930111111", "whatsapp:+4930222222"
    async with running(senders=(ours, theirs)) as fake, fronted(fake) as front:
        one = staged_channel(fake, front, tmp_path, name="one", number=ours)
        two = staged_channel(fake, front, tmp_path, name="two", number=theirs)
        ada, ears = fake.person("Ada"), (Ear(), Ear())
        async with listening(one.channel, ears[0]), listening(two.channel, ears[1]):
            fake.says(ada, "to one", to=ours)
            fake.says(ada, "to two", to=theirs)
            await until(lambda: ears[0].heard and ears[1].heard)
            await one.channel.send(ears[0].heard[0].address, part("from one"))
            await two.channel.send(ears[1].heard[0].address, part("from two"))
        assert [ear.texts() for ear in ears] == [["to one"], ["to two"]]
        assert {each.body: each.sender for each in fake.seen(ada)} == {
            "from one": ours,
            "from two": theirs,
        }
        assert fake.complaints == []


async def test_two_accounts_each_use_their_own_login(tmp_path: Path):
    async with running() as fake, running() as other, fronted(fake, other) as front:
        one = staged_channel(fake, front, tmp_path, name="one")
        two = staged_channel(other, front, tmp_path, name="two", facts=MemoryFacts())
        for stage in (one, two):
            person = stage.fake.person("Ada")
            ear = Ear()
            stage.fake.says(person, "hi", webhook=False)
            async with listening(stage.channel, ear):
                await until(lambda: ear.heard)  # noqa: B023 - awaited here
                await stage.channel.send(ear.heard[0].address, part("hello"))
            assert stage.fake.shown(person) == ["hello"]


async def test_an_api_key_serves_instead_of_the_token(fake, stage, ada):
    key = new_sid("SK")
    fake.account.keys[key] = "secret"
    config = stage.channel._config.model_copy(update={"api_key": key})
    config = config.model_validate({**config.model_dump(), "api_secret": "secret"})
    channel = WhatsAppChannel(stage.channel.name, config, stage.surroundings)
    ear = Ear()
    fake.says(ada, "hi", webhook=False)
    async with listening(channel, ear):
        await until(lambda: ear.heard)
