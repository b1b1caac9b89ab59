"""The blocks of a rich message as Markdown; `test_kinds` feeds every kind there is."""

from time import process_time

import pytest

from channels.telegram import rich


def paragraph(text):
    return {"type": "paragraph", "text": text}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "pre", "text": "x = `1`", "language": "py"}, "```py\nx = `1`\n```"),
        (paragraph("so\n  two"), "so\n&nbsp;\u00a0two"),
        ({"type": "pre", "text": "  x\n    y"}, "```\n  x\n    y\n```"),
        ({"type": "pullquote", "text": "so", "credit": "Bob"}, "> so\n>\n> — Bob"),
        ({"type": "blockquote", "blocks": [paragraph("a"), paragraph("b")]}, "> a\n>\n> b"),
        ({"type": "table", "cells": [[{"text": "a"}, {"text": "b|c"}], [{"text": "1"}, {}]]},
         "| a | b\\|c |\n| --- | --- |\n| 1 |  |"),
        ({"type": "details", "summary": "More", "blocks": [paragraph("x")]}, "**More**\n\nx"),
        ({"type": "list", "items": [{"label": "3.", "value": 3, "blocks": [paragraph("c")]}]},
         "3. c"),
        (paragraph([{"type": "code", "text": "a_b"}, " ",
                    {"type": "url", "text": "here", "url": "https://a.b/"}]),
         "`a_b` [here](<https://a.b/>)"),
        ({"type": "collage", "blocks": [], "caption": {"text": "us"}}, "us"),
        ({"type": "map", "location": {"latitude": 1, "longitude": 2}}, "1, 2"),
        ({"type": "of tomorrow", "text": "still read"}, "still read"),
        ({"type": "anchor", "name": "x"}, ""),
    ],
)  # fmt: skip
def test_a_block_keeps_its_words(block, expected):
    assert rich.markdown([block]) == expected


@pytest.mark.parametrize("kind", ["blockquote", "pullquote", "pre"])
def test_a_mention_in_a_quote_or_in_code_is_no_address(kind):
    called = {"type": "mention", "text": "@bridge_bot", "username": "bridge_bot"}
    inside = {"type": "paragraph", "text": called}
    assert list(rich.mentions([inside])) == [called]
    assert list(rich.mentions([{"type": kind, "text": called}])) == []
    assert list(rich.mentions([{"type": kind, "blocks": [inside]}])) == []
    assert (
        list(rich.mentions([{"type": "paragraph", "text": {"type": "code", "text": called}}])) == []
    )


def test_nesting_without_end_is_cut():
    block = paragraph("deep")
    for _ in range(500):
        block = {"type": "details", "summary": "s", "blocks": [block]}
    assert "deep" not in rich.markdown([block])
    assert list(rich.files([block])) == []
    assert list(rich.mentions([block])) == []


def test_what_is_no_block_is_passed_over():
    assert rich.markdown(["x", None, {"type": "list", "items": ["y"]}]) == ""


def test_a_block_of_nothing_but_backticks_is_fenced_at_once():
    begun = process_time()
    told = rich.markdown([{"type": "pre", "text": "`" * 100_000}])
    assert process_time() - begun < 0.5
    assert told.startswith("`" * 100_001 + "\n")
