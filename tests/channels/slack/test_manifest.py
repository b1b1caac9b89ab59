"""The app manifest switches on everything the code needs, and the page has the same one."""

import re
from pathlib import Path
from urllib.parse import unquote

import yaml

from bridge.demo.slack.methods import HISTORY_SCOPES
from bridge.demo.slack.methods import SCOPES as METHOD_SCOPES
from channels.slack import config, manifest

ROOT = Path(__file__).parents[3]
MANIFEST = yaml.safe_load(manifest.as_yaml())
SCOPES = set(MANIFEST["oauth_config"]["scopes"]["bot"])
EVENT_SCOPES = {
    "agent_session_stopped": {"chat:write"},
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
}
"""Source: the page of each event at https://docs.slack.dev/reference/events."""


def test_every_event_that_is_read_is_subscribed_to_with_its_scopes():
    events = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    assert events == set(EVENT_SCOPES)
    assert set().union(*EVENT_SCOPES.values()) <= SCOPES


def test_every_method_that_is_called_has_its_scope():
    assert set(METHOD_SCOPES.values()) | set(HISTORY_SCOPES.values()) <= SCOPES


def test_every_method_in_the_code_is_one_the_scopes_are_known_of():
    code = "".join(path.read_text() for path in (ROOT / "channels/slack").glob("*.py"))
    called = set(re.findall(r"client\.([a-z]+_\w+)\(", code))
    known = {name.replace(".", "_") for name in METHOD_SCOPES} | {
        "auth_test",
        "apps_connections_open",
        "conversations_info",
        "conversations_history",
        "conversations_replies",
    }
    assert called <= known


def test_socket_mode_buttons_the_command_and_messages_to_the_app_are_switched_on():
    assert MANIFEST["settings"]["socket_mode_enabled"]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/bridge"
    assert command["should_escape"]
    assert MANIFEST["features"]["app_home"]["messages_tab_enabled"]
    assert not MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"]


def test_its_texts_are_as_long_as_slack_takes_them():
    assert len(MANIFEST["display_information"]["name"]) <= 35
    assert len(MANIFEST["display_information"]["description"]) <= 140
    (command,) = MANIFEST["features"]["slash_commands"]
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


def test_the_app_is_an_agent_and_hears_its_button_to_stop():
    """New apps can be nothing else; without the event the button is a dead spinner."""
    assert 0 < len(MANIFEST["features"]["agent_view"]["agent_description"]) <= 300
    assert "agent_session_stopped" in MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert "assistant_view" not in MANIFEST["features"]


def test_the_page_has_this_manifest():
    written = (ROOT / "docs/channels/slack-manifest.yaml").read_text()
    assert written == manifest.as_yaml()


def test_the_link_that_set_up_prints_carries_it():
    assert unquote(config.NEW_APP).endswith(manifest.as_yaml())
    assert config.NEW_APP in config.INTRO
