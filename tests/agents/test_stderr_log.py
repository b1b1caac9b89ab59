"""A program's standard error reaches the log, within bounds."""

from time import process_time

import pytest
from structlog.testing import capture_logs

from agents.stderr_log import CHUNK, LAST, LONGEST, MOST, SPAN, StderrLog


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def chatter(watch) -> StderrLog:
    return StderrLog("helper", watch)


def lines(logged: list) -> list[str]:
    return [each["line"] for each in logged if each["event"] == "agent.stderr"]


def test_lines_are_logged_as_they_come(chatter) -> None:
    with capture_logs() as logged:
        chatter.take(b"one\ntw")
        chatter.take(b"o\n\nthree")
        chatter.end()
    assert lines(logged) == ["one", "two", "three"]
    assert logged[0]["agent"] == "helper"


def test_a_flood_is_counted_and_not_logged(chatter, watch) -> None:
    with capture_logs() as logged:
        chatter.take(b"".join(b"line %d\n" % number for number in range(MOST + 30)))
        watch.now += SPAN
        chatter.take(b"later\n")
        chatter.end()
    assert len(lines(logged)) == MOST + 1
    assert lines(logged)[-1] == "later"
    assert logged[-1] == {
        "event": "agent.stderr_dropped", "agent": "helper", "lines": 30, "log_level": "warning",
    }  # fmt: skip


def test_the_last_lines_are_kept_though_they_were_too_many_to_log(chatter) -> None:
    with capture_logs():
        chatter.take(b"".join(b"line %d\n" % number for number in range(100)))
    assert chatter.last == tuple(f"line {number}" for number in range(100 - LAST, 100))


def test_a_line_without_end_is_cut(chatter) -> None:
    with capture_logs() as logged:
        for _ in range(100):
            chatter.take(b"x" * 10_000)
        chatter.end()
    assert lines(logged) == ["x" * LONGEST]


def test_what_would_steer_a_terminal_is_taken_out(chatter) -> None:
    with capture_logs() as logged:
        chatter.take(b"\x1b[31mred\x1b[0m \xff\r\n")
    assert lines(logged) == ["[31mred [0m �"]


@pytest.mark.parametrize("line", [b"\n", b"x\n", b" \n"])
def test_a_flood_of_short_lines_is_not_read_line_by_line(chatter, line) -> None:
    with capture_logs():
        begun = process_time()
        for _ in range(20):
            chatter.take(line * (CHUNK // len(line)))
        assert process_time() - begun < 0.5
    assert chatter.dropped == (20 * CHUNK // 2 - MOST if line == b"x\n" else 0)
