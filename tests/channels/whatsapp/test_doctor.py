"""Each fault of an account has a line of its own that says what to do."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.demo.whatsapp.world import SANDBOX, Sender, Template
from bridge.domain.errors import Gone
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address
from bridge.ports.health import Check
from channels.whatsapp.channel import WhatsAppChannel
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import PNG, part
from tests.channels.whatsapp.stage import Stage, configured, staged
from tests.left_out import left_out
from tests.waiting import until

TEMPLATES = {"buttons_2": "HX" + "b" * 32, "reopen": "HX" + "0" * 32}
TWO = [{"title": "{{2}}", "id": "{{3}}"}, {"title": "{{4}}", "id": "{{5}}"}]


@pytest.fixture
async def healthy():
    async with staged(templates=TEMPLATES) as stage:
        quick = {"twilio/quick-reply": {"body": "{{1}}", "actions": TWO}}
        _keep(stage, "buttons_2", quick, "")
        _keep(stage, "reopen", {"twilio/text": {"body": "News."}}, "approved")
        yield stage


def _keep(stage: Stage, key: str, types, approval: str) -> None:
    template = Template(
        account=stage.fake.account, types=types, approval=approval, sid=TEMPLATES[key]
    )
    stage.fake.templates[template.sid] = template


async def faults(channel: WhatsAppChannel) -> list[Check]:
    return [check for check in await channel.diagnose() if not check.ok]


async def test_a_healthy_account_has_nothing_to_mend(healthy):
    checks = await healthy.channel.diagnose()
    assert [check for check in checks if not check.ok or check.fix] == []
    names = {check.name for check in checks}
    assert names >= {"account", "sender", "webhook", "fallback", "public address", "clock"}


def suspend(stage: Stage) -> None:
    stage.fake.account.status = "suspended"


def forget_token(stage: Stage) -> None:
    stage.fake.account.token = "another"


def rename_account(stage: Stage) -> None:
    stage.fake.fault("account", status=404, code=20404)


def break_down(stage: Stage) -> None:
    stage.fake.fault("account", status=503, code=20503)


def answer_with_a_page(stage: Stage) -> None:
    stage.fake.fault("account", status=200, is_html=True)


def answer_502_with_a_page(stage: Stage) -> None:
    stage.fake.fault("account", status=502, is_html=True)


def throttle(stage: Stage) -> None:
    stage.fake.fault("account", status=429, code=20429)


def lose_the_sender(stage: Stage) -> None:
    stage.fake.senders.clear()


def take_the_sender_offline(stage: Stage) -> None:
    stage.fake.sender.status = "OFFLINE"


def call_nobody(stage: Stage) -> None:
    stage.fake.sender.webhook = ""


def call_someone_else(stage: Stage) -> None:
    stage.fake.sender.webhook = "https://old.example/hook"


def call_with_get(stage: Stage) -> None:
    stage.fake.sender.method = "GET"


def have_no_fallback(stage: Stage) -> None:
    stage.fake.sender.fallback = ""


def lose_a_template(stage: Stage) -> None:
    del stage.fake.templates[TEMPLATES["buttons_2"]]


def have_three_buttons(stage: Stage) -> None:
    _keep(stage, "buttons_2", {"twilio/quick-reply": {"body": "x", "actions": [*TWO, TWO[0]]}}, "")


def have_no_buttons(stage: Stage) -> None:
    _keep(stage, "buttons_2", {"twilio/text": {"body": "x"}}, "")


def wait_for_approval(stage: Stage) -> None:
    stage.fake.templates[TEMPLATES["reopen"]].approval = "pending"


def never_submit(stage: Stage) -> None:
    stage.fake.templates[TEMPLATES["reopen"]].approval = ""


def stop_the_clock(stage: Stage) -> None:
    stage.fake.skew = timedelta(minutes=10)


PLANTED: dict[Callable[[Stage], None], tuple[str, str, str]] = {
    suspend: ("account", "suspended", "Console"),
    forget_token: ("account", "Authenticate", "auth token"),
    rename_account: ("account", "arranged", "account SID"),
    break_down: ("account", "arranged", "status.twilio.com"),
    answer_with_a_page: ("account", "is not Twilio", "api_url"),
    answer_502_with_a_page: ("account", "", "status.twilio.com"),
    throttle: ("account", "pause", "a minute"),
    lose_the_sender: ("sender", "no WhatsApp sender", "number"),
    take_the_sender_offline: ("sender", "OFFLINE", "registration"),
    call_nobody: ("webhook", "calls nobody", "/channels/wa"),
    call_someone_else: ("webhook", "old.example", "/channels/wa"),
    call_with_get: ("webhook", "GET", "POST"),
    have_no_fallback: ("fallback", "none", "fallback"),
    lose_a_template: ("template buttons_2", "there is no", "content SID"),
    have_three_buttons: ("template buttons_2", "3 buttons", "2 buttons"),
    have_no_buttons: ("template buttons_2", "no quick reply", "2 buttons"),
    wait_for_approval: ("template reopen", "pending", "approval"),
    never_submit: ("template reopen", "not submitted", "submit"),
    stop_the_clock: ("clock", "behind", "NTP"),
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
async def test_a_planted_fault_has_its_line(healthy, plant):
    name, detail, fix = PLANTED[plant]
    plant(healthy)
    (check,) = await faults(healthy.channel)
    assert check.name == name
    assert detail in check.detail
    assert fix in check.fix


async def test_no_two_faults_have_the_same_line(healthy):
    lines = {(name, detail) for name, detail, _ in PLANTED.values()}
    assert len(lines) >= len(PLANTED) - 1  # a 503 and a 502 are the same to whoever mends


async def test_twilio_out_of_reach_is_said(healthy):
    await healthy.fake.down()
    (check,) = await faults(healthy.channel)
    assert (check.name, "network" in check.fix) == ("account", True)
    await healthy.fake.up()


@pytest.mark.parametrize(
    ("url", "fix"), [(None, "http.public_url"), ("http://bridge.example/channels/wa", "https")]
)
async def test_without_a_safe_public_address_it_is_said(healthy, url, fix):
    surroundings = replace(healthy.surroundings, webhook_url=url)
    if url is not None:
        healthy.fake.sender.webhook = healthy.fake.sender.fallback = url
    config = configured(healthy.fake, templates=TEMPLATES)
    found = await faults(WhatsAppChannel(ChannelName("wa"), config, surroundings))
    assert [check.name for check in found] == ["public address"]
    assert fix in found[0].fix


async def test_the_sandbox_is_known_and_says_where_to_paste(healthy):
    healthy.fake.senders[SANDBOX] = Sender(place=SANDBOX, account=healthy.fake.account)
    config = configured(healthy.fake, number=SANDBOX)
    channel = WhatsAppChannel(ChannelName("wa"), config, healthy.surroundings)
    checks = {check.name: check for check in await channel.diagnose()}
    assert checks["sender"].ok
    assert "join" in checks["sender"].detail
    assert "https://bridge.example/channels/wa" in checks["webhook"].detail


async def test_forged_and_stray_calls_are_told_of(healthy):
    fake, ada = healthy.fake, healthy.fake.person("Ada")
    async with listening(healthy.channel, Ear()):
        fake.postman.forge = True
        fake.says(ada, "forged")
        await until(lambda: fake.missed)
        fake.postman.forge = False
        stranger = Sender(
            place="whatsapp:+15550001111",
            account=fake.account,
            webhook=fake.sender.webhook,
        )
        fake.senders[stranger.place] = stranger
        fake.says(ada, "stray", to=stranger.place)
        await until(lambda: len(fake.missed) == 2)
        found = await faults(healthy.channel)
    lines = {check.name: check.fix for check in found}
    assert "http.public_url" in lines["signatures"]
    assert "each number" in lines["calls"]
    assert left_out().keys() == {"forged", "not_ours"}


@pytest.mark.parametrize(
    ("hinder", "code", "fix"),
    [
        (lambda ada: setattr(ada, "blocks", True), "63032", "Meta"),
        (lambda ada: setattr(ada, "stopped", True), "21610", "START"),
        (lambda ada: ada.wrote_at.clear(), "63016", "templates.reopen"),
    ],
    ids=["blocked", "stopped", "window"],
)
async def test_what_failed_lately_is_told_of_with_its_code(healthy, hinder, code, fix):
    fake, ada = healthy.fake, healthy.fake.person("Ada")
    there = Address(channel=ChannelName("wa"), place=ada.place)
    ada.wrote_at[fake.sender.place] = fake.now()
    hinder(ada)
    async with listening(healthy.channel, Ear()):
        with suppress(Gone):  # some fail at once, some later
            await healthy.channel.send(there, part())
        await until(lambda: healthy.channel._sightings.codes[code])
    (check,) = [each for each in await faults(healthy.channel) if code in each.name]
    assert fix in check.fix


async def test_who_did_not_join_the_sandbox_is_told_of(healthy):
    fake = healthy.fake
    fake.senders[SANDBOX] = Sender(place=SANDBOX, account=fake.account, webhook=fake.sender.webhook)
    ada = fake.person("Ada", joined=False)
    channel = WhatsAppChannel(
        ChannelName("wa"), configured(fake, number=SANDBOX), healthy.surroundings
    )
    healthy.front.channels["wa"] = channel
    async with listening(channel, Ear()):
        await channel.send(Address(channel=ChannelName("wa"), place=ada.place), part())
        await until(lambda: channel._sightings.codes["63015"])
    (check,) = [each for each in await faults(channel) if "63015" in each.name]
    assert "join the sandbox" in check.fix


async def test_a_file_twilio_could_not_fetch_is_told_of(healthy):
    ada = healthy.fake.person("Ada")
    ada.wrote_at[healthy.fake.sender.place] = healthy.fake.now()
    there = Address(channel=ChannelName("wa"), place=ada.place)
    async with listening(healthy.channel, Ear()):
        await healthy.channel.send(there, part("", attachments=(PNG,)))
        await until(lambda: healthy.channel._sightings.codes["63019"])
    (check,) = [each for each in await faults(healthy.channel) if "63019" in each.name]
    assert "http.public_url" in check.fix


async def test_how_many_have_to_write_first_is_only_told(healthy):
    fake, ada = healthy.fake, healthy.fake.person("Ada")
    async with listening(healthy.channel, Ear()):
        fake.says(ada, "hi")
        await until(lambda: fake.accepted)
    fake.ahead = timedelta(hours=25)
    checks = {check.name: check for check in await healthy.channel.diagnose()}
    assert checks["windows"].ok
    assert checks["windows"].detail.startswith("1 ")
