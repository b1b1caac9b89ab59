"""Every error of the HTTP side has one shape: `{"error": {"code", "message"}}`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, assert_never, get_args

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute, Match, Route

from bridge.domain.errors import (
    NoRoom,
    NotFound,
    ProducerFenced,
    ProducerGap,
    Refused,
    RunOver,
    StoreUnavailable,
    TooLarge,
    UnknownSession,
)

CODES: Mapping[int, str] = {
    400: "malformed",
    401: "unauthorized",
    403: "refused",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    410: "gone",
    413: "too_large",
    415: "unsupported_media_type",
    500: "internal",
    503: "unavailable",
    507: "no_room",
}
MEANINGS: Mapping[int, str] = {
    400: "The request is malformed; the message says where.",
    401: "The token is missing or not known.",
    403: "Refused; the message is written for the asker.",
    404: "There is no such thing for this token.",
    408: "The body stopped coming.",
    409: "A producer's number is missing, or what this is about is over.",
    410: "The offset lies outside of the log as it is now: reload from -1.",
    413: "The body is larger than 1 MiB, or the file than is kept here.",
    415: "The body is not JSON.",
    503: "The store cannot be used just now; try again.",
    507: "There is no room left for files.",
}
LONGEST_MESSAGE = 500
RETRY_SECONDS = "2"

_Known = (
    NotFound | UnknownSession | Refused | RunOver | ProducerFenced | ProducerGap | StoreUnavailable
)


class Fault(HTTPException):
    """An error with its status, its code and what to tell the client."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail=message, headers=dict(headers or {}))
        self.code = code


class Mistake(BaseModel):
    code: str
    message: str


class Failure(BaseModel):
    """What every error looks like."""

    error: Mistake


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of a route, for its OpenAPI."""
    return {status: {"model": Failure, "description": MEANINGS[status]} for status in statuses}


def response(fault: Fault) -> JSONResponse:
    message = fault.detail[:LONGEST_MESSAGE]
    return JSONResponse(
        {"error": {"code": fault.code, "message": message}},
        status_code=fault.status_code,
        headers=fault.headers,
    )


def translate(error: _Known) -> Fault:
    """Return what an error of the bridge is in HTTP."""
    match error:
        case NotFound() | UnknownSession():
            return Fault(404, "not_found", str(error))
        case TooLarge():
            return Fault(413, "too_large", str(error))
        case NoRoom():
            return Fault(507, "no_room", str(error))
        case Refused():
            return Fault(403, "refused", str(error))
        case RunOver():
            return Fault(409, "conflict", str(error))
        case ProducerFenced(epoch=epoch):
            return Fault(403, "fenced", str(error), {"Producer-Epoch": str(epoch)})
        case ProducerGap(expected=expected, received=received):
            numbers = {
                "Producer-Expected-Seq": str(expected),
                "Producer-Received-Seq": str(received),
            }
            return Fault(409, "gap", str(error), numbers)
        case StoreUnavailable():
            return Fault(503, "unavailable", str(error), {"Retry-After": RETRY_SECONDS})
        case _:
            assert_never(error)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make the app, and the framework under it, answer every error in our shape.

    `routes` are all there are: what is allowed where a method is not.
    """

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StarletteHTTPException)
        return response(_framed(error, request, routes))

    app.add_exception_handler(StarletteHTTPException, on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    for known in get_args(_Known):
        app.add_exception_handler(known, _on_known)


async def _on_known(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, _Known)
    return response(translate(error))


def _framed(error: StarletteHTTPException, request: Request, routes: Sequence[BaseRoute]) -> Fault:
    """Return an error of the framework as one of ours."""
    if isinstance(error, Fault):
        return error
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request, routes)))
    code = CODES.get(error.status_code, "error")
    return Fault(error.status_code, code, str(error.detail), headers)


async def _on_validation(_: Request, error: Exception) -> JSONResponse:
    """Name every problem and where it is; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    problems = (
        f"{'.'.join(str(step) for step in each['loc'])}: {each['msg']}" for each in error.errors()
    )
    return response(Fault(400, "malformed", "; ".join(problems)))


def _methods(request: Request, routes: Sequence[BaseRoute]) -> set[str]:
    """Return every method of the path: the framework names those of the first route only."""
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
