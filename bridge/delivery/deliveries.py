"""How one event stands in one place, sans I/O, and whether anybody was reached by it.

The rules:

- What is settled is told by the receipts of its parts; what is not, by why the place waits.
- `owed`: it will be sent, or is tried again (`unanswered`). `held`: it waits for its person, or for
  something that rings. `parked`: nothing is sent there before somebody does something about it.
- `shown`: people can see all that was sent of it. `failed`: some of it will never be seen there, or
  nobody knows. `left_out`: it is not for this place, which asked not to be shown it, cannot show
  it, or was told to drop it. `passed`: the place is past it and has no part of its own of it, for a
  summary told of it, or it shows nothing.
- Someone was reached where it is shown. Nobody can be any more where all places are settled or
  parked; what is held back is told to the sender as well, for nobody knows how long.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.delivery.shown_receipts import is_loss
from bridge.domain.events import Event, Pushed
from bridge.domain.ids import START, Seq
from bridge.domain.parts import SETTLED, SHOWN, Conversation, Receipt
from bridge.session.fold import Session

DeliveryState = Literal["owed", "held", "parked", "shown", "failed", "left_out", "passed"]
Obstacle = Literal[
    "", "closed", "no_account", "account_refused", "not_let_in", "held", "unanswered"
]
"""Why nothing is sent to a place just now; empty: it takes what is sent."""

PARKED: frozenset[Obstacle] = frozenset({"closed", "no_account", "account_refused", "not_let_in"})
"""What lasts until somebody does something about it."""

PENDING: frozenset[DeliveryState] = frozenset({"owed", "held", "parked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`why` is an obstacle or a receipt's reason, `at` when it came to this; `due_at`: tried then.

    `seen`: a platform said that a person has read it.
    """

    state: DeliveryState
    why: str = ""
    at: datetime | None = None
    due_at: datetime | None = None
    seen: bool = False


def goes_to(event: Event, lane: Conversation, session: Session) -> bool:
    """Say whether an event concerns a place: a push, where it goes; else what came since it did."""
    if session.linked.get(lane.id, START) >= event.seq:
        return False
    body = event.body
    if not isinstance(body, Pushed):
        return True
    if body.places:
        return lane.id in body.places
    to = session.people(body.to)
    return not to or lane.room or session.conversations.get(lane.id) in to


def standing(
    seq: Seq, lane: Conversation, receipts: Iterable[Receipt], obstacle: Obstacle
) -> Standing:
    """Return how an event stands in a place; `receipts` are those of the place."""
    parts = [each for each in receipts if _is_part(each, seq)]
    if lane.cursor < seq or any(each.state not in SETTLED for each in parts):
        return _waiting(lane, obstacle)
    return _settled(parts)


def _is_part(receipt: Receipt, seq: Seq) -> bool:
    begins = receipt.part.startswith(f"{seq}:")
    return receipt.source == seq and begins and not is_loss(receipt.part)


def _waiting(lane: Conversation, obstacle: Obstacle) -> Standing:
    if obstacle in PARKED:
        return Standing(state="parked", why=obstacle)
    if obstacle == "held":
        return Standing(state="held", why=obstacle)
    return Standing(state="owed", why=obstacle, due_at=lane.due_at)


def _settled(parts: Sequence[Receipt]) -> Standing:
    if not parts:
        return Standing(state="passed")
    last = max(parts, key=lambda each: each.at)
    lost = next((each for each in parts if each.state in {"failed", "unknown"}), None)
    if lost is not None:
        return Standing(state="failed", why=lost.state, at=lost.at)
    if all(each.state in SHOWN or each.why == "origin" for each in parts):
        seen = any(each.state == "read" for each in parts)
        return Standing(state="shown", why=last.why, at=last.at, seen=seen)
    gone = next(each for each in parts if each.state not in SHOWN)
    return Standing(state="left_out", why=gone.why or gone.state, at=gone.at)


def is_reached(found: Iterable[Standing]) -> bool:
    """Say whether the event is shown anywhere."""
    return any(each.state == "shown" for each in found)


def may_reach(found: Iterable[Standing]) -> bool:
    """Say whether anybody may still be reached without anybody doing anything about it."""
    return any(each.state in {"shown", "owed"} for each in found)


def is_settled(found: Iterable[Standing]) -> bool:
    """Say whether nothing of it waits to be sent: what is parked or held may wait for ever."""
    return all(each.state != "owed" for each in found)
