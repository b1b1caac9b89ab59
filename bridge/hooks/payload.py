"""What a hook is sent: read once, bounded in size, depth and number before anything else. Pure."""

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl

from bridge.domain.json_values import STRING, has_more_than

Payload = Any
"""JSON: objects, lists, texts, numbers, true, false, null."""

DEEPEST = 64
MOST_VALUES = 20_000
LONGEST_NUMBER = 40
"""Characters of a number; longer ones are no measure of anything, and slow to read."""

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
FIELD = "payload"
"""The field of a form that holds the JSON, where a platform sends one."""

_STRING = re.compile(STRING, re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


class Malformed(Exception):
    """What was sent cannot be read; the text says why, and holds nothing of it."""


def takes(content_type: str, *, forms: bool) -> bool:
    """Say whether a body of this type is read: JSON in UTF-8; also a form, with `forms`."""
    media, _, parameters = content_type.partition(";")
    media = media.strip().lower()
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if charset not in ("", "utf-8", "utf8"):
        return False
    is_json = media == JSON or (media.startswith("application/") and media.endswith("+json"))
    return is_json or (forms and media == FORM)


def read(body: bytes, content_type: str) -> Payload:
    """Return what a body says. Raises `Malformed`."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    if content_type.partition(";")[0].strip().lower() == FORM:
        return _form(text)
    return _json(text)


def _form(text: str) -> Payload:
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise Malformed("the form has too many fields") from None
    named = _object(fields)
    return _json(named[FIELD]) if FIELD in named else named


def _json(text: str) -> Payload:
    raw = text.encode("utf-8", "replace")
    if has_more_than(MOST_VALUES, raw):
        raise Malformed(f"the body holds more than {MOST_VALUES} values")
    if _depth(text) > DEEPEST:
        raise Malformed(f"the body is nested deeper than {DEEPEST} levels")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            raise Malformed(f"the body is no JSON: see character {error.pos}") from None
        raise Malformed(str(error) or "the body is no JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """Return an object. Of a key that is there twice nobody knows which value was checked."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("an object of the body has a key twice")
    return found


def _integer(text: str) -> int:
    _check_number(text)
    return int(text)


def _float(text: str) -> float:
    _check_number(text)
    if not isfinite(found := float(text)):
        raise Malformed("the body has a number that is too large")
    return found


def _check_number(text: str) -> None:
    if len(text) > LONGEST_NUMBER:
        raise Malformed("the body has a number that is too long")


def _constant(_: str) -> None:
    raise Malformed("the body has a number that is none: NaN or Infinity")


def _depth(text: str) -> int:
    """Return how deep the brackets go, outside of strings, without reading any deeper."""
    deepest = depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
