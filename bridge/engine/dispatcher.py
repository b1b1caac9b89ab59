"""The `Sessions` port: a command queue per session, made when needed, put away when not."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import islice

import structlog
from structlog.contextvars import bind_contextvars

from bridge import texts
from bridge.caches import cache
from bridge.catalogs import others
from bridge.delivery.notify import Rings
from bridge.domain.commands import (
    Answer,
    Ask,
    Change,
    Command,
    Join,
    Push,
    Say,
    Trigger,
    words_of,
)
from bridge.domain.errors import NotFound, UnknownSession
from bridge.domain.events import Event, MessageReceived, Pushed, Triggered
from bridge.domain.ids import (
    ChannelName,
    ParticipantId,
    QuestionId,
    SessionId,
    trace_of,
)
from bridge.domain.parts import Address, Reply
from bridge.domain.records import replace
from bridge.engine.access.admission import Admission
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.engine.access.places import Places
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.command_queue import CommandQueue, Woken
from bridge.engine.commands.access_requests import AccessAsking, AccessRequests
from bridge.engine.commands.background import BackgroundList
from bridge.engine.commands.begun import Begun
from bridge.engine.commands.browser_guests import BrowserGuests
from bridge.engine.commands.browser_places import BrowserPlaces
from bridge.engine.commands.chosen_session import ChosenSession
from bridge.engine.commands.compacting import Compacting
from bridge.engine.commands.exporting import Exporting, Sending
from bridge.engine.commands.following import Count, Following
from bridge.engine.commands.forgetting import Forgetting
from bridge.engine.commands.forking import Forking
from bridge.engine.commands.invitations import Links
from bridge.engine.commands.members import Members
from bridge.engine.commands.notifying import Notifying
from bridge.engine.commands.own_name import OwnName
from bridge.engine.commands.pairing import Pairing
from bridge.engine.commands.pairing_leaks import PairingLeaks
from bridge.engine.commands.pairing_notices import PairingNotices
from bridge.engine.commands.people import People
from bridge.engine.commands.scheduling import Scheduling
from bridge.engine.commands.slash_commands import Services, SlashCommands
from bridge.engine.languages import Languages
from bridge.engine.names import CLIENTS, DisplayNames
from bridge.engine.notices import Notices
from bridge.engine.outbound.lane_reader import refusal, unread
from bridge.engine.runs.budget_guard import BudgetGuard
from bridge.engine.wishes import Wishes
from bridge.log_level import is_written
from bridge.ports.clock import Clock
from bridge.ports.store import Appended, Origin, Producer, Store
from bridge.session import slash
from bridge.session.admission import Account
from bridge.session.budget import Budgets
from bridge.session.decide import repeated_key
from bridge.session.fold import Session
from bridge.session.routing import typed_answer
from bridge.unseen import note

log = structlog.get_logger()

UNLIMITED = Budgets()

KEPT = 1000
"""Desks kept while nothing is asked of them; the least recently asked is put away first."""


async def _uncounted(address: Address) -> int | None:  # noqa: ARG001
    """Say that nobody knows how many read a place."""
    return None


def _people(
    sessions: "Dispatcher",
    names: DisplayNames,
    members: Members,
    own_name: OwnName,
    requests: AccessRequests,
    *,
    deletes: Callable[[Address], timedelta],
) -> People:
    store, clock = sessions._store, sessions._clock  # noqa: SLF001 - it is a part of it
    pairing = sessions.pairing
    admission, languages, wishes = sessions.admission, sessions.languages, sessions.wishes
    return People(
        store=store,
        sessions=sessions,
        admission=admission,
        pairing=pairing,
        names=names,
        members=members,
        own_name=own_name,
        access_requests=requests,
        browser_guests=BrowserGuests(
            store, sessions, admission, pairing.invitations, pairing.leaks, own_name
        ),
        languages=languages,
        wishes=wishes,
        browser_places=sessions.browser_places,
        forgetting=Forgetting(store, sessions, admission, names, languages, wishes, clock, deletes),
    )


class Dispatcher:
    """Every session's queue, and what slash commands ask of more than one session.

    `accounts` are those that people write from; `count` says how many read a place; `links` are
    those by which people send a code from each app; `deletes` says how long a place takes back
    what it was shown. `language` is the code of the bridge's own, `sending` shows people files.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        names: DisplayNames,
        *,
        woken: Woken,
        agents: AgentRegistry,
        budgets: Budgets = UNLIMITED,
        most: Rings = Rings(),  # noqa: B008 - it is frozen
        accounts: Mapping[ChannelName, Account] | None = None,
        count: Count = _uncounted,
        links: Links = lambda _: (),
        deletes: Callable[[Address], timedelta] = lambda _: timedelta(),
        language: str = "",
        sending: Sending | None = None,
    ) -> None:
        self._most = most
        self._store = store
        self._clock = clock
        self._woken = woken
        self.wishes = Wishes(store)
        self.languages = Languages(store, clock, language, accounts or {})
        self.notices = Notices(store, self, names, clock)
        self.budget_guard = BudgetGuard(store, self.notices, budgets, clock)
        admission = self.admission = Admission(store, self, accounts or {}, clock)
        reserved, begun = ReservedNames(names, agents), Begun(store, clock)
        places = self.places = self._new_places(names, reserved)
        following = Following(store, self, admission, places, names, clock, count=count)
        pairing = self.pairing = Pairing(
            store, self, admission, places, names, clock, following=following, links=links
        )
        self.browser_places = BrowserPlaces(store, self, clock, self.languages)
        members = Members(store, self, admission, places, names, following, pairing.codes, begun)
        requests = AccessRequests(
            store, self, admission, places, names, pairing.guests, clock, reserved
        )
        self.asking = AccessAsking(admission, places, requests, clock)
        own_name = OwnName(store, names, reserved)
        self.people = _people(self, names, members, own_name, requests, deletes=deletes)
        self.scheduling = Scheduling(store, self, self.wishes, names, clock)
        self.chosen_session = ChosenSession(store, self, admission, places, names, begun)
        self.slash_commands = SlashCommands(_services(self, names, agents, following, sending))
        self._queues: OrderedDict[SessionId, CommandQueue] = OrderedDict()
        cache("sessions", forget=self._forget, size=self._size)

    def _new_places(self, names: DisplayNames, reserved: ReservedNames) -> Places:
        store, clock = self._store, self._clock
        codes = PairingCodes(store, clock)
        shown = PairingLeaks(names, codes, PairingNotices(self, names)).named
        return Places(store, self, self.admission, names, clock, reserved=reserved, shown=shown)

    @property
    def access_requests(self) -> AccessRequests:
        return self.asking.answers

    def _forget(self) -> None:
        for queue in self._queues.values():
            queue.forget()

    def _size(self) -> int:
        return len(self._queues)

    async def fold(self, session: SessionId) -> Session:
        queue = self._queues.get(session)
        if queue is not None and (known := queue.cache.known) is not None:  # asked very often
            self._queues.move_to_end(session)
            return known
        try:
            return await self._queue(session).fold()
        except UnknownSession as error:
            self._queues.pop(session, None)
            raise NotFound(texts.NO_SUCH_SESSION) from error

    async def refold(self, session: SessionId) -> None:
        await self._queue(session).anew()

    async def submit(
        self,
        session: SessionId,
        command: Command,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        await self._guard(session, command)
        known = await self._taken_before(session, command)
        if known is not None:  # all that is left of it is a number of its producer
            used = await self._submit(session, lambda _: (None, None), origin, producer)
            return used if used.repeated else replace(used, events=(known,), repeated=True)
        if isinstance(command, Answer):
            unseen = await unread(
                self._store, await self.fold(session), command.conversation, typed=False
            )
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
        parsed = slash.commanded(spoken.content) if spoken.addressed else None
        if parsed is None:
            await self._guard(session, spoken)
            is_typed = spoken.reply_to is None or spoken.conversation not in CLIENTS
            unseen = await unread(
                self._store, await self.fold(session), spoken.conversation, typed=is_typed
            )
            return await self._submit(
                session, lambda fold: _understood(fold, spoken, unseen), origin, producer
            )
        # A handler acts before anything is appended: what was done once may not be done again, when
        # others have acted since, or in the session that the place follows by now.
        known = await _repeated(self._store, origin)
        if known is not None and origin is not None:
            _tell_heard(session, origin, known)
            return known
        outcome = await self.slash_commands.answer(await self.fold(session), spoken, parsed, origin)
        if outcome[0] is not None:
            await self._guard(session, outcome[0])
        return await self._submit(session, lambda _: outcome, origin, producer)

    async def _taken_before(self, session: SessionId, command: Command) -> Event | None:
        """Return the event of a keyed command that is refused now, and was taken before."""
        if not isinstance(command, Push | Trigger | Ask):
            return None
        key = repeated_key(await self.fold(session), command, now=self._clock.now())
        return await self._store.keyed(session, key) if key else None

    async def _guard(self, session: SessionId, command: Command) -> None:
        """See to it that no code is worth anything once it can be read in a session."""
        if (text := words_of(command)) and await self.pairing.codes.within(text):
            by = getattr(command, "by", None)
            await self.pairing.leaks.said(await self.fold(session), text, by)

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
            appended = await self._queue(session).submit(interpret, origin, producer)
        except UnknownSession as error:
            self._queues.pop(session, None)
            raise NotFound(texts.NO_SUCH_SESSION) from error
        if origin is not None:
            _tell_heard(session, origin, appended)
        else:
            _tell_said(appended)
        return appended

    def _queue(self, session: SessionId) -> CommandQueue:
        queue = self._queues.get(session)
        if queue is None:
            queue = CommandQueue(session, self._store, self._clock, self._woken, most=self._most)
            self._queues[session] = queue
            self._put_away()
        self._queues.move_to_end(session)
        return queue

    def _put_away(self) -> None:
        for session, queue in list(islice(self._queues.items(), max(0, len(self._queues) - KEPT))):
            if queue.is_idle():
                del self._queues[session]


def _tell_heard(session: SessionId, origin: Origin, appended: Appended) -> None:
    """Say in the log what became of something heard; from here on it is traced by its number."""
    account, where = origin.account, origin.conversation or ""
    if appended.events:
        bind_contextvars(trace=trace_of(session, appended.events[0].seq))
    if appended.repeated:
        note("repeat", account=account, place=where, heard=origin.external_id)
    elif appended.events:
        what, heard = type(appended.events[0].body).__name__, origin.external_id
        if is_written():
            log.info("stored", account=account, conversation=where, heard=heard, what=what)
    elif appended.reply is not None and appended.reply.refused:
        note("refused", account=account, place=where, session=session)
    else:
        log.info("answered at once", account=account, conversation=where, session=session)


def _tell_said(appended: Appended) -> None:
    """Say in the log what was stored that no platform told of, or no client numbered."""
    for event in appended.fresh:
        if isinstance(event.body, MessageReceived | Pushed | Triggered) and is_written():
            trace, what = trace_of(event.session, event.seq), type(event.body).__name__
            log.info("stored", trace=trace, what=what)


def _services(
    dispatcher: Dispatcher,
    names: DisplayNames,
    agents: AgentRegistry,
    following: Following,
    sending: Sending | None,
) -> Services:
    """Return what the handlers of slash commands work with."""
    store, clock = dispatcher._store, dispatcher._clock  # noqa: SLF001 - it is a part of it
    return Services(
        store=store,
        names=names,
        agents=agents,
        budget_guard=dispatcher.budget_guard,
        pairing=dispatcher.pairing,
        people=dispatcher.people,
        following=following,
        chosen_session=dispatcher.chosen_session,
        forking=Forking(store, dispatcher.admission, dispatcher.chosen_session, clock),
        exporting=Exporting(store, dispatcher, clock, sending),
        compacting=Compacting(dispatcher),
        notifying=Notifying(dispatcher.wishes, clock),
        scheduling=dispatcher.scheduling,
        background=BackgroundList(store, dispatcher, names, clock),
        languages=dispatcher.languages,
    )


def _understood(
    fold: Session, spoken: Say, unseen: frozenset[QuestionId]
) -> tuple[Command | None, Reply | None]:
    """Return what plain words are: an answer that their place may give, or something said."""
    answer = typed_answer(fold, spoken, others())
    refused = refusal(answer, unseen) if answer is not None else None
    return (None, refused) if refused is not None else (answer or spoken, None)


async def _repeated(store: Store, origin: Origin | None) -> Appended | None:
    return None if origin is None else await store.repeated(origin.account, origin.external_id)
