"""Links are opened where whoever types would see the browser, and only if they say so."""

import sys
import webbrowser

import pytest
import typer

from bridge.cli import browser
from bridge.cli.browser import first_link, is_seen, offer

TEXT = "1. Write to **@BotFather** (https://t.me/BotFather).\n2. Or https://a.example/b?c=d."


def test_the_first_link_is_found_without_what_stands_behind_it():
    assert first_link(TEXT) == "https://t.me/BotFather"
    assert first_link("see https://a.example/b?c=d.") == "https://a.example/b?c=d"
    assert first_link("none http://a.example") == ""


@pytest.mark.parametrize(
    ("environ", "platform", "seen"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "1"}, "darwin", False),
        ({"SSH_CONNECTION": "1", "DISPLAY": ":10"}, "linux", False),
        ({"BROWSER": "firefox"}, "linux", True),
    ],
)
def test_a_browser_is_seen_where_there_is_a_screen(environ, platform, seen):
    assert is_seen(environ, platform) is seen


@pytest.mark.parametrize(
    ("tty", "says", "opened"), [(True, True, 1), (True, False, 0), (False, True, 0)]
)
def test_a_link_is_opened_only_for_whoever_is_asked_and_says_yes(monkeypatch, tty, says, opened):
    links = []
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: tty})())
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: says)
    monkeypatch.setattr(webbrowser, "open", lambda link: links.append(link) or True)
    offer("https://t.me/BotFather", {"BROWSER": "x"})
    browser.offer("", {"BROWSER": "x"})
    assert len(links) == opened
