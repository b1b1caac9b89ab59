"""What an agent calls the people and places of a log: asked once for each."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.log_index import LogIndex
from agents.speaker_labels import SpeakerLabels
from bridge.domain.ids import ConversationId, ParticipantId
from bridge.ports.agent import Turn


@dataclass(slots=True, kw_only=True)
class TurnNames:
    turn: Turn
    people: dict[ParticipantId, str] = field(default_factory=dict)
    places: dict[ConversationId, str] = field(default_factory=dict)

    async def learn(self, index: LogIndex, more: Iterable[ParticipantId] = ()) -> None:
        """Ask for the names that it takes to tell what the index has read, and these people's."""
        for who in {*index.people, *more} - self.people.keys():
            self.people[who] = await self.turn.who(who)
        for where in index.places - self.places.keys():
            self.places[where] = await self.turn.where(where)

    @property
    def labels(self) -> SpeakerLabels:
        return SpeakerLabels(people=dict(self.people), places=dict(self.places))
