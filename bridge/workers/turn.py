"""What an agent is given for one run: the log so far, and what comes in while it works."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.events import Event, Usage
from bridge.ids import ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.ports import Blobs, Clock, Log, Sessions
from bridge.session import Session
from bridge.steering import mode_of
from bridge.workers.designated import Designated
from bridge.workers.histories import PAGE, Histories
from bridge.workers.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What every turn of this process works with."""

    log: Log
    histories: Histories
    sessions: Sessions
    names: Names
    designated: Designated
    blobs: Blobs
    clock: Clock


class LogTurn:
    """The `Turn` port over the log. `upto` is how far the run has taken the log in.

    `narrowed`: it takes in no more, for its message is tried alone. `used` is what the run said it
    used so far; `accounted`, that its end says so; `over`, why it may not go on.
    """

    def __init__(
        self,
        session: SessionId,
        run: RunId,
        agent: str,
        *,
        upto: Seq,
        on: Desktop,
        narrowed: bool = False,
        asker: ParticipantId | None = None,
    ) -> None:
        self.session = session
        self.run = run
        self.agent = agent
        self.upto = upto
        self.clock = on.clock
        self.blobs = on.blobs
        self.used: Usage | None = None
        self.accounted = False
        self.over = ""
        self._narrowed = narrowed
        self.asker = asker
        self._on = on

    async def fold(self) -> Session:
        return await self._on.sessions.fold(self.session)

    async def history(self) -> Sequence[Event]:
        return await self._on.histories.read(self.session, upto=self.upto)

    async def news(self) -> Sequence[Event]:
        if self._narrowed or mode_of(await self.fold()) == "queue":
            return ()
        fresh = await self._read(after=self.upto)
        if fresh:
            self.upto = fresh[-1].seq
        return fresh

    async def who(self, participant: ParticipantId) -> str:
        names = await self._on.names.in_session(await self.fold(), [participant])
        return names[participant]

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        return await self._on.designated.meant(who)

    async def where(self, conversation: ConversationId) -> str:
        return await self._on.names.where(conversation)

    async def _read(self, *, after: Seq) -> list[Event]:
        found: list[Event] = []
        while page := await self._on.log.read(self.session, after=after, limit=PAGE):
            found += page
            after = page[-1].seq
        return found
