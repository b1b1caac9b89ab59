"""Which places are woken by what was appended to the session that they follow.

Whatever may be shown wakes all of them at once. A run that uses tools appends many events of which
no place shows anything: of these the places hear together, after a moment or with the next event
that wakes them, so that a call of a tool costs the same however many places there are. That a run
began wakes those that follow what it writes; the others hear of it with what they are shown of it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import get_args

from bridge.domain.errors import NotFound, StoreError
from bridge.domain.events import Event, RunStarted, ToolEvent
from bridge.domain.ids import ConversationId, SessionId
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.session.fold import Session

_WORK = frozenset({RunStarted, *get_args(ToolEvent)})
"""Kinds of events of which no place shows anything while a run is open."""

TOGETHER_SECONDS = 1.0
"""How long a place may take no note of events of which it shows nothing."""


class LaneWaking:
    """`wake` wakes one place; `follows` says whether it may show what a run has written so far."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        wake: Callable[[ConversationId], None],
        follows: Callable[[ConversationId], bool],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._wake = wake
        self._follows = follows
        self._waiting: dict[SessionId, asyncio.Task[None]] = {}

    def appended(self, session: Session, fresh: Sequence[Event]) -> None:
        """Wake the places of a session for what was just appended to it.

        Without `fresh` events nobody knows what was: an append failed that is kept all the same.
        """
        kinds = {type(each.body) for each in fresh}
        if session.open_run is None or not kinds or not kinds <= _WORK:
            self._wake_all(session)
            return
        if RunStarted in kinds:
            for conversation in filter(self._follows, session.conversations):
                self._wake(conversation)
        elif session.id not in self._waiting and session.conversations:
            work = self._wake_later(session.id)
            self._waiting[session.id] = asyncio.create_task(work, name=f"lanes of {session.id}")

    async def close(self, grace: float) -> None:  # noqa: ARG002 - the sweep of the next start does it
        tasks = [*self._waiting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wake_all(self, session: Session) -> None:
        if (waiting := self._waiting.pop(session.id, None)) is not None:
            waiting.cancel()
        for conversation in session.conversations:
            self._wake(conversation)

    async def _wake_later(self, session: SessionId) -> None:
        await self._clock.sleep(TOGETHER_SECONDS)
        del self._waiting[session]
        with suppress(NotFound, StoreError):  # the sweep finds them
            self._wake_all(await self._sessions.fold(session))
