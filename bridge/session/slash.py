"""The registry of slash commands, which are the same in every chat; and how one is parsed.

Menus, `/help`, what is completed and the documents are made from `COMMANDS`; a handler for each is
bound in `bridge.engine.commands.slash_commands`. It is looked up here whenever it is needed.

A text is a command when it is `/name`, alone or followed by a space; `/name@bot` is `/name`, as
group chats write it; `/start`, with which some apps begin a chat, is `/help`. Anything else that
begins with a slash (`/etc/hosts`) is something said.

What only asks leaves nothing behind: neither its place nor its sender is in a session by it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.domain.commands import Archive, Change, ChangeRole, Leave, Retry, SetSchedule, Stop
from bridge.domain.content import Content
from bridge.domain.ids import ParticipantId
from bridge.domain.wording import _, first_clause
from bridge.session import permissions
from bridge.session.fold import Session
from bridge.session.permission_table import Act, Kind, reaches, rule_for

Effect = Literal["asks", "begins"]
"""Whether its sender and its place are in a session by a command, if they were not before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """A command. `text` is the line that menus and /help show for it.

    `argument` is what may follow its name, in brackets where it may be left out. `act` is what it
    asks for: the table of permissions says who may, and in which kind of place. `does` is its
    effect, and `bare` that without an argument, where it is another one.
    """

    name: str
    text: str
    argument: str = ""
    act: Act = "look"
    does: Effect = "asks"
    bare: Effect | None = None


COMMANDS = (
    SlashCommand(name="help", text=_("what you can do here")),
    SlashCommand(
        name="admit",
        text=_("who asks to be let in; with a number, let them in"),
        argument="[NUMBER]",
        act="answer a request",
    ),
    SlashCommand(
        name="agent",
        text=_("which agents there are; with a name, who answers here"),
        argument="[NAME]",
        act=Change,
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="archive",
        text=_("end this session: it can be read, and not continued"),
        argument="[yes]",
        act=Archive,
    ),
    SlashCommand(
        name="ask",
        text=_("ask to be let in, in a few words if you like"),
        argument="[WORDS]",
        act="ask to be let in",
    ),
    SlashCommand(
        name="background",
        text=_("what works in the background, and what it costs; stop it"),
        argument="[stop ID]",
        act="see the background",
    ),
    SlashCommand(
        name="compact",
        text=_("have the agent sum up what was said; with words, what matters most in it"),
        argument="[WHAT MATTERS]",
        act="have it summed up",
    ),
    SlashCommand(
        name="deny",
        text=_("do not let in somebody who asks, by the number"),
        argument="NUMBER",
        act="answer a request",
    ),
    SlashCommand(
        name="every",
        text=_("ask the agent something again and again, such as `weekday 9:00 sum up the news`"),
        argument="WHEN WHAT",
        act=SetSchedule,
        does="begins",
    ),
    SlashCommand(
        name="export",
        text=_("have this session as a file, in your private chat"),
        argument="[json]",
        act="have a file of it",
    ),
    SlashCommand(
        name="follow",
        text=_("in a room: let it follow one of your sessions"),
        argument="[SESSION]",
        act="share a room",
        does="begins",
    ),
    SlashCommand(
        name="fork",
        text=_("begin a session of your own with all of this one, or up to what you reply to"),
        argument="[TITLE]",
        act="copy a session",
        does="begins",
    ),
    SlashCommand(
        name="history",
        text=_("the last messages of this session"),
        argument="[COUNT]",
        act="read what was said",
    ),
    SlashCommand(
        name="invite",
        text=_("invite somebody into this session: get a code, and give it to them"),
        argument="[web] [viewer|member] [uses N] [for 1d] [with history]",
        act="invite",
    ),
    SlashCommand(
        name="invites",
        text=_("the open invitations into this session; or end one, by its number"),
        argument="[revoke NUMBER]",
        act="invite",
    ),
    SlashCommand(
        name="kick",
        text=_("remove someone from this session, by name or id"),
        argument="NAME",
        act=Leave,
    ),
    SlashCommand(name="leave", text=_("leave this session"), act="leave"),
    SlashCommand(
        name="link",
        text=_("continue in another app: get a code, and send it there"),
        argument="[CODE]",
        act="get a code",
        does="begins",
    ),
    SlashCommand(
        name="may",
        text=_("who may change the agent, the model and the mode here"),
        argument="[NAME members|owners]",
        act=Change,
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="me",
        text=_("what people call you; with words, be called that; or your language"),
        argument="[NAME | language CODE]",
        act="choose one's name",
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="mode",
        text=_("what happens when you write while the agent is answering"),
        argument="[NAME]",
        act=Change,
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="model",
        text=_("which model answers here; with a name, choose another"),
        argument="[NAME]",
        act=Change,
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="new",
        text=_("begin a new session in this chat"),
        argument="[TITLE]",
        act="choose a session",
        does="begins",
    ),
    SlashCommand(
        name="notify",
        text=_("what rings for you, and in which hours nothing does"),
        argument="[here] [MODE | quiet HOURS]",
        act="choose what rings",
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="once",
        text=_("ask the agent something later, such as `tomorrow 9:00 what is on today`"),
        argument="WHEN WHAT",
        act=SetSchedule,
        does="begins",
    ),
    SlashCommand(
        name="retry", text=_("try again to answer what I gave up on"), act=Retry, does="begins"
    ),
    SlashCommand(
        name="revoke",
        text=_("which tools may always run here; with a name, be asked about it again"),
        argument="[NAME]",
        act="ask again about a tool",
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="role",
        text=_("change what someone may do here, by name or id"),
        argument="NAME owner|member|viewer",
        act=ChangeRole,
    ),
    SlashCommand(
        name="schedules",
        text=_("what is planned here; pause, resume, run or remove it"),
        argument="[pause|resume|run|remove ID]",
        act="see schedules",
    ),
    SlashCommand(name="sessions", text=_("your sessions"), act="choose a session"),
    SlashCommand(name="status", text=_("what is going on, who is here and where it is shown")),
    SlashCommand(
        name="stop", text=_("stop the answer that is being written"), act=Stop, does="begins"
    ),
    SlashCommand(
        name="switch",
        text=_("continue another of your sessions in this chat"),
        argument="[SESSION]",
        act="choose a session",
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="title",
        text=_("what this session is called; with words, call it that"),
        argument="[WORDS]",
        act="change the title",
        does="begins",
        bare="asks",
    ),
    SlashCommand(
        name="undo",
        text=_("let the agent forget the last exchange; people can still read it"),
        act="undo one's own",
    ),
    SlashCommand(
        name="unfollow",
        text=_("give a room a session of its own again, here or by name"),
        argument="[ROOM]",
        act="free a room",
    ),
    SlashCommand(
        name="unlink",
        text=_("undo that someone joined as you, by its number"),
        argument="NUMBER",
        act="undo a code",
    ),
    SlashCommand(
        name="usage",
        text=_("how much was used here: in all, today and this month"),
        act="read usage",
    ),
    SlashCommand(
        name="who", text=_("who is here, in which role and from where"), act="see who is here"
    ),
    SlashCommand(name="whoami", text=_("who you are here: your id and role"), act="know oneself"),
)


_OF_APPS: frozenset[Act] = frozenset(
    {"get a code", "invite", "undo a code", "answer a request", "free a room", "ask to be let in"}
)
"""What is worth nothing where no chat app is connected."""

_OF_PLACES = frozenset({"switch"})
"""A chat is moved by them; whoever is in the page or a terminal opens another session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """From where `/help` is asked. `kind` None: nothing is known of the place.

    `is_client`: it is the page, a terminal or a program. `has_apps`: chat apps are connected.
    `is_operator`: whoever asks owns the bridge.
    """

    kind: Kind | None
    is_client: bool = False
    has_apps: bool = True
    is_operator: bool = False


def usable(session: Session, who: ParticipantId, where: Where) -> Sequence[tuple[str, str]]:
    """Return what someone can use in a place: how it is written, and what it does.

    Whoever is not in the session yet is told what they can do once they are.
    """
    role = session.participants.get(who)
    found = []
    for each in COMMANDS:
        if not _works(each, where) or (each.name == "ask" and role is not None):
            continue
        is_open = each.act is Change and each.name in permissions.opened(session)
        if reaches(role or "member", "member" if is_open else rule_for(each.act).needs):
            found.append((f"/{each.name} {each.argument}".strip(), each.text))
        elif each.bare == "asks":
            found.append((f"/{each.name}", first_clause(each.text)))
    return found


def _works(command: SlashCommand, where: Where) -> bool:
    return (
        rule_for(command.act).where in {"anywhere", where.kind}
        and (where.has_apps or command.act not in _OF_APPS)
        and (where.is_operator or command.act != "answer a request")
        and not (where.is_client and command.name in _OF_PLACES)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """A command as it was typed."""

    command: SlashCommand
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSlash:
    name: str


START = "start"

_SHAPE = re.compile(r"/([a-z][a-z0-9_]{0,31})(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


def named(name: str) -> SlashCommand | None:
    """Return the command of this name, if there is one."""
    return next((each for each in COMMANDS if each.name == name), None)


def parse(text: str) -> Slash | UnknownSlash | None:
    """Return the command a text is, or None when it is something said."""
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        return None
    name, argument = shape[1].lower(), (shape[2] or "").strip()
    command = named("help" if name == START else name)
    return UnknownSlash(name=name) if command is None else Slash(command=command, argument=argument)


def commanded(content: Content) -> Slash | UnknownSlash | None:
    """Return the command that something said is; in words of others nobody commands anything."""
    return None if content.outside else parse(content.text)


def effect(parsed: Slash | UnknownSlash, kind: Kind) -> Effect:
    """Return whether a command, as it was typed in a kind of place, lets anyone be in a session."""
    if isinstance(parsed, UnknownSlash):
        return "asks"
    if rule_for(parsed.command.act).where not in {"anywhere", kind}:
        return "asks"  # it is refused there
    command = parsed.command
    return command.does if parsed.argument or command.bare is None else command.bare
