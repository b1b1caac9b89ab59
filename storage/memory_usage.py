"""The part of the reference store that keeps what runs used."""

from collections.abc import Sequence
from datetime import date

from bridge.events import Event
from bridge.ids import ParticipantId, RunId, SessionId
from bridge.projection import UsageKept
from bridge.usage import Spent, Used, in_order, total, used

_Group = tuple[date, SessionId, ParticipantId | None, str, str]


class MemoryUsage:
    def __init__(self) -> None:
        self._runs: dict[tuple[SessionId, RunId], tuple[_Group, Used]] = {}

    def keep(self, event: Event, kept: UsageKept) -> None:
        """Count a run, once."""
        group = (
            event.at.date(),
            event.session,
            kept.participant,
            kept.agent,
            kept.usage.model,
        )
        self._runs.setdefault((event.session, kept.run), (group, used(kept.usage)))

    def find(
        self, since: date | None, until: date | None, session: SessionId | None
    ) -> Sequence[Spent]:
        groups: dict[_Group, list[Used]] = {}
        for group, part in self._runs.values():
            is_late = since is None or group[0] >= since
            is_early = until is None or group[0] <= until
            if is_late and is_early and session in {None, group[1]}:
                groups.setdefault(group, []).append(part)
        return in_order(_spent(group, total(parts)) for group, parts in groups.items())


def _spent(group: _Group, whole: Used) -> Spent:
    day, session, participant, agent, model = group
    return Spent(
        day=day, session=session, participant=participant, agent=agent, model=model, used=whole
    )
