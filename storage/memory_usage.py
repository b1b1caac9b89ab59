"""The part of the reference store that keeps what runs used, on top of the one that keeps facts."""

from collections.abc import Sequence
from datetime import date

from bridge.events import Event
from bridge.ids import ParticipantId, RunId, SessionId
from bridge.projection import UsageKept
from bridge.usage import Spent, Used, in_order, total, used
from storage.memory_kept import MemoryKept

_Group = tuple[date, SessionId, ParticipantId | None, str, str]


class MemoryUsage(MemoryKept):
    def __init__(self) -> None:
        super().__init__()
        self._runs: dict[tuple[SessionId, RunId], tuple[_Group, Used]] = {}

    async def usage(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        session: SessionId | None = None,
    ) -> Sequence[Spent]:
        await self.check()
        groups: dict[_Group, list[Used]] = {}
        for group, part in self._runs.values():
            is_late = since is None or group[0] >= since
            is_early = until is None or group[0] <= until
            if is_late and is_early and session in {None, group[1]}:
                groups.setdefault(group, []).append(part)
        return in_order(_spent(group, total(parts)) for group, parts in groups.items())

    def _keep_usage(self, event: Event, kept: UsageKept) -> None:
        """Count a run, once."""
        group = (
            event.at.date(),
            event.session,
            kept.participant,
            kept.agent,
            kept.usage.model,
        )
        self._runs.setdefault((event.session, kept.run), (group, used(kept.usage)))


def _spent(group: _Group, whole: Used) -> Spent:
    day, session, participant, agent, model = group
    return Spent(
        day=day, session=session, participant=participant, agent=agent, model=model, used=whole
    )
