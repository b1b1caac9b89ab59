"""Bodies to JSON and back: what the stores keep and what goes over the wire.

The rules:

- What is stored is `{"type": "message_received", "v": 1, …fields}`, compact, in UTF-8; a field
  equal to its default is left out.
- A stored text is read for good. When a body changes its shape, its version goes up by one and
  an upcast from the version before is added to `UPCASTS`; upcasts are chained. Adding a field
  that has a default is no change of shape.
- A type or a version that is not known here was written by a newer bridge: nothing is guessed.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, SchemaSerializer

from bridge.domain.errors import Refused, StoreError
from bridge.domain.events import BODIES, Body, Event, RunFinished

Json = dict[str, Any]
Upcasts = Mapping[tuple[str, int], Callable[[Json], Json]]

UPCASTS: Upcasts = {}
"""From the body of one type and version to the same body one version later."""


def type_name(body: type[Body]) -> str:
    """Return the name of a body in JSON: `message_received`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", body.__name__).lower()


TYPES: Mapping[str, type[Body]] = {type_name(body): body for body in BODIES}
_HEAD = re.compile(r'\{"type":"([a-z_]+)","v":(\d+)[,}]')
_NAMES: Mapping[type[Body], str] = {body: name for name, body in TYPES.items()}


def kind_of(body: Body) -> str:
    """Return the name in JSON of what a body is."""
    return _NAMES[type(body)]


def encode(body: Body, *, upcasts: Upcasts = UPCASTS) -> str:
    """Return what is stored of a body.

    Raises `Refused` when it holds what JSON in UTF-8 cannot: a lone surrogate, or a cost that is
    not a number.
    """
    _finite(body)
    name = kind_of(body)
    try:
        fields = _serializer(name).to_json(body, exclude_defaults=True).decode()
    except PydanticSerializationError as error:
        raise Refused("this holds characters that are not text, so it cannot be kept") from error
    head = f'{{"type":"{name}","v":{_version(name, upcasts)}'
    return f"{head}}}" if fields == "{}" else f"{head},{fields[1:]}"


def decode(text: str, *, upcasts: Upcasts = UPCASTS) -> Body:
    """Return the body that was stored.

    Raises `StoreError` when it is damaged or was written by a newer bridge.
    """
    head = _HEAD.match(text)
    if head is None:
        raise StoreError("an event in the log is damaged: it is not the JSON of one")
    name, version = head[1], int(head[2])
    newest = _version(name, upcasts)
    if name not in TYPES or version > newest:
        raise StoreError(
            f"the log holds {name!r} in version {version}, written by a newer bridge:"
            " upgrade Bridgehead"
        )
    try:
        if version == newest:
            return _adapter(name).validate_json(text)
        return _adapter(name).validate_python(_brought_up(name, version, text, upcasts))
    except ValidationError as error:
        raise StoreError(f"an event in the log is damaged: {name} ({_where(error)})") from error
    except ValueError as error:
        raise StoreError(f"an event in the log is damaged: {name} is not JSON") from error


def to_json(event: Event) -> Json:
    """Return an event as it goes over the wire: `{"seq", "at", "type", …fields}`."""
    name = kind_of(event.body)
    fields = _adapter(name).dump_python(event.body, mode="json", exclude_defaults=True)
    return {"seq": event.seq, "at": rfc3339(event.at), "type": name, **fields}


def rfc3339(at: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _brought_up(name: str, version: int, text: str, upcasts: Upcasts) -> Json:
    fields: Json = json.loads(text)
    for step in range(version, _version(name, upcasts)):
        fields = upcasts[name, step](fields)
    return fields


def _where(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_url=False)
    return ", ".join(".".join(map(str, each["loc"])) for each in problems)


def _finite(body: Body) -> None:
    usage = body.usage if isinstance(body, RunFinished) else None
    if usage is not None and usage.cost is not None and not math.isfinite(usage.cost):
        raise Refused("the cost of a run must be a number")


def _version(name: str, upcasts: Upcasts) -> int:
    version = 1
    while (name, version) in upcasts:
        version += 1
    return version


@cache
def _serializer(name: str) -> SchemaSerializer:
    return _adapter(name).serializer  # directly: TypeAdapter's own wrapper costs as much again


@cache
def _adapter(name: str) -> TypeAdapter[Body]:
    return TypeAdapter(TYPES[name])
