"""What a slash command asks of a session, and what its asker is told.

A handler for each command of the registry (`bridge.session.slash`) is bound in `HANDLERS`. A reply
is for the asker alone; what is to change goes through `decide` like everything else, and who may
not change it is told that instead. Whatever else may not be done the handler refuses, by the table
of permissions; in which kind of place a command is none is seen before any handler.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from bridge import admission_texts, session_texts, texts
from bridge.catalogs import code_of
from bridge.domain.commands import Change, Command, Retry, Say, Stop, Undo
from bridge.domain.content import Content
from bridge.domain.display_names import clean_title
from bridge.domain.errors import Refused
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Button, Conversation, Reply
from bridge.domain.wording import LANGUAGES
from bridge.engine import agent_registry
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.commands.background import BackgroundList
from bridge.engine.commands.chosen_session import ChosenSession
from bridge.engine.commands.compacting import Compacting
from bridge.engine.commands.exporting import Exporting
from bridge.engine.commands.following import Following
from bridge.engine.commands.forking import Fork, Forking
from bridge.engine.commands.notifying import Notifying
from bridge.engine.commands.pairing import Pairing
from bridge.engine.commands.people import People
from bridge.engine.commands.scheduling import Scheduling
from bridge.engine.languages import Languages
from bridge.engine.names import CLIENTS, DisplayNames
from bridge.engine.runs.budget_guard import BudgetGuard
from bridge.engine.runs.given_up import GivenUp
from bridge.ports.store import Origin, Store
from bridge.session import permissions, phrases, slash, tool_grants, visible
from bridge.session.decide_membership import too_long
from bridge.session.fold import Session, setting_key
from bridge.session.permission_table import Kind, rule_for
from bridge.session.permissions import MEMBERS, OPENABLE, OWNERS
from bridge.session.routing import Decision, command_buttons
from bridge.session.run_mode import MODES, SETTING, mode_of

MODEL = "model"
NO_MODEL = "default"
"""Typed instead of a model's name, it leaves the choice to the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A slash command that someone sent, in a session as it was then.

    `place` is looked up for a command that only some kind of place may send: None for a client of
    the HTTP side. `origin` is the message that it was; None where nothing delivers it again.
    """

    session: Session
    spoken: Say
    command: slash.SlashCommand
    argument: str
    place: Conversation | None = None
    origin: Origin | None = None

    @property
    def by(self) -> ParticipantId:
        return self.spoken.by

    def why_not(self) -> str:
        """Return why its sender may not, in words for them, or "" when they may."""
        return permissions.why_not(self.session, self.by, self.command.act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What handlers work with."""

    store: Store
    names: DisplayNames
    agents: AgentRegistry
    budget_guard: BudgetGuard
    pairing: Pairing
    people: People
    following: Following
    chosen_session: ChosenSession
    forking: Forking
    exporting: Exporting
    compacting: Compacting
    notifying: Notifying
    scheduling: Scheduling
    background: BackgroundList
    languages: Languages


Outcome = tuple[Command | None, Reply | None]
"""What to decide, if anything, and what to tell the asker if it is not refused."""

Handler = Callable[[Services, Request], Awaitable[Outcome]]


class SlashCommands:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(
        self,
        session: Session,
        spoken: Say,
        parsed: slash.Slash | slash.UnknownSlash,
        origin: Origin | None = None,
    ) -> Outcome:
        if isinstance(parsed, slash.UnknownSlash):
            return None, Reply(text=texts.no_such_command(parsed.name), refused=True)
        command, where, place = parsed.command, spoken.conversation, None
        if rule_for(command.act).where != "anywhere":
            place = None if where in CLIENTS else await self._services.store.conversation(where)
            why = permissions.why_not_there(_kind(spoken, place), command.act)
            if why:
                return None, Reply(text=why, refused=True)
        request = Request(
            session=session,
            spoken=spoken,
            command=command,
            argument=parsed.argument,
            place=place,
            origin=origin,
        )
        return await HANDLERS[command.name](self._services, request)

    @property
    def chosen_session(self) -> ChosenSession:
        return self._services.chosen_session

    @property
    def forking(self) -> Forking:
        return self._services.forking

    @property
    def exporting(self) -> Exporting:
        return self._services.exporting

    @property
    def compacting(self) -> Compacting:
        return self._services.compacting

    @property
    def following(self) -> Following:
        return self._services.following

    async def tried(self, session: Session, who: ParticipantId, parsed: slash.Slash) -> Outcome:
        """Return what a command would come to that only says what is to be decided."""
        spoken = Say(by=who, conversation=NOWHERE, content=Content())
        request = Request(
            session=session, spoken=spoken, command=parsed.command, argument=parsed.argument
        )
        return await HANDLERS[parsed.command.name](self._services, request)

    async def objection(
        self, session: Session, who: ParticipantId, parsed: slash.Slash, place: Conversation
    ) -> Reply | None:
        """Return what would be refused of what somebody chooses for themselves, and do nothing."""
        if why := permissions.why_not(session, who, parsed.command.act):
            return Reply(text=why, refused=True)
        use, words = self._services, parsed.argument.split()
        if parsed.command.name == "notify":
            return await use.notifying.objection(who, place, parsed.argument)
        if _is_of_language(words):
            unknown = len(words) > 1 and _code_of(words[1]) is None
            return _no_such_language(words[1]) if unknown else None
        try:
            await use.people.own_name.checked(who, parsed.argument)
        except Refused as refused:
            return Reply(text=str(refused), refused=True)
        return None

    async def unjoined(
        self,
        inbound: Inbound,
        who: ParticipantId | None,
        parsed: slash.Slash | slash.UnknownSlash,
        *,
        is_placed: bool,
    ) -> Reply:
        """Answer what someone asks outside of any session, and leave nothing behind by it."""
        if isinstance(parsed, slash.UnknownSlash):
            return Reply(text=texts.no_such_command(parsed.name), refused=True)
        command, kind = parsed.command, "room" if inbound.room else "private"
        if why := permissions.why_not_there(cast("Kind", kind), command.act):
            return Reply(text=why, refused=True)
        members = self._services.people.members
        if command.name == "whoami" and who is None:
            return members.newcomer(inbound)
        if command.name == "whoami" and who is not None:
            return await members.told(who, None, private=not inbound.room)
        if command.name == "leave" and not is_placed:
            return Reply(text=admission_texts.LEFT_ALREADY)
        refused = Reply(text=texts.NOT_IN_SESSION if is_placed else texts.NO_PLACE, refused=True)
        if command.name not in {"ask", "help"} and (
            who is None or command.name not in _OF_NO_SESSION
        ):
            return refused
        place = Conversation(id=NOWHERE, address=inbound.address, room=inbound.room)
        spoken = Say(by=who or ParticipantId(""), conversation=NOWHERE, content=Content())
        nothing = Session(id=SessionId(""))
        request = Request(
            session=nothing, spoken=spoken, command=command, argument=parsed.argument, place=place
        )
        _, reply = await HANDLERS[command.name](self._services, request)
        return reply or refused


NOWHERE = ConversationId("")

_OF_NO_SESSION = frozenset({"admit", "ask", "deny", "help", "sessions", "switch", "unlink"})
"""Commands that tell the same wherever they are asked."""


def _kind(spoken: Say, place: Conversation | None) -> Kind | None:
    if spoken.conversation in CLIENTS:
        return "private"  # one person reads it
    if place is None:
        return None
    return "room" if place.room else "private"


# -- what only tells ------------------------------------------------------------------------------


async def _help(use: Services, asked: Request) -> Outcome:
    spoken, place, admission = asked.spoken, asked.place, use.people.admission
    is_client = spoken.conversation in CLIENTS
    if place is None and not is_client:
        place = await use.store.conversation(spoken.conversation)
    where = slash.Where(
        kind=_kind(spoken, place),
        is_client=is_client,
        has_apps=bool(admission.channels),
        is_operator=await admission.is_owner(asked.by),
    )
    commands = slash.usable(asked.session, asked.by, where)
    return None, Reply(text=texts.help_text(commands, use.agents.help(asked.session)))


async def _status(use: Services, asked: Request) -> Outcome:
    people = await use.names.in_session(asked.session)
    places = {await use.names.where(each) for each in asked.session.conversations}
    lanes = await use.store.conversations(asked.session.id)
    away = {await use.names.where(each.id) for each in lanes if each.suspended or each.tries}
    text = texts.status(
        title=asked.session.title,
        state=state_of(asked.session),
        people=sorted(people.values()),
        places=sorted(places),
        away=sorted(away),
    )
    return None, Reply(text=text)


def state_of(session: Session) -> str:
    if session.archived:
        return texts.ENDED
    if session.open_run is not None:
        return texts.RUNNING
    return texts.WAITING if session.questions else texts.IDLE


async def _who(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return None, Reply(text=await use.people.members.who_is_here(asked.session))


async def _whoami(use: Services, asked: Request) -> Outcome:
    return None, await use.people.members.who_is(asked.session, asked.spoken)


async def _me(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    words = asked.argument.split()
    if _is_of_language(words):
        return None, await _language(use, asked, *words[1:])
    if not asked.argument:
        name = await use.names.who(asked.by)
        return None, Reply(text=admission_texts.you_are_called(name))
    try:
        name = await use.people.rename(asked.by, asked.argument)
    except Refused as refused:
        return None, Reply(text=str(refused), refused=True)
    return None, Reply(text=admission_texts.called_now(name))


LANGUAGE, DEFAULT = "language", "default"


def _is_of_language(words: Sequence[str]) -> bool:
    return len(words) in {1, 2} and words[0].lower() == LANGUAGE


async def _language(use: Services, asked: Request, wanted: str = "") -> Reply:
    """Say which language somebody is spoken to in, or speak another one to them."""
    if not wanted:
        chosen = await use.languages.chosen(asked.by)
        text = session_texts.languages(LANGUAGES, chosen)
        return Reply(text=text, buttons=_language_buttons())
    code = _code_of(wanted)
    if code is None:
        return _no_such_language(wanted)
    await use.languages.choose(asked.by, code)
    if not code:
        return Reply(text=session_texts.LANGUAGE_OF_APP)
    return Reply(text=session_texts.language_chosen(LANGUAGES[code]))


def _no_such_language(wanted: str) -> Reply:
    text = session_texts.no_such_language(wanted, LANGUAGES)
    return Reply(text=text, refused=True, buttons=_language_buttons())


def _language_buttons() -> tuple[Button, ...]:
    offered = command_buttons("me", [f"{LANGUAGE} {code}" for code in LANGUAGES])
    names = LANGUAGES.values()
    return tuple(replace(each, label=name) for each, name in zip(offered, names, strict=True))


def _code_of(wanted: str) -> str | None:
    """Return the code of a language by it, or by the language's own name; None for none."""
    word = wanted.casefold()
    if word == DEFAULT:
        return ""
    named = {name.casefold(): code for code, name in LANGUAGES.items()} | NAMED_IN_ENGLISH
    return code_of(word) or named.get(word)


NAMED_IN_ENGLISH = {"german": "de", "spanish": "es", "french": "fr", "chinese": "zh", "中文": "zh"}


async def _usage(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    children = tuple(asked.session.background)
    return None, Reply(text=await use.budget_guard.summary(asked.session.id, children))


# -- what is asked of the agent -------------------------------------------------------------------


async def _stop(_: Services, asked: Request) -> Outcome:
    return Stop(by=asked.by), None


async def _undo(_: Services, asked: Request) -> Outcome:
    is_owner = permissions.may_do(asked.session, asked.by, Undo)
    return Undo(by=asked.by, own=not is_owner), Reply(text=session_texts.UNDONE)


async def _compact(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return None, await use.compacting.compact(asked.session, asked.by, asked.argument)


async def _retry(use: Services, asked: Request) -> Outcome:
    hidden = visible.hidden_upto(asked.session, asked.by)
    given_up = await GivenUp(use.store, use.names).said(asked.session)
    said = tuple(each for each in given_up if (each.first or each.seq) > hidden)
    return Retry(by=asked.by, conversation=asked.spoken.conversation, said=said), None


# -- settings -------------------------------------------------------------------------------------


async def _agent(use: Services, asked: Request) -> Outcome:
    name, names = asked.argument, use.agents.names
    buttons = command_buttons("agent", names) if len(names) > 1 else ()
    if not name:
        text = texts.agents(names, use.agents.chosen(asked.session))
        return None, Reply(text=text, buttons=buttons)
    if name not in names:
        text = texts.no_such_agent(name, names)
        return None, Reply(text=text, refused=True, buttons=buttons)
    return _change(agent_registry.SETTING, name, asked.by), Reply(text=texts.agent_chosen(name))


async def _model(use: Services, asked: Request) -> Outcome:
    session, name = asked.session, asked.argument
    choices, refusal = use.agents.models(session), ""
    buttons = command_buttons("model", choices) if len(choices) > 1 else ()
    if not name:
        chosen = session.settings.get(setting_key("session", "", MODEL), "")
        return None, Reply(text=texts.model(chosen, choices), buttons=buttons)
    chosen = "" if name.lower() == NO_MODEL else name
    change = _change(MODEL, chosen, asked.by)
    if too_long(change):
        return change, None  # it is refused
    if chosen and not permissions.refusal(session, change):  # to try a model costs something
        refusal = await use.agents.model_refusal(session, chosen)
    if refusal:
        text = texts.no_such_model(chosen, refusal, choices)
        return None, Reply(text=text, refused=True, buttons=buttons)
    return change, Reply(text=texts.model_chosen(chosen))


async def _mode(_: Services, asked: Request) -> Outcome:
    name, buttons = asked.argument.lower(), command_buttons("mode", MODES)
    if not name:
        return None, Reply(text=texts.mode(mode_of(asked.session)), buttons=buttons)
    if name not in MODES:
        return None, Reply(text=texts.no_such_mode(name), refused=True, buttons=buttons)
    return _change(SETTING, name, asked.by), Reply(text=texts.mode_chosen(name))


async def _may(_: Services, asked: Request) -> Outcome:
    words = asked.argument.lower().split()
    if not words:
        opened = permissions.opened(asked.session)
        return None, Reply(text=texts.who_may({each: each in opened for each in OPENABLE}))
    if len(words) != 2 or words[0] not in OPENABLE or words[1] not in {MEMBERS, OWNERS}:  # noqa: PLR2004 - a name and for whom
        return None, Reply(text=texts.no_such_permission(OPENABLE), refused=True)
    name, whom = words
    told = Reply(text=texts.opened_to(name, members=whom == MEMBERS))
    return _change(permissions.may(name), whom, asked.by), told


async def _revoke(use: Services, asked: Request) -> Outcome:
    tool, agent = asked.argument, use.agents.chosen(asked.session)
    allowed = sorted(tool_grants.always_allowed(asked.session, agent))
    buttons = command_buttons("revoke", allowed)
    if not tool:
        return None, Reply(text=texts.always_allowed(allowed), buttons=buttons)
    if tool not in allowed:
        text = texts.not_always_allowed(tool, allowed)
        return None, Reply(text=text, refused=True, buttons=buttons)
    change = replace(_change(tool_grants.setting(tool), tool_grants.NO, asked.by), of=agent)
    return change, Reply(text=texts.revoked(tool))


def _change(name: str, value: str, who: ParticipantId) -> Change:
    return Change(scope="session", name=name, value=value, by=who)


# -- what happens later ----------------------------------------------------------------------------


async def _every(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return await use.scheduling.plan(asked.by, phrases.every, asked.argument)


async def _once(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return await use.scheduling.plan(asked.by, phrases.once, asked.argument)


async def _schedules(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return await use.scheduling.answer(asked.session, asked.by, asked.argument)


async def _background(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return await use.background.answer(asked.session, asked.by, asked.argument)


# -- what reaches beyond the session's own log ----------------------------------------------------


async def _via(use: Services, asked: Request) -> ChannelName:
    """Return the account in which a code is asked for; empty: over HTTP, by no guest."""
    if asked.place is None:
        return await use.people.admission.over_http(asked.by)
    return asked.place.address.channel


async def _link(use: Services, asked: Request) -> Outcome:
    """Return a code where one person reads it."""
    if asked.argument:
        return None, Reply(text=texts.LINK_ELSEWHERE, refused=True)
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    channels = use.people.admission.channels
    if not channels:
        return None, Reply(text=texts.NO_APP_FOR_CODES, refused=True)
    here = await _via(use, asked)
    code = await use.pairing.codes.link(asked.by, asked.session.id, via=here)
    apps = [use.names.label(ChannelName(each)) for each in sorted(channels - {here})]
    shown = texts.link_code(code, apps, use.names.label(here))
    return None, Reply(text=shown, again=texts.LINK_CODE_SHOWN)


async def _unlink(use: Services, asked: Request) -> Outcome:
    if not asked.argument:
        return None, Reply(text=texts.UNLINK_WHAT)
    try:
        return None, Reply(text=await use.pairing.undoing.undo(asked.argument, asked.by))
    except Refused as refused:
        return None, Reply(text=str(refused), refused=True)


async def _follow(use: Services, asked: Request) -> Outcome:
    room = cast("Conversation", asked.place)  # the table has it asked in rooms alone
    return None, await use.following.follow(asked.session, room, asked.by, asked.argument)


async def _unfollow(use: Services, asked: Request) -> Outcome:
    return None, await use.following.unfollow(asked.session, asked.spoken, asked.argument)


async def _leave(use: Services, asked: Request) -> Outcome:
    return None, await use.people.members.leave(asked.session, asked.by)


async def _role(use: Services, asked: Request) -> Outcome:
    return None, await use.people.members.give_role(asked.session, asked.by, asked.argument)


async def _kick(use: Services, asked: Request) -> Outcome:
    return None, await use.people.in_session.kick(asked.session, asked.by, asked.argument)


# -- several sessions in one chat -----------------------------------------------------------------


async def _new(use: Services, asked: Request) -> Outcome:
    begin = use.chosen_session.new
    return None, await begin(asked.place, asked.by, asked.argument, asked.origin)


async def _sessions(use: Services, asked: Request) -> Outcome:
    return None, await use.chosen_session.list(asked.session, asked.place, asked.by)


async def _switch(use: Services, asked: Request) -> Outcome:
    switch = use.chosen_session.switch
    return None, await switch(asked.session, asked.place, asked.by, asked.argument)


async def _export(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    here, form = asked.spoken.conversation, asked.argument.lower()
    return None, await use.exporting.export(asked.session, asked.by, here, form)


async def _fork(use: Services, asked: Request) -> Outcome:
    if asked.spoken.quote is not None:
        return None, Reply(text=session_texts.FORK_UP_TO_WHAT, refused=True)
    wish = Fork(by=asked.by, title=clean_title(asked.argument), upto=asked.spoken.reply_to)
    return None, await use.forking.fork(asked.session, asked.place, wish, asked.origin)


async def _title(_: Services, asked: Request) -> Outcome:
    title = clean_title(asked.argument)
    if not title:
        return None, Reply(text=session_texts.title(asked.session.title))
    return _change("title", title, asked.by), Reply(text=session_texts.titled_now(title))


async def _archive(use: Services, asked: Request) -> Outcome:
    return await use.chosen_session.archive(asked.session, asked.by, asked.argument)


async def _history(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return None, await use.chosen_session.history(asked.session, asked.by, asked.argument)


async def _notify(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return None, await use.notifying.answer(asked.by, asked.place, asked.argument)


# -- who is let in --------------------------------------------------------------------------------


async def _ask(_: Services, __: Request) -> Outcome:
    return None, Reply(text=admission_texts.LET_IN_ALREADY)


async def _admit(use: Services, asked: Request) -> Outcome:
    return None, await _answered(use, asked, "allow")


async def _deny(use: Services, asked: Request) -> Outcome:
    return None, await _answered(use, asked, "deny")


async def _invite(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    here = await _via(use, asked)
    invite = use.pairing.invitations.asked
    return None, await invite(asked.session, asked.by, here, asked.argument)


async def _invites(use: Services, asked: Request) -> Outcome:
    if why := asked.why_not():
        return None, Reply(text=why, refused=True)
    return None, await use.pairing.invitations.open.asked(asked.session, asked.argument)


async def _answered(use: Services, asked: Request, decision: Decision) -> Reply:
    requests = use.people.access_requests
    try:
        if not asked.argument:
            return await requests.listed(asked.by)
        return Reply(text=await requests.decide(asked.argument, decision, asked.by))
    except Refused as refused:
        return Reply(text=str(refused), refused=True)


HANDLERS: Mapping[str, Handler] = {
    "admit": _admit,
    "agent": _agent,
    "archive": _archive,
    "ask": _ask,
    "background": _background,
    "compact": _compact,
    "deny": _deny,
    "every": _every,
    "export": _export,
    "follow": _follow,
    "fork": _fork,
    "help": _help,
    "history": _history,
    "invite": _invite,
    "invites": _invites,
    "kick": _kick,
    "leave": _leave,
    "link": _link,
    "may": _may,
    "me": _me,
    "mode": _mode,
    "model": _model,
    "new": _new,
    "notify": _notify,
    "once": _once,
    "retry": _retry,
    "revoke": _revoke,
    "role": _role,
    "schedules": _schedules,
    "sessions": _sessions,
    "status": _status,
    "stop": _stop,
    "undo": _undo,
    "switch": _switch,
    "title": _title,
    "unfollow": _unfollow,
    "unlink": _unlink,
    "usage": _usage,
    "who": _who,
    "whoami": _whoami,
}
"""A handler for every command of the registry, by its name."""
