"""When a schedule is due, sans I/O.

The rules:

- A slot is a planned time, in UTC. Slots of a schedule strictly increase.
- A slot that came while nobody could fire it is fired once, late; the slots missed after it are
  not made up for: the next slot is always in the future.
- A cron rule is read on the wall clock of its zone. When clocks go forward, a fixed time that does
  not exist is due at the first minute after the gap; when they go back, a fixed time that comes
  twice is due the first time only. A rule with `*` for its minute or hour goes by elapsed time.
- A rule that can never be due is refused when it is set, with a text for whoever set it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bridge import texts
from bridge.errors import Refused
from bridge.events import Cron, Every, Once, Rule

CRON_FIELDS = 5


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


def _cron_slots(rule: Cron, last: datetime) -> Iterator[datetime]:
    if len(rule.expression.split()) != CRON_FIELDS:
        raise Refused(texts.CRON_FIELDS)
    try:
        wall_clock = CronSim(rule.expression, last.astimezone(_zone(rule.zone)))
    except CronSimError as error:
        raise Refused(texts.bad_cron(str(error))) from error
    return (local.astimezone(UTC) for local in wall_clock)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # Names of folders and paths out of the zone database end in other errors than KeyError.
    except (KeyError, ValueError, OSError) as error:
        raise Refused(texts.no_such_zone(name)) from error
