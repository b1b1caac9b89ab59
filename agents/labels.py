"""How people and what they send are labelled for a model: in a line of their own, unforgeable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from bridge.content import Attachment, Content
from bridge.events import MessageReceived
from bridge.ids import ConversationId, ParticipantId
from bridge.texts import SOMEONE, SOMEWHERE, size

LONGEST_QUOTE = 200
"""Characters of the message that another one replies to."""

_LABEL = re.compile(r"^([^\S\n]*+)\[", re.MULTILINE)
_SPACE = re.compile(r"[\s\[\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What people and places are called."""

    people: Mapping[ParticipantId, str] = field(default_factory=dict)
    places: Mapping[ConversationId, str] = field(default_factory=dict)

    def person(self, who: ParticipantId | None) -> str:
        return plain(self.people.get(who, SOMEONE) if who else SOMEONE)

    def place(self, where: ConversationId) -> str:
        return plain(self.places.get(where, SOMEWHERE))

    def are_within(self, other: "Labels") -> bool:
        """Say whether the others call everything the same, whatever more they know."""
        return (
            self.people.items() <= other.people.items()
            and self.places.items() <= other.places.items()
        )


@lru_cache(maxsize=1024)
def plain(name: str) -> str:
    """Return a name that cannot end its label, nor begin another."""
    return _SPACE.sub(" ", name).strip()


def label(*words: str, at: datetime) -> str:
    named = " ".join(filter(None, (plain(word) for word in words)))
    return f"[{named} · {_minute(at)}]"


def heard(
    message: MessageReceived,
    content: Content,
    at: datetime,
    labels: Labels,
    quoted: Content | None = None,
) -> str:
    """Return a message with its label; a line of it that looks like one does not any more."""
    header = [labels.person(message.participant), labels.place(message.conversation)]
    header.append(_minute(at))
    if not message.addressed:
        header.append("overheard")
    lines = [f"[{' · '.join(header)}]"]
    if quoted is not None:
        lines.append(f"> {' '.join(quoted.text.split())[:LONGEST_QUOTE]}")
    if content.text:
        lines.append(unforged(content.text))
    lines += [f"({_file(each)})" for each in content.attachments]
    return "\n".join(lines)


def unforged(text: str) -> str:
    """Return someone's words with no line left that could be taken for a label."""
    return _LABEL.sub(r"\1\\[", text) if "[" in text else text


def _minute(at: datetime) -> str:
    """Return a time as `2026-11-25 08:30`; `strftime` takes five times as long."""
    return at.isoformat(sep=" ", timespec="minutes")[:16]


def _file(attachment: Attachment) -> str:
    name, kind = plain(attachment.name), attachment.kind
    return f"{kind}: {name}, {attachment.mime}, {size(attachment.size)}"
