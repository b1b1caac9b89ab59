"""Neither our calls nor the fake's answers are judged by the fake: Twilio's documentation does."""

import json
import re
from pathlib import Path

import httpx
import pytest

from bridge.demo.whatsapp import fields
from bridge.demo.whatsapp.world import Media, Template
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address
from channels.whatsapp.channel import WhatsAppChannel
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import PDF, YES_NO, part
from tests.channels.whatsapp.stage import Stage, configured, staged
from tests.fakes.whatsapp import specs
from tests.waiting import until

ROOT = Path(__file__).parents[3]
BUTTONS, REOPEN = "HX" + "b" * 32, "HX" + "0" * 32
CALLS = {"create", "listing", "media list", "media", "typing", "account", "senders", "content"}


async def tour(stage: Stage) -> None:
    """Make every call and have every object handed out once."""
    fake, ear = stage.fake, Ear(replies={"/help": "Ask."})
    ada = fake.person("Ada", reads=True)
    there = Address(channel=ChannelName("wa"), place=ada.place)
    actions = [{"title": f"{{{{{n}}}}}", "id": f"{{{{{n + 1}}}}}"} for n in (2, 4)]
    for sid, types in (
        (BUTTONS, {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}),
        (REOPEN, {"twilio/text": {"body": "News."}}),
    ):
        template = Template(account=fake.account, types=types, approval="approved", sid=sid)
        fake.templates[sid] = template
    fake.hosted["m_plan"] = Media(mime="application/pdf", body=b"%PDF")
    fake.says(ada, "", files=[Media(mime="image/png", body=b"cat")], webhook=False)
    async with listening(stage.channel, ear):
        (file,) = ear.heard[0].what.files
        assert b"".join([chunk async for chunk in stage.channel.download(file)]) == b"cat"
        fake.says(ada, "/help")
        fake.says(ada, "", Latitude="52.5", Longitude="13.4")
        await until(lambda: fake.shown(ada))
        await stage.channel.typing(there)
        await stage.channel.send(there, part("hello", number=1))
        await stage.channel.send(there, part("Go?", number=2, buttons=YES_NO))
        await stage.channel.send(there, part("", number=3, attachments=(PDF,)))
        fake.presses(ada, "Yes")
        await until(lambda: len(ear.heard) == 4)
        fake.fault(status=400, code=21617)
        with pytest.raises(Exception, match="arranged"):
            await stage.channel.send(there, part("refused", number=4))
        assert await stage.channel.resolve(there, part("refused", number=4)) is None
        await stage.channel.diagnose()
        await until(lambda: "read" in ear.states())


@pytest.fixture
async def toured():
    async with staged(templates={"buttons_2": BUTTONS, "reopen": REOPEN}) as stage:
        fields.counts.clear()
        specs.counts.clear()
        await tour(stage)
        await stage.fake.quiet()
        yield stage


def printed(counts) -> str:
    return "\n".join(f"{count:5} {what}" for what, count in sorted(counts.items()))


async def test_every_call_and_object_is_as_documented(toured, capsys):
    assert toured.fake.complaints == []
    requests = {each.removeprefix("request ") for each in fields.counts if "request" in each}
    assert requests >= CALLS | {"approval"}
    objects = {each.removeprefix("object ") for each in fields.counts if "object" in each}
    assert objects >= {"message", "media", "webhook", "status", "error", "typing", "approval"}
    with capsys.disabled():
        print(f"\nWhatsApp, checked against the field tables:\n{printed(fields.counts)}")  # noqa: T201


@pytest.mark.skipif(specs.folder() is None, reason=f"{specs.FOLDER} names no folder")
async def test_every_call_and_answer_is_as_twilios_own_specification_says(toured, capsys):
    assert toured.fake.complaints == []
    assert len(specs.counts) >= 10
    with capsys.disabled():
        print(f"\nWhatsApp, checked against Twilio's OpenAPI:\n{printed(specs.counts)}")  # noqa: T201


async def test_the_template_in_the_documentation_is_one_that_twilio_takes(stage, fake):
    page = (ROOT / "docs/channels/whatsapp.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    async with httpx.AsyncClient(auth=(fake.account.sid, fake.account.token)) as client:
        made = await client.post(f"{fake.base}/v1/Content", json=json.loads(recipe))
    assert made.status_code == 201
    config = configured(fake, templates={"buttons_2": made.json()["sid"]})
    channel = WhatsAppChannel(ChannelName("wa"), config, stage.surroundings)
    ada = fake.person("Ada")
    ada.wrote_at[fake.sender.place] = fake.now()
    there = Address(channel=ChannelName("wa"), place=ada.place)
    await channel.send(there, part("Go?", buttons=YES_NO))
    assert fake.seen(ada)[0].buttons == (("Yes", "a:q_1:0"), ("No", "a:q_1:1"))
    assert [check.ok for check in await channel.diagnose() if "template" in check.name] == [True]


# -- the tables judge -----------------------------------------------------------------------------

GOOD = [("To", "whatsapp:+4915112345678"), ("From", "whatsapp:+4930123456"), ("Body", "hi")]


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        ([*GOOD, ("Boddy", "hi")], "there is no Boddy"),
        (GOOD[:1], "From is missing"),
        ([*GOOD[:2], ("Body", "x" * 1601)], "longer than 1600"),
        ([*GOOD, ("ContentSid", "HX1")], "ContentSid is 'HX1'"),
        ([("To", "+4915112345678"), *GOOD[1:]], "To is '+4915112345678'"),
        ([*GOOD, ("StatusCallback", "https://under_score.example/x")], "StatusCallback is"),
    ],
)
def test_a_call_against_the_documentation_is_noticed(pairs, complaint):
    assert fields.request("create", GOOD) == []
    (found,) = fields.request("create", pairs)
    assert complaint in found


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"status": "lost"}, "status may not be 'lost'"),
        ({"date_sent": "2026-01-02"}, "date_sent is"),
        ({"sid": None}, "sid is null"),
        ({"error_code": "63016"}, "error_code is a str"),
        ({"extra": 1}, "there is no extra"),
    ],
)
async def test_an_object_against_the_documentation_is_noticed(stage, change, complaint):
    from bridge.demo.whatsapp import world

    stage.fake.says(stage.fake.person("Ada"), "hi", webhook=False)
    good = world.message_json(stage.fake.messages[0])
    assert fields.emitted("message", good) == []
    (found,) = fields.emitted("message", {**good, **change})
    assert complaint in found
