"""The card that asks whether a call may run: the exact call, and nothing can hide in it."""

import json
import re
import unicodedata
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
MOST_SHOWN = 3000
"""Characters of the arguments on a card; it says so when there are more."""

_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_BACKTICKS = re.compile(r"`{3,}")


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
        text=card(planned),
        options=OPTIONS,
        to=tuple(to),
        call=planned,
        expires_at=expires_at,
    )


def card(planned: PlannedCall) -> str:
    """Return the question whether a call may run, in Markdown. Its name is that of a known tool."""
    return f"May I use `{planned.name}`?\n\n{_block(_pretty(planned.arguments), 'json')}"


def exact(planned: PlannedCall) -> str:
    """Return a call under whatever name, in Markdown."""
    return _block(f"{planned.name} {_pretty(planned.arguments)}")


def _block(text: str, language: str = "") -> str:
    shown = visible(text)
    left = len(shown) - MOST_SHOWN
    note = f"\n\n…and {left} more characters that are not shown here." if left > 0 else ""
    fence = max([*_BACKTICKS.findall(shown), "``"], key=len) + "`"
    return f"{fence}{language}\n{shown[:MOST_SHOWN]}\n{fence}{note}"


def _pretty(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except ValueError:
        return arguments


def visible(text: str) -> str:
    """Write out the characters that cannot be seen, or that turn the order of others round."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in _HIDDEN else f"\\u{ord(char):04x}"
        for char in text
    )
