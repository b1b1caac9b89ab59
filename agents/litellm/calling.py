"""What is done about the calls of a step: which are run, which refused, which asked about.

`plan` decides without I/O; `perform` runs calls side by side, and leaves none running.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.characters import whole
from agents.litellm.pieces import Wanted
from agents.tools.policy import Rule, verdict
from agents.tools.tool import Call, Done, Malformed, Tool, ToolError, parse
from bridge.events import PlannedCall

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
    call: Call
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
    try:
        arguments = parse(wanted.arguments)
        written = whole(json.dumps(arguments, ensure_ascii=False, allow_nan=False))
        arguments = parse(written)
    except (Malformed, ValueError, RecursionError) as error:
        why = f"The arguments are not a JSON object ({error}). Nothing was done. Write them again."
        return _refused(wanted, why)
    planned = PlannedCall(call=wanted.call, name=_name(wanted), arguments=written)
    tool = tools.get(wanted.name)
    if tool is None:
        known = ", ".join(sorted(tools)) or "none"
        return Refusal(planned=planned, why=f"There is no tool of this name. There are: {known}")
    call = Call(call=wanted.call, name=wanted.name, arguments=arguments)
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
