"""When a schedule is due, sans I/O. `bridge.engine.scheduler` fires it.

The rules:

- A slot is a planned time, in UTC. Slots of a schedule strictly increase.
- A slot that came while nobody could fire it is late. What becomes of it is the schedule's to say:
  it is fired once, and the slots missed after it are not made up for (`once`); so are those, up to
  `MOST_LATE` of the last ones (`all`); or it is left out (`skip`).
- After runs that failed in a row, the next slot is farther away, until one succeeds.
- Nothing is due after the schedule's end, or more often than it says.
- A cron rule is read on the wall clock of its zone. When clocks go forward, a fixed time that does
  not exist is due at the first minute after the gap; when they go back, a fixed time that comes
  twice is due the first time only. A rule with `*` for its minute or hour goes by elapsed time.
- Whoever changes a schedule moves none of its slots: by the same rule it is next due when it was,
  also where that is by now. By another one it is planned anew, but for a slot that is due by now
  and is one of the new rule's as well.
- After the clock was set back, a rule that repeats is planned anew: it is next due when its rule
  says, by the clock as it is now. What is due once, or for the first time, is an appointment with
  the clock, and waits for it.
- A rule that can never be due is refused when it is set, with a text for whoever set it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bridge import texts
from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every, Once, Rule, ScheduleSet
from bridge.domain.ids import ScheduleId

CRON_FIELDS = 5

GRACE = timedelta(minutes=5)
"""A slot that is fired later than this is late."""

MOST_LATE = 24
"""Late slots of one schedule that are made up for."""

FAILED_OFTEN = 3
"""Failures in a row of which people are told."""

LEAST_PAUSE, PAUSE_GROWTH, MOST_PAUSE = timedelta(minutes=10), 3, timedelta(days=1)
"""How long a schedule rests after it failed twice, how that grows, and how long at most."""

LEAST_CALLED = 4
"""Characters of an id by which people call a schedule."""


def first_slot(rule: Rule, now: datetime) -> datetime:
    """Return when a rule set now is first due. Raises `Refused` when it never is."""
    match rule:
        case Once(at=at):
            if at < now:
                raise Refused(texts.TIME_OVER)
            return at
        case Every(seconds=seconds, start=start):
            if seconds < 1:
                raise Refused(texts.TOO_OFTEN)
            slot = start if start >= now else _every(rule, now)
        case Cron():
            slot = _cron(rule, now)
    if slot is None:
        raise Refused(texts.TOO_FAR if isinstance(rule, Every) else texts.NEVER_DUE)
    return slot


def next_slot(rule: Rule, slot: datetime, now: datetime) -> datetime | None:
    """Return the slot after `slot` was fired at `now`: later than both; None: never again."""
    last = max(slot, now)
    match rule:
        case Once():
            return None
        case Every():
            return _every(rule, last)
        case Cron():
            return _cron(rule, last)


def is_late(slot: datetime, now: datetime) -> bool:
    """Say whether a slot came while nobody could fire it."""
    return now - slot > GRACE


def pause_after(failures: int) -> timedelta:
    """Return how long a schedule rests at least after so many failures in a row."""
    if failures < FAILED_OFTEN - 1:
        return timedelta(0)
    factor: int = PAUSE_GROWTH ** min(failures - FAILED_OFTEN + 1, 8)
    return min(LEAST_PAUSE * factor, MOST_PAUSE)


def first_of(planned: ScheduleSet, now: datetime) -> datetime:
    """Return when a schedule set now is first due. Raises `Refused` when it never is."""
    slot = first_slot(planned.rule, now)
    if planned.until is not None and slot > planned.until:
        raise Refused(texts.OVER_BEFORE_DUE)
    return slot


def first_changed(known: ScheduleSet, wanted: ScheduleSet, now: datetime) -> datetime:
    """Return when a schedule that is changed now is next due. Raises `Refused` when it never is."""
    slot = known.first
    if slot is None or not (wanted.rule == known.rule or (slot <= now and _has(wanted.rule, slot))):
        return first_of(wanted, now)
    if wanted.until is not None and slot > wanted.until:
        raise Refused(texts.OVER_BEFORE_DUE)
    return slot


def _has(rule: Rule, slot: datetime) -> bool:
    match rule:
        case Once(at=at):
            return at == slot
        case Every(seconds=seconds) if seconds < 1:
            return False
        case Every() | Cron():
            return first_slot(rule, slot - timedelta(seconds=1)) == slot


def slot_after(
    planned: ScheduleSet, slot: datetime, now: datetime, *, failures: int = 0
) -> datetime | None:
    """Return the slot after `slot` was fired, or left out, at `now`; None: never again."""
    if planned.times is not None and planned.times < 2:  # noqa: PLR2004 - this was the last
        return None
    if planned.late == "all" and not failures:
        found = next_slot(planned.rule, slot, _made_up_from(planned.rule, slot, now))
    else:
        found = next_slot(planned.rule, slot, now + pause_after(failures))
    is_over = found is not None and planned.until is not None and found > planned.until
    return None if is_over else found


def _made_up_from(rule: Rule, slot: datetime, now: datetime) -> datetime:
    """Return the time from which on slots are made up for: `MOST_LATE` of them come before now."""
    match rule:
        case Once():
            return slot
        case Every(seconds=seconds):
            return max(slot, now - MOST_LATE * timedelta(seconds=seconds))
        case Cron():
            before = islice(_cron_slots(rule, now, reverse=True), MOST_LATE)
            oldest = min(before, default=now)
            return max(slot, oldest - timedelta(seconds=1))


def planned_anew(rule: Rule, slot: datetime, now: datetime, *, again: int) -> tuple[Rule, datetime]:
    """Return the rule and its next slot, if that was planned before the clock was set back.

    `again`: how often this was done already. What is not farther away than the rule says stays.
    """
    match rule:
        case Every(start=start) if slot > start or again:
            step = timedelta(seconds=rule.seconds)
            passed = (now - start) // step  # below zero before `start`, which was reached once
            earlier = start + (passed + 1) * step if now < slot else slot
            if earlier < slot:
                return replace(rule, start=earlier), earlier
        case Cron():
            first = _cron(rule, now)
            if first is not None and first < slot:
                return rule, first
        case Once() | Every():
            pass
    return rule, slot


def _every(rule: Every, last: datetime) -> datetime | None:
    step = timedelta(seconds=rule.seconds)
    passed = max((last - rule.start) // step, -1)
    try:
        return rule.start + (passed + 1) * step
    except OverflowError:
        return None


def _cron(rule: Cron, last: datetime) -> datetime | None:
    # On the day the clocks change, a wall clock time can map to an instant already passed.
    return next((slot for slot in _cron_slots(rule, last) if slot > last), None)


def _cron_slots(rule: Cron, last: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    if len(rule.expression.split()) != CRON_FIELDS:
        raise Refused(texts.CRON_FIELDS)
    try:
        wall_clock = CronSim(rule.expression, last.astimezone(_zone(rule.zone)), reverse=reverse)
    except CronSimError as error:
        raise Refused(texts.bad_cron(str(error))) from error
    except ValueError as error:  # a number of thousands of digits
        raise Refused(texts.CRON_FIELDS) from error
    return (local.astimezone(UTC) for local in wall_clock)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # Names of folders and paths out of the zone database end in other errors than KeyError.
    except (KeyError, ValueError, OSError) as error:
        raise Refused(texts.no_such_zone(name)) from error


def called(schedules: Mapping[ScheduleId, ScheduleSet]) -> Mapping[str, ScheduleId]:
    """Return by which short words people call schedules: no two the same, and lasting.

    It is the configuration's name of one, or the beginning of its id: four characters, or as many
    as tell it apart.
    """
    names: dict[str, ScheduleId] = {}
    for schedule, each in schedules.items():
        whole = each.name or str(schedule).rpartition("_")[2].upper()
        length = len(whole) if each.name else LEAST_CALLED
        while whole[:length] in names and length < len(whole):
            length += 1
        word = whole[:length] if whole[:length] not in names else str(schedule)
        names[word] = schedule
    return names


def meant(schedules: Mapping[ScheduleId, ScheduleSet], word: str) -> ScheduleId | None:
    """Return the schedule that someone calls by its word, or by its id."""
    known = called(schedules)
    wanted = word.strip().casefold()
    found = [each for name, each in known.items() if wanted in {name.casefold(), each.casefold()}]
    return found[0] if len(found) == 1 else None
