"""Pushes of programs: said as they are, once, with an answer about who was reached.

A push is named by its session, its event and the epoch of the log, so that after a restore nobody
takes another event for it.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from bridge import texts
from bridge.domain.commands import Push
from bridge.domain.content import Content, Option
from bridge.domain.events import Event, Pushed, PushPriority, Source
from bridge.domain.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.http.attachments import AttachmentsInput, attached
from bridge.http.deliveries import LONGEST_WAIT, Delivered, Timeout, Until, delivered, the_event
from bridge.http.dependencies import Entry, Reach, enter
from bridge.http.errors import Fault, failures
from bridge.http.inbox import ACCOUNT
from bridge.http.pages import SHAPE, is_of_another
from bridge.http.validators import Name, Words

router = APIRouter(tags=["pushes"])

MOST_BUTTONS, LONGEST_LABEL = 10, 80
MOST_PEOPLE = 50
_TOKEN = re.compile(SHAPE)

Label = Annotated[Words, Field(min_length=1, max_length=LONGEST_LABEL)]


class NewPush(BaseModel):
    """What is said as it is. With `attachments` the text may be empty.

    `to` are people of the session, `places` places that follow it; left out, everyone everywhere.
    Whoever presses one of the `buttons` says what is on it. `priority`: `high` rings in quiet
    hours where questions do, `low` never rings.
    """

    model_config = ConfigDict(extra="forbid")

    text: Words
    key: Name | None = None
    attachments: AttachmentsInput = []
    buttons: Annotated[list[Label], Field(max_length=MOST_BUTTONS)] = []
    priority: PushPriority = "normal"
    to: Annotated[list[Name], Field(max_length=MOST_PEOPLE)] = []
    places: Annotated[list[Name], Field(max_length=MOST_PEOPLE)] = []


class PushView(Delivered):
    """`told`: why nobody is reached just now, in words for the sender; null where somebody may be.

    `repeated`: its key was known; this is the push of the first time.
    """

    id: str
    repeated: bool
    told: str | None


@router.post(
    "/v1/sessions/{session}/pushes",
    operation_id="push",
    status_code=201,
    responses=failures(400, 401, 403, 404, 409, 413, 415, 503),
)
async def push(
    entry: Annotated[Entry, Depends(enter)],
    new: NewPush,
    accept_language: Annotated[str, Header()] = "",
) -> PushView:
    """Say something as it is, to those who follow the session, or to some of them."""
    files = await attached(entry.reach.blobs, new.attachments)
    if not new.text.strip() and not files:
        raise Fault(400, "malformed", "text: there is nothing to say")
    event, repeated = await pushed(
        entry.reach,
        entry.session.id,
        by=entry.asker.participant,
        content=Content(text=new.text, attachments=files),
        key=new.key,
        buttons=new.buttons,
        priority=new.priority,
        to=[ParticipantId(each) for each in new.to],
        places=[ConversationId(each) for each in new.places],
    )
    known = await delivered(entry, event, None, 0)
    return await _view(entry, event, known, accept_language, repeated=repeated)


async def pushed(
    reach: Reach,
    session: SessionId,
    *,
    by: ParticipantId,
    content: Content,
    key: str | None = None,
    buttons: Sequence[str] = (),
    priority: PushPriority = "normal",
    to: Sequence[ParticipantId] = (),
    places: Sequence[ConversationId] = (),
    source: str = "",
) -> tuple[Event, bool]:
    """Push something; return its event, and whether its key was known.

    Raises `Refused`, or `Fault` where the key is that of something else.

    For one person without `places` it goes to their private places, where they have any.
    """
    if to and not places:
        places = await _private(reach, session, to)
    command = Push(
        source=Source(kind="api", name=source),
        content=content,
        to=tuple(to),
        buttons=tuple(Option(id=str(number), label=each) for number, each in enumerate(buttons)),
        places=tuple(places),
        priority=priority,
        key=None if key is None else f"{ACCOUNT}:{key}",
        by=by,
    )
    appended = await reach.sessions.submit(session, command)
    (event,) = appended.events
    if not isinstance(event.body, Pushed):
        raise Fault(409, "conflict", "key: it is that of something else in this session")
    return event, not appended.fresh


async def _private(
    reach: Reach, session: SessionId, to: Sequence[ParticipantId]
) -> list[ConversationId]:
    """Return the private places of some people in a session; none where one of them has none."""
    known = (await reach.sessions.fold(session)).conversations
    private = [each.id for each in await reach.store.conversations(session) if not each.room]
    owners = {known.get(each) for each in private}
    if not all(each in owners for each in to):
        return []
    return [each for each in private if known.get(each) in to]


@router.get(
    "/v1/pushes/{push}", operation_id="get_push", responses=failures(400, 401, 403, 404, 410, 503)
)
async def get_push(
    request: Request,
    push: str,
    wait: Until | None = None,
    seconds: Timeout = LONGEST_WAIT,
    accept_language: Annotated[str, Header()] = "",
) -> PushView:
    """Say whom a push has reached, at once or as soon as it is shown, or all of it is settled."""
    session, _, token = push.rpartition(".")
    entry = await enter(session, request)
    if not _TOKEN.fullmatch(token):
        raise Fault(404, "not_found", "there is no such push")
    if is_of_another(token, entry.epoch):
        raise Fault(410, "gone", texts.ASKED_BEFORE_RESTORE)
    event = await the_event(entry, Seq(int(token[:16])))
    if not isinstance(event.body, Pushed):
        raise Fault(404, "not_found", "there is no such push")
    known = await delivered(entry, event, wait, seconds)
    return await _view(entry, event, known, accept_language, repeated=False)


async def _view(
    entry: Entry, event: Event, known: Delivered, accepts: str, *, repeated: bool
) -> PushView:
    languages = entry.reach.people.languages
    language = await languages.of_client(entry.asker.participant, accepts)
    is_told = any(each.state == "passed" for each in known.places)
    is_lost = not (known.may_reach or known.present or is_told)
    return PushView(
        **known.model_dump(),
        id=f"{event.session}.{entry.offset(event.seq)}",
        repeated=repeated,
        told=language.says(texts.NOBODY_REACHED) if is_lost else None,
    )
