"""After a failure: what is retried, when, and what never is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.content import Attachment
from bridge.errors import (
    ChangeRefused,
    ChannelError,
    FileRefused,
    FormRefused,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TextRefused,
    Unauthorized,
    Unreachable,
)
from bridge.ids import ConversationId, MediaId, PartId, SessionId
from bridge.parts import Less, Part, Span
from bridge.retry import (
    BREATH,
    DOUBTS,
    MAX_ATTEMPTS,
    MAX_CHANGES,
    MAX_RUN_FAILURES,
    MOST_PAUSE,
    UNANSWERED,
    UNANSWERED_LIMIT,
    UNRESOLVED,
    UNRESOLVED_LIMIT,
    Again,
    Drop,
    Lessen,
    Relocate,
    Resolve,
    Shut,
    Suspend,
    after,
    further,
    is_over,
    is_reached,
    pause,
    run_backoff,
    silence,
    still_asks,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def decide(error: ChannelError, *, tries: int = 0, key: str = "c_1"):
    return after(error, tries=tries, now=NOW, key=key)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (Rejected(), Drop()),
        (TextRefused(), Drop(why="forbidden")),
        (Gone(), Suspend()),
        (Moved(place="elsewhere"), Relocate(place="elsewhere")),
        (Unauthorized(), Shut()),
    ],
)
def test_what_will_never_succeed_is_not_retried(error, decision):
    assert decide(error, tries=7) == decision


def test_an_unreachable_platform_is_tried_again_and_the_try_is_counted():
    decision = decide(Unreachable(), tries=2)
    assert isinstance(decision, Again)
    assert decision.tries == 3
    assert NOW + 4 * SECOND <= decision.at <= NOW + 8 * SECOND


def test_a_certain_error_of_no_class_of_its_own_is_tried_again():
    assert isinstance(decide(ChannelError("odd")), Again)


def test_a_rate_limit_is_honoured_to_the_second_and_is_no_try():
    until = NOW + timedelta(hours=3)
    assert decide(RateLimited(until=until), tries=2) == Again(at=until, tries=2)


def test_a_rate_limit_that_is_over_means_almost_at_once():
    """A platform that says so each time is not asked without a pause."""
    assert decide(RateLimited(until=NOW - SECOND)) == Again(at=NOW + BREATH, tries=0)


def test_attempts_of_unknown_outcome_come_farther_and_farther_apart():
    """So that a platform which shows each of them shows few, and a short outage is soon over."""
    decisions = [decide_on(attempts) for attempts in range(1, MAX_ATTEMPTS)]
    waits = [decision.at - NOW for decision in decisions]
    for least, wait in zip(DOUBTS, waits, strict=True):
        assert least <= wait <= 1.5 * least
    assert {decision.tries for decision in decisions} == {1}
    assert decide_on(MAX_ATTEMPTS).at == NOW + SECOND, "then the place is told of it soon"


def decide_on(attempts):
    decision = after(OutcomeUnknown(), tries=0, now=NOW, key="c_1", attempts=attempts)
    assert isinstance(decision, Resolve)
    return decision


def test_a_change_of_unknown_outcome_is_made_again_but_not_for_ever():
    made = [
        after(OutcomeUnknown(), tries=0, now=NOW, key="c_1", doing="change", attempts=attempts)
        for attempts in range(1, MAX_CHANGES + 1)
    ]
    assert all(isinstance(each, Again) for each in made[:-1])
    assert made[-1] == Drop()


@pytest.mark.parametrize("doing", ["ask", "probe"])
def test_whoever_only_asks_may_ask_for_ever(doing):
    for tries in range(20):
        decision = after(OutcomeUnknown(), tries=tries, now=NOW, key="c_1", doing=doing)
        assert isinstance(decision, Again)
        assert NOW + SECOND <= decision.at <= NOW + MOST_PAUSE


def test_a_platform_that_refuses_to_say_is_not_asked_for_long():
    for tries in range(20):
        decision = after(Rejected(), tries=tries, now=NOW, key="c_1", doing="ask")
        assert isinstance(decision, Resolve)
        assert NOW + SECOND <= decision.at <= NOW + UNRESOLVED_LIMIT
        assert decision.tries == tries + 1


@pytest.mark.parametrize(
    ("error", "reached", "code"),
    [
        (Unreachable(), False, UNANSWERED),
        (OutcomeUnknown(), False, UNANSWERED),
        (Rejected(), True, UNRESOLVED),
        (RateLimited(until=NOW), True, ""),
        (Gone(), True, ""),
    ],
)
def test_what_an_answer_says_of_the_platform(error, reached, code):
    assert is_reached(error) is reached
    assert silence(error) == code


@pytest.mark.parametrize(
    ("code", "limit"), [(UNRESOLVED, UNRESOLVED_LIMIT), (UNANSWERED, UNANSWERED_LIMIT)]
)
def test_a_platform_is_asked_for_a_while(code, limit):
    assert still_asks("", 1000 * limit)
    assert still_asks(code, limit - SECOND)
    assert not still_asks(code, limit)
    assert not still_asks(code, -limit), "the clock was set back"


@given(
    begun=st.integers(-10_000_000, 10_000_000),
    length=st.integers(0, 10_000),
    now=st.integers(-10_000_000, 10_000_000),
)
def test_no_wait_is_longer_than_itself_whatever_the_clock_does(begun, length, now):
    since, lasts = NOW + begun * SECOND, length * SECOND
    left = since + lasts - (NOW + now * SECOND)
    is_done = is_over(since + lasts, now=NOW + now * SECOND, since=since)
    assert is_done or left <= lasts
    assert is_done is (left <= 0 * SECOND or left > lasts)
    assert is_done is is_over(since + lasts, now=NOW + now * SECOND, longest=lasts)


def test_an_error_that_is_not_certain_is_never_simply_sent_again():
    class Odd(ChannelError):
        certain = False

    assert isinstance(decide(Odd()), Resolve)


@given(tries=st.integers(0, 10_000), key=st.text())
def test_pauses_lie_between_a_second_and_five_minutes(tries, key):
    assert SECOND <= pause(tries, key) <= timedelta(minutes=5)


@given(key=st.text())
def test_pauses_grow_up_to_the_longest_ones(key):
    pauses = [pause(tries, key) for tries in range(9)]
    assert pauses[:8] == sorted(pauses[:8])
    assert pauses[8] >= timedelta(seconds=150)


def test_asked_twice_it_answers_the_same_and_lanes_spread_out():
    assert pause(3, "c_1") == pause(3, "c_1")
    assert len({pause(3, f"c_{n}") for n in range(50)}) == 50


def test_failed_runs_wait_one_second_then_five_then_twenty_five():
    assert [run_backoff(failures) for failures in range(5)] == [
        0 * SECOND,
        1 * SECOND,
        5 * SECOND,
        25 * SECOND,
        125 * SECOND,
    ]
    assert run_backoff(10_000) == timedelta(minutes=5)
    assert MAX_RUN_FAILURES == 3


# -- in less --------------------------------------------------------------------------------------


def part(less: Less = "", *, files: int = 0) -> Part:
    file = Attachment(kind="image", name="a.png", mime="image/png", size=9, media=MediaId("m"))
    return Part(
        id=PartId("3:0"),
        session=SessionId("s"),
        conversation=ConversationId("c"),
        source=3,
        upto=3,
        span=Span(start=0, end=5),
        text="hello",
        attachments=(file,) * files,
        less=less,
    )


def ladder(error: ChannelError, files: int) -> list[Less]:
    """Return the steps down that a part takes whose every form is refused so."""
    taken: list[Less] = []
    while True:
        less = taken[-1] if taken else ""
        has_files = 0 if less in {"without_file", "bare"} else files
        now = after(error, tries=0, now=NOW, key="c_1", part=part(less, files=has_files))
        if not isinstance(now, Lessen):
            assert now == Drop()
            return taken
        taken.append(now.less)


@pytest.mark.parametrize(
    ("error", "files", "steps"),
    [
        (Rejected(), 0, ["plain"]),
        (Rejected(), 2, ["plain", "bare"]),
        (FormRefused(), 0, ["plain"]),
        (FormRefused(), 1, ["plain", "bare"]),
        (FileRefused(), 1, ["without_file", "bare"]),
        (FileRefused(), 0, ["plain"]),
    ],
)
def test_what_is_refused_is_shown_in_less_step_by_step_and_then_given_up(error, files, steps):
    assert ladder(error, files) == steps


def test_files_that_are_refused_go_at_once_and_the_form_stays():
    assert after(FileRefused(), tries=0, now=NOW, key="c", part=part(files=1)) == Lessen(
        less="without_file"
    )


@pytest.mark.parametrize("error", [ChangeRefused(), Gone()])
def test_a_change_that_is_refused_is_left_out_and_suspends_nothing(error):
    assert after(error, tries=0, now=NOW, key="c", doing="change", part=part()) == Drop(
        why="unchanged"
    )


@pytest.mark.parametrize(
    ("why", "step", "then"),
    [
        ("", "plain", "plain"),
        ("", "without_file", "without_file"),
        ("plain", "without_file", "bare"),
        ("without_file", "plain", "bare"),
        ("plain", "plain", ""),
        ("bare", "plain", ""),
        ("plain", "", ""),
        ("", "", ""),
    ],
)
def test_a_later_failure_takes_the_same_steps(why, step, then):
    assert further(why, step) == then
