"""What people are told about schedules. Markdown, as in `texts`."""

import re
from collections.abc import Sequence

from bridge.domain.display_names import typed
from bridge.domain.events import Cron, Every, Once, Rule
from bridge.domain.literal import escaped
from bridge.domain.wording import _, _n, composed, together

NO_SUCH_SCHEDULE = _("There is no such schedule here any more. `/schedules` lists those there are.")
SCHEDULE_WHAT = _(
    "Say what is to happen then, after the time: `/every weekday 9:00 review my backlog`. With "
    "`say` before it, I say the words myself: `/once in 20 minutes say tea is ready`."
)
TOO_OFTEN_FOR_PEOPLE = _("A schedule needs at least one minute between two times.")
NO_SCHEDULES = _("There are no schedules here.")
SCHEDULES_MADE_BY = _("`/every WHEN WHAT` and `/once WHEN WHAT` make one.")
SCHEDULES_HOW = _(
    "`/schedules pause ID`, `/schedules resume ID`, `/schedules run ID` and `/schedules remove ID` "
    "change one. The ID is the word at the beginning of its line."
)
_ZONE_ASSUMED = _(
    "I do not know your time zone, so I took my own. If yours is another, name it: "
    "`/every day 9:00 Europe/Berlin water the plants`."
)
_LISTED = _("`/schedules` lists what is planned here.")
NOBODY_TO_PLAN_FOR = _("Nobody who may plan something asked for this.")
PAUSE, RESUME, RUN, REMOVE = _("Pause"), _("Resume"), _("Run now"), _("Remove")
PAUSED = _("It is paused. `/schedules` lists what is planned here.")
RAN = _("It runs now. When it is next due stays as it is.")
REMOVED = _("It is removed.")
LONGEST_SHOWN = 100
"""Characters of what a schedule does that are shown in a list."""


def too_many_schedules(most: int) -> str:
    return _(
        "This session has {most} schedules already. Remove one first: `/schedules` lists them.",
        most=most,
    )


def too_long(most: int) -> str:
    return _("That is too long for a schedule. {most} characters are the most.", most=most)


def how_often(most: int) -> str:
    return _("A schedule can run from once to {most} times.", most=most)


def no_such_day(written: str) -> str:
    return _("There is no day {day}. Days are written like `2030-12-24`.", day=typed(written))


def every_how(examples: Sequence[str]) -> str:
    head = _("I do not understand when that is to happen. After `/every` I read:")
    return together("\n", [head, *_examples(examples)])


def once_how(examples: Sequence[str]) -> str:
    head = _("I do not understand when that is to happen. After `/once` I read:")
    return together("\n", [head, *_examples(examples)])


def _examples(examples: Sequence[str]) -> Sequence[str]:
    return [f"- `{each}`" for each in examples]


# -- when -----------------------------------------------------------------------------------------

_DAYS = (
    _("Sundays"),
    _("Mondays"),
    _("Tuesdays"),
    _("Wednesdays"),
    _("Thursdays"),
    _("Fridays"),
    _("Saturdays"),
)
"""As cron counts them."""

_SIMPLE = re.compile(r"([0-9]{1,2}) ([0-9]{1,2}) (\*|L|[0-9]{1,2}) \* (\*|1-5|[0-6](?:,[0-6])*)")


def when(rule: Rule, at: str) -> str:
    """Say when a rule is due; `at` is when it is next, on the wall clock."""
    match rule:
        case Once():
            return _("on {day}", day=at)
        case Every(seconds=seconds) if seconds % 3600 == 0:
            return _n("every hour", "every {count} hours", seconds // 3600)
        case Every(seconds=seconds) if seconds % 60 == 0:
            return _n("every minute", "every {count} minutes", seconds // 60)
        case Every(seconds=seconds):
            return _n("every second", "every {count} seconds", seconds)
        case Cron(expression=expression, zone=zone):
            return _by_clock(expression, zone)


def _by_clock(expression: str, zone: str) -> str:
    simple = _SIMPLE.fullmatch(expression)
    if simple is None or (simple[3] != "*" and simple[4] != "*"):
        return _("by the rule `cron {rule}` ({zone})", rule=escaped_code(expression), zone=zone)
    time = f"{int(simple[2]):02}:{int(simple[1]):02}"
    if simple[3] == "L":
        return _("on the last day of every month at {time} ({zone})", time=time, zone=zone)
    if simple[3] != "*":
        return _(
            "on day {day} of every month at {time} ({zone})", day=simple[3], time=time, zone=zone
        )
    if simple[4] == "*":
        return _("every day at {time} ({zone})", time=time, zone=zone)
    if simple[4] == "1-5":
        return _("on weekdays at {time} ({zone})", time=time, zone=zone)
    days = together(", ", [_DAYS[int(each)] for each in simple[4].split(",")])
    return _("on {days} at {time} ({zone})", days=days, time=time, zone=zone)


def escaped_code(text: str) -> str:
    """Return what can stand between backticks."""
    return " ".join(text.replace("`", "").split())


# -- what is told ---------------------------------------------------------------------------------


def _line(text: str) -> str:
    """Return the beginning of what a schedule does, in one line, as Markdown that shows it."""
    line = " ".join(text[: 4 * LONGEST_SHOWN].split())
    return escaped(line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…")


def scheduled(
    when: str,
    text: str,
    following: str,
    *,
    says: bool,
    until: str = "",
    times: int | None = None,
    assumed: bool = False,
) -> str:
    """Say what was understood: `following` is the next time, with its zone."""
    shown = _line(text)
    told = [
        _("I will say this {when}: {text}", when=when, text=shown)
        if says
        else _("I will ask the agent this {when}: {text}", when=when, text=shown)
    ]
    more = [_("The next time is {next}.", next=following)]
    if until:
        more += [_("It ends on {until}.", until=until)]
    if times is not None:
        more += [_n("It runs once.", "It runs {count} times.", times)]
    more += [_LISTED, *([_ZONE_ASSUMED] if assumed else [])]
    return together("\n", [*told, together(" ", more)])


def resumed(following: str) -> str:
    return _("It goes on. The next time is {next}.", next=following)


def schedule_line(number: str, when: str, text: str, *, following: str, by: str) -> str:
    """Return a line of the list; `following` is empty for one that is paused."""
    head = composed("- `{number}` {when}: {text}", number=number, when=when, text=_line(text))
    due = _("next {next}", next=following) if following else _("paused")
    whose = by or _("from the configuration")
    return composed("{head} ({due}; {whose})", head=head, due=due, whose=whose)


def schedules(lines: Sequence[str]) -> str:
    """List the schedules of a session."""
    if not lines:
        return together(" ", [NO_SCHEDULES, SCHEDULES_MADE_BY])
    return together("\n", [_("Planned here:"), *lines, "", SCHEDULES_HOW])


def label(what: str, number: str) -> str:
    """Return the label of a button that does something with one of several schedules."""
    return composed("{what} {number}", what=what, number=number)


def due_before_restore(text: str) -> str:
    return _(
        "This was due before the bridge was restored from an earlier backup, and may have been done"
        " then, so the agent is not asked again: {text} If it was not done, ask for it.",
        text=_line(text),
    )


def schedule_failing(text: str, failures: int) -> str:
    return _(
        "A schedule failed {count} times in a row, and now runs less often until it works again: "
        "{text} `/schedules` lists it.",
        count=failures,
        text=_line(text),
    )


def schedule_rests(text: str) -> str:
    return _(
        "I paused what somebody planned who is not let in here any more: {text} `/schedules` lists "
        "it.",
        text=_line(text),
    )
