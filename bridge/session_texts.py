"""What people are told about their sessions and what was said in them. Markdown, as in `texts`."""

from collections.abc import Mapping, Sequence

from bridge.domain.display_names import clean_name, clean_title, typed
from bridge.domain.literal import escaped
from bridge.domain.wording import _, _n, composed, together
from bridge.texts import titled

CHOOSE_THERE = _(
    "In the browser, choose the session in the list of sessions. In a terminal, leave with `/quit` "
    "and start `bridge chat NAME`."
)
CHOOSE_IN_PRIVATE = _(
    "Your sessions are for you alone. Write me this in private. A room has a session of its own; "
    "an owner lets it share another one with `/follow`."
)
NOT_LET_IN_ELSEWHERE = _(
    "You are let in here for one session only. Whoever let you in can let you in to others."
)
SWITCH_WHICH = _("There is no session of yours with this name, or more than one. Choose:")
NOT_BEGUN = _(
    "With `/archive` you end a session that you began with `/new`. You did not begin this one that "
    "way, so it stays."
)
TOO_OFTEN = _(
    "You began or archived many sessions within an hour. Wait a while, then send it again."
)
TOO_OFTEN_IN_ALL = _(
    "Many sessions were begun or archived here within an hour. Wait a while, then send it again."
)
HISTORY_HOW_MANY = _("Write `/history`, or `/history 20` for the last 20 messages.")
NOTHING_SAID = _("Nothing was said here yet.")
TITLE_HOW = _("`/title WORDS` changes it.")
NOTIFY_IN_PRIVATE = _(
    "What rings is set for you alone, in your private chats. Write me this in private. In a room "
    "your app decides what rings."
)
NOTIFY_HOW = _(
    "Write `/notify MODE` for all your chats, or `/notify here MODE` for this one. "
    "`/notify here default` lets this chat do what the others do. "
    "`/notify quiet 22:00-07:00 Europe/Berlin` sets hours in which only questions ring, with "
    "`strict` after it not even these; `/notify quiet off` ends them."
)
NOTIFY_HERE_IN_APPS = _(
    "In the browser and in a terminal nothing rings. `/notify MODE` is for all your chats."
)
NOTIFY_QUIET_HOW = _(
    "I do not understand these hours. Write `/notify quiet 22:00-07:00`, with your time zone after "
    "it, such as `Europe/Berlin`."
)
NOTIFY_QUIET_NEVER = _(
    "Quiet hours cannot end when they begin. To let nothing ring, `/notify mute`."
)
NOTIFY_MODES = {
    "all": _("answers, questions and messages ring in one of your chats; the others show them"),
    "once": _("the same, but a chat that cannot be silent shows nothing until you write there"),
    "mentions": _("only messages to you, and answers to what you asked, ring"),
    "questions": _("only questions ring"),
    "mute": _("nothing rings"),
}


def too_many(most: int) -> str:
    return _(
        "You have {most} sessions that you began. End one that you no longer need: go there with "
        "`/switch`, and send `/archive`.",
        most=most,
    )


def begun(title: str) -> str:
    return _(
        "{session} begins here. What was said before stays where it is: `/sessions` lists your "
        "sessions.",
        session=titled(title, "A new session"),
    )


EXPORT_HOW = _("Write `/export` for a file to read, or `/export json` for one with all of it.")
EXPORT_THERE = _(
    "In the browser, choose Export below the session's title. In a terminal, write "
    "`bridge sessions export --markdown`."
)
EXPORT_IN_PRIVATE = _(
    "The file is for you alone, and I know no private chat of yours. Write me this in private."
)
EXPORT_TOO_LARGE = _(
    "The file is too large for this app. In the browser, choose Export below the session's title."
)
EXPORT_FAILED = _("The file could not be sent just now. Ask for it again in a while.")
EXPORTED = _("The file is in your private chat, for you alone.")
EXPORTED_HERE = _("Here is what you may read of this session.")

FORK_UP_TO_WHAT = _(
    "I do not know the message that you reply to, so nothing was copied. Reply to one that I said "
    "or heard here, or write `/fork` by itself for all of this session."
)


def forked(title: str) -> str:
    return _(
        "You are in a copy of {session} now, which is yours alone. What you write from here on is "
        "only in the copy. `/switch` takes you back.",
        session=titled(title, "this session"),
    )


def forked_there(title: str, session: str) -> str:
    return _(
        "{copied} was copied, for you alone. It is in the list of your sessions, as `{session}`.",
        copied=titled(title, "This session"),
        session=session,
    )


def here_already(title: str) -> str:
    return _("This chat follows {session} already.", session=titled(title, "this session"))


def switched(title: str, recap: str) -> str:
    told = _("This chat now follows {session}.", session=titled(title, "the session"))
    if not recap:
        return told
    return together("\n\n", [together(" ", [told, _("The last messages in it:")]), recap])


UNTITLED = _("untitled")


def _here(title: str) -> str:
    return _("- here: {session}", session=titled(title, "untitled"))


Working = Mapping[str, Sequence[str]]
"""What works in the background of sessions, by their ids."""


def sessions(
    lines: Sequence[tuple[str, str, bool]], lead: str = "", working: Working | None = None
) -> str:
    """List sessions by id and title; the one that is followed here stands out."""
    told = [
        told
        for session, title, is_here in lines
        for told in (
            _here(title)
            if is_here
            else composed(
                "- {title}: `/switch {session}`",
                title=clean_title(title) or UNTITLED,
                session=session,
            ),
            *_below(working, session),
        )
    ]
    last = _("`/new` begins another one.")
    return together("\n", [*([lead, ""] if lead else []), *told, "", last])


def _below(working: Working | None, session: str) -> Sequence[str]:
    """Return a line for each of what works in the background of a session."""
    tasks = working.get(session, ()) if working is not None else ()
    told = [_("in the background: {task}", task=escaped(clean_title(each))) for each in tasks]
    return [composed("    - {work}", work=each) for each in told]


def sessions_there(lines: Sequence[tuple[str, str, bool]], working: Working | None = None) -> str:
    """List sessions by title for the page and the terminal; the one that is open stands out."""
    told = [
        told
        for session, title, is_here in lines
        for told in (
            _here(title)
            if is_here
            else composed("- {title}", title=clean_title(title) or UNTITLED),
            *_below(working, session),
        )
    ]
    return together("\n", [*told, "", CHOOSE_THERE, _("`/new` begins another one.")])


def begun_there(title: str, session: str) -> str:
    return _(
        "{session} has begun. In the browser it is in the list of sessions. In a terminal, leave "
        'with `/quit` and start `bridge chat "{name}"`.',
        session=titled(title, "A new session"),
        name=clean_title(title) or session,
    )


def title(now: str) -> str:
    named = _("This session is called {session}.", session=titled(now, "nothing yet"))
    return together(" ", [named, TITLE_HOW])


def titled_now(now: str) -> str:
    return _("This session is now called {session}.", session=titled(now, "nothing"))


def setting_changed(who: str, setting: str, value: str) -> str:
    """Say in a line who changed what decides for everybody; "" for other settings."""
    kind, _name, opened = setting.partition(":")
    chosen = typed(value)
    match kind:
        case "agent":
            return _("_{who} chose the agent {name} for this session._", who=who, name=chosen)
        case "model" if value:
            return _("_{who} chose the model {name} for this session._", who=who, name=chosen)
        case "model":
            return _("_{who} lets the agent choose the model in this session._", who=who)
        case "mode":
            return _("_{who} set the mode of this session to {name}._", who=who, name=chosen)
        case "may" if opened and value == "members":
            return _(
                "_{who} lets owners and members change the {setting} of this session._",
                who=who,
                setting=opened,
            )
        case "may" if opened:
            return _(
                "_{who} lets only owners change the {setting} of this session._",
                who=who,
                setting=opened,
            )
        case _other:
            return ""


UNDO_AT_REST = _(
    "Only when nothing is going on can an exchange be taken back: wait for the answer, or send "
    "`/stop`."
)
NOTHING_TO_UNDO = _("There is nothing to take back here.")
UNDO_SUMMED_UP = _(
    "The last exchange has been summed up for the agent already, so it cannot be taken back. With "
    "`/new` you begin a session of which it knows nothing."
)
UNDONE = _(
    "The agent does not remember the last exchange any more. It can still be read by people. Send "
    "`/undo` again to take back the one before."
)


def undone_by(who: str) -> str:
    return _("_{who} took back the last exchange: the agent does not remember it._", who=who)


def archived_by(who: str) -> str:
    return _("_{who} archived this session: it can be read, and not continued._", who=who)


def archive_asked(title: str) -> str:
    return _(
        "Archiving {session} ends it: everyone in it can read it, and nobody can continue it. An "
        "answer that is being written is stopped, and open questions are withdrawn. This cannot "
        "be undone. To do it, send `/archive yes`.",
        session=titled(title, "this session"),
    )


def archived(title: str) -> str:
    return _(
        "{session} is archived. `/new` begins another one.", session=titled(title, "This session")
    )


def said(name: str, text: str, files: Sequence[str], longest: int) -> str:
    """Return one message of a history: who said it, and its words as they are."""
    shown = [_line(text, longest), *(f"({_line(each, longest)})" for each in files)]
    return f"**{escaped(clean_name(name))}:** {' '.join(filter(None, shown))}"


def _line(words: str, longest: int) -> str:
    """Return the beginning of what someone wrote, in one line, as Markdown that shows it."""
    line = " ".join(words[: 4 * longest].split())
    return escaped(line if len(line) <= longest else f"{line[: longest - 1]}…")


def notify(mode: str, here: str | None, quiet: str, quiet_here: str) -> str:
    """Say what rings for someone: everywhere, and in this chat where that differs."""
    lines = [
        _("- **{name}** (now): {does}", name=name, does=does)
        if name == mode
        else composed("- {name}: {does}", name=name, does=does)
        for name, does in NOTIFY_MODES.items()
    ]
    there = (
        [_("This chat: **{mode}**, {does}.", mode=here, does=NOTIFY_MODES[here])] if here else []
    )
    hours = [_("Quiet hours: {hours}.", hours=quiet or _("none"))]
    hours += [_("Quiet hours of this chat: {hours}.", hours=quiet_here)] if quiet_here else []
    head = _("What rings for you:")
    return together("\n", [head, *lines, "", *there, *hours, "", NOTIFY_HOW])


def notify_set(mode: str, *, here: bool) -> str:
    does = NOTIFY_MODES[mode]
    if here:
        return _("In this chat from now on **{mode}**: {does}.", mode=mode, does=does)
    return _("In all your chats from now on **{mode}**: {does}.", mode=mode, does=does)


NOTIFY_AS_OTHERS = _("This chat now rings as your other chats do.")


def no_such_notify(word: str) -> str:
    said = _(
        "I do not know {word} here. There are: {modes}.",
        word=typed(word),
        modes=", ".join(NOTIFY_MODES),
    )
    return together(" ", [said, NOTIFY_HOW])


def quiet_hours(begins: str, ends: str, zone: str, *, questions: bool) -> str:
    rings = _("questions ring all the same") if questions else _("questions ring when they end")
    return _(
        "{begins} to {ends}, {zone}; {rings}", begins=begins, ends=ends, zone=zone, rings=rings
    )


def quiet_set(hours: str, now: str, *, assumed: bool, here: bool) -> str:
    told = (
        _("Quiet hours of this chat: {hours}. It is {now} there now.", hours=hours, now=now)
        if here
        else _(
            "Quiet hours of all your chats: {hours}. It is {now} there now.", hours=hours, now=now
        )
    )
    ask = _(
        "You named no time zone, so I took my own. If yours is another, say it: "
        "`/notify quiet 22:00-07:00 Europe/Berlin`."
    )
    return together(" ", [told, *([ask] if assumed else [])])


def quiet_off(*, here: bool) -> str:
    if here:
        return _("There are no quiet hours of this chat alone any more.")
    return _("There are no quiet hours for you any more.")


# -- summaries ------------------------------------------------------------------------------------

OWN_MEMORY = _("The agent here keeps its own memory. I cannot have it summed up.")
COMPACT_BUSY = _("An answer is being written. Send `/compact` again once it is there.")
COMPACT_ALREADY = _("It is being summed up already.")
COMPACT_NOTHING = _("There is nothing to sum up: nothing was answered since the last summary.")
COMPACT_TAKES_LONG = _("This takes a while. I go on, and then say here what came of it.")
COMPACT_CUT_OFF = _(
    "Somebody asked the agent something, and that goes first. Nothing changed. Send `/compact` "
    "again once it is answered."
)
COMPACT_UNDONE = _(
    "Something was taken back meanwhile, of which the summary may tell, so I did not keep it. "
    "Nothing changed. Send `/compact` again."
)
COMPACT_REST = _(
    "It did not get further than that; what came after it stays as it is. Send `/compact` again "
    "for the rest."
)


def compacted(messages: int, words: int, *, whole: bool) -> str:
    told = _(
        "Summed up {messages} in {words}. The agent goes on from that; you still read everything.",
        messages=_n("{count} message", "{count} messages", messages),
        words=_n("{count} word", "{count} words", words),
    )
    return told if whole else together(" ", [told, COMPACT_REST])


def not_compacted(why: str) -> str:
    return _("It could not be summed up: {why}. Nothing changed.", why=why.removesuffix("."))


# -- how long words are kept ----------------------------------------------------------------------

RETENTION_HOW = _("Write a number of days, such as `30d`, or `forever`.")
KEPT_FOREVER = _("From now on what is said here is kept for ever.")


def kept_for(days: int) -> str:
    return _n(
        "From now on what was said here is removed once it is {count} day old, with its files. "
        "Copies in your chat apps stay.",
        "From now on what was said here is removed once it is {count} days old, with its files. "
        "Copies in your chat apps stay.",
        days,
    )


def erased_upto(count: int) -> str:
    return _n(
        "The first event is not here any more: it is older than it is kept.",
        "The first {count} events are not here any more: they are older than they are kept.",
        count,
    )


# -- languages ------------------------------------------------------------------------------------

LANGUAGE_OF_APP = _("I speak the language of your app with you from now on, where it tells me.")
_LANGUAGE_HOW = _("`/me language CODE` chooses one; `/me language default` takes that of your app.")


def languages(names: Mapping[str, str], chosen: str) -> str:
    """List the languages there are, by code and own name; the one that was chosen stands out."""
    lines = [
        _("- **{name}** (chosen): `{code}`", name=name, code=code)
        if code == chosen
        else f"- {name}: `{code}`"
        for code, name in names.items()
    ]
    return together("\n", [_("I can speak these languages with you:"), *lines, "", _LANGUAGE_HOW])


def no_such_language(wanted: str, names: Mapping[str, str]) -> str:
    said = _(
        "I do not speak {language}. There are: {names}.",
        language=typed(wanted),
        names=", ".join(f"{name} (`{code}`)" for code, name in names.items()),
    )
    return together(" ", [said, _LANGUAGE_HOW])


def language_chosen(name: str) -> str:
    return _("I speak {language} with you from now on, in all of your apps.", language=name)
