"""What people and places are called, read once and kept: asked often, changed rarely."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from bridge import texts
from bridge.ids import ChannelName, ConversationId, ParticipantId
from bridge.ports import Store

CLIENTS: Mapping[ConversationId, str] = {
    ConversationId("http:web"): texts.BROWSER,
    ConversationId("http:terminal"): texts.TERMINAL,
    ConversationId("http:api"): texts.API,
}
"""The places that are clients of the HTTP side: they follow by themselves and have no lane."""

Key = TypeVar("Key")

KEPT = 10_000


class Names:
    """The names of participants, and the labels of places by their channel's label."""

    def __init__(self, store: Store, labels: Mapping[ChannelName, str]) -> None:
        self._store = store
        self._labels = labels
        self._people: dict[ParticipantId, str] = {}
        self._places: dict[ConversationId, str] = {}

    async def people(self, ids: Collection[ParticipantId]) -> dict[ParticipantId, str]:
        known = {each: self._people[each] for each in ids if each in self._people}
        missing = [each for each in ids if each not in known]
        if missing:
            found = await self._store.participants(missing)
            read = {who: participant.name for who, participant in found.items()}
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


def _bounded(kept: dict[Key, str]) -> dict[Key, str]:
    return kept if len(kept) < KEPT else {}
