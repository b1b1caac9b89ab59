"""What passes beside the log: a conflated value per session, never a queue.

Whoever looks sees the newest glimpse; whoever was away misses nothing that matters, for the log has
it. Every change raises the session's revision and wakes those who wait for one.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.domain.events import Preview
from bridge.domain.ids import ParticipantId, RunId, Seq, SessionId
from bridge.domain.waits import is_over
from bridge.engine.looking import Looking
from bridge.ports.clock import Clock
from bridge.ports.engine import Glimpse, Presence

TYPING_LASTS = timedelta(seconds=6)


@dataclass(slots=True)
class _Board:
    revision: int = 0
    previews: dict[RunId, Preview] = field(default_factory=dict)
    typing: dict[ParticipantId, datetime] = field(default_factory=dict)
    present: list[Presence] = field(default_factory=list)
    watchers: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def is_bare(self) -> bool:
        return not (self.previews or self.typing or self.present or self.watchers)


class LiveBoards:
    """The `Live` port, in the memory of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.looking = Looking(clock)
        self._boards: dict[SessionId, _Board] = {}
        self._revision = 0

    def show(self, session: SessionId, preview: Preview) -> None:
        board = self._boards.get(session) or self._board(session)
        known = board.previews.get(preview.run)
        if known is None or preview.revision > known.revision:
            board.previews[preview.run] = preview
            self._revision += 1
            board.revision = self._revision
            if board.watchers:
                board.changed.set()
                board.changed = asyncio.Event()

    def clear(self, session: SessionId, run: RunId) -> None:
        board = self._board(session)
        if board.previews.pop(run, None) is not None:
            self._touch(board)

    def typing(self, session: SessionId, participant: ParticipantId) -> None:
        board = self._board(session)
        board.typing[participant] = self._clock.now() + TYPING_LASTS
        self._touch(board)

    def look(
        self, session: SessionId, participant: ParticipantId, view: str, *, visible: bool, seen: Seq
    ) -> None:
        self.looking.note(session, participant, view, visible=visible, seen=seen)

    @contextmanager
    def present(self, session: SessionId, presence: Presence) -> Iterator[None]:
        board = self._board(session)
        board.present.append(presence)
        self._touch(board)
        try:
            yield
        finally:
            board.present.remove(presence)
            self._touch(board)

    def glimpse(self, session: SessionId) -> Glimpse:
        board = self._boards.get(session)
        if board is None:
            return Glimpse(revision=0)
        now = self._clock.now()
        return Glimpse(
            revision=board.revision,
            previews=tuple(board.previews.values()),
            typing=tuple(who for who, until in board.typing.items() if _lasts(until, now)),
            present=tuple(dict.fromkeys(board.present)),
        )

    async def changed(self, session: SessionId, *, after: int) -> Glimpse:
        board = self._board(session)
        board.watchers += 1
        try:
            while board.revision <= after:
                await self._change(board)
        finally:
            board.watchers -= 1
        return self.glimpse(session)

    async def _change(self, board: _Board) -> None:
        changed = board.changed
        try:
            async with asyncio.timeout(self._until_typing_ends(board)):
                await changed.wait()
        except TimeoutError:
            self._forget_typing(board)

    def _board(self, session: SessionId) -> _Board:
        if session not in self._boards:
            self._drop_bare_boards()
            self._boards[session] = _Board(revision=self._revision)
        return self._boards[session]

    def _drop_bare_boards(self, limit: int = 1000) -> None:
        if len(self._boards) >= limit:
            self._boards = {key: each for key, each in self._boards.items() if not each.is_bare()}

    def _touch(self, board: _Board) -> None:
        self._revision += 1
        board.revision = self._revision
        board.changed.set()
        board.changed = asyncio.Event()

    def _until_typing_ends(self, board: _Board) -> float | None:
        if not board.typing:
            return None
        left = min(board.typing.values()) - self._clock.now()
        return min(max(0.0, left.total_seconds()), TYPING_LASTS.total_seconds())

    def _forget_typing(self, board: _Board) -> None:
        now = self._clock.now()
        board.typing = {who: until for who, until in board.typing.items() if _lasts(until, now)}
        self._touch(board)


def _lasts(until: datetime, now: datetime) -> bool:
    return not is_over(until, now=now, longest=TYPING_LASTS)
