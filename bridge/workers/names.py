"""What people and places are called, read once and kept: asked often, changed rarely."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from bridge import texts
from bridge.display_names import clean_name, told_apart
from bridge.events import Role
from bridge.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.ports import Store
from bridge.session import Session

CLIENTS: Mapping[ConversationId, str] = {
    ConversationId("http:web"): texts.BROWSER,
    ConversationId("http:terminal"): texts.TERMINAL,
    ConversationId("http:api"): texts.API,
}
"""The places that are clients of the HTTP side: they follow by themselves and have no lane."""

Key = TypeVar("Key")
Value = TypeVar("Value")

KEPT = 10_000

_Known = tuple[Mapping[ParticipantId, Role], Mapping[ParticipantId, str]]


class Names:
    """The names of participants, and the labels of places by their channel's label."""

    def __init__(self, store: Store, labels: Mapping[ChannelName, str]) -> None:
        self._store = store
        self._labels = labels
        self.labels = frozenset(labels.values()) | frozenset(CLIENTS.values()) | {texts.SOMEWHERE}
        self._people: dict[ParticipantId, str] = {}
        self._places: dict[ConversationId, str] = {}
        self._sessions: dict[SessionId, _Known] = {}

    async def in_session(
        self, session: Session, ids: Collection[ParticipantId] = ()
    ) -> Mapping[ParticipantId, str]:
        """Return the names of those who take part, namesakes told apart, and of `ids`."""
        people = session.participants
        known = self._sessions.get(session.id)
        if known is None or known[0] is not people:
            known = people, told_apart(await self.people(people))
            self._sessions = {**_bounded(self._sessions), session.id: known}
        others = [each for each in ids if each not in people]
        return {**known[1], **await self.people(others)} if others else known[1]

    async def people(self, ids: Collection[ParticipantId]) -> dict[ParticipantId, str]:
        known = {each: self._people[each] for each in ids if each in self._people}
        missing = [each for each in ids if each not in known]
        if missing:
            found = await self._store.participants(missing)
            read = {who: clean_name(each.name) or texts.SOMEONE for who, each in found.items()}
            self._people = {**_bounded(self._people), **read}
            known |= read
        return {each: known.get(each, texts.SOMEONE) for each in ids}

    async def who(self, participant: ParticipantId) -> str:
        return (await self.people([participant]))[participant]

    async def where(self, conversation: ConversationId) -> str:
        if conversation in CLIENTS:
            return CLIENTS[conversation]
        if conversation not in self._places:
            found = await self._store.conversation(conversation)
            if found is None:
                return texts.SOMEWHERE
            self._places = _bounded(self._places)
            self._places[conversation] = self.label(found.address.channel)
        return self._places[conversation]

    def label(self, channel: ChannelName) -> str:
        return self._labels.get(channel, channel)


def _bounded(kept: dict[Key, Value]) -> dict[Key, Value]:
    return kept if len(kept) < KEPT else {}
