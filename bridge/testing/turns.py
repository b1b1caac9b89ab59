"""A session in a list, decided by the real core, in which an agent can be let answer.

`Story` tells what happened; `Story.answer` lets an agent answer like the runner does, and returns
all that it said.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from bridge.domain.commands import (
    AbandonRun,
    Answer,
    Command,
    EndRun,
    ExpireQuestions,
    FailRun,
    Join,
    Record,
    Say,
    StartRun,
    Stop,
    Trigger,
)
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import AgentError, AgentUnavailable
from bridge.domain.events import Event, MessageComposed, Preview, QuestionAsked, Source
from bridge.domain.ids import START, ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.ports.agent import (
    Agent,
    Ended,
    Recent,
    Said,
    Using,
)
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.session.decide import decide
from bridge.session.fold import Session, fold
from bridge.session.run_mode import mode_of
from storage.memory_blobs import MemoryBlobs

HOUR = timedelta(hours=1)


class StoryClock:
    """Sleeping takes no time but a turn of the loop; `slept` says how long it would have been."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)


class Story:
    """The session of Ada and Bob."""

    def __init__(self, session: str = "s_story") -> None:
        self.id = SessionId(session)
        self.events: list[Event] = []
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.runs = 0
        self.submit(Join(participant=ParticipantId("Ada"), role="owner"))
        self.submit(Join(participant=ParticipantId("Bob"), role="member"))

    @property
    def fold(self) -> Session:
        return fold(Session(id=self.id), self.events)

    def submit(self, command: Command) -> Sequence[Event]:
        known = {event.key for event in self.events if event.key}
        drafts = [d for d in decide(self.fold, command, now=self.now) if d.key not in known]
        for draft in drafts:
            self.now += timedelta(seconds=1)
            seq = len(self.events) + 1
            self.events.append(
                Event(session=self.id, seq=seq, at=self.now, body=draft.body, key=draft.key)
            )
        return self.events[len(self.events) - len(drafts) :]

    # -- what people do

    def say(
        self,
        text: str,
        *files: Attachment,
        by: str = "Ada",
        at: str = "Chat",
        addressed: bool = True,
    ) -> None:
        self.submit(
            Say(
                by=ParticipantId(by),
                conversation=ConversationId(at),
                content=Content(text=text, attachments=files),
                addressed=addressed,
            )
        )

    def trigger(self, prompt: str, source: Source) -> None:
        self.submit(Trigger(source=source, prompt=prompt))

    def choose(self, answer: str, *, by: str = "Ada") -> None:
        """Answer the newest question."""
        question = list(self.fold.questions)[-1]
        self.submit(Answer(by=ParticipantId(by), question=question, answer=answer))

    def stop(self) -> None:
        self.submit(Stop(by=ParticipantId("Ada")))

    def expire(self) -> None:
        self.now += 1000 * HOUR
        self.submit(ExpireQuestions())

    # -- what an agent does

    def turn(self) -> "StoryTurn":
        """Start a run."""
        self.runs += 1
        self.now += HOUR
        run = RunId(f"r_{self.runs}")
        (started,) = self.submit(StartRun(run=run, agent="agent", node="here"))
        return StoryTurn(self, run, upto=started.seq - 1)

    async def answer(self, agent: Agent) -> list[Preview | Said]:
        """Let an agent answer the story so far, to its end or its failure."""
        turn = self.turn()
        items: list[Preview | Said] = []
        try:
            async for item in self.let(agent, turn):
                items.append(item)  # noqa: PERF401 - what was said before a failure counts
        except AgentError as error:
            retry = isinstance(error, AgentUnavailable)
            self.submit(FailRun(run=turn.run, reason=str(error), retry=retry))
        return items

    async def let(self, agent: Agent, turn: "StoryTurn") -> AsyncGenerator[Preview | Said]:
        """Let an agent speak; each thing it says is in the log before it is resumed."""
        async with aclosing(agent.run(turn)) as speech:
            async for item in speech:
                if not isinstance(item, Preview | Using):
                    self.submit(_command(turn, item))
                yield item

    def abandon(self) -> None:
        """The process of the open run died."""
        open_run = self.fold.open_run
        assert open_run is not None
        self.submit(AbandonRun(run=open_run.run))

    def words(self) -> list[str]:
        """What the agent has said for good."""
        bodies = [event.body for event in self.events]
        return [body.content.text for body in bodies if isinstance(body, MessageComposed)]

    def files(self) -> list[str]:
        """The names of the files the agent has sent."""
        bodies = [event.body for event in self.events if isinstance(event.body, MessageComposed)]
        return [each.name for body in bodies for each in body.content.attachments]

    def questions(self) -> list[QuestionAsked]:
        return [event.body for event in self.events if isinstance(event.body, QuestionAsked)]


class StoryTurn:
    """The `Turn` port over a story."""

    def __init__(self, story: Story, run: RunId, *, upto: Seq) -> None:
        self.session = story.id
        self.run = run
        self.agent = "agent"
        self.upto = upto
        self.clock: Clock = StoryClock()
        self.blobs: Blobs = MemoryBlobs(clock=self.clock)
        self._story = story

    async def fold(self) -> Session:
        return self._story.fold

    async def history(self) -> Sequence[Event]:
        return self._between(START, self.upto)

    async def recent(self, *, newest: int | None = None) -> Recent:  # noqa: ARG002 - it is short
        return Recent(log=await self.history())

    async def past(self, *, after: Seq, upto: Seq) -> Sequence[Event]:
        return self._between(after, upto)

    async def news(self) -> Sequence[Event]:
        if mode_of(self._story.fold) == "queue":
            return ()
        fresh = self._between(self.upto, len(self._story.events))
        self.upto = len(self._story.events)
        return fresh

    async def who(self, participant: ParticipantId) -> str:
        return str(participant)

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        people = self._story.fold.participants
        if who == "owner":
            return frozenset(each for each, role in people.items() if role == "owner")
        return frozenset({ParticipantId(who.rpartition(":")[2])})

    async def where(self, conversation: ConversationId) -> str:
        return str(conversation)

    def _between(self, after: Seq, upto: Seq) -> list[Event]:
        return [event for event in self._story.events if after < event.seq <= upto]


def _command(turn: StoryTurn, said: Said) -> Command:
    run = turn.run
    match said:
        case Ended(content=content, questions=questions, usage=usage):
            return EndRun(
                run=run, upto=turn.upto, content=content, questions=questions, usage=usage
            )
        case Using():
            raise ValueError("what a run uses is not appended")
        case _:
            return Record(run=run, said=said)
