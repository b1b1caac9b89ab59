"""A hook that the store keeps is the one that was made, and no more than that."""

import json
from typing import get_args

import pytest
from pydantic import ValidationError

from bridge.hooks.settings import HookSettings, SettingFault, kept, made, new_secret, written
from bridge.hooks.verification import Way

SECRET = "a-secret-of-twenty-one"


@pytest.mark.parametrize("way", get_args(Way))
def test_a_new_secret_has_the_form_of_its_way_and_is_another_each_time(way):
    first, second = new_secret(way), new_secret(way)
    assert first != second
    assert len(first) >= 40
    made("work", HookSettings(verify=way), first)


def test_what_is_kept_is_the_hook_that_was_made():
    settings = HookSettings.model_validate(
        {"verify": "hmac", "as": "message", "events": ["a"], "timestamp_header": None, "ask": "x"}
    )
    hook = made("work", settings, SECRET, kept=True)
    again = kept("work", written(settings, SECRET))
    assert again is not None
    assert again.is_kept
    for each in ("name", "session", "action", "ask", "events", "delivery", "verification"):
        assert getattr(again, each) == getattr(hook, each), each
    assert again.verification.secret == SECRET


def test_it_is_made_once_and_anew_where_it_changed():
    first = written(HookSettings(verify="bearer"), SECRET)
    assert kept("work", first) is kept("work", first)
    assert kept("work", written(HookSettings(verify="bearer"), SECRET + "x")) is not kept(
        "work", first
    )


@pytest.mark.parametrize("changed", [{"template": "{% macro x() %}{% endmacro %}"}, {"old": 1}])
def test_what_a_later_version_cannot_make_is_no_hook(changed):
    text = json.loads(written(HookSettings(verify="bearer"), SECRET))
    text["settings"] |= changed
    assert kept("work", json.dumps(text)) is None


def test_a_secret_that_can_be_guessed_makes_none():
    with pytest.raises(SettingFault, match="at least 16"):
        made("work", HookSettings(verify="bearer"), "short")


def test_a_standard_secret_is_long_enough_once_it_is_read():
    with pytest.raises(SettingFault, match="16 bytes"):
        made("work", HookSettings(verify="standard"), "whsec_AAAAAAAAAA==")
    made("work", HookSettings(verify="standard"), "whsec_" + "A" * 22 + "==")


def test_settings_are_bounded():
    for wrong in ({"ask": "x" * 10_001}, {"events": ["e"] * 101}, {"events": [""]}):
        with pytest.raises(ValidationError):
            HookSettings.model_validate({"verify": "bearer", **wrong})
