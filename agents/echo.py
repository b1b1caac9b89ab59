"""The reference agent: it repeats what it hears, and on request does all an agent can do.

Everything it knows comes from the log: between runs it keeps nothing. A scene is a plain generator
of steps; only `Echo.run` waits and speaks.
"""

import json
import re
import secrets
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter
from typing import Literal

from pydantic import Field

from agents.log_index import (
    Answered,
    Ask,
    Heard,
    Interrupted,
    LogIndex,
)
from agents.samples import MARKDOWN, long_answer
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.errors import AgentFailed, AgentUnavailable
from bridge.domain.events import (
    Event,
    MessageReceived,
    PlannedCall,
    Preview,
    QuestionClosed,
    Source,
    Triggered,
)
from bridge.domain.ids import CallId, QuestionId, RunId, Seq, mint
from bridge.domain.run_output import Asking
from bridge.plugins import AgentPlugin, Section
from bridge.ports.agent import Calling, Delegating, Ended, Remark, Returned, Said, Turn
from bridge.ports.clock import Clock
from bridge.ports.surroundings import Surroundings

WORD = re.compile(r"(?:\A\s*+)?\S+\s*")
NUMBER = re.compile(r"\d{1,6}(\.\d{1,3})?")
BACK = re.compile(r"\bback\b", re.IGNORECASE)
SEND_BACK = re.compile(r"\W*send (it|them|that|this) back\W*", re.IGNORECASE)
MOST_PREVIEWS = 120
"""A long text is written several words at a time."""

BEAT = 0.5
"""Seconds between two signs of life of a slow answer."""

DEFAULT_SLOW = 20
LONGEST_SLOW = 600
FLAKY_FAILURES = 2
SIDES = 6
MOST_FILES = 10
NEWEST = 200
"""Events in which it looks for a file to send back, and counts its failures."""

APPROVE, DENY = "approve", "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    seconds: float


Step = Preview | Said | Pause

ASKING = frozenset({MessageReceived, Triggered, QuestionClosed})
"""Kinds of events that may ask something of an agent."""


@dataclass(slots=True, kw_only=True)
class EchoRun:
    """What one run has written so far, and the questions it will stop on.

    `rest` is what followed the word that asked for the present scene.
    """

    run: RunId
    delay: float
    clock: Clock
    agent: str
    log: Sequence[Event]
    news: list[Event] = field(default_factory=list)
    text: str = ""
    files: list[Attachment] = field(default_factory=list)
    revision: int = 0
    rest: str = ""
    questions: list[Asking] = field(default_factory=list)

    @property
    def index(self) -> LogIndex:
        """Return what the log says: few scenes ask, and it takes longer than all the rest."""
        return _index(self.agent, [*self.log, *self.news])

    def asks(self, *, after: Seq) -> Sequence[Ask]:
        """Return what the log asks past `after`, oldest first."""
        new = [*_past(self.log, after), *_past(self.news, after)]
        kinds = {type(event.body) for event in new}
        if kinds.isdisjoint(ASKING):
            return ()
        closes = QuestionClosed in kinds
        index = self.index if closes else _index(self.agent, new)
        return index.asks(new, after=after)

    def preview(self, activity: str = "") -> Preview:
        self.revision += 1
        return Preview(run=self.run, revision=self.revision, text=self.text, activity=activity)

    def write(self, paragraph: str) -> Iterator[Step]:
        """Add a paragraph, word by word."""
        if self.text:
            self.text += "\n\n"
        words = WORD.findall(paragraph)
        stride = len(words) // MOST_PREVIEWS + 1
        pause = Pause(seconds=self.delay)
        for first in range(0, len(words), stride):
            self.text += "".join(words[first : first + stride])
            self.revision += 1
            yield Preview(run=self.run, revision=self.revision, text=self.text)
            yield pause

    def number(self) -> float | None:
        """Return the number that followed the word asking for the scene, if one did."""
        return float(self.rest) if NUMBER.fullmatch(self.rest) else None

    def ended(self) -> Ended:
        content = Content(text=self.text, attachments=tuple(self.files[:MOST_FILES]))
        return Ended(content=content or None, questions=tuple(self.questions))


# -- scenes: what can be asked for by the first word ----------------------------------------------


def slow(page: EchoRun) -> Iterator[Step]:
    seconds = min(page.number() or DEFAULT_SLOW, LONGEST_SLOW)
    for beat in range(int(seconds / BEAT)):
        yield page.preview(activity=f"taking my time: {beat * BEAT:.0f} of {seconds:.0f} s")
        yield Pause(seconds=BEAT)
    yield from page.write(f"That took {seconds:g} s.")


def fail(page: EchoRun) -> Iterator[Step]:
    yield from page.write("I was about to say something, but")
    raise AgentFailed("I was asked to fail")


def flaky(page: EchoRun) -> Iterator[Step]:
    failed = page.index.failures
    if failed < FLAKY_FAILURES:
        raise AgentUnavailable(f"I was asked to fail {FLAKY_FAILURES} times first")
    yield from page.write(f"After {failed} failures, here I am.")


def silent(page: EchoRun) -> Iterator[Step]:
    yield page.preview(activity="keeping silent")


def ask(page: EchoRun) -> Iterator[Step]:
    yield page.preview(activity="thinking of a question")
    seconds = page.number()
    page.questions.append(
        Asking(
            question=QuestionId(mint("q")),
            kind="choice",
            text="Tea or coffee?",
            options=(Option(id="tea", label="Tea"), Option(id="coffee", label="Coffee")),
            expires_at=page.clock.now() + timedelta(seconds=seconds) if seconds else None,
        )
    )


def approve(page: EchoRun) -> Iterator[Step]:
    yield page.preview(activity="asking for approval")
    arguments = json.dumps({"sides": SIDES})
    page.questions.append(
        Asking(
            question=QuestionId(mint("q")),
            kind="approval",
            text=f"May I roll a die with {SIDES} sides?",
            options=(Option(id=APPROVE, label="Approve"), Option(id=DENY, label="Deny")),
            call=PlannedCall(call=CallId(mint("k")), name="die", arguments=arguments),
        )
    )


def tool(page: EchoRun) -> Iterator[Step]:
    planned = PlannedCall(call=CallId(mint("k")), name="clock", arguments="{}")
    yield from _call(page, planned)


def long(page: EchoRun) -> Iterator[Step]:
    yield from page.write(long_answer())


def interim(page: EchoRun) -> Iterator[Step]:
    yield Remark(content=Content(text="I am looking into it."))
    yield Pause(seconds=page.delay)
    yield Remark(content=Content(text="Half of it is done."))
    yield from page.write("Now all of it is done.")


def markdown(page: EchoRun) -> Iterator[Step]:
    yield from page.write(MARKDOWN)


def background(page: EchoRun) -> Iterator[Step]:
    yield Delegating(work=mint("w"), task=page.rest or "look around")
    yield from page.write("I do that in the background, and tell you of it.")


Scene = Callable[[EchoRun], Iterator[Step]]
SCENES: dict[str, tuple[Scene, str]] = {
    "slow": (slow, f"takes its time: `slow 5` takes five seconds, `slow` takes {DEFAULT_SLOW}"),
    "long": (long, "gives a long answer with a table and code"),
    "markdown": (markdown, "shows all there is to Markdown"),
    "interim": (interim, "says something on the way"),
    "ask": (ask, "asks you a question with two buttons; `ask 30` waits 30 seconds for the answer"),
    "approve": (approve, "asks whether it may roll a die"),
    "tool": (tool, "looks at the clock"),
    "background": (
        background,
        "does what follows in the background: `background approve` asks there for approval",
    ),
    "silent": (silent, "says nothing"),
    "fail": (fail, "fails"),
    "flaky": (flaky, f"fails {FLAKY_FAILURES} times, then answers"),
}
HELP = "\n".join(
    [
        "I repeat what you say. Begin with one of these words to see what else an agent can do:",
        "",
        *(f"- `{name}` {does}" for name, (_, does) in SCENES.items()),
        "",
        "Send a file with the word `back`, or say `send it back` after one, and you get it back.",
    ]
)


def _perform(page: EchoRun, intro: str, words: str) -> Iterator[Step]:
    """Play the scene that the first word asks for; without one, repeat the words."""
    name, _, rest = words.strip().partition(" ")
    scene = SCENES.get(name.lower())
    if scene is not None:
        page.rest = rest.strip()
        return scene[0](page)
    if "\n" in words:
        quote = "\n".join(f"> {line}" for line in words.splitlines())
        return page.write(f"{intro}:\n\n{quote}")
    return page.write(f"{intro}: {words}")


# -- tools ----------------------------------------------------------------------------------------


def _call(page: EchoRun, planned: PlannedCall) -> Iterator[Step]:
    yield page.preview(activity=f"using the {planned.name}")
    yield Calling(call=planned.call, name=planned.name, arguments=planned.arguments)
    # Resumed: the call is in the log, so the tool may start.
    result = _use(page, planned)
    yield Returned(call=planned.call, result=result)
    yield from page.write(f"The {planned.name} says {result}.")


def _use(page: EchoRun, planned: PlannedCall) -> str:
    if planned.name == "die":
        return str(secrets.randbelow(json.loads(planned.arguments)["sides"]) + 1)
    return page.clock.now().strftime("%H:%M:%S UTC")


def _approved(page: EchoRun, planned: PlannedCall) -> Iterator[Step]:
    match page.index.outcome(planned.call):
        case None:
            yield from _call(page, planned)
        case Interrupted():
            yield from page.write(f"I was interrupted while I used the {planned.name}.")
        case returned:
            yield from page.write(f"The {planned.name} said {returned.result}.")


# -- the agent ------------------------------------------------------------------------------------


class Echo:
    """Answers everything new since the last run, and what comes in while it does."""

    help = HELP
    models: Sequence[str] = ()
    logs_what_it_reads: Literal[True] = True

    def __init__(self, *, delay: float, clock: Clock) -> None:
        self._delay = delay
        self._clock = clock

    async def refusal(self, model: str) -> str:  # noqa: ARG002
        return "this agent repeats what you say and uses no model"

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        recent = await turn.recent(newest=NEWEST)
        log = [*recent.before, *recent.log]
        page = EchoRun(
            run=turn.run, delay=self._delay, clock=self._clock, agent=turn.agent, log=log
        )
        after = (await turn.fold()).position
        while asks := page.asks(after=after):
            for each in asks:
                for step in await _scene(page, each, turn):
                    if isinstance(step, Pause):
                        await self._clock.sleep(step.seconds)
                    else:
                        yield step
            after = (page.news or log)[-1].seq
            page.news += await turn.news()
        yield page.ended()


def _past(log: Sequence[Event], after: Seq) -> Sequence[Event]:
    return log[bisect_right(log, after, key=attrgetter("seq")) :]


def _index(agent: str, events: Sequence[Event]) -> LogIndex:
    index = LogIndex(agent=agent)
    index.take(events)
    return index


async def _scene(page: EchoRun, new: Ask, turn: Turn) -> Iterator[Step]:
    match new:
        case Heard(content=content):
            if SEND_BACK.fullmatch(content.text) or (
                content.attachments and BACK.search(content.text)
            ):
                return _send_back(page, content.attachments or page.index.latest_files())
            who, where = await turn.who(new.participant), await turn.where(new.conversation)
            words = "\n".join(filter(None, [content.text, _files(content.attachments)]))
            return _perform(page, f"{who} ({where}) said", words)
        case Triggered(source=Source(kind="background"), prompt=prompt) if await _is_child(turn):
            return _perform(page, "I was asked", prompt.rpartition("\n\n")[2])
        case Triggered(source=source, prompt=prompt):
            intro = " ".join(filter(None, ["The", source.kind, source.name, "asks"]))
            return _perform(page, intro, prompt)
        case Answered():
            return await _answer(page, new, turn)


async def _is_child(turn: Turn) -> bool:
    return (await turn.fold()).parent is not None


def _send_back(page: EchoRun, files: Sequence[Attachment]) -> Iterator[Step]:
    if not files:
        yield from page.write("I have been sent no file that I could send back.")
        return
    page.files += [each for each in files if each not in page.files]
    yield from page.write(f"Here you are, as I got it: {_named(files)}")


async def _answer(page: EchoRun, new: Answered, turn: Turn) -> Iterator[Step]:
    question, closed = new.question, new.closed
    who = await turn.who(closed.by) if closed.by else "Someone"
    if closed.outcome == "expired":
        return page.write(f"Nobody answered in time: {question.text}")
    if question.call is not None and closed.answer == APPROVE:
        return _approved(page, question.call)
    if question.call is not None:
        return page.write(f"{who} denied it, so I leave it.")
    labels = {option.id: option.label for option in question.options}
    return page.write(f"{who} chose {labels.get(closed.answer, closed.answer)}.")


def _files(attachments: Sequence[Attachment]) -> str:
    return f"(with {_named(attachments)})" if attachments else ""


def _named(attachments: Sequence[Attachment]) -> str:
    return ", ".join(each.name for each in attachments)


# -- the plugin -----------------------------------------------------------------------------------


class EchoConfig(Section):
    """`delay`: seconds between two words."""

    delay: float = Field(default=0.03, ge=0, le=5)


def create(name: str, config: EchoConfig, surroundings: Surroundings) -> Echo:  # noqa: ARG001
    return Echo(delay=config.delay, clock=surroundings.clock)


plugin = AgentPlugin(config=EchoConfig, create=create)
