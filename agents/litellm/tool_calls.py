"""The tools' part of a step: which calls are made, how they run, and how both are taken down.

`plan` decides without I/O which calls are run, which refused, which asked about; `perform` runs
calls side by side, and leaves none running.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta

from agents.characters import whole
from agents.litellm.errors import ending
from agents.litellm.openai_messages import Thought
from agents.litellm.state import State
from agents.litellm.stream_parser import Answer, Wanted
from agents.tools.approval import approval
from agents.tools.json_schema import fitted
from agents.tools.policy import Rule, verdict
from agents.tools.tool import Done, Malformed, Tool, ToolCall, ToolError, parse
from bridge.delivery.notify import QUESTIONS_AT_ONCE
from bridge.domain import commands
from bridge.domain.content import Content
from bridge.domain.events import PlannedCall, Preview
from bridge.domain.ids import ParticipantId
from bridge.domain.run_output import Asking
from bridge.ports.agent import Calling, Remark, Returned, Said
from bridge.session.permissions import may_do
from bridge.session.tool_grants import always_allowed

# -- deciding and running -------------------------------------------------------------------------

LONGEST_KEPT = 1_000_000
"""Characters of a result in the log; a larger one is cut even there."""

LONGEST_WRITTEN_NAME = 200
"""Characters of the name of a tool that is kept; longer ones are none."""

CLEAN_UP = 5.0
"""Seconds that tools get to stop once their run is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call that is answered without being run."""

    planned: PlannedCall
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A call that may run."""

    planned: PlannedCall
    call: ToolCall
    tool: Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, in the order in which it was asked for."""

    refused: tuple[Refusal, ...] = ()
    running: tuple[Running, ...] = ()
    asking: tuple[PlannedCall, ...] = ()


def plan(
    wanted: Sequence[Wanted],
    tools: Mapping[str, Tool],
    rules: Sequence[Rule],
    always: Collection[str],
    *,
    torn: Wanted | None = None,
) -> Plan:
    """Return what is to be done about the calls that a model asks for.

    `torn` is the one that the model was writing when it was cut off.
    """
    steps = [
        _refused(each, TORN) if each is torn else _step(each, tools, rules, always)
        for each in wanted
    ]
    return Plan(
        refused=tuple(each for each in steps if isinstance(each, Refusal)),
        running=tuple(each for each in steps if isinstance(each, Running)),
        asking=tuple(each for each in steps if isinstance(each, PlannedCall)),
    )


def approved(
    planned: PlannedCall, tools: Mapping[str, Tool], rules: Sequence[Rule]
) -> Refusal | Running:
    """Return what is to be done about a call that people approved; a `deny` stands above them."""
    wanted = Wanted(call=planned.call, id="", name=planned.name, arguments=planned.arguments)
    step = _step(wanted, tools, rules, {planned.name})
    return Refusal(planned=step, why=UNDECIDED) if isinstance(step, PlannedCall) else step


TORN = (
    "This call was cut off while it was written: an answer of this model may not be longer. Nothing"
    " was done. Write it again, shorter, or in several steps."
)
UNDECIDED = "This call may not be made."
DENIED = "The policy of this bridge does not allow this call."


def _step(
    wanted: Wanted, tools: Mapping[str, Tool], rules: Sequence[Rule], always: Collection[str]
) -> Refusal | Running | PlannedCall:
    tool = tools.get(wanted.name)
    try:
        arguments = parse(wanted.arguments)
        if tool is not None:
            arguments = fitted(arguments, tool.schema)
        written = whole(json.dumps(arguments, ensure_ascii=False, allow_nan=False))
        arguments = parse(written)
    except (Malformed, ValueError, RecursionError) as error:
        why = f"The arguments are not a JSON object ({error}). Nothing was done. Write them again."
        return _refused(wanted, why)
    planned = PlannedCall(call=wanted.call, name=_name(wanted), arguments=written)
    if tool is None:
        known = ", ".join(sorted(tools)) or "none"
        return Refusal(planned=planned, why=f"There is no tool of this name. There are: {known}")
    call = ToolCall(call=wanted.call, name=wanted.name, arguments=arguments)
    match verdict(rules, tool.name, arguments, read_only=tool.read_only, always=always):
        case "allow":
            return Running(planned=planned, call=call, tool=tool)
        case "ask":
            return planned
        case "deny":
            return Refusal(planned=planned, why=DENIED)


def _refused(wanted: Wanted, why: str) -> Refusal:
    """Refuse a call whose arguments cannot be read, and keep what was written as it was."""
    kept = whole(wanted.arguments[:LONGEST_KEPT])
    written = json.dumps({"malformed": kept}, ensure_ascii=False)
    planned = PlannedCall(call=wanted.call, name=_name(wanted), arguments=written)
    return Refusal(planned=planned, why=why)


def _name(wanted: Wanted) -> str:
    return whole(wanted.name)[:LONGEST_WRITTEN_NAME] or "(none)"


# -- running --------------------------------------------------------------------------------------


async def perform(
    running: Sequence[Running], *, seconds: float
) -> AsyncGenerator[tuple[Running, Done]]:
    """Run calls side by side and yield each as it is done. Closing it stops the others."""
    tasks = {asyncio.create_task(_run(each, seconds)): each for each in running}
    try:
        left = set(tasks)
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield tasks[task], task.result()
    finally:
        await _stop(tasks)


async def _stop(tasks: Collection["asyncio.Task[Done]"]) -> None:
    left = {task for task in tasks if not task.done()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=CLEAN_UP)


async def _run(running: Running, seconds: float) -> Done:
    try:
        async with asyncio.timeout(seconds):
            done = await running.tool.run(running.call)
    except ToolError as error:
        return Done(text=whole(str(error))[:LONGEST_KEPT], failed=True)
    except TimeoutError:
        late = f"This took longer than {seconds:g} s and was stopped; it may have taken effect."
        return Done(text=late, failed=True)
    except Exception as error:  # noqa: BLE001 - a tool is foreign code; the model hears of it
        return Done(text=whole(f"{type(error).__name__}: {error}")[:LONGEST_KEPT], failed=True)
    text = whole(done.text)
    if len(text) > LONGEST_KEPT:
        note = f"\n\n[… {len(text) - LONGEST_KEPT} characters were not kept …]"
        text = text[:LONGEST_KEPT] + note
    return done if text == done.text else replace(done, text=text)


# -- taking down ----------------------------------------------------------------------------------

MOST_AT_ONCE = 24
"""Calls of one step; a model that wants more has lost its way."""


async def settle(state: State) -> AsyncGenerator[Preview | Said]:
    """Make answers the results of the calls that asked, and run what was approved."""
    for returned in state.page.answers():
        yield state.said(returned)
    rules, tools = state.kit.config.tools.policy, state.tools.by_name
    calls = state.page.approved()
    may = await _approvers(state) if calls else None
    steps = [
        approved(each, tools, rules)
        if may is None or by in may
        else Refusal(planned=each, why=_not_theirs(state))
        for each, by in calls
    ]
    async with aclosing(_make(state, steps)) as items:
        async for item in items:
            yield item


async def act(state: State) -> AsyncGenerator[Preview | Said]:
    """Do about the calls in the model's answer what is to be done; it may end the run."""
    todo = await _planned(state)
    deciders = await _deciders(state) if todo.asking else ()
    if deciders is None:
        refused = [Refusal(planned=each, why=_nobody_decides(state)) for each in todo.asking]
        todo = replace(todo, refused=(*todo.refused, *refused), asking=())
    steps: Sequence[Refusal | Running] = (*todo.refused, *todo.running)
    text = state.text
    if steps and text.strip():
        yield state.said(Remark(content=Content(text=text)))
    async with aclosing(_make(state, steps)) as items:
        async for item in items:
            yield item
    room = max(0, QUESTIONS_AT_ONCE - len(state.questions))
    asked = todo.asking[:room]
    state.questions += [_approval(state, each, deciders or ()) for each in asked]
    for planned in todo.asking[room:]:
        yield state.said(_calling(planned))
        yield state.said(_not_asked(planned))
    if state.questions:
        state.end("" if steps else text)


async def _planned(state: State) -> Plan:
    wanted = state.answer.calls[:MOST_AT_ONCE]
    for each in wanted:
        _keep_thoughts(state, each)
    always = await _always(state)
    rules, torn = state.kit.config.tools.policy, _torn(state.answer)
    return plan(wanted, state.tools.by_name, rules, always, torn=torn)


async def _always(state: State) -> Collection[str]:
    """Return the tools that may run unasked, by the word of someone who may approve now."""
    always = always_allowed(await state.turn.fold(), state.turn.agent)
    may = await _approvers(state) if always else None
    if may is not None:
        return {tool for tool, by in always.items() if by in may}
    here = {by: by is None or bool(await state.turn.meant(by)) for by in {*always.values()}}
    return {tool for tool, by in always.items() if here[by]}


async def _approvers(state: State) -> Collection[ParticipantId] | None:
    """Return who may approve calls now; None: anyone who may write."""
    approvers = state.kit.config.tools.approvers
    if not approvers:
        return None
    return {who for each in approvers for who in await state.turn.meant(each)}


def _torn(answer: Answer) -> Wanted | None:
    """Return the call that a model was writing when it was cut off: it may lack its end."""
    if ending(answer.finish) not in {"cut", "odd"}:
        return None
    last = answer.calls[-1]
    try:
        parse(last.arguments)
    except Malformed:
        return last
    return None if last.arguments.strip() else last


def _keep_thoughts(state: State, wanted: Wanted) -> None:
    answer = state.answer
    state.thoughts.by_call[wanted.call] = Thought(
        model=state.tally.model,
        words=answer.thinking,
        blocks=answer.thoughts,
        extra=wanted.extra,
    )


async def _make(state: State, steps: Sequence[Refusal | Running]) -> AsyncGenerator[Preview | Said]:
    """Take down every call before the first one runs: they were asked for together."""
    if not steps:
        return
    yield state.preview(activity=_activity(steps))
    for step in steps:
        yield state.said(_calling(step.planned))
    for step in steps:
        if isinstance(step, Refusal):
            yield state.said(Returned(call=step.planned.call, result=step.why, failed=True))
    running = [step for step in steps if isinstance(step, Running)]
    seconds = state.kit.config.tools.seconds
    async with aclosing(perform(running, seconds=seconds)) as done_calls:
        async for step, done in done_calls:
            for said in done.said:
                yield state.said(said)
            if done.question is not None and len(state.questions) >= QUESTIONS_AT_ONCE:
                yield state.said(_not_asked(step.planned))
            elif done.question is not None:
                state.questions.append(done.question)
            else:
                call = step.planned.call
                if done.pictures:
                    state.pictures[call] = done.pictures
                yield state.said(Returned(call=call, result=done.text, failed=done.failed))


def _not_asked(planned: PlannedCall) -> Returned:
    """Refuse what is one question too many for people, so that the model can read why."""
    why = (
        f"Not done: at most {QUESTIONS_AT_ONCE} questions are asked at once; ask the rest once "
        "these are answered."
    )
    return Returned(call=planned.call, result=why, failed=True)


def _calling(planned: PlannedCall) -> Calling:
    return Calling(call=planned.call, name=planned.name, arguments=planned.arguments)


def _activity(steps: Sequence[Refusal | Running]) -> str:
    return "using " + ", ".join(dict.fromkeys(step.planned.name for step in steps))


# -- asking whether a call may run ----------------------------------------------------------------


def _approval(state: State, planned: PlannedCall, deciders: Sequence[ParticipantId]) -> Asking:
    hours = state.kit.config.tools.approval_hours
    return approval(
        planned,
        to=deciders,
        expires_at=state.turn.clock.now() + timedelta(hours=hours) if hours else None,
    )


async def _deciders(state: State) -> tuple[ParticipantId, ...] | None:
    """Return who may decide: () for anyone who may write, None where nobody who may is here.

    Whoever only reads here is asked nothing: the call would wait for them for ever.
    """
    approvers = state.kit.config.tools.approvers
    if not approvers:
        return ()
    meant = [await state.turn.meant(each) for each in approvers]
    fold = await state.turn.fold()
    may = (who for each in meant for who in sorted(each) if may_do(fold, who, commands.Answer))
    found = dict.fromkeys(may)
    return tuple(found) or None


def _not_theirs(state: State) -> str:
    meant = ", ".join(state.kit.config.tools.approvers)
    return (
        f"This call was not made: only {meant} may approve it, and whoever approved it is not one"
        " of them now. Make it again, and they are asked."
    )


def _nobody_decides(state: State) -> str:
    meant = ", ".join(state.kit.config.tools.approvers)
    return (
        f"This call was not made: only {meant} may approve it, and they take no part in this "
        "session. Tell people so: one of them has to write here first."
    )
