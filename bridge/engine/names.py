"""What people and places are called, read once and kept: asked often, changed rarely."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bridge import texts
from bridge.caches import cache
from bridge.domain.display_names import NamesApart, own_name
from bridge.domain.events import Role
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.ports.store import Store
from bridge.session.fold import Session

CLIENTS: Mapping[ConversationId, str] = {
    ConversationId("http:web"): texts.BROWSER,
    ConversationId("http:terminal"): texts.TERMINAL,
    ConversationId("http:api"): texts.API,
}
"""The places that are clients of the HTTP side: they follow by themselves and have no lane."""

Key = TypeVar("Key")
Value = TypeVar("Value")

KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    """The names in a session: of `people`, who take part, and in `apart` also of who else spoke."""

    people: Mapping[ParticipantId, Role]
    names: Mapping[ParticipantId, str]
    apart: NamesApart[ParticipantId]

    @property
    def others(self) -> int:
        return len(self.apart.names) - len(self.names)


class DisplayNames:
    """The names of participants, and the labels of places by their channel's label."""

    def __init__(self, store: Store, labels: Mapping[ChannelName, str]) -> None:
        self._store = store
        self._labels = labels
        self.labels = frozenset(
            [*labels.values(), *CLIENTS.values(), *texts.OUTSIDE.values(), texts.SOMEWHERE]
        )
        self._people: dict[ParticipantId, str] = {}
        self._places: dict[ConversationId, str] = {}
        self._sessions: dict[SessionId, _Known] = {}
        cache("names", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._people, self._places, self._sessions = {}, {}, {}

    def _size(self) -> int:
        return len(self._people) + len(self._places) + len(self._sessions)

    def forget(self, who: ParticipantId) -> None:
        """Read anew what someone is called."""
        self._people = {each: name for each, name in self._people.items() if each != who}
        self._sessions = {}

    async def in_session(
        self, session: Session, ids: Collection[ParticipantId] = ()
    ) -> Mapping[ParticipantId, str]:
        """Return the names of those who take part, namesakes told apart, and of `ids`.

        Whoever is only overheard has nobody's name who takes part.
        """
        people = session.participants
        known = self._sessions.get(session.id)
        if known is None or known.people is not people or known.others >= KEPT:
            known = _told_apart(people, await self.people(people))
            self._sessions = {**_bounded(self._sessions), session.id: known}
        strangers = [each for each in ids if each not in people]
        if not strangers:
            return known.names
        others = await self.people(strangers)
        for who, name in others.items():
            if name != texts.SOMEONE and who not in known.apart.names:  # else it is not known yet
                known.apart.add(who, name)
        found = {who: known.apart.names.get(who, name) for who, name in others.items()}
        return {**known.names, **found}

    async def people(self, ids: Collection[ParticipantId]) -> dict[ParticipantId, str]:
        known = {each: self._people[each] for each in ids if each in self._people}
        missing = [each for each in ids if each not in known]
        if missing:
            asked = self._people
            found = await self._store.participants(missing)
            read = {who: own_name(each.name) or texts.SOMEONE for who, each in found.items()}
            if asked is self._people:  # else it may be older than what has changed
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
        return self._labels.get(channel) or CLIENTS.get(ConversationId(channel), channel)


def _told_apart(people: Mapping[ParticipantId, Role], names: Mapping[ParticipantId, str]) -> _Known:
    apart: NamesApart[ParticipantId] = NamesApart()
    for who, name in names.items():
        apart.add(who, name)
    return _Known(people=people, names=dict(apart.names), apart=apart)


def _bounded(kept: dict[Key, Value]) -> dict[Key, Value]:
    return kept if len(kept) < KEPT else {}
