"""The tools by which an agent plans something: for later, again and again, and until it ends it.

They work on what the run knows (`Planned`) and do nothing by themselves, as those in
`agents.tools.builtin`. What is planned is bounded: what is repeated within a day has an end in any
case, and whoever the run works for has to be one who may plan it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agents.tools.schema import read, schema_of
from agents.tools.tool import Done, Tool, ToolCall, ToolError
from bridge import schedule_texts
from bridge.delivery.call_display import visible
from bridge.domain.errors import Refused
from bridge.domain.events import Cron, ScheduleSet
from bridge.domain.ids import ScheduleId
from bridge.domain.run_output import Scheduling
from bridge.session import phrases, schedule
from bridge.session.decide_external import with_an_end

SCHEDULES = frozenset({"schedule", "schedules", "unschedule"})
"""Of the tools here: they bring nothing from outside."""

LONGEST_TOLD = 300
"""Characters of what a schedule does that a model is told."""


def _anything(_: Scheduling) -> None:
    """Find nothing wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is planned in the session. `check` raises `Refused` for what may not be planned."""

    agent: str = ""
    schedules: Mapping[ScheduleId, ScheduleSet] = field(default_factory=dict)
    check: Callable[[Scheduling], object] = _anything


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Schedule(_Arguments):
    when: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description=(
                "Such as "
                + ", ".join(
                    f"`{each}`"
                    for each in (
                        "once in 2 hours",
                        "once tomorrow 9:00",
                        "once 2030-12-24 18:00",
                        "every weekday 9:00",
                        "every 1st 9:00",
                        "every 10 minutes until 18:00",
                        "every 10 minutes 6 times",
                        "every cron 0 9 * * 1-5",
                    )
                )
            ),
        ),
    ]
    what: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4000,
            description="What you are to be asked then.",
        ),
    ]
    zone: Annotated[
        str,
        Field(
            max_length=64,
            description="IANA time zone of these times; ask if you do not know it.",
        ),
    ] = "UTC"
    say: Annotated[bool, Field(description="Show people `what` itself instead: a reminder.")] = (
        False
    )


class _Unschedule(_Arguments):
    id: Annotated[str, Field(max_length=64, description="From `schedules`.")]


class _Schedules(_Arguments):
    pass


def schedule_tools(now: datetime, planned: Planned) -> tuple[Tool, ...]:
    async def set_one(call: ToolCall) -> Done:
        return _set(now, planned, call, read(_Schedule, call))

    async def list_all(call: ToolCall) -> Done:
        read(_Schedules, call)
        return Done(text=_listed(planned))

    async def remove(call: ToolCall) -> Done:
        return _removed(planned, read(_Unschedule, call).id)

    return (
        Tool(name="schedule", description=SCHEDULE, schema=schema_of(_Schedule), run=set_one),
        Tool(
            name="schedules",
            description=LIST,
            schema=schema_of(_Schedules),
            run=list_all,
            read_only=True,
        ),
        Tool(
            name="unschedule",
            description=UNSCHEDULE,
            schema=schema_of(_Unschedule),
            run=remove,
            read_only=True,  # it takes back what this agent planned itself, no more
        ),
    )


SCHEDULE = (
    "Be asked something later in this session, once or again and again until you `unschedule` it. "
    "Tell people what the result says was understood, with the time zone."
)
LIST = "List what is planned in this session."
UNSCHEDULE = "End what you planned, such as a loop whose aim is reached."


def _set(now: datetime, planned: Planned, call: ToolCall, wanted: _Schedule) -> Done:
    try:
        phrase = phrases.timed(wanted.when, now, wanted.zone)
        wanted_then = Scheduling(
            schedule=ScheduleId(f"sch_{call.call.removeprefix('k_')}"),
            rule=phrase.rule,
            action="say" if wanted.say else "ask",
            text=wanted.what,
            late=phrase.late or "once",
            until=phrase.until,
            times=phrase.times,
        )
        said = with_an_end(wanted_then)
        planned.check(said)
        first = schedule.first_slot(phrase.rule, now)
    except Refused as refused:
        raise ToolError(str(refused)) from refused
    following = f"{phrases.local(first, phrase.zone)} ({phrase.zone})"
    ends = [] if said.times is None else [f"; {said.times} times at most"]
    ends += [f"; until {phrases.local(said.until, phrase.zone)}"] if said.until is not None else []
    when = schedule_texts.when(phrase.rule, following)
    text = f"Planned ({said.schedule}): {when}; next {following}{''.join(ends)}."
    return Done(text=text, said=(said,))


def _listed(planned: Planned) -> str:
    lines = []
    for word, name in schedule.called(planned.schedules).items():
        each = planned.schedules[name]
        zone = each.rule.zone if isinstance(each.rule, Cron) else "UTC"
        at = f"{phrases.local(each.first, zone)} ({zone})" if each.first is not None else "paused"
        what = visible(" ".join(each.text.split())[:LONGEST_TOLD])
        own = ", planned by you" if each.agent and each.agent == planned.agent else ""
        when = schedule_texts.when(each.rule, at)
        lines.append(f"- {word}: {when}; next {at}{own}: {each.action} {what!r}")
    return "\n".join(lines) or "Nothing is planned."


def _removed(planned: Planned, word: str) -> Done:
    name = schedule.meant(planned.schedules, word)
    if name is None:
        raise ToolError("there is no such schedule; `schedules` lists them")
    if not planned.schedules[name].agent or planned.schedules[name].agent != planned.agent:
        raise ToolError("you did not plan this: people remove it with /schedules")
    said = Scheduling(schedule=name)
    try:
        planned.check(said)
    except Refused as refused:
        raise ToolError(str(refused)) from refused
    return Done(text="It is ended.", said=(said,))
