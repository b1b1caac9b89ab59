"""After a failure: what is retried, when, and what never is."""

import ast
import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.retry import (
    BREATH,
    DOUBTS,
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    MAX_CHANGES,
    MOST_PAUSE,
    PREVIEW_PAUSE,
    PROVEN,
    UNANSWERED,
    UNANSWERED_LIMIT,
    UNRESOLVED,
    UNRESOLVED_LIMIT,
    Again,
    Decision,
    Doing,
    Drop,
    Lessen,
    Relocate,
    Resolve,
    Shut,
    Suspend,
    after,
    anew,
    asks_first,
    further,
    is_absent,
    is_reached,
    left,
    pause,
    preview_rests,
    silence,
    still_asks,
    waits_until,
)
from bridge.delivery.shown_receipts import UNSEEN
from bridge.domain.content import Attachment
from bridge.domain.errors import (
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
from bridge.domain.ids import ConversationId, MediaId, MessageId, PartId, SessionId
from bridge.domain.parts import Less, Part, Receipt, Span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def decide(error: ChannelError, *, tries: int = 0, key: str = "c_1"):
    return after(error, tries=tries, now=NOW, key=key)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (Rejected(), Drop()),
        (TextRefused(), Drop(why="forbidden")),
        (Gone(), Suspend(tries=8)),
        (
            Moved(place="elsewhere"),
            Relocate(place="elsewhere", otherwise=Suspend(tries=8)),
        ),
        (Unauthorized(), Shut(at=NOW + MOST_PAUSE, tries=8)),
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


def decide_on(attempts, part=None):
    decision = after(OutcomeUnknown(), tries=0, now=NOW, key="c_1", attempts=attempts, part=part)
    assert isinstance(decision, Resolve)
    return decision


def test_the_line_that_tells_of_a_loss_is_tried_for_as_long_as_it_takes():
    line = replace(part(), id=PartId("7:lost"))
    for attempts in range(1, 200):
        wait = decide_on(attempts, line).at - NOW
        assert SECOND <= wait <= MOST_PAUSE
        assert attempts < MAX_ATTEMPTS or wait == MOST_PAUSE


def test_a_change_of_unknown_outcome_is_made_again_but_not_for_ever():
    made = [
        after(OutcomeUnknown(), tries=0, now=NOW, key="c_1", doing="change", attempts=attempts)
        for attempts in range(1, MAX_CHANGES + 1)
    ]
    assert all(isinstance(each, Resolve) for each in made[:-1])
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


ONLY_WAITED_FOR = {"Unreachable"}


def test_every_error_of_a_channel_is_named_by_the_policy():
    """A new kind of error is not tried again and again only because nobody decided."""
    policy = ast.walk(ast.parse(inspect.getsource(after)))
    named = {ast.unparse(each.cls) for each in policy if isinstance(each, ast.MatchClass)}
    kinds = {kind.__name__ for kind in ChannelError.__subclasses__()}
    assert kinds - named == ONLY_WAITED_FOR


def failures() -> list[ChannelError]:
    """Return one of each kind, and one of no kind of its own."""
    given = {RateLimited: {"until": NOW}, Moved: {"place": "elsewhere"}}
    kinds = [ChannelError, *ChannelError.__subclasses__(), *Rejected.__subclasses__()]
    return [kind(**given.get(kind, {})) for kind in kinds]


def test_each_verdict_is_what_some_failure_leads_to_and_no_failure_leads_to_another():
    """Whatever is done, however often it was tried, with a file or without."""
    parts = [None, part(), part(files=1), part("plain"), part("bare")]
    found = {
        type(after(error, tries=0, now=NOW, key="c", doing=doing, attempts=attempts, part=each))
        for error, doing, attempts, each in product(
            failures(), get_args(Doing), (1, MAX_CHANGES), parts
        )
    }
    assert found == set(get_args(Decision))


def test_who_only_asks_or_knocks_is_never_told_to_drop_what_was_not_to_be_shown():
    """So the courier only has to wait; a refusal to be knocked at shows that someone is there."""
    for error, doing in product(failures(), ("ask", "probe")):
        decision = after(error, tries=0, now=NOW, key="c", doing=doing)
        if not (doing == "probe" and is_reached(error)):
            assert not isinstance(decision, Drop | Lessen), (error, doing)


# -- the receipt that a failure leaves -----------------------------------------------------------


def tried(tries: int = 3, *, why: Less = "", code: str = "", message: str = "") -> Receipt:
    return Receipt(
        session=SessionId("s"),
        conversation=ConversationId("c"),
        part=PartId("3:0"),
        source=3,
        upto=3,
        span=Span(start=0, end=5),
        state="attempted",
        at=NOW,
        message=MessageId(message) if message else None,
        tries=tries,
        why=why,
        code=code,
    )


@pytest.mark.parametrize(
    "decision",
    [
        Again(at=NOW, tries=1),
        Suspend(tries=1),
        Relocate(place="there", otherwise=Suspend(tries=1)),
        Shut(at=NOW, tries=1),
    ],
)
def test_what_was_surely_not_taken_is_owed_and_cost_no_try(decision):
    kept = left(tried(), decision, Unreachable())
    assert kept == replace(tried(2), state="owed")


def test_what_may_have_been_taken_stays_attempted():
    assert left(tried(), Resolve(at=NOW, tries=1), OutcomeUnknown()) is None


def test_what_is_shown_in_less_is_owed_so_with_the_platforms_reason():
    kept = left(tried(), Lessen(less="plain"), FormRefused(code="bad"))
    assert kept == replace(tried(2), state="owed", why="plain", code="bad")


def test_what_a_platform_showed_none_of_begins_to_count_anew_in_less():
    kept = left(tried(code=UNSEEN), Lessen(less="plain"), FormRefused(code="bad"))
    assert kept is not None
    assert kept.tries == 0


@pytest.mark.parametrize(
    ("decision", "error", "state", "why"),
    [
        (Drop(), Rejected(code="no"), "failed", "plain"),
        (Drop(why="forbidden"), TextRefused(code="no"), "failed", "forbidden"),
        (Drop(why="unchanged"), ChangeRefused(code="no"), "skipped", "unchanged"),
        (Drop(), OutcomeUnknown(code="no"), "unknown", "plain"),
    ],
)
def test_what_is_dropped_says_how_it_ended(decision, error, state, why):
    kept = left(tried(why="plain"), decision, error)
    assert kept == replace(tried(why="plain"), state=state, why=why, code="no")


@pytest.mark.parametrize(("error", "tries"), [(ChangeRefused(), 0), (OutcomeUnknown(), 1)])
def test_a_change_that_is_sent_anew_is_a_repeat_if_it_may_have_been_made(error, tries):
    assert anew(tried(message="m"), error) == replace(tried(tries), state="owed")


def test_a_platform_is_asked_before_a_second_attempt_and_not_before_the_first():
    assert [asks_first(attempts) for attempts in (1, 2, 3)] == [False, True, True]


def test_a_wait_ends_sooner_once_its_account_took_something_elsewhere():
    due = NOW + timedelta(minutes=4)
    assert waits_until(due, since=NOW, now=NOW + SECOND, is_back=False) == due
    assert waits_until(due, since=NOW, now=NOW + SECOND, is_back=True) == NOW + PROVEN
    assert waits_until(due, since=NOW, now=NOW + PROVEN, is_back=True) is None
    assert waits_until(due, since=NOW, now=due, is_back=False) is None


def test_a_wait_whose_beginning_is_unknown_is_believed_for_an_hour():
    now = NOW + SECOND
    assert waits_until(now + LONGEST_WAIT, since=None, now=now, is_back=True) == now + LONGEST_WAIT
    assert waits_until(now + LONGEST_WAIT + SECOND, since=None, now=now, is_back=False) is None


def test_a_preview_that_failed_is_left_alone_for_as_long_as_the_platform_asks():
    assert preview_rests(RateLimited(until=NOW + 5 * SECOND), NOW) == NOW + 5 * SECOND
    assert preview_rests(Unreachable(), NOW) == NOW + PREVIEW_PAUSE


@pytest.mark.parametrize(
    ("asked", "took", "absent"),
    [
        (-9, 0, True),
        (1, 0.1, False),
        (4.9, 0.1, False),
        (5, 0.1, True),
        (20, 3, False),
        (50, 11, True),
    ],
)
def test_that_something_is_not_there_is_believed_of_a_prompt_answer_in_time(asked, took, absent):
    """Seconds from the attempt; a clock that was set back since is no reason to ask for ever."""
    asked_at = NOW + timedelta(seconds=asked)
    now = asked_at + timedelta(seconds=took)
    assert is_absent(NOW, asked_at=asked_at, now=now) == absent
