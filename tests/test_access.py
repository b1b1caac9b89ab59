"""Who may ask what."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge import texts
from bridge.access import refusal
from bridge.commands import (
    Answer,
    Archive,
    Change,
    ChangeRole,
    Delete,
    Edit,
    Leave,
    Link,
    Push,
    RemoveSchedule,
    SetSchedule,
    Stop,
    Trigger,
    Unlink,
)
from bridge.content import Content
from bridge.events import Once, Source
from bridge.ids import ScheduleId
from tests.playbook import ADA, BOB, DM, Q1, say

API = Source(kind="api")
SCHEDULE = ScheduleId("sch_1")
RULE = Once(at=datetime(2030, 1, 1, tzinfo=UTC))
OWNERS = [
    Archive(by=ADA),
    ChangeRole(by=ADA, participant=BOB, role="viewer"),
    Leave(by=ADA, participant=BOB),
]
WRITERS = [
    say("hello"),
    Edit(by=ADA, target=1, content=Content(text="hi")),
    Delete(by=ADA, target=1),
    Stop(by=ADA),
    Answer(by=ADA, question=Q1, answer="t"),
    Unlink(by=ADA, conversation=DM),
    Change(scope="session", name="title", value="Trip", by=ADA),
    SetSchedule(schedule=SCHEDULE, rule=RULE, action="say", text="tea", by=ADA),
    RemoveSchedule(schedule=SCHEDULE, by=ADA),
    Push(source=API, content=Content(text="news"), by=ADA),
    Trigger(source=API, prompt="look", by=ADA),
]
READERS = [Leave(by=ADA, participant=ADA), Link(by=ADA, conversation=DM)]


OVERHEARD = [
    replace(say("nice day"), addressed=False),
    *(each for each in WRITERS if isinstance(each, Edit | Delete)),
]


@pytest.mark.parametrize("command", [*OWNERS, *WRITERS, *READERS])
def test_whoever_is_not_in_the_session_may_do_nothing(command):
    if command not in OVERHEARD:
        assert refusal(None, command) == texts.NOT_IN_SESSION


@pytest.mark.parametrize("command", OVERHEARD)
def test_what_is_overheard_is_context_whoever_says_it(command):
    assert refusal(None, command) == ""


@pytest.mark.parametrize("command", [*OWNERS, *WRITERS, *READERS])
def test_an_owner_may_do_everything(command):
    assert refusal("owner", command) == ""


@pytest.mark.parametrize("command", OWNERS)
@pytest.mark.parametrize("role", ["member", "viewer"])
def test_roles_kicks_and_archiving_need_an_owner(role, command):
    assert refusal(role, command) == texts.OWNERS_ONLY


@pytest.mark.parametrize("command", [*WRITERS, *READERS])
def test_a_member_may_do_all_else(command):
    assert refusal("member", command) == ""


@pytest.mark.parametrize("command", WRITERS)
def test_a_viewer_only_reads(command):
    assert refusal("viewer", command) == texts.READ_ONLY


@pytest.mark.parametrize("command", READERS)
def test_a_viewer_may_read_elsewhere_too_and_leave(command):
    assert refusal("viewer", command) == ""
