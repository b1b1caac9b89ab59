"""References in a config: what stands outside the file, and is put in place when it is read.

`${NAME}` in a text stands for an environment variable (`$${` for the two characters `${`), and a
mapping whose only key is `file` for what that file holds.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.config.document import KeyPath, Problems

SECRET_FILE_LIMIT = 65_536
"""Bytes; whatever is larger is not a secret but a mistake."""

MOUNTED = (Path("/run/secrets"), Path("/var/run/secrets"))
"""Where container platforms put secrets, readable by everyone inside the container."""

_REFERENCE = re.compile(r"\$(\$)?\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True, kw_only=True)
class Resolver:
    """Puts what references stand for in their place; `referred` says what it put where."""

    environ: Mapping[str, str]
    folder: Path
    problems: Problems
    referred: dict[KeyPath, list[str]] = field(default_factory=dict)

    def resolve(self, value: Any, path: KeyPath = ()) -> Any:
        match value:
            case {"file": str() as file, **rest} if not rest and path:
                return self._put(self._file(file, path), path)
            case dict():
                return {key: self.resolve(item, (*path, key)) for key, item in value.items()}
            case list():
                return [self.resolve(item, (*path, at)) for at, item in enumerate(value)]
            case str() if "${" in value:
                return _REFERENCE.sub(lambda match: self._variable(match, path), value)
            case _:
                return value

    def _variable(self, match: re.Match[str], path: KeyPath) -> str:
        escaped, name = match.groups()
        if escaped:
            return f"${{{name}}}"
        if not _NAME.fullmatch(name):
            self.problems.add(path, f"${{{name}}} is no name of an environment variable")
        elif not self.environ.get(name):
            self.problems.add(path, f"the environment variable {name} is not set; set it")
        return self._put(self.environ.get(name, ""), path)

    def _put(self, value: str, path: KeyPath) -> str:
        self.referred.setdefault(path, []).append(value)
        return value

    def _file(self, written: str, path: KeyPath) -> str:
        file = (self.folder / Path(written).expanduser()).absolute()
        try:
            text = file.read_bytes()[: SECRET_FILE_LIMIT + 1].decode().strip()
            mode = file.stat().st_mode
        except OSError as error:
            self.problems.add(path, f"{file} cannot be read: {error.strerror or error}")
            return ""
        except UnicodeDecodeError:
            self.problems.add(path, f"{file} is not UTF-8 text")
            return ""
        for fault in _faults(file, text, mode):
            self.problems.add(path, fault)
        return text


def _faults(file: Path, text: str, mode: int) -> Iterator[str]:
    if not text:
        yield f"{file} is empty; write the secret into it"
    if len(text) > SECRET_FILE_LIMIT:
        yield f"{file} is too large for a secret"
    open_to_all = os.name == "posix" and mode & (stat.S_IROTH | stat.S_IWOTH)
    if open_to_all and not any(file.is_relative_to(folder) for folder in MOUNTED):
        yield f"{file} is open to every user of this machine; run: chmod 600 {file}"
