"""Schedules that the configuration sets, sans I/O: what is to change in a session by them.

The rules:

- The configuration's name of a schedule is its identity in its session, and the file is the truth:
  what is new there is set, what differs is changed, what is gone is removed. Doing it again changes
  nothing.
- What people paused stays paused. What is over (its end has come) is not set again, and goes
  if it was set.
- They are nobody's: owners pause and run them; what an owner changes lasts until the next start.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from bridge.domain.commands import RemoveSchedule, SetSchedule
from bridge.domain.errors import Refused
from bridge.domain.events import Every, Late, Rule, ScheduleSet
from bridge.domain.ids import ScheduleId, SessionId
from bridge.domain.records import replace
from bridge.session import phrases
from bridge.session.fold import Session

ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
"""From which steps are counted, so that a restart changes nothing: `30 minutes` are :00 and :30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A schedule of the configuration."""

    name: str
    session: SessionId
    rule: Rule
    action: Literal["say", "ask"]
    text: str
    late: Late = "once"
    until: datetime | None = None


def rule_of(when: str, zone: str) -> Rule:
    """Read a rule as after `/every`, which says nothing of an end. Raises `Refused`."""
    read = phrases.timed(f"every {when.removeprefix('every ')}", ORIGIN, zone)
    if read.until is not None or read.times is not None or read.late not in {None, "once"}:
        raise Refused("an end and what is late are keys of their own: until, late")
    return replace(read.rule, start=ORIGIN) if isinstance(read.rule, Every) else read.rule


def end_of(day: date, zone: str) -> datetime:
    """Return the end of a day in a zone. Raises `Refused`."""
    return phrases.instant(day, time(23, 59, 59), zone)


def changes(
    fold: Session, wanted: Collection[Configured], fresh: Sequence[ScheduleId]
) -> Sequence[SetSchedule | RemoveSchedule]:
    """Return what makes a session's schedules those wanted; `fresh`: an id for each new one."""
    known = {each.name: each for each in fold.schedules.values() if each.name}
    names = {each.name for each in wanted}
    gone = (each.schedule for name, each in known.items() if name not in names)
    found: list[SetSchedule | RemoveSchedule] = [RemoveSchedule(schedule=each) for each in gone]
    for each, new in zip(wanted, fresh, strict=True):
        is_there = known.get(each.name)
        if is_there is None or not _is_same(is_there, each):
            found.append(_set(each, is_there.schedule if is_there is not None else new))
    return found


def _is_same(known: ScheduleSet, wanted: Configured) -> bool:
    return known.by is None and (
        (known.rule, known.action, known.text, known.late, known.until)
        == (wanted.rule, wanted.action, wanted.text, wanted.late, wanted.until)
    )


def _set(wanted: Configured, schedule: ScheduleId) -> SetSchedule:
    return SetSchedule(
        schedule=schedule,
        rule=wanted.rule,
        action=wanted.action,
        text=wanted.text,
        late=wanted.late,
        until=wanted.until,
        name=wanted.name,
    )
