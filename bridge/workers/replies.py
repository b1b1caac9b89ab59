"""What a slash command asks of a session, and what its asker is told.

A reply is for the asker alone; what is to change goes through `decide` like everything else, and
who may not change it is told that instead.
"""

from collections.abc import Sequence
from typing import assert_never

from bridge import consent, permissions, slash, texts
from bridge.commands import Change, Command, Retry, Say, Stop
from bridge.errors import Refused
from bridge.ids import ConversationId, ParticipantId
from bridge.parts import Reply
from bridge.permissions import MEMBERS, OPENABLE, OWNERS
from bridge.ports import Store
from bridge.session import Session, setting_key
from bridge.steering import MODES, SETTING, mode_of
from bridge.workers import roster
from bridge.workers.following import Following
from bridge.workers.given_up import GivenUp
from bridge.workers.names import CLIENTS, Names
from bridge.workers.pairing import Pairing
from bridge.workers.people import People
from bridge.workers.roster import Roster
from bridge.workers.spending import Spending

MODEL = "model"
NO_MODEL = "default"
"""Typed instead of a model's name, it leaves the choice to the agent."""

Asked = tuple[Command | None, Reply | None]


class Replies:
    def __init__(
        self,
        store: Store,
        names: Names,
        agents: Roster,
        spending: Spending,
        *,
        pairing: Pairing,
        people: People,
        following: Following,
    ) -> None:
        self._store = store
        self._names = names
        self._agents = agents
        self._spending = spending
        self._given_up = GivenUp(store, names)
        self._pairing = pairing
        self._people = people
        self._following = following

    async def answer(
        self, fold: Session, spoken: Say, parsed: slash.Slash | slash.UnknownSlash
    ) -> Asked:
        """Return what to decide, if anything, and what to tell the asker if it is not refused."""
        if isinstance(parsed, slash.UnknownSlash):
            return None, Reply(text=texts.no_such_command(parsed.name))
        match parsed.name:
            case "link" | "unlink" | "follow" | "unfollow" | "kick":
                return None, await self._beyond(fold, spoken, parsed)
            case "status" | "usage" | "help":
                return None, Reply(text=await self._told(fold, spoken.by, parsed))
            case "stop":
                return Stop(by=spoken.by), None
            case "retry":
                said = await self._given_up.said(fold)
                return Retry(by=spoken.by, conversation=spoken.conversation, said=said), None
            case "agent":
                return self._agent(fold, spoken.by, parsed.argument)
            case "model":
                return await self._model(fold, spoken.by, parsed.argument)
            case "revoke":
                return _revoke(fold, spoken.by, parsed.argument)
            case "may":
                return _may(fold, spoken.by, parsed.argument.lower().split())
            case "mode":
                return _mode(fold, spoken.by, parsed.argument.lower())
            case _:
                assert_never(parsed.name)

    async def _beyond(self, fold: Session, spoken: Say, parsed: slash.Slash) -> Reply:
        """Do what reaches beyond the session's own log."""
        argument = parsed.argument
        match parsed.name:
            case "link":
                return await self._link_code(fold, spoken, argument)
            case "unlink":
                return await self._unlink(spoken.by, argument)
            case "follow":
                return await self._following.follow(fold, spoken, argument)
            case "unfollow":
                return await self._following.unfollow(fold, spoken)
            case _:
                return await self._people.kick(fold, spoken.by, argument)

    async def _told(self, fold: Session, who: ParticipantId, parsed: slash.Slash) -> str:
        match parsed.name:
            case "status":
                return await self._status(fold)
            case "usage":
                return await self._usage(fold, who)
            case _:
                commands = [(each.name, each.text) for each in slash.COMMANDS]
                return texts.help_text(commands, self._agents.help(fold))

    def _agent(self, fold: Session, who: ParticipantId, name: str) -> Asked:
        names = self._agents.names
        if not name:
            return None, Reply(text=texts.agents(names, self._agents.chosen(fold)))
        if name not in names:
            return None, Reply(text=texts.no_such_agent(name, names), refused=True)
        return _change(roster.SETTING, name, who), Reply(text=texts.agent_chosen(name))

    async def _model(self, fold: Session, who: ParticipantId, name: str) -> Asked:
        choices, refusal = self._agents.models(fold), ""
        if not name:
            return None, Reply(text=texts.model(_setting(fold, MODEL), choices))
        chosen = "" if name.lower() == NO_MODEL else name
        if chosen and fold.participants.get(who) in {"owner", "member"}:
            refusal = await self._agents.model_refusal(fold, chosen)
        if refusal:
            return None, Reply(text=texts.no_such_model(chosen, refusal, choices), refused=True)
        return _change(MODEL, chosen, who), Reply(text=texts.model_chosen(chosen))

    async def _usage(self, fold: Session, who: ParticipantId) -> str:
        if who not in fold.participants:
            return texts.NOT_IN_SESSION
        return await self._spending.summary(fold.id)

    async def _link_code(self, fold: Session, spoken: Say, argument: str) -> Reply:
        """Return a code where one person reads it, and nowhere else."""
        account = await self._private(spoken.conversation)
        if account is None:
            return Reply(text=texts.LINK_IN_PRIVATE, refused=True)
        if argument:
            return Reply(text=texts.LINK_ELSEWHERE)
        if fold.participants.get(spoken.by) not in {"owner", "member"}:
            return Reply(text=texts.READ_ONLY)
        code = await self._pairing.codes.link(spoken.by, fold.id, via=account)
        return Reply(text=texts.link_code(code))

    async def _private(self, conversation: ConversationId) -> str | None:
        """Return the account of a place that one person reads, "" for a client of the HTTP side."""
        if conversation in CLIENTS:
            return ""
        found = await self._store.conversation(conversation)
        return None if found is None or found.room else found.address.channel

    async def _unlink(self, who: ParticipantId, number: str) -> Reply:
        if not number:
            return Reply(text=texts.UNLINK_WHAT)
        try:
            return Reply(text=await self._pairing.undo(number, who))
        except Refused as refused:
            return Reply(text=str(refused), refused=True)

    async def _status(self, fold: Session) -> str:
        people = await self._names.in_session(fold)
        places = {await self._names.where(each) for each in fold.conversations}
        return texts.status(
            title=fold.title,
            state=state_of(fold),
            people=sorted(people.values()),
            places=sorted(places),
        )


def state_of(session: Session) -> str:
    if session.open_run is not None:
        return texts.RUNNING
    return texts.WAITING if session.questions else texts.IDLE


def _revoke(fold: Session, who: ParticipantId, tool: str) -> Asked:
    allowed = sorted(consent.always_allowed(fold))
    if not tool:
        return None, Reply(text=texts.always_allowed(allowed))
    if tool not in allowed:
        return None, Reply(text=texts.not_always_allowed(tool, allowed), refused=True)
    return _change(consent.setting(tool), consent.NO, who), Reply(text=texts.revoked(tool))


def _mode(fold: Session, who: ParticipantId, name: str) -> Asked:
    if not name:
        return None, Reply(text=texts.mode(mode_of(fold)))
    if name not in MODES:
        return None, Reply(text=texts.no_such_mode(name), refused=True)
    return _change(SETTING, name, who), Reply(text=texts.mode_chosen(name))


def _may(fold: Session, who: ParticipantId, words: Sequence[str]) -> Asked:
    if not words:
        opened = permissions.opened(fold)
        return None, Reply(text=texts.who_may({each: each in opened for each in OPENABLE}))
    if len(words) != 2 or words[0] not in OPENABLE or words[1] not in {MEMBERS, OWNERS}:  # noqa: PLR2004 - a name and for whom
        return None, Reply(text=texts.no_such_permission(OPENABLE), refused=True)
    name, whom = words
    told = Reply(text=texts.opened_to(name, members=whom == MEMBERS))
    return _change(permissions.may(name), whom, who), told


def _setting(fold: Session, name: str) -> str:
    return fold.settings.get(setting_key("session", "", name), "")


def _change(name: str, value: str, who: ParticipantId) -> Change:
    return Change(scope="session", name=name, value=value, by=who)
