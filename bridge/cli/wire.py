"""The bridge's JSON as the client's types. What a newer bridge adds is passed over."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bridge.cli.exits import CommandError
from bridge.domain.codec import TYPES
from bridge.domain.events import Body, Event, Preview
from bridge.domain.ids import ConversationId, ParticipantId, SessionId

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


class DeliveryLine(BaseModel):
    """How something stands in a place."""

    conversation: str
    label: str
    room: bool = False
    state: str
    why: str = ""
    at: datetime | None = None
    due_at: datetime | None = None
    seen: bool = False


class PushView(BaseModel):
    """`GET /v1/pushes/{id}`."""

    id: str
    session: SessionId
    seq: int
    reached: bool = False
    may_reach: bool = False
    present: tuple[str, ...] = ()
    places: tuple[DeliveryLine, ...] = ()
    repeated: bool = False
    told: str | None = None


class Answerer(BaseModel):
    id: str
    name: str = ""


class QuestionView(BaseModel):
    """`GET /v1/sessions/{id}/questions/{id}`."""

    id: str
    session: SessionId
    state: str
    answer: str | None = None
    index: int | None = None
    by: Answerer | None = None
    at: datetime | None = None
    expires_at: datetime | None = None
    repeated: bool = False


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
    language: str = ""
    max_file_bytes: int | None = None


class Offered(BaseModel):
    """What can be said next, of what a reply lists."""

    label: str = ""
    text: str


class Accepted(BaseModel):
    """What the inbox answers."""

    events: tuple[int, ...] = ()
    offset: str = ""
    reply: str | None = None
    buttons: tuple[Offered, ...] = ()
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
        raise CommandError(
            "this command does not understand the bridge's answer: is the bridge newer?"
        ) from error


def events(session: SessionId, items: Sequence[Any]) -> tuple[Event, ...]:
    """Return the events this version knows, in their order."""
    return tuple(event for item in items if (event := _event(session, item)))


_CLIENT = "http:"


def place_id(place: str) -> ConversationId:
    """Return the conversation that stands for a client of the HTTP side."""
    return ConversationId(f"{_CLIENT}{place}")


def is_client(conversation: ConversationId) -> bool:
    """Say whether a conversation stands for a client of the HTTP side."""
    return conversation.startswith(_CLIENT)


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
