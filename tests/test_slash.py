"""Slash commands are the same in every chat."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.slash import COMMANDS, Name, Slash, UnknownSlash, parse


@pytest.mark.parametrize("name", get_args(Name))
def test_every_command_is_known_by_its_name(name):
    assert parse(f"/{name}") == Slash(name=name, argument="")


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("/stop", ""),
        ("  /stop \n", ""),
        ("/STOP", ""),
        ("/stop@bridge_bot", ""),
        ("/stop now please", "now please"),
        ("/stop@bridge_bot now", "now"),
        ("/stop\nnow\nor never", "now\nor never"),
    ],
)
def test_a_command_may_name_the_bot_and_have_an_argument(text, argument):
    assert parse(text) == Slash(name="stop", argument=argument)


def test_beginning_a_chat_asks_for_help():
    assert parse("/start") == Slash(name="help", argument="")


def test_a_command_there_is_not_is_known_as_such():
    assert parse("/frobnicate it") == UnknownSlash(name="frobnicate")


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "",
        "/",
        "//",
        "/etc/hosts",
        "/stop.",
        "/stop/now",
        "stop",
        "a /stop",
        "/1",
        "/é",
        "/ stop",
    ],
)
def test_anything_else_is_something_said(text):
    assert parse(text) is None


@given(st.text())
def test_whatever_begins_without_a_slash_is_something_said(text):
    if not text.strip().startswith("/"):
        assert parse(text) is None


def test_help_lists_every_command():
    assert {each.name for each in COMMANDS} == set(get_args(Name))
    assert all(each.text for each in COMMANDS)
