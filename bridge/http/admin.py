"""What the operator of the bridge asks: does it live, is it well, a copy of everything."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator

from bridge import texts
from bridge.domain.errors import StoreUnavailable
from bridge.domain.ids import SessionId
from bridge.domain.usage import Spent
from bridge.http.dependencies import Operator, TheReach
from bridge.http.errors import (
    CODES,
    LONGEST_MESSAGE,
    MEANINGS,
    RETRY_SECONDS,
    Failure,
    Mistake,
    failures,
)
from bridge.http.streaming import Flow, Leash
from bridge.ports.health import Check
from bridge.unseen import unseen

router = APIRouter(tags=["operator"])
guarded = APIRouter(tags=["operator"])
"""What needs a token."""

COPY_BYTES = 262_144
LONGEST_ID = 200
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BINARY = "application/octet-stream"


class Health(BaseModel):
    status: str


class PartLine(BaseModel):
    name: str
    ok: bool
    detail: str


class Readiness(BaseModel):
    """`degraded`: the bridge works, but not every account or agent does."""

    status: Literal["ready", "degraded"]
    parts: list[PartLine]


class Unready(Failure):
    """The bridge cannot work just now; `parts` say what of it does."""

    parts: list[PartLine]


class CheckLine(BaseModel):
    name: str
    ok: bool
    detail: str
    fix: str


class LeftOut(BaseModel):
    """How often something was not stored or not shown since the start; docs/operations.md."""

    reason: str
    kind: Literal["drop", "refusal", "skip", "give-up"]
    side: Literal["not stored", "not shown"]
    account: str
    times: int


class Report(BaseModel):
    checks: list[CheckLine]
    left_out: list[LeftOut]


def _as_written(value: Any) -> Any:
    """Let a day through only as the document writes it: `2026-03-01`, no other form of a date."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("a day is written like 2026-03-01")
    return value


Day = Annotated[date, BeforeValidator(_as_written)]


class UsageLine(BaseModel):
    """What was used on one day in one session, on behalf of one person (null: of nobody).

    `cost` is in US dollars; `unpriced_tokens` are those whose price is not known.
    """

    day: date
    session: str
    participant: str | None
    agent: str
    model: str
    runs: int
    input_tokens: int
    output_tokens: int
    cost: float
    unpriced_tokens: int


class UsageReport(BaseModel):
    usage: list[UsageLine]


@router.get("/healthz", operation_id="get_health")
async def get_health() -> Health:
    """Say that the process serves."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="get_ready",
    response_model=Readiness,
    responses={503: {"model": Unready, "description": MEANINGS[503]}},
)
async def get_ready(reach: TheReach) -> Readiness | JSONResponse:
    """Say whether the store can be used and the workers run, and how each part does; at once."""
    fault = await reach.probe.fault()
    store = PartLine(name="store", ok=not fault, detail=fault or texts.WORKS)
    others = [PartLine(name=each.name, ok=each.ok, detail=_told(each)) for each in reach.parts()]
    why_not, parts = fault or (texts.FAILS if reach.ready() else ""), [store, *others]
    if not why_not:
        fine = all(each.ok for each in parts)
        return Readiness(status="ready" if fine else "degraded", parts=parts)
    mistake = Mistake(code=CODES[503], message=why_not[:LONGEST_MESSAGE])
    body = Unready(error=mistake, parts=parts).model_dump()
    return JSONResponse(body, status_code=503, headers={"Retry-After": RETRY_SECONDS})


def _told(part: Check) -> str:
    """Return what anybody may read of a part: why it fails may be words of people, or a secret."""
    return part.detail if part.ok or part.detail == texts.NO_ANSWER else texts.FAILS


@guarded.get("/v1/doctor", operation_id="get_doctor", responses=failures(400, 401, 403, 503))
async def get_doctor(reach: Operator, *, deep: bool = False) -> Report:
    """Say what works, what does not and what to do; with `deep` models are asked for a word."""
    lines = [
        CheckLine(name=each.name, ok=each.ok, detail=each.detail, fix=each.fix)
        for each in await reach.checks(deep=deep)
    ]
    left_out = [LeftOut(**asdict(each)) for each in unseen.counts()]
    return Report(checks=lines, left_out=left_out)


@guarded.get("/v1/usage", operation_id="get_usage", responses=failures(400, 401, 403, 503))
async def get_usage(
    reach: Operator,
    since: Day | None = None,
    until: Day | None = None,
    session: Annotated[str | None, Query(max_length=LONGEST_ID)] = None,
) -> UsageReport:
    """Say what was used, from one day to another (both in UTC, both included)."""
    which = SessionId(session) if session is not None else None
    spent = await reach.store.usage(since=since, until=until, session=which)
    return UsageReport(usage=[_usage_line(each) for each in spent])


def _usage_line(spent: Spent) -> UsageLine:
    return UsageLine(
        day=spent.day,
        session=spent.session,
        participant=spent.participant,
        agent=spent.agent,
        model=spent.model,
        runs=spent.used.runs,
        input_tokens=spent.used.input_tokens,
        output_tokens=spent.used.output_tokens,
        cost=spent.used.cost,
        unpriced_tokens=spent.used.unpriced,
    )


@guarded.post(
    "/v1/backup",
    operation_id="make_backup",
    response_class=Response,
    responses={
        200: {
            "description": "A consistent copy of the database.",
            "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
        },
        **failures(401, 403, 413, 415, 503),
    },
)
async def make_backup(reach: Operator) -> Response:
    """Send a consistent copy of the database; cut short, its length tells."""
    folder = await asyncio.to_thread(_scratch, reach.scratch)
    copy = folder / "bridgehead.db"
    try:
        await reach.store.backup(copy)
        size = (await asyncio.to_thread(copy.stat)).st_size
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    name = f"bridgehead-{reach.clock.now():%Y%m%d-%H%M%S}.db"
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Flow(
        _copied(copy),
        leash=Leash(),
        flows=reach.flows,
        drain=reach.limits.drain,
        media_type=BINARY,
        headers=headers,
        whole=True,
    )


def _scratch(folder: Path | None) -> Path:
    """Make a folder for a copy, in ours or, where that is gone, where temporary files are."""
    try:
        try:
            return Path(tempfile.mkdtemp(dir=folder, prefix="backup-"))
        except FileNotFoundError:
            return Path(tempfile.mkdtemp(prefix="bridge-backup-"))
    except OSError as error:
        raise StoreUnavailable(f"the backup cannot be made: {error.strerror}") from error


async def _copied(copy: Path) -> AsyncGenerator[bytes]:
    """Yield a file bit by bit, and remove its folder."""
    try:
        with copy.open("rb") as file:
            while bit := await asyncio.to_thread(file.read, COPY_BYTES):
                yield bit
    finally:
        shutil.rmtree(copy.parent, ignore_errors=True)
