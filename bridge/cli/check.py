"""`bridge check-config`: everything that is wrong with the configuration, at once."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bridge.config import Config, load
from bridge.errors import ConfigError


def check(file: Path | None, environ: Mapping[str, str], *, as_json: bool) -> bool:
    """Print what was found; return whether the bridge could run with it."""
    config: Config | None = None
    problems: tuple[str, ...] = ()
    try:
        config = load(file, environ)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        found = {"ok": config is not None, "problems": list(problems)}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif config:
        sys.stdout.write(_summary(config))
    else:
        sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return config is not None


def _summary(config: Config) -> str:
    channels = ", ".join(f"{name} ({each.label})" for name, each in config.channels.items())
    return (
        f"{config.file or 'no file, the defaults'}: fine\n"
        f"  data      {config.data}\n"
        f"  store     {config.store.type}\n"
        f"  agent     {config.agent}\n"
        f"  channels  {channels or 'browser and terminal'}\n"
    )
