"""Twilio's own OpenAPI documents as a judge, where the folder `BRIDGE_SPECS` has them."""

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import ImmutableMultiDict

FOLDER = "BRIDGE_SPECS"
DOCUMENTS = {
    "/2010-04-01/": ("twilio_api_v2010.json", "https://api.twilio.com"),
    "/v1/": ("twilio_content_v1.json", "https://content.twilio.com"),
}
"""By how the path begins; for the rest of what is used here there is none."""

BYTES = re.compile(r"/Media/ME\w+$")
"""A file itself: its documentation is elsewhere than in the document."""

counts: Counter[str] = Counter()
"""Validations made, by method and path's shape."""


def folder() -> Path | None:
    named = os.environ.get(FOLDER, "")
    return Path(named) if named else None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A call, in the shape that openapi-core asks for."""

    host_url: str
    path: str
    method: str
    body: bytes | None
    content_type: str
    parameters: RequestParameters


@dataclass(frozen=True, kw_only=True)
class Response:
    data: bytes
    status_code: int
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


def check(request: web.Request, body: bytes, response: web.Response | None) -> list[str]:
    """Return what is wrong with a call, or its answer, by the documents; nothing without them."""
    found = _document(request.path)
    if found is None:
        return []
    api, host = found
    call = Request(
        host_url=host,
        path=request.path,
        method=request.method.lower(),
        body=body or None,
        content_type=request.content_type,
        parameters=RequestParameters(
            query=ImmutableMultiDict(list(request.query.items())), header=dict(request.headers)
        ),
    )
    what = "request" if response is None else f"answer {response.status}"
    counts[f"{what} {request.method} {_shape(request.path)}"] += 1
    try:
        if response is None:
            api.validate_request(call)
        else:
            api.validate_response(call, _answer(response))
    except OpenAPIError as error:
        return [f"{what} {request.method} {request.path}: {error} {_reasons(error)}"]
    return []


def _answer(response: web.Response) -> Response:
    return Response(
        data=bytes(response.body or b""),
        status_code=response.status,
        content_type=response.content_type,
    )


def _document(path: str) -> tuple[OpenAPI, str] | None:
    where = folder() if not BYTES.search(path) else None
    for start, (name, host) in DOCUMENTS.items():
        if where is not None and path.startswith(start) and (where / name).exists():
            return _loaded(where / name), host
    return None


@cache
def _loaded(path: Path) -> OpenAPI:
    return OpenAPI.from_dict(json.loads(path.read_text(encoding="utf-8")))


def _shape(path: str) -> str:
    return "/".join("{}" if len(each) > 30 else each for each in path.split("/"))


def _reasons(error: Exception) -> str:
    reasons: Any = getattr(error.__cause__, "schema_errors", None)
    return "; ".join(each.message for each in reasons) if reasons else str(error.__cause__ or "")
