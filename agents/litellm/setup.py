"""How a model gets into a configuration: what a first run finds, and what `bridge add model` asks.

Without a configuration a key in the environment or a model at home is found: `suggest` decides
without I/O; `local_models` asks the Ollama of this machine, if there is one. What `bridge add` is
answered is tried before it is written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agents.litellm.client import prepare, try_out
from agents.litellm.config import LitellmConfig
from agents.litellm.failure import Unanswered
from bridge.domain.errors import ConfigError
from bridge.plugins import Ask, Setup, Suggestion, Verified

KEYS: Mapping[str, str] = {
    "ANTHROPIC_API_KEY": "anthropic/claude-sonnet-5-5",
    "OPENAI_API_KEY": "openai/gpt-6.1-terra",
    "GEMINI_API_KEY": "gemini/gemini-flash-latest",
    "MISTRAL_API_KEY": "mistral/mistral-medium-latest",
    "XAI_API_KEY": "xai/grok-4.20",
    "GROQ_API_KEY": "groq/openai/gpt-oss-120b",
    "DEEPSEEK_API_KEY": "deepseek/deepseek-flash",
}
"""By the variable that litellm reads itself: the model that is good at tools and fairly priced."""

OLLAMA_HOST, OLLAMA_PORT = "127.0.0.1", 11434
OLLAMA_SECONDS = 0.5
"""A machine at home answers at once, or has none."""

PREFERRED = ("qwen", "gpt-oss", "llama", "mistral", "gemma")
"""Families of local models, those first that are better at tools."""

UNFIT = ("embed", "minilm", "bge-", "rerank")
"""Parts of the names of models that do not talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalModel:
    """A model that an Ollama has. `size` is in bytes."""

    name: str
    size: int = 0


def suggest(environ: Mapping[str, str]) -> Suggestion | None:
    """Return the section of a model that can be reached, and why that one; None if there is none.

    A key comes first: who has put one there means it. Else the machine itself is asked.
    """
    for variable, model in KEYS.items():
        if environ.get(variable, "").strip():
            return Suggestion(
                options={"model": model},
                why=f"{model}, because {variable} is in the environment",
                secrets={"api_key": variable},
            )
    base = ollama_base(environ)
    found = best(local_models(base))
    if found is None:
        return None
    return Suggestion(
        options={"model": f"ollama_chat/{found}", "api_base": base},
        why=f"{found}, because an Ollama at {base} has it",
    )


def best(models: Sequence[LocalModel]) -> str | None:
    """Return the model to take: of the family that is best at tools, the largest."""
    able = [each for each in models if not any(part in each.name for part in UNFIT)]
    ranked = sorted(able, key=lambda each: (_rank(each.name), -each.size, each.name))
    return ranked[0].name if ranked else None


def _rank(name: str) -> int:
    return next((n for n, family in enumerate(PREFERRED) if family in name), len(PREFERRED))


def ollama_base(environ: Mapping[str, str]) -> str:
    """Return where the Ollama of this machine listens, as Ollama's own variables say it."""
    named = environ.get("OLLAMA_API_BASE") or environ.get("OLLAMA_HOST") or ""
    parts = urlsplit(named if "//" in named else f"http://{named}")
    host = parts.hostname or OLLAMA_HOST
    port = parts.port or (443 if parts.scheme == "https" else OLLAMA_PORT)
    here = OLLAMA_HOST if host == "0.0.0.0" else host  # noqa: S104 - read, not bound
    return f"{parts.scheme}://{here}:{port}"


def local_models(base: str) -> Sequence[LocalModel]:
    """Return the models of an Ollama; none where there is no Ollama, or it is not on this net."""
    parts = urlsplit(base)
    if parts.scheme != "http":
        return ()
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=OLLAMA_SECONDS)
    try:
        connection.request("GET", "/api/tags")
        answer = json.loads(connection.getresponse().read(1_000_000))
        return [_local(each) for each in answer["models"]]
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError):
        return ()
    finally:
        connection.close()


def _local(each: Mapping[str, object]) -> LocalModel:
    size = each.get("size")
    return LocalModel(name=str(each["name"]), size=size if isinstance(size, int) else 0)


SECONDS = 60.0

EXAMPLES = "\n".join(f"- `{model}` (its key is called {name})" for name, model in KEYS.items())

INTRO = f"""\
A model is named as litellm names it: the provider, a slash, the model. For example:

{EXAMPLES}
- `ollama_chat/qwen3:8b` (a model on this machine; no key)
- `openai/anything`, with an address of your own that speaks like OpenAI
"""

ASKS = (
    Ask(
        key="model",
        prompt="Model",
        hint="The provider, a slash, and the model's name.",
        default=next(iter(KEYS.values())),
    ),
    Ask(
        key="api_key",
        prompt="API key",
        hint="From the provider's site. Leave it empty for a local model.",
        secret=True,
        optional=True,
    ),
    Ask(
        key="api_base",
        prompt="Address of the model's server",
        hint="Only for a server of your own; leave it empty for a provider.",
        optional=True,
    ),
)


async def verify(answers: Mapping[str, str]) -> Verified:
    """Let the model say one word. Raises `ConfigError` with what is wrong."""
    given = {key: value for key, value in answers.items() if value}
    try:
        section = LitellmConfig.model_validate(given)
    except ValidationError as error:
        raise ConfigError("; ".join(_plain(each) for each in error.errors())) from error
    await prepare()  # what is timed is the model's answer, not the import before it
    try:
        await try_out(section, seconds=SECONDS, now=_now)
    except Unanswered as error:
        raise ConfigError(f"{section.model} does not answer: {error.trouble.reason}") from error
    return Verified(
        account=section.model,
        link="",
        steps=("give it instructions and tools: docs/agents.md says how",),
    )


def _plain(error: ErrorDetails) -> str:
    """Return what is wrong with an answer as a sentence."""
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _now() -> datetime:
    return datetime.now(UTC)


setup = Setup(intro=INTRO, asks=ASKS, verify=verify)
