"""The tools by which an agent plans something; what they do in a run is tested with the run."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.tools.schedules import Planned, schedule_tools
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every, Once, ScheduleSet
from bridge.domain.ids import CallId, ScheduleId
from bridge.domain.run_output import Scheduling
from bridge.session.decide_external import LONGEST_LOOP

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
OWN = ScheduleSet(
    schedule=ScheduleId("sch_aaaa"),
    rule=Every(seconds=600, start=NOW),
    action="ask",
    text="is it\ngreen?",
    first=NOW,
    agent="helper",
)
THEIRS = ScheduleSet(
    schedule=ScheduleId("sch_bbbb"),
    rule=Cron(expression="0 9 * * *", zone="Asia/Tokyo"),
    action="say",
    text="tea",
    first=None,
    paused=True,
)
KNOWN = {each.schedule: each for each in (OWN, THEIRS)}


HELPER = Planned(agent="helper", schedules=KNOWN)


async def use(name, planned=HELPER, **arguments):
    tools = {tool.name: tool for tool in schedule_tools(NOW, planned)}
    return await tools[name].run(ToolCall(call=CallId("k_1"), name=name, arguments=arguments))


async def test_what_was_understood_is_told_and_planned():
    done = await use("schedule", when="every weekday 9:00", what="news?", zone="Europe/Berlin")
    assert "on weekdays at 09:00 (Europe/Berlin); next 2026-03-05 09:00" in done.text
    (said,) = done.said
    assert said == Scheduling(
        schedule=ScheduleId("sch_1"),
        rule=Cron(expression="0 9 * * 1-5", zone="Europe/Berlin"),
        text="news?",
    )


async def test_the_same_call_plans_the_same():
    """A call that is made again after a death names the schedule that it made."""
    first, second = [(await use("schedule", when="every day 9:00", what="x")).said for _ in "ab"]
    assert first == second


async def test_people_can_be_reminded():
    (said,) = (await use("schedule", when="once in 2 hours", what="tea", say=True)).said
    assert (said.rule, said.action) == (Once(at=NOW + timedelta(hours=2)), "say")


@pytest.mark.parametrize(
    ("when", "times"),
    [
        ("every 10 minutes", LONGEST_LOOP),
        ("every 2 hours", LONGEST_LOOP),
        ("every cron */5 * * * *", LONGEST_LOOP),
        ("every cron 0 * * * *", LONGEST_LOOP),
        ("every 10 minutes 6 times", 6),
        ("every 10 minutes until 18:00", None),
        ("every day 9:00", None),
        ("every 48 hours", None),
    ],
)
async def test_a_loop_has_an_end_in_any_case(when, times):
    done = await use("schedule", when=when, what="is it green?")
    assert done.said[0].times == times
    assert (f"{times} times at most" in done.text) == (times is not None)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"when": "every day 9:00"},
        {"when": "soon", "what": "x"},
        {"when": "every day 9:00 x", "what": "x"},
        {"when": "once 2020-01-01 9:00", "what": "x"},
        {"when": "every cron 0 0 30 2 *", "what": "x"},
        {"when": "every day 9:00", "what": "x", "zone": "Atlantis"},
        {"when": "every day 9:00", "what": "x" * 5000},
    ],
    ids=str,
)
async def test_what_cannot_be_planned_is_told(arguments):
    with pytest.raises(ToolError):
        await use("schedule", **arguments)


async def test_what_the_session_refuses_is_told_and_not_planned():
    def refuse(_):
        raise Refused("not for you")

    planned = Planned(agent="helper", schedules=KNOWN, check=refuse)
    with pytest.raises(ToolError, match="not for you"):
        await use("schedule", planned, when="every day 9:00", what="x")
    with pytest.raises(ToolError, match="not for you"):
        await use("unschedule", planned, id="AAAA")


async def test_what_is_planned_is_told_on_a_line_each():
    lines = (await use("schedules")).text.splitlines()
    assert lines == [
        "- AAAA: every 10 minutes; next 2026-03-04 09:30 (UTC), planned by you: ask 'is it green?'",
        "- BBBB: every day at 09:00 (Asia/Tokyo); next paused: say 'tea'",
    ]
    assert (await use("schedules", Planned())).text == "Nothing is planned."


async def test_an_agent_ends_what_it_planned_itself_and_nothing_else():
    assert (await use("unschedule", id="aaaa")).said == (Scheduling(schedule=OWN.schedule),)
    with pytest.raises(ToolError, match="you did not plan this"):
        await use("unschedule", id="BBBB")
    with pytest.raises(ToolError, match="no such schedule"):
        await use("unschedule", id="CCCC")


def test_only_planning_asks_people_first():
    asks = {tool.name: not tool.read_only for tool in schedule_tools(NOW, Planned())}
    assert asks == {"schedule": True, "schedules": False, "unschedule": False}
