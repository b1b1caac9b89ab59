"""The commands of one session, in order: the one place in this process where they are decided.

The rules:

- What queued up while the last set was being appended is decided as one, each command against the
  fold as the ones before it will leave it, and appended as one set. So concurrent commands do not
  fight over the head.
- A command whose drafts depend on the fold expects the head it was decided at; if the set came out
  otherwise (a repeat among it, another process), it is decided again. Plain sayings never expect.
- What the store failed to append may be kept all the same, also a while later: until an append
  succeeds the log is read anew each time, and that one wakes the workers, be it a repeat.
- A refusal is an answer: with an origin or a producer it is kept like any other, so that a repeat
  gets the same one.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field

import structlog

from bridge import texts
from bridge.delivery.notify import Rings, rung
from bridge.domain.commands import (
    Command,
    Delete,
    Edit,
    Push,
    Record,
    Say,
    Stop,
    Trigger,
)
from bridge.domain.errors import Conflict, Refused, RunOver, StoreError, StoreUnavailable
from bridge.domain.events import Draft, Event
from bridge.domain.ids import START, Seq, SessionId
from bridge.domain.parts import Reply
from bridge.domain.records import replace
from bridge.domain.run_output import Delegating
from bridge.ports.clock import Clock
from bridge.ports.store import Appended, Log, Origin, Producer
from bridge.session.decide import decide
from bridge.session.fold import Session, evolve, fold
from bridge.session.snapshot import freeze, thaw

log = structlog.get_logger()

SET_SIZE = 256
PAGE = 1000
SNAPSHOT_EVERY = 1000
MAX_TRIES = 20

PLAIN = Say | Edit | Delete | Push | Trigger | Record
"""Commands whose drafts do not depend on where exactly the log stands."""

Interpret = Callable[[Session], tuple[Command | None, Reply | None]]
"""What is asked, once the fold is known: a command, or only a reply."""

Woken = Callable[[Session, Sequence[Event]], None]


@dataclass(slots=True, eq=False)
class Request:
    """One thing asked of the queue, waiting for its turn."""

    interpret: Interpret
    origin: Origin | None
    producer: Producer | None
    done: asyncio.Future[Appended]
    tries: int = 0

    def answer(self, appended: Appended) -> None:
        if not self.done.done():
            self.done.set_result(appended)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # whoever asked may be gone


@dataclass(frozen=True, slots=True)
class Decision:
    request: Request
    drafts: tuple[Draft, ...]
    expect: Seq | None
    origin: Origin | None
    reply: Reply | None


@dataclass(slots=True, eq=False)
class FoldCache:
    """The fold of one session as this process knows it, read anew where it may be stale.

    `known` is the session as it stands, where nothing is to be read for that. `in_doubt`: an append
    failed that may be kept all the same; each fold reads the log until it is cleared.
    """

    id: SessionId
    log: Log
    known: Session | None = None
    in_doubt: bool = False
    _session: Session | None = None
    _snapshot_at: Seq = START
    _stale: bool = True
    _marks: int = 0
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def forget(self) -> None:
        """Look into the log before the fold is used again: there may be more than was seen."""
        self._stale, self.known = True, None
        self._marks += 1

    def doubt(self, *, in_doubt: bool) -> None:
        self.in_doubt = in_doubt
        self._note()

    def _note(self) -> None:
        self.known = None if self._stale or self.in_doubt else self._session

    async def read(self) -> Session:
        """Return the session as it stands. Raises `UnknownSession`."""
        if self.known is not None:
            return self.known
        async with self._loading:
            if self._session is None or self._stale or self.in_doubt:
                marks, found = self._marks, await self._catch_up()
                if self._session is None or found.head >= self._session.head:
                    self._session = found
                self._stale = marks != self._marks
                self._note()
            return self._session

    async def anew(self) -> None:
        """Fold the log from its start, for it says something else now; keep that as the snapshot.

        Whatever was still to be kept of the fold before is on its way by then, and is replaced.
        """
        async with self._loading:
            self._session = self.known = None
            marks, self._session = self._marks, await self._caught_up(Session(id=self.id))
            self._stale = marks != self._marks
            self._note()
            await self._keep(self._session)

    def take_in(self, fresh: Sequence[Event]) -> None:
        """Fold what was just appended; where something is between, the log is read."""
        session = self._session
        for event in fresh if len(fresh) == 1 else sorted(fresh, key=lambda event: event.seq):
            if session is None or event.seq != session.head + 1:
                self.forget()
                return
            session = evolve(session, event)
        self._session = session
        if self.known is not None:
            self.known = session

    async def keep_snapshot(self) -> None:
        """Keep a snapshot in the store, if the last one is long ago."""
        session = self._session
        if session is not None and session.head - self._snapshot_at >= SNAPSHOT_EVERY:
            await self._keep(session)

    async def _keep(self, session: Session) -> None:
        self._snapshot_at = session.head
        await self.log.keep_snapshot(self.id, session.head, freeze(session))

    async def _catch_up(self) -> Session:
        return await self._caught_up(self._session or await self._from_snapshot())

    async def _caught_up(self, session: Session) -> Session:
        while True:
            events = await self.log.read(self.id, after=session.head, limit=PAGE)
            session = fold(session, events)
            if len(events) < PAGE:
                return session

    async def _from_snapshot(self) -> Session:
        kept = await self.log.snapshot(self.id)
        session = thaw(kept[1]) if kept is not None else None
        self._snapshot_at = session.head if session is not None else START
        return session or Session(id=self.id)


@dataclass(slots=True)
class CommandQueue:
    """Decides and appends for one session; `woken` hears of every fresh event."""

    id: SessionId
    log: Log
    clock: Clock
    woken: Woken
    most: Rings = Rings()  # noqa: RUF009 - it is frozen
    cache: FoldCache = field(init=False)
    _waiting: list[Request] = field(default_factory=list)
    _work: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.cache = FoldCache(self.id, self.log)

    def is_idle(self) -> bool:
        return self._work is None

    def forget(self) -> None:
        """Look into the log before the fold is used again: there may be more than was seen."""
        self.cache.forget()

    async def fold(self) -> Session:
        """Return the session as it stands. Raises `UnknownSession`."""
        return await self.cache.read()

    async def anew(self) -> None:
        """Fold from the start what was rewritten. Raises `UnknownSession`."""
        await self.cache.anew()

    async def submit(
        self, interpret: Interpret, origin: Origin | None, producer: Producer | None
    ) -> Appended:
        done: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append(Request(interpret, origin, producer, done))
        if self._work is None:
            # of its own context: it serves others too, whose log lines are not about this one
            self._work = asyncio.create_task(
                self._serve_all(), name=f"queue {self.id}", context=Context()
            )
        return await asyncio.shield(done)

    # -- a set of requests

    async def _serve_all(self) -> None:
        requests: Sequence[Request] = ()
        try:
            while self._waiting:
                requests, self._waiting = self._waiting[:SET_SIZE], self._waiting[SET_SIZE:]
                await self._serve(requests)
        except BaseException:
            # Cut off in the middle, it leaves nobody waiting; what was answered stays answered.
            self.forget()
            for request in (*requests, *self._waiting):
                request.fail(StoreUnavailable("the bridge is stopping; try again"))
            self._waiting.clear()
            raise
        finally:
            self._work = None

    async def _serve(self, requests: Sequence[Request]) -> None:
        try:
            session = await self.cache.read()
        except Exception as error:  # noqa: BLE001 - every one who waits hears of it
            for request in requests:
                request.fail(error)
            return
        decisions = self._decide_set(session, requests)
        appending = [self._append(each) for each in decisions]
        results = await asyncio.gather(*appending, return_exceptions=True)
        was_in_doubt = self.cache.in_doubt
        fresh = self._settle(decisions, results)
        is_settled = was_in_doubt and not _is_in_doubt(results)
        if fresh or is_settled:
            await self._tell(fresh)
        if is_settled:
            self.cache.doubt(in_doubt=False)

    async def _tell(self, fresh: Sequence[Event]) -> None:
        """Wake the workers. Where that fails they find what was appended by themselves."""
        try:
            self.woken(await self.cache.read(), fresh)
            await self.cache.keep_snapshot()
        except StoreError as error:
            log.warning("not told at once", session=self.id, error=type(error).__name__)

    def _decide_set(self, session: Session, requests: Sequence[Request]) -> list[Decision]:
        decisions: list[Decision] = []
        before: tuple[Draft, ...] = ()
        for request in requests:
            if before:  # so what is decided last, and most often alone, is folded once appended
                session, before = fold(session, self._as_events(session, before)), ()
            try:
                decision = self._decide(session, request)
            except Exception as error:  # noqa: BLE001 - it is its asker's alone
                request.fail(error)
                continue
            if decision is not None:
                before = decision.drafts
                decisions.append(decision)
        return decisions

    def _decide(self, session: Session, request: Request) -> Decision | None:
        """Return what to append for a request; None when it is answered without."""
        command, reply = request.interpret(session)
        drafts: tuple[Draft, ...] = ()
        try:
            drafts = () if command is None else self._drafts(session, command)
        except Refused as refused:
            if request.origin is None and request.producer is None:
                raise
            reply = Reply(text=str(refused), refused=True)
        if reply is None and not drafts and isinstance(command, Stop):
            reply = Reply(text=texts.NOTHING_TO_STOP)
        if not drafts and request.origin is None and request.producer is None:
            request.answer(Appended(reply=reply))
            return None
        plain = command is None or (isinstance(command, PLAIN) and not _is_bounded(command))
        return Decision(
            request=request,
            drafts=drafts,
            expect=None if plain or not drafts else session.head,
            origin=_origin(request.origin, command, reply),
            reply=reply,
        )

    def _drafts(self, session: Session, command: Command) -> tuple[Draft, ...]:
        now = self.clock.now()
        return rung(session, decide(session, command, now=now), now, self.most)

    def _as_events(self, session: Session, drafts: Sequence[Draft]) -> list[Event]:
        now = self.clock.now()
        return [
            Event(session=self.id, seq=session.head + number, at=now, body=draft.body)
            for number, draft in enumerate(drafts, start=1)
        ]

    async def _append(self, decision: Decision) -> Appended:
        return await self.log.append(
            self.id,
            decision.drafts,
            at=self.clock.now(),
            expect=decision.expect,
            origin=decision.origin,
            producer=decision.request.producer,
        )

    def _settle(
        self, decisions: Sequence[Decision], results: Sequence[Appended | BaseException]
    ) -> list[Event]:
        fresh: list[Event] = []
        for decision, result in zip(decisions, results, strict=True):
            match result:
                case Appended():
                    fresh.extend(result.fresh)
                    decision.request.answer(_with_reply(result, decision.reply))
                case Conflict() | RunOver() if decision.request.tries < MAX_TRIES:
                    self.forget()
                    decision.request.tries += 1
                    self._waiting.append(decision.request)
                case BaseException():
                    if isinstance(result, StoreUnavailable):
                        self.cache.doubt(in_doubt=True)
                    decision.request.fail(result)
        self.cache.take_in(fresh)
        return fresh


def _is_bounded(command: Command) -> bool:
    """Say whether a run begins or stops something of which there is no more than so much."""
    return isinstance(command, Record) and isinstance(command.said, Delegating)


def _origin(origin: Origin | None, command: Command | None, reply: Reply | None) -> Origin | None:
    """Return the origin to keep: only words that stand in the log as said are not shown again."""
    if origin is None:
        return None
    shown = isinstance(command, Say | Edit)
    kept = reply.said_in(origin.language).kept if reply is not None else None
    return replace(origin, message=origin.message if shown else None, reply=kept)


def _is_in_doubt(results: Sequence[Appended | BaseException]) -> bool:
    """Say whether anything may be kept of which nobody knows, or nothing was kept at all."""
    failed = any(isinstance(each, StoreUnavailable) for each in results)
    return failed or not any(isinstance(each, Appended) for each in results)


def _with_reply(appended: Appended, reply: Reply | None) -> Appended:
    if appended.repeated or reply is appended.reply:
        return appended
    return replace(appended, reply=reply)
