"""A YAML file as written: its values, and the line of each key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bridge.domain.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""Where a value stands: ("http", "port") for `http.port`, ("allow", 0) for `allow[0]`."""


def dotted(path: KeyPath) -> str:
    """Return a path as people write it: `channels.work.allow[0]`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).lstrip(".")


@dataclass(slots=True, kw_only=True)
class Problems:
    """Everything that is wrong with one file, each with its line and key.

    `broken`: where something from outside the file could not be put in place, so that whatever
    else is wrong there is no fault of its own.
    """

    file: Path | None
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    broken: set[KeyPath] = field(default_factory=set)

    def add(self, path: KeyPath, message: str) -> None:
        where = self.place(path)
        self.found.append(f"{where}: {message}" if where else message)

    def is_broken(self, path: KeyPath) -> bool:
        return any(path[: len(each)] == each for each in self.broken)

    def place(self, path: KeyPath) -> str:
        line = self.lines.get(self.written(path))
        file = f"{self.file}:{line}" if self.file and line else str(self.file or "")
        return ": ".join(part for part in (file, dotted(path)) if part)

    def raise_any(self) -> None:
        if self.found:
            raise ConfigError(*self.found)

    def written(self, path: KeyPath) -> KeyPath:
        """Return the nearest key, at or above `path`, that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's mapping, and in which line (from 1) each of its keys and items stands."""

    root: dict[str, Any]
    lines: Mapping[KeyPath, int]


def read(file: Path) -> Document:
    """Read and parse one file. Raises `ConfigError` with every problem of its form."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8; save it as UTF-8 text") from error
    return parse(text, file)


def parse(text: str, file: Path) -> Document:
    """Parse the text of `file`. Raises `ConfigError` with every problem of its form."""
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax(file, error)) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not YAML: {error}") from error
    except RecursionError:
        raise ConfigError(f"{file}: holds more lists in lists than can be read") from None
    if node is None:
        raise ConfigError(f"{file}: is empty; write a setting into it or remove it")
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{file}: should be a mapping of settings, such as `agent: echo`")
    return _built(node, file)


def _built(node: yaml.MappingNode, file: Path) -> Document:
    builder = _Builder(Problems(file=file))
    root = builder.value(node, ())
    builder.problems.raise_any()
    return Document(root=root, lines=builder.lines)


def _syntax(file: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line = f":{mark.line + 1}" if mark else ""
    why = " ".join(part for part in (error.context, error.problem) if part)
    return f"{file}{line}: is not YAML: {why}"


class _Loader(yaml.SafeLoader):
    """YAML without dates (a date here is a text) and without aliases (they can grow forever)."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_mark()
            raise yaml.MarkedYAMLError(problem="aliases are not used here", problem_mark=mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Builder:
    """Turns nodes into plain values, noting lines and finding keys that are doubled or no text."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.lines: dict[KeyPath, int] = {}
        self.problems.lines = self.lines
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self._item(item, (*path, at)) for at, item in enumerate(node.value)]
            case _:
                return self._scalar(node, path)

    def _item(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.value(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            here = (*path, name)
            if here in self.lines:
                first = self.lines[here]
                self.lines[here] = key.start_mark.line + 1
                self.problems.add(here, f"is here twice, the first time in line {first}")
            self.lines[here] = key.start_mark.line + 1
            built[name] = self.value(value, here)
        return built

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.problems.add(path, f"the value {node.tag} is not understood; write it in quotes")
            return None
