"""Which models answer: what the session chose or the config names, then those that stand in."""

from agents.litellm.config import LitellmConfig, ModelSection
from bridge.session.fold import Session, setting_key

MODEL = "model"
"""The session's setting, as `/model` changes it."""

DEFAULT = "default"


def chosen(config: LitellmConfig, session: Session) -> ModelSection:
    return section(config, session.settings.get(setting_key("session", "", MODEL), "").strip())


def section(config: LitellmConfig, name: str) -> ModelSection:
    """Return the model that a name means here."""
    if name in {"", DEFAULT, config.model}:
        return config
    return config.choices.get(name) or _other(config, name)


def _other(config: LitellmConfig, name: str) -> ModelSection:
    """Return a model that the config does not name: at the same place if of the same provider.

    A key is never sent to another provider than the one it is for.
    """
    same = name.partition("/")[0] == config.model.partition("/")[0] and "/" in name
    return ModelSection(
        model=name,
        api_base=config.api_base if same else None,
        api_key=config.api_key if same else None,
        max_output_tokens=config.max_output_tokens,
        reasoning_effort=config.reasoning_effort,
        context_tokens=config.context_tokens,
    )


def named(config: LitellmConfig) -> tuple[str, ...]:
    """Return the names that the config gives models to choose from; the usual model is first."""
    return (config.model, *(name for name in config.choices if name != config.model))


def models(config: LitellmConfig, session: Session) -> tuple[ModelSection, ...]:
    """Return the models to ask, in order: the usual one stands in for one that was chosen."""
    first = chosen(config, session)
    others = (config, *config.fallbacks)
    return (first, *(each for each in others if each.model != first.model))
