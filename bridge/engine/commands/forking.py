"""`/fork`: a session of one's own that begins with all of another, up to a message or up to now.

The rules (`bridge.session.copying` has those of what the copy says):

- A private place goes to the copy, as it does with `/new`; the other session goes on as it was.
- The id of the copy is that of the message that asked for it, and its log is put in at once. So a
  command that is delivered again finishes what was begun, and there is one copy, whole or not yet.
- It counts as a session that its person began.
"""

import asyncio
from dataclasses import dataclass

from bridge import session_texts
from bridge.domain.commands import Change
from bridge.domain.events import Event
from bridge.domain.ids import START, ParticipantId, Seq, SessionId, mint
from bridge.domain.parts import Conversation, Reply
from bridge.engine.access.admission import Admission
from bridge.engine.commands.chosen_session import ChosenSession
from bridge.ports.clock import Clock
from bridge.ports.store import Origin, Store
from bridge.session import permissions, visible
from bridge.session.copying import copied
from bridge.session.fold import Session
from bridge.session.routing import new_session

PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """What somebody asks for: a copy of what they may read, up to an event; None: of all."""

    by: ParticipantId
    title: str = ""
    upto: Seq | None = None


@dataclass(slots=True)
class Forking:
    store: Store
    admission: Admission
    chosen: ChosenSession
    clock: Clock

    async def fork(
        self, fold: Session, place: Conversation | None, asked: Fork, origin: Origin | None
    ) -> Reply:
        """Copy a session, and let the place follow the copy."""
        if place is None or origin is None:
            return await self._fork_there(fold, asked)
        name = new_session(origin.account, origin.external_id)
        if not await self.is_begun(name, asked.by):
            copy = Session(id=name, participants={asked.by: "owner"})
            is_let_in = await self.chosen.lets_in(place, asked.by, copy)
            if why := await self._copy(fold, asked, name, is_let_in=is_let_in):
                return Reply(text=why, refused=True)
        await self._call(name, asked)
        agent = self.admission.account(place.address.channel).agent_in(place.address)
        await self.chosen.go(place, name, asked.by, agent=agent)
        return Reply(text=session_texts.forked(asked.title or fold.title))

    async def is_begun(self, name: SessionId, by: ParticipantId | None) -> bool:
        """Say whether a copy was made already for somebody."""
        if by is None or await self.store.session(name) is None:
            return False
        return await self.chosen.begun.began(by, name)

    async def _fork_there(self, fold: Session, asked: Fork) -> Reply:
        """Copy a session for the page or a terminal, where people go to it themselves."""
        name = SessionId(mint("s"))
        is_let_in = await self.admission.may_begin(asked.by)
        if why := await self._copy(fold, asked, name, is_let_in=is_let_in):
            return Reply(text=why, refused=True)
        await self._call(name, asked)
        return Reply(text=session_texts.forked_there(asked.title or fold.title, name))

    async def _copy(self, fold: Session, asked: Fork, name: SessionId, *, is_let_in: bool) -> str:
        """Make a copy; return why it may not be made, in words for whoever asked, or ""."""
        if why := permissions.why_not(fold, asked.by, "copy a session"):
            return why
        if not is_let_in:
            return session_texts.NOT_LET_IN_ELSEWHERE
        hidden = visible.hidden_upto(fold, asked.by)
        upto = fold.head if asked.upto is None else asked.upto
        if upto <= hidden:
            return session_texts.FORK_UP_TO_WHAT
        if why := await self.chosen.begun.begin(asked.by, name):
            return why
        log = await self._read(fold.id, upto)
        events = await asyncio.to_thread(
            copied,
            log,
            into=name,
            by=asked.by,
            at=self.clock.now(),
            hidden=hidden,
        )
        await self.store.put_session(name, events, created_at=self.clock.now())
        return ""

    async def _call(self, name: SessionId, asked: Fork) -> None:
        sessions = self.chosen.sessions
        if asked.title and (await sessions.fold(name)).title != asked.title:
            called = Change(scope="session", name="title", value=asked.title, by=asked.by)
            await sessions.submit(name, called)

    async def _read(self, session: SessionId, upto: Seq) -> list[Event]:
        found: list[Event] = []
        while len(found) < upto:
            after = START + len(found)
            page = await self.store.read(session, after=after, limit=min(PAGE, upto - after))
            if not page:
                break
            found += page
        return found
