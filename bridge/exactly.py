"""The exact call that people are asked about, as they read it: nothing can hide in it. Pure.

It is made here and not by the agent that asks, whose words may say anything.
"""

import json
import re
import unicodedata

from bridge.events import PlannedCall, QuestionAsked

MOST_SHOWN = 3000
"""Characters of a call; it says so when there are more."""

LONGEST_NAME = 80
"""Characters of the few words that name a question."""

_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_BACKTICKS = re.compile(r"`{3,}")


def exactly(planned: PlannedCall) -> str:
    """Return a call as a block of code, in Markdown: its name, and its arguments."""
    shown = visible(f"{planned.name} {_pretty(planned.arguments)}")
    left = len(shown) - MOST_SHOWN
    note = f"\n\n…and {left} more characters that are not shown here." if left > 0 else ""
    fence = max([*_BACKTICKS.findall(shown), "``"], key=len) + "`"
    return f"{fence}\n{shown[:MOST_SHOWN]}\n{fence}{note}"


def briefly(asked: QuestionAsked) -> str:
    """Name a question on one line, in Markdown: its call if it has one, else how it begins."""
    if asked.call is None:
        return _cut(next(filter(None, map(str.strip, asked.text.splitlines())), ""))
    named = " ".join(visible(f"{asked.call.name} {_only(asked.call.arguments)}").split())
    return f"`{_cut(named.replace('`', chr(39)))}`"


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"


def _only(arguments: str) -> str:
    """Return the value of the only argument, or all of them as they were written."""
    try:
        values = list(json.loads(arguments).values())
    except (ValueError, AttributeError):
        return arguments
    return str(values[0]) if len(values) == 1 else arguments


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
