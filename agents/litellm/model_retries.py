"""Getting one answer out of models that may be down, busy, or talk nonsense.

The rules:

- Each model is tried `tries` times while it is busy or answers what cannot be read, with a pause
  that doubles, or as long as the provider asks for; then the next model is tried.
- Where a provider asks to wait longer than `LONGEST_PAUSE`, the next model is tried at once.
- A refusal, a wrong key or a wrong name is not tried again: the next model is.
- What a provider does not take is left out (`Request.less`), and the same model is asked again.
- A conversation that is too long for a model is told to the caller, who can shorten it.
- A stream that ends without saying why was cut off: what came of it is thrown away. So is one that
  says that it broke off.
- A call that came as words, of a server that did not know it for one, is a call (`written_calls`).
- Where a model only ever answered nothing, what its server sends is looked at, and told.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Protocol

from agents.litellm.client import LOCAL, ask
from agents.litellm.config import ModelSection
from agents.litellm.errors import ending
from agents.litellm.failure import Trouble, Unanswered
from agents.litellm.look import what_comes_back
from agents.litellm.openai_messages import Message
from agents.litellm.prompt import visible
from agents.litellm.stream_parser import Answer, Wanted
from agents.litellm.written_calls import apart
from bridge.domain.ids import CallId, mint
from bridge.ports.clock import Clock

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 20.0
"""Seconds."""

CUT_OFF = "the answer was cut off on its way"
REFUSED = "its provider's filter stopped the answer"
NOTHING = "it answered nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """An answer as it grows. `over`: it is whole."""

    model: str
    answer: Answer
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A model is busy and will be tried again."""

    seconds: float
    trouble: Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a model is asked with."""

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] = ()


class Request(Protocol):
    """What is asked, of any model: it is made for each, as they differ in what they take."""

    async def made(self, section: ModelSection) -> Shown:
        """Return what this model is to be shown."""
        ...

    def less(self, section: ModelSection, trouble: Trouble) -> bool:
        """Leave out something that this model may not take; False where that is of no use."""
        ...

    def taken(self, section: ModelSection) -> None:
        """Take note that this model answered what it was shown."""
        ...

    def is_empty(self, text: str) -> bool:
        """Say whether an answer says nothing where something has to be said."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    tries: int
    stall_seconds: float
    clock: Clock


async def answered(
    models: Sequence[ModelSection], request: Request, patience: Patience
) -> AsyncGenerator[Progress | Waiting]:
    """Yield the answer as it grows, the whole one last. Raises `Unanswered`."""
    troubles: list[tuple[str, Trouble]] = []
    for section in models:
        attempt = 0
        while attempt < patience.tries:
            try:
                async with aclosing(_attempt(section, request, patience)) as growing:
                    async for progress in growing:
                        yield progress
            except Unanswered as error:
                if request.less(section, error.trouble):
                    continue
                troubles.append((section.model, error.trouble))
            else:
                return
            pause = _pause(troubles[-1][1], attempt, patience.tries)
            if pause is None:
                break
            yield Waiting(seconds=pause, trouble=troubles[-1][1])
            await patience.clock.sleep(pause)
            attempt += 1
        await _look(section, troubles)
    raise Unanswered(_worst(troubles))


async def _look(section: ModelSection, troubles: list[tuple[str, Trouble]]) -> None:
    """Say what a server sends that answered nothing."""
    model, trouble = troubles[-1]
    if trouble.reason == NOTHING and (came := await what_comes_back(section)):
        troubles[-1] = model, replace(trouble, reason=f"{NOTHING}; {came}")


async def _attempt(
    section: ModelSection, request: Request, patience: Patience
) -> AsyncGenerator[Progress]:
    answer = Answer()
    shown = await request.made(section)
    asking = ask(
        section,
        shown.messages,
        shown.tools,
        stall_seconds=patience.stall_seconds,
        now=patience.clock.now,
    )
    async with aclosing(asking) as pieces:
        async for batch in pieces:
            for piece in batch:
                answer.add(piece)
            yield Progress(model=section.model, answer=answer)
    answer.seal()
    _take_written(answer, section, shown)
    _check(answer, request)
    request.taken(section)
    yield Progress(model=section.model, answer=answer, over=True)


def _take_written(answer: Answer, section: ModelSection, shown: Shown) -> None:
    """Take the calls that came as words from a server of one's own, which may not know them."""
    is_own = section.api_base is not None or section.model.startswith(LOCAL)
    if answer.calls or not is_own:
        return
    words, calls = apart(visible(answer.text), {each["function"]["name"] for each in shown.tools})
    if calls:
        answer.written = words
        answer.calls = [
            Wanted(call=CallId(mint("k")), id="", name=each.name, arguments=each.arguments)
            for each in calls
        ]


def _check(answer: Answer, request: Request) -> None:
    if not answer.is_whole:
        raise Unanswered(Trouble(kind="garbage", reason=CUT_OFF))
    match ending(answer.finish):
        case "filtered":
            raise Unanswered(Trouble(kind="refused", reason=REFUSED))
        case "broken":
            reason = f"{CUT_OFF} (`{answer.finish}`)"
            raise Unanswered(Trouble(kind="garbage", reason=reason))
        case "whole" | "cut" | "odd":
            pass
    if not answer.calls and request.is_empty(answer.text):
        raise Unanswered(Trouble(kind="garbage", reason=NOTHING))


def _pause(trouble: Trouble, attempt: int, tries: int) -> float | None:
    """Return how long to wait before the same model is tried again; None: it is not."""
    match trouble.kind:
        case "overflow":
            raise Unanswered(trouble)
        case "refused" | "unusable" | "unfit":
            return None
        case "garbage" | "busy":
            wanted = trouble.retry_after
            pause = FIRST_PAUSE * 2**attempt if wanted is None else wanted
            return pause if attempt + 1 < tries and pause <= LONGEST_PAUSE else None


def _worst(troubles: Sequence[tuple[str, Trouble]]) -> Trouble:
    """Return what to tell: the last of each model, of a kind that gives the most hope."""
    last = dict(troubles)
    kinds = {trouble.kind for trouble in last.values()}
    hope = ("busy", "garbage", "refused", "unfit", "unusable")
    kind = next(each for each in hope if each in kinds)
    reason = "; ".join(f"{model}: {trouble.reason}" for model, trouble in last.items())
    return Trouble(kind=kind, reason=reason)
