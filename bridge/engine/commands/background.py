"""What works in the background of a session: /background lists it, and stops it.

Whoever reads the session sees its work; what began before they may read is not listed for them.
"""

from dataclasses import dataclass

from bridge import background_texts, texts
from bridge.domain.commands import StopBackground
from bridge.domain.errors import NotFound
from bridge.domain.events import BackgroundStarted
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.parts import Button, Reply
from bridge.domain.usage import NOTHING, Used
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Log
from bridge.session import background
from bridge.session.fold import Session
from bridge.session.routing import MOST_CHOICES, saying_button
from bridge.session.state import Work
from bridge.session.visible import hidden_upto

OVER_SHOWN = 5
"""Pieces of work that are over and listed, the last ones."""


@dataclass(slots=True)
class BackgroundList:
    log: Log
    sessions: Sessions
    names: DisplayNames
    clock: Clock

    async def answer(
        self, fold: Session, by: ParticipantId, written: str
    ) -> tuple[StopBackground | None, Reply]:
        """Return what `/background` stops, if anything, and what its sender is told."""
        if not written:
            return None, await self._listed(fold, by)
        deed, _, word = written.partition(" ")
        child = background.meant(fold, word)
        if deed.lower() != "stop" or not word.strip():
            return None, Reply(text=background_texts.HOW, refused=True)
        if child is None:
            return None, Reply(text=background_texts.NO_SUCH_WORK, refused=True)
        return StopBackground(by=by, child=child), Reply(text=background_texts.STOPPED)

    async def _listed(self, fold: Session, by: ParticipantId) -> Reply:
        hidden = hidden_upto(fold, by)
        works, over, buttons = list[str](), list[str](), list[Button]()
        for word, child in background.called(fold).items():
            work = fold.background[child]
            if work.started <= hidden:
                continue
            line = await self._line(fold, word, child, work)
            (over if work.is_over else works).append(line)
            value = saying_button(f"/background stop {child}")
            if value is not None and not work.is_over:
                label = background_texts.label(background_texts.STOP, word)
                buttons.append(Button(value=value, label=label))
        text = background_texts.listed(works, over[-OVER_SHOWN:])
        return Reply(text=text, buttons=tuple(buttons[:MOST_CHOICES]))

    async def _line(self, fold: Session, word: str, child: SessionId, work: Work) -> str:
        (began,) = await self.log.read(fold.id, after=work.started - 1, limit=1)
        task = began.body.task if isinstance(began.body, BackgroundStarted) else ""
        names = await self.names.in_session(fold, [work.by] if work.by is not None else [])
        state, used = await self._state(child, work)
        return background_texts.line(
            word,
            task,
            state=state,
            seconds=background.lasted(work, self.clock.now()),
            used=texts.used_up(used),
            by=names[work.by] if work.by is not None else "",
        )

    async def _state(self, child: SessionId, work: Work) -> tuple[str, Used]:
        try:
            session = await self.sessions.fold(child)
        except NotFound:
            return background_texts.WORKS, NOTHING
        return STATES[background.state_of(work, session)], background.used_by(session)


STATES = {
    "works": background_texts.WORKS,
    "waits": background_texts.WAITS,
    "reported": background_texts.REPORTED,
    "stopped": background_texts.ENDED,
}
