"""The model's part of a step: the past is made to fit, then the model answers, in previews.

A past that is too long is summed up by the model. Where that is not possible (one message is too
long by itself, nobody was answered yet, the model will not sum it up) it is cut and left out
instead: whatever was said, the next thing that someone says is answered.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

import structlog

from agents.characters import whole
from agents.context_window import FULL, KEPT, MOST_PIECES, PIECE, PIECES_AT_ONCE
from agents.fitting import weight, words
from agents.litellm.asking import Answering, room_for
from agents.litellm.config import ModelSection
from agents.litellm.failure import Trouble, Unanswered
from agents.litellm.model_retries import Progress, Shown, Waiting, answered
from agents.litellm.prompt import (
    may_become_silence,
    summing_prompt,
    visible,
    visible_so_far,
)
from agents.litellm.state import State
from agents.litellm.stream_parser import Answer
from agents.litellm.working_log import Past, beside, cut_all
from agents.litellm.written_calls import so_far
from agents.transcript import Line
from bridge.domain.content import Content
from bridge.domain.errors import AgentError, AgentFailed, AgentUnavailable
from bridge.domain.events import MessageComposed, Preview
from bridge.ports.agent import Compacted, Remark, Said, Using

log = structlog.get_logger()

MOST_SHRINKS = 6
"""How often a step may find that what it shows a model is too much after all."""

MOST_ROUNDS = 3
"""How often it is looked again whether what was summed up is enough."""

SUMMARY_WORDS = 800

TOO_LONG = "this conversation is too long for the model, and could not be summed up any further"


async def speak(state: State) -> AsyncGenerator[Preview | Said]:
    """Let the model answer; `state.answer` is what it said. Raises `AgentError`."""
    asking = Answering(state)
    for _ in range(MOST_SHRINKS):
        try:
            async with aclosing(_fit(state)) as items:
                async for item in items:
                    yield item
            async with aclosing(_answer(state, asking)) as items:
                async for item in items:
                    yield item
        except Unanswered as error:
            if error.trouble.kind != "overflow":
                raise failed(error.trouble) from error
            state.kit.memory.of(asking.last.model).room /= 2
        else:
            return
    state.kit.memory.of(asking.last.model).room = 1.0
    raise AgentFailed(TOO_LONG)


def failed(trouble: Trouble) -> AgentError:
    """Return the error that a run ends with when no model answered."""
    match trouble.kind:
        case "busy" | "garbage":
            return AgentUnavailable(f"the model does not answer ({trouble.reason})")
        case "refused":
            return AgentFailed(f"the model refused to answer ({trouble.reason})")
        case "unusable" | "unfit":
            return AgentFailed(f"the model cannot be used ({trouble.reason})")
        case "overflow":
            return AgentFailed(TOO_LONG)


# -- answering ------------------------------------------------------------------------------------


async def _answer(state: State, asking: Answering) -> AsyncGenerator[Preview | Said]:
    async with aclosing(answered(state.models, asking, state.patience)) as growing:
        async for step in growing:
            match step:
                case Waiting():
                    yield state.preview(activity=_waiting(step))
                case Progress(over=True):
                    _take(state, step)
                case Progress(answer=answer):
                    yield _preview(state, answer)
    yield state.using()
    for text in asking.notices():
        if not _was_told(state, text):
            yield state.said(Remark(content=Content(text=text), kind="notice"))


def _was_told(state: State, text: str) -> bool:
    """Say whether people were told already, by a run before the bridge was started anew."""
    return any(
        isinstance(event.body, MessageComposed)
        and event.body.kind == "notice"
        and event.body.content.text == text
        for event in state.page.log
    )


def _take(state: State, progress: Progress) -> None:
    state.answer = progress.answer
    state.tally.steps += 1
    state.tally.add(progress.model, progress.answer.metered)


def _preview(state: State, answer: Answer) -> Preview:
    state.answer = answer
    text = so_far(visible_so_far(answer.text))
    if answer.calls:
        return state.preview(text, activity=f"preparing {answer.calls[-1].name}")
    if may_become_silence(text):
        return state.preview(activity="thinking")
    return state.preview(text)


def _waiting(waiting: Waiting) -> str:
    return f"the model is busy; trying again in {waiting.seconds:.0f} s"


# -- summing up -----------------------------------------------------------------------------------


async def _fit(state: State) -> AsyncGenerator[Preview | Said]:
    """Let the model sum up the past, as often as it takes, until what is shown has room.

    What has no room even then is left to `fitted`. Raises `Unanswered` where no model answers, or
    where what is summed up is too much.
    """
    for _ in range(MOST_ROUNDS):
        room = await room_for(state, state.models[0])
        await state.page.show_newest(room)
        lines = await state.page.laid_out(state.longest_result)
        told, files = await beside(len(lines), partial(_weighed, lines))
        if told + min(files, room // 2) <= FULL * room:
            return
        made = 0
        async with aclosing(_sum_up(state, room)) as items:
            async for item in items:
                made += isinstance(item, Compacted)
                yield item
        if not made:
            return


async def sum_up_the_rest(state: State, matters: str = "") -> AsyncGenerator[Using | Compacted]:
    """Sum up, piece by piece, what answers left out for it was too much to wait for.

    Raises `Unanswered` where no model answers: it is gone on with after the next answer.
    """
    room = await room_for(state, state.models[0])
    past = await Past.begin(state.turn, state.page, room)
    for _ in range(MOST_PIECES):
        if past is None or state.bound():
            return
        piece = await past.next(int(PIECE * room))
        if piece is None:
            return
        upto, text = piece
        summary = await _summed_up(state, text, matters)
        yield state.using()
        yield past.noted(Compacted(upto=upto, summary=summary))


async def sum_up_all(state: State, matters: str) -> AsyncGenerator[Using | Compacted]:
    """Sum up all that is answered, what answers left out first; `matters`: what it is to be about.

    Raises `Unanswered` where no model answers.
    """
    room = await room_for(state, state.models[0])
    async with aclosing(sum_up_the_rest(state, matters)) as items:
        async for item in items:
            if isinstance(item, Compacted):
                state.page.note(item)
            yield item
    for _ in range(MOST_PIECES):
        cut = await cut_all(state.page, room)
        if cut is None or state.bound():
            return
        past = await state.page.to_sum_up(cut, int(PIECE * room))
        made = Compacted(upto=cut.upto, summary=await _summed_up(state, past, matters))
        yield state.using()
        state.page.note(made)
        yield made


def _weighed(lines: Sequence[Line]) -> tuple[int, int]:
    """Return about how many tokens the words take, and what is shown beside them."""
    told = words(lines)
    return told, weight(lines) - told


async def _sum_up(state: State, room: int) -> AsyncGenerator[Preview | Said]:
    """Sum up what is too much for this room, and lay nothing out meanwhile.

    Where that takes more pieces than are waited for, the next round shows less.
    """
    for _ in range(PIECES_AT_ONCE):
        cut, outline = await state.page.cut(room), state.page.outline
        if cut is None or state.bound():
            return
        yield state.preview(activity="summing up what was said before")
        try:
            past = await state.page.to_sum_up(cut, int(PIECE * room))
            summary = await _summed_up(state, past)
        except Unanswered as error:
            if error.trouble.kind in {"overflow", "busy"}:
                raise
            trouble, model = error.trouble, state.models[0].model
            log.warning("model.sums_up_not", model=model, why=trouble.kind, text=trouble.reason)
            return
        yield state.said(Compacted(upto=cut.upto, summary=summary))
        yield state.using()
        if outline.size(cut.upto, outline.head) <= KEPT * room:
            return


class _Summing:
    """The request for a summary."""

    def __init__(self, past: str, matters: str) -> None:
        self._shown = Shown(
            messages=[
                {"role": "system", "content": summing_prompt(SUMMARY_WORDS, matters)},
                {"role": "user", "content": whole(past)},
            ]
        )

    async def made(self, section: ModelSection) -> Shown:  # noqa: ARG002 - the same for each
        return self._shown

    def less(self, section: ModelSection, trouble: Trouble) -> bool:  # noqa: ARG002 - there is none
        return False

    def taken(self, section: ModelSection) -> None:
        pass

    def is_empty(self, text: str) -> bool:
        return not visible(text).strip()


async def _summed_up(state: State, past: str, matters: str = "") -> str:
    answering = answered(state.models, _Summing(past, matters), state.patience)
    async with aclosing(answering) as growing:
        async for step in growing:
            if isinstance(step, Progress) and step.over:
                state.tally.add(step.model, step.answer.metered)
                return visible(step.answer.text).strip()
    raise AgentUnavailable(TOO_LONG)
