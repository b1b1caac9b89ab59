"""What litellm knows of providers and models, without importing it, which takes seconds.

`KEY_OF` is the variable that litellm itself reads the key of a provider from
(`litellm.validate_environment` and docs.litellm.ai/docs/providers). The names of all providers and
models are read from litellm's own files when they are asked for, which a thread should do.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from agents.litellm.config import ModelSection

KEY_OF: Mapping[str, tuple[str, ...]] = {
    "ai21": ("AI21_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_FEDERATION_RULE_ID"),
    "baseten": ("BASETEN_API_KEY",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "codestral": ("CODESTRAL_API_KEY",),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "dashscope": ("DASHSCOPE_API_KEY",),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "moonshot": ("MOONSHOT_API_KEY",),
    "nebius": ("NEBIUS_API_KEY",),
    "novita": ("NOVITA_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "openai": ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "replicate": ("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN", "TOGETHER_API_KEY"),
    "xai": ("XAI_API_KEY",),
}
"""Any one of them does. Providers with other ways to sign in (Azure, Bedrock) are not here."""

STRICT = ("openai", "anthropic")
"""Their clients want a key also for a server of one's own, which may need none."""

PRICES = "model_prices_and_context_window_backup.json"
TYPES = "types/utils.py"

_ENTRY = re.compile(r'^    "([^"]+)": \{', re.MULTILINE)
_PROVIDER = re.compile(r'^    [A-Z0-9_]+ = "([^"]+)"', re.MULTILINE)


def missing_key(section: ModelSection, environ: Mapping[str, str]) -> str:
    """Return the variable that should hold the key of this model and does not; "" if none."""
    if section.api_key or "api_key" in section.extra:
        return ""
    provider = provider_of(section.model) or next(iter(_maker(section.model)), "")
    if section.api_base and provider not in STRICT:
        return ""
    names = KEY_OF.get(provider, ())
    return "" if any(environ.get(name, "").strip() for name in names) else next(iter(names), "")


def provider_of(model: str) -> str:
    """Return the provider that a name begins with, or "": `openai/x` is OpenAI's."""
    return model.partition("/")[0] if "/" in model else ""


def unknown(section: ModelSection) -> str:
    """Return why litellm cannot know whose model this is, or ""."""
    provider = provider_of(section.model)
    if provider in KEY_OF or section.model in models() or "custom_llm_provider" in section.extra:
        return ""
    if not provider:
        near = suggestions(section.model)
        guess = f"; did you mean {near[0]}?" if near else ""
        return f"{section.model} names no provider: write provider/model{guess}"
    if provider in providers():
        return ""
    near = difflib.get_close_matches(provider, providers(), n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    return f"litellm knows no provider {provider}{guess}"


def suggestions(model: str, most: int = 3) -> list[str]:
    """Return names that litellm lists and that resemble this one."""
    provider = provider_of(model)
    mine = [each for each in models() if not provider or provider_of(each) in {provider, ""}]
    near = difflib.get_close_matches(model, mine, n=most)
    return near or difflib.get_close_matches(model.rpartition("/")[2], mine, n=most)


@cache
def models() -> Collection[str]:
    """Return the names that litellm lists; OpenAI's and Anthropic's also with their provider."""
    listed = set(_ENTRY.findall(_read(PRICES)))
    bare = {each for each in listed if "/" not in each}
    return frozenset(listed | {f"{maker}/{each}" for each in bare for maker in _maker(each)})


def _maker(model: str) -> tuple[str, ...]:
    if model.startswith("claude"):
        return ("anthropic",)
    return ("openai",) if re.match(r"gpt|o\d|chatgpt", model) else ()


@cache
def providers() -> Collection[str]:
    text = _read(TYPES)
    begins = text.find("class LlmProviders(")
    ends = text.find("\nclass ", begins + 1)
    named = _PROVIDER.findall(text[begins:ends]) if begins >= 0 else []
    return frozenset({*named, *KEY_OF, *(provider_of(each) for each in models())})


def _read(name: str) -> str:
    spec = find_spec("litellm")
    if spec is None or not spec.origin:
        return ""
    try:
        return (Path(spec.origin).parent / name).read_text(encoding="utf-8")
    except OSError:
        return ""
