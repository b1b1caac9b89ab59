"""`bridge list` and `bridge remove`: what the configuration has, and the inverse of `bridge add`.

Only the lines of a section are taken out; what else stands in the file, comments too, stays as it
is written. A configuration that would not load afterwards is left as it was.
"""

import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml
from rich.table import Table
from rich.text import Text

from bridge.cli.add import PLACEHOLDER, answered_by, kept_unless_broken
from bridge.cli.exits import MisusedError
from bridge.cli.render import console
from bridge.cli.safe import json_text, one_line
from bridge.config import data_folder
from bridge.config.document import read
from bridge.config.load import find
from bridge.domain.errors import ConfigError
from bridge.plugins import Kind

PARTS: Mapping[Kind, str] = {"channels": "chat app", "agents": "agent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section of the configuration. `answers`: it is the agent that answers by default."""

    part: Kind
    name: str
    type: str
    answers: bool = False


def parts(root: Mapping[str, Any]) -> list[Part]:
    """Return the chat apps and agents of a configuration, in its order."""
    found: list[Part] = []
    for part in PARTS:
        sections = root.get(part)
        named = sections if isinstance(sections, dict) else {}
        chosen = root.get("agent") or next(iter(named), "")
        for name, section in named.items():
            kind = str(section.get("type", "")) if isinstance(section, dict) else ""
            answers = part == "agents" and name == chosen
            found.append(Part(part=part, name=name, type=kind, answers=answers))
    if not any(each.part == "agents" for each in found):
        found.append(Part(part="agents", name=PLACEHOLDER, type=PLACEHOLDER, answers=True))
    return found


def show(file: Path | None, environ: Mapping[str, str], *, as_json: bool) -> None:
    """Print them. Raises `ConfigError` when the file cannot be read."""
    file = file or find(environ)
    found = parts(read(file).root if file else {})
    if as_json:
        listed = [
            {
                "kind": PARTS[each.part],
                "name": each.name,
                "type": each.type,
                "answers": each.answers,
            }
            for each in found
        ]
        sys.stdout.write(json_text(listed, indent=2) + "\n")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for each in found:
        note = "answers" if each.answers else ""
        words = (PARTS[each.part], each.name, each.type, note)
        table.add_row(*(Text(one_line(word)) for word in words))
    console().print(table)
    if not any(each.part == "channels" for each in found):
        sys.stdout.write("No chat app is connected: `bridge add` connects one.\n")


def remove(name: str, *, file: Path | None, environ: Mapping[str, str], asked: bool) -> None:
    """Take a section out, with its secrets. Raises `MisusedError` and `ConfigError`."""
    target = file or find(environ)
    if target is None:
        raise MisusedError("there is no configuration, so there is nothing to remove")
    root = read(target).root
    gone = _named(name, parts(root), root)
    if asked:
        typer.confirm(f"Remove the {PARTS[gone.part]} {gone.name} from {target}", abort=True)
    others = [each.name for each in parts(root) if each.part == "agents" and each.name != gone.name]
    text = without(target.read_text(encoding="utf-8"), gone.part, gone.name)
    after = ""
    if gone.answers:
        after = others[0] if others else PLACEHOLDER
        text = answered_by(text, after) if others else re.sub(r"(?m)^agent:.*\n?", "", text)
    kept_unless_broken(target, text, environ, f"{gone.name} removed")
    theirs = named_files(root[gone.part][gone.name], target)
    kept = named_files(read(target).root, target)
    secrets = _forget(data_folder(target, environ) / "secrets", theirs - kept, text)
    sys.stdout.write(
        f"{gone.name} is no longer in {target}."
        + (f" {after} answers from now on." if after else "")
        + (f" Its secrets were deleted: {', '.join(secrets)}." if secrets else "")
        + "\nRestart the bridge. What was said stays in its sessions.\n"
    )


def _named(name: str, known: list[Part], root: Mapping[str, Any]) -> Part:
    there = [each for each in known if each.name in (root.get(each.part) or {})]
    found = [each for each in there if name in {each.name, f"{each.part}.{each.name}"}]
    if len(found) == 1:
        return found[0]
    if found:
        raise MisusedError(
            f"two things are called {name!r}: write channels.{name} or agents.{name}"
        )
    listed = ", ".join(each.name for each in there) or "nothing"
    raise MisusedError(f"nothing is called {name!r}; there is: {listed}")


def named_files(value: Any, config: Path) -> frozenset[Path]:
    """Return the files that a part of a configuration takes values from."""
    match value:
        case {"file": str() as written, **rest} if not rest:
            return frozenset({(config.absolute().parent / Path(written).expanduser()).resolve()})
        case dict():
            return frozenset().union(*(named_files(each, config) for each in value.values()))
        case list():
            return frozenset().union(*(named_files(each, config) for each in value))
        case _:
            return frozenset()


def _forget(folder: Path, files: Collection[Path], text: str) -> list[str]:
    """Delete files among the secrets; one that the text still names, in a comment, stays."""
    inside = folder.resolve()
    own = [each for each in files if each.is_relative_to(inside) and each.name not in text]
    for each in own:
        each.unlink(missing_ok=True)
    return sorted(each.name for each in own)


def without(text: str, part: Kind, name: str) -> str:
    """Return the text of a configuration without one section. Raises `ConfigError`."""
    root = yaml.compose(text, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    key, sections = next(pair for pair in root.value if pair[0].value == part)
    if not isinstance(sections, yaml.MappingNode) or sections.flow_style:
        raise ConfigError(f"{part} is written in braces: remove {name} from it by hand")
    pair = next(pair for pair in sections.value if pair[0].value == name)
    rest = _cut(text, *pair)
    is_last = len(sections.value) == 1
    if not is_last or len(root.value) == 1 or _has_comments(rest, key, sections, text):
        return rest
    return _cut(text, key, sections)


def _has_comments(rest: str, key: yaml.Node, block: yaml.Node, text: str) -> bool:
    """Say whether something is left of a block whose only section is gone, such as others at rest.

    Its key stays then, with nothing under it: that is as good as not there.
    """
    gone = text.count("\n") - rest.count("\n")
    lines = rest.split("\n")[key.start_mark.line : block.end_mark.line - gone + 1]
    return any("#" in line for line in lines[:1]) or any(
        line.lstrip().startswith("#") for line in lines[1:]
    )


def _cut(text: str, key: yaml.Node, value: yaml.Node) -> str:
    """Take out the lines of a key and its value; comments after it that are not its own stay."""
    lines = text.splitlines(keepends=True)
    first, last = key.start_mark.line, max(_end(value, lines), key.start_mark.line + 1)
    while last < len(lines) and _is_own_comment(lines[last], key.start_mark.column):
        last += 1
    return "".join([*lines[:first], *lines[last:]])


def _end(value: yaml.Node, lines: list[str]) -> int:
    """Return the line past the last one that holds something of a value."""
    while isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        value = last[1] if isinstance(last, tuple) else last
    line, column = value.end_mark.line, value.end_mark.column
    return line + 1 if line < len(lines) and lines[line][:column].strip() else line


def _is_own_comment(line: str, indent: int) -> bool:
    """Say whether a line after a section is a comment of that section: deeper than its name."""
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) > indent
