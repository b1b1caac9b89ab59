"""A desk per session: the one place in this process where a session's commands are decided.

The rules:

- What queued up while the last set was being appended is decided as one, each command against the
  fold as the ones before it will leave it, and appended as one set. So concurrent commands do not
  fight over the head.
- A command whose drafts depend on the fold expects the head it was decided at; if the set came out
  otherwise (a repeat among it, another process), it is decided again. Plain sayings never expect.
- A refusal is an answer: with an origin or a producer it is kept like any other, so that a repeat
  gets the same one.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bridge import texts
from bridge.commands import (
    CallTool,
    Command,
    Compose,
    Delete,
    Edit,
    Push,
    ReturnTool,
    Say,
    Stop,
    Trigger,
)
from bridge.decide import decide
from bridge.errors import Conflict, Refused, RunOver, StoreError, StoreUnavailable
from bridge.events import Draft, Event
from bridge.ids import START, Seq, SessionId
from bridge.notify import Rings, rung
from bridge.parts import Reply
from bridge.ports import Appended, Clock, Log, Origin, Producer
from bridge.session import Session, evolve, fold
from bridge.snapshot import freeze, thaw

log = structlog.get_logger()

SET_SIZE = 256
PAGE = 1000
SNAPSHOT_EVERY = 1000
MAX_TRIES = 20

PLAIN = Say | Edit | Delete | Push | Trigger | Compose | CallTool | ReturnTool
"""Commands whose drafts do not depend on where exactly the log stands."""

Interpret = Callable[[Session], tuple[Command | None, Reply | None]]
"""What is asked, once the fold is known: a command, or only a reply."""

Woken = Callable[[Session, Sequence[Event]], None]


@dataclass(slots=True, eq=False)
class Request:
    """One thing asked of the desk, waiting for its turn."""

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


@dataclass(slots=True)
class Desk:
    """Decides and appends for one session; `woken` hears of every fresh event."""

    id: SessionId
    log: Log
    clock: Clock
    woken: Woken
    session: Session | None = None
    most: Rings = Rings()  # noqa: RUF009 - it is frozen
    _queue: list[Request] = field(default_factory=list)
    _work: asyncio.Task[None] | None = None
    _snapshot_at: Seq = START
    _stale: bool = True
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_idle(self) -> bool:
        return self._work is None

    async def fold(self) -> Session:
        """Return the session as it stands. Raises `UnknownSession`."""
        async with self._loading:
            if self.session is None or self._stale:
                self.session = await self._catch_up()
                self._stale = False
            return self.session

    async def submit(
        self, interpret: Interpret, origin: Origin | None, producer: Producer | None
    ) -> Appended:
        done: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._queue.append(Request(interpret, origin, producer, done))
        if self._work is None:
            self._work = asyncio.create_task(self._serve_all(), name=f"desk {self.id}")
        return await asyncio.shield(done)

    # -- a set of requests

    async def _serve_all(self) -> None:
        requests: Sequence[Request] = ()
        try:
            while self._queue:
                requests, self._queue = self._queue[:SET_SIZE], self._queue[SET_SIZE:]
                await self._serve(requests)
        except BaseException:
            # Cut off in the middle, it leaves nobody waiting; what was answered stays answered.
            self._stale = True
            for request in (*requests, *self._queue):
                request.fail(StoreUnavailable("the bridge is stopping; try again"))
            self._queue.clear()
            raise
        finally:
            self._work = None

    async def _serve(self, requests: Sequence[Request]) -> None:
        try:
            session = await self.fold()
        except Exception as error:  # noqa: BLE001 - every one who waits hears of it
            for request in requests:
                request.fail(error)
            return
        decisions = self._decide_set(session, requests)
        results = await asyncio.gather(
            *(self._append(each) for each in decisions), return_exceptions=True
        )
        fresh = self._settle(decisions, results)
        if fresh:
            await self._tell(fresh)

    async def _tell(self, fresh: Sequence[Event]) -> None:
        """Wake the workers. Where that fails they find what was appended by themselves."""
        try:
            self.woken(await self.fold(), fresh)
            await self._keep_snapshot()
        except StoreError as error:
            log.warning("not told at once", session=self.id, error=type(error).__name__)

    def _decide_set(self, session: Session, requests: Sequence[Request]) -> list[Decision]:
        decisions = []
        for request in requests:
            try:
                decision = self._decide(session, request)
            except Exception as error:  # noqa: BLE001 - it is its asker's alone
                request.fail(error)
                continue
            if decision is not None:
                session = fold(session, self._as_events(session, decision.drafts))
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
        plain = command is None or isinstance(command, PLAIN)
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
                    self._stale = True
                    decision.request.tries += 1
                    self._queue.append(decision.request)
                case BaseException():
                    decision.request.fail(result)
        self._take_in(fresh)
        return fresh

    # -- the fold

    def _take_in(self, fresh: Sequence[Event]) -> None:
        session = self.session
        for event in sorted(fresh, key=lambda event: event.seq):
            if session is None or event.seq != session.head + 1:
                self._stale = True
                return
            session = evolve(session, event)
        self.session = session

    async def _catch_up(self) -> Session:
        session = self.session or await self._from_snapshot()
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

    async def _keep_snapshot(self) -> None:
        session = self.session
        if session is not None and session.head - self._snapshot_at >= SNAPSHOT_EVERY:
            self._snapshot_at = session.head
            await self.log.keep_snapshot(self.id, session.head, freeze(session))


def _origin(origin: Origin | None, command: Command | None, reply: Reply | None) -> Origin | None:
    """Return the origin to keep: only words that stand in the log as said are not shown again."""
    if origin is None:
        return None
    shown = isinstance(command, Say | Edit)
    kept = reply.kept if reply is not None else None
    return replace(origin, message=origin.message if shown else None, reply=kept)


def _with_reply(appended: Appended, reply: Reply | None) -> Appended:
    return appended if appended.repeated else replace(appended, reply=reply)
