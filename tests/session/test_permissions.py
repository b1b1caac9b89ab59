"""Who may ask what."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge import texts
from bridge.domain.commands import (
    Answer,
    Archive,
    Ask,
    Change,
    ChangeRole,
    Delete,
    Edit,
    Leave,
    Link,
    PauseSchedule,
    Push,
    React,
    RemoveSchedule,
    Retry,
    RunSchedule,
    Say,
    SetSchedule,
    Stop,
    StopBackground,
    Trigger,
    Undo,
    Unlink,
    Withdraw,
)
from bridge.domain.content import Content
from bridge.domain.events import Once, ScheduleSet, Source
from bridge.domain.ids import ScheduleId, SessionId
from bridge.session.fold import Session, setting_key
from bridge.session.permission_table import ROLES, RULES, reaches
from bridge.session.permissions import MEMBERS, OPENABLE, may, may_do, refusal
from tests.playbook import ADA, BOB, DM, Q1, ROOM, say

API = Source(kind="api")
SCHEDULE = ScheduleId("sch_1")
RULE = Once(at=datetime(2030, 1, 1, tzinfo=UTC))
BOBS = ScheduleSet(
    schedule=ScheduleId("sch_2"), rule=RULE, action="say", text="tea", first=RULE.at, by=BOB
)
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
    Undo(by=ADA),
]
WRITERS = [
    say("hello"),
    Edit(by=ADA, target=1, content=Content(text="hi")),
    Delete(by=ADA, target=1),
    Retry(by=ADA, conversation=DM, said=()),
    Stop(by=ADA),
    StopBackground(by=ADA, child=SessionId("bg_1")),
    React(by=ADA, conversation=DM, target=1, emoji="👍"),
    Answer(by=ADA, question=Q1, answer="t"),
    Change(scope="session", name="title", value="Trip", by=ADA),
    SetSchedule(schedule=SCHEDULE, rule=RULE, action="say", text="tea", by=ADA),
    RemoveSchedule(schedule=SCHEDULE, by=ADA),
    PauseSchedule(schedule=SCHEDULE, by=ADA),
    RunSchedule(schedule=SCHEDULE, by=ADA),
    Push(source=API, content=Content(text="news"), by=ADA),
    Trigger(source=API, prompt="look", by=ADA),
    Ask(by=ADA, question=Q1, text="Deploy?"),
    Withdraw(by=ADA, question=Q1),
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
        schedules={BOBS.schedule: BOBS},
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


def test_nothing_of_whoever_was_put_out_is_taken_in_even_if_it_was_under_way():
    """They were let in when they spoke, and put out before it could be appended."""
    out = Session(id=SessionId("main"), put_out=frozenset({BOB}))
    for command in (
        say("x", BOB, addressed=False),
        Edit(by=BOB, target=1, content=Content(text="x")),
        Delete(by=BOB, target=1),
    ):
        assert refusal(out, command) == texts.NOT_IN_SESSION
        assert refusal(Session(id=SessionId("main")), command) == ""


SAMPLES = {
    Say: say("hello"),
    "take one's own place out": Unlink(by=ADA, conversation=DM),
    "arrange one's own schedule": PauseSchedule(schedule=SCHEDULE, by=ADA),
    "leave": Leave(by=ADA, participant=ADA),
    "undo one's own": Undo(by=ADA, own=True),
    "change the title": Change(scope="session", name="title", value="Trip", by=ADA),
    "ask again about a tool": Change(scope="session", name="always:rm", value="", by=ADA),
    "change what is opened": SETTINGS[0],
    Change: Change(scope="session", name="whatever", value="x", by=ADA),
    **{type(each): each for each in OWNERS if not isinstance(each, Change)},
    **{
        type(each): each
        for each in WRITERS
        if not isinstance(each, Change | RemoveSchedule | PauseSchedule | RunSchedule)
    },
    Link: Link(by=ADA, conversation=DM),
    RemoveSchedule: RemoveSchedule(schedule=BOBS.schedule, by=ADA),
    PauseSchedule: PauseSchedule(schedule=BOBS.schedule, by=ADA),
    RunSchedule: RunSchedule(schedule=BOBS.schedule, by=ADA),
}
"""One command for each act of the table that is one."""


def test_every_act_of_the_table_that_is_a_command_has_a_sample():
    acts = {each.act for each in RULES if isinstance(each.act, type) or each.of is not None}
    assert acts == SAMPLES.keys()


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.what)
def test_each_cell_of_the_table_holds(rule, role):
    """Whoever has a role may do just what the table says: by its name, and by the command."""
    here = session(role, agent=MEMBERS)
    may = reaches(role, rule.needs)
    assert may_do(here, ADA, rule.act) == may
    sample = SAMPLES.get(rule.act)
    if sample is not None and not (role is None and sample in OVERHEARD):
        assert (refusal(here, sample) == "") == may


@pytest.mark.parametrize(
    "command",
    [
        PauseSchedule(schedule=BOBS.schedule, by=ADA),
        RunSchedule(schedule=BOBS.schedule, by=ADA),
        RemoveSchedule(schedule=BOBS.schedule, by=ADA),
        SetSchedule(schedule=BOBS.schedule, rule=RULE, action="say", text="x", by=ADA),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_schedule_of_somebody_else_is_for_owners(command):
    assert refusal(session("owner"), command) == ""
    assert refusal(session("member"), command) == texts.SCHEDULE_OF_OTHERS
    assert refusal(session("viewer"), command) == texts.SCHEDULE_OF_OTHERS
