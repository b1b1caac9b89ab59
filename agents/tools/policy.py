"""Which call may run: allow, ask or deny, sans I/O.

The rules:

- The first rule that matches a call decides. Without one, a read-only tool is allowed, and any
  other is asked about.
- A rule matches by the tool's name and, with `when`, by its arguments: shell patterns (`*`, `?`,
  `[a-z]`) over their whole text. A nested argument is named with dots: `file.path`. What is not a
  text is matched as JSON.
- An argument that is not there matches nothing. Of a list, `allow` needs every item to match, and
  `ask` and `deny` only one.
- No `allow` ever matches a text with a `..` in its path: a pattern sees the text, not the file.
- "Always", once chosen for a tool in a session, turns its asking into allowing; never a `deny`.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.tools.tool import Arguments
from bridge.plugins import Section

Verdict = Literal["allow", "ask", "deny"]

_UPWARDS = re.compile(r"(^|[/\\])\.\.([/\\]|$)")


class Rule(Section):
    """What is done about the calls that match: of `tool`, with arguments as in `when`."""

    tool: Annotated[str, Field(min_length=1)]
    when: Mapping[str, str] = {}
    do: Verdict


def verdict(
    rules: Sequence[Rule],
    tool: str,
    arguments: Arguments,
    *,
    read_only: bool,
    always: Collection[str] = (),
) -> Verdict:
    """Say what is to be done about a call. `always`: the tools of which someone said so."""
    found = next((rule.do for rule in rules if _matches(rule, tool, arguments)), None)
    decided: Verdict = found or ("allow" if read_only else "ask")
    return "allow" if decided == "ask" and tool in always else decided


def _matches(rule: Rule, tool: str, arguments: Arguments) -> bool:
    return fnmatchcase(tool, rule.tool) and all(
        _fits(_at(arguments, path), pattern, rule.do) for path, pattern in rule.when.items()
    )


def _at(arguments: Any, path: str) -> Any:
    """Return the argument at a dotted path, None if it is not there."""
    for name in path.split("."):
        arguments = arguments.get(name) if isinstance(arguments, Mapping) else None
    return arguments


def _fits(value: Any, pattern: str, do: Verdict) -> bool:
    match value:
        case None:
            return False
        case list():
            fitting = [_fits(each, pattern, do) for each in value]
            return bool(fitting) and (all(fitting) if do == "allow" else any(fitting))
        case str():
            climbs = do == "allow" and _UPWARDS.search(value) is not None
            return fnmatchcase(value, pattern) and not climbs
        case _:
            return fnmatchcase(json.dumps(value, ensure_ascii=False), pattern)
