"""The `Sessions` port: a desk per session, made when needed and put away when not."""

from collections import OrderedDict
from collections.abc import Callable

from bridge import slash, texts
from bridge.commands import Change, Command, Join, Say, Stop
from bridge.errors import NotFound, UnknownSession
from bridge.ids import ParticipantId, SessionId
from bridge.parts import Reply
from bridge.ports import Appended, Clock, Origin, Producer, Store
from bridge.routing import typed_answer
from bridge.session import Session
from bridge.workers.codes import Codes
from bridge.workers.desk import Desk, Woken
from bridge.workers.names import Names

KEPT = 1000
"""Desks kept while nothing is asked of them; the least recently asked is put away first."""


class Desks:
    """Every session's desk. `agent_help` says what one can ask of the agent of a session."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        names: Names,
        *,
        woken: Woken,
        agent_help: Callable[[Session], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._names = names
        self._woken = woken
        self._agent_help = agent_help
        self._codes = Codes(store, clock)
        self._desks: OrderedDict[SessionId, Desk] = OrderedDict()

    async def fold(self, session: SessionId) -> Session:
        try:
            return await self._desk(session).fold()
        except UnknownSession as error:
            self._desks.pop(session, None)
            raise NotFound(texts.NO_SUCH_SESSION) from error

    async def submit(
        self,
        session: SessionId,
        command: Command,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        return await self._submit(session, lambda _: (command, None), origin, producer)

    async def hear(
        self,
        session: SessionId,
        spoken: Say,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        parsed = slash.parse(spoken.content.text) if spoken.addressed else None
        if parsed is None:
            return await self._submit(
                session, lambda fold: (typed_answer(fold, spoken) or spoken, None), origin, producer
            )
        if isinstance(parsed, slash.Slash) and parsed.name == "stop":
            return await self.submit(session, Stop(by=spoken.by), origin=origin, producer=producer)
        reply = Reply(text=await self._told(session, spoken, parsed))
        return await self._submit(session, lambda _: (None, reply), origin, producer)

    async def create(self, session: SessionId, *, title: str, owner: ParticipantId) -> None:
        await self._store.create_session(session, at=self._clock.now())
        await self.submit(session, Join(participant=owner, role="owner"))
        if title and not (await self.fold(session)).title:
            await self.submit(session, Change(scope="session", name="title", value=title))

    async def _submit(
        self,
        session: SessionId,
        interpret: Callable[[Session], tuple[Command | None, Reply | None]],
        origin: Origin | None,
        producer: Producer | None,
    ) -> Appended:
        try:
            return await self._desk(session).submit(interpret, origin, producer)
        except UnknownSession as error:
            self._desks.pop(session, None)
            raise NotFound(texts.NO_SUCH_SESSION) from error

    def _desk(self, session: SessionId) -> Desk:
        desk = self._desks.get(session)
        if desk is None:
            desk = Desk(session, self._store, self._clock, self._woken)
            self._desks[session] = desk
            self._put_away()
        self._desks.move_to_end(session)
        return desk

    def _put_away(self) -> None:
        for session, desk in list(self._desks.items())[: max(0, len(self._desks) - KEPT)]:
            if desk.is_idle():
                del self._desks[session]

    # -- what a slash command tells the asker

    async def _told(
        self, session: SessionId, spoken: Say, parsed: slash.Slash | slash.UnknownSlash
    ) -> str:
        if isinstance(parsed, slash.UnknownSlash):
            return texts.no_such_command(parsed.name)
        fold = await self.fold(session)
        if parsed.name == "link":
            return await self._link_code(fold, spoken.by, parsed.argument)
        if parsed.name == "status":
            return await self._status(fold)
        commands = [(each.name, each.text) for each in slash.COMMANDS]
        return texts.help_text(commands, self._agent_help(fold))

    async def _link_code(self, fold: Session, who: ParticipantId, argument: str) -> str:
        if argument:
            return texts.LINK_ELSEWHERE
        if fold.participants.get(who) not in {"owner", "member"}:
            return texts.READ_ONLY
        return texts.link_code(await self._codes.link(who, fold.id))

    async def _status(self, fold: Session) -> str:
        people = await self._names.people(fold.participants)
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
