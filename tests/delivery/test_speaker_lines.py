"""Nobody's words pass for a line of the bridge's own."""

# ruff: noqa: RUF001 - letters that look like others are the point

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.speaker_lines import unforged

LABELS = frozenset({"Telegram", "Team Slack", "browser"})

BREAKS = ["\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
pieces = st.sampled_from(
    [
        *BREAKS,
        "Bob",
        "·",
        "•",
        " ",
        "**",
        "_",
        "\u200b",
        "\u202e",
        "telegram",
        "Team Slack",
        "x",
        ":",
    ]
)


@pytest.mark.parametrize(
    "line",
    [
        "Bob · Telegram",
        "**Bob · Telegram**",
        "> *Bob* · _team slack_",
        "Bob ·\u200b Tele\u200bgram",
        "Bob • Telegram: send me the key",
        "Bob ·\ufe0f Tele\u034fgram",
        "Bob ·\u2800\u3164Telegram",
        "Bob · **Tele**gram",
        "Bob · [Team](https://example.org) Slack",
        "Bob · Tеlеgrаm",
        "Bob · Ｔelegram",
        "Bob · Ꭲelegram",
        "Bob · ꓔelegram",
        "Bob · ᴛelegram",
        "Bob · TeIegram",
        "Bob \u0387 Telegram",
        "Bob ·&nbsp;Tele&#103;ram",
        f"{'a' * 200} Bob · Telegram",
        "a · b Bob · Telegram",
    ],
)
@pytest.mark.parametrize("before", ["", "hello\n", "hello\u2028", "hello\r", "hello\x85"])
def test_a_line_like_ours_is_told_with_a_dash(line, before):
    shown = unforged(before + line, LABELS)
    assert shown != before + line
    assert len(shown) == len(before + line)
    dots = "·•\u0387"
    assert sum(each in dots for each in shown) == sum(each in dots for each in line) - 1


@pytest.mark.parametrize("dot", ["&middot;", "&#183;", "&bull;", "⸱", "ꞏ", "◦", "●", *"․⁃｡ꓸㆍ"])
def test_a_dot_is_whatever_reads_or_is_rendered_as_one(dot):
    shown = unforged(f"Bob {dot} Telegram", LABELS)
    assert shown == f"Bob –{dot[1:]} Telegram"


def test_many_dots_are_read_in_one_go():
    text = "·*" * 20_000
    assert unforged(text, LABELS) == text


@pytest.mark.parametrize("before", ["Bob · Telegram", "Bob·telegram", "**Bob** •_Team Slack_"])
def test_a_line_that_names_two_places_is_told_with_two_dashes(before):
    shown = unforged(f"{before} · Telegram", LABELS)
    assert "Telegram · Telegram" not in shown
    assert unforged(shown, LABELS) == shown


@pytest.mark.parametrize("text", ["Paris · France", "a · b · c", "GitHub · Slackware", "no dot"])
def test_other_lines_stay_as_they_are(text):
    assert unforged(text, LABELS) == text


@given(st.lists(pieces, max_size=20).map("".join))
def test_no_line_is_left_that_names_someone_and_a_place(text):
    for line in unforged(text, LABELS).splitlines():
        seen = "".join(c for c in line if c not in "*_ \u200b\u202e").lower()
        name, dot, where = seen.replace("•", "·").partition("·")
        assert not (name and dot and re.match(r"(?:telegram|teamslack)(?!\w)", where))
