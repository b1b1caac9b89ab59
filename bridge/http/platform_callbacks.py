"""Where platforms call: each request goes on, as it came, to the channel of that name.

The rules:

- No token: the channel verifies who calls. Nothing here reads the body, the query or a header.
- The platforms give up after about 15 s; before that the caller is told to try again.
- An error is logged by its kind and place alone: the path, too, may hold a secret.
"""

import asyncio
import traceback
from collections.abc import Mapping
from typing import cast

import structlog
from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers

from bridge.domain.ids import ChannelName
from bridge.http.dependencies import reach_of
from bridge.http.errors import RETRY_SECONDS, Fault
from bridge.ports.channel import Receiving, WebhookAnswer, WebhookCall

PREFIX = "/channels/"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_log = structlog.get_logger()


def install(app: FastAPI) -> None:
    for path in (f"{PREFIX}{{account}}", f"{PREFIX}{{account}}/{{path:path}}"):
        app.add_route(path, _receive, methods=list(METHODS), include_in_schema=False)


async def _receive(request: Request) -> Response:
    reach = reach_of(request)
    account = ChannelName(request.path_params["account"])
    channel = reach.receiving.get(account)
    if channel is None:
        raise Fault(404, "not_found", "nothing is called here")
    call = WebhookCall(
        method=request.method,
        path=_path(request, account),
        query=cast("bytes", request.scope["query_string"]).decode("latin-1"),
        headers=_headers(request.headers),
        body=await request.body(),
    )
    answer = await _answered(account, channel, call, reach.limits.webhook)
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


async def _answered(
    account: ChannelName, channel: Receiving, call: WebhookCall, seconds: float
) -> WebhookAnswer:
    """Return the channel's answer. Raises `Fault` when it has none."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await channel.receive(call)
    except Exception as error:  # noqa: BLE001 -- every call is supervised here
        if limit.expired():
            _log.warning("webhook.slow", account=account, seconds=seconds)
            wait = {"Retry-After": RETRY_SECONDS}
            raise Fault(503, "unavailable", "this took too long; call again", wait) from None
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        _log.error("webhook.failed", account=account, error=type(error).__name__, where=where)
        raise Fault(500, "internal", "something went wrong in the bridge") from None


def _path(request: Request, account: ChannelName) -> str:
    """Return what follows the account's own address, as it was written."""
    raw = cast("bytes", request.scope["raw_path"]).decode("latin-1")
    return raw.removeprefix(f"{PREFIX}{account}")


def _headers(headers: Headers) -> Mapping[str, str]:
    """Return each header once; one that came several times, joined as HTTP allows."""
    return {name: ", ".join(headers.getlist(name)) for name in headers}
