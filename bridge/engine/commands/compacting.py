"""`/compact`: the agent's past of a session is summed up now, for whoever asks.

The rules:

- Not while an answer is being written: that is said. One that begins meanwhile goes first.
- The summary is kept as one that is made unasked (`bridge.engine.runs.upkeep`), so it outlasts the
  process. Where that dies before, nothing changed, and the command is heard again.
- Whoever asked is told what came of it: in the reply, or, where it takes longer than `PATIENCE`, by
  a push to them.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bridge import session_texts, texts
from bridge.domain.commands import Push
from bridge.domain.content import ours
from bridge.domain.errors import BridgeError
from bridge.domain.events import Source
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.parts import Reply
from bridge.engine.runs.upkeep import SummedUp
from bridge.ports.engine import Sessions
from bridge.session.fold import Session
from bridge.unseen import note

PATIENCE = 10.0
"""Seconds: what is said after it in the same place is heard only then."""

SumUp = Callable[[Session, ParticipantId, str], Awaitable[SummedUp]]

_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
"""A sign of Chinese, Japanese or Korean, or a word of any other script."""


@dataclass(slots=True)
class Compacting:
    """`sum_up` is None where no agent runs."""

    sessions: Sessions
    sum_up: SumUp | None = None
    patience: float = PATIENCE
    _late: set[asyncio.Task[None]] = field(default_factory=set)

    async def compact(self, session: Session, by: ParticipantId, matters: str) -> Reply:
        """Have a session summed up for somebody who may; return what they are told."""
        if session.archived:
            return Reply(text=texts.ARCHIVED, refused=True)
        if session.open_run is not None:
            return Reply(text=session_texts.COMPACT_BUSY, refused=True)
        if self.sum_up is None:
            return Reply(text=session_texts.OWN_MEMORY, refused=True)
        work = asyncio.ensure_future(self.sum_up(session, by, matters))
        done, _ = await asyncio.wait({work}, timeout=self.patience)
        if done:
            return told(work.result())
        late = asyncio.create_task(self._tell(session.id, by, work))
        self._late.add(late)
        late.add_done_callback(self._late.discard)
        return Reply(text=session_texts.COMPACT_TAKES_LONG)

    async def _tell(self, session: SessionId, by: ParticipantId, work: Awaitable[SummedUp]) -> None:
        try:
            push = Push(
                source=Source(kind="background", name="bridge"),
                content=ours(told(await work).text),
                to=(by,),
            )
            await self.sessions.submit(session, push)
        except BridgeError as error:
            note("notice_not_stored", session=session, error=type(error).__name__)


def told(made: SummedUp) -> Reply:
    """Return what whoever asked for a summary is told of it."""
    match made.how:
        case "whole" | "part":
            words = len(_WORD.findall(made.summary))
            return Reply(
                text=session_texts.compacted(made.messages, words, whole=made.how == "whole")
            )
        case "nothing":
            return Reply(text=session_texts.COMPACT_NOTHING)
        case "unable":
            return Reply(text=session_texts.OWN_MEMORY, refused=True)
        case "already":
            return Reply(text=session_texts.COMPACT_ALREADY, refused=True)
        case "cut off":
            return Reply(text=session_texts.COMPACT_CUT_OFF, refused=True)
        case "undone":
            return Reply(text=session_texts.COMPACT_UNDONE, refused=True)
        case "failed":
            return Reply(text=session_texts.not_compacted(made.why), refused=True)
