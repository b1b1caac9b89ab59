"""The question whether a call may run. The bridge shows the exact call with it."""

from collections.abc import Sequence
from datetime import datetime

from bridge import texts
from bridge.domain.content import Option
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId, ParticipantId, QuestionId
from bridge.domain.run_output import Asking

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
        text=texts.may_use(planned.name),
        options=OPTIONS,
        to=tuple(to),
        call=planned,
        expires_at=expires_at,
    )
