"""Nothing that a person sends at Discord vanishes: what has no text is told in words."""

import json

import pytest

from bridge.ids import ChannelName
from bridge.inbound import Added, Edited, Spoken
from channels.discord import parse, told
from channels.discord.parse import Scene
from tests.channels.discord.account import World
from tests.channels.discord.test_parse import ADA, message
from tests.channels.discord.test_specs import SPEC

SCENE = Scene(account=ChannelName("discord"), place="9", room=True, title="#general", known=World())
ME = "1"


ABOUT = frozenset(
    [
        "application",
        "application_id",
        "author",
        "call",
        "channel_id",
        "content",
        "edited_timestamp",
        "flags",
        "id",
        "interaction",
        "interaction_metadata",
        "lobby_member",
        "mention_channels",
        "mention_everyone",
        "mention_roles",
        "mentions",
        "message_reference",
        "nonce",
        "pinned",
        "position",
        "reactions",
        "referenced_message",
        "resolved",
        "role_subscription_data",
        "thread",
        "timestamp",
        "tts",
        "type",
        "webhook_id",
    ]
)
"""Fields that tell more of a message, and are none."""


def said(**more) -> Spoken:
    inbound = parse.said(message(**{"content": "", **more}), SCENE)
    assert inbound is not None
    assert isinstance(inbound.what, Spoken)
    return inbound.what


def passed_on(**inner):
    reference = {"type": 1, "message_id": "50", "channel_id": "3"}
    return said(message_reference=reference, message_snapshots=[{"message": inner}])


POLL = {
    "question": {"text": "Tea or 2*3?"},
    "answers": [
        {"answer_id": 1, "poll_media": {"text": "Tea", "emoji": {"name": "🍵"}}},
        {"answer_id": 2, "poll_media": {"text": "6"}},
    ],
}
EMBED = {
    "author": {"name": "CI"},
    "title": "Build red",
    "description": "see *log*",
    "fields": [{"name": "host", "value": "a"}],
    "footer": {"text": "now"},
}
PANEL = [
    {"type": 17, "components": [
        {"type": 10, "content": "**Deploy**"},
        {"type": 9, "components": [{"type": 10, "content": "to prod"}],
         "accessory": {"type": 2, "label": "Go"}},
        {"type": 12, "items": [{"description": "a graph", "media": {"url": "u"}}]},
    ]},
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"poll": POLL}, "Poll: Tea or 2\\*3?\n- 🍵 Tea\n- 6"),
        ({"sticker_items": [{"name": "Wave"}]}, "[sticker: Wave]"),
        ({"activity": {"type": 3}}, "_(an invitation to an activity, which cannot be shown here)_"),
        ({"components": PANEL}, "**Deploy**\nto prod\nGo\na graph"),
    ],
)
def test_what_has_no_text_is_told(more, expected):
    assert said(**more).content.text == expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ({"embeds": [EMBED]}, "> CI\n> **Build red**\n> see *log*\n> **host:** a\n> now"),
        ({"embeds": [{"url": "https://a.b"}]}, "> https://a.b"),
        ({"sticker_items": [{"name": "Wave"}]}, "> [sticker: Wave]"),
        ({"components": PANEL}, "> **Deploy**\n> to prod\n> Go\n> a graph"),
        ({}, "> _(a message, which cannot be shown here)_"),
    ],
)
def test_what_is_passed_on_is_read_whatever_it_is(inner, expected):
    assert passed_on(**inner).content.text == expected
    assert passed_on(**inner).more


def test_a_preview_of_a_link_is_no_part_of_what_is_said():
    assert said(content="https://a.b", embeds=[EMBED]).content.text == "https://a.b"


def reply(**more):
    replied = {**message("the build is red"), "id": "50", **more}
    reference = {"message_id": "50", "channel_id": "9"}
    return said(content="why?", type=19, message_reference=reference, referenced_message=replied)


def test_a_reply_tells_what_it_is_about_whoever_said_it():
    """The log has neither what other bots say nor what was said before the bridge came."""
    assert reply().quoted.text == "the build is red"
    alert = reply(content="", author={**ADA, "username": "ci", "global_name": None, "bot": True},
                  webhook_id="7", embeds=[EMBED])  # fmt: skip
    assert alert.quoted.author == "ci"
    assert alert.quoted.text.startswith("CI\n**Build red**")
    assert not alert.addressed


def test_a_picture_that_is_replied_to_comes_along():
    picture = {"id": "8", "filename": "a.png", "size": 1, "url": "http://cdn/a.png"}
    assert [each.name for each in reply(attachments=[picture]).quoted.files] == ["a.png"]


def test_a_mention_in_a_quote_calls_nobody():
    me = {**ADA, "id": ME}
    assert not said(content=f"> hey <@{ME}>\nsee?", mentions=[me]).addressed
    assert said(content=f"> hey\n<@{ME}> see?", mentions=[me]).addressed


def test_an_edit_brings_the_files_there_are_now():
    edited_at = "2026-01-02T03:04:05+00:00"
    file = {"id": "8", "filename": "a.txt", "size": 1, "url": "http://cdn/a.txt"}
    edited = parse.changed(message("x", edited_timestamp=edited_at, attachments=[file]), SCENE).what
    assert isinstance(edited, Edited)
    assert [each.name for each in edited.files] == ["a.txt"]


def test_a_text_near_the_limit_goes_on():
    assert said(content="x" * 2000).more
    assert not said(content="x").more


@pytest.fixture
def schemas():
    if not SPEC.is_file():
        pytest.skip("BRIDGE_SPECS names no folder with Discord's API")
    return json.loads(SPEC.read_text())["components"]["schemas"]


def test_every_type_of_message_is_speech_or_news(schemas):
    described = {each["const"] for each in schemas["MessageType"]["oneOf"]}
    assert described - parse.NEWS == {parse.DEFAULT, parse.REPLY}
    for kind in described:
        inbound = parse.said(message("hello", type=kind), SCENE)
        assert (inbound is None) is (kind in parse.NEWS), kind
    came = parse.said(message("", type=1, mentions=[{**ADA, "id": ME}]), SCENE)
    assert came.what == Added()


def test_words_in_a_component_of_every_type_are_read(schemas):
    for each in schemas["MessageComponentTypes"]["oneOf"]:
        kind = each["const"]
        assert kind in told.LABELLED, each["title"]
        field = told.LABELLED[kind]
        if field:
            assert said(components=[{"type": kind, field: "words"}]).content.text == "words"


def test_whatever_a_message_can_hold_is_told_or_is_about_it(schemas):
    """Each field of a message that is there alone: it has words, or tells more of the message."""
    file = {"id": "8", "filename": "a.txt", "size": 1, "url": "http://cdn/a.txt"}
    samples = {
        "attachments": [file],
        "embeds": [EMBED],
        "components": PANEL,
        "stickers": [{"name": "Wave"}],
        "sticker_items": [{"name": "Wave"}],
        "poll": POLL,
        "message_snapshots": [{"message": {}}],
        **{each: {"x": 1} for each in told.NAMED},
    }
    assert schemas["MessageResponse"]["properties"].keys() - ABOUT == samples.keys()
    for field, sample in samples.items():
        spoken = said(**{field: sample})
        assert spoken.content or spoken.files, field
