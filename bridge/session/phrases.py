"""When people say something is to happen, sans I/O: `/every WHEN WHAT` and `/once WHEN WHAT`.

The rules:

- What is read is little and strict: a phrase that is not in `EVERY` or `ONCE`, in one of its forms,
  is refused with those that are. Nothing is guessed; whoever wrote it is shown what was understood.
- Times are on the wall clock of a zone: the one that is named, else the one that is given. A time
  that does not exist on that day, because clocks go forward, is as much later as they do; one that
  comes twice is the first.
- `until` a day without a time is the end of that day.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo

from bridge import schedule_texts, texts
from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every, Late, Once, Rule

EVERY = (
    "30 minutes",
    "2 hours",
    "day at 18:00",
    "weekday 9:00",
    "weekend 10:30",
    "monday 8:30",
    "tuesday and thursday at 5pm",
    "1st 9:00",
    "last day 17:00",
    "day 9:00 Europe/Berlin",
    "weekday 9:00 until 2030-12-24",
    "10 minutes 6 times",
    "10 minutes until 18:00",
    "hour late skip",
    "cron 0 9 * * 1-5",
)
"""What `/every` reads, each an example of its form; a test holds them against the parser."""

ONCE = (
    "in 20 minutes",
    "in 2 hours",
    "in 3 days",
    "at 18:00",
    "today 18:00",
    "tomorrow 9:00",
    "friday at noon",
    "2030-12-24 18:00",
    "tomorrow 9:00 America/New_York",
)
"""What `/once` reads."""

SAY = "say"
_NOTHING = "…"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = "|".join(f"{each}s?|{each[:3]}" for each in _DAYS)
_HALF = r"[ap]m|[ap]\.\s?m\.?"
_TIME = (
    rf"(?:at\s+)?(?:(?P<h>\d{{1,2}}):(?P<m>[0-5]\d)(?!:\d)(?:\s?(?P<half>{_HALF}))?"
    rf"|(?P<hour>\d{{1,2}})\s?(?P<halves>{_HALF})|(?P<word>noon|midnight))"
)
_AREAS = "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US"
_OFFSETS = (
    r"(?-i:(?:UTC|GMT)(?:\s?[+\-]\d{1,2}(?::?\d\d)?)?)|[+\-]\d\d:\d\d"
    r"|(?-i:[CEW]ES?T|[ACEMP][SD]T|BST|IST|JST|MSK|HKT|SGT)"
)
"""What people write for a zone; most of it names none, and is refused, not taken for words."""

_DATE = r"\d{4}-\d{2}-\d{2}"
_COUNT = r"\d{1,5}|an?"


def _shape(pattern: str) -> re.Pattern[str]:
    """Return a pattern that matches whole words at the beginning of what is left."""
    return re.compile(rf"(?:{pattern})(?=[\s,:]|$)[\s,]*:?\s*", re.IGNORECASE)


_STEP = _shape(r"(?:(?P<count>\d{1,5})\s?)?(?P<unit>minutes?|mins?|hours?|h)")
_CRON = _shape(r"cron\s+(?P<rule>\S+(?:\s+\S+){4})")
_DAILY = _shape(r"(?P<kind>days?|weekdays?|workdays?|weekends?)")
_WEEKLY = _shape(rf"(?P<days>(?:{_DAY})(?:\s*(?:,|and)\s*(?:{_DAY}))*)")
_MONTHLY = _shape(
    r"(?:month\s+on\s+)?(?:the\s+)?(?:(?P<day>\d{1,2})(?:st|nd|rd|th)|(?P<last>last\s+day))"
    r"(?:\s+of\s+(?:the|every)\s+month)?"
)
_AT = _shape(_TIME)
_IN = _shape(rf"in\s+(?P<count>{_COUNT})\s?(?P<unit>minutes?|mins?|hours?|h|days?|weeks?)")
_ON = _shape(rf"(?:on\s+)?(?P<on>today|tomorrow|{_DAY}|{_DATE})")
_ZONE = _shape(rf"(?P<zone>UTC|(?:{_AREAS})/[\w+\-/]+|{_OFFSETS})")
_UNTIL = _shape(r"until")
_TIMES = _shape(r"(?P<count>\d{1,5})\s+times?")
_LATE = _shape(rf"late\s+(?P<late>{'|'.join(get_args(Late))})")
_SAY = re.compile(rf"{SAY}\b[\s:]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """What was understood. `zone`: the one that was named, or the one that was given.

    `late`: None where nothing was said of it.
    """

    rule: Rule
    text: str
    zone: str
    action: Literal["say", "ask"] = "ask"
    late: Late | None = None
    until: datetime | None = None
    times: int | None = None
    is_zone_named: bool = False


_Ruled = Callable[[str], Rule]
"""Makes a rule of the name of a zone."""


class _Reader:
    """What is left of a phrase, read from its beginning."""

    def __init__(self, written: str) -> None:
        self.left = written.strip()

    def take(self, shape: re.Pattern[str]) -> re.Match[str] | None:
        found = shape.match(self.left)
        if found is not None:
            self.left = self.left[found.end() :]
        return found


def every(written: str, now: datetime, zone: str) -> Phrase:
    """Read what follows `/every`. Raises `Refused`."""
    reader = _Reader(written)
    reader.take(_shape("every"))
    if (step := reader.take(_STEP)) is not None:
        return _rest(reader, now, zone, lambda _: _every(step, now))
    if (cron := reader.take(_CRON)) is not None:
        return _rest(reader, now, zone, lambda name: Cron(expression=cron["rule"], zone=name))
    days = _days(reader)
    at = _time(reader) if days else None
    if at is None:
        raise Refused(schedule_texts.every_how(EVERY))
    expression = f"{at.minute} {at.hour} {days}"
    return _rest(reader, now, zone, lambda name: Cron(expression=expression, zone=name))


def once(written: str, now: datetime, zone: str) -> Phrase:
    """Read what follows `/once`. Raises `Refused`."""
    reader = _Reader(written)
    if (span := reader.take(_IN)) is not None:
        return _rest(reader, now, zone, lambda name: Once(at=_after(span, now, name)), many=False)
    on = reader.take(_ON)
    at = _time(reader)
    if at is None:
        raise Refused(schedule_texts.once_how(ONCE))
    day = on["on"] if on is not None else ""
    return _rest(reader, now, zone, lambda name: Once(at=_moment(day, at, now, name)), many=False)


def timed(when: str, now: datetime, zone: str) -> Phrase:
    """Read `every …` or `once …`, with nothing after it: a program says elsewhere what it is.

    Raises `Refused`.
    """
    kind, _, rest = when.strip().partition(" ")
    is_every = kind.lower() != "once"
    read, written = (every, when) if is_every else (once, rest)
    understood = read(f"{written} {_NOTHING}", now, zone)
    if understood.text != _NOTHING or understood.action != "ask":
        how = schedule_texts.every_how(EVERY) if is_every else schedule_texts.once_how(ONCE)
        raise Refused(how)
    return understood


def local(at: datetime, zone: str) -> str:
    """Return a time as it is read on the wall clock of a zone; at the end of time, in UTC."""
    with suppress(OverflowError):
        at = at.astimezone(_zone(zone))
    return at.strftime("%Y-%m-%d %H:%M")


def instant(day: date, at: time, zone: str) -> datetime:
    """Return a time of day in a zone, in UTC. Raises `Refused`."""
    return _instant(day, at, _zone(zone))


# -- the parts of a phrase ------------------------------------------------------------------------


def _rest(reader: _Reader, now: datetime, zone: str, rule: _Ruled, *, many: bool = True) -> Phrase:
    """Read what may follow when something is due, and then what it is."""
    named = reader.take(_ZONE)
    name = named["zone"] if named is not None else zone
    until, times, late = None, None, None
    while many and (shape := _ending(reader)) is not None:
        if "late" in shape.groupdict():
            late = shape["late"].lower()
        elif "count" in shape.groupdict():
            times = int(shape["count"])
        else:
            until = _until(reader, now, name)
    says = reader.take(_SAY)
    text = reader.left.strip()
    if not text:
        raise Refused(schedule_texts.SCHEDULE_WHAT)
    return Phrase(
        rule=rule(_zone(name).key),
        text=text,
        zone=name,
        action="say" if says is not None else "ask",
        late=cast("Late | None", late),
        until=until,
        times=times,
        is_zone_named=named is not None,
    )


def _ending(reader: _Reader) -> re.Match[str] | None:
    for shape in (_UNTIL, _TIMES, _LATE):
        if (found := reader.take(shape)) is not None:
            return found
    return None


def _until(reader: _Reader, now: datetime, zone: str) -> datetime:
    on, at = reader.take(_ON), _time(reader)
    if on is None and at is None:
        raise Refused(schedule_texts.every_how(EVERY))
    day = on["on"] if on is not None else ""
    return _moment(day, at or time(23, 59, 59), now, zone)


def _every(step: re.Match[str], now: datetime) -> Every:
    size = 3600 if step["unit"].lower().startswith("h") else 60
    seconds = int(step["count"] or 1) * size
    if seconds < 1:
        raise Refused(texts.TOO_OFTEN)
    return Every(seconds=seconds, start=now.replace(microsecond=0) + timedelta(seconds=seconds))


def _days(reader: _Reader) -> str:
    """Return the last three fields of a cron rule; "" for no days that are known."""
    if (daily := reader.take(_DAILY)) is not None:
        kind = daily["kind"].lower().rstrip("s")
        return {"day": "* * *", "weekend": "* * 6,0"}.get(kind, "* * 1-5")
    if (weekly := reader.take(_WEEKLY)) is not None:
        found = re.findall(_DAY, weekly["days"], re.IGNORECASE)
        numbers = sorted({_weekday(each) for each in found})
        return f"* * {','.join(str((each + 1) % 7) for each in numbers)}"
    if (monthly := reader.take(_MONTHLY)) is not None:
        day = "L" if monthly["last"] else int(monthly["day"])
        if day == "L" or 1 <= int(day) <= 31:  # noqa: PLR2004 - the days of a month
            return f"{day} * *"
    return ""


def _weekday(word: str) -> int:
    """Return the number of a day of the week, Monday being 0."""
    return next(n for n, each in enumerate(_DAYS) if each.startswith(word[:3].lower()))


def _time(reader: _Reader) -> time | None:
    kept = reader.left
    found = reader.take(_AT)
    if found is None:
        return None
    if found["word"]:
        return time(12 if found["word"].lower() == "noon" else 0)
    half = re.sub(r"[.\s]", "", found["half"] or found["halves"] or "").lower()
    hour, minute = int(found["h"] or found["hour"]), int(found["m"] or 0)
    if hour > (12 if half else 23) or (half and not hour):
        reader.left = kept
        return None
    return time(hour % 12 + 12 * (half == "pm") if half else hour, minute)


# -- times on a wall clock ------------------------------------------------------------------------


def _moment(day: str, at: time, now: datetime, zone: str) -> datetime:
    """Return the time on a day; without a day, or on a day of the week, the next one of these."""
    place, low = _zone(zone), day.lower()
    today = now.astimezone(place).date()
    if low == "tomorrow":
        return _instant(today + timedelta(days=1), at, place)
    if low[:1].isdigit():
        return _instant(_date(low), at, place)
    ahead = (_weekday(low) - today.weekday()) % 7 if low not in {"", "today"} else 0
    found = _instant(today + timedelta(days=ahead), at, place)
    if found > now or low == "today":
        return found
    return _instant(today + timedelta(days=ahead + (7 if low else 1)), at, place)


def _after(span: re.Match[str], now: datetime, zone: str) -> datetime:
    count, unit = span["count"], span["unit"].lower()
    number = int(count) if count.isdigit() else 1
    start = now.replace(microsecond=0)
    if unit[0] in "mh":
        return start + timedelta(minutes=number * (60 if unit[0] == "h" else 1))
    place = _zone(zone)
    there = start.astimezone(place)
    try:
        day = there.date() + timedelta(days=number * (7 if unit[0] == "w" else 1))
        return _instant(day, there.time(), place)
    except OverflowError as error:
        raise Refused(texts.TOO_FAR) from error


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise Refused(schedule_texts.no_such_day(written)) from error


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    except OverflowError as error:
        raise Refused(texts.TOO_FAR) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # Names of folders and paths out of the zone database end in other errors than KeyError.
    except (KeyError, ValueError, OSError) as error:
        raise Refused(texts.no_such_zone(name)) from error
