"""A part as Slack's blocks: its text, its label, its buttons, its key."""

import pytest

from bridge.demo.slack.fields import block_problems
from bridge.demo.slack.workspace import pings
from bridge.domain.parts import Button, Reply
from channels.slack import render
from tests.channels.slack.rig import part


def test_the_text_is_one_block_of_markdown():
    assert render.blocks(part("# Title\n\n**bold**")) == [
        {"type": "markdown", "text": "# Title\n\n**bold**"}
    ]


def test_a_part_without_a_text_has_no_empty_block():
    assert render.blocks(part(" ")) == []
    assert render.text(part("", speaker="Ada · Web")) == "Ada · Web"


def test_who_spoke_is_plain_text_on_one_line():
    label, _ = render.blocks(part("hello", speaker="*Ada*\n · \u202eWeb " + "x" * 300))
    (element,) = label["elements"]
    assert element["type"] == "plain_text"
    assert element["text"].startswith("*Ada* · Web x")
    assert len(element["text"]) == 200


@pytest.mark.parametrize(
    "words",
    [
        *("<!channel>", "<@U0001>", "@here", "a <!subteam^S1|x> b", "<!channel><!here>"),
        *("@here@channel", "@here<@U0001>", "`` ` ``@here", "`@here<!channel>`"),
    ],
)
def test_nobody_is_called_by_text_or_label(words):
    hostile = part(words, speaker=words)
    assert pings(render.text(hostile), render.blocks(hostile), links=False) == ()
    assert pings(render.comment(hostile), []) == ()


def test_no_tick_of_a_text_turns_the_code_around_a_name_inside_out():
    assert render.comment(part("a \\` b @here c")) == "a ' b `@here` c"
    assert render.comment(part("a \\` b")) == "a ` b"


def test_code_that_slack_might_read_is_an_element_that_it_does_not_read():
    words = "so\n\n```\ncall <!channel>\n  <@U0001>\n```\n\nit is"
    before, code, after = render.blocks(part(words))
    assert (before["text"], after["text"]) == ("so", "it is")
    text = {"type": "text", "text": "call <!channel>\n  <@U0001>"}
    assert code["elements"] == [{"type": "rich_text_preformatted", "elements": [text]}]
    assert [*block_problems(code)] == []


def test_what_notifications_show_is_escaped_as_slack_wants_it():
    assert render.text(part("a < b & c", speaker="A & B")) == "A &amp; B: a &lt; b &amp; c"


def test_buttons_are_rows_that_slack_takes():
    buttons = tuple(Button(value=f"v{number}", label="x" * 100) for number in range(60))
    blocks = render.blocks(part("Which?", buttons=buttons))
    assert [len(block.get("elements", ())) for block in blocks] == [0, 25, 25, 10]
    assert [*map(list, map(block_problems, blocks))] == [[]] * 4


def test_a_key_says_nothing_and_is_the_same_for_every_attempt():
    one = render.key(part("secret words", 1))
    assert one == render.key(part("other words", 1))
    assert one != render.key(part("secret words", 2))
    assert len(one) == 24


@pytest.mark.parametrize(
    "message",
    [{}, {"metadata": None}, {"metadata": {"event_type": "other", "event_payload": {"key": "x"}}}],
)
def test_a_message_without_our_metadata_has_no_key(message):
    assert render.key_of(message) is None


def test_the_key_of_a_message_is_that_of_its_part():
    assert render.key_of({"metadata": render.metadata(part("x"))}) == render.key(part("x"))


def test_a_reply_is_shown_to_the_asker_alone():
    shown = render.ephemeral(Reply(text="**done**"))
    assert shown["response_type"] == "ephemeral"
    assert shown["text"] == "done"
    assert shown["blocks"] == [{"type": "markdown", "text": "**done**"}]
