"""What `bridge add model` asks, and how it finds out whether the answers are good."""

from collections.abc import Mapping
from datetime import UTC, datetime

from agents.litellm.config import LitellmConfig
from agents.litellm.discover import KEYS
from agents.litellm.failure import Unanswered
from agents.litellm.library import try_out
from bridge.errors import ConfigError
from bridge.plugins import Ask, Setup, Verified

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
    except ValueError as error:
        raise ConfigError(f"the answers do not fit: {error}") from error
    try:
        await try_out(section, seconds=SECONDS, now=_now)
    except Unanswered as error:
        raise ConfigError(f"{section.model} does not answer: {error.trouble.reason}") from error
    return Verified(
        account=section.model,
        link="",
        steps=("give it instructions and tools: docs/agents.md says how",),
    )


def _now() -> datetime:
    return datetime.now(UTC)


setup = Setup(intro=INTRO, asks=ASKS, verify=verify)
