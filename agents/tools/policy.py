"""Which call may run: allow, ask or deny, sans I/O.

The rules:

- A `deny` that matches a call decides, wherever it stands. Else the first rule that matches does;
  without one, a read-only tool is allowed, and any other is asked about. Only a `deny` of every
  tool, without `when`, waits for the others: it stands for whatever none of them matches.
- A rule matches by the tool's name and, with `when`, by its arguments: shell patterns (`*`, `?`,
  `[a-z]`) over their whole text. A nested argument is named with dots: `file.path`. What is not a
  text is matched as JSON.
- An argument that is not there matches nothing. Of a list, `allow` needs every item to match, and
  `ask` and `deny` only one.
- In an `allow`, `*`, `?` and `[…]` stand for no character that a shell takes for more than a
  letter (`CONTROLS`) and for no line break: `git status*` does not match `git status; rm -rf /`.
  What the pattern itself spells out is matched. `shell: any` lifts this, for what no shell reads.
- No `allow` ever matches a text with a `..` in its path: a pattern sees the text, not the file.
- An `allow` has to match a text as it is and in its normal form (NFKC). For `ask` and `deny` one of
  the two is enough, and there neither case, nor how many blanks, nor invisible characters count.
- "Always", once chosen for a tool in a session, turns its asking into allowing; never a `deny`.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.tools.tool import Arguments
from bridge.plugins import Section

Verdict = Literal["allow", "ask", "deny"]

CONTROLS = ";|&$`<>(){}!^%"
"""Characters that make a shell do more than run one program with these words."""

_BREAKS = "\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029"
_NEVER = f"[{re.escape(CONTROLS)}{_BREAKS}]"
_OTHER = f"[^{re.escape(CONTROLS)}{_BREAKS}]"
_WILD = re.compile(r"\[[!^]?\]?[^\]]*\]|\?|.", re.DOTALL)
_INVISIBLE = {"Cf", "Cc", "Mn", "Me"}

_UPWARDS = re.compile(r"(^|[/\\])\.\.([/\\]|$)")


class Rule(Section):
    """What is done about the calls that match: of `tool`, with arguments as in `when`.

    `shell: any` lets the patterns of an `allow` stand for what a shell would take for an order.
    """

    tool: Annotated[str, Field(min_length=1)]
    when: Mapping[str, str] = {}
    shell: Literal["none", "any"] = "none"
    do: Verdict

    @property
    def is_for_the_rest(self) -> bool:
        return self.do == "deny" and not self.when and not self.tool.strip("*")


def verdict(
    rules: Sequence[Rule],
    tool: str,
    arguments: Arguments,
    *,
    read_only: bool,
    always: Collection[str] = (),
) -> Verdict:
    """Say what is to be done about a call. `always`: the tools of which someone said so."""
    matching = [rule for rule in rules if _matches(rule, tool, arguments)]
    chosen = [rule.do for rule in matching if not rule.is_for_the_rest]
    rest: tuple[Verdict, ...] = ("deny",) if len(chosen) < len(matching) else ()
    found = "deny" if "deny" in chosen else next(iter([*chosen, *rest]), None)
    decided: Verdict = found or ("allow" if read_only else "ask")
    return "allow" if decided == "ask" and tool in always else decided


def _matches(rule: Rule, tool: str, arguments: Arguments) -> bool:
    return _matches_name(rule, tool) and all(
        _fits(_at(arguments, path), pattern, rule) for path, pattern in rule.when.items()
    )


def _matches_name(rule: Rule, tool: str) -> bool:
    return fnmatchcase(tool, rule.tool) if rule.do == "allow" else _is_like(tool, rule.tool)


def _at(arguments: Any, path: str) -> Any:
    """Return the argument at a dotted path, None if it is not there."""
    for name in path.split("."):
        arguments = arguments.get(name) if isinstance(arguments, Mapping) else None
    return arguments


def _fits(value: Any, pattern: str, rule: Rule) -> bool:
    match value:
        case None:
            return False
        case list():
            fitting = [_fits(each, pattern, rule) for each in value]
            return bool(fitting) and (all(fitting) if rule.do == "allow" else any(fitting))
        case str():
            return _fits_text(value, pattern, rule)
        case _:
            return _fits_text(json.dumps(value, ensure_ascii=False), pattern, rule)


def _fits_text(text: str, pattern: str, rule: Rule) -> bool:
    if rule.do != "allow":
        return _is_like(text, pattern)
    is_fit = fnmatchcase if rule.shell == "any" else _is_harmless
    return all(
        is_fit(each, pattern) and not _UPWARDS.search(each)
        for each in {text, unicodedata.normalize("NFKC", text)}
    )


def _is_like(text: str, pattern: str) -> bool:
    """Say whether a text matches as it is, or as people would read it."""
    return fnmatchcase(text, pattern) or fnmatchcase(_read(text), _read(pattern))


def _read(text: str) -> str:
    """Return a text without what a reader passes over: case, dress, blanks, invisible letters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(
            " " if char.isspace() else char
            for char in decomposed
            if char.isspace() or unicodedata.category(char) not in _INVISIBLE
        )
    return " ".join(plain.split())


# -- patterns that no shell can be slipped into ---------------------------------------------------


def _is_harmless(text: str, pattern: str) -> bool:
    return _harmless(pattern).fullmatch(text) is not None


@lru_cache(maxsize=512)
def _harmless(pattern: str) -> re.Pattern[str]:
    """Return a pattern's expression. Groups are atomic, so that it never tries for long."""
    first, *others = pattern.split("*") if "[" not in pattern else _split(pattern)
    found = [_segment(first)]
    found += [f"(?>{_OTHER}*?{_segment(each)})" for each in others[:-1] if each]
    found += [f"{_OTHER}*{_segment(each)}" for each in others[-1:]]
    return re.compile("".join(found), re.DOTALL)


def _split(pattern: str) -> Iterator[str]:
    """Yield what stands between the stars, of which one in brackets is none."""
    segment = ""
    for wild in _WILD.findall(pattern):
        if wild == "*":
            yield segment
            segment = ""
        else:
            segment += wild
    yield segment


def _segment(segment: str) -> str:
    return "".join(_one(wild) for wild in _WILD.findall(segment))


def _one(wild: str) -> str:
    if wild == "?":
        return _OTHER
    if len(wild) > 1:
        return f"(?!{_NEVER}){translate(wild)[4:-3]}"
    return re.escape(wild)
