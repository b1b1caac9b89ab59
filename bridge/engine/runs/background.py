"""Does what is owed between a session and the child sessions that work in its background.

What that is, is read off the logs each time (`bridge.session.background`). A deed that was done
already, by another process or before a crash, changes nothing; so it is done as often as anything
happens in either log.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bridge import background_texts
from bridge.caches import cache
from bridge.domain.commands import (
    AnswerBackground,
    AskForBackground,
    BeginBackground,
    EndBackground,
    ReportBackground,
    StopBackground,
)
from bridge.domain.display_names import clean_title
from bridge.domain.errors import NotFound, Refused, StoreError
from bridge.domain.events import BackgroundStarted, QuestionAsked, QuestionClosed
from bridge.domain.ids import START, Seq, SessionId
from bridge.domain.records import replace
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.keyed_worker import KeyedWorker
from bridge.engine.store_health import StoreHealth
from bridge.ports.agent import Logging
from bridge.ports.clock import Clock
from bridge.ports.engine import LetsIn, Sessions
from bridge.ports.store import Log, Store
from bridge.session.background import (
    AskThere,
    Begin,
    CloseHere,
    Deed,
    End,
    Reading,
    Report,
    owed,
)
from bridge.session.fold import Session, due_run, setting_key
from bridge.texts import ASKED_BEFORE_RESTORE

log = structlog.get_logger()

PAGE = 500
MOST_ENDED = 10_000
AGAIN = timedelta(seconds=5)
"""How soon is tried again what could not be done."""


class Background:
    """`wake` does it beside the run of a session, `tend` before whatever that needs next."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        agents: AgentRegistry,
        clock: Clock,
        health: StoreHealth,
        *,
        lets_in: LetsIn,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._agents = agents
        self._clock = clock
        self._lets_in = lets_in
        self._ended: set[SessionId] = set()
        cache("ended background work", forget=self._forget, size=self._size)
        self._worker = KeyedWorker("background", self._work_on, clock, health)

    def wake(self, session: Session) -> None:
        """Something happened in a session that may have to do with others."""
        if session.background or session.parent is not None:
            self._worker.wake(session.id)

    async def close(self) -> None:
        await self._worker.close()

    async def _work_on(self, session: SessionId) -> datetime | None:
        is_done = await self.tend(await self._sessions.fold(session))
        return None if is_done else self._worker.now(session) + AGAIN

    async def tended(self, session: Session) -> tuple[Session, bool]:
        """Tend a session until nothing more comes; return it as it is then, and what `tend` does.

        What is appended meanwhile, by another process too, may be owed something.
        """
        while True:
            is_done = await self.tend(session)
            now = await self._sessions.fold(session.id)
            if now.head == session.head:
                return now, is_done
            session = now

    async def tend(self, session: Session) -> bool:
        """Do what is owed to and by a session; False where something could not be done."""
        if session.parent is not None:
            parent = await self._sessions.fold(session.parent)
            return await self._tend(parent, session.id)
        left = [each for each in session.background if each not in self._ended]
        done = [await self._tend(session, child) for child in left]
        return all(done)

    async def _tend(self, parent: Session, child: SessionId) -> bool:
        try:
            found = await self._folded(child)
            if await _is_shut_out(self._lets_in, parent, child, found):
                with suppress(Refused):  # another was quicker
                    await self._sessions.submit(parent.id, StopBackground(by=None, child=child))
                parent = await self._sessions.fold(parent.id)
            for deed in owed(parent, child, found):
                await self._do(deed, parent, child)
            work = parent.background.get(child)
            if found is not None and found.archived and (work is None or work.is_over):
                if len(self._ended) >= MOST_ENDED:
                    self._forget()
                self._ended.add(child)  # nothing more will be owed
        except StoreError:
            raise
        except Exception:  # one that is broken holds up no other
            log.exception("background work not tended", session=parent.id, child=child)
            return False
        return True

    def _forget(self) -> None:
        self._ended.clear()

    def _size(self) -> int:
        return len(self._ended)

    async def _folded(self, child: SessionId) -> Session | None:
        try:
            return await self._sessions.fold(child)
        except NotFound:
            return None

    async def _do(self, deed: Deed, parent: Session, child: SessionId) -> None:
        match deed:
            case Begin():
                await self._begin(parent, child)
            case AskThere(seq=seq):
                await self._ask(parent, child, seq)
            case CloseHere(question=question, at=at):
                closed = await _body(self._store, parent.id, at)
                assert isinstance(closed, QuestionClosed)
                answer = AnswerBackground(question=question, closed=closed)
                await self._sessions.submit(child, answer)
            case Report():
                await self._report(parent, child)
            case End():
                await self._sessions.submit(child, EndBackground())

    async def _begin(self, parent: Session, child: SessionId) -> None:
        began = await self._began(parent, child)
        if await _of_old(self._store, parent.background[child].at, self._clock.now()):
            why = background_texts.report(began.task, ASKED_BEFORE_RESTORE, (), failed=True)
            over = ReportBackground(child=child, text=why, outside=began.outside)
            await self._sessions.submit(parent.id, over)
            return
        begin = BeginBackground(
            parent=parent.id,
            prompt=background_texts.prompt(began.task, began.told),
            title=clean_title(background_texts.shortened(began.task)),
            agent=began.agent,
            model=parent.settings.get(setting_key("session", "", "model"), ""),
            payer=parent.background[child].by,
        )
        await self._store.create_session(child, at=self._clock.now())
        await self._sessions.submit(child, begin)

    async def _ask(self, parent: Session, child: SessionId, seq: Seq) -> None:
        asked = await _body(self._store, child, seq)
        assert isinstance(asked, QuestionAsked)
        task = (await self._began(parent, child)).task
        shown = replace(asked, text=background_texts.asked(task, asked.text))
        await self._sessions.submit(parent.id, AskForBackground(child=child, seq=seq, asked=shown))

    async def _report(self, parent: Session, child: SessionId) -> None:
        began = await self._began(parent, child)
        reading, after = Reading(tells=self._tells), START
        while page := await self._store.read(child, after=after, limit=PAGE):
            for event in page:
                reading.take(event)
            after = page[-1].seq
        report = ReportBackground(
            child=child,
            text=background_texts.report(
                began.task,
                reading.text,
                [each.name for each in reading.files],
                failed=reading.has_failed,
            ),
            outside=began.outside or reading.outside,
        )
        await self._sessions.submit(parent.id, report)

    def _tells(self, agent: str) -> bool:
        known = agent in self._agents.names
        return known and isinstance(self._agents.agent(agent), Logging)

    async def _began(self, parent: Session, child: SessionId) -> BackgroundStarted:
        body = await _body(self._store, parent.id, parent.background[child].started)
        assert isinstance(body, BackgroundStarted)
        return body


async def _body(log: Log, session: SessionId, seq: Seq) -> object:
    (event,) = await log.read(session, after=seq - 1, limit=1)
    return event.body


async def _is_shut_out(
    lets_in: LetsIn, parent: Session, child: SessionId, found: Session | None
) -> bool:
    """Say whether a child is to go on for somebody who is let in by no list any more."""
    work = parent.background.get(child)
    if work is None or work.is_over or work.by is None or found is None:
        return False
    return due_run(found) is not None and not await lets_in(work.by, parent)


async def _of_old(store: Store, at: datetime, now: datetime) -> bool:
    """Say whether what began then may have been done before the log was restored."""
    epoch = await store.epoch()
    return epoch.is_older(at) and not epoch.was_ahead(now)
