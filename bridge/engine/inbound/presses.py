"""What a pressed button means in the session that its place follows now.

The rules:

- A button means something only in the session that showed it: it is looked up by the event that it
  names, and compared with what stands there. The place may follow another session by now, or the
  log be another one.
- An agent may ask about the same call again while it waits. Then every card about it is about the
  open question.
- What means nothing is refused before its place or its person is touched, with what is true of
  it: the question itself may well be open still, elsewhere.
- A card of before cards had checks names its question alone. It counts where the bridge made the
  id, which it never makes twice; any other id may be another question's by now.
"""

from dataclasses import dataclass
from typing import assert_never

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.events import Body, Pushed, QuestionAsked
from bridge.domain.ids import QuestionId, RunId, Seq, SessionId
from bridge.domain.parts import Reply
from bridge.ports.engine import Sessions
from bridge.ports.store import Log
from bridge.session import forgetting
from bridge.session.fold import OpenQuestion
from bridge.session.routing import (
    AnswerPress,
    PushPress,
    RequestPress,
    SayingPress,
    UnboundPress,
    UndoPress,
    is_of_question,
    pressed,
    pushed_words,
)
from bridge.unseen import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """It answers what a run asked. `answer`: an option's id, "" for one that there is not."""

    question: QuestionId
    run: RunId | None
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """It says something, as if it were typed or, `to` an event, to the letter."""

    content: Content
    to: Seq | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaningless:
    """It does nothing there, for a reason that is told to whoever presses it."""

    text: str
    reason: Reason

    @property
    def reply(self) -> Reply:
        return Reply(text=self.text, refused=True)


Meaning = Answering | Saying | Meaningless

UNKNOWN = Meaningless(text=texts.BUTTON_UNKNOWN, reason="unknown_button")
ELSEWHERE = Meaningless(text=texts.QUESTION_ELSEWHERE, reason="other_question")
OVER = Meaningless(text=texts.QUESTION_OVER, reason="refused")
UNBOUND = Meaningless(text=texts.QUESTION_UNBOUND, reason="other_question")


class Presses:
    def __init__(self, log: Log, sessions: Sessions) -> None:
        self._log = log
        self._sessions = sessions

    async def meaning(self, session: SessionId, value: str) -> Meaning:
        """Return what a button means in a session. Raises `NotFound` for one that is gone."""
        match pressed(value):
            case AnswerPress() as press:
                return await self._of_card(session, press)
            case UnboundPress() as press:
                return await self._of_old_card(session, press)
            case PushPress() as press:
                return await self._of_push(session, press)
            case SayingPress(words=words):
                return Saying(content=Content(text=words))
            case UndoPress() | RequestPress() | None:
                return UNKNOWN
            case never:
                assert_never(never)

    async def _of_push(self, session: SessionId, press: PushPress) -> Meaning:
        body = await self._body(session, press.push)
        said = pushed_words(press, session, body) if isinstance(body, Pushed) else None
        if said is None or not isinstance(body, Pushed):
            return UNKNOWN
        content = Content(text=said, literal=True, outside=body.source.is_outside)
        return Saying(content=content, to=press.push)

    async def _of_card(self, session: SessionId, press: AnswerPress) -> Meaning:
        asked = await self._body(session, press.asked)
        if not isinstance(asked, QuestionAsked):
            return ELSEWHERE
        if not is_of_question(press, session, asked):
            # nobody is forgotten while a question is open
            return OVER if asked.text == forgetting.GONE else ELSEWHERE
        known = (await self._sessions.fold(session)).questions.get(asked.question)
        run = known.run if known is not None and _asks_same(asked, known) else asked.run
        if known is not None and known.run != run:
            return OVER
        answer = asked.options[press.option].id
        return Answering(question=asked.question, run=run, answer=answer)

    async def _of_old_card(self, session: SessionId, press: UnboundPress) -> Meaning:
        fold = await self._sessions.fold(session)
        known = fold.questions.get(press.question)
        if not press.is_minted or (known is None and press.question not in fold.over):
            return UNBOUND
        options = known.options if known is not None else ()
        answer = options[press.option].id if press.option < len(options) else ""
        run = known.run if known is not None else None
        return Answering(question=press.question, run=run, answer=answer)

    async def _body(self, session: SessionId, seq: Seq) -> Body | None:
        head = (await self._sessions.fold(session)).head
        found = await self._log.read(session, after=seq - 1, limit=1) if 0 < seq <= head else ()
        return found[0].body if found else None


def _asks_same(asked: QuestionAsked, known: OpenQuestion) -> bool:
    options = [[each.id for each in question.options] for question in (asked, known)]
    return asked.call is not None and asked.call == known.call and options[0] == options[1]
