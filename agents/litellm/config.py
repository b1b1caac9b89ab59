"""What the config says of a model, its bounds and its tools."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from agents.tools.mcp import McpSection
from agents.tools.policy import Rule
from bridge.plugins import Section

Effort = Literal["none", "minimal", "low", "medium", "high"]
Positive = Annotated[int, Field(gt=0)]
Builtin = Literal[
    "ask_human",
    "push",
    "remember",
    "recall",
    "fetch_url",
    "schedule",
    "schedules",
    "unschedule",
    "background",
    "background_work",
    "stop_background",
]
BUILTIN: tuple[Builtin, ...] = get_args(Builtin)


def _address(value: str) -> str:
    """Let through what can be asked over HTTP. Raises `ValueError`."""
    with suppress(ValueError):
        parts = urlsplit(value)
        if parts.scheme in {"http", "https"} and parts.hostname and not re.search(r"\s", value):
            return value
    raise ValueError(
        f"{value!r} is not the address of a server: it begins with http:// or https://, such as "
        "http://127.0.0.1:11434"
    )


class ModelSection(Section):
    """A model by its litellm name, and how to reach it.

    `context_tokens` is what it is shown at most, `max_output_tokens` what it may write at once;
    left out, they are what litellm knows of it. `extra` goes to litellm as it is.
    """

    model: Annotated[str, Field(min_length=1)]
    api_base: Annotated[str, AfterValidator(_address)] | None = None
    api_key: str | None = None
    context_tokens: Positive | None = None
    max_output_tokens: Positive | None = None
    reasoning_effort: Effort | None = None
    temperature: float | None = None
    images: bool | None = None
    extra: Mapping[str, Any] = {}


def _section(value: Any) -> Any:
    """Read a model that is written as its name alone."""
    return {"model": value} if isinstance(value, str) else value


Named = Annotated[ModelSection, BeforeValidator(_section)]
_MEANT = re.compile(r"owner|p_\w+|.+:\S+")


def _meant(value: str) -> str:
    """Let through what means one person for good. Raises `ValueError` for a name."""
    if _MEANT.fullmatch(value):
        return value
    raise ValueError(
        f"{value!r} is a name, and anyone may choose a name: write `owner`, an id that "
        "`bridge people` shows, or an account such as `telegram:42`"
    )


Meant = Annotated[str, AfterValidator(_meant)]
ServerName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,23}$")]


class ToolsSection(Section):
    """`functions` are names of the entry point group `bridgehead.tools`, or `module:function`.

    `approvers` are those who may approve calls, by role or id; of those only who takes part in the
    session is asked, and where none does the call is refused. Left out: anyone who may write.
    `seconds` is how long one call may take, `longest_result` how many characters of its result
    the model is shown.
    """

    builtin: tuple[Builtin, ...] = BUILTIN
    functions: tuple[str, ...] = ()
    mcp: Mapping[ServerName, McpSection] = {}
    policy: tuple[Rule, ...] = ()
    approvers: tuple[Meant, ...] = ()
    approval_hours: Annotated[float, Field(gt=0)] | None = None
    seconds: Annotated[float, Field(gt=0)] = 120
    longest_result: Positive = 20_000


class LitellmConfig(ModelSection):
    """A model with those that stand in for it, its instructions, its bounds and its tools.

    `choices` are the models that `/model` can choose by a name of ours; it also takes any litellm
    name. `max_cost` is in US dollars, for one run, as are the other bounds.
    """

    fallbacks: tuple[Named, ...] = ()
    choices: Mapping[str, Named] = {}
    system_prompt: str = ""
    system_prompt_file: str | None = None
    transcription: Named | None = None
    max_steps: Positive = 40
    max_seconds: Annotated[float, Field(gt=0)] = 1800
    max_cost: Annotated[float, Field(gt=0)] = 2.0
    max_tokens: Positive = 2_000_000
    stall_seconds: Annotated[float, Field(gt=0)] = 90
    tries: Annotated[int, Field(gt=0, le=10)] = 3
    tools: ToolsSection = ToolsSection()
