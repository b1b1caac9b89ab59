"""Every text the bridge itself writes to people, in one place. Markdown; no secrets, no jargon."""

from collections.abc import Mapping, Sequence

from bridge.budget import Level
from bridge.content import Option
from bridge.usage import Used

BROWSER = "browser"
TERMINAL = "terminal"
API = "API"
OWNER = "Owner"
FIRST_TITLE = "Main"
SOMEONE = "someone"
SOMEWHERE = "elsewhere"

# -- refusals -------------------------------------------------------------------------------------

UNKNOWN_SENDER = "I only talk to people I know. Ask whoever runs me to let you in."
BAD_CODE = "This code is wrong or has expired. Send `/link` where you are known to get a new one."
TOO_MANY_CODES = "Too many wrong codes. Try again in an hour."
CODE_SEEN = (
    "Others can read this, so this code no longer works. Get a new one with `/link`, and send it "
    "to me in private."
)
LINK_IN_PRIVATE = (
    "Codes are only for private chats: whoever sends one there is you. Write `/link` to me in "
    "private."
)
ISSUER_IS_HERE = (
    "The person who made this code already has an account in this app, so it cannot make you them. "
    "The code no longer works."
)
PUT_OUT = "You were removed from this session. An owner of it can let you in again."
NO_PLACE = "This place follows no session now. Write to me to begin."
NOT_YOURS_TO_UNDO = "Only the person who made the code can undo this."
UNDONE_ALREADY = "This was undone already, or there is no such number."
UNLINK_WHAT = "Send `/unlink` with the number from the message that told you who joined."
LINK_ELSEWHERE = "That is for chat apps: send `/link CODE` to the bot there."
NOT_IN_SESSION = "You are not part of this session."
READ_ONLY = "You can read along here, but not write."
OWNERS_ONLY = "Only an owner of this session can do that."
NOT_ASKED_OF_YOU = "This question is for someone else."
QUESTION_OVER = "This question is over."
QUESTION_ANSWERED = "This question has been answered already."
QUESTION_WITHDRAWN = "This question is no longer needed."
QUESTION_EXPIRED = "Too late: the time for this question is over."
NO_SUCH_OPTION = "That is not one of the answers to choose from."
CALL_NOT_SHOWN = (
    "This call was not shown here in full, so it cannot be approved from here. Open the session in "
    "the browser or in the terminal to read and to decide it; you can deny it here."
)
CALL_TOO_LONG = "This call is too long to be read by anyone, so it cannot be approved. Deny it."
ANSWER_EMPTY = "An answer needs some words."
NOTHING_SAID = "There was nothing in that message."
ARCHIVED = "This session is archived; it can be read but not continued."
NO_SUCH_SESSION = "There is no such session here."
NO_SUCH_PARTICIPANT = "There is no such person in this session."
BUTTON_UNKNOWN = "That button is not one of mine."
FILE_GONE = "This file is not kept here (any more)."
FILE_EMPTY = "This file is empty."
DISK_FULL = "The disk for files is full; whoever runs me has to make some room."


def file_too_large(most: str) -> str:
    return f"This file is too large: {most} are the most that is kept here."


def size(count: int) -> str:
    """Return a number of bytes as people read it: `640 bytes`, `1.2 MB`."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            shown = f"{count / unit:.1f}"
            return f"{shown.removesuffix('.0')} {name}"
    return f"{count} byte{'s' if count != 1 else ''}"


# -- joining --------------------------------------------------------------------------------------


LINK_CODE_SHOWN = "Your code was shown already, and is kept nowhere. `/link` makes a new one."


def link_code(code: str) -> str:
    return (
        f"To go on in another app, send the bot there, within ten minutes:\n\n`/link {code}`\n\n"
        "Whoever sends it there in private is you from then on: show it to nobody. You are told "
        "when it was used, and can undo that."
    )


def linked(title: str) -> str:
    return f"This place now follows **{title or 'the session'}**."


def you_own_it(title: str) -> str:
    return f"Welcome: you are the owner of **{title or 'this session'}** from now on."


def welcome(*, title: str, people: int, places: int, room: bool) -> str:
    """Say in three lines what this is, who can read along, and how to go on."""
    persons = f"{people} {'person' if people == 1 else 'people'}"
    apps = f"{places} {'place' if places == 1 else 'places'}"
    readers = "this room and in the session" if room else "it"
    onward = "" if room else "; `/link` takes it along to another app"
    return (
        f"This place now follows **{title or 'a session'}**, in which an AI agent answers.\n\n"
        f"What is said here can be read by everyone in {readers}: {persons}, in {apps}.\n\n"
        f"`/help` says what you can do{onward}."
    )


# -- refusals of schedules ------------------------------------------------------------------------

TIME_OVER = "That time is over: choose one that is still to come."
TOO_OFTEN = "A schedule needs at least a second between two times."
TOO_FAR = "That is too far away for a schedule."
NEVER_DUE = "That rule never comes true."
CRON_FIELDS = (
    "A cron rule has five fields: minute, hour, day of the month, month, day of the week. "
    "`0 9 * * 1-5` is nine o'clock on workdays."
)


def bad_cron(reason: str) -> str:
    return f"That cron rule cannot be read ({reason}). {CRON_FIELDS}"


def no_such_zone(zone: str) -> str:
    return f"There is no time zone {zone!r}. They are named like `Europe/Berlin`."


# -- answers to slash commands --------------------------------------------------------------------

NOTHING_TO_RETRY = "There is nothing that I gave up and could take up again."
NOTHING_TO_STOP = "There is nothing to stop."


def no_such_command(name: str) -> str:
    return f"There is no command /{name}. /help lists them."


def help_text(commands: Sequence[tuple[str, str]], agent: str) -> str:
    lines = [f"`/{name}` {text}" for name, text in commands]
    return "\n".join([*(f"- {line}" for line in lines), *(["", agent] if agent else [])])


def status(*, title: str, state: str, people: Sequence[str], places: Sequence[str]) -> str:
    return "\n".join(
        [
            f"**{title or 'This session'}** is {state}.",
            f"- people: {', '.join(people) or 'nobody yet'}",
            f"- shown in: {', '.join(places) or 'no chat app yet'}",
        ]
    )


def agents(names: Sequence[str], chosen: str) -> str:
    """List the agents; the chosen one stands out."""
    lines = [f"- **{name}** (answers here)" if name == chosen else f"- {name}" for name in names]
    more = ["", "`/agent NAME` chooses another."] if len(names) > 1 else []
    return "\n".join([*lines, *more])


def agent_chosen(name: str) -> str:
    return f"**{name}** answers here from now on."


def no_such_agent(name: str, names: Sequence[str]) -> str:
    return f"There is no agent {name!r} here. There are: {', '.join(names)}."


def model(name: str, choices: Sequence[str] = ()) -> str:
    chosen = f"The model here is **{name}**." if name else "The agent chooses the model itself."
    more = "`/model NAME` chooses another; `/model default` leaves it to the agent."
    return "\n".join([f"{chosen} {more}", *_choices(choices)])


def no_such_model(name: str, why: str, choices: Sequence[str]) -> str:
    """Say why a model was not chosen; everything stays as it was."""
    said = f"**{name}** was not chosen: {why.rstrip('.')}. The model here stays as it was."
    known = ", ".join(f"`/model {each}`" for each in choices)
    return f"{said} To choose from: {known}." if known else said


def _choices(names: Sequence[str]) -> list[str]:
    return ["", "To choose from:", *(f"- `/model {name}`" for name in names)] if names else []


def model_chosen(name: str) -> str:
    if not name:
        return "The agent chooses the model itself from now on."
    return f"**{name}** is the model here from the next answer on."


MODES = {
    "steer": "the agent takes it in at its next step",
    "queue": "it waits until the agent is done",
    "interrupt": "it stops the answer, which starts anew with everything",
}


def always_allowed(tools: Sequence[str]) -> str:
    if not tools:
        return "No tool was given leave to run here for always."
    lines = [f"- `{tool}`" for tool in tools]
    head = "Someone here said of these tools that they may always run:"
    return "\n".join([head, *lines, "", "`/revoke NAME` has you asked about one again."])


def not_always_allowed(tool: str, tools: Sequence[str]) -> str:
    known = f" Those that were: {', '.join(tools)}." if tools else ""
    return f"{tool!r} was not given leave to run here for always.{known}"


def revoked(tool: str) -> str:
    return f"From now on you are asked before `{tool}` runs here."


def mode(chosen: str) -> str:
    lines = [
        f"- **{name}** (now): {does}" if name == chosen else f"- {name}: {does}"
        for name, does in MODES.items()
    ]
    head = "What is said while the agent answers:"
    return "\n".join([head, *lines, "", "`/mode NAME` chooses another."])


def mode_chosen(name: str) -> str:
    return f"**{name}** from now on. What is said while the agent answers: {MODES[name]}."


def who_may(opened: Mapping[str, bool]) -> str:
    lines = [
        f"- {name}: {'owners and members' if members else 'owners'}"
        for name, members in opened.items()
    ]
    head = "Who may change these here:"
    return "\n".join([head, *lines, "", "`/may NAME members` or `/may NAME owners` changes it."])


def opened_to(name: str, *, members: bool) -> str:
    whom = "Owners and members" if members else "Only owners"
    return f"{whom} may change the {name} here from now on."


def no_such_permission(names: Sequence[str]) -> str:
    return f"Write `/may NAME members` or `/may NAME owners`; NAME is one of {', '.join(names)}."


def no_such_mode(name: str) -> str:
    return f"There is no mode {name!r}. There are: {', '.join(MODES)}."


def usage(lines: Sequence[tuple[str, Used]]) -> str:
    return "\n".join(f"- {when}: {used_up(used)}" for when, used in lines)


def used_up(used: Used) -> str:
    """Return what was used, in a few words: `3 answers, 1,200 tokens, $0.02`."""
    answers = f"{used.runs} answer{'s' if used.runs != 1 else ''}"
    if not used.tokens and not used.cost:
        return answers
    tokens = f"{used.tokens:,} token{'s' if used.tokens != 1 else ''}"
    if not used.unpriced:
        return f"{answers}, {tokens}, {dollars(used.cost)}"
    if used.unpriced == used.tokens and not used.cost:
        return f"{answers}, {tokens} (what they cost is not known)"
    known = dollars(used.cost)
    return f"{answers}, {tokens}, {known} (what {used.unpriced:,} of the tokens cost is not known)"


def dollars(amount: float) -> str:
    """Return money as people read it; small sums in more digits."""
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"


IN_ALL, TODAY, THIS_MONTH = "in this session", "today", "this month"

IDLE = "idle"
RUNNING = "working on an answer"
WAITING = "waiting for an answer to a question"

# -- what `bridge doctor` reports -----------------------------------------------------------------

WORKS = "works"
ANSWERED = "it answers"
FIX_AGENT = "look at its section in the configuration, then try again"
FIX_STORE = "look at the disk and at `store` in the configuration, then try again"
NO_ANSWER = "it did not answer in time"
FIX_NETWORK = "look whether this machine reaches the platform, then try again"
FIX_FILES = "look at the disk and at `media` in the configuration; it is tried again by itself"
FIX_CHANNEL = "look at its credentials in the configuration, then start the bridge again"


def lanes_behind(count: int) -> str:
    return f"{count} behind" if count else "all up to date"


def room_shares(room: str, title: str) -> str:
    return f"{room} follows {title or 'a session'}, which other places follow too"


def and_more(count: int) -> list[str]:
    return [f"and {count} more"]


# -- notices in the log ---------------------------------------------------------------------------


def gave_up(reason: str, unread: str = "") -> str:
    """Say what is given up and why. `unread` names it: whose words it is, and how they begin."""
    why, what = f": {reason}" if reason else "", f" ({unread})" if unread else ""
    again = "`/retry` has me try once more, or say it differently."
    return f"I could not answer this{what}{why}. {again}"


def unread(who: str, words: str, more: int) -> str:
    """Name what was not answered: the first of it, and how many more there are."""
    others = f", and {more} more" if more else ""
    return f"{who}: {words}{others}"


NOBODY = "nobody in person"

GO_ON = "Please go on."
"""What is asked once more where the answer to a question was given up."""


def budget_up(level: Level) -> str:
    """Say to people why there is no answer."""
    whose = "Your budget for today" if level.person else "Today's budget"
    return (
        f"{whose} is used up ({_limit(level)}), so there is no answer. It begins anew at midnight "
        "UTC; an owner can raise it in the configuration."
    )


def budget_up_midway(level: Level) -> str:
    """Say why an answer could not be finished."""
    match level.which:
        case "per_run":
            return f"this answer has used up what one may ({_limit(level)})"
        case "per_day":
            return f"today's budget is used up ({_limit(level)})"
        case "per_person_per_day":
            return f"your budget for today is used up ({_limit(level)})"


def budget_nearly_up(level: Level, name: str) -> str:
    """Say to the owner that a budget is coming to its end."""
    whose = f"**{name}**'s budget for today" if level.person else "Today's budget"
    share = level.limit.share(level.used)
    stands = "used up: nothing more is answered on it" if level.is_up else f"{share:.0%} used up"
    return f"{whose} ({_limit(level)}) is {stands}. `budgets` in the configuration sets it."


def _limit(level: Level) -> str:
    money = [dollars(level.limit.usd)] if level.limit.usd else []
    tokens = [f"{level.limit.tokens:,} tokens without a price"] if level.limit.tokens else []
    return " or ".join(money + tokens)


CRASHED = "each attempt ended before it was done"


def account_refused(label: str, account: str, why: str) -> str:
    return (
        f"**{label}** ({account}) refuses the credentials: {why} Everything else goes on; "
        "`bridge doctor` says what to do."
    )


def out_of_reach(name: str) -> str:
    return (
        f"**{name}** cannot be reached in any chat app just now. What is said is kept, and shown "
        "as soon as they write from one."
    )


# -- what is shown in a place ---------------------------------------------------------------------


def speaker(name: str, place: str) -> str:
    return f"{name} · {place}"


def about(name: str, words: str) -> str:
    """Return what a message is about, as a quote; `words` are one line of Markdown."""
    return f"> **{name}:** {words}"


def stopped_by(name: str) -> str:
    return f"_{name} stopped the answer._"


def joined(name: str) -> str:
    return f"_{name} joined._"


def left(name: str) -> str:
    return f"_{name} left._"


def numbered(options: Sequence[Option]) -> str:
    """List options for a place without buttons, with how to answer."""
    lines = [f"{number}. {option.label}" for number, option in enumerate(options, start=1)]
    last = len(options)
    return "\n".join([*lines, "", f"_Reply with a number from 1 to {last}._"])


def choices(options: Sequence[tuple[int, str]]) -> str:
    """List some of a question's options by their numbers, where its buttons were refused."""
    lines = [f"{number}. {label}" for number, label in options]
    return "\n".join([*lines, "", "_Reply with one of these numbers._"])


def sayings(labels: Sequence[str]) -> str:
    """List what buttons would have said, where they were refused."""
    return f"_You can reply:_ {', '.join(f'`{each}`' for each in labels)}"


def call_too_long(options: Sequence[Option]) -> str:
    """Say what can be done about a call of which a place shows only the ends."""
    answers = ", ".join(f"`{option.label}`" for option in options)
    reply = f" Here you can answer: {answers}." if answers else ""
    return f"_This call is too long to be decided here: open it in the browser._{reply}"


def answered(name: str, answer: str) -> str:
    return f"_{name}: {answer}_"


def transcript(words: str) -> str:
    return f"🎙 {words}"


QUESTION = "_A question:_"
EXPIRED = "_Nobody answered in time._"
WITHDRAWN = "_No longer needed._"


def no_longer_needed(what: str) -> str:
    """Say it where the question itself does not stand right above."""
    return f"_No longer needed:_ {what}" if what else WITHDRAWN


def nobody_answered(what: str) -> str:
    return f"_Nobody answered in time:_ {what}" if what else EXPIRED


INCOMPLETE = "_(incomplete: decide elsewhere)_"
REPEATED = "_(may be a repeat)_"

RESTORED = (
    "_The bridge was put back to an earlier copy of its log. What was said after that copy and is"
    " heard again is context, and not answered: ask again for what you still want._"
)
ASKED_BEFORE_RESTORE = (
    "This was asked before the bridge was put back to an earlier copy of its log, and may have been"
    " answered then. Ask again if it was not."
)
PRESSED_BEFORE_RESTORE = (
    "This was pressed before the bridge was put back to an earlier copy of its log. If the question"
    " is still open, answer it again."
)
A_FILE = "(a file)"
RECAP_LOST = "A summary of what was missed here may not have been shown. The web page has it all."


def not_shown(words: str, speaker: str) -> str:
    """Say what a place was not shown, because the platform never said whether it took it."""
    whose = f" from {speaker}" if speaker else ""
    return f"A message{whose} may be missing here. It begins: {words}"


def not_changed(words: str) -> str:
    return f"A message here may be out of date. It should now begin: {words}"


def file_lost(name: str) -> str:
    return f"_(The file {name or 'that was sent'} could not be fetched: please send it again.)_"


def file_not_kept(name: str) -> str:
    return f"_(The file {name or 'that was sent'} is too large to be kept here.)_"


def files_left_out(count: int) -> str:
    return f"_({count} more file{'s were' if count != 1 else ' was'} left out: too many at once.)_"


def unreadable(what: str) -> str:
    """Say that someone sent something which has no words; `what` is its kind, with an article."""
    return f"_({what}, which cannot be shown here)_"


def file_elsewhere(name: str, size: int) -> str:
    megabytes = f"{max(0.1, size / 1_000_000):.1f} MB"
    return f"📎 {name} ({megabytes}) cannot be shown here: open it in the browser."


def file_refused(name: str, size: int) -> str:
    """Name a file that the platform did not take."""
    megabytes = f"{max(0.1, size / 1_000_000):.1f} MB"
    return f"📎 {name or 'A file'} ({megabytes}) was not taken here: open it in the browser."


FILES_REFUSED = "📎 Files: open the browser."
"""Short enough for what `bridge.cutting` keeps free."""


def not_taken(speaker: str) -> str:
    """Say in one line that something could not be shown, and where it is to be read."""
    whose = f" from {speaker}" if speaker else ""
    return f"A message{whose}, or a part of it, was refused here: read it in the browser."


CHANGE_NOT_TAKEN = "A message here was changed, and the change was refused: read it in the browser."
RECAP_REFUSED = "A summary of what was missed was refused here: read it in the browser."


def coded(line: str, code: str) -> str:
    """Return a line with the platform's own word for why."""
    return f"{line} (`{code}`)" if code else line


def folded(named: Sequence[str], count: int) -> str:
    """Name the first of `count` messages that are shown together, and say where all of them are."""
    lines = [f"- {each}" for each in named]
    if count > len(named):
        lines.append(f"- … and {count - len(named)} more")
    what = "1 more message" if count == 1 else f"{count} more messages"
    where = "They did not ring, for there were many. The page and `bridge chat` show all of them."
    return "\n".join([f"… and {what}:", "", *lines, "", where])


def too_many_questions(most: int, left_out: int) -> str:
    more = "1 more question is" if left_out == 1 else f"{left_out} more questions are"
    return f"_({more} not asked now: at most {most} are at once.)_"


def recap(*, people: int, answers: int, latest: Sequence[str]) -> str:
    heard = f"{people} message{'s' if people != 1 else ''}"
    said = f"{answers} answer{'s' if answers != 1 else ''}"
    return "\n\n".join([f"**While you were away:** {heard}, {said}. The latest:", *latest])
