"""What an agent is given for one run: the log so far, and what comes in while it works."""

from collections.abc import Sequence

from bridge.events import Event
from bridge.ids import START, ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.ports import Log
from bridge.workers.names import Names

PAGE = 1000


class LogTurn:
    """The `Turn` port over the log. `upto` is how far the run has taken the log in."""

    def __init__(
        self, session: SessionId, run: RunId, *, upto: Seq, log: Log, names: Names
    ) -> None:
        self.session = session
        self.run = run
        self.upto = upto
        self._log = log
        self._names = names

    async def history(self) -> Sequence[Event]:
        return await self._read(after=START, upto=self.upto)

    async def news(self) -> Sequence[Event]:
        fresh = await self._read(after=self.upto, upto=None)
        if fresh:
            self.upto = fresh[-1].seq
        return fresh

    async def who(self, participant: ParticipantId) -> str:
        return await self._names.who(participant)

    async def where(self, conversation: ConversationId) -> str:
        return await self._names.where(conversation)

    async def _read(self, *, after: Seq, upto: Seq | None) -> list[Event]:
        found: list[Event] = []
        while upto is None or after < upto:
            page = await self._log.read(self.session, after=after, limit=PAGE)
            found += page
            if len(page) < PAGE:
                break
            after = page[-1].seq
        return [event for event in found if upto is None or event.seq <= upto]
