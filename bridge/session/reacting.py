"""What an emoji on a question answers, sans I/O: a thumb on an approval, once and for this call.

Where it is not plain which option a thumb means, it means none.
"""

from bridge.domain.events import QuestionAsked
from bridge.domain.reactions import DOWN, UP
from bridge.session.tool_grants import ALWAYS, DENYING


def chosen_by(emoji: str, asked: QuestionAsked) -> str:
    """Return the id of the option that an emoji chooses, "" for none."""
    if asked.kind != "approval" or emoji not in {UP, DOWN}:
        return ""
    offered = [each.id for each in asked.options if each.id != ALWAYS]
    meant = [each for each in offered if (each in DENYING) == (emoji == DOWN)]
    return meant[0] if len(meant) == 1 else ""
