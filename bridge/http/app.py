"""The HTTP side put together. docs/http.md is its contract."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer

from bridge.domain.ids import ChannelName, ParticipantId
from bridge.domain.parts import Address
from bridge.hooks.hook import Hook
from bridge.http import (
    admin,
    api,
    assets,
    background,
    browser_push,
    compatible,
    errors,
    hooks,
    inbox,
    invitations,
    media,
    members,
    metrics,
    platform_callbacks,
    pushes,
    questions,
    schedules,
    session_files,
    session_imports,
    streams,
    traces,
)
from bridge.http import (
    deliveries as delivery_routes,
)
from bridge.http import people as people_routes
from bridge.http import subscriptions as subscription_routes
from bridge.http.agents import router as agents_router
from bridge.http.auth import Tokens
from bridge.http.dependencies import Checks, Reach
from bridge.http.hook_desk import HookDesk
from bridge.http.limits import Limits
from bridge.http.links import Links
from bridge.http.live import router as live_router
from bridge.http.middleware import Edge
from bridge.http.pages import SharedPages
from bridge.http.probe import Probe
from bridge.http.streaming import OpenFlows
from bridge.ports.agent import AgentReceiving
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Receiving
from bridge.ports.clock import Clock
from bridge.ports.engine import DeliveryAdmin, Live, PeopleAdmin, Sessions
from bridge.ports.health import Check
from bridge.ports.push import Pushing
from bridge.ports.store import Store
from bridge.ports.subscriptions import SubscriptionAdmin
from bridge.session.fold import Session

TITLE = "Bridgehead"
LIMITS = Limits()
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
    people: PeopleAdmin,
    deliveries: DeliveryAdmin,
    subscriptions: SubscriptionAdmin,
    limits: Limits = LIMITS,
    scratch: Path | None = None,
    receiving: Mapping[ChannelName, Receiving] | None = None,
    agents: Mapping[str, AgentReceiving] | None = None,
    answering: Callable[[Session], str] = lambda _: "",
    parts: Callable[[], Sequence[Check]] = tuple,
    called: Mapping[str, Hook] | None = None,
    public_url: str | None = None,
    topics: Mapping[str, str] | None = None,
    pushing: Pushing | None = None,
) -> FastAPI:
    """Return the application that serves the page, the API and the streams.

    `ready` says why the workers are not, `parts` how accounts and agents do, `label` names a place.
    `operator` alone may admit `people`, see `checks` and make backups, in `scratch`.
    """
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
        deliveries=deliveries,
        subscriptions=subscriptions,
        limits=limits,
        scratch=scratch,
        tokens=Tokens(store, memory=limits.token_memory),
        pages=SharedPages(store, events=limits.page_events, size=limits.frame),
        receiving={} if receiving is None else receiving,
        agents={} if agents is None else agents,
        answering=answering,
        hooks=HookDesk(called or {}, store, sessions, clock),
        public_url=public_url,
        topics={} if topics is None else topics,
        pushing=pushing,
    )
    return _assembled(reach)


def _end(reach: Reach, whose: ParticipantId) -> None:
    """End what somebody reads whose tokens are void."""
    reach.tokens.forget()
    reach.flows.end(whose)


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
    reach.people.browser_guests.when_ended(partial(_end, reach))
    app.add_middleware(
        Edge,
        tokens=reach.tokens,
        agents=reach.agents,
        receiving=reach.receiving,
        hooks=reach.hooks,
        limits=reach.limits,
    )
    guarded = [Security(_BEARER)]
    parts = (
        api.router,
        streams.router,
        inbox.router,
        pushes.router,
        questions.router,
        delivery_routes.router,
        live_router,
        media.router,
        admin.guarded,
        traces.router,
        session_files.router,
        session_files.own,
        session_imports.router,
        people_routes.router,
        invitations.router,
        members.router,
        schedules.router,
        background.router,
        hooks.router,
        subscription_routes.router,
        browser_push.router,
    )
    for part in parts:
        app.include_router(part, dependencies=guarded)
    app.include_router(admin.router)
    app.include_router(invitations.unguarded)
    app.include_router(browser_push.unguarded)
    app.include_router(metrics.router)
    app.include_router(agents_router)
    assets.install(app)
    compatible.install(app)
    platform_callbacks.install(app)
    hooks.install(app)
    media.install(app)
    others = (admin.router, invitations.unguarded, browser_push.unguarded, agents_router)
    routers = (app, *others, *parts)
    errors.install(app, [route for router in routers for route in router.routes])
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
