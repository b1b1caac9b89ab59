"""The question whether a call may run. The bridge shows the exact call with it."""

from collections.abc import Sequence
from datetime import datetime

from bridge.commands import Asking
from bridge.content import Option
from bridge.events import PlannedCall
from bridge.ids import CallId, ParticipantId, QuestionId

APPROVE, DENY, ALWAYS = "approve", "deny", "always"
OPTIONS = (
    Option(id=APPROVE, label="Approve"),
    Option(id=DENY, label="Deny"),
    Option(id=ALWAYS, label="Always"),
)


def question_of(call: CallId) -> QuestionId:
    """Return the id of the question about a call: whoever asks it again asks the same one."""
    return QuestionId(f"q_{call.removeprefix('k_')}")


def approval(
    planned: PlannedCall,
    *,
    to: Sequence[ParticipantId] = (),
    expires_at: datetime | None = None,
) -> Asking:
    return Asking(
        question=question_of(planned.call),
        kind="approval",
        text=f"May I use `{planned.name}`?",
        options=OPTIONS,
        to=tuple(to),
        call=planned,
        expires_at=expires_at,
    )
