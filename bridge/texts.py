"""Every text the bridge itself writes to people, in one place. Markdown; no secrets, no jargon."""

import re
from collections.abc import Mapping, Sequence

from bridge.domain.content import Option
from bridge.domain.display_names import clean_name, clean_title, typed
from bridge.domain.usage import Level, Used
from bridge.domain.wording import _, _n, composed, together

BROWSER = _("browser")
TERMINAL = _("terminal")
API = "API"
WEBHOOK = "webhook"
SOURCES = {
    "schedule": _("schedule"),
    "webhook": _("webhook"),
    "api": _("push"),
    "background": _("background work"),
}
"""What an unprompted message came from, by the kind of its source; the page has the same words."""
OUTSIDE = {"webhook": WEBHOOK, "api": API}
"""What brought words from outside, as the place of a speaker."""

OWNER = "Owner"
AGENT = "The agent"
AGENT_LABEL, YOU = _("Agent"), _("You")
"""What the page calls whoever has no other name there; nobody else is called so."""

FIRST_TITLE = "Main"
SOMEONE = _("someone")
SOMEWHERE = _("elsewhere")


def someone(user: str) -> str:
    """Return what somebody is called whose app tells no name: told apart, and no whole number."""
    return clean_name(f"{SOMEONE} {user[-4:]}") or SOMEONE


# -- refusals -------------------------------------------------------------------------------------

UNKNOWN_SENDER = _(
    "I only talk to people I know. If you have a code, send it to me in private. If not, ask the "
    "person who runs me to let you in."
)
BAD_CODE = _(
    "This code is wrong or has expired. To get a new one, send `/link` in an app where I know you "
    "already."
)
TOO_MANY_CODES = _("Too many wrong codes. Try again in an hour.")
CODE_SEEN = _(
    "Other people can read this, so the code no longer works. Get a new one with `/link`, and send "
    "it to me in private."
)
CODE_UNPROVEN = _(
    "This app does not prove to me who you are, so no code lets you in here. The code you sent no "
    "longer works."
)
OWNER_UNPROVEN = _(
    "I listen to an owner only where the app proves to me who is writing. Write to me from another "
    "app, or sign in here."
)
UNPROVEN = _("This app does not prove to me who you are, so I cannot do that for you here.")
LINK_IN_PRIVATE = _(
    "Codes are only for private chats, because whoever sends your code is treated as you. Write "
    "`/link` to me in private."
)
ISSUER_IS_HERE = _(
    "The person who made this code already has an account in this app, so you cannot join as them. "
    "The code no longer works."
)
NOT_YOURS = _("This conversation belongs to someone else. Write to me in one of your own.")
PUT_OUT = _("You were removed from this session. An owner of the session can let you in again.")
TOO_MANY_PLACES = _(
    "You wrote to me in many new chats and rooms within an hour. Wait a while, then send it again. "
    "Chats in which I know you go on."
)
TOO_MANY_PLACES_EVER = _(
    "You wrote to me in very many chats and rooms. I begin no more for you until the person who "
    "runs me puts you on the list. Chats in which I know you go on."
)
TOO_MANY_PLACES_IN_ALL = _(
    "Very many chats and rooms were begun here. Try again later, or ask the person who runs me to "
    "put you on the list."
)
AGENT_WORKS = "is working…"
AGENT_WAITS = "is waiting for an answer…"
"""What follows the name of the bot, where an app says in a line how far it is."""

ANSWER_IN_WORDS = _("Answer")
YOUR_ANSWER = _("Your answer")
YOUR_QUESTION = _("Your question")
ABOUT_THIS = _("What is this about?")

NO_PLACE = _("This chat is not part of a session now. Write to me to begin.")
NOT_YOURS_TO_UNDO = _("Only the person who made the code can undo this.")
UNDONE_ALREADY = _("This was undone already, or the number is wrong.")
UNLINK_WHAT = _("Send `/unlink` with the number from the message that told you who joined.")
LINK_ELSEWHERE = _("Codes are for chat apps: send `/link CODE` to the bot there.")
NOT_IN_SESSION = _("You are not part of this session.")
READ_ONLY = _("You can read this session, but you cannot write in it.")
OWNERS_ONLY = _("Only an owner of this session can do that.")
OPERATOR_ONLY = "only the owner of this bridge can do that"
NOBODY_REACHED = _(
    "Nobody can be reached just now. It is kept in the session, and shown when they can be."
)
ASKED_OUTSIDE = _("Whom this is asked of is not in this session, or may not answer.")
NOT_YOURS_TO_WITHDRAW = _("Only whoever asked this, or an owner, can take it back.")


def too_many_open(most: int) -> str:
    return _(
        "Programs are waiting for {most} answers in this session already. Answer some of them, or"
        " take them back.",
        most=most,
    )


def too_many_asked(most: int) -> str:
    return _(
        "Your programs asked {most} questions in this session within an hour. Ask again later.",
        most=most,
    )


NO_ACCESS = "whoever made it may not read the session any more"
NOT_CALLED = "nothing can be sent to this address"


def too_many_subscriptions(most: int) -> str:
    return f"no more than {most} subscriptions are kept for one person: remove one first"


def too_many_callbacks(most: int) -> str:
    return f"no more than {most} questions of one person are called back about at once"


DROP_LATER = "something is being sent there just now: ask again in a while"
PUSHED_OUTSIDE = _("Whom this is for is not in this session.")
PUSHED_ELSEWHERE = _("The place that this is for does not follow this session.")
NOT_ASKED_OF_YOU = _("This question is for someone else.")
QUESTION_OVER = _("This question is closed.")
QUESTION_ELSEWHERE = _(
    "This question does not belong to the session that this chat follows now. Nothing was answered."
)
QUESTION_UNBOUND = _(
    "This button was made before an update and does not work any more. Nothing was answered. If the"
    " question is still open, reply to it with your answer."
)
QUESTION_ANSWERED = _("This question has been answered already.")
QUESTION_WITHDRAWN = _("This question is no longer needed.")
QUESTION_EXPIRED = _("Too late: the time for this question is over.")
NO_SUCH_OPTION = _("That is not one of the possible answers.")
CALL_NOT_SHOWN = _(
    "This call was not shown here in full, so you cannot approve it here. Open the session in the "
    "browser or in the terminal to read it and to decide. You can deny it here."
)
CALL_MEANWHILE = _(
    "A tool call is waiting for approval, and you may not have seen it yet when you wrote this. "
    "Answer on the card that shows the call."
)
CALL_TOO_LONG = _("This call is too long for anyone to read, so nobody can approve it. Deny it.")
ANSWER_EMPTY = _("Your answer is empty.")
NOTHING_SAID = _("That message was empty.")
ARCHIVED = _(
    "This session is archived: you can read it, but nobody can continue it. In a private chat, "
    "`/new` begins another one."
)
NO_SUCH_SESSION = _("There is no such session here.")
NO_SUCH_PARTICIPANT = _("There is no such person in this session.")
BUTTON_UNKNOWN = _("I do not know this button.")
FILE_GONE = "This file is not kept here, or not any more."
FILE_EMPTY = "This file is empty."
DISK_FULL = "The disk for files is full. The person who runs me has to make room."


def file_too_large(most: str) -> str:
    return f"This file is too large. The largest file that is kept here has {most}."


def size(count: int) -> str:
    """Return a number of bytes as people read it: `640 bytes`, `1.2 MB`."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            shown = f"{count / unit:.1f}"
            return f"{shown.removesuffix('.0')} {name}"
    return f"{count} byte{'s' if count != 1 else ''}"


# -- joining --------------------------------------------------------------------------------------


NO_APP_FOR_CODES = _(
    "No chat app is connected, so there is nowhere to use a code. The person who runs the bridge "
    "can connect one with `bridge add` and the app's name, and start the bridge again. Then "
    "`/link` gives you a code."
)
NO_APP_FOR_OWNER = (
    "no chat app is connected, so there is nowhere to use a code: connect one with `bridge add` "
    "and the app's name, and start the bridge again"
)
LINK_CODE_SHOWN = _("Your code was shown once and is not stored. `/link` makes a new one.")


def link_code(code: str, apps: Sequence[str], here: str) -> str:
    """`apps` are those in which it can be used, `here` the one in which it is shown."""
    nowhere = _(
        "No chat app except {here} is connected, so there is nowhere to use this code yet. The "
        "person who runs the bridge can connect one with `bridge add` and the app's name.",
        here=here,
    )
    onward = _(
        "To continue in {apps}, send this to the bot there within ten minutes:",
        apps=either(apps) if apps else _("another app"),
    )
    careful = _(
        "Whoever sends it there in private is treated as you, so show it to nobody. I tell you "
        "when someone uses it, and you can undo that."
    )
    shown = [*([] if apps else [nowhere]), onward, composed("`/link {code}`", code=code), careful]
    return together("\n\n", shown)


def either(names: Sequence[str]) -> str:
    """Return names of which one is meant: `one, another or a third`."""
    if len(names) < 2:  # noqa: PLR2004 - nothing to choose
        return "".join(names)
    return _("{names} or {last}", names=", ".join(names[:-1]), last=names[-1])


def titled(title: str, otherwise: str) -> str:
    """Return a session's title to be put into a text: whoever gave it may have written anything."""
    return composed("**{title}**", title=clean_title(title) or _(otherwise))


def linked(title: str) -> str:
    return _("This chat now follows {session}.", session=titled(title, "the session"))


def linked_as(name: str, title: str, grant: str) -> str:
    """Say whom a code of `/link` made of its sender, who may not have known whose it was."""
    return together(
        "\n\n",
        [
            linked(title),
            _(
                "You write as **{name}** here now, as in the app the code is from. If that is not "
                "you, undo it: press the button, or send `/unlink {grant}`.",
                name=name,
                grant=grant,
            ),
        ],
    )


def you_own_it(title: str) -> str:
    return _("Welcome. You are now the owner of {session}.", session=titled(title, "this session"))


def welcome(*, title: str, people: int, places: int, room: bool, missed: str = "") -> str:
    """Say what this is, who can read along, and how to go on; then what was `missed`."""
    last = [SAID_LAST, missed] if missed else []
    persons = _n("{count} person", "{count} people", people)
    apps = _n("{count} place", "{count} places", places)
    follows = _(
        "This chat now follows {session}, where an AI agent answers.",
        session=titled(title, "a session"),
    )
    if room:
        readers = _(
            "Everyone in this room and in the session can read what is said here: "
            "{persons}, in {apps}.",
            persons=persons,
            apps=apps,
        )
        return together("\n\n", [follows, readers, _("`/help` says what you can do."), *last])
    readers = _(
        "Everyone in it can read what is said here: {persons}, in {apps}.",
        persons=persons,
        apps=apps,
    )
    onward = _("`/help` says what you can do; `/link` lets you continue in another app.")
    return together("\n\n", [follows, readers, onward, *last])


SAID_LAST = _("Before you came, this was said last:")


# -- refusals of schedules ------------------------------------------------------------------------

TIME_OVER = _("That time is in the past. Choose a time in the future.")
OVER_BEFORE_DUE = _("That schedule would end before its first time. Choose a later end.")
SCHEDULE_OF_OTHERS = _(
    "Only an owner, or whoever set this schedule, can change, pause, run or remove it."
)
TOO_OFTEN = _("A schedule needs at least one second between two times.")
TOO_FAR = _("That time is too far in the future for a schedule.")
NEVER_DUE = _("No time ever matches that rule.")
CRON_FIELDS = _(
    "A cron rule has five fields: minute, hour, day of the month, month, day of the week. "
    "`0 9 * * 1-5` is nine o'clock on workdays."
)


def bad_cron(reason: str) -> str:
    return _(
        "I cannot read that cron rule ({reason}). {how}",
        reason=reason,
        how=CRON_FIELDS,
    )


def schedules_ended(count: int, name: str) -> str:
    return _n(
        "A schedule of {person} no longer runs. A member who needs it can set it again.",
        "{count} schedules of {person} no longer run. A member who needs them can set them again.",
        count,
        person=composed("**{name}**", name=name)
        if name
        else _("someone who is no longer a member here"),
    )


def no_such_zone(zone: str) -> str:
    return _(
        "There is no time zone {zone}. Time zones have names like `Europe/Berlin`.",
        zone=typed(zone),
    )


# -- answers to slash commands --------------------------------------------------------------------

NOTHING_TO_RETRY = _("There is nothing to retry.")
NOTHING_TO_STOP = _("There is nothing to stop.")


def no_such_command(name: str) -> str:
    return _("There is no command /{name}. /help lists them.", name=name)


def help_text(commands: Sequence[tuple[str, str]], agent: str) -> str:
    """List commands, each as it is written and with what it does; then what the agent adds."""
    lines = [composed("- `{usage}` {text}", usage=usage, text=text) for usage, text in commands]
    return together("\n", [*lines, *(["", agent] if agent else [])])


def status(
    *,
    title: str,
    state: str,
    people: Sequence[str],
    places: Sequence[str],
    away: Sequence[str] = (),
) -> str:
    lost = [_("- cannot be reached just now: {places}", places=", ".join(away))] if away else []
    return together(
        "\n",
        [
            _("{session} is {state}.", session=titled(title, "This session"), state=state),
            _("- people: {people}", people=", ".join(people) or _("nobody yet")),
            _("- shown in: {places}", places=", ".join(places) or _("no chat app yet")),
            *lost,
        ],
    )


def agents(names: Sequence[str], chosen: str) -> str:
    """List the agents; the chosen one stands out."""
    lines = [
        _("- **{name}** (answers here)", name=name) if name == chosen else f"- {name}"
        for name in names
    ]
    more = ["", _("`/agent NAME` chooses another.")] if len(names) > 1 else []
    return together("\n", [*lines, *more])


def agent_chosen(name: str) -> str:
    return _("**{name}** answers here from now on.", name=name)


def no_such_agent(name: str, names: Sequence[str]) -> str:
    return _(
        "There is no agent {name} here. There are: {names}.",
        name=typed(name),
        names=", ".join(names),
    )


def model(name: str, choices: Sequence[str] = ()) -> str:
    more = _("`/model NAME` chooses another; `/model default` lets the agent choose.")
    chosen = (
        _("The model here is {name}.", name=typed(name))
        if name
        else _("The agent chooses the model itself.")
    )
    return together("\n", [together(" ", [chosen, more]), *_choices(choices)])


def no_such_model(name: str, why: str, choices: Sequence[str]) -> str:
    """Say why a model was not chosen; everything stays as it was."""
    shown = typed(name)
    is_plain = name == shown.strip("`") and all(each.isalnum() or each in "._:/-" for each in name)
    reason = (why if is_plain else why.replace(name, shown)).rstrip(".")
    said = _(
        "{name} was not chosen: {reason}. The model here stays the same.",
        name=shown,
        reason=reason,
    )
    known = ", ".join(f"`/model {each}`" for each in choices)
    more = [_("You can choose: {models}.", models=known)] if known else []
    return together(" ", [said, *more])


def _choices(names: Sequence[str]) -> list[str]:
    return ["", _("You can choose:"), *(f"- `/model {name}`" for name in names)] if names else []


def setting_too_long(most: int) -> str:
    return _("This is too long to be kept. It may have {most} characters.", most=most)


def model_chosen(name: str) -> str:
    if not name:
        return _("The agent chooses the model itself from now on.")
    return _("{name} is the model here from the next answer on.", name=typed(name))


MODES = {
    "steer": _("the agent reads it at its next step"),
    "queue": _("it waits until the agent has finished"),
    "interrupt": _("it stops the answer, and a new one takes in everything you wrote"),
}


def always_allowed(tools: Sequence[str]) -> str:
    if not tools:
        return _("Nobody here has allowed a tool to run always.")
    lines = [f"- `{tool}`" for tool in tools]
    head = _("Someone here has allowed these tools to run always:")
    after = _("After `/revoke NAME`, you are asked about that tool again.")
    return together("\n", [head, *lines, "", after])


def not_always_allowed(tool: str, tools: Sequence[str]) -> str:
    said = _("Nobody here has allowed {tool} to run always.", tool=typed(tool))
    known = [_("These are allowed: {tools}.", tools=", ".join(tools))] if tools else []
    return together(" ", [said, *known])


def revoked(tool: str) -> str:
    return _("From now on you are asked before `{tool}` runs here.", tool=tool)


def mode(chosen: str) -> str:
    lines = [
        _("- **{name}** (now): {does}", name=name, does=does)
        if name == chosen
        else composed("- {name}: {does}", name=name, does=does)
        for name, does in MODES.items()
    ]
    head = _("What happens when you write while the agent is answering:")
    return together("\n", [head, *lines, "", _("`/mode NAME` chooses another.")])


def mode_chosen(name: str) -> str:
    return _(
        "**{name}** from now on: when you write while the agent is answering, {does}.",
        name=name,
        does=MODES[name],
    )


def who_may(opened: Mapping[str, bool]) -> str:
    lines = [
        composed(
            "- {name}: {whom}",
            name=name,
            whom=_("owners and members") if members else _("owners"),
        )
        for name, members in opened.items()
    ]
    head = _("Who may change these here:")
    changes = _("`/may NAME members` or `/may NAME owners` changes it.")
    return together("\n", [head, *lines, "", changes])


def opened_to(name: str, *, members: bool) -> str:
    if members:
        return _("Owners and members may change the {name} here from now on.", name=name)
    return _("Only owners may change the {name} here from now on.", name=name)


def no_such_permission(names: Sequence[str]) -> str:
    return _(
        "Write `/may NAME members` or `/may NAME owners`; NAME is one of {names}.",
        names=", ".join(names),
    )


def no_such_mode(name: str) -> str:
    return _(
        "There is no mode {name}. There are: {modes}.", name=typed(name), modes=", ".join(MODES)
    )


def usage(lines: Sequence[tuple[str, Used]]) -> str:
    return together(
        "\n", [composed("- {when}: {used}", when=when, used=used_up(used)) for when, used in lines]
    )


def used_up(used: Used) -> str:
    """Return what was used, in a few words: `3 answers, 1,200 tokens, $0.02`."""
    answers = _n("{count} answer", "{count} answers", used.runs)
    if not used.tokens and not used.cost:
        return answers
    tokens = _n("{count} token", "{count} tokens", used.tokens)
    if not used.unpriced:
        return together(", ", [answers, tokens, dollars(used.cost)])
    if used.unpriced == used.tokens and not used.cost:
        unknown = _("{tokens} (what they cost is not known)", tokens=tokens)
        return together(", ", [answers, unknown])
    known = _(
        "{cost} (what {tokens} of the tokens cost is not known)",
        cost=dollars(used.cost),
        tokens=used.unpriced,
    )
    return together(", ", [answers, tokens, known])


def dollars(amount: float) -> str:
    """Return money as people read it; small sums in more digits."""
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"


IN_ALL, TODAY, THIS_MONTH = _("in this session"), _("today"), _("this month")

IDLE = _("idle")
ENDED = _("archived: you can read it, but nobody can continue it")
RUNNING = _("working on an answer")
WAITING = _("waiting for an answer to a question")

# -- what `bridge doctor` reports -----------------------------------------------------------------

WORKS = "works"
ANSWERED = "it answers"
FIX_AGENT = "check its section in the configuration, then try again"
FIX_STORE = "check the disk, and `store` in the configuration, then try again"
NO_ANSWER = "it did not answer in time"
FAILS = "it does not work; the log of the bridge says why"
FIX_NETWORK = "check that this machine can reach the platform, then try again"
FIX_FILES = "check the disk, and `media` in the configuration; the bridge tries again by itself"
NO_APPS = "none is connected, so only the page and a terminal are; `bridge add` connects one"
FIX_CHANNEL = "check its credentials in the configuration, then start the bridge again"


FIX_HOOK = "choose another `session` in the section of the hook, then start the bridge again"
FIX_PUBLIC = (
    "set http.public_url in the configuration to where a proxy with TLS leads to the bridge"
)
HOOK_OFF = "off"
HOOK_BROKEN = "its template or another of its settings cannot be used any more"
FIX_BROKEN_HOOK = "remove it with `bridge hooks remove` and add it anew"
HOOK_UNREACHED = "http.public_url is not set, so no service outside can call it"


def hook_at(url: str) -> str:
    return f"called at {url}"


def hook_session(session: str, *, archived: bool) -> str:
    return f"its session {session} is {'archived' if archived else 'not there'}"


def lanes_behind(count: int) -> str:
    return f"{count} behind" if count else "all up to date"


def room_shares(room: str, title: str) -> str:
    return f"{room} follows {clean_title(title) or 'a session'}, which other places follow too"


def and_more(count: int) -> list[str]:
    return [f"and {count} more"]


# -- notices in the log ---------------------------------------------------------------------------


def gave_up(reason: str, unread: str = "") -> str:
    """Say what is given up and why. `unread` names it: whose words it is, and how they begin."""
    why = composed(": {reason}", reason=reason) if reason else ""
    what = composed(" ({unread})", unread=unread) if unread else ""
    return _(
        "I could not answer this{what}{why}. Send `/retry` and I try once more, or say it in "
        "another way.",
        what=what,
        why=why,
    )


def unread(who: str, words: str, more: int) -> str:
    """Name what was not answered: the first of it, and how many more there are."""
    first = composed("{who}: {words}", who=who, words=words)
    if not more:
        return first
    return _n("{first}, and {count} more", "{first}, and {count} more", more, first=first)


ASKED_QUIETLY = _("_(More has rung in this hour than may, so this does not ring.)_")
NOBODY = "a program"

GO_ON = "Please go on."
"""What is asked once more where the answer to a question was given up."""


def budget_up(level: Level) -> str:
    """Say to people why there is no answer."""
    limit = _limit(level)
    if level.person:
        return _(
            "Your budget for today is used up ({limit}), so there is no answer. A new one begins "
            "at midnight UTC; whoever runs the bridge can raise it in the configuration.",
            limit=limit,
        )
    return _(
        "Today's budget is used up ({limit}), so there is no answer. A new one begins at "
        "midnight UTC; whoever runs the bridge can raise it in the configuration.",
        limit=limit,
    )


def budget_up_midway(level: Level) -> str:
    """Say why an answer could not be finished."""
    limit = _limit(level)
    match level.which:
        case "per_run":
            return _("this answer has used up the budget of one answer ({limit})", limit=limit)
        case "per_day":
            return _("today's budget is used up ({limit})", limit=limit)
        case "per_person_per_day":
            return _("your budget for today is used up ({limit})", limit=limit)


def budget_nearly_up(level: Level, name: str) -> str:
    """Say to the owner that a budget is coming to its end."""
    whose = _("**{name}**'s budget for today", name=name) if level.person else _("Today's budget")
    share = f"{level.limit.share(level.used):.0%}"
    stands = (
        _("used up, so there are no more answers")
        if level.is_up
        else _("{share} used up", share=share)
    )
    return _(
        "{whose} ({limit}) is {stands}. `budgets` in the configuration sets it.",
        whose=whose,
        limit=_limit(level),
        stands=stands,
    )


def _limit(level: Level) -> str:
    money = [dollars(level.limit.usd)] if level.limit.usd else []
    tokens = (
        [_("{tokens} tokens without a price", tokens=level.limit.tokens)]
        if level.limit.tokens
        else []
    )
    if money and tokens:
        return _("{money} or {tokens}", money=money[0], tokens=tokens[0])
    return "".join(money) or together("", tokens)


CRASHED = "every attempt broke off before it was finished"


def account_refused(label: str, account: str, why: str) -> str:
    return _(
        "**{label}** ({account}) refuses the credentials: {why} Everything else still works; "
        "`bridge doctor` says what to do.",
        label=label,
        account=account,
        why=why,
    )


def history_refused(label: str, account: str, why: str) -> str:
    return _(
        "I may not read what was said in **{label}** ({account}) while I was not connected: "
        "{why}. What is said while I am connected still reaches me; `bridge doctor` says what to "
        "do.",
        label=label,
        account=account,
        why=why,
    )


def id_taken(label: str, account: str, user: str, name: str) -> str:
    whose = composed("**{name}**", name=name) if name else _("whoever had it before")
    return _(
        "Somebody else writes to **{label}** ({account}) from {user} now. It was {whose}. I take "
        "them for somebody new, and send nothing there that is for {whose}. If it is the same "
        "person after all, let them in anew.",
        label=label,
        account=account,
        user=user,
        whose=whose,
    )


def out_of_reach(name: str) -> str:
    return _(
        "I cannot reach **{name}** in any chat app now. I keep what is said, and show it to them "
        "as soon as they write to me.",
        name=name,
    )


# -- what is shown in a place ---------------------------------------------------------------------


def speaker(name: str, place: str) -> str:
    return composed("{name} · {place}", name=name, place=place)


def about(name: str, words: str) -> str:
    """Return what a message is about, as a quote; `words` are one line of Markdown."""
    return composed("> **{name}:** {words}", name=name, words=words)


def stopped_by(name: str) -> str:
    return _("_{name} stopped the answer._", name=name)


def joined(name: str) -> str:
    return _("_{name} joined._", name=name)


def left(name: str) -> str:
    return _("_{name} left._", name=name)


ANSWERS = {
    "approve": _("Approve"),
    "deny": _("Deny"),
    "always": _("Always"),
    "yes": _("Yes"),
    "no": _("No"),
}
"""The answers that our own questions offer, by their ids."""


def answer_label(option: Option) -> str:
    """Return what an answer is called: one of ours can be said in other languages."""
    known = ANSWERS.get(option.id, "")
    return known if known == option.label else option.label


def may_use(tool: str) -> str:
    """Ask whether a call may run, which is shown below."""
    return _("May I use `{tool}`?", tool=tool)


def numbered(options: Sequence[Option]) -> str:
    """List options for a place without buttons, with how to answer."""
    how = _("_Reply with a number from 1 to {last}._", last=len(options))
    return together("\n\n", [listed(options), how])


def listed(options: Sequence[Option]) -> str:
    """List options by their numbers, whole."""
    return "\n".join(f"{number}. {each.label}" for number, each in enumerate(options, start=1))


def choices(options: Sequence[tuple[int, str]]) -> str:
    """List some of a question's options by their numbers, where its buttons were refused."""
    lines = [f"{number}. {label}" for number, label in options]
    return together("\n", [*lines, "", _("_Reply with one of these numbers._")])


def sayings(labels: Sequence[str]) -> str:
    """List what buttons would have said, where they were refused."""
    named = ", ".join(f"`{each}`" for each in labels)
    return _("_You can reply:_ {replies}", replies=named)


def call_too_long(options: Sequence[Option]) -> str:
    """Say what can be done about a call of which a place shows only the ends."""
    answers = ", ".join(f"`{option.label}`" for option in options)
    said = _("_This call is too long to decide here: open it in the browser._")
    reply = [_("Here you can answer: {answers}.", answers=answers)] if answers else []
    return together(" ", [said, *reply])


def answered(name: str, answer: str) -> str:
    return f"_{name}: {answer}_"


def transcript(words: str) -> str:
    return f"🎙 {words}"


QUESTION = _("_A question:_")
EXPIRED = _("_Nobody answered in time._")
WITHDRAWN = _("_No longer needed._")


def no_longer_needed(what: str) -> str:
    """Say it where the question itself does not stand right above."""
    return _("_No longer needed:_ {what}", what=what) if what else WITHDRAWN


def nobody_answered(what: str) -> str:
    return _("_Nobody answered in time:_ {what}", what=what) if what else EXPIRED


INCOMPLETE = _("_(This is not the whole call. Open it in the browser to decide.)_")
REPEATED = _("_(may be a repeat)_")

RESTORED = _(
    "_The bridge was restored from an earlier backup. If messages from after that backup arrive"
    " again, the agent can read them but does not answer them: ask again for what you still want._"
)
ASKED_BEFORE_RESTORE = _(
    "This was asked before the bridge was restored from an earlier backup, and may have been"
    " answered then. If it was not, ask again."
)
PRESSED_BEFORE_RESTORE = _(
    "This was pressed before the bridge was restored from an earlier backup. If the question is"
    " still open, answer it again."
)
A_FILE = _("(a file)")
RECAP_LOST = _(
    "A summary of what was missed here may not have been shown. The web page has it all."
)


def not_shown(words: str, speaker: str) -> str:
    """Say what a place was not shown, because the platform never said whether it took it."""
    if not speaker:
        return _("A message may be missing here. It begins: {words}", words=words)
    return _(
        "A message from {speaker} may be missing here. It begins: {words}",
        speaker=speaker,
        words=words,
    )


SOMETHING_MISSING = _("A message may be missing here: read it in the browser.")


def not_changed(words: str) -> str:
    return _("A message here may be out of date. It should now begin: {words}", words=words)


def file_lost(name: str) -> str:
    return f"_(The file {name or 'that was sent'} could not be downloaded: please send it again.)_"


def file_not_kept(name: str) -> str:
    return f"_(The file {name or 'that was sent'} is too large to be kept here.)_"


def files_left_out(count: int) -> str:
    return f"_({count} more file{'s were' if count != 1 else ' was'} left out: too many at once.)_"


def unreadable(what: str) -> str:
    """Say that someone sent something which has no words; `what` is its kind, with an article."""
    return f"_({what}; I cannot show it here)_"


def is_unreadable(text: str) -> bool:
    """Say whether a text is made of lines of `unreadable` alone, and of whose words they would be.

    Nobody said them: they answer nothing.
    """
    lines = [each.strip(" >") for each in text.splitlines() if each.strip(" >")]
    left = [each for each in lines if not re.fullmatch(r"_\(.+; I cannot show it here\)_", each)]
    return len(left) < len(lines) and all(
        re.fullmatch(r"\*{1,2}[^*\n]+:\*{1,2}", each) for each in left
    )


def file_elsewhere(name: str, size: int) -> str:
    megabytes = f"{max(0.1, size / 1_000_000):.1f} MB"
    return _(
        "📎 {name} ({size}) cannot be shown here: open it in the browser.",
        name=name,
        size=megabytes,
    )


def file_refused(name: str, size: int) -> str:
    """Name a file that the platform did not take."""
    megabytes = f"{max(0.1, size / 1_000_000):.1f} MB"
    return _(
        "📎 {name} ({size}) was refused here: open it in the browser.",
        name=name or _("A file"),
        size=megabytes,
    )


FILES_REFUSED = _("📎 Files: open the browser.")
"""Short enough for what `bridge.delivery.part_splitter` keeps free."""


def not_taken(speaker: str) -> str:
    """Say in one line that something could not be shown, and where it is to be read."""
    if not speaker:
        return _("A message, or a part of it, was refused here: read it in the browser.")
    return _(
        "A message from {speaker}, or a part of it, was refused here: read it in the browser.",
        speaker=speaker,
    )


REPLY_REFUSED = _("The answer to this was refused here: ask the same in the browser.")
NOT_REMOVED = _(
    "A message here was taken back, but I could not remove it: it can still be read here."
)
CHANGE_NOT_TAKEN = _(
    "A message here was changed, and the change was refused: read it in the browser."
)
RECAP_REFUSED = _("A summary of what was missed was refused here: read it in the browser.")


def coded(line: str, code: str) -> str:
    """Return a line with the platform's own word for why."""
    return composed("{line} (`{code}`)", line=line, code=code) if code else line


def folded(named: Sequence[str], count: int) -> str:
    """Name the first of `count` messages that are shown together, and say where all of them are."""
    lines = [f"- {each}" for each in named]
    if count > len(named):
        left = count - len(named)
        lines.append(_n("- … and {count} more", "- … and {count} more", left))
    what = _n("… and {count} more message:", "… and {count} more messages:", count)
    where = _(
        "There were many, so they came silently. The page and `bridge chat` show all of them."
    )
    return together("\n", [what, "", *lines, "", where])


def too_many_questions(most: int, left_out: int) -> str:
    return _n(
        "_({count} more question was not asked: the agent can ask at most {most} at once.)_",
        "_({count} more questions were not asked: the agent can ask at most {most} at once.)_",
        left_out,
        most=most,
    )


def still_waiting(title: str, words: str, *, question: bool) -> str:
    """Ring for what a place was shown without a ring, and nobody has seen; it begins `words`."""
    session = titled(title, "your session")
    if question:
        return _(
            "A question waits for your answer in {session}: {words}", session=session, words=words
        )
    return _("You have not seen this yet in {session}: {words}", session=session, words=words)


PUSH_NEWS = _("There is something new.")
PUSH_REPLY = _("Reply")
PUSH_NOT_DONE = _("That was not done. Open the page and try again there.")
PUSH_DONE = _("Sent.")
PUSH_OVER = _("This notification is too old. Open the page.")


def recap(*, people: int, answers: int, latest: Sequence[str]) -> str:
    head = _(
        "**While you were away:** {heard}, {said}. The latest:",
        heard=_n("{count} message", "{count} messages", people),
        said=_n("{count} answer", "{count} answers", answers),
    )
    return together("\n\n", [head, *latest])
