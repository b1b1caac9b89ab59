"""The tools' part of a step: calls are taken down, run, and their results taken down."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

from agents.litellm.calling import Plan, Refusal, Running, approved, perform, plan
from agents.litellm.errors import ending
from agents.litellm.pieces import Answer, Wanted
from agents.litellm.state import State
from agents.litellm.wire import Thought
from agents.tools.approval import approval
from agents.tools.tool import Malformed, parse
from bridge import texts
from bridge.commands import Asking
from bridge.consent import always_allowed
from bridge.content import Content
from bridge.events import PlannedCall, Preview
from bridge.ids import ParticipantId
from bridge.notify import QUESTIONS_AT_ONCE
from bridge.ports import Calling, Remark, Returned, Said

MOST_AT_ONCE = 24
"""Calls of one step; a model that wants more has lost its way."""


async def settle(state: State) -> AsyncGenerator[Preview | Said]:
    """Make answers the results of the calls that asked, and run what was approved."""
    for returned in state.page.answers():
        yield state.said(returned)
    rules, tools = state.kit.config.tools.policy, state.tools.by_name
    steps = [approved(each, tools, rules) for each in state.page.approved()]
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
    always = always_allowed(await state.turn.fold())
    rules, torn = state.kit.config.tools.policy, _torn(state.answer)
    return plan(wanted, state.tools.by_name, rules, always, torn=torn)


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
    why = f"Not done: {texts.too_many_questions(QUESTIONS_AT_ONCE)}."
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
    """Return who may decide: () for anyone who may write, None where nobody who may is here."""
    approvers = state.kit.config.tools.approvers
    if not approvers:
        return ()
    meant = [await state.turn.meant(each) for each in approvers]
    here = (await state.turn.fold()).participants
    found = dict.fromkeys(who for each in meant for who in sorted(each) if who in here)
    return tuple(found) or None


def _nobody_decides(state: State) -> str:
    meant = ", ".join(state.kit.config.tools.approvers)
    return (
        f"This call was not made: only {meant} may approve it, and they take no part in this "
        "session. Tell people so: one of them has to write here first."
    )
