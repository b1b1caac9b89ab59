"""Which rows follow from an event; all others bring none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from bridge.domain.content import Content
from bridge.domain.events import (
    ConversationLinked,
    ConversationUnlinked,
    Once,
    Pushed,
    RunFinished,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SessionForked,
    SettingChanged,
    Source,
    Triggered,
    Usage,
    UsageReported,
)
from bridge.domain.ids import ScheduleId, SessionId
from bridge.domain.projection import (
    ArchivedSet,
    LaneClosed,
    LaneOpened,
    SlotSet,
    TitleSet,
    UsageKept,
    project,
)
from tests.playbook import ADA, DM, R1
from tests.strategies import bodies

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
USAGE = Usage(input_tokens=1)
SCHEDULE = ScheduleId("sch_1")
SLOT = Source(kind="schedule", name=SCHEDULE, slot=AT, next_slot=LATER)
LAST_SLOT = Source(kind="schedule", name=SCHEDULE, slot=AT)
SET = ScheduleSet(schedule=SCHEDULE, rule=Once(at=AT), action="say", text="tea", first=AT)

ROWS = [
    (ConversationLinked(conversation=DM, by=ADA), LaneOpened(conversation=DM)),
    (ConversationLinked(conversation=DM, welcome=True), LaneOpened(conversation=DM, welcome=True)),
    (ConversationUnlinked(conversation=DM, by=ADA), LaneClosed(conversation=DM)),
    (SET, SlotSet(schedule=SCHEDULE, at=AT)),
    (ScheduleRemoved(schedule=SCHEDULE), SlotSet(schedule=SCHEDULE, at=None)),
    (Triggered(source=SLOT, prompt="tea"), SlotSet(schedule=SCHEDULE, at=LATER)),
    (Pushed(source=SLOT, content=Content(text="tea")), SlotSet(schedule=SCHEDULE, at=LATER)),
    (Triggered(source=LAST_SLOT, prompt="tea"), SlotSet(schedule=SCHEDULE, at=None)),
    (SettingChanged(scope="session", name="title", value="Trip"), TitleSet(title="Trip")),
    (SessionArchived(by=ADA), ArchivedSet()),
    (SessionForked(parent=SessionId("s"), upto=1), ArchivedSet(archived=False)),
    (
        RunFinished(run=R1, outcome="failed", upto=1, usage=USAGE, agent="a", asker=ADA),
        UsageKept(run=R1, participant=ADA, agent="a", usage=USAGE),
    ),
    (
        UsageReported(run=R1, usage=USAGE, agent="a"),
        UsageKept(run=R1, participant=None, agent="a", usage=USAGE),
    ),
]


@pytest.mark.parametrize(("body", "row"), ROWS)
def test_an_event_brings_its_row(body, row):
    assert project(body) == row


@pytest.mark.parametrize(
    "body",
    [
        Triggered(source=Source(kind="webhook", name=SCHEDULE), prompt="tea"),
        Pushed(source=Source(kind="api", name=SCHEDULE), content=Content(text="tea")),
        RunFinished(run=R1, outcome="completed", upto=1),
        SettingChanged(scope="session", name="agent", value="echo"),
        SettingChanged(scope="conversation", of=DM, name="title", value="Mine"),
    ],
)
def test_what_only_looks_like_it_brings_none(body):
    assert project(body) is None


@given(bodies())
def test_every_other_event_brings_none(body):
    kinds = {type(each) for each, _ in ROWS}
    assert project(body) is None or type(body) in kinds
