"""How people and what they send are labelled for a model: in a line of their own, unforgeable.

A label is a line that begins with a bracket and has the dot SEPARATOR in it. The rules:

- Names in a label hold neither, so that none ends its label or begins another.
- In the words of people, and of other agents, no line begins with a bracket, whichever of Unicode's
  line breaks made it a line and whatever invisible characters stand before it.
- Nothing is in any of them that people do not see (`agents.as_seen`).
- What a tool brought or a file holds stays as it is, to the letter, but for the lines in it that
  look like a label.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from agents.as_seen import as_seen
from bridge.domain.content import Attachment, Content
from bridge.domain.events import MessageReceived
from bridge.domain.ids import ConversationId, ParticipantId
from bridge.domain.look_alikes import BLANK, CLOSING, DOTS, OPENING
from bridge.texts import SOMEONE, SOMEWHERE, size

LONGEST_QUOTE = 200
"""Characters of the message that another one replies to, where that was shown already."""

SEPARATOR = " · "

_BRACKET = re.compile(f"[{re.escape(''.join(sorted(OPENING)))}]")
_SPACE = re.compile(rf"[\s{re.escape(''.join(sorted(OPENING | CLOSING | DOTS)))}]+")
_BREAKS = "\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029"
LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_NOTED = _BRACKET.pattern[1:-1]
_MAYBE = rf"[^\x21-\x7e\w{_BREAKS}{_NOTED}]|[{''.join(sorted(BLANK))}]"
_LINE = rf"[{_NOTED}](?<=[{_BREAKS}].)|(?:{_MAYBE})(?<=[{_BREAKS}].)(?:{_MAYBE})*+[{_NOTED}]"
_DOT = rf"(?=[^{_BREAKS}]*?[{''.join(sorted(DOTS))}])"
_ODD = re.compile(rf"(?:{_MAYBE})(?<=[{_BREAKS}].)(?:{_MAYBE})*+[{_NOTED}]", re.DOTALL)
_FORGED_WITH_A_DOT = re.compile(f"(?:{_LINE}){_DOT}", re.DOTALL)
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerLabels:
    """What people and places are called."""

    people: Mapping[ParticipantId, str] = field(default_factory=dict)
    places: Mapping[ConversationId, str] = field(default_factory=dict)

    def person(self, who: ParticipantId | None) -> str:
        return plain(self.people.get(who, SOMEONE) if who else SOMEONE)

    def place(self, where: ConversationId) -> str:
        return plain(self.places.get(where, SOMEWHERE))

    def are_within(self, other: "SpeakerLabels") -> bool:
        """Say whether the others call everything the same, whatever more they know."""
        return (
            self.people.items() <= other.people.items()
            and self.places.items() <= other.places.items()
        )


@lru_cache(maxsize=1024)
def plain(name: str) -> str:
    """Return a name that cannot end its label, nor begin another."""
    return _SPACE.sub(" ", as_seen(name)).strip()


def label(*words: str, at: datetime) -> str:
    named = " ".join(filter(None, (plain(word) for word in words)))
    return bracketed(named, _minute(at))


def bracketed(*words: str) -> str:
    """Return a label of these words, which hold nothing that belongs to labels."""
    return f"[{SEPARATOR.join(words)}]"


def heard(
    message: MessageReceived,
    content: Content,
    at: datetime,
    labels: SpeakerLabels,
    quoted: Content | None = None,
) -> str:
    """Return a message with its label; a line of it that looks like one does not any more."""
    header = [labels.person(message.participant), labels.place(message.conversation)]
    header.append(_minute(at))
    if not message.addressed:
        header.append("overheard")
    lines = [bracketed(*header)]
    if message.quote is not None:
        about = message.quote
        lines.append(bracketed("in reply to", plain(about.author), plain(about.text)))
    elif quoted is not None:
        lines.append(bracketed("in reply to", plain(in_words(quoted))[:LONGEST_QUOTE]))
    if content.text:
        lines.append(unforged(content.text))
    lines += [_file(each) for each in content.attachments]
    return "\n".join(lines)


def in_words(content: Content) -> str:
    """Return the words of a message, or what its files are called where it has none."""
    return content.text or ", ".join(each.name or each.kind for each in content.attachments)


def unforged(text: str) -> str:
    """Return someone's words, as seen, with no line left that could be taken for a label."""
    text = as_seen(text)
    return _escaped(_at_once(f"\n{text}"), _ODD) if _may_forge(text) else text


def unforged_result(text: str) -> str:
    """Return what a tool brought, or a file holds, with no line left that looks like a label.

    It is as people would see it.
    """
    text = as_seen(text)
    if not _may_forge(text) or DOTS.isdisjoint(text) or _is_json(text):
        return text
    return _escaped(f"\n{text}", _FORGED_WITH_A_DOT)


def _may_forge(text: str) -> bool:
    return _BRACKET.search(text) is not None


def _at_once(text: str) -> str:
    """Put a backslash before each bracket that begins a line with nothing before it."""
    brackets = [each for each in OPENING if each in text]
    for end in (each for each in LINE_ENDS if each in text):
        for bracket in brackets:
            text = text.replace(end + bracket, f"{end}\\{bracket}")
    return text


def _escaped(text: str, forged: re.Pattern[str]) -> str:
    """Put a backslash before each bracket that begins a line, in time that is linear in the text.

    The text begins with a line end of ours. Each is looked at that stands behind something unseen.
    """
    return forged.sub(_behind_unseen, text)[1:]


def _behind_unseen(found: re.Match[str]) -> str:
    prefix, bracket = found[0][:-1], found[0][-1]
    return f"{prefix}\\{bracket}" if not prefix or _are_unseen(prefix) else found[0]


@lru_cache(maxsize=4096)
def _are_unseen(prefix: str) -> bool:
    return all(map(_is_unseen, prefix))


@lru_cache(maxsize=4096)
def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN or char in BLANK


def _is_json(text: str) -> bool:
    """Say whether it is one JSON value: its strings have no lines, and its lines are no labels.

    JSON lets a string hold the line breaks of Unicode as they are.
    """
    if len(text.splitlines()) > len(text.split("\n")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _minute(at: datetime) -> str:
    """Return a time as `2026-11-25 08:30`; `strftime` takes five times as long."""
    return at.isoformat(sep=" ", timespec="minutes")[:16]


def _file(attachment: Attachment) -> str:
    name, kind = plain(attachment.name), attachment.kind
    return bracketed(kind, f"{name}, {plain(attachment.mime)}, {size(attachment.size)}")
