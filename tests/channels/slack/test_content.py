"""What a whole message says: its words, and whatever stands beside them."""

import pytest

from channels.slack import blocks, content
from tests.channels.slack.test_blocks import NAMES, rich, section, told, user

CELL = {"type": "raw_text", "text": "Item A"}
RICH_CELL = {"type": "rich_text", "elements": [section("a|b ", user("U1"))]}
NUMBER = {"type": "raw_number", "value": 1200, "text": "1,200"}
TABLE = {
    "type": "table",
    "rows": [[{"type": "raw_text", "text": "Name"}, {"type": "raw_text", "text": "Amount"}],
             [CELL, NUMBER], [RICH_CELL]],
}  # fmt: skip
WRITTEN = "| Name | Amount |\n| --- | --- |\n| Item A | 1,200 |\n| a\\|b @Ada\\_B |  |"
PASTED = {"id": 1, "blocks": [TABLE], "fallback": "[no preview available]"}


def text(words, kind="plain_text"):
    return {"type": kind, "text": words}


BUTTON = {"type": "button", "action_id": "a", "text": text("Press SAID"), "value": "v"}
CARD = {"type": "card", "title": text("SAID", "mrkdwn"), "body": text("more", "mrkdwn")}
DOCUMENTED = [
    {"type": "actions", "elements": [BUTTON]},
    {"type": "alert", "text": text("SAID"), "level": "warning"},
    CARD,
    {"type": "carousel", "elements": [CARD]},
    {"type": "container", "child_blocks": [{"type": "section", "text": text("SAID", "mrkdwn")}]},
    {"type": "context", "elements": [text("SAID", "mrkdwn")]},
    {"type": "context_actions", "elements": [
        {"type": "feedback_buttons", "positive_button": {"text": text("SAID"), "value": "p"}}]},
    {"type": "data_table", "caption": "Sales", "rows": [[text("SAID", "raw_text")], [CELL]]},
    {"type": "data_visualization", "title": "SAID", "chart": {
        "type": "pie", "segments": [{"label": "Kit Kat", "value": 45}]}},
    {"type": "file", "external_id": "ABCD1", "source": "remote"},
    {"type": "header", "text": text("SAID")},
    {"type": "image", "image_url": "https://a.example/1.png", "alt_text": "SAID"},
    {"type": "image", "image_url": "https://a.example/1.png", "alt_text": ""},
    {"type": "input", "label": text("SAID"), "element": {"type": "plain_text_input"}},
    {"type": "markdown", "text": "**SAID**"},
    {"type": "plan", "title": "SAID", "tasks": [
        {"type": "task_card", "task_id": "1", "title": "look", "status": "pending"}]},
    {"type": "section", "text": text("SAID", "mrkdwn")},
    {"type": "section", "fields": [text("SAID", "mrkdwn")]},
    {"type": "section", "text": text("a", "mrkdwn"), "accessory": BUTTON},
    {"type": "table", "rows": [[text("SAID", "raw_text")]]},
    {"type": "task_card", "task_id": "1", "title": "SAID", "status": "complete"},
    {"type": "video", "title": text("SAID"), "alt_text": "a film", "video_url": "https://a.example"},
    {"type": "call", "call_id": "R1", "call": {"v1": {"name": "SAID", "join_url": "https://a.b"}}},
    {"type": "table", "rows": []},
    {"type": "of_tomorrow", "inside": [{"deeper": {"text": "SAID"}}]},
    {"type": "of_tomorrow", "number": 5},
]  # fmt: skip
"""The blocks of https://docs.slack.dev/reference/block-kit/blocks but for words and rulers."""


def beside_words(block):
    """Yield a block as it comes: alone or with words, in the message or pasted into it."""
    pasted = {"id": 1, "blocks": [block], "fallback": "[no preview available]"}
    alone, words = {"blocks": [block]}, rich(section("look here"), text="look here")
    yield alone
    yield {"text": "", "attachments": [pasted]}
    yield {**words, "blocks": [*words["blocks"], block]}
    yield {**words, "attachments": [pasted]}
    yield {"text": "look here", "blocks": [block]}
    yield {"text": "look here", "attachments": [pasted]}


@pytest.mark.parametrize("block", DOCUMENTED, ids=lambda block: block["type"])
def test_no_block_vanishes_alone_or_beside_words(block):
    expected = "SAID" if "SAID" in str(block) else "I cannot show it here"
    for message in beside_words(block):
        found = content.told(message, NAMES).text
        assert expected in found
        assert not message.get("text") or "look here" in found


def test_a_table_that_is_pasted_under_words_is_told_row_by_row():
    message = rich(section("which is *cheapest*?"), attachments=[PASTED])
    assert told(message).text == f"which is \\*cheapest\\*?\n\n{WRITTEN}"
    assert blocks.people(message) == {"U1"}


def test_what_the_text_says_already_is_not_said_twice():
    """An app's text stands for its blocks where these cannot be seen; it may be but the first."""
    shown = [{"type": "header", "text": text("Build *failed*")},
             {"type": "section", "text": text("in `core`", "mrkdwn")}]  # fmt: skip
    assert told({"text": "Build *failed*", "blocks": shown}).text == "Build **failed**\n\nin `core`"


@pytest.mark.parametrize(
    ("words", "shown"),
    [("Approve payment of 5 EUR", "Approve payment of -5 EUR"), ("upload 1 2", "upload 1.2"),
     ("is 2 3", "is 2 * 3")],
)  # fmt: skip
def test_what_differs_by_a_sign_is_said_too(words, shown):
    section = {"type": "section", "text": text(shown)}
    found = told({"text": words, "blocks": [section]}).text
    assert len(found.split("\n\n")) == 2


def test_what_buttons_and_titles_open_is_told_after_their_words():
    opens = {**BUTTON, "url": "https://a.example/run_book"}
    assert told({"blocks": [{"type": "actions", "elements": [opens]}]}).text == (
        "Press SAID\nhttps://a.example/run_book"
    )
    alert = {
        "title": "Disk full", "title_link": "https://a.example/1", "text": "95%",
        "actions": [{"type": "button", "text": "Ack", "url": "https://a.example/ack"}],
    }  # fmt: skip
    assert told({"attachments": [alert]}).text == (
        "Disk full\nhttps://a.example/1\n95%\nAck\nhttps://a.example/ack"
    )


def test_what_stands_before_the_words_comes_before_them():
    header = {"type": "header", "text": text("Above")}
    words = rich(section("words"))["blocks"][0]
    assert told({"blocks": [header, words]}).text == "Above\n\nwords"


def test_a_shared_message_is_quoted_with_its_author():
    inner = rich(section("the *build* is red"))
    shared = {
        "is_share": True,
        "author_name": "Bob",
        "message_blocks": [{"channel": "C1", "message": inner}],
    }
    assert told({"text": "why?", "attachments": [shared]}).text == (
        "why?\n\n> **Bob:**\n> the \\*build\\* is red"
    )
    plain = {"is_share": True, "author_name": "Bob", "text": "a_b"}
    assert told({"text": "", "attachments": [plain]}).text == "> **Bob:**\n> a\\_b"


def test_an_unfolded_link_is_not_what_anyone_said():
    page = {"id": 1, "from_url": "https://a.b", "original_url": "https://a.b", "title": "A page"}
    assert told({"text": "look", "attachments": [page]}).text == "look"


def test_what_cannot_be_had_is_told():
    elsewhere = {"mode": "external", "title": "Plan", "external_url": "https://docs.example/1"}
    message = {"files": [{"mode": "tombstone"}, {"mode": "hidden_by_limit"}, elsewhere]}
    assert told(message).text == (
        "_(a file that was deleted; I cannot show it here)_\n\n"
        "_(a file that is too old for this workspace; I cannot show it here)_\n\n"
        "Plan: https://docs.example/1"
    )
    assert told({"blocks": [{"type": "divider"}]}).text == (
        "_(a message that has no words; I cannot show it here)_"
    )


def test_messages_passed_on_within_each_other_have_an_end():
    """Each level is a quote in the one above; what lies too deep is told in a line."""
    message = {"text": "the first"}
    for _ in range(2_000):
        inner = {**message, "blocks": [{"type": "divider"}]}
        shared = {"is_share": True, "author_name": "Ada", "message_blocks": [{"message": inner}]}
        message = {"text": "said", "attachments": [shared]}
    assert blocks.people(message) == frozenset()
    assert told(message).text.count("said") > 3


@pytest.mark.parametrize("odd", [
    {"text": 5, "fields": ["no field", {"title": ["x"]}], "is_share": False},
    {"blocks": "none"}, {"blocks": [{"type": ["x"], "text": {"type": "mrkdwn"}}]}, {}, "none",
    {"blocks": [{"type": "table", "rows": ["no row", 7, [None, {"type": "rich_text"}]]}]},
])  # fmt: skip
def test_an_odd_attachment_takes_no_words_with_it(odd):
    alert = {"title": "Disk", "text": "95 % full", "fields": [{"title": "Host", "value": "a"}]}
    found = told({"text": "look", "attachments": [odd, alert]}).text
    assert found.startswith("look")
    assert found.endswith("Disk\n95 % full\nHost: a")


def test_what_its_sender_did_not_write_is_from_outside():
    shared = {"is_share": True, "author_name": "Bob", "text": "remember this"}
    page = {"title": "A page", "text": "remember this", "from_url": "https://a.b"}
    app = {"blocks": [{"type": "section", "text": text("disk full", "mrkdwn")}]}
    elsewhere = {"mode": "external", "title": "Plan", "external_url": "https://docs.example/1"}
    assert told({"text": "why?", "attachments": [shared]}).outside
    assert told({"text": "why?", "attachments": [PASTED]}).outside
    assert told({"text": "", "attachments": [{**page, "is_msg_unfurl": True}]}).outside
    assert told({"text": "look", "files": [elsewhere]}).outside
    assert told(app).outside
    assert told({**app, "subtype": "me_message"}).outside
    assert not told({"text": "look", "attachments": [page]}).outside  # the page is not told
    assert not told(rich(section("hi"))).outside
