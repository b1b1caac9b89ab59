"""The `Sessions` port: a desk per session, made when needed and put away when not."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from bridge import slash, texts
from bridge.admission import Account
from bridge.budget import Budgets
from bridge.commands import Answer, Change, Command, Join, Say
from bridge.errors import NotFound, UnknownSession
from bridge.ids import ChannelName, ConversationId, ParticipantId, QuestionId, SessionId
from bridge.notify import Rings
from bridge.parts import Address, Reply
from bridge.ports import Appended, Clock, Origin, Producer, Store
from bridge.routing import typed_answer
from bridge.session import Session
from bridge.workers.admission import Admission
from bridge.workers.desk import Desk, Woken
from bridge.workers.following import Count, Following
from bridge.workers.names import Names
from bridge.workers.notices import Notices
from bridge.workers.pairing import Pairing
from bridge.workers.people import People
from bridge.workers.places import Places
from bridge.workers.replies import Replies
from bridge.workers.roster import Roster
from bridge.workers.spending import Spending
from bridge.workers.unread import refusal, unread

UNLIMITED = Budgets()

KEPT = 1000
"""Desks kept while nothing is asked of them; the least recently asked is put away first."""


async def _uncounted(address: Address) -> int | None:  # noqa: ARG001
    """Say that nobody knows how many read a place."""
    return None


class Desks:
    """Every session's desk, and what slash commands ask of more than one session.

    `accounts` are those that people write from; `count` says how many read a place.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        names: Names,
        *,
        woken: Woken,
        agents: Roster,
        budgets: Budgets = UNLIMITED,
        most: Rings = Rings(),  # noqa: B008 - it is frozen
        accounts: Mapping[ChannelName, Account] | None = None,
        count: Count = _uncounted,
    ) -> None:
        self._most = most
        self._store = store
        self._clock = clock
        self._woken = woken
        self.notices = Notices(store, self, names, clock)
        self.spending = Spending(store, self.notices, budgets, clock)
        self.admission = Admission(store, self, accounts or {}, clock)
        self.places = Places(store, self, self.admission, clock)
        self.pairing = Pairing(store, self, self.admission, self.places, names, clock)
        self.people = People(store, self, self.admission, self.places, self.pairing, names)
        self.replies = Replies(
            store,
            names,
            agents,
            self.spending,
            pairing=self.pairing,
            people=self.people,
            following=Following(
                store, self, self.admission, self.places, names, clock, count=count
            ),
        )
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
        if isinstance(command, Answer):
            unseen = await self._unread(session, command.conversation, typed=False)
            if (refused := refusal(command, unseen)) is not None:
                return await self._submit(session, lambda _: (None, refused), origin, producer)
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
            unseen = await self._unread(session, spoken.conversation, typed=True)
            return await self._submit(
                session, lambda fold: _understood(fold, spoken, unseen), origin, producer
            )
        asked = await self.replies.answer(await self.fold(session), spoken, parsed)
        return await self._submit(session, lambda _: asked, origin, producer)

    async def _unread(
        self, session: SessionId, where: ConversationId | None, *, typed: bool
    ) -> frozenset[QuestionId]:
        return await unread(self._store, await self.fold(session), where, typed=typed)

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
            desk = Desk(session, self._store, self._clock, self._woken, most=self._most)
            self._desks[session] = desk
            self._put_away()
        self._desks.move_to_end(session)
        return desk

    def _put_away(self) -> None:
        for session, desk in list(self._desks.items())[: max(0, len(self._desks) - KEPT)]:
            if desk.is_idle():
                del self._desks[session]


def _understood(
    fold: Session, spoken: Say, unseen: frozenset[QuestionId]
) -> tuple[Command | None, Reply | None]:
    """Return what plain words are: an answer that their place may give, or something said."""
    answer = typed_answer(fold, spoken)
    refused = refusal(answer, unseen) if answer is not None else None
    return (None, refused) if refused is not None else (answer or spoken, None)
