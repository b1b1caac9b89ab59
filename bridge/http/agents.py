"""Where agents call that live elsewhere: with what they have to say, and for files.

The rules:

- Each has a token of its own, which names no participant: it opens what is under the agent's name
  and nothing else. The edge verifies it before anything here is asked.
- A run is reported for while it is open. Into a session an agent speaks unprompted as long as it
  is the one who answers there; to any other agent the session does not exist.
- What a report says is the agent's own side's business (`AgentReceiving`); nothing here reads it.
"""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict

from bridge import texts
from bridge.domain.commands import Push, Trigger
from bridge.domain.content import UNKNOWN_TYPE, Content
from bridge.domain.errors import AgentError, RunOver
from bridge.domain.events import Source
from bridge.domain.ids import ParticipantId, RunId
from bridge.http.attachments import AttachmentsInput, attached
from bridge.http.dependencies import Reach, TheReach, folded, reach_of
from bridge.http.errors import RETRY_SECONDS, Fault
from bridge.http.media import PRIVATE, FileName, FileType, Uploaded, given_out, taken_in
from bridge.http.validators import Name, Words
from bridge.ports.agent import AgentReceiving
from bridge.session.fold import Session

router = APIRouter(prefix="/v1/agents/{agent}", include_in_schema=False)

JSON = "application/json"
TOO_LATE = "this run is over; what still has to be said can be pushed"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PushInput(_Input):
    """Said by the agent as it is, to everyone or `to` some. A `key` makes it once."""

    type: Literal["push"]
    text: Words = ""
    attachments: AttachmentsInput = []
    to: tuple[Name, ...] = ()
    key: Name | None = None


class TriggerInput(_Input):
    """Asked of the agent itself: a run begins."""

    type: Literal["trigger"]
    prompt: Words
    key: Name | None = None


Input = Annotated[PushInput | TriggerInput, Body(discriminator="type")]
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200)]


class Taken(BaseModel):
    """The numbers of the events that it became."""

    events: list[int]
    repeated: bool


def _calling(agent: str, request: Request) -> AgentReceiving:
    return reach_of(request).agents[agent]


async def _answered(agent: str, session: str, request: Request) -> Session:
    """Return a session in which the agent answers. Raises `Fault` 404."""
    reach = reach_of(request)
    found = await folded(reach, session)
    if reach.answering(found) != agent:
        raise Fault(404, "not_found", texts.NO_SUCH_SESSION)
    return found


@router.post("/runs/{run}")
async def report(
    caller: Annotated[AgentReceiving, Depends(_calling)],
    reach: TheReach,
    run: str,
    request: Request,
    key: Key = "",
) -> Response:
    """Take in what an agent says for one of its runs, and answer once it is in the log."""
    body = await request.body()
    limit = asyncio.timeout(reach.limits.webhook)
    try:
        async with limit:
            answer = await caller.report(RunId(run), body, key=key)
    except RunOver:
        raise Fault(410, "gone", TOO_LATE) from None
    except AgentError as error:
        raise Fault(400, "malformed", str(error)) from None
    except TimeoutError:
        wait = {"Retry-After": RETRY_SECONDS}
        raise Fault(503, "unavailable", "this took too long; send it again", wait) from None
    return Response(answer, media_type=JSON)


@router.post("/sessions/{session}")
async def speak(
    reach: TheReach, agent: str, session: Annotated[Session, Depends(_answered)], what: Input
) -> Taken:
    """Take in what an agent says unprompted."""
    command = await _command(reach, agent, what)
    appended = await reach.sessions.submit(session.id, command)
    seqs = [event.seq for event in appended.events]
    return Taken(events=seqs, repeated=appended.repeated or not appended.fresh)


async def _command(reach: Reach, agent: str, what: PushInput | TriggerInput) -> Push | Trigger:
    source = Source(kind="background", name=agent)
    key = None if what.key is None else f"agent:{agent}:{what.key}"
    if isinstance(what, TriggerInput):
        return Trigger(source=source, prompt=what.prompt, key=key)
    files = await attached(reach.blobs, what.attachments)
    content = Content(text=what.text, attachments=files)
    if not content.text.strip() and not files:
        raise Fault(400, "malformed", texts.NOTHING_SAID)
    to = tuple(ParticipantId(each) for each in what.to)
    return Push(source=source, content=content, to=to, key=key)


@router.post("/media", status_code=201)
async def put_file(reach: TheReach, request: Request, name: FileName = "") -> Uploaded:
    """Keep a file that an agent is about to send."""
    return await taken_in(reach, request, name)


@router.get("/media/{media}")
async def get_file(
    reach: TheReach,
    request: Request,
    media: str,
    name: FileName = "",
    mime: FileType = UNKNOWN_TYPE,
) -> Response:
    """Give a file out that an agent was shown; nobody else can name it."""
    return await given_out(reach, request, media, name=name, mime=mime, keeping=PRIVATE)
