"""One run: from what is new to the last words, step by step.

The rules of a step:

1. What people said meanwhile is taken in. What they approved runs; what they answered becomes the
   result of the call that asked.
2. Where a bound is reached, the run says which one and ends.
3. Where the past has grown too long, the model sums it up.
4. The model answers, in previews. Words without calls are the last ones.
5. Its calls are taken down, run side by side, and their results taken down as they come. Those to
   be asked about, and those that ask, end the run with their questions.

A run that is cut off closes what it has open: the stream of the model, and every tool.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from agents.litellm.acting import act, settle
from agents.litellm.errors import ending
from agents.litellm.listening import listen
from agents.litellm.prompt import is_silence
from agents.litellm.speaking import speak
from agents.litellm.state import Kit, State
from bridge.events import Preview
from bridge.ports import Said, Turn

CUT_OFF = "\n\n*(Cut off here: an answer of this model may not be longer.)*"
ODD = "\n\n*(This may not be all: the model's provider says that it ended with “{finish}”.)*"
LONGEST_FINISH = 40


async def work(kit: Kit, turn: Turn) -> AsyncGenerator[Preview | Said]:
    """Answer a turn; the last item is `Ended`. Raises `AgentError`."""
    state = await State.begin(kit, turn)
    yield state.preview(activity="reading")
    async with aclosing(listen(state)) as items:
        async for item in items:
            yield item
    while state.ending is None:
        await state.look_around()
        async with aclosing(_step(state)) as items:
            async for item in items:
                yield item
    yield state.ending


async def _step(state: State) -> AsyncGenerator[Preview | Said]:
    async with aclosing(settle(state)) as items:
        async for item in items:
            yield item
    if state.questions:
        state.end()  # what was approved asks something itself
        return
    if over := state.bound():
        state.end(over)
        return
    async with aclosing(speak(state)) as items:
        async for item in items:
            yield item
            if _takes_too_long(state):
                return
    if not state.answer.calls:
        state.end(_last_words(state))
        return
    async with aclosing(act(state)) as items:
        async for item in items:
            yield item


def _takes_too_long(state: State) -> bool:
    """End the run where its time is over while the model still writes; what it wrote is kept."""
    late = state.bound_in_time()
    if late is None or state.answer.is_whole:
        return False
    state.end(f"{state.text}\n\n{late}".strip())
    return True


def _last_words(state: State) -> str:
    text, finish = state.text, state.answer.finish
    if is_silence(text):
        return ""
    match ending(finish):
        case "cut":
            return text + CUT_OFF
        case "odd":
            return text + ODD.format(finish=finish[:LONGEST_FINISH])
        case _:
            return text
