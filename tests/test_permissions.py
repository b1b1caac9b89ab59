"""Who may ask what."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge import texts
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
    Retry,
    SetSchedule,
    Stop,
    Trigger,
    Unlink,
)
from bridge.content import Content
from bridge.events import Once, Source
from bridge.ids import ScheduleId, SessionId
from bridge.permissions import MEMBERS, OPENABLE, may, refusal
from bridge.session import Session, setting_key
from tests.playbook import ADA, BOB, DM, Q1, ROOM, say

API = Source(kind="api")
SCHEDULE = ScheduleId("sch_1")
RULE = Once(at=datetime(2030, 1, 1, tzinfo=UTC))
SETTINGS = [Change(scope="session", name=each, value="x", by=ADA) for each in OPENABLE]
OWNERS = [
    *SETTINGS,
    Change(scope="session", name=may("model"), value=MEMBERS, by=ADA),
    Change(scope="session", name="always:rm", value="yes", by=ADA),
    Change(scope="session", name="whatever", value="x", by=ADA),
    Change(scope="participant", name="title", value="x", by=ADA),
    Unlink(by=ADA, conversation=ROOM),
    Archive(by=ADA),
    ChangeRole(by=ADA, participant=BOB, role="viewer"),
    Leave(by=ADA, participant=BOB),
]
WRITERS = [
    say("hello"),
    Edit(by=ADA, target=1, content=Content(text="hi")),
    Delete(by=ADA, target=1),
    Retry(by=ADA, conversation=DM, said=()),
    Stop(by=ADA),
    Answer(by=ADA, question=Q1, answer="t"),
    Change(scope="session", name="title", value="Trip", by=ADA),
    SetSchedule(schedule=SCHEDULE, rule=RULE, action="say", text="tea", by=ADA),
    RemoveSchedule(schedule=SCHEDULE, by=ADA),
    Push(source=API, content=Content(text="news"), by=ADA),
    Trigger(source=API, prompt="look", by=ADA),
]
OVERHEARD = [
    replace(say("nice day"), addressed=False),
    *(each for each in WRITERS if isinstance(each, Edit | Delete)),
]
READERS = [
    Leave(by=ADA, participant=ADA),
    Link(by=ADA, conversation=DM),
    Unlink(by=ADA, conversation=DM),
]


def session(role, **settings):
    """Return a session in which Ada has this role; the room is there on Bob's behalf."""
    return Session(
        id=SessionId("s_1"),
        participants={ADA: role} if role else {},
        conversations={DM: ADA, ROOM: BOB},
        settings={setting_key("session", "", may(name)): to for name, to in settings.items()},
    )


def why_not(role, command):
    return refusal(session(role), command)


@pytest.mark.parametrize("command", [*OWNERS, *WRITERS, *READERS])
def test_whoever_is_not_in_the_session_may_do_nothing(command):
    if command in OVERHEARD:
        return
    assert why_not(None, command) == texts.NOT_IN_SESSION


@pytest.mark.parametrize("command", [*OWNERS, *WRITERS, *READERS])
def test_an_owner_may_do_everything(command):
    assert why_not("owner", command) == ""


@pytest.mark.parametrize("command", OVERHEARD)
def test_what_is_overheard_is_context_whoever_says_it(command):
    assert why_not(None, command) == ""


@pytest.mark.parametrize("command", OWNERS)
@pytest.mark.parametrize("role", ["member", "viewer"])
def test_roles_kicks_and_archiving_need_an_owner(role, command):
    assert why_not(role, command) == texts.OWNERS_ONLY


@pytest.mark.parametrize("command", [*WRITERS, *READERS])
def test_a_member_may_do_all_else(command):
    assert why_not("member", command) == ""


@pytest.mark.parametrize("command", WRITERS)
def test_a_viewer_only_reads(command):
    assert why_not("viewer", command) == texts.READ_ONLY


@pytest.mark.parametrize("command", READERS)
def test_a_viewer_may_read_elsewhere_too_and_leave(command):
    assert why_not("viewer", command) == ""


@pytest.mark.parametrize("change", SETTINGS)
def test_what_decides_for_all_is_the_members_too_once_an_owner_says_so(change):
    opened = session("member", **{change.name: MEMBERS})
    assert refusal(opened, change) == ""
    assert refusal(session("viewer", **{change.name: MEMBERS}), change) == texts.READ_ONLY


def test_no_setting_opens_more_than_it_names():
    opened = session("member", whatever=MEMBERS, model=MEMBERS)
    whatever = Change(scope="session", name="whatever", value="x", by=ADA)
    assert refusal(opened, whatever) == texts.OWNERS_ONLY
    assert refusal(opened, SETTINGS[0]) == texts.OWNERS_ONLY


def test_every_command_that_someone_asks_is_in_the_table_or_needs_an_owner():
    """Nothing is open because it was forgotten."""
    outsider = session("viewer")
    for command in (*OWNERS, *WRITERS):
        assert refusal(outsider, command) != ""
