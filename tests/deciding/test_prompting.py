"""What comes from outside the conversation."""

from datetime import timedelta

from bridge.commands import (
    Archive,
    Fire,
    Push,
    RemoveSchedule,
    SetSchedule,
    Trigger,
)
from bridge.content import Content
from bridge.errors import Refused
from bridge.events import (
    Every,
    Once,
    Pushed,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    Source,
    Triggered,
)
from bridge.ids import ScheduleId
from bridge.session import Begin
from tests.deciding.lines import (
    API,
    TEA,
)
from tests.playbook import (
    ADA,
    AT,
    NOTHING,
    seconds,
    with_ada,
)


def test_a_push_is_said_as_it_is_and_a_trigger_is_asked_of_the_agent():
    push = Push(source=API, content=Content(text="news"), to=(ADA,), buttons=(TEA,), key="k")
    pushed = Pushed(source=API, content=Content(text="news"), to=(ADA,), buttons=(TEA,))
    play = with_ada() >> push << pushed
    assert play.drafts[0].key == "k"
    play >> Trigger(source=API, prompt="look", key="t") << Triggered(source=API, prompt="look")
    assert play.drafts[0].key == "t"


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
