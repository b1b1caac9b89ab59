"""The bridge's JSON as the client's types. What a newer bridge adds is passed over."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bridge.cli.exits import CommandError
from bridge.codec import TYPES
from bridge.events import Body, Event, Preview
from bridge.ids import ConversationId, ParticipantId, SessionId

M = TypeVar("M", bound=BaseModel)


class Person(BaseModel):
    id: ParticipantId
    name: str
    role: str = ""


class Place(BaseModel):
    id: str
    label: str
    room: bool = False


class CommandLine(BaseModel):
    name: str
    text: str = ""


class SessionView(BaseModel):
    """`GET /v1/sessions/{id}`."""

    id: SessionId
    title: str = ""
    state: str = "idle"
    offset: str = "-1"
    run: Any = None
    participants: tuple[Person, ...] = ()
    places: tuple[Place, ...] = ()
    questions: tuple[Any, ...] = ()
    commands: tuple[CommandLine, ...] = ()


class SessionLine(BaseModel):
    """One of `GET /v1/sessions`."""

    id: SessionId
    title: str = ""
    head: int = 0
    archived: bool = False
    created_at: str = ""
    touched_at: str = ""


class Me(BaseModel):
    participant: ParticipantId
    name: str
    max_file_bytes: int | None = None


class Accepted(BaseModel):
    """What the inbox answers."""

    events: tuple[int, ...] = ()
    offset: str = ""
    reply: str | None = None
    repeated: bool = False


class Present(BaseModel):
    participant: ParticipantId
    place: str


class LiveFrame(BaseModel):
    """What passes beside the log, as it stands."""

    previews: tuple[Preview, ...] = ()
    typing: tuple[ParticipantId, ...] = ()
    present: tuple[Present, ...] = ()


def parse(model: type[M], json: Any) -> M:
    """Return one answer of the API. Raises `CommandError` when it is nothing of the kind."""
    try:
        return model.model_validate(json)
    except ValidationError as error:
        raise CommandError("the bridge answered something unknown: is it a newer one?") from error


def events(session: SessionId, items: Sequence[Any]) -> tuple[Event, ...]:
    """Return the events this version knows, in their order."""
    return tuple(event for item in items if (event := _event(session, item)))


def place_id(place: str) -> ConversationId:
    """Return the conversation that stands for a client of the HTTP side."""
    return ConversationId(f"http:{place}")


def _event(session: SessionId, item: Any) -> Event | None:
    try:
        body = _adapter(item["type"]).validate_python(item)
        at = _TIME.validate_python(item["at"])
        return Event(session=session, seq=int(item["seq"]), at=at, body=body)
    except (KeyError, TypeError, ValidationError):
        return None


@cache
def _adapter(name: str) -> TypeAdapter[Body]:
    return TypeAdapter(TYPES[name])


_TIME = TypeAdapter(datetime)
