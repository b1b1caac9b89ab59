"""Small files that only the bridge's own user may read: made whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from bridge.domain.errors import ConfigError

OWNER_ONLY = 0o600


def read(path: Path, what: str) -> str | None:
    """Return what the file holds, None when there is none; closes it to others.

    Raises `ConfigError` when it cannot be read.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
        path.chmod(OWNER_ONLY)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {what} cannot be read: {error}") from error
    return text


def write(path: Path, what: str, text: str) -> None:
    """Write the file, and never readable by anyone else. Raises `ConfigError`."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w"
        ) as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise ConfigError(f"{path}: {what} cannot be written: {error}") from error
