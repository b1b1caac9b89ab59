"""Subscriptions: where events are sent, for whoever may read them.

Everybody sees and changes their own alone; whoever runs the bridge, all of them.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from bridge.delivery.subscription import KINDS, State, Subscription
from bridge.domain.ids import Seq, SessionId
from bridge.http.dependencies import Reach, TheAsker, TheReach, folded, hidden_from
from bridge.http.errors import Fault, failures
from bridge.http.validators import CallbackUrl, Name
from bridge.ports.subscriptions import Following

router = APIRouter(tags=["subscriptions"])

LARGEST = 2**53 - 1
NO_SUCH = "there is no such subscription"


class NewSubscription(BaseModel):
    """`session` left out: of all sessions in which the asker is. `kinds` left out: all events."""

    model_config = ConfigDict(extra="forbid")

    url: CallbackUrl
    session: Name | None = None
    kinds: Annotated[list[Name], Field(max_length=len(KINDS))] = []


class DeadLine(BaseModel):
    """An event that was given up, and why."""

    seq: int
    why: str


class OwedLine(BaseModel):
    """What is owed of a session. `behind`: events since the last that was taken, or not wanted."""

    session: str
    title: str
    behind: int
    dead: list[DeadLine]
    tries: int
    due_at: datetime | None
    error: str


class SubscriptionLine(BaseModel):
    """`state`: `on`, `parked` until it is tried again, or `ended`; `why` it came to that.

    `question`: it waits for the end of that question alone.
    """

    id: str
    url: str
    by: str
    session: str | None
    kinds: list[str]
    question: str | None
    state: State
    why: str
    made: datetime
    owed: list[OwedLine]


class SecretLine(SubscriptionLine):
    """`secret` signs what is sent; it is shown this once."""

    secret: str


class SubscriptionList(BaseModel):
    subscriptions: list[SubscriptionLine]


class DroppedOwed(BaseModel):
    """How many events were owed, and never will be sent."""

    dropped: int


@router.get(
    "/v1/subscriptions", operation_id="list_subscriptions", responses=failures(400, 401, 403, 503)
)
async def list_subscriptions(
    reach: TheReach,
    asker: TheAsker,
    *,
    everybody: Annotated[
        bool, Query(alias="all", description="Those of everybody; for whoever runs the bridge.")
    ] = False,
) -> SubscriptionList:
    """List the subscriptions of the asker, and what is owed."""
    if everybody and asker.participant != reach.operator:
        raise Fault(403, "refused", "only whoever runs the bridge sees those of others")
    found = await reach.subscriptions.all_of(None if everybody else asker.participant)
    return SubscriptionList(subscriptions=[await _line(reach, each) for each in found])


@router.post(
    "/v1/subscriptions",
    operation_id="add_subscription",
    status_code=201,
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def add_subscription(reach: TheReach, asker: TheAsker, new: NewSubscription) -> SecretLine:
    """Have events sent to an address from now on; the secret that signs them is shown once."""
    unknown = sorted(set(new.kinds) - KINDS)
    if unknown:
        raise Fault(400, "malformed", f"kinds: there is no event `{unknown[0]}`")
    by, session = asker.participant, None
    if new.session is None:
        if not await reach.subscriptions.receivers.may_follow_all(by):
            raise Fault(403, "refused", "say of which session; this token is for some alone")
    else:
        found = await folded(reach, new.session)
        if await hidden_from(reach, by, found) is None:
            raise Fault(404, "not_found", "there is no such session here")
        session = found.id
    await reach.subscriptions.receivers.check(new.url)
    made = await reach.subscriptions.add(by=by, url=new.url, session=session, kinds=new.kinds)
    return await _with_secret(reach, made)


@router.get(
    "/v1/subscriptions/{number}",
    operation_id="get_subscription",
    responses=failures(400, 401, 404, 503),
)
async def get_subscription(reach: TheReach, asker: TheAsker, number: Name) -> SubscriptionLine:
    """Show a subscription, what is owed, and what was given up."""
    return await _line(reach, await _known(reach, asker, number))


@router.delete(
    "/v1/subscriptions/{number}",
    operation_id="remove_subscription",
    responses=failures(400, 401, 404, 413, 415, 503),
)
async def remove_subscription(reach: TheReach, asker: TheAsker, number: Name) -> SubscriptionLine:
    """End a subscription; nothing more is sent."""
    known = await _known(reach, asker, number)
    line = await _line(reach, known)
    await reach.subscriptions.remove(known)
    return line


@router.post(
    "/v1/subscriptions/{number}/rotate",
    operation_id="rotate_subscription",
    responses=failures(400, 401, 404, 409, 413, 415, 503),
)
async def rotate_subscription(reach: TheReach, asker: TheAsker, number: Name) -> SecretLine:
    """Give a subscription another secret; for a day the one before signs too."""
    known = await _known(reach, asker, number)
    return await _with_secret(reach, await reach.subscriptions.rotate(known))


@router.post(
    "/v1/subscriptions/{number}/retry",
    operation_id="retry_subscription",
    status_code=204,
    responses=failures(400, 401, 404, 409, 413, 415, 503),
)
async def retry_subscription(reach: TheReach, asker: TheAsker, number: Name) -> None:
    """Send now what is owed, first what was given up, and go on where it was parked."""
    known = await _known(reach, asker, number)
    if known.state == "ended":
        raise Fault(409, "conflict", f"this subscription has ended: {known.why}; make another one")
    await reach.subscriptions.retry(known)


@router.post(
    "/v1/subscriptions/{number}/drop",
    operation_id="drop_subscription",
    responses=failures(400, 401, 404, 413, 415, 503),
)
async def drop_subscription(
    reach: TheReach,
    asker: TheAsker,
    number: Name,
    upto: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
) -> DroppedOwed:
    """Send nothing of what is owed by now, or up to an event; the session keeps it all."""
    known = await _known(reach, asker, number)
    if upto is not None and not known.session:
        raise Fault(400, "malformed", "upto is of one session, and this is of all: leave it out")
    last = None if upto is None else Seq(upto)
    return DroppedOwed(dropped=await reach.subscriptions.drop(known, last))


async def _known(reach: Reach, asker: TheAsker, number: str) -> Subscription:
    found = await reach.subscriptions.one(number)
    if found is None or asker.participant not in {found.by, reach.operator}:
        raise Fault(404, "not_found", NO_SUCH)
    return found


async def _with_secret(reach: Reach, known: Subscription) -> SecretLine:
    line = await _line(reach, known)
    return SecretLine(**line.model_dump(), secret=known.secret)


async def _line(reach: Reach, known: Subscription) -> SubscriptionLine:
    return SubscriptionLine(
        id=known.id,
        url=known.url,
        by=known.by,
        session=known.session or None,
        kinds=list(known.kinds),
        question=known.question or None,
        state=known.state,
        why=known.why,
        made=datetime.fromisoformat(known.made),
        owed=[_owed(each) for each in await reach.subscriptions.followed(known)],
    )


def _owed(each: Following) -> OwedLine:
    cursor = each.cursor
    return OwedLine(
        session=SessionId(each.session),
        title=each.title,
        behind=each.behind,
        dead=[DeadLine(seq=seq, why=why) for seq, why in cursor.dead],
        tries=cursor.tries,
        due_at=datetime.fromisoformat(cursor.due_at) if cursor.due_at else None,
        error=cursor.error,
    )
