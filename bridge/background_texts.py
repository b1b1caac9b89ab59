"""What people and agents are told about work in the background. Markdown, as in `texts`."""

from collections.abc import Sequence

from bridge.domain.display_names import clean_line
from bridge.domain.literal import escaped
from bridge.domain.wording import _, _n, composed, together

NO_DEEPER = _("What works in the background cannot begin more work in the background.")
NO_SUCH_WORK = _(
    "There is no such work in the background here, or it is over. `/background` lists what there "
    "is."
)
WORK_OF_OTHERS = _("Another agent began this work. People stop it with `/background`.")
NOT_WRITTEN_IN = _(
    "This is work in the background: it can be read, and not written in. Write in the session that "
    "it belongs to."
)
AGENT_GONE = _("The agent that works on this is not configured any more.")
NOBODY_WORKS = _("Nothing works in the background here.")
STOP_HOW = _(
    "`/background stop ID` stops one, `/stop` all. The ID is the word at the beginning of its line."
)
HOW = _("Write `/background`, or `/background stop ID`.")
STOP = _("Stop")
STOPPED = _("It is stopped. It reports nothing.")
WAITS = _("waits for an answer")
WORKS = _("works")
REPORTED, ENDED = _("reported"), _("stopped")

LONGEST_SHOWN = 100
"""Characters of a task that are shown in a list."""


def too_many(most: int) -> str:
    return _(
        "{most} pieces of work are under way in the background already. Wait for one, or stop one: "
        "`/background` lists them.",
        most=most,
    )


def too_many_alone(most: int) -> str:
    return _(
        "{most} pieces of work began in the background since anybody asked for something here. "
        "Write what is to be done next; then more can begin.",
        most=most,
    )


def too_long(most: int) -> str:
    return _("That is too long. {most} characters are the most.", most=most)


def shortened(task: str) -> str:
    """Return the beginning of a task, in one line of plain words."""
    return clean_line(task, LONGEST_SHOWN)


def started(task: str) -> str:
    return _("_In the background from now on: {task}_", task=escaped(shortened(task)))


def stopped_by(who: str, count: int) -> str:
    return _n(
        "_{who} stopped work in the background._",
        "_{who} stopped {count} pieces of work in the background._",
        count,
        who=who,
    )


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 120:  # noqa: PLR2004 - two hours
        return _n("{count} minute", "{count} minutes", minutes)
    return _n("{count} hour", "{count} hours", minutes // 60)


def line(number: str, task: str, *, state: str, seconds: float, used: str, by: str) -> str:
    """Return a line of the list; `by` is empty where it works for nobody in particular."""
    head = composed("- `{number}` {task}", number=number, task=escaped(shortened(task)))
    about = together(", ", [state, _span(seconds), used, *([by] if by else [])])
    return composed("{head} ({about})", head=head, about=about)


def listed(works: Sequence[str], over: Sequence[str]) -> str:
    """List what works in the background of a session, and what did lately."""
    parts = [_("In the background:"), *works, "", STOP_HOW] if works else [NOBODY_WORKS]
    if over:
        parts += ["", _("Over:"), *over]
    return together("\n", parts)


def label(what: str, number: str) -> str:
    """Return the label of a button that does something with one of several."""
    return composed("{what} {number}", what=what, number=number)


# -- what agents are told, in English -------------------------------------------------------------


def prompt(task: str, told: str) -> str:
    """Return what a child is asked."""
    head = (
        "Do the following in the background. Nobody reads along. You know nothing of the session "
        "that it is for but what stands here. Your last words are your report to it: say what you "
        "did and found out, with names, numbers and addresses."
    )
    more = [f"What you are told with it:\n\n{told.strip()}"] if told.strip() else []
    return "\n\n".join([head, task.strip(), *more])


def asked(task: str, text: str) -> str:
    """Return what a child asks, as its parent asks it: with what it works on."""
    return f"“{escaped(shortened(task))}”: {text}"


def report(task: str, text: str, files: Sequence[str], *, failed: bool) -> str:
    """Return what a child reports to the agent of its parent."""
    told = "could not be done" if failed else "is done"
    head = f"What you began in the background {told}: “{shortened(task)}”."
    rest = text.strip() or "It had nothing to report."
    named = ", ".join(files)
    made = [f"It made files, which are in its own log: {named}"] if files else []
    return "\n\n".join([f"{head} Its report follows; tell people what matters of it.", rest, *made])


CUT = "(The report was longer. It stands whole in the log of the work.)"
