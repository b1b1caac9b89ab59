"""The tools by which an agent works in the background: begins something, lists it, stops it.

They work on what the run knows (`Underway`) and do nothing by themselves, as those in
`agents.tools.builtin`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agents.tools.schema import read, schema_of
from agents.tools.tool import Done, Tool, ToolCall, ToolError
from bridge.background_texts import shortened
from bridge.delivery.call_display import visible
from bridge.domain.errors import Refused
from bridge.domain.run_output import Delegating
from bridge.session.decide_background import LONGEST_TASK, LONGEST_TOLD

BACKGROUND = frozenset({"background", "background_work", "stop_background"})
"""Of the tools here: they bring nothing from outside."""


def _anything(_: Delegating) -> None:
    """Find nothing wrong with it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something under way, by the id that its agent gave it; `own`: this agent began it."""

    work: str
    task: str
    seconds: float
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """What works in the background. `is_child`: this very run does.

    `check` raises `Refused` for what may not be begun or stopped.
    """

    pieces: tuple[Piece, ...] = ()
    is_child: bool = False
    check: Callable[[Delegating], object] = _anything


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Background(_Arguments):
    task: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_TASK,
            description="What is to be done, and what the report is to say.",
        ),
    ]
    told: Annotated[
        str,
        Field(
            max_length=LONGEST_TOLD,
            description="All that it has to know for it: it sees nothing of this conversation.",
        ),
    ] = ""


class _Work(_Arguments):
    pass


class _Stop(_Arguments):
    id: Annotated[str, Field(max_length=200, description="As `background_work` tells it.")]


def background_tools(underway: Underway, *, outside: bool) -> tuple[Tool, ...]:
    """Return the tools. `outside`: the run has read what comes from nobody in the session."""

    async def begin(call: ToolCall) -> Done:
        wanted = read(_Background, call)
        said = Delegating(
            work=call.call.removeprefix("k_"), task=wanted.task, told=wanted.told, outside=outside
        )
        return _said(underway, said, f"It works in the background now ({said.work}).")

    async def list_all(call: ToolCall) -> Done:
        read(_Work, call)
        return Done(text=_listed(underway))

    async def stop(call: ToolCall) -> Done:
        said = Delegating(work=read(_Stop, call).id)
        return _said(underway, said, "It is stopped, and reports nothing.")

    return (
        Tool(name="background", description=BEGIN, schema=schema_of(_Background), run=begin),
        Tool(
            name="background_work",
            description=LIST,
            schema=schema_of(_Work),
            run=list_all,
            read_only=True,
        ),
        Tool(
            name="stop_background",
            description=STOP,
            schema=schema_of(_Stop),
            run=stop,
            read_only=True,  # it takes back what this agent began itself, no more
        ),
    )


BEGIN = (
    "Let a copy of yourself do something in the background that takes long, such as research or a "
    "build, while you go on here. It knows only what you write here. You are told its report once "
    "it is done; several may work at once. It asks people here for approval as you do."
)
LIST = "List what works in the background of this session, and since when."
STOP = "Stop something that you began with `background`: it reports nothing then."


def _said(underway: Underway, said: Delegating, text: str) -> Done:
    try:
        underway.check(said)
    except Refused as refused:
        raise ToolError(str(refused)) from refused
    return Done(text=text, said=(said,))


def _listed(underway: Underway) -> str:
    lines = [
        f"- {visible(each.work)}: for {each.seconds / 60:.0f} minutes"
        f"{', begun by you' if each.own else ''}: {visible(shortened(each.task))!r}"
        for each in underway.pieces
    ]
    return "\n".join(lines) or "Nothing works in the background."
