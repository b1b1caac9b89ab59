"""Which call may run: allow, ask or deny, sans I/O.

The rules:

- A `deny` that matches a call decides, wherever it stands. Else the first rule that matches does;
  without one, a read-only tool is allowed, and any other is asked about. Only a `deny` of every
  tool, without `when`, waits for the others: it stands for whatever none of them matches.
- A rule matches by the tool's name and, with `when`, by its arguments: shell patterns (`*`, `?`,
  `[a-z]`) over their whole text. A nested argument is named with dots: `file.path`. What is not a
  text is matched as JSON.
- An argument that is not there matches nothing. Of a list, `allow` needs every item to match;
  for `ask` and `deny` one is enough, or what the texts in it make with blanks between them: a
  program and its arguments.
- In an `allow`, `*`, `?` and `[…]` stand for no character that a shell takes for more than a
  letter (`CONTROLS`) and for no line break: `git status*` does not match `git status; rm -rf /`.
  What the pattern itself spells out is matched. `shell: any` lifts this, for what no shell reads.
- No `allow` ever matches a text with a `..` in its path, quoted (`'.'.`) or as a pattern of file
  names (`.?`) neither: a pattern sees the text, not the file.
- An `allow` has to match a text as it is and in its normal form (NFKC). For `ask` and `deny` one of
  the two is enough, and there neither case, nor how many blanks, nor invisible characters count,
  nor a shell's quotes and backslashes.
- Of a text that is too long to be read so (`LONGEST_READ`, and characters that stand for words), no
  `allow` matches, and every `ask` and `deny` does.
- "Always", once chosen for a tool in a session, turns its asking into allowing; never a `deny`.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase, translate
from functools import cache, lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.tools.tool import Arguments
from bridge.domain.normal_form import normal
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
_QUOTING = re.compile(r"[\\'\"]")
_QUOTED = re.compile(r"\$?'|\$?\"|\\\n|\\")
"""What begins and ends quotes, also `$'…'` and `$"…"`, and takes the meaning off a character."""
_DOLLAR_QUOTED = re.compile(r"\$'(?:[^'\\]|\\.)*+'", re.DOTALL)
_CODE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|(?:x(?=[0-9a-fA-F]{1,2})|u(?=[0-9a-fA-F])|U(?=[0-9a-fA-F]))"
    r"(?P<hex>(?<=x)[0-9a-fA-F]{1,2}|(?<=u)[0-9a-fA-F]{1,4}|(?<=U)[0-9a-fA-F]{1,8})"
    r"|(?P<letter>[tnrvf]))"
)
_BLANK_OF_A_SHELL = re.compile(r"\$(?:IFS\b|\{IFS\})")
_BETWEEN_PATHS = re.compile(r"[\s/=:,]+")
_GLOB = frozenset("*?[")
LONGEST_STEP = 64
"""Characters of one step of a path that can be a pattern for `..`; a longer one is taken for it."""


LONGEST_READ = 50_000
"""Characters of a text in other alphabets that are brought into their normal form."""
LONG_ONE, MOST_LONG = 4, 1_000
"""Letters that one character may be in its normal form; more stand in a text this often at most."""


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
            if rule.do == "allow":
                return bool(fitting) and all(fitting)
            return any(fitting) or _fits_text(_as_one(value), pattern, rule)
        case str():
            return _fits_text(value, pattern, rule)
        case _:
            return _fits_text(json.dumps(value, ensure_ascii=False), pattern, rule)


def _as_one(items: Sequence[Any]) -> str:
    """Return a list as the one line that a program and its arguments are, or would be."""
    return " ".join(
        each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in items
    )


def _fits_text(text: str, pattern: str, rule: Rule) -> bool:
    if _is_too_long(text):
        return rule.do != "allow"
    if rule.do != "allow":
        return _is_like(text, pattern)
    is_shell = rule.shell != "any"
    is_fit = _is_harmless if is_shell else fnmatchcase
    return all(
        is_fit(each, pattern)
        and not _UPWARDS.search(each)
        and not (is_shell and _climbs_in_a_shell(each))
        for each in {text, normal("NFKC", text)}
    )


def _is_too_long(text: str) -> bool:
    """Say whether a text would be too long in its normal form; one of ASCII stays as it is."""
    if text.isascii():
        return False
    return len(text) > LONGEST_READ or sum(map(len, _long_ones().findall(text))) > MOST_LONG


@cache
def _long_ones() -> re.Pattern[str]:
    long = (
        char
        for char in map(chr, range(0x80, 0x20000))
        if len(unicodedata.normalize("NFKC", char)) > LONG_ONE
    )
    return re.compile(f"[{''.join(long)}]+")


def _climbs_in_a_shell(text: str) -> bool:
    """Say whether a step of a path is `..` for a shell: quoted, or as a pattern of file names."""
    if "." not in text:
        return False
    return any(
        step == ".." or (step[:1] == "." and _may_be_two_dots(step))
        for step in _BETWEEN_PATHS.split(_QUOTING.sub("", text))
    )


def _may_be_two_dots(step: str) -> bool:
    if _GLOB.isdisjoint(step):
        return False
    return len(step) > LONGEST_STEP or fnmatchcase("..", step)


def _is_like(text: str, pattern: str) -> bool:
    """Say whether a text matches as it is, as people would read it, or as a shell would."""
    return (
        fnmatchcase(text, pattern)
        or fnmatchcase(_read(text), _read(pattern))
        or (not _QUOTING.search(pattern) and fnmatchcase(_read(_unquoted(text)), _read(pattern)))
    )


def _spelt_out(text: str) -> str:
    r"""Return a text with the characters that a shell reads in `$'\x72'` instead of their codes."""
    return _DOLLAR_QUOTED.sub(lambda quoted: _CODE.sub(_character, quoted[0]), text)


def _character(code: re.Match[str]) -> str:
    octal, letter = code["octal"], code["letter"]
    if letter:
        return " "
    number = int(octal, 8) & 0xFF if octal else int(code["hex"], 16)
    return chr(number) if number <= sys.maxunicode else ""


def _unquoted(text: str) -> str:
    """Return a text without what a shell takes out of words."""
    return _QUOTED.sub("", _spelt_out(_BLANK_OF_A_SHELL.sub(" ", text)))


@lru_cache(maxsize=16)
def _read(text: str) -> str:
    """Return a text without what a reader passes over: case, dress, blanks, invisible letters."""
    plain = normal("NFKC", normal("NFKC", text).casefold())
    if not plain.isascii():
        decomposed = normal("NFKD", plain)
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
