"""What an owner is told of the bridge's own troubles, in the session itself.

Each trouble is told once a day at most: the notice has a key. That an id is another's now is told
once.
"""

from collections.abc import Sequence

from bridge import texts
from bridge.domain.commands import Push
from bridge.domain.content import ours
from bridge.domain.errors import BridgeError
from bridge.domain.events import Source
from bridge.domain.ids import ChannelName, ParticipantId, SessionId
from bridge.domain.inbound import Inbound, Unread
from bridge.domain.parts import Conversation
from bridge.domain.usage import Level
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session.fold import Session
from bridge.session.routing import SHARED
from bridge.unseen import note


class Notices:
    def __init__(self, store: Store, sessions: Sessions, names: DisplayNames, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._names = names
        self._clock = clock

    async def refused(self, channel: ChannelName, why: str) -> None:
        """Tell the owner that an account's credentials are refused, and that the rest goes on."""
        text = texts.account_refused(self._names.label(channel), channel, why)
        await self._tell(SHARED, text, self._today(f"refused:{channel}"))

    async def unread(self, unread: Unread) -> None:
        """Tell the owner that what was missed in a chat app cannot be read back."""
        text = texts.history_refused(self._names.label(unread.channel), unread.channel, unread.why)
        await self._tell(SHARED, text, self._today(f"unread:{unread.channel}:{unread.code}"))

    async def taken(self, inbound: Inbound) -> None:
        """Tell the owner that a number or the like was given to somebody else."""
        account, sender = inbound.address.channel, inbound.sender
        was = await self._store.identify(realm=sender.realm, user=sender.took)
        name = await self._called(was, await self._sessions.fold(SHARED)) if was else ""
        text = texts.id_taken(self._names.label(account), account, sender.took, name)
        await self._tell(SHARED, text, f"taken:{account}:{sender.took}:{sender.user}")

    async def nearly_spent(self, level: Level) -> None:
        """Tell the owner that a budget is nearly used up."""
        fold = await self._sessions.fold(SHARED)
        name = await self._called(level.person, fold) if level.person else ""
        text = texts.budget_nearly_up(level, name)
        await self._tell(SHARED, text, self._today(f"budget:{level.which}:{level.person or ''}"))

    async def suspended(self, lane: Conversation) -> None:
        """Tell the owner when a place was the last in which a person could be reached."""
        if lane.session is None:
            return
        session = await self._sessions.fold(lane.session)
        person = session.conversations.get(lane.id)
        if person is None or not await self._is_out_of_reach(session, person):
            return
        text = texts.out_of_reach(await self._called(person, session))
        await self._tell(session.id, text, self._today(f"out of reach:{person}"))

    async def _is_out_of_reach(self, session: Session, person: ParticipantId) -> bool:
        places = [place for place, by in session.conversations.items() if by == person]
        lanes = [await self._store.conversation(place) for place in places]
        return all(lane is None or lane.suspended for lane in lanes)

    async def _called(self, who: ParticipantId, session: Session) -> str:
        """Return what somebody is called where it is told: namesakes are told apart."""
        return (await self._names.in_session(session, [who]))[who]

    def _today(self, what: str) -> str:
        return f"{what}:{self._clock.now().date()}"

    async def _tell(self, session: SessionId, text: str, key: str) -> None:
        owners = _owners(await self._sessions.fold(session))
        push = Push(
            source=Source(kind="background", name="bridge"),
            content=ours(text),
            to=tuple(owners),
            key=key,
        )
        try:
            await self._sessions.submit(session, push)
        except BridgeError as error:
            note("notice_not_stored", session=session, error=type(error).__name__)


def _owners(session: Session) -> Sequence[ParticipantId]:
    return [who for who, role in session.participants.items() if role == "owner"]
