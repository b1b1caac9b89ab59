"""What a browser is told of a part, sans I/O: a short notification, and what can be done from it.

The rules:

- It is told what rings: what is shown silently costs no push, and is in the page.
- The words are plain text, cut to `MOST_BODY` characters; what was cut says so.
- What may be done stands below only where the whole text does, so that nobody lets run what they
  cannot have read: of more than `MOST_ACTIONS` answers the first. Where a file, the address of a
  link, or more lines than `MOST_LINES` belong to it, or letters show in another order than they are
  in, the page has the answers. To what is no question with answers one may reply in words.
- Each deed carries a seal that only the bridge can make: of the browser, the session, the event and
  the button. It is void where its browser is.
- One event has one tag, so that whatever is sent of it again takes the place of what was before.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bridge import texts
from bridge.domain.content import in_order
from bridge.domain.ids import ParticipantId, Seq, SessionId
from bridge.domain.parts import Button, Part

MOST_BODY, MOST_TITLE, MOST_LABEL = 480, 80, 40
MOST_LINES = 8
"""Notifications show no more, at their largest."""

MOST_ACTIONS = 2
"""Browsers show no more."""

MOST_BUTTONS = 3
"""Of more answers than these two of them would look like all there are: the page has them."""

REPLY = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is done from a notification: a button's `value` is pressed, or (empty) words replied."""

    browser: str
    who: ParticipantId
    session: SessionId
    seq: Seq
    epoch: str
    value: str = ""


Seal = Callable[[Deed], str]


def tag_of(part: Part) -> str:
    """Return the name of a notification, which is a push's topic too: 32 characters."""
    name = json.dumps([part.epoch, part.session, part.source])
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def urgency(part: Part) -> str:
    """Return how soon a phone that saves power is woken, in the words of RFC 8030."""
    return "high" if part.priority == "question" else "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A part's text without markup. `whole`: nothing is missing that the markup says."""

    text: str
    whole: bool = True


def notification(
    part: Part, told: Words, *, title: str, browser: str, who: ParticipantId, seal: Seal
) -> dict[str, Any]:
    """Return what a browser shows of a part that says `told`."""
    says = part.language.says
    words = told.text
    if part.repeat:
        words = words.removesuffix(says(texts.REPEATED).strip("_")).strip()
    body = _cut(words, MOST_BODY)
    files = ", ".join(each.name for each in part.attachments)
    heading = " · ".join(filter(None, (part.speaker, title or "Bridgehead")))
    is_told = body == words and told.whole and not (part.buttons and _hides(part, words))
    deed = Deed(browser=browser, who=who, session=part.session, seq=part.source, epoch=part.epoch)
    return {
        "tag": tag_of(part),
        "title": _cut(" ".join(in_order(heading).split()), MOST_TITLE),
        "body": body or _cut(files, MOST_BODY) or says(texts.PUSH_NEWS),
        "session": part.session,
        "seq": part.source,
        "lang": part.language.code,
        "actions": _actions(part, deed, seal) if is_told else [],
        "failed": says(texts.PUSH_NOT_DONE),
    }


def _hides(part: Part, words: str) -> bool:
    """Say whether something of what is asked may not be seen in a notification."""
    too_long = words.count("\n") >= MOST_LINES
    return bool(part.attachments) or too_long or in_order(words) != words


def _actions(part: Part, deed: Deed, seal: Seal) -> Sequence[dict[str, Any]]:
    if not part.buttons:
        title = part.language.says(texts.PUSH_REPLY)
        return [{"action": REPLY, "title": title, "type": "text", "deed": seal(deed)}]
    if len(part.buttons) > MOST_BUTTONS:
        return []
    return [_action(number, each, deed, seal) for number, each in enumerate(part.buttons)][
        :MOST_ACTIONS
    ]


def _action(number: int, button: Button, deed: Deed, seal: Seal) -> dict[str, Any]:
    pressed = Deed(
        browser=deed.browser,
        who=deed.who,
        session=deed.session,
        seq=deed.seq,
        epoch=deed.epoch,
        value=button.value,
    )
    return {"action": str(number), "title": _cut(button.label, MOST_LABEL), "deed": seal(pressed)}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
