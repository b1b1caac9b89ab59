"""What a plan of delivery is made of: one step after the other, done by the courier."""

from dataclasses import dataclass

from bridge.ids import MessageId, Seq
from bridge.parts import Part, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Attempt the part and send it; or change the message `part.edits` into it.

    `code`: why it is shown in less than was meant, in the platform's words.
    """

    part: Part
    tries: int = 1
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Find out what became of the part."""

    part: Part
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """Take the message back, then record the receipt. A repeat is a success."""

    message: MessageId
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Record the receipt; nothing is to be sent."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Move the cursor: everything up to `to` is settled."""

    to: Seq


Step = Show | Resolve | Retract | Note | Advance
