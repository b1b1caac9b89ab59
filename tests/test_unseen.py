"""What is left out is said once, counted, and never floods the log."""

import re
from pathlib import Path
from typing import get_args

import pytest
from structlog.testing import capture_logs

from bridge.unseen import ELSEWHERE, MEANINGS, MOST_PLACES, WINDOW, Reason, Unseen

PAGE = Path(__file__).parent.parent / "docs" / "operations.md"


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def unseen(seconds: Seconds) -> Unseen:
    return Unseen(seconds)


def test_every_reason_has_a_meaning_and_no_other_has_one():
    assert MEANINGS.keys() == set(get_args(Reason))


def test_every_reason_is_in_the_page_about_operations_with_its_kind_and_level():
    rows = re.findall(r"^\| `(\w+)` \| ([\w-]+) \| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    told = {reason: (kind, level) for reason, kind, level in rows}
    assert told == {each: (it.kind, it.level) for each, it in MEANINGS.items()}


def test_what_is_left_out_is_one_line_with_reason_account_and_place(unseen):
    with capture_logs() as logged:
        unseen.note("stranger", account="chat", place="dm", what="Spoken")
    assert logged == [
        {
            "event": "not stored",
            "log_level": "info",
            "reason": "stranger",
            "kind": "refusal",
            "account": "chat",
            "place": "dm",
            "what": "Spoken",
            "times": 1,
        }
    ]


def test_a_flood_is_one_line_a_minute_that_says_how_often(unseen, seconds):
    with capture_logs() as logged:
        for _ in range(1000):
            unseen.note("stranger", account="chat", place="dm")
        seconds.now = WINDOW
        unseen.note("stranger", account="chat", place="dm")
    assert [each["times"] for each in logged] == [1, 1000]


def test_what_was_counted_after_the_last_line_is_said_when_its_minute_is_over(unseen, seconds):
    with capture_logs() as logged:
        for _ in range(3):
            unseen.note("stranger", account="chat", place="dm")
        unseen.flush()
        assert [each["times"] for each in logged] == [1]
        seconds.now = WINDOW
        unseen.flush()
        unseen.flush()
    assert [each["times"] for each in logged] == [1, 2]


def test_each_place_has_its_line_until_there_are_too_many(unseen, seconds):
    """Whoever can make places can not make lines."""
    with capture_logs() as logged:
        for number in range(MOST_PLACES * 10):
            unseen.note("unplaced", account="chat", place=f"room {number}")
    assert len(logged) == MOST_PLACES + 1
    assert logged[-1]["place"] == ELSEWHERE
    seconds.now = WINDOW
    with capture_logs() as later:
        unseen.flush()
    assert [(each["place"], each["times"]) for each in later] == [(ELSEWHERE, MOST_PLACES * 9 - 1)]


def test_a_loss_that_no_stranger_can_cause_is_said_each_time(unseen):
    with capture_logs() as logged:
        for _ in range(3):
            unseen.note("given_up", trace="s#1")
    assert [each["log_level"] for each in logged] == ["warning"] * 3


def test_everything_is_counted_by_reason_and_account(unseen):
    with capture_logs():
        for account in ("chat", "mail", "mail"):
            unseen.note("stranger", account=account)
    assert [(each.reason, each.account, each.times) for each in unseen.counts()] == [
        ("stranger", "mail", 2),
        ("stranger", "chat", 1),
    ]
    assert unseen.check().detail == "stranger 2 (mail), stranger 1 (chat)"


def test_the_doctor_says_that_nothing_was_left_out(unseen):
    assert unseen.check().detail == "nothing since the start"
    unseen.note("muted")
    unseen.reset()
    assert unseen.counts() == []
