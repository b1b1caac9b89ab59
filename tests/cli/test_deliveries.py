"""`bridge deliveries`: what places are owed, told in words."""

import json

import pytest

from bridge.cli.deliveries import told

PLACE = {
    "conversation": "c_1",
    "label": "Telegram",
    "state": "owed",
    "why": "",
    "error": "",
    "tries": 0,
    "failed": [],
}


def test_nothing_is_owed_where_nobody_follows(run):
    done = run("deliveries")
    assert (done.code, done.out) == (0, "nothing is owed, and nothing failed of late\n")
    assert json.loads(run("deliveries", "--json").out) == {"places": []}


def test_a_place_that_there_is_none_is_refused(run):
    for words in (("retry", "c_nowhere"), ("drop", "c_nowhere", "--yes")):
        done = run("deliveries", *words)
        assert (done.code, "no such place" in done.err) == (1, True)


def test_nothing_is_dropped_by_mistake(run):
    done = run("deliveries", "drop", "c_1")
    assert (done.code, "cannot be undone" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "not shown yet"),
        (
            {"why": "unanswered", "error": "503", "tries": 2},
            "not shown yet, the app could not be reached; 503 (2 times)",
        ),
        ({"state": "failed", "failed": [7, 9]}, "failed: 7, 9"),
        ({"failed": [7]}, "not shown yet; failed: 7"),
    ],
)
def test_how_a_place_stands_is_told_in_words(more, words):
    assert told({**PLACE, **more}) == words
