"""Calls that came as words, for whoever serves a model did not know its notation. Pure.

A model is taught to call tools in a notation of its own, which its server is to read. Where it does
not, people would be shown the notation, and nothing would be done. The rules:

- Only what ends an answer is a call, begins a line, is not in code, and names a tool that was
  offered: whoever writes about calls does so in code, or goes on writing. Several may follow each
  other. One that was cut off is none: what is missing may be what it hangs on.
- Such a call is like any other afterwards: the same rules decide whether it is made.

Time is linear in the text.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agents.litellm.prompt import CODE

MOST_TRIED = 20
"""Places of a text at which calls may begin that are looked at, the first ones."""

_DSML = "(?:\uff5c{1,2}DSML\uff5c{1,2})?"
"""What DeepSeek writes in its tags."""

_PAIR = rf"{_DSML}(?:\w{{1,20}}:)?(?:tool_calls?|function_calls?)"
_OPENS = (
    rf"<{_PAIR}>|<function=[\w.-]{{1,200}}>|<{_DSML}invoke name=\"[\w.-]{{1,200}}\">"
    r"|\[TOOL_CALLS\]"
)
_BEGINS = re.compile(rf"(?P<code>{CODE})|^ {{0,3}}(?P<open>{_OPENS})", re.DOTALL | re.MULTILINE)
_BEGUN = re.compile(
    r"(?:\A|\n) {0,3}(?:<[\w:\uff5c]{0,40}(?:=[\w.-]*| name[\w.\"=-]*)?|\[[A-Z_]*)\Z"
)

_BETWEEN = re.compile(rf"(?:\s|</?{_PAIR}>|\[TOOL_CALLS\]|,(?=\s*\{{))*+")
"""What stands around calls, and between them. The first mark of a pair may be missing."""

_FUNCTION = re.compile(r"<function=(?P<name>[\w.-]{1,200})>\s*")
_INVOKE = re.compile(rf"<{_DSML}invoke name=\"(?P<name>[\w.-]{{1,200}})\">\s*")
_ENDS = ((_FUNCTION, re.compile("</function>")), (_INVOKE, re.compile(rf"</{_DSML}invoke>")))
_PARAMETER = re.compile(
    rf"<{_DSML}parameter(?:=|\s+name=\")(?P<key>[\w.-]{{1,200}})\"?[^>\n]{{0,100}}>\n?"
    rf"(?P<value>.*?)\n?</{_DSML}parameter>\s*",
    re.DOTALL,
)
_NAMED = re.compile(r"(?P<name>[\w.-]{1,200})\s*(?=<arg_key>|</tool_call>)")
_ARGUMENT = re.compile(
    r"<arg_key>(?P<key>[^<\n]{1,200})</arg_key>\s*<arg_value>\n?(?P<value>.*?)\n?</arg_value>\s*",
    re.DOTALL,
)
_WITH_ARGUMENTS = re.compile(r"(?P<name>[\w.-]{1,200})\s*(?:\[ARGS\])?\s*(?=\{)")
_LISTED = re.compile(r"\[\s*(?=\{)")
_LIST_ENDS = re.compile(r"\s*\]")
_BLANK = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCall:
    """`arguments` are JSON; values that a notation has no types for are texts."""

    name: str
    arguments: str


def apart(text: str, offered: Collection[str]) -> tuple[str, tuple[WrittenCall, ...]]:
    """Return an answer without the calls that end it, and these."""
    begins = (each for each in _BEGINS.finditer(text) if each["open"])
    for begun in islice(begins, MOST_TRIED):
        calls = _calls(text, begun.start("open"))
        if calls and all(each.name in offered for each in calls):
            return text[: begun.start()].rstrip(), calls
    return text, ()


def so_far(text: str) -> str:
    """Return what may be shown of an unfinished answer: nothing that may yet be a call."""
    for begun in _BEGINS.finditer(text):
        if begun["open"]:
            return text[: begun.start()].rstrip()
    begun_last = _BEGUN.search(text, max(0, len(text) - 250))
    return text if begun_last is None else text[: begun_last.start()].rstrip()


def _calls(text: str, at: int) -> tuple[WrittenCall, ...]:
    """Return the calls that a text is made of from here on; none where it is of anything else."""
    found: list[WrittenCall] = []
    while (at := _end(_BETWEEN, text, at)) < len(text):
        read = _xml(text, at) or _named(text, at) or _json(text, at)
        if read is None:
            return ()
        calls, at = read
        found += calls
    return tuple(found)


Read = tuple[list[WrittenCall], int] | None


def _xml(text: str, at: int) -> Read:
    """Read `<function=…>` (Qwen, Llama) or `<invoke name="…">` (MiniMax, DeepSeek)."""
    for opening, closing in _ENDS:
        if (begun := opening.match(text, at)) is None:
            continue
        values, at = _values(_PARAMETER, text, begun.end())
        if not values and text[at : at + 1] == "{":
            arguments, at = _object(text, at)
            if arguments is None:
                return None
            values, at = arguments, _end(_BLANK, text, at)
        ends = closing.match(text, at)
        return ([_made(begun["name"], values)], ends.end()) if ends else None
    return None


def _named(text: str, at: int) -> Read:
    """Read a name with keys and values (GLM), or with an object (Mistral)."""
    if begun := _NAMED.match(text, at):
        values, at = _values(_ARGUMENT, text, begun.end())
        return ([_made(begun["name"], values)], at) if text.startswith("</", at) else None
    if begun := _WITH_ARGUMENTS.match(text, at):
        arguments, at = _object(text, begun.end())
        return None if arguments is None else ([_made(begun["name"], arguments)], at)
    return None


def _json(text: str, at: int) -> Read:
    """Read an object with a name and arguments, or a list of such (Qwen, Hermes, Mistral)."""
    listed = _LISTED.match(text, at)
    at = listed.end() if listed else at
    told, at = _object(text, at)
    match told:
        case {"name": str(name), "arguments": dict() | str() as arguments}:
            pass
        case {"name": str(name), "parameters": dict() as arguments}:
            pass
        case _:
            return None
    ends = _LIST_ENDS.match(text, at)
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return [WrittenCall(name=name, arguments=written)], ends.end() if ends else at


def _values(each: re.Pattern[str], text: str, at: int) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    while found := each.match(text, at):
        values[found["key"].strip()] = found["value"]
        at = found.end()
    return values, at


def _object(text: str, at: int) -> tuple[dict[str, Any] | None, int]:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at
    return (value, end) if isinstance(value, dict) else (None, at)


def _made(name: str, values: Mapping[str, Any]) -> WrittenCall:
    return WrittenCall(name=name, arguments=json.dumps(values, ensure_ascii=False))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
