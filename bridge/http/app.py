"""The HTTP side put together. docs/http.md is its contract."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer

from bridge.http import api, assets, faults, inbox, media, operations, streams, webhooks
from bridge.http import people as people_routes
from bridge.http.agents import router as agents_router
from bridge.http.auth import Tokens
from bridge.http.edge import Edge
from bridge.http.flow import OpenFlows
from bridge.http.limits import Limits
from bridge.http.links import Links
from bridge.http.live import router as live_router
from bridge.http.pages import SharedPages
from bridge.http.probe import Probe
from bridge.http.reach import Checks, Reach
from bridge.ids import ChannelName, ParticipantId
from bridge.parts import Address
from bridge.ports import (
    AgentReceiving,
    Blobs,
    Check,
    Clock,
    Live,
    PeopleDesk,
    Receiving,
    Sessions,
    Store,
)
from bridge.session import Session

TITLE = "Bridgehead"
_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="A participant's token.")


def create_app(
    *,
    store: Store,
    sessions: Sessions,
    blobs: Blobs,
    links: Links,
    live: Live,
    clock: Clock,
    checks: Checks,
    ready: Callable[[], str],
    label: Callable[[Address], str],
    operator: ParticipantId,
    people: PeopleDesk,
    limits: Limits | None = None,
    scratch: Path | None = None,
    receiving: Mapping[ChannelName, Receiving] | None = None,
    agents: Mapping[str, AgentReceiving] | None = None,
    answering: Callable[[Session], str] = lambda _: "",
    parts: Callable[[], Sequence[Check]] = tuple,
) -> FastAPI:
    """Return the application that serves the page, the API and the streams.

    `checks` is what `/v1/doctor` reports; `ready` returns why the workers are not, or nothing;
    `parts` how each account and agent does;
    `label` what people call a place; `people` lets them in and puts them out. `operator` is the one
    participant who may do that, see the doctor's report and make backups, whose copies are put
    together in `scratch`. `receiving` are the channels that their platforms call, `agents` those
    that live elsewhere and call; `answering` returns which one answers in a session.
    """
    limits = limits or Limits()
    tokens = Tokens(store, memory=limits.token_memory)
    reach = Reach(
        store=store,
        sessions=sessions,
        blobs=blobs,
        links=links,
        live=live,
        clock=clock,
        checks=checks,
        ready=ready,
        parts=parts,
        probe=Probe(store),
        label=label,
        operator=operator,
        people=people,
        limits=limits,
        scratch=scratch,
        tokens=tokens,
        flows=OpenFlows(),
        pages=SharedPages(store, events=limits.page_events, size=limits.frame),
        receiving={} if receiving is None else receiving,
        agents={} if agents is None else agents,
        answering=answering,
    )
    return _assembled(reach)


def flows_of(app: FastAPI) -> OpenFlows:
    """Return the app's open responses, which a stop has to end."""
    return cast("Reach", app.state.reach).flows


def _assembled(reach: Reach) -> FastAPI:
    app = FastAPI(
        title=TITLE,
        version=version("bridgehead"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.reach = reach
    app.add_middleware(
        Edge,
        tokens=reach.tokens,
        agents=reach.agents,
        receiving=reach.receiving,
        limits=reach.limits,
    )
    guarded = [Security(_BEARER)]
    parts = (
        api.router,
        streams.router,
        inbox.router,
        live_router,
        media.router,
        operations.guarded,
        people_routes.router,
    )
    for part in parts:
        app.include_router(part, dependencies=guarded)
    app.include_router(operations.router)
    app.include_router(agents_router)
    assets.install(app)
    webhooks.install(app)
    media.install(app)
    routers = (app, operations.router, agents_router, *parts)
    faults.install(app, [route for router in routers for route in router.routes])
    _correct_openapi(app)
    return app


def _correct_openapi(app: FastAPI) -> None:
    """Take out the framework's own 422, which is a 400 here."""
    generated = app.openapi

    def corrected() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generated()
            for methods in document["paths"].values():
                for operation in methods.values():
                    operation["responses"].pop("422", None)
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
        return generated()

    app.openapi = corrected  # type: ignore[method-assign]
