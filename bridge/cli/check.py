"""`bridge check-config`: everything that is wrong with the configuration, at once."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bridge.config import Config, load
from bridge.errors import ConfigError
from bridge.health import agent_checks


def check(
    file: Path | None, environ: Mapping[str, str], *, as_json: bool, deep: bool = False
) -> bool:
    """Print what was found; return whether the bridge could run with it and answer.

    With `deep` each model is asked for a word.
    """
    config: Config | None = None
    problems: tuple[str, ...] = ()
    try:
        config = load(file, environ)
    except ConfigError as error:
        problems = error.problems
    else:
        problems = _agents(config, environ, deep=deep)
    if as_json:
        found = {"ok": not problems, "problems": list(problems)}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif config and not problems:
        sys.stdout.write(_summary(config))
    else:
        sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return not problems


def _agents(config: Config, environ: Mapping[str, str], *, deep: bool) -> tuple[str, ...]:
    found = asyncio.run(agent_checks(config.agents, environ, deep=deep))
    where = config.file or "no file, the defaults"
    return tuple(
        f"{where}: {each.name}: {each.detail} → {each.fix}" for each in found if not each.ok
    )


def _summary(config: Config) -> str:
    channels = ", ".join(f"{name} ({each.label})" for name, each in config.channels.items())
    return (
        f"{config.file or 'no file, the defaults'}: fine\n"
        f"  data      {config.data}\n"
        f"  store     {config.store.type}\n"
        f"  agent     {config.agent}\n"
        f"  channels  {channels or 'browser and terminal'}\n"
    )
