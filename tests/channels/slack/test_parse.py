"""What Slack delivers is read as what people did, and everything else as nothing."""

import pytest

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.inbound import Added, Deleted, Edited, Pressed, RemoteFile, Spoken
from channels.slack import blocks, content
from channels.slack.client import BotUser
from channels.slack.conversation_ids import Spot
from channels.slack.parse import Reader, Shown

ACCOUNT = BotUser(
    team="T1",
    team_name="Acme",
    user="UBOT",
    bot="BBOT",
    name="bridge",
    url="",
    scopes=None,
    enterprise="E1",
)
TS, LATER = "1700000000.000100", "1700000001.000200"
NOW = "1700000009.000900"


def reader(*threads: str, mode="auto") -> Reader:
    return Reader(
        account=ACCOUNT,
        threads=mode,
        takes_part=lambda spot: bool(spot.thread) and str(spot) in threads,
    )


def event(**more):
    return {"type": "event_callback", "event": {"type": "message", "channel": "C1", **more}}


def said(text="hi", **more):
    return event(**({"user": "U1", "text": text, "ts": TS} | more))


def read(payload, *threads, mode="auto"):
    found = reader(*threads, mode=mode).payload(payload, now=NOW)
    return None if isinstance(found, Shown) else found


def shown(payload):
    found = reader().payload(payload, now=NOW)
    return found.words if isinstance(found, Shown) else None


# -- in which workspace


def installed(team, **more):
    return [{"team_id": team, "user_id": "UBOT2", "is_bot": True, **more}]


COMMAND = {"command": "/bridge", "channel_id": "D1", "user_id": "U1", "trigger_id": "1", "text": ""}


@pytest.mark.parametrize(
    "told",
    [
        said() | {"authorizations": installed("T2")},
        said(type="app_mention", text="<@UBOT> hi") | {"authorizations": installed("T2")},
        COMMAND | {"team_id": "T2"},
        COMMAND | {"team_id": "T2", "enterprise_id": "E2", "is_enterprise_install": "false"},
        COMMAND | {"team_id": "T2", "enterprise_id": "E2", "is_enterprise_install": "true"},
        said()
        | {"authorizations": installed("T2", enterprise_id="E2", is_enterprise_install=True)},
        said()
        | {"authorizations": installed(None, enterprise_id="E2", is_enterprise_install=True)},
    ],
)
def test_nobody_is_heard_in_another_workspace_that_has_the_app_too(told):
    """Ids of people are a workspace's own, and its socket brings all that have the app."""
    assert read(told) is None


@pytest.mark.parametrize(
    "told",
    [
        said() | {"authorizations": installed("T1")},
        said() | {"authorizations": installed("T2"), "is_ext_shared_channel": True},
        said()
        | {"authorizations": installed(None, enterprise_id="E1", is_enterprise_install=True)},
        said() | {"authorizations": installed("T1", enterprise_id="E2")},
        said() | {"authorizations": installed("T2", enterprise_id="E1")},
        said() | {"authorizations": []},
        COMMAND | {"team_id": "T1"},
        COMMAND | {"team_id": "T2", "enterprise_id": "E1", "is_enterprise_install": "true"},
    ],
)
def test_rooms_that_are_shared_and_the_whole_organisation_are_heard(told):
    assert read(told) is not None


# -- messages


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "a message that has no words"),
        ({"blocks": []}, "a message that has no words"),
        ({"subtype": "file_share", "files": []}, "a message that has no words"),
        ({"subtype": "hologram"}, "something that Slack calls 'hologram'"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_kind(more, expected):
    news = read(said(text="", **more))
    told = content.told(news.message, blocks.MentionNames(people={}, me="UBOT"))
    assert told.text == texts.unreadable(expected)


SPEECH = ("", "file_share", "me_message", "thread_broadcast")
"""Subtypes that people write, by Slack's documentation of the event `message`."""

NEWS = (
    "assistant_app_thread", "bot_add", "bot_message", "bot_remove", "channel_archive",
    "channel_canvas_updated", "channel_convert_to_private", "channel_convert_to_public",
    "channel_join", "channel_leave", "channel_posting_permissions",
    "channel_purpose", "channel_topic", "channel_unarchive", "ekm_access_denied", "file_comment",
    "file_mention", "group_archive", "group_join", "group_leave", "group_purpose",
    "group_topic", "group_unarchive", "message_replied", "pinned_item", "reminder_add",
    "reply_broadcast", "unpinned_item",
)  # fmt: skip
"""Those that Slack or an app writes."""


@pytest.mark.parametrize("subtype", SPEECH)
@pytest.mark.parametrize("text", ["hi", ""])
def test_every_subtype_that_people_write_is_heard(subtype, text):
    news = read(said(text=text, subtype=subtype))
    assert isinstance(news.what, Spoken)
    assert content.told(news.message, blocks.MentionNames(people={}, me="UBOT"))


@pytest.mark.parametrize("subtype", NEWS)
def test_every_subtype_that_nobody_writes_is_nothing(subtype):
    assert read(said(subtype=subtype)) is None


@pytest.mark.parametrize("subtype", ["channel_name", "group_name"])
def test_what_a_room_is_called_from_now_on_is_read(subtype):
    news = read(said(subtype=subtype, name="plans", old_name="general"))
    assert (news.room, news.name) == ("C1", "plans")


def test_a_mention_alone_is_no_message_without_words():
    news = read(said(text="<@UBOT>"))
    told = content.told(news.message, blocks.MentionNames(people={}, me="UBOT"))
    assert told.text == ""


def test_a_direct_message_is_addressed_and_named_by_its_time():
    news = read(said(channel="D1"))
    assert news.external_id == f"D1:{TS}"
    assert news.spot == Spot(room="D1")
    assert news.user == "U1"
    assert news.what == Spoken(message=TS, content=Content(text="hi"), addressed=True)
    assert news.source == "D1"


def test_a_message_in_a_room_is_overheard():
    news = read(said())
    assert news.spot == Spot(room="C1")
    assert not news.what.addressed


def test_a_mention_in_a_room_is_addressed_and_begins_a_thread():
    news = read(said("<@UBOT> hi"))
    assert news.spot == Spot(room="C1", thread=TS)
    assert news.what.addressed
    assert news.what.content.text == "hi"
    assert news.source == "C1"


def test_with_threads_never_a_mention_is_answered_in_the_room_itself():
    assert read(said("<@UBOT> hi"), mode="never").spot == Spot(room="C1")


def test_a_mention_in_a_direct_message_begins_no_thread():
    assert read(said("<@UBOT> hi", channel="D1")).spot == Spot(room="D1")


def test_both_deliveries_of_a_mention_are_one_message():
    mention = said("<@UBOT> hi", type="app_mention")
    assert read(mention) == read(said("<@UBOT> hi"))


def test_a_reply_belongs_to_its_thread():
    news = read(said(thread_ts="1690000000.000001"))
    assert news.spot == Spot(room="C1", thread="1690000000.000001")
    assert news.source == "C1/1690000000.000001"
    assert not news.what.addressed


def test_the_first_message_of_a_thread_is_still_one_of_the_room():
    assert read(said(thread_ts=TS)).spot == Spot(room="C1")


@pytest.mark.parametrize(
    ("text", "is_addressed"),
    [("go on", True), ("<@U2> what do you think?", False), ("ask <@U2> <@UBOT>", True)],
)
def test_in_a_thread_the_bot_takes_part_in_it_goes_on_answering(text, is_addressed):
    news = read(said(text, thread_ts="1690000000.000001"), "C1/1690000000.000001")
    assert news.what.addressed is is_addressed


def test_a_reply_to_what_the_bot_said_is_addressed():
    news = read(said(thread_ts="1690000000.000001", parent_user_id="UBOT"))
    assert news.what.addressed


def test_a_thread_in_a_direct_message_is_a_place_of_its_own():
    news = read(said(channel="D1", thread_ts="1690000000.000001"))
    assert news.spot == Spot(room="D1", thread="1690000000.000001")
    assert news.what.addressed


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_what_people_write_in_other_ways_is_speech_too(subtype):
    assert isinstance(read(said(subtype=subtype)).what, Spoken)


@pytest.mark.parametrize(
    "payload",
    [
        said(bot_id="B2"),
        said(app_id="A2"),
        said(user="UBOT"),
        said(user="USLACKBOT"),
        said(user="USLACKBOT", subtype="slackbot_response"),
        said(user=None),
        said(subtype="channel_join"),
        said(subtype="bot_message"),
        said(subtype="message_replied"),
        said(subtype="channel_topic"),
        {"type": "event_callback", "event": {"type": "reaction_added", "event_ts": TS}},
        {"type": "view_submission"},
        {"type": "hello"},
    ],
)
def test_what_people_did_not_say_is_not_heard(payload):
    assert read(payload) is None


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback"},
        {"type": "event_callback", "event": {"type": "message", "user": "U1", "text": "x"}},
        {"type": "event_callback", "event": None},
        {"type": "block_actions"},
        {"command": "/bridge"},
    ],
)
def test_what_is_no_payload_is_an_error_to_be_caught(payload):
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        read(payload)


# -- files


def file(**more):
    return {
        "id": "F1",
        "name": "a.png",
        "mimetype": "image/png",
        "size": 7,
        "mode": "hosted",
        "url_private_download": "https://files.slack.com/a.png",
        **more,
    }


def test_files_come_along_with_what_is_needed_to_fetch_them():
    news = read(said(text="", subtype="file_share", files=[file()]))
    assert news.what.files == (
        RemoteFile(
            kind="image",
            name="a.png",
            mime="image/png",
            ref="https://files.slack.com/a.png",
            size=7,
        ),
    )


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"mimetype": "audio/webm", "subtype": "slack_audio"}, "voice"),
        ({"mimetype": "audio/mpeg"}, "audio"),
        ({"mimetype": "video/mp4"}, "video"),
        ({"mimetype": "application/pdf"}, "file"),
        ({"mimetype": None}, "file"),
    ],
)
def test_a_file_is_of_the_kind_its_type_says(more, kind):
    assert read(said(files=[file(**more)])).what.files[0].kind == kind


def test_a_file_whose_address_is_not_told_is_known_by_its_id():
    connect = {"id": "F1", "mode": "file_access", "file_access": "check_file_info"}
    assert read(said(files=[connect])).what.files[0].ref == "id:F1"


@pytest.mark.parametrize("mode", ["tombstone", "hidden_by_limit", "external"])
def test_a_file_that_cannot_be_had_is_not_fetched(mode):
    assert read(said(files=[{"id": "F1", "mode": mode}])).what.files == ()


@pytest.mark.parametrize(
    "event",
    [
        said("look", subtype="of tomorrow"),
        said("", blocks=[{"type": "rich_text", "elements": []}]),
        said("", attachments=[{"is_share": True, "text": "the build is red"}]),
        said("", files=[{"id": "F1", "mode": "tombstone"}]),
        said("", subtype="file_share", files=[{"id": "F1", "mode": "hosted"}]),
    ],
)
def test_whatever_a_person_sends_is_heard(event):
    assert isinstance(read(event).what, Spoken)


def test_the_files_of_a_shared_message_come_along():
    shared = {"is_share": True, "files": [file()]}
    assert [each.name for each in read(said("", attachments=[shared])).what.files] == ["a.png"]


RICH_CODE = [{"type": "user", "user_id": "UBOT", "style": {"code": True}}]
RICH_NAME = [{"type": "user", "user_id": "UBOT"}]


@pytest.mark.parametrize(
    "event",
    [
        said("run `<@UBOT> help`"),
        said("```\n<@UBOT> help\n```"),
        said("&gt; <@UBOT> help\nis how"),
        said("`<@UBOT>`", blocks=[{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": RICH_CODE}]}]),
        said("<@UBOT>", blocks=[{"type": "rich_text", "elements": [
            {"type": "rich_text_preformatted", "elements": RICH_NAME}]}]),
    ],
)  # fmt: skip
def test_a_mention_in_code_or_in_a_quote_calls_nobody(event):
    news = read(event)
    assert not news.what.addressed
    assert news.spot == Spot(room="C1")


def test_a_mention_in_a_thread_says_that_the_bot_is_called_into_it():
    earlier = "1699999999.000100"
    assert read(said("<@UBOT> why?", thread_ts=earlier)).joins == earlier
    assert read(said("<@UBOT> why?", thread_ts=earlier), f"C1/{earlier}").joins == ""
    assert read(said("<@UBOT> why?")).joins == ""


def test_an_edit_that_changes_the_files_brings_those_there_are():
    news = read(changed("hi", "hi", files=[file()]))
    assert [each.ref for each in news.what.files] == ["https://files.slack.com/a.png"]
    assert read(changed("hi", "hello")).what.files is None


# -- changes


def changed(before="hi", after="hello", **more):
    message = {"user": "U1", "ts": TS, "text": after, "edited": {"user": "U1", "ts": LATER}} | more
    return event(
        subtype="message_changed",
        message=message,
        previous_message={"user": "U1", "ts": TS, "text": before},
        ts=LATER,
        event_ts=LATER,
    )


def test_an_edit_is_named_by_the_message_and_the_time_of_the_edit():
    news = read(changed())
    assert news.external_id == f"C1:{TS}@{LATER}"
    assert news.what == Edited(message=TS, content=Content(text="hello"))
    assert news.ts == LATER


def test_an_edit_stays_where_the_message_was_though_it_mentions_the_bot_no_more():
    assert read(changed("<@UBOT> hi", "hello")).spot == Spot(room="C1", thread=TS)


@pytest.mark.parametrize(
    "payload",
    [
        changed("same", "same"),  # a link was unfurled
        changed(edited=None),  # a thread began under it
        changed(user="UBOT"),
        changed(bot_id="B1"),
    ],
)
def test_what_slack_changes_by_itself_is_no_edit(payload):
    assert read(payload) is None


def test_a_change_of_a_table_that_was_pasted_is_an_edit():
    def pasted(words):
        rows = [[{"type": "raw_text", "text": words}]]
        return [{"id": 1, "blocks": [{"type": "table", "rows": rows}], "fallback": ""}]

    payload = changed("same", "same", attachments=pasted("new"))
    payload["event"]["previous_message"]["attachments"] = pasted("old")
    assert isinstance(read(payload).what, Edited)
    payload["event"]["previous_message"]["attachments"] = pasted("new")
    assert read(payload) is None


def deleted(previous, **more):
    return event(
        subtype="message_deleted",
        deleted_ts=TS,
        previous_message=previous,
        ts=LATER,
        event_ts=LATER,
        **more,
    )


def test_a_deletion_is_named_by_the_message():
    news = read(deleted({"user": "U1", "ts": TS, "text": "hi"}))
    assert news.external_id == f"C1:{TS}@deleted"
    assert news.what == Deleted(message=TS)
    assert news.user == "U1"


def test_the_first_message_of_a_thread_leaves_a_stone_where_it_was_deleted():
    news = read(changed("<@UBOT> hi", "This message was deleted.", subtype="tombstone"))
    assert news.what == Deleted(message=TS)
    assert news.spot == Spot(room="C1", thread=TS)


def test_whose_message_was_deleted_must_be_known():
    assert read(deleted({})) is None


# -- the rest


def test_being_added_is_heard_from_whoever_did_it():
    joined = {"type": "member_joined_channel", "user": "UBOT", "channel": "C1", "event_ts": TS}
    news = read({"type": "event_callback", "event": joined | {"inviter": "U1"}})
    assert (news.what, news.user, news.spot) == (Added(), "U1", Spot(room="C1"))
    assert read({"type": "event_callback", "event": joined}) is None
    other = joined | {"user": "U2", "inviter": "U1"}
    assert read({"type": "event_callback", "event": other}) is None


def press(**more):
    return {
        "type": "block_actions",
        "user": {"id": "U1", "name": "ada"},
        "container": {"message_ts": TS, "channel_id": "C1"},
        "message": {"ts": TS},
        "actions": [{"type": "button", "value": "a:q_1:0", "action_ts": LATER}],
        **more,
    }


def test_a_press_brings_the_buttons_value_and_is_named_by_message_time_and_person():
    news = read(press())
    assert news.external_id == f"press:C1:{TS}:{LATER}:U1"
    assert news.what == Pressed(value="a:q_1:0")
    assert news.spot == Spot(room="C1")
    assert news.name == "ada"


def test_a_press_in_a_thread_is_one_of_the_thread():
    news = read(press(message={"ts": TS, "thread_ts": "1690000000.000001"}))
    assert news.spot == Spot(room="C1", thread="1690000000.000001")
    assert read(press(message={"ts": TS, "thread_ts": TS})).spot == Spot(room="C1")


def test_what_is_chosen_elsewhere_than_with_a_button_is_not_ours():
    assert read(press(actions=[{"type": "static_select", "action_ts": LATER}])) is None


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("stop", "/stop"),
        ("/stop", "/stop"),
        ("Help", "/Help"),
        ("", "/help"),
        ("status now", "/status now"),
        ("what is new?", "what is new?"),
        ("stopping is hard", "stopping is hard"),
    ],
)
def test_a_slash_command_is_a_command_or_something_said(typed, means):
    command = {
        "command": "/bridge",
        "text": typed,
        "channel_id": "C1",
        "user_id": "U1",
        "user_name": "ada",
        "trigger_id": "1.2",
    }
    news = read(command)
    assert news.what.content.text == means
    assert news.what.addressed
    assert news.external_id == "slash:1.2"
    assert news.slash
    assert news.ts == NOW


# -- what others read, though nobody said it


def of_bot(text):
    return {"subtype": "bot_message", "bot_id": "B2", "text": text, "ts": TS}


@pytest.mark.parametrize(
    "payload",
    [
        said(subtype="channel_topic", topic="CODE", text="<@U1> set the topic: CODE"),
        said(subtype="channel_purpose", purpose="CODE"),
        event(**of_bot("CODE")),
        event(**of_bot(""), blocks=[{"type": "section", "text": {"text": "CODE"}}]),
        changed("hi", "hi", edited=None, attachments=[{"from_url": "a", "title": "CODE"}]),
    ],
    ids=["topic", "purpose", "another bot", "blocks of another bot", "the preview of a link"],
)
def test_what_others_read_in_a_room_is_told_though_nobody_said_it(payload):
    assert "CODE" in shown(payload)


def test_what_the_bot_said_itself_or_stands_where_one_person_reads_is_not_told():
    """Its codes are shown in private."""
    assert shown(said("CODE", user="UBOT", bot_id="BBOT")) is None
    direct = event(**of_bot("CODE"))
    direct["event"]["channel"] = "D1"
    assert shown(direct) is None
