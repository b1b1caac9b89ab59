"""The model's part of a step: the past is made to fit, then the model answers, in previews."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from agents.litellm.attempts import Progress, Request, Waiting, answered
from agents.litellm.config import ModelSection
from agents.litellm.failure import Trouble, Unanswered
from agents.litellm.files import parts, shown
from agents.litellm.library import abilities
from agents.litellm.pieces import Answer
from agents.litellm.prompt import SUM_UP, is_silence, may_become_silence
from agents.litellm.state import State
from agents.litellm.wire import Message, messages, offered
from agents.window import FULL, cut_at, to_sum_up, tokens, weight
from bridge.errors import AgentError, AgentFailed, AgentUnavailable
from bridge.events import Preview
from bridge.ids import Seq
from bridge.ports import Compacted, Said

MOST_SHRINKS = 4
"""How often a step may find that what it shows a model is too much after all."""

SUMMARY_WORDS = 800
OUTPUT_RESERVE = 8000
"""Tokens that are kept free for the answer where the config does not say."""

TOO_LONG = "this conversation is too long for the model, and could not be summed up any further"


async def speak(state: State) -> AsyncGenerator[Preview | Said]:
    """Let the model answer; `state.answer` is what it said. Raises `AgentError`."""
    for _ in range(MOST_SHRINKS):
        try:
            for act in (_fit, _answer):
                async with aclosing(act(state)) as items:
                    async for item in items:
                        yield item
        except Unanswered as error:
            if error.trouble.kind != "overflow":
                raise failed(error.trouble) from error
            state.room /= 2
            state.longest_result //= 4
        else:
            return
    raise AgentFailed(TOO_LONG)


def failed(trouble: Trouble) -> AgentError:
    """Return the error that a run ends with when no model answered."""
    match trouble.kind:
        case "busy" | "garbage":
            return AgentUnavailable(f"the model does not answer ({trouble.reason})")
        case "refused":
            return AgentFailed(f"the model refused to answer ({trouble.reason})")
        case "unusable":
            return AgentFailed(f"the model cannot be used ({trouble.reason})")
        case "overflow":
            return AgentFailed(TOO_LONG)


# -- answering ------------------------------------------------------------------------------------


async def _answer(state: State) -> AsyncGenerator[Preview | Said]:
    async def made(section: ModelSection) -> Sequence[Message]:
        return await _messages(state, section)

    def empty(text: str) -> bool:
        return is_silence(text) and state.page.owes_words()

    request = Request(messages=made, tools=offered(state.tools.by_name.values()), empty=empty)
    async with aclosing(answered(state.models, request, state.patience)) as growing:
        async for step in growing:
            match step:
                case Waiting():
                    yield state.preview(activity=_waiting(step))
                case Progress(over=True):
                    _take(state, step)
                case Progress(answer=answer):
                    yield _preview(state, answer)
    yield state.using()


def _take(state: State, progress: Progress) -> None:
    state.answer = progress.answer
    state.tally.steps += 1
    state.tally.add(progress.model, progress.answer.metered)


def _preview(state: State, answer: Answer) -> Preview:
    state.answer = answer
    if answer.calls:
        return state.preview(answer.text, activity=f"preparing {answer.calls[-1].name}")
    if may_become_silence(answer.text):
        return state.preview(activity="thinking")
    return state.preview(answer.text)


def _waiting(waiting: Waiting) -> str:
    return f"the model is busy; trying again in {waiting.seconds:.0f} s"


async def _messages(state: State, section: ModelSection) -> Sequence[Message]:
    lines = state.page.lines(state.longest_result)
    wanted = shown(lines, await abilities(section))
    missing = [each for each in wanted if each.media not in state.files]
    state.files |= await parts(missing, state.turn.blobs)
    files = {each.media: state.files[each.media] for each in wanted if each.media in state.files}
    return messages(state.system(), lines, files, state.thoughts)


# -- summing up -----------------------------------------------------------------------------------


async def _fit(state: State) -> AsyncGenerator[Preview | Said]:
    """Let the model sum up the past, as often as it takes, until what is shown has room."""
    budget = await _budget(state)
    while weight(state.page.lines(state.longest_result)) > FULL * budget:
        upto = cut_at(state.page.log, budget=budget)
        if upto is None:
            return
        yield state.preview(activity="summing up what was said before")
        summary = await _summed_up(state, upto)
        yield state.said(Compacted(upto=upto, summary=summary))
        yield state.using()


async def _budget(state: State) -> int:
    """Return how many tokens the transcript may take."""
    section = state.models[0]
    context = (await abilities(section)).context
    reserve = section.max_output_tokens or min(OUTPUT_RESERVE, context // 4)
    tools = tokens(json.dumps(offered(state.tools.by_name.values())))
    left = context - reserve - tools - tokens(state.system())
    return int(max(left, context // 4) * state.room)


async def _summed_up(state: State, upto: Seq) -> str:
    page = state.page
    past = to_sum_up(page.log, upto, agent=state.turn.agent, labels=page.labels)
    asked = [
        {"role": "system", "content": SUM_UP.format(words=SUMMARY_WORDS)},
        {"role": "user", "content": past},
    ]

    async def made(_: ModelSection) -> Sequence[Message]:
        return asked

    answering = answered(state.models, Request(messages=made), state.patience)
    async with aclosing(answering) as growing:
        async for step in growing:
            if isinstance(step, Progress) and step.over:
                state.tally.add(step.model, step.answer.metered)
                return step.answer.text.strip()
    raise AgentUnavailable(TOO_LONG)
