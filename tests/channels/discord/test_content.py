"""Nothing that a person sends at Discord vanishes: what has no text is told in words."""

import json
from pathlib import Path

import pytest

from bridge import texts
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Added, Edited, Spoken
from bridge.session import slash
from channels.discord import content, parse
from channels.discord.parse import Scene
from tests.channels.discord.account import World
from tests.channels.discord.test_parse import ADA, message
from tests.channels.discord.test_specs import SPEC

EXTRACT = Path(__file__).with_name("api_messages.json")
"""Types of messages, types of components and fields of a message by Discord's API: names only."""

SCENE = Scene(account=ChannelName("discord"), place="9", room=True, title="#general", known=World())
ME = "1"


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
        ({"activity": {"type": 3}}, "_(an invitation to an activity; I cannot show it here)_"),
        ({"components": PANEL}, "**Deploy**\nto prod\nGo\na graph"),
    ],
)
def test_what_has_no_text_is_told(more, expected):
    assert said(**more).content.text == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "a message that has no words"),
        ({"type": 60}, "something that Discord calls 'message type 60'"),
        ({"gift_info": {"sku": 1}}, "something that Discord calls 'gift_info'"),
        ({"message_reference": {"type": 1, "message_id": "5"}}, "a message that was passed on"),
        ({"components": [{"type": 12, "items": [{"media": {}}]}]}, "pictures, files or buttons"),
        ({"components": [{"type": 13, "file": {}}]}, "pictures, files or buttons"),
        ({"components": [{"type": 99}]}, "pictures, files or buttons"),
        ({"embeds": [{"type": "gifv", "video": {}}]}, "a picture or a film from elsewhere"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_kind(more, expected):
    told = said(**more).content.text
    assert told.replace("\\", "") == texts.unreadable(expected)


GALLERY = {"type": 12, "items": [{"media": {"url": "https://a.b/1.png"}}]}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"activity": {"type": 3, "party_id": "p"}}, "an invitation to an activity"),
        ({"purchase_notification": {"type": 0}}, "a purchase"),
        ({"shared_client_theme": {"colors": ["fff"]}}, "a theme"),
        ({"poll": POLL}, "Poll: Tea or 2*3?"),
        ({"sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}]}, "sticker: Wave"),
        ({"components": PANEL}, "to prod"),
        ({"components": [GALLERY]}, "pictures, files or buttons"),
        ({"components": [{"type": 10, "content": "see"}, GALLERY]}, "pictures, files or buttons"),
        ({"components": [{"type": 99}, {"type": 10, "content": "see"}]}, "pictures, files or"),
        ({"message_snapshots": [{"message": {"content": "the build"}}]}, "> the build"),
    ],
)
def test_what_stands_beside_words_does_not_vanish(more, expected):
    told = said(content="look here", **more).content.text
    assert told.startswith("look here\n")
    assert expected in told.replace("\\", "")


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ({"embeds": [EMBED]}, "> CI\n> **Build red**\n> see *log*\n> **host:** a\n> now"),
        ({"embeds": [{"url": "https://a.b"}]}, "> https://a.b"),
        ({"sticker_items": [{"name": "Wave"}]}, "> [sticker: Wave]"),
        ({"components": PANEL}, "> **Deploy**\n> to prod\n> Go\n> a graph"),
        ({}, "> _(a message; I cannot show it here)_"),
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


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"embeds": [{"type": "gifv", "video": {}}]}, "a picture or a film from elsewhere"),
        ({"components": [GALLERY]}, "pictures, files or buttons"),
        ({"message_reference": {"type": 1, "message_id": "5"}}, "a message that was passed on"),
        ({"activity": {"type": 3}}, "an invitation to an activity"),
        ({"sticker_items": [{"name": "Wave"}]}, "[sticker: Wave]"),
        ({}, "a message that has no words"),
    ],
)
def test_a_reply_to_something_without_words_tells_what_it_was(more, expected):
    assert expected in reply(content="", **more).quoted.text


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
def described():
    return json.loads(EXTRACT.read_text())


def test_the_extract_is_that_of_the_official_description(described):
    if not SPEC.is_file():
        pytest.skip("BRIDGE_SPECS names no folder with Discord's API")
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    components = schemas["MessageComponentTypes"]["oneOf"]
    assert described == {
        "MessageType": sorted(each["const"] for each in schemas["MessageType"]["oneOf"]),
        "MessageComponentTypes": {each["title"]: each["const"] for each in components},
        "MessageResponse": sorted(schemas["MessageResponse"]["properties"]),
    }


def test_every_type_of_message_is_speech_or_news(described):
    kinds = described["MessageType"]
    assert set(kinds) - parse.NEWS == {parse.DEFAULT, parse.REPLY}
    for kind in kinds:
        inbound = parse.said(message("hello", type=kind), SCENE)
        assert (inbound is None) is (kind in parse.NEWS), kind
    came = parse.said(message("", type=1, mentions=[{**ADA, "id": ME}]), SCENE)
    assert came.what == Added()


def test_words_in_a_component_of_every_type_are_read(described):
    for title, kind in described["MessageComponentTypes"].items():
        assert kind in content.LABELLED, title
        field = content.LABELLED[kind]
        if field:
            assert said(components=[{"type": kind, field: "words"}]).content.text == "words"


def test_whatever_a_message_can_hold_is_told_or_is_about_it(described):
    """Each field of a message that is there alone: it has words, or tells more of the message."""
    samples = {
        "embeds": [EMBED],
        "components": PANEL,
        "stickers": [{"name": "Wave"}],
        "sticker_items": [{"name": "Wave"}],
        "poll": POLL,
        "message_snapshots": [{"message": {}}],
        **{each: {"x": 1} for each in content.NAMED},
    }
    assert set(described["MessageResponse"]) - content.ABOUT == samples.keys()
    for field, sample in samples.items():
        spoken = said(**{field: sample})
        assert spoken.content or spoken.files, field


@pytest.mark.parametrize(
    "more",
    [
        {"message_snapshots": [{"message": {"content": "hi"}}], "content": "look"},
        {"poll": POLL},
        {"embeds": [EMBED]},
        {"components": PANEL},
    ],
)
def test_what_its_sender_did_not_write_is_from_outside(more):
    assert said(**more).content.outside
    edited = parse.changed(
        message(edited_timestamp="2026-01-02T03:04:05+00:00", **{"content": "", **more}), SCENE
    )
    assert edited.what.content.outside
    assert not said(content="hi", embeds=[EMBED]).content.outside  # the card is not told


def test_what_buttons_and_titles_open_is_told_after_their_words():
    button = {"type": 2, "style": 5, "label": "Runbook", "url": "https://a.example/run"}
    found = said(content="", components=[{"type": 1, "components": [button]}]).content.text
    assert found == "Runbook\nhttps://a.example/run"
    embed = {"title": "Disk full", "url": "https://a.example/1", "description": "95%"}
    found = said(content="", embeds=[embed]).content.text
    assert found == "**Disk full**\nhttps://a.example/1\n95%"


def test_a_sticker_is_its_senders_own_and_a_command_beside_it_is_one():
    content = said(content="/stop", sticker_items=[{"id": "3", "name": "Wave"}]).content
    assert not content.outside
    assert slash.commanded(content) is not None
