"""What `bridge add whatsapp` asks is tried with Twilio, and what is left to do is said."""

import pytest
from pydantic import ValidationError

from bridge.demo.whatsapp.world import SANDBOX
from bridge.domain.errors import ConfigError
from bridge.plugins import load
from channels.whatsapp.config import WhatsAppConfig

PLUGIN = load("channels", "whatsapp")


@pytest.fixture
def answers(fake):
    return {
        "account_sid": fake.account.sid,
        "auth_token": f" {fake.account.token} ",
        "number": fake.sender.place.removeprefix("whatsapp:"),
        "api_url": fake.base,
    }


async def verified(answers):
    return await PLUGIN.setup.verify(answers)


async def test_good_answers_name_the_account_the_link_and_the_steps(answers):
    found = await verified(answers)
    assert found.account == "Ada's account (+4930123456)"
    assert found.link == "https://wa.me/4930123456"
    assert len(found.steps) == 3
    assert "public_url" in found.steps[0]
    assert "fallback" in found.steps[1]
    assert "US.134" in found.steps[2], "a number may be hidden"


async def test_the_sandbox_needs_everyone_to_join_first(answers):
    found = await verified({**answers, "number": SANDBOX})
    assert found.link == "https://wa.me/14155238886"
    assert "join" in found.steps[0]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("auth_token", "wrong", "auth token"),
        ("account_sid", "AC" + "1" * 32, "account SID"),
        ("account_sid", "SK123", "account_sid"),
        ("number", "0151 1234", "number"),
        ("number", "+15550001111", "no WhatsApp sender"),
        ("auth_token", "", "auth_token"),
        ("api_url", "http://127.0.0.1:1", "network"),
        ("nonsense", "x", "nonsense"),
    ],
)
async def test_a_wrong_answer_says_what_to_do(answers, key, value, words):
    with pytest.raises(ConfigError) as raised:
        await verified({**answers, key: value})
    assert words in str(raised.value)
    assert answers["auth_token"].strip() not in str(raised.value)


async def test_a_suspended_account_is_said(fake, answers):
    fake.account.status = "suspended"
    with pytest.raises(ConfigError, match="suspended"):
        await verified(answers)


def test_every_question_has_its_place_in_the_section():
    assert {ask.key for ask in PLUGIN.setup.asks} <= set(WhatsAppConfig.model_fields)
    assert [ask.key for ask in PLUGIN.setup.asks if ask.secret] == ["auth_token"]


GOOD = {"account_sid": "AC" + "1" * 32, "auth_token": "t", "number": "+49 30 123456"}


def test_secrets_do_not_show_and_numbers_are_places():
    config = WhatsAppConfig.model_validate({**GOOD, "auth_token": "s3cret"})
    assert "s3cret" not in repr(config)
    assert config.number == "whatsapp:+4930123456"


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": "SK" + "2" * 32},
        {"api_secret": "secret"},
        {"templates": {"buttons_2": "AC1"}},
        {"templates": {"buttons_4": "HX" + "1" * 32}},
        {"poll_seconds": 0},
        {"colour": "red"},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused(wrong):
    with pytest.raises(ValidationError):
        WhatsAppConfig.model_validate({**GOOD, **wrong})
