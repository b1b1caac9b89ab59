"""Twilio calls: who is believed, what is answered, and when it is told to come again."""

import asyncio
from time import process_time
from urllib.parse import urlencode

import pytest

from bridge.demo.whatsapp import world
from bridge.domain.errors import StoreUnavailable
from bridge.domain.inbound import Pressed
from bridge.ports.channel import WebhookCall
from tests.channels.whatsapp.ear import Ear, listening
from tests.channels.whatsapp.parts import YES_NO, part
from tests.channels.whatsapp.stage import PUBLIC, staged
from tests.left_out import left_out
from tests.waiting import until

URL = f"{PUBLIC}/wa"


def call(stage, form: dict[str, str], *, path: str = "", query: str = "", **more) -> WebhookCall:
    """A call as Twilio makes it; `signed_for`: the address it was signed for."""
    url = more.pop("signed_for", URL + path + (f"?{query}" if query else ""))
    signature = more.pop("signature", world.signature(stage.fake.account.token, url, form))
    body = urlencode(form).encode()
    return WebhookCall(
        method=more.pop("method", "POST"),
        path=path,
        query=query,
        headers={"x-twilio-signature": signature},
        body=more.pop("body", body),
    )


def posted(stage, text: str = "hi", **more: str) -> dict[str, str]:
    ada = stage.fake.person("Ada")
    sid = stage.fake.says(ada, text, webhook=False, **more)
    message = next(each for each in stage.fake.messages if each.sid == sid)
    return world.webhook_form(message, ada, stage.fake.base)


async def answered(stage, given: WebhookCall, ear: Ear | None = None):
    async with listening(stage.channel, ear or Ear()):
        return await stage.channel.receive(given)


async def test_a_message_of_nobody_is_a_warning_and_what_whatsapp_itself_says_is_none(stage):
    await answered(stage, call(stage, {**posted(stage, "one"), "From": "whatsapp:somebody"}))
    assert left_out() == {"unreadable": 1}
    form = {**posted(stage, ""), "MessageType": "system", "SystemType": "customer_identity_changed"}
    await answered(stage, call(stage, form))
    assert left_out() == {"unreadable": 1, "of_no_concern": 1}


# -- who is believed ------------------------------------------------------------------------------


async def test_what_twilio_signed_for_the_public_address_is_heard(stage):
    ear = Ear()
    answer = await answered(stage, call(stage, posted(stage)), ear)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert b"<Response></Response>" in answer.body
    assert ear.texts() == ["hi"]


@pytest.mark.parametrize("signed", ["https://bridge.example:8443", "https://bridge.example"])
async def test_with_a_port_in_our_address_twilio_signs_with_it_or_without(
    stage, monkeypatch, signed
):
    hook = stage.channel._hook
    monkeypatch.setattr(hook, "_url", "https://bridge.example:8443/channels/wa")
    given = call(stage, posted(stage), signed_for=f"{signed}/channels/wa")
    assert (await answered(stage, given)).status == 200


async def test_blank_fields_are_signed_too(stage):
    answer = await answered(stage, call(stage, posted(stage, "", Label="")))
    assert answer.status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "nonsense"},
        {"signature": ""},
        {"signed_for": "http://127.0.0.1:8787/channels/wa"},
        {"signed_for": f"{URL}/"},
        {"body": b"Body=other"},
        {"body": b"\xff\xfe"},
        {"body": b"&".join(b"x=1" for _ in range(1000))},
    ],
)
async def test_what_is_not_signed_like_that_is_refused(stage, wrong):
    ear = Ear()
    form = posted(stage, "x")
    stage.fake.messages.clear()
    answer = await answered(stage, call(stage, form, **wrong), ear)
    assert answer.status == 403
    assert ear.heard == []


async def test_what_was_signed_once_is_not_heard_again_with_its_fields_cut_elsewhere(stage):
    """What is signed has no marks between a field's name, its value and the next field."""
    ear, form = Ear(), posted(stage)
    fields = sorted(form)
    after = fields[fields.index("MessageSid") + 1]
    moved = {name: value for name, value in form.items() if name != after}
    moved["MessageSid"] += after + form[after]
    signature = world.signature(stage.fake.account.token, URL, form)
    async with listening(stage.channel, ear):
        await stage.channel.receive(call(stage, form))
        again = await stage.channel.receive(call(stage, moved, signature=signature))
    assert again.status == 200, "it is signed"
    assert ear.texts() == ["hi"]


async def test_another_accounts_token_is_no_signature(stage):
    form = posted(stage)
    stranger = world.signature("another token", URL, form)
    assert (await answered(stage, call(stage, form, signature=stranger))).status == 403


async def test_only_posts_are_taken(stage):
    answer = await answered(stage, call(stage, {}, method="GET"))
    assert answer.status == 405


async def test_a_call_about_another_number_is_not_ours(stage):
    ear = Ear()
    form = {**posted(stage), "To": "whatsapp:+15550001111"}
    stage.fake.messages.clear()
    assert (await answered(stage, call(stage, form), ear)).status == 404
    assert ear.heard == []


# -- when it is to come again ---------------------------------------------------------------------


@pytest.mark.parametrize("both", [False, True])
async def test_a_short_message_to_the_same_number_is_not_whatsapps(stage, both):
    """Anybody can send an SMS under any number, and Twilio signs that it came."""
    ear = Ear()
    whatsapp, sid = posted(stage), f"SM{'0' * 32}"
    number = whatsapp["From"].removeprefix("whatsapp:")
    form = {**whatsapp, "From": number, "MessageSid": sid, "SmsMessageSid": sid, "SmsSid": sid}
    if both:
        form["To"] = form["To"].removeprefix("whatsapp:")
    answer = await answered(stage, call(stage, form), ear)
    assert sid not in {each.external_id for each in ear.heard}
    assert answer.status == (404 if both else 200)


async def test_while_nobody_listens_twilio_is_told_to_try_the_fallback(stage):
    given = call(stage, posted(stage))
    assert (await stage.channel.receive(given)).status == 503
    async with listening(stage.channel, Ear()):
        assert (await stage.channel.receive(given)).status == 200
    assert (await stage.channel.receive(given)).status == 503


async def test_a_store_that_comes_back_in_time_costs_nothing(stage):
    ear = Ear(refusals=[StoreUnavailable(), StoreUnavailable()])
    form = posted(stage)
    stage.fake.messages.clear()
    assert (await answered(stage, call(stage, form), ear)).status == 200
    assert ear.texts() == ["hi"]


async def test_a_store_that_stays_away_is_503_so_that_the_fallback_is_called(stage, monkeypatch):
    monkeypatch.setattr("channels.whatsapp.webhook.WEBHOOK_PATIENCE", 0.2)
    form = posted(stage)
    stage.fake.messages.clear()
    ear = Ear(refusals=[StoreUnavailable() for _ in range(100_000)])
    async with listening(stage.channel, ear):
        assert (await stage.channel.receive(call(stage, form))).status == 503
        assert ear.heard == []
        ear.refusals.clear()
        assert (await stage.channel.receive(call(stage, form, path="/fallback"))).status == 200
    assert ear.texts() == ["hi"]


async def test_who_takes_too_long_is_called_again_but_loses_nothing(stage, monkeypatch):
    monkeypatch.setattr("channels.whatsapp.webhook.WEBHOOK_PATIENCE", 0.05)
    form = posted(stage)
    stage.fake.messages.clear()
    release = asyncio.Event()
    ear = Ear(held={form["From"]: release})
    async with listening(stage.channel, ear):
        assert (await stage.channel.receive(call(stage, form))).status == 503
        release.set()
        await until(lambda: ear.texts() == ["hi"])
        monkeypatch.setattr("channels.whatsapp.webhook.WEBHOOK_PATIENCE", 5.0)
        assert (await stage.channel.receive(call(stage, form))).status == 200
    assert ear.texts() == ["hi"]


# -- what is answered -----------------------------------------------------------------------------


async def test_a_reply_for_the_asker_goes_out_in_the_answer(stage, fake, ada):
    async with listening(stage.channel, Ear(replies={"/help": "**Ask** & you get <it>"})):
        fake.says(ada, "/help")
        await until(lambda: fake.shown(ada))
    assert fake.shown(ada) == ["*Ask* & you get <it>"]
    assert fake.calls["create"] == 0


async def test_a_long_reply_goes_out_in_as_many_messages_as_it_takes(stage, fake, ada):
    lines = [f"- line {number} of a long help" for number in range(100)]
    async with listening(stage.channel, Ear(replies={"/help": "\n".join(lines)})):
        fake.says(ada, "/help")
        await until(lambda: len(fake.shown(ada)) == 2)
    assert all(len(each) <= 1600 for each in fake.shown(ada))
    assert "\n".join(fake.shown(ada)).split("\n") == lines


async def test_a_status_is_one_wherever_it_is_posted(stage):
    ear = Ear()
    form = {
        "MessageSid": world.new_sid("SM"),
        "MessageStatus": "delivered",
        "From": stage.fake.sender.place,
        "To": "whatsapp:+4915112345678",
    }
    assert (await answered(stage, call(stage, form), ear)).status == 204
    assert ear.states() == ["delivered"]


async def test_brought_twice_it_is_answered_the_same_and_heard_once(stage):
    ear = Ear(replies={"/help": "Ask."})
    given = call(stage, posted(stage, "/help"))
    stage.fake.messages.clear()
    async with listening(stage.channel, ear):
        first = await stage.channel.receive(given)
        again = await stage.channel.receive(given)
    assert first == again
    assert b"<Message>Ask.</Message>" in first.body
    assert len(ear.heard) == 1


async def test_a_pressed_button_is_heard_as_its_value():
    templates = {"buttons_2": "HX" + "b" * 32}
    async with staged(templates=templates) as stage:
        fake, ada = stage.fake, stage.fake.person("Ada")
        _offer(fake, templates["buttons_2"])
        ear = Ear()
        async with listening(stage.channel, ear):
            fake.says(ada, "hi")
            await until(lambda: ear.heard)
            await stage.channel.send(ear.heard[0].address, part("Go?", buttons=YES_NO))
            fake.presses(ada, "No")
            await until(lambda: len(ear.heard) == 2)
        assert ear.heard[1].what == Pressed(value="a:q_1:1")
        assert stage.channel.capabilities(ear.heard[0].address).buttons


def _offer(fake, sid: str) -> None:
    actions = [{"title": f"{{{{{n}}}}}", "id": f"{{{{{n + 1}}}}}"} for n in (2, 4)]
    types = {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}
    fake.templates[sid] = world.Template(account=fake.account, types=types, sid=sid)


@pytest.mark.parametrize(
    "body", [b"Body=" + b"%41" * 300_000, b"Body=" + "\u00e9%41".encode() * 9_000]
)
async def test_what_nobody_signed_takes_no_time_to_refuse(stage, body):
    """Whoever finds the address can send as much as fits; none of it is taken apart."""
    begun = process_time()
    assert (await answered(stage, call(stage, {}, body=body))).status == 403
    assert process_time() - begun < 0.2
