"""What an owner is told of the bridge's own troubles, in the session itself.

Each trouble is told once a day at most: the notice has a key.
"""

from collections.abc import Sequence

import structlog

from bridge import texts
from bridge.budget import Level
from bridge.commands import Push
from bridge.content import Content
from bridge.errors import BridgeError
from bridge.events import Source
from bridge.ids import ChannelName, ParticipantId, SessionId
from bridge.parts import Conversation
from bridge.ports import Clock, Sessions, Store
from bridge.routing import SHARED
from bridge.session import Session
from bridge.workers.names import Names

log = structlog.get_logger()


class Notices:
    def __init__(self, store: Store, sessions: Sessions, names: Names, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._names = names
        self._clock = clock

    async def refused(self, channel: ChannelName, why: str) -> None:
        """Tell the owner that an account's credentials are refused, and that the rest goes on."""
        text = texts.account_refused(self._names.label(channel), channel, why)
        await self._tell(SHARED, text, f"refused:{channel}")

    async def nearly_spent(self, level: Level) -> None:
        """Tell the owner that a budget is nearly used up."""
        name = await self._names.who(level.person) if level.person else ""
        text = texts.budget_nearly_up(level, name)
        await self._tell(SHARED, text, f"budget:{level.which}:{level.person or ''}")

    async def suspended(self, lane: Conversation) -> None:
        """Tell the owner when a place was the last in which a person could be reached."""
        if lane.session is None:
            return
        session = await self._sessions.fold(lane.session)
        person = session.conversations.get(lane.id)
        if person is None or not await self._is_out_of_reach(session, person):
            return
        text = texts.out_of_reach(await self._names.who(person))
        await self._tell(session.id, text, f"out of reach:{person}")

    async def _is_out_of_reach(self, session: Session, person: ParticipantId) -> bool:
        places = [place for place, by in session.conversations.items() if by == person]
        lanes = [await self._store.conversation(place) for place in places]
        return all(lane is None or lane.suspended for lane in lanes)

    async def _tell(self, session: SessionId, text: str, what: str) -> None:
        owners = _owners(await self._sessions.fold(session))
        push = Push(
            source=Source(kind="background", name="bridge"),
            content=Content(text=text),
            to=tuple(owners),
            key=f"{what}:{self._clock.now().date()}",
        )
        try:
            await self._sessions.submit(session, push)
        except BridgeError as error:
            log.warning("owner not told", session=session, error=type(error).__name__)


def _owners(session: Session) -> Sequence[ParticipantId]:
    return [who for who, role in session.participants.items() if role == "owner"]
