"""Hooks: where services outside call, and what the owner of the bridge sees of them.

`POST /hooks/NAME` needs no token: the call proves that it knows the hook's secret (`hook_desk`). A
name that there is not and a hook that is off are answered alike.
"""

import json
from collections.abc import Awaitable
from typing import Annotated, Any, get_args

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bridge.domain.ids import mint
from bridge.hooks.hook import HEADER, Hook
from bridge.hooks.library import READY_MADE
from bridge.hooks.settings import SHORTEST_SECRET, HookSettings, new_secret
from bridge.hooks.verification import Way
from bridge.http.dependencies import Operator, Reach, reach_of
from bridge.http.errors import Fault, failures
from bridge.http.hook_calls import Incoming, KeptCall
from bridge.http.hook_desk import NO_HOOK, Answer
from bridge.http.validators import Words

PREFIX = "/hooks/"
LONGEST_NAME = 40

router = APIRouter(tags=["operator"])

HookName = Annotated[str, Path(max_length=LONGEST_NAME, pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class CallLine(BaseModel):
    """A call of a hook. `id`: the event it became; `why`: why none, or what was wrong."""

    number: int
    at: str
    status: int
    outcome: str
    why: str
    event: str
    size: int
    id: str
    replayable: bool


class HookLine(BaseModel):
    """A hook. `url` is where it is called; null while nobody said how people reach the bridge.

    `configured`: it stands in the configuration, and is changed there. `last`: its last call.
    """

    name: str
    url: str | None
    path: str
    enabled: bool
    session: str
    verify: str
    does: str
    template: str
    events: list[str]
    per_minute: int
    max_bytes: int
    configured: bool
    last: CallLine | None


class Added(HookLine):
    """A hook that was made. `secret` is shown this once; null where the service gave it."""

    secret: str | None


class NewHook(HookSettings):
    """A hook to make. `secret`: the one that the service gave; else one is made."""

    name: Annotated[str, Field(max_length=LONGEST_NAME, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    secret: Annotated[Words, Field(min_length=SHORTEST_SECRET, max_length=500)] | None = None


class HookList(BaseModel):
    """`ways` are those to prove that one knows the secret; `templates` come with the bridge."""

    hooks: list[HookLine]
    ways: list[str]
    templates: list[str]


class Turning(BaseModel):
    """`enabled` false: it is answered as if there were no such hook."""

    model_config = ConfigDict(extra="forbid")

    enabled: Annotated[bool, Field(strict=True)]


class CallList(BaseModel):
    calls: list[CallLine]


class Played(BaseModel):
    """What a caller would have been told. `words`: what was, or would be, put into the session.

    `why`: what kept it from that, if anything did.
    """

    status: int
    outcome: str
    id: str = ""
    words: str = ""
    why: str = ""


class Trial(BaseModel):
    """A payload to play as if it were called with. `dry`: show the words, put nothing anywhere."""

    model_config = ConfigDict(extra="forbid")

    payload: Any
    event: Annotated[Words, Field(max_length=200)] = ""
    dry: Annotated[bool, Field(strict=True)] = False


class Replaying(BaseModel):
    model_config = ConfigDict(extra="forbid")


def install(app: FastAPI) -> None:
    app.add_route(f"{PREFIX}{{name}}", _receive, methods=["POST"], include_in_schema=False)


async def _receive(request: Request) -> JSONResponse:
    reach = reach_of(request)
    hook = await reach.hooks.on(request.path_params["name"])
    if hook is None:
        raise Fault(404, "not_found", NO_HOOK)
    headers = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
    incoming = Incoming(headers=headers, body=await request.body())
    answer = await reach.hooks.take(hook, incoming)
    return JSONResponse(dict(answer.body), status_code=answer.status)


@router.get("/v1/hooks", operation_id="list_hooks", responses=failures(401, 403, 503))
async def list_hooks(reach: Operator) -> HookList:
    """List the hooks that are configured, and where each is called."""
    return HookList(
        hooks=[await _line(reach, hook) for hook in await reach.hooks.book.hooks()],
        ways=list(get_args(Way)),
        templates=list(READY_MADE),
    )


@router.post(
    "/v1/hooks",
    operation_id="add_hook",
    status_code=201,
    responses=failures(400, 401, 403, 404, 409, 413, 415, 503),
)
async def add_hook(reach: Operator, what: NewHook) -> Added:
    """Make a hook and keep it; its secret is shown this once, unless the service gave it."""
    secret = what.secret if what.secret is not None else new_secret(what.verify)
    settings = HookSettings(**what.model_dump(by_alias=True, exclude={"name", "secret"}))
    hook = await reach.hooks.book.add(what.name, settings, secret)
    shown = secret if what.secret is None else None
    return Added(**(await _line(reach, hook)).model_dump(), secret=shown)


@router.patch(
    "/v1/hooks/{name}",
    operation_id="turn_hook",
    responses=failures(400, 401, 403, 404, 409, 413, 415, 503),
)
async def turn_hook(reach: Operator, name: HookName, what: Turning) -> HookLine:
    """Pause a hook that was made here, or let it take calls again; its secret stays."""
    hook = await _known(reach, name)
    return await _line(reach, await reach.hooks.book.turn(hook, on=what.enabled))


@router.delete(
    "/v1/hooks/{name}",
    operation_id="remove_hook",
    responses=failures(400, 401, 403, 404, 409, 413, 415, 503),
)
async def remove_hook(reach: Operator, name: HookName) -> HookLine:
    """Remove a hook that was made here, with what is kept of its calls."""
    hook = await _known(reach, name)
    line = await _line(reach, hook)
    await reach.hooks.book.remove(hook)
    await reach.hooks.calls.forget(name)
    return line


@router.get(
    "/v1/hooks/{name}/calls", operation_id="list_calls", responses=failures(400, 401, 403, 404, 503)
)
async def list_calls(reach: Operator, name: HookName) -> CallList:
    """List the last calls of a hook, the newest last, and why each was refused."""
    hook = await _known(reach, name)
    return CallList(calls=[_call_line(each) for each in await reach.hooks.calls.of(hook.name)])


@router.post(
    "/v1/hooks/{name}/calls/{number}/replay",
    operation_id="replay_call",
    responses=failures(400, 401, 403, 404, 409, 413, 415, 503),
)
async def replay_call(
    reach: Operator, name: HookName, number: Annotated[int, Path(ge=1, le=2**53)], _: Replaying
) -> Played:
    """Play a call once more that proved to know the secret, by the configuration as it is now."""
    hook = await _known(reach, name)
    found, incoming = await reach.hooks.calls.call(name, number)
    if found is None:
        raise Fault(404, "not_found", "there is no such call among the last ones")
    if incoming is None:
        raise Fault(409, "conflict", "what this call brought is not kept, so it cannot be replayed")
    return await _played(reach, hook, incoming, reach.hooks.replay(hook, incoming))


@router.post(
    "/v1/hooks/{name}/test",
    operation_id="test_hook",
    responses=failures(400, 401, 403, 404, 409, 413, 415, 503),
)
async def test_hook(reach: Operator, name: HookName, what: Trial) -> Played:
    """Sign a payload with the hook's secret and play it, as if it had been called with."""
    hook = await _known(reach, name)
    incoming = _signed(reach, hook, what)
    playing = _nothing() if what.dry else reach.hooks.take(hook, incoming)
    return await _played(reach, hook, incoming, playing)


async def _nothing() -> Answer:
    return Answer(status=200, body={"status": "dry"})


def _signed(reach: Reach, hook: Hook, what: Trial) -> Incoming:
    """Return a call as somebody makes it who knows the secret; each is another delivery."""
    body = json.dumps(what.payload, ensure_ascii=False).encode(errors="replace")
    delivery = mint("test")
    headers = {"content-type": "application/json"}
    for where, value in ((hook.delivery, delivery), (hook.event, what.event)):
        named = [each.removeprefix(HEADER) for each in where if each.startswith(HEADER)]
        headers |= {named[0]: value} if named and value else {}
    signed = hook.verification.signed(body, reach.clock.now(), delivery)
    return Incoming(headers={**headers, **signed}, body=body)


async def _played(
    reach: Reach, hook: Hook, incoming: Incoming, playing: Awaitable[Answer]
) -> Played:
    try:
        answer = await playing
        words = (await reach.hooks.see(hook, incoming)).words
    except Fault as fault:
        return Played(status=fault.status_code, outcome="failed", why=fault.detail)
    outcome = answer.body.get("status", "answered") if words else "ignored"
    return Played(status=answer.status, outcome=outcome, id=answer.body.get("id", ""), words=words)


async def _known(reach: Reach, name: str) -> Hook:
    hook = await reach.hooks.book.hook(name)
    if hook is None:
        raise Fault(404, "not_found", "there is no hook of this name")
    return hook


async def _line(reach: Reach, hook: Hook) -> HookLine:
    base, calls = reach.public_url, await reach.hooks.calls.of(hook.name)
    return HookLine(
        name=hook.name,
        url=f"{base.rstrip('/')}{PREFIX}{hook.name}" if base else None,
        path=f"{PREFIX}{hook.name}",
        enabled=hook.is_on,
        session=hook.session,
        verify=hook.verification.way,
        does=hook.action,
        template=hook.template,
        events=sorted(hook.events),
        per_minute=hook.per_minute,
        max_bytes=hook.most_bytes,
        configured=not hook.is_kept,
        last=_call_line(calls[-1]) if calls else None,
    )


def _call_line(call: KeptCall) -> CallLine:
    return CallLine(
        number=call.number,
        at=call.at,
        status=call.status,
        outcome=call.outcome,
        why=call.why,
        event=call.event,
        size=call.size,
        id=call.id,
        replayable=call.body is not None,
    )
