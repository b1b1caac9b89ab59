"""What comes from outside the conversation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import texts
from bridge.domain.commands import (
    Archive,
    ChangeRole,
    ClosePush,
    FailRun,
    Fire,
    Join,
    Leave,
    Link,
    Merge,
    PauseSchedule,
    PlanAnew,
    Push,
    RemoveSchedule,
    RunSchedule,
    SetSchedule,
    Stop,
    Trigger,
)
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Every,
    Once,
    ParticipantLeft,
    PushClosed,
    Pushed,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    Source,
    Triggered,
)
from bridge.domain.ids import RunId, ScheduleId
from bridge.domain.projection import project
from bridge.session.decide_external import LONGEST_TEXT, MOST_SCHEDULES
from bridge.session.fold import Begin
from tests.playbook import (
    ADA,
    AT,
    DM,
    EVE,
    NOTHING,
    end,
    seconds,
    start,
    with_ada,
)
from tests.session.lines import (
    API,
    TEA,
)


def test_a_push_is_said_as_it_is_and_a_trigger_is_asked_of_the_agent():
    push = Push(source=API, content=Content(text="news"), to=(ADA,), buttons=(TEA,), key="k")
    pushed = Pushed(source=API, content=Content(text="news"), to=(ADA,), buttons=(TEA,))
    play = with_ada() >> push << pushed
    assert play.drafts[0].key == "k"
    play >> Trigger(source=API, prompt="look", key="t") << Triggered(source=API, prompt="look")
    assert play.drafts[0].key == "t"


def test_what_a_program_pushes_goes_to_people_and_places_of_the_session_alone():
    push = Push(source=API, content=Content(text="news"), by=ADA, priority="low")
    here = Link(conversation=DM, by=ADA)
    (
        with_ada()
        >> here
        >> replace(push, to=(ADA,), places=(DM,))
        << Pushed(source=API, content=Content(text="news"), to=(ADA,), places=(DM,), priority="low")
    )
    with_ada() >> replace(push, to=(EVE,)) << Refused(texts.PUSHED_OUTSIDE)
    with_ada() >> replace(push, places=(DM,)) << Refused(texts.PUSHED_ELSEWHERE)


SCHEDULE = ScheduleId("sch_1")
HOURLY = Every(seconds=3600, start=AT)


def schedule(rule=HOURLY, action="say"):
    return SetSchedule(schedule=SCHEDULE, rule=rule, action=action, text="tea", to=(ADA,), by=ADA)


def test_a_schedule_says_when_it_is_first_due():
    play = with_ada() >> seconds(1) >> schedule()
    play << ScheduleSet(
        schedule=SCHEDULE,
        rule=HOURLY,
        action="say",
        text="tea",
        first=AT + timedelta(hours=1),
        to=(ADA,),
        by=ADA,
        since=play.head - 1,
    )


def test_a_schedule_that_can_never_be_due_is_refused():
    play = with_ada() >> schedule(Once(at=AT - seconds(1)))
    assert isinstance(play.error, Refused)


def test_a_slot_fires_once_however_often_it_is_tried():
    first = AT + timedelta(hours=1)
    play = with_ada(seconds(1), schedule(), timedelta(hours=1))
    fire = Fire(schedule=SCHEDULE, slot=first)
    source = Source(
        kind="schedule", name=SCHEDULE, slot=first, next_slot=first + timedelta(hours=1)
    )
    play >> fire << Pushed(source=source, content=Content(text="tea"), to=(ADA,))
    head = play.head
    play >> fire
    assert play.head == head


def test_a_schedule_may_ask_the_agent_instead():
    slot = AT + timedelta(hours=1)
    play = with_ada(seconds(1), schedule(action="ask"), timedelta(hours=1))
    play >> Fire(schedule=SCHEDULE, slot=slot)
    source = Source(kind="schedule", name=SCHEDULE, slot=slot, next_slot=slot + timedelta(hours=1))
    play << Triggered(source=source, prompt="tea") << Begin()


def test_a_schedule_that_was_removed_does_not_fire():
    play = with_ada(seconds(1), schedule()) >> RemoveSchedule(schedule=SCHEDULE, by=ADA)
    play << ScheduleRemoved(schedule=SCHEDULE, by=ADA)
    play >> RemoveSchedule(schedule=SCHEDULE, by=ADA) << NOTHING
    play >> Fire(schedule=SCHEDULE, slot=AT + timedelta(hours=1)) << NOTHING


def test_archiving_a_session_removes_its_schedules():
    play = with_ada(seconds(1), schedule()) >> Archive(by=ADA)
    play << (ScheduleRemoved(schedule=SCHEDULE, by=ADA), SessionArchived(by=ADA))
    assert play.session.schedules == {}


@pytest.mark.parametrize(
    ("over", "named"),
    [
        (Leave(participant=EVE, by=ADA, called="Eve"), "**Eve**"),
        (Leave(participant=EVE, by=EVE), "someone who is no longer a member"),
        (ChangeRole(by=ADA, participant=EVE, role="viewer"), "someone who is no longer a member"),
    ],
)
def test_what_someone_planned_ends_with_their_right_to_plan_it(over, named):
    """Nothing is said or asked on behalf of someone who was put out. The owner is told once."""
    mine, hers = (
        replace(schedule(), schedule=ScheduleId(f"sch_{n}"), by=by)
        for n, by in ((1, ADA), (2, EVE))
    )
    another = replace(hers, schedule=ScheduleId("sch_3"))
    play = with_ada(Join(participant=EVE, role="member"), mine, hers, another) >> over
    _, *removed, told = [each.body for each in play.drafts]
    assert removed == [ScheduleRemoved(schedule=ScheduleId(f"sch_{n}")) for n in (2, 3)]
    assert told.to == (ADA,)
    assert told.content.text.startswith(f"2 schedules of {named}")
    assert set(play.session.schedules) == {"sch_1"}
    play >> Fire(schedule=hers.schedule, slot=AT + timedelta(hours=1)) << NOTHING


def test_neither_does_what_was_planned_by_whoever_left_before_that_was_so():
    """A log of an earlier version has schedules of people who are gone."""
    slot = AT + timedelta(hours=1)
    joined = Join(participant=EVE, role="member")
    play = with_ada(
        joined, replace(schedule(action="ask"), by=EVE), ParticipantLeft(participant=EVE)
    )
    play >> Fire(schedule=SCHEDULE, slot=slot)
    removed, told = [each.body for each in play.drafts]
    assert (removed, told.to) == (ScheduleRemoved(schedule=SCHEDULE), (ADA,))
    play >> Fire(schedule=SCHEDULE, slot=slot) << NOTHING


def test_what_was_planned_under_another_id_goes_on():
    """Two people turned out to be one."""
    joined = Join(participant=EVE, role="member")
    for_eve = replace(schedule(), by=EVE, to=(EVE,))
    play = with_ada(joined, seconds(1), for_eve, timedelta(hours=1)) >> Merge(
        participant=EVE, into=ADA
    )
    play >> Fire(schedule=SCHEDULE, slot=AT + timedelta(hours=1))
    (draft,) = play.drafts
    assert isinstance(draft.body, Pushed)
    assert draft.body.to == (ADA,)


def test_a_schedule_is_planned_anew_once_when_the_clock_was_set_back():
    """It would be silent until the clock is again where it was."""
    late = Fire(schedule=SCHEDULE, slot=AT + timedelta(hours=1))
    play = with_ada(seconds(1), schedule(), timedelta(hours=9), late)
    then = AT + timedelta(hours=10)
    play >> timedelta(hours=-7) >> PlanAnew(schedule=SCHEDULE, slot=then)
    (draft,) = play.drafts
    assert AT + timedelta(hours=2) < draft.body.first <= AT + timedelta(hours=3)
    assert (draft.body.text, draft.body.again) == ("tea", 1)
    play >> Fire(schedule=SCHEDULE, slot=draft.body.first)
    (fired,) = play.drafts
    assert fired.key.endswith(f"@{draft.body.first.isoformat()}")
    assert "#" not in fired.key, "it is the same slot in every plan"


def test_a_slot_that_comes_again_is_passed_and_costs_no_run():
    play = with_ada(seconds(1), replace(schedule(), times=3), timedelta(hours=1))
    again = Fire(schedule=SCHEDULE, slot=AT + timedelta(hours=1), is_over=True)
    play >> again
    (draft,) = play.drafts
    assert isinstance(draft.body, ScheduleSet)
    assert (draft.body.first, draft.body.times) == (AT + timedelta(hours=2), 3)
    play >> again << NOTHING


@pytest.mark.parametrize("late", ["once", "all", "skip"])
def test_what_may_have_been_asked_before_a_restore_is_not_asked_again_and_that_is_told(late):
    """By then the agent's tools may have worked; what came due since is asked as ever."""
    play = with_ada(seconds(1), replace(schedule(action="ask"), late=late), timedelta(hours=9))
    heard = AT + timedelta(hours=8, minutes=30)
    slot = AT + timedelta(hours=1)
    play >> Fire(schedule=SCHEDULE, slot=slot, restored=heard)
    moved, told = play.drafts
    assert moved.body.first == AT + timedelta(hours=9)
    assert told.body.to == (ADA,)
    assert "may have been done then" in told.body.content.text


def test_what_was_to_be_asked_once_before_a_restore_is_told_and_removed():
    slot = AT + timedelta(hours=1)
    play = with_ada(schedule(Once(at=slot), action="ask"), timedelta(hours=2))
    play >> Fire(schedule=SCHEDULE, slot=slot, restored=slot)
    removed, told = play.drafts
    assert isinstance(removed.body, ScheduleRemoved)
    assert isinstance(told.body, Pushed)


def test_what_was_to_be_said_before_a_restore_is_said():
    """A reminder that comes twice is cheaper than one that never comes; places mark it."""
    slot = AT + timedelta(hours=1)
    play = with_ada(seconds(1), schedule(), timedelta(hours=1))
    play >> Fire(schedule=SCHEDULE, slot=slot, restored=slot)
    (said,) = play.drafts
    assert said.body.source.slot == slot


@pytest.mark.parametrize("gone", [True, False], ids=["it was removed", "it is due soon"])
def test_what_needs_no_other_plan_gets_none(gone):
    play = with_ada(seconds(1), schedule())
    if gone:
        play >> RemoveSchedule(schedule=SCHEDULE, by=ADA)
    play >> PlanAnew(schedule=SCHEDULE, slot=AT + timedelta(hours=1)) << NOTHING


def test_what_another_process_planned_anew_already_is_not_planned_anew_again():
    play = with_ada(seconds(1), schedule(), timedelta(hours=9), timedelta(hours=-8))
    play >> PlanAnew(schedule=SCHEDULE, slot=AT + timedelta(hours=9)) << NOTHING


@pytest.mark.parametrize("rule", [Once(at=AT + timedelta(hours=1)), HOURLY], ids=["once", "every"])
def test_one_with_the_same_id_as_one_that_is_over_fires_whatever_the_clock_was(rule):
    """Its slot has come before: it would stay due, and be tried without end."""
    fire = Fire(schedule=SCHEDULE, slot=AT + timedelta(hours=1))
    play = with_ada(seconds(1), schedule(rule), timedelta(hours=1), fire)
    play >> RemoveSchedule(schedule=SCHEDULE, by=ADA) >> timedelta(minutes=-30)
    before = play.head
    play >> schedule(rule) >> timedelta(hours=1) >> fire
    assert isinstance(play.events[-1].body, Pushed)
    assert play.head == before + 2
    play >> fire << NOTHING


def test_nothing_is_planned_in_a_session_that_is_over_and_nothing_is_due_there():
    play = with_ada(seconds(1), schedule())
    planned = play.events[-1].body
    play >> Archive(by=ADA) >> replace(schedule(), by=None) << Refused(texts.ARCHIVED)
    play >> planned >> timedelta(hours=1)
    play >> Fire(schedule=SCHEDULE, slot=planned.first) << ScheduleRemoved(schedule=SCHEDULE)


# -- changed, paused, run now ---------------------------------------------------------------------

HOUR = timedelta(hours=1)


def test_who_changes_a_schedule_becomes_whose_it_is_and_it_is_planned_anew():
    eve = Join(participant=EVE, role="member")
    play = with_ada(eve, seconds(1), replace(schedule(), by=EVE))
    play >> replace(schedule(), text="coffee")
    (draft,) = play.drafts
    assert (draft.body.text, draft.body.by, draft.body.again) == ("coffee", ADA, 1)
    assert draft.body.first == AT + HOUR


def slots_fired(play):
    """Fire whatever is due by now, one slot after the other; return which those were."""
    fired = []
    while (first := play.session.schedules[SCHEDULE].first) <= play.now:
        play >> Fire(schedule=SCHEDULE, slot=first)
        bodies = [draft.body for draft in play.drafts]
        fired += [each.source.slot for each in bodies if isinstance(each, Pushed | Triggered)]
    return fired


@pytest.mark.parametrize(
    "change",
    [
        {"text": "coffee"},
        {"action": "ask"},
        {"late": "all"},
        {"until": AT + 50 * HOUR},
        {"times": 7},
        {"rule": replace(HOURLY, start=AT - HOUR)},
        {"rule": Every(seconds=1800, start=AT)},
    ],
    ids=str,
)
@pytest.mark.parametrize("after", [seconds(0), seconds(1), 3 * HOUR], ids=str)
def test_what_is_due_when_it_is_changed_fires_all_the_same_and_once(change, after):
    """Nobody had fired it yet; or the bridge had been down, and it is late."""
    play = with_ada(seconds(1), schedule(), HOUR - seconds(1) + after)
    since = play.session.schedules[SCHEDULE].since
    play >> replace(schedule(), **change)
    (known,) = play.session.schedules.values()
    assert (known.schedule, known.since, known.first) == (SCHEDULE, since, AT + HOUR)
    fired = slots_fired(play)
    assert fired[0] == AT + HOUR
    assert fired == sorted(set(fired))
    play >> replace(schedule(), **{**change, "text": "again"})
    assert slots_fired(play) == [], "each slot once"


@pytest.mark.parametrize("change", [{"text": "coffee"}, {"rule": Every(seconds=1800, start=AT)}])
def test_a_change_before_it_is_due_moves_no_slot_of_the_same_rule(change):
    play = with_ada(seconds(1), schedule(), seconds(5))
    play >> replace(schedule(), **change)
    step = timedelta(seconds=play.session.schedules[SCHEDULE].rule.seconds)
    assert play.session.schedules[SCHEDULE].first == AT + step


def test_by_another_rule_it_is_due_when_that_says():
    """What is due by now is none of its times, so it is over."""
    play = with_ada(seconds(1), schedule(), HOUR)
    play >> schedule(Every(seconds=3600, start=AT + seconds(90)))
    assert play.session.schedules[SCHEDULE].first == AT + HOUR + seconds(90)
    play >> schedule(Once(at=AT + 5 * HOUR))
    assert play.session.schedules[SCHEDULE].first == AT + 5 * HOUR
    play >> HOUR >> schedule(Every(seconds=0.5, start=AT))
    assert isinstance(play.error, Refused)


def test_it_cannot_end_before_what_is_due():
    play = with_ada(seconds(1), schedule(), HOUR)
    play >> replace(schedule(), until=AT + seconds(60)) << Refused(texts.OVER_BEFORE_DUE)
    play >> replace(schedule(), until=AT + HOUR)
    assert play.session.schedules[SCHEDULE].first == AT + HOUR


def test_what_is_late_and_due_once_can_still_be_changed():
    play = with_ada(schedule(Once(at=AT + HOUR)), 2 * HOUR)
    play >> replace(schedule(Once(at=AT + HOUR)), text="coffee")
    assert play.session.schedules[SCHEDULE].first == AT + HOUR


def test_a_paused_schedule_is_not_due_and_goes_on_from_its_next_time():
    play = with_ada(seconds(1), schedule())
    play >> PauseSchedule(schedule=SCHEDULE, by=ADA)
    (draft,) = play.drafts
    assert (draft.body.paused, draft.body.first, draft.body.by) == (True, None, ADA)
    play >> PauseSchedule(schedule=SCHEDULE, by=ADA) << NOTHING
    play >> 3 * HOUR >> Fire(schedule=SCHEDULE, slot=AT + HOUR) << NOTHING
    play >> PlanAnew(schedule=SCHEDULE, slot=AT + HOUR) << NOTHING
    play >> PauseSchedule(schedule=SCHEDULE, paused=False, by=ADA)
    (draft,) = play.drafts
    assert (draft.body.paused, draft.body.first, draft.body.again) == (False, AT + 4 * HOUR, 2)
    play >> HOUR >> Fire(schedule=SCHEDULE, slot=AT + 4 * HOUR)
    assert len(play.drafts) == 1


def test_a_paused_schedule_that_is_changed_stays_paused():
    play = with_ada(seconds(1), schedule(), PauseSchedule(schedule=SCHEDULE, by=ADA))
    play >> replace(schedule(), text="coffee")
    (draft,) = play.drafts
    assert (draft.body.text, draft.body.paused, draft.body.first) == ("coffee", True, None)


def test_an_owner_who_pauses_a_schedule_does_not_become_whose_it_is():
    eve = Join(participant=EVE, role="member")
    play = with_ada(eve, seconds(1), replace(schedule(), by=EVE))
    play >> PauseSchedule(schedule=SCHEDULE, by=ADA)
    assert play.session.schedules[SCHEDULE].by == EVE


def test_what_is_over_while_it_is_paused_cannot_go_on():
    play = with_ada(schedule(Once(at=AT + HOUR)), PauseSchedule(schedule=SCHEDULE, by=ADA))
    play >> 2 * HOUR >> PauseSchedule(schedule=SCHEDULE, paused=False, by=ADA)
    assert isinstance(play.error, Refused)


@pytest.mark.parametrize("command", [PauseSchedule, RunSchedule])
def test_what_there_is_not_can_be_neither_paused_nor_run(command):
    play = with_ada() >> command(schedule=SCHEDULE, by=ADA)
    assert isinstance(play.error, Refused)


def test_what_is_run_now_is_due_when_it_was_due_all_the_same():
    play = with_ada(seconds(1), schedule(action="ask"))
    play >> RunSchedule(schedule=SCHEDULE, by=ADA)
    source = Source(kind="schedule", name=SCHEDULE)
    play << Triggered(source=source, prompt="tea", by=ADA) << Begin()
    assert project(play.drafts[0].body) is None, "its next slot stays"
    assert play.session.schedules[SCHEDULE].first == AT + HOUR
    play >> RunSchedule(schedule=SCHEDULE, by=ADA)
    assert len(play.drafts) == 1, "each time"


def test_a_slot_that_another_saw_due_before_a_change_does_not_fire():
    """It fired, was paused and went on since: its key would be another one."""
    play = with_ada(seconds(1), schedule(), HOUR, Fire(schedule=SCHEDULE, slot=AT + HOUR))
    for paused in (True, False):
        play >> PauseSchedule(schedule=SCHEDULE, paused=paused, by=ADA)
    play >> Fire(schedule=SCHEDULE, slot=AT + HOUR) << NOTHING


# -- late, at an end, too much --------------------------------------------------------------------


def test_a_late_slot_is_left_out_where_that_is_wanted():
    play = with_ada(seconds(1), replace(schedule(), late="skip"), 5 * HOUR)
    play >> Fire(schedule=SCHEDULE, slot=AT + HOUR)
    (draft,) = play.drafts
    assert isinstance(draft.body, ScheduleSet)
    assert draft.body.first == AT + 6 * HOUR
    play >> HOUR >> Fire(schedule=SCHEDULE, slot=AT + 6 * HOUR)
    assert isinstance(play.drafts[0].body, Pushed), "this one is in time"


def test_what_was_to_come_once_and_is_too_late_is_over():
    play = with_ada(replace(schedule(Once(at=AT + HOUR)), late="skip"), 5 * HOUR)
    play >> Fire(schedule=SCHEDULE, slot=AT + HOUR) << ScheduleRemoved(schedule=SCHEDULE)


def test_a_time_that_is_left_out_is_none_of_those_that_were_to_come():
    play = with_ada(seconds(1), replace(schedule(), late="skip", times=1), 5 * HOUR)
    play >> Fire(schedule=SCHEDULE, slot=AT + HOUR)
    assert play.session.schedules[SCHEDULE].first == AT + 6 * HOUR
    play >> HOUR >> Fire(schedule=SCHEDULE, slot=AT + 6 * HOUR)
    assert isinstance(play.drafts[0].body, Pushed)
    assert play.session.schedules == {}


def test_a_schedule_is_over_after_so_many_times():
    play = with_ada(seconds(1), replace(schedule(), times=2))
    for n in (1, 2):
        play >> HOUR >> Fire(schedule=SCHEDULE, slot=AT + n * HOUR)
    assert play.drafts[0].body.source.next_slot is None
    assert play.session.schedules == {}


@pytest.mark.parametrize(
    "change",
    [
        {"text": " "},
        {"text": "x" * (LONGEST_TEXT + 1)},
        {"times": 0},
        {"times": 1_000_000},
        {"rule": Every(seconds=59, start=AT)},
        {"until": AT - HOUR},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_is_too_much_or_nothing_is_refused(change):
    play = with_ada(seconds(1)) >> replace(schedule(), **change)
    assert isinstance(play.error, Refused)


def test_a_program_of_the_operator_may_be_due_more_often():
    often = replace(schedule(Every(seconds=1, start=AT)), by=None)
    play = with_ada(seconds(1)) >> often
    assert play.error is None


def test_a_session_has_only_so_many_schedules():
    many = (replace(schedule(), schedule=ScheduleId(f"s{n}")) for n in range(MOST_SCHEDULES))
    play = with_ada(seconds(1), *many) >> replace(schedule(), schedule=ScheduleId("more"))
    assert isinstance(play.error, Refused)
    play >> replace(schedule(), schedule=ScheduleId("s1"), text="coffee")
    assert play.error is None, "one that there is can be changed"


# -- failures in a row ----------------------------------------------------------------------------


def failing(times, by=ADA):
    """Play a schedule whose runs fail for good, each time it is due."""
    play = with_ada(seconds(1), replace(schedule(action="ask"), by=by))
    drafts = []
    for n in range(times):
        slot = play.session.schedules[SCHEDULE].first
        play >> (slot - play.now) >> Fire(schedule=SCHEDULE, slot=slot)
        drafts.append(play.drafts)
        run = RunId(f"r_{n}")
        play >> start(run) >> FailRun(run=run, reason="no", retry=False)
    return play, drafts


@pytest.mark.parametrize("by", [ADA, None], ids=["whoever set it", "the owners"])
def test_of_failures_in_a_row_people_are_told_once(by):
    _, drafts = failing(6, by)
    told = [each.body for fired in drafts for each in fired if isinstance(each.body, Pushed)]
    assert [len(fired) for fired in drafts] == [1, 1, 1, 2, 2, 2], "the key makes them one"
    assert len({fired[1].key for fired in drafts[3:]}) == 1
    assert told[0].to == (ADA,)
    assert "3 times in a row" in told[0].content.text


def test_what_failed_often_is_due_less_often_until_it_works_again():
    play, drafts = failing(9)
    slots = [fired[0].body.source for fired in drafts]
    assert slots[0].next_slot - slots[0].slot == HOUR
    assert slots[-1].next_slot - slots[-1].slot == 25 * HOUR
    slot = play.session.schedules[SCHEDULE].first
    play >> (slot - play.now) >> Fire(schedule=SCHEDULE, slot=slot)
    play >> start(RunId("r_x")) >> end(RunId("r_x"), "done", upto=play.head)
    slot = play.session.schedules[SCHEDULE].first
    play >> (slot - play.now) >> Fire(schedule=SCHEDULE, slot=slot)
    assert play.drafts[0].body.source.next_slot == slot + HOUR
    assert len(play.drafts) == 1


def test_what_was_stopped_by_people_neither_failed_nor_worked():
    play, _ = failing(2)
    slot = play.session.schedules[SCHEDULE].first
    play >> (slot - play.now) >> Fire(schedule=SCHEDULE, slot=slot)
    play >> start(RunId("r_x")) >> Stop(by=ADA)
    assert play.session.failing[SCHEDULE][0] == 2


def test_a_removed_schedule_leaves_no_count_behind():
    play, _ = failing(2)
    play >> RemoveSchedule(schedule=SCHEDULE, by=ADA)
    assert play.session.failing == {}


def test_what_was_decided_by_a_push_is_said_once():
    once = ClosePush(push=3, text="Ada let Eve in.")
    play = with_ada() >> once << PushClosed(push=3, text="Ada let Eve in.")
    head = play.head
    play >> once
    assert play.head == head
