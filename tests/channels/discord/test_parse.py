"""Discord's JSON, read once and for good."""

import json
from dataclasses import replace

import pytest

from bridge.domain.content import Content
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Edited, Pressed, Spoken
from channels.discord import parse
from channels.discord.parse import FileRef, Scene
from tests.channels.discord.account import World

SCENE = Scene(account=ChannelName("discord"), place="9", room=True, title="#general", known=World())
ADA = {"id": "4", "username": "ada", "global_name": "Ada", "discriminator": "0", "avatar": None}


def message(content="hello", **more):
    return {
        "id": "100",
        "channel_id": "9",
        "type": 0,
        "author": ADA,
        "content": content,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        **more,
    }


# -- messages -------------------------------------------------------------------------------------


def test_a_name_is_the_nickname_here_else_the_display_name_else_the_user_name():
    plain = {**ADA, "global_name": None}
    nick = {"nick": "Countess"}
    assert parse.said(message(member=nick), SCENE).sender.name == "Countess"
    assert parse.said(message(member={"nick": None}), SCENE).sender.name == "Ada"
    assert parse.said(message(author=plain), SCENE).sender.name == "ada"


def test_a_mention_is_named_by_what_discord_sends_along():
    bob = {**ADA, "id": "5", "global_name": "Bobby"}
    heard = parse.said(message("ask <@5>", mentions=[bob]), SCENE)
    assert heard.what.content.text == "ask @Bobby"
    assert not heard.what.addressed


def test_a_reply_names_what_it_replies_to_and_is_addressed_if_that_is_ours():
    ours = {"author": {**ADA, "id": "1"}, "id": "50"}
    reference = {"message_id": "50", "channel_id": "9"}
    reply = message(type=19, message_reference=reference, referenced_message=ours)
    heard = parse.said(reply, SCENE)
    assert heard.what.reply_to == "50"
    assert heard.what.addressed
    assert heard.what.by_reply
    pinged = {**reply, "mentions": [{**ADA, "id": "1"}]}
    assert parse.said(pinged, SCENE).what.by_reply
    called = parse.said({**pinged, "content": "<@1> look"}, SCENE)
    assert (called.what.addressed, called.what.by_reply) == (True, False)
    gone = parse.said({**reply, "referenced_message": None}, SCENE)
    assert gone.what.reply_to == "50"
    assert not gone.what.addressed


def test_what_is_forwarded_is_quoted_with_its_files():
    attached = {"id": "8", "filename": "a.txt", "size": 1, "url": "http://cdn/a.txt"}
    snapshot = {"message": {"content": "first\nsecond", "attachments": [attached]}}
    reference = {"type": 1, "message_id": "50", "channel_id": "3"}
    forwarded = message("", message_reference=reference, message_snapshots=[snapshot])
    heard = parse.said(forwarded, SCENE)
    assert heard.what.content.text == "> first\n> second"
    assert heard.what.reply_to is None
    assert [each.name for each in heard.what.files] == ["a.txt"]


def test_a_voice_message_that_is_forwarded_is_one():
    """Whether it is a voice message its own flags say, not those of what passes it on."""
    spoken = {"id": "8", "filename": "voice-message.ogg", "size": 1, "url": "http://cdn/v.ogg",
              "content_type": "audio/ogg"}  # fmt: skip
    reference = {"type": 1, "message_id": "50", "channel_id": "3"}
    for flags, kind in ((1 << 13, "voice"), (0, "audio")):
        snapshot = {"message": {"content": "", "flags": flags, "attachments": [spoken]}}
        forwarded = message(
            "", flags=1 << 14, message_reference=reference, message_snapshots=[snapshot]
        )
        (file,) = parse.said(forwarded, SCENE).what.files
        assert file.kind == kind
    own = message("", flags=1 << 13, attachments=[spoken])
    assert [each.kind for each in parse.said(own, SCENE).what.files] == ["voice"]


def test_a_sticker_is_told_by_its_name():
    heard = parse.said(message("", sticker_items=[{"id": "3", "name": "Wave"}]), SCENE)
    assert heard.what.content.text == "[sticker: Wave]"


@pytest.mark.parametrize("kind", [2, 3, 6, 7, 8, 18, 20, 21, 24, 46])
def test_announcements_are_nothing_anyone_said(kind):
    assert parse.said(message(type=kind), SCENE) is None


@pytest.mark.parametrize("nobody", ["bot", "system"])
def test_what_no_person_wrote_is_not_heard(nobody):
    assert parse.said(message(author={**ADA, nobody: True}), SCENE) is None


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"edited_timestamp": None},
        {"edited_timestamp": "2026-01-02T03:04:05+00:00", "author": {**ADA, "bot": True}},
        {"edited_timestamp": "2026-01-02T03:04:05+00:00", "type": 18},
    ],
)
def test_not_every_update_is_an_edit(update):
    assert parse.changed(message(**update), SCENE) is None


def test_each_edit_of_a_message_has_an_id_of_its_own():
    first, second = (
        parse.changed(message("new", edited_timestamp=f"2026-01-02T03:04:0{n}+00:00"), SCENE)
        for n in (1, 2)
    )
    assert first.external_id != second.external_id
    assert first.what == Edited(message=MessageId("100"), content=Content(text="new"), files=())


def test_where_a_file_is_survives_being_written_down():
    url = "https://cdn.example/attachments/9/8/plan.pdf?ex=1&is=2"
    ref = FileRef(place="9", message="100", file="8", url=url)
    assert FileRef.of(str(ref)) == ref
    assert json.loads(str(ref))


# -- interactions ---------------------------------------------------------------------------------


def interaction(kind, data, **more):
    who = more or {"member": {"user": ADA, "nick": None}, "guild_id": "11"}
    return {"id": "300", "type": kind, "data": data, "channel_id": "9", **who}


def test_an_interaction_tells_the_language_of_whoever_asks():
    asked = interaction(2, {"name": "stop", "type": 1}, user=ADA) | {"locale": "zh-CN"}
    assert parse.interacted(asked, SCENE).sender.language == "zh-CN"
    assert parse.interacted(asked | {"locale": None}, SCENE).sender.language == ""


def test_presses_and_commands_are_heard_and_nothing_else_is():
    pressed = parse.interacted(interaction(3, {"custom_id": "a:q:0", "component_type": 2}), SCENE)
    asked = parse.interacted(interaction(2, {"name": "stop", "type": 1}, user=ADA), SCENE)
    assert pressed.what == Pressed(value="a:q:0")
    assert asked.what == Spoken(message=MessageId("300"), content=Content(text="/stop"))
    assert parse.interacted(interaction(2, {"name": "Quote", "type": 3}), SCENE) is None
    assert parse.interacted(interaction(3, {"custom_id": "x", "component_type": 3}), SCENE) is None
    assert parse.interacted(interaction(4, {"name": "stop"}), SCENE) is None


# -- what others read, though nobody said it


@pytest.mark.parametrize(
    "beside",
    [
        {"attachments": [{"id": "1", "filename": "a", "url": "u", "description": "CODE"}]},
        {"attachments": [{"id": "1", "filename": "a", "url": "u", "title": "CODE"}]},
        {"embeds": [{"title": "CODE"}]},
        {"embeds": [{"fields": [{"name": "a", "value": "CODE"}]}]},
    ],
    ids=str,
)
def test_all_that_people_see_beside_a_message_is_told_along(beside):
    heard = parse.said(message("look", **beside), SCENE)
    assert "CODE" in heard.beside
    assert "CODE" not in heard.what.content.text
    edited = parse.changed(message(edited_timestamp="2026-01-01", **beside), SCENE)
    assert "CODE" in edited.beside


def test_what_others_read_of_an_app_in_a_room_is_told_and_nothing_of_ours_or_in_private():
    of_app = message("CODE", webhook_id="7")
    assert parse.said(of_app, SCENE) is None
    assert "CODE" in parse.readable(of_app, SCENE).words
    assert parse.readable(of_app, replace(SCENE, room=False)) is None
    assert parse.readable(message("CODE", author={**ADA, "id": "1"}), SCENE) is None
