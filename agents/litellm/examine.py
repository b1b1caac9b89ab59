"""What can be said of a model's section before anyone asks it something: key, name, programs."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agents import present
from agents.litellm.client import prepare, try_out
from agents.litellm.config import LitellmConfig, ModelSection
from agents.litellm.failure import Unanswered
from agents.litellm.providers import missing_key, unknown
from bridge.ports.health import Check

DEEP_SECONDS = 15.0
PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
SERVER = "start what serves the model there, or correct api_base"


async def examine(
    config: LitellmConfig, environ: Mapping[str, str], *, deep: bool
) -> Sequence[Check]:
    """Return what would keep it from answering; with `deep` each model is asked for a word."""
    sections = _sections(config)
    found = await asyncio.to_thread(_seen, sections, environ)
    found |= await _away([each for each in sections if each.model not in found], environ)
    if deep:
        await prepare()  # what is timed is the model's answer, not the import before it
        fit = [each for each in sections if each.model not in found]
        for section, fault in zip(fit, await asyncio.gather(*map(_tried, fit)), strict=True):
            if fault is not None:
                found[section.model] = fault
    return [*found.values(), *_programs(config, environ)]


def _sections(config: LitellmConfig) -> Sequence[ModelSection]:
    every = (config, *config.fallbacks, *config.choices.values())
    return list({each.model: each for each in reversed(every)}.values())[::-1]


def _seen(sections: Sequence[ModelSection], environ: Mapping[str, str]) -> dict[str, Check]:
    checks = ((each.model, _section(each, environ)) for each in sections)
    return {model: check for model, check in checks if check is not None}


def _section(section: ModelSection, environ: Mapping[str, str]) -> Check | None:
    if why := unknown(section):
        fix = "correct model; docs.litellm.ai/docs/providers has the names"
        return Check(name="model", ok=False, detail=why, fix=fix)
    if variable := missing_key(section, environ):
        detail = f"{section.model} has no API key"
        fix = f"set {variable} where the bridge starts, or api_key in the agent's section"
        return Check(name="key", ok=False, detail=detail, fix=fix)
    return None


async def _away(
    sections: Sequence[ModelSection], environ: Mapping[str, str]
) -> Mapping[str, Check]:
    """Return those whose own server is not there; behind a proxy that cannot be seen from here."""
    if any(environ.get(name) for name in PROXIES):
        return {}
    own = [(each.model, each.api_base) for each in sections if each.api_base]
    found = await asyncio.gather(*(present.address(address) for _, address in own))
    return {
        model: replace(fault, fix=SERVER)
        for (model, _), fault in zip(own, found, strict=True)
        if fault is not None
    }


async def _tried(section: ModelSection) -> Check | None:
    try:
        await try_out(section, seconds=DEEP_SECONDS, now=lambda: datetime.now(UTC))
    except Unanswered as error:
        detail = f"{section.model} does not answer: {error.trouble.reason}"
        fix = "correct the key, the name or the address, then ask again: bridge doctor --deep"
        return Check(name="answer", ok=False, detail=detail, fix=fix)
    return None


def _programs(config: LitellmConfig, environ: Mapping[str, str]) -> Iterator[Check]:
    for name, server in config.tools.mcp.items():
        if server.command is None:
            continue
        given = {key: value.get_secret_value() for key, value in server.env.items()}
        cwd = Path(server.cwd).expanduser() if server.cwd else None
        fault = present.program(server.command, cwd=cwd, environ={**environ, **given})
        if fault is not None:
            yield Check(name=f"MCP server {name}", ok=False, detail=fault.detail, fix=fault.fix)


def why_not(name: str, sections: Sequence[ModelSection]) -> str:
    """Return, for people, why none of an agent's models can answer, or ""."""
    missing = [missing_key(each, os.environ) for each in sections]
    if not missing or not all(missing):
        return ""
    return f"the agent '{name}' has no API key: the owner has to set {missing[0]}"
