"""What people write at Slack arrives as the Markdown they meant."""

import pytest

from channels.discord import from_markdown as discord
from channels.slack import to_markdown as mrkdwn
from channels.telegram.render import formatted
from channels.whatsapp import from_markdown as whatsapp

NAMES = {"U1": "Ada", "UBOT": "bridge"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("*bold* and _slanted_ and ~gone~", "**bold** and _slanted_ and ~~gone~~"),
        ("2 * 3 * 4 ~ 5", "2 * 3 * 4 ~ 5"),
        ("*a* *b*", "**a** **b**"),
        ("snake_case*s and a*b*c", "snake_case*s and a*b*c"),
        ("`*c* &lt;d&gt;` *e*", "`*c* <d>` **e**"),
        ("```x &lt; y\n*z*```", "```\nx < y\n*z*\n```"),
        ("see ```x``` there", "see \n```\nx\n```\nthere"),
        ("```<https://a.example|a.example>```", "```\na.example\n```"),
        ("<https://a.example/?x=1&amp;y=2|text>", "[text](https://a.example/?x=1&y=2)"),
        ("<https://a.example/x_y_z>", "https://a.example/x_y_z"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("*<https://a.example|bold link>*", "**[bold link](https://a.example)**"),
        ("<https://a.example/*x*|stars>", "[stars](https://a.example/*x*)"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<tel:+123|+123>", "+123"),
        ("hi <@U1> and <@U2|bob> and <@U3>", "hi @Ada and @bob and @U3"),
        ("in <#C1|general> or <#C2>", "in #general or #C2"),
        ("<!here> <!channel> <!subteam^S1|@team>", "@here @channel @team"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("a &lt; b &amp;&amp; c &gt; d, &amp;lt;", "a < b && c > d, &lt;"),
        ("• one\n    ◦ two\n        ▪︎ three", "- one\n  - two\n    - three"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("&gt; said\nanswered", "> said\nanswered"),
        ("so:\n&gt;&gt;&gt; one\ntwo", "so:\n> one\n> two"),
        ("<> a < b", "<> a < b"),
        ("  spaces around \n", "spaces around"),
        ("an unclosed ``` fence", "an unclosed ``` fence"),
    ],
)
def test_what_is_written_becomes_markdown(written, meant):
    assert mrkdwn.content(written, NAMES).text == meant


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("<@UBOT> hello", "hello"),
        ("<@UBOT>: hello", "hello"),
        ("<@UBOT|bridge>, <@UBOT> hello", "hello"),
        ("hello <@UBOT>", "hello"),
        ("hello <@UBOT>?", "hello?"),
        ("<@UBOT>", ""),
        ("ask <@UBOT> about it", "ask <@UBOT> about it"),
        ("<@U1> hello", "<@U1> hello"),
        ("<@UBOT> /stop", "/stop"),
    ],
)
def test_the_bots_own_mention_is_taken_off_both_ends(written, left):
    assert mrkdwn.without(written, "UBOT") == left


def test_people_who_are_mentioned_are_found_once_each():
    assert mrkdwn.people("<@U1> <@W2|w> <@U1> <#C1> <!here>") == {"U1", "W2"}


def test_who_is_spoken_to_first_is_whoever_the_text_begins_with():
    assert mrkdwn.first_mentioned(" <@U1> and <@U2>") == "U1"
    assert mrkdwn.first_mentioned("dear <@U1>") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@UBOT> hi", True),
        ("&gt; <@UBOT> hi", False),
        ("&gt;&gt;&gt; so\n<@UBOT> is down", False),
        ("`<@UBOT>`", False),
        ("```\n<@UBOT>\n```", False),
        ("&gt; <@UBOT> hi\n<@UBOT> is that so?", True),
    ],
)
def test_a_mention_that_is_quoted_or_shown_as_code_calls_nobody(text, expected):
    assert mrkdwn.mentions(text, "UBOT") is expected


@pytest.mark.parametrize(
    "render", [discord.render, whatsapp.render, lambda text: formatted(text).text]
)
def test_what_begins_a_line_and_empty_lines_are_kept_elsewhere(render):
    text = "*so*\n  two\n    four\n\n\n    code = 1\n  end\n\u2022 a\n    \u25e6 b"
    shown = render(mrkdwn.content(text, {}).text)
    margins = [len(line) - len(line.lstrip(" ")) for line in shown.split("\n")]
    assert margins == [0, 2, 4, 0, 0, 4, 2, 0, 0, 2]


def test_no_link_in_code_breaks_out_of_it():
    assert mrkdwn.content("```a ``<https://a.b|`> *b*```", {}).text == "````\na ``` *b*\n````"
