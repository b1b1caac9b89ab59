"""How long sessions keep their words, over HTTP: for the bridge's owner alone."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bridge.http.dependencies import Operator, Reach, folded
from bridge.http.errors import failures

router = APIRouter(tags=["operator"])

PATH = "/v1/sessions/{session}/retention"


class RetentionLine(BaseModel):
    """`keep`: `30d`, or `forever`. `own`: it was chosen for this session, not by the config.

    `erased` is the last event whose words are gone.
    """

    keep: str
    own: bool
    erased: int


class RetentionWish(BaseModel):
    """`keep`: so many days, as `30d`; `forever`; or `default`: as the config says."""

    keep: Annotated[str, Field(max_length=20)]


@router.get(PATH, operation_id="get_retention", responses=failures(400, 401, 403, 404, 503))
async def get_retention(session: str, reach: Operator) -> RetentionLine:
    """Say how long a session keeps its words."""
    return await _line(reach, session)


@router.put(PATH, operation_id="set_retention", responses=failures(400, 401, 403, 404, 503))
async def set_retention(session: str, wish: RetentionWish, reach: Operator) -> RetentionLine:
    """Let a session keep its words so long; what is older goes within hours, for good."""
    found = await folded(reach, session)
    await reach.people.retention.choose(found.id, wish.keep)
    return await _line(reach, session)


async def _line(reach: Reach, session: str) -> RetentionLine:
    found = await folded(reach, session)
    known = await reach.people.retention.of(found.id)
    return RetentionLine(keep=known.keep, own=known.own, erased=known.erased)
