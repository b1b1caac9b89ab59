"""What scripts send that push by ntfy or by Apprise today, taken in as pushes, unchanged.

The rules:

- A topic, or a key, is the id of a session, or stands for one in the configuration
  (`http.topics`). Whoever sends has a token that may push there, as a bearer or as the password of
  `Basic`; to anyone else the session does not exist.
- A title, tags, links and actions that open something become lines of text; words are plain unless
  they say that they are Markdown. Nothing that a message names is fetched, and no action is called.
- What cannot be done (to say something later) is refused, so that nobody waits for it.
"""

import base64
import binascii
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge import admission_texts
from bridge.domain import literal
from bridge.domain.content import UNKNOWN_TYPE, Attachment, Content, kind_of, mime_of, name_of
from bridge.domain.events import PushPriority
from bridge.domain.ids import MediaId
from bridge.domain.json_values import has_more_than
from bridge.http.attachments import MOST
from bridge.http.dependencies import Entry, Reach, enter, reach_of
from bridge.http.errors import Fault
from bridge.http.form_data import form_parts
from bridge.http.pushes import pushed
from bridge.http.validators import Words

M = TypeVar("M", bound=BaseModel)

NTFY, APPRISE = "/ntfy", "/notify"
LONGEST = 20_000
MOST_LINES = 20
MOST_FIELDS = 100
MOST_VALUES = 5_000
"""Of a body in JSON, as elsewhere: more of them keep others waiting while they are read."""

_TRUE = {"1", "yes", "true", "on"}
_PRIORITIES: Mapping[str, PushPriority] = {
    "1": "low", "min": "low", "2": "low", "low": "low",
    "4": "high", "high": "high", "5": "high", "max": "high", "urgent": "high",
}  # fmt: skip
_SIGNS = {"success": "✅ ", "warning": "⚠️ ", "failure": "❌ "}


def is_called(path: str, method: str) -> bool:
    """Say whether something is sent to one of these paths."""
    is_one = path in {"/", NTFY, APPRISE} or path.startswith((f"{NTFY}/", f"{APPRISE}/"))
    return is_one and method not in {"GET", "HEAD"}


def install(app: FastAPI) -> None:
    for path in ("/", NTFY, f"{NTFY}/"):
        app.add_route(path, _ntfy_json, methods=["POST", "PUT"], include_in_schema=False)
    app.add_route(f"{NTFY}/{{topic}}", _ntfy, methods=["POST", "PUT"], include_in_schema=False)
    for path in (APPRISE, f"{APPRISE}/{{key}}", f"{APPRISE}/{{key}}/"):
        app.add_route(path, _apprise, methods=["POST"], include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    name: str
    mime: str
    bytes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message as it was sent. `links` are what it is called and where it leads."""

    text: str
    title: str = ""
    markdown: bool = False
    priority: PushPriority = "normal"
    links: Sequence[tuple[str, str]] = ()
    tags: Sequence[str] = ()
    files: Sequence[File] = ()

    def content(self, attachments: Sequence[Attachment]) -> Content:
        """Return what is shown: plain words to the letter, or Markdown."""
        lines = [*(f"{label}: {url}" for label, url in self.links)]
        if self.tags:
            lines.append(", ".join(self.tags))
        parts = [self.title, self.text, "\n".join(lines[:MOST_LINES])]
        if self.markdown:
            title, rest = parts[0], parts[2]
            parts[0] = f"**{literal.escaped(title)}**" if title.strip() else ""
            parts[2] = literal.markdown(rest) if rest else ""
        whole = "\n\n".join(each for each in parts if each.strip())
        return Content(text=whole, literal=not self.markdown, attachments=tuple(attachments))


Line = Annotated[Words, Field(max_length=2000)]


# -- ntfy -----------------------------------------------------------------------------------------


class NtfyAction(BaseModel):
    model_config = ConfigDict(extra="ignore")

    action: str = ""
    label: Line = ""
    url: Line = ""


class NtfyMessage(BaseModel):
    """https://docs.ntfy.sh/publish/#publish-as-json; what is not named here is passed over."""

    model_config = ConfigDict(extra="ignore")

    topic: str = Field(min_length=1, max_length=200)
    message: Words = Field(default="", max_length=LONGEST)
    title: Words = Field(default="", max_length=1000)
    tags: list[Line] = Field(default=[], max_length=MOST_LINES)
    priority: int | str = 3
    click: Line = ""
    attach: Line = ""
    actions: list[NtfyAction] = Field(default=[], max_length=MOST_LINES)
    markdown: bool = False
    delay: str | int | None = None


async def _ntfy_json(request: Request) -> Response:
    message = _read(NtfyMessage, await _json(request))
    return await _ntfy_said(request, message)


async def _ntfy(request: Request) -> Response:
    """Take in a message whose body is its text, with the rest in headers or the address."""
    body = await request.body()
    fields = {
        "topic": request.path_params["topic"],
        "title": _given(request, "title", "t"),
        "priority": _given(request, "priority", "prio", "p") or 3,
        "tags": [each for each in _given(request, "tags", "tag", "ta").split(",") if each],
        "click": _given(request, "click"),
        "attach": _given(request, "attach", "a"),
        "markdown": _given(request, "markdown", "md").lower() in _TRUE,
        "delay": _given(request, "delay", "at", "in") or None,
        "actions": _actions(_given(request, "actions", "action")),
    }
    name, text = _given(request, "filename", "file", "f"), _given(request, "message", "m")
    if name:
        mime = request.headers.get("content-type", UNKNOWN_TYPE)
        file = File(name=name, mime=mime, bytes=body)
        return await _ntfy_said(request, _read(NtfyMessage, {**fields, "message": text}), file)
    words = text or _text(body)
    return await _ntfy_said(request, _read(NtfyMessage, {**fields, "message": words}))


def _given(request: Request, *names: str) -> str:
    """Return a field, by any of its names: a header with or without X-, or of the address."""
    for name in names:
        for found in (request.headers.get(f"x-{name}"), request.headers.get(name)):
            if found is not None:
                return found.encode("latin-1", "replace").decode("utf-8", "replace")
        if name in request.query_params:
            return request.query_params[name]
    return ""


def _actions(header: str) -> list[dict[str, str]]:
    if header.lstrip().startswith("["):
        try:
            found = json.loads(header)
        except (ValueError, RecursionError):
            return []
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    split = ([part.strip() for part in each.split(",", 3)] for each in header.split(";"))
    views = (
        each[:3] for each in split if len(each) >= len(NtfyAction.model_fields) and all(each[:3])
    )
    return [
        {"action": kind, "label": label, "url": url} for kind, label, url in views if kind == "view"
    ]


async def _ntfy_said(
    request: Request, message: NtfyMessage, file: File | None = None
) -> JSONResponse:
    if message.delay:
        raise Fault(400, "malformed", "nothing is said later here: send it when it is time")
    views = [each for each in message.actions if each.action == "view" and each.url]
    links = [(each.label or "Link", each.url) for each in views]
    links += [("Link", message.click)] if message.click else []
    links += [("File", message.attach)] if message.attach else []
    said = Said(
        text=message.message or ("" if file or message.title else "triggered"),
        title=message.title,
        markdown=message.markdown or _given(request, "markdown", "md").lower() in _TRUE,
        priority=_priority(message, request),
        links=links,
        tags=message.tags or [each for each in _given(request, "tags").split(",") if each],
        files=(file,) if file else (),
    )
    event = await _push(request, message.topic, said, "ntfy")
    return JSONResponse(
        {
            "id": event,
            "time": int(time.time()),
            "event": "message",
            "topic": message.topic,
            "title": message.title,
            "message": said.text,
        }
    )


def _priority(message: NtfyMessage, request: Request) -> PushPriority:
    given = _given(request, "priority", "prio", "p") or str(message.priority)
    return _PRIORITIES.get(given.strip().lower(), "normal")


# -- Apprise --------------------------------------------------------------------------------------


class AppriseFile(BaseModel):
    model_config = ConfigDict(extra="ignore")

    filename: str = Field(default="", max_length=1000)
    base64: str = ""
    mimetype: str = Field(default=UNKNOWN_TYPE, max_length=1000)


class AppriseMessage(BaseModel):
    """What a server of the Apprise API takes in; `tag` chooses among its services, here nothing."""

    model_config = ConfigDict(extra="ignore")

    body: Words = Field(default="", max_length=LONGEST)
    title: Words = Field(default="", max_length=1000)
    type: str = "info"
    format: Literal["text", "markdown", "html", ""] | None = None
    attachments: list[AppriseFile] = Field(default=[], max_length=MOST)


async def _apprise(request: Request) -> Response:
    """Take in a message in JSON, or as a form with or without files."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    files: list[File] = []
    if kind == "application/json":
        message = _read(AppriseMessage, await _json(request))
        files = [_decoded(each) for each in message.attachments]
    elif kind == "application/x-www-form-urlencoded":
        fields = _fields(_text(await request.body()))
        message = _read(AppriseMessage, fields)
    elif kind == "multipart/form-data":
        head, body = request.headers["content-type"], await request.body()
        fields, files = _parts(head, body)
        message = _read(AppriseMessage, fields)
    else:
        raise Fault(415, "unsupported_media_type", "send JSON or a form")
    key = request.path_params.get("key") or request.headers.get("x-apprise-config-id", "")
    said = Said(
        text=message.body,
        title=f"{_SIGNS.get(message.type, '')}{message.title}".strip() if message.title else "",
        markdown=message.format == "markdown",
        files=files,
    )
    event = await _push(request, key, said, "apprise")
    return JSONResponse({"error": None, "id": event})


def _fields(body: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(body, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Fault(400, "malformed", f"at most {MOST_FIELDS} fields") from None


def _decoded(given: AppriseFile) -> File:
    try:
        found = base64.b64decode(given.base64, validate=True)
    except (ValueError, binascii.Error):
        raise Fault(400, "malformed", "attachments: base64 that cannot be read") from None
    return File(name=given.filename, mime=given.mimetype, bytes=found)


def _parts(content_type: str, body: bytes) -> tuple[dict[str, str], list[File]]:
    """Return the fields and the files of a form."""
    try:
        parts = form_parts(content_type, body, most=MOST_FIELDS)
    except ValueError as error:
        raise Fault(400, "malformed", str(error)) from None
    fields = {each.name: _text(each.bytes) for each in parts if each.filename is None}
    files = [
        File(name=each.filename, mime=each.mime, bytes=each.bytes)
        for each in parts
        if each.filename is not None
    ]
    if len(files) > MOST:
        raise Fault(400, "malformed", f"at most {MOST} files")
    return fields, files


# -- both -----------------------------------------------------------------------------------------


async def _push(request: Request, topic: str, said: Said, source: str) -> str:
    """Push it; return the push's id."""
    reach = reach_of(request)
    entry = await enter(reach.topics.get(topic, topic), request)
    content = said.content(await _kept(entry, said.files))
    if not content.text.strip() and not content.attachments:
        raise Fault(400, "malformed", "there is nothing to say")
    event, _ = await pushed(
        reach,
        entry.session.id,
        by=entry.asker.participant,
        content=content,
        priority=said.priority,
        source=source,
    )
    return f"{event.session}.{entry.offset(event.seq)}"


async def _kept(entry: Entry, files: Sequence[File]) -> list[Attachment]:
    reach: Reach = entry.reach
    may = not files or await reach.people.browser_guests.may_bring(entry.asker.participant)
    if not may:
        raise Fault(403, "refused", admission_texts.BRINGS_NO_FILES)
    return [await _attachment(reach, each) for each in files]


async def _attachment(reach: Reach, file: File) -> Attachment:
    blob = await reach.blobs.put(_once(file.bytes))
    mime = mime_of(file.mime)
    media = MediaId(blob.media)
    return Attachment(
        kind=kind_of(mime, None), name=name_of(file.name), mime=mime, size=blob.size, media=media
    )


async def _once(held: bytes) -> AsyncIterator[bytes]:
    yield held


async def _json(request: Request) -> Any:
    body = await request.body()
    if has_more_than(MOST_VALUES, body):
        raise Fault(400, "malformed", f"the body holds more than {MOST_VALUES} values")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Fault(400, "malformed", "the body is not JSON") from None


def _read(model: type[M], given: Any) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        where = ".".join(str(each) for each in error.errors()[0]["loc"])
        raise Fault(400, "malformed", f"{where}: {error.errors()[0]['msg']}") from None


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Fault(400, "malformed", "the body is not UTF-8 text") from None


def token_of(authorization: str) -> str:
    """Return the header as a bearer's: of `Basic` the password is the token, or else the name."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return ""
    return f"Bearer {password or name}"
