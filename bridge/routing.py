"""Where what is heard goes, sans I/O: which session a place joins, what a button or number says.

- A new private place joins a session by its channel's setting: one `shared` session, one
  `per_person` wherever they write from, or one `per_place`. A room, which others read, always has
  one of its own. The session's id is derived, so that hearing the first message twice makes one.
- A button's value names what was shown, never what it does; the session decides.
- Plain words answer an open question where that cannot be mistaken: its number, label or id for
  one with options, any words for the only one without. A reply to a question is about that one.
- A code is typed as `/link CODE`, or alone. In a room it may stand anywhere in what is said: there
  it grants nothing.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bridge.commands import Answer, Say
from bridge.content import Option
from bridge.ids import ParticipantId, QuestionId, SessionId
from bridge.parts import Address
from bridge.session import OpenQuestion, Session

Policy = Literal["shared", "per_person", "per_place"]

SHARED = SessionId("main")
"""The session that exists from the first start on."""

MAX_VALUE = 64
"""Bytes of a button's value: the least that any platform takes."""

MAX_DIGITS = 6
"""Digits of an option's number: whoever types a thousand of them chooses nothing."""


def session_for(
    policy: Policy, address: Address, participant: ParticipantId, *, room: bool
) -> SessionId:
    """Return the session that a place joins when someone first speaks to the bridge in it."""
    match "per_place" if room else policy:
        case "shared":
            return SHARED
        case "per_person":
            return _derived(participant)
        case "per_place":
            return _derived(address.channel, address.place)


def _derived(*names: str) -> SessionId:
    return SessionId("s_" + hashlib.sha256("\0".join(names).encode()).hexdigest()[:16])


# -- buttons --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPress:
    question: QuestionId
    option: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SayingPress:
    """The button says its label, as if it had been typed."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPress:
    """The button takes back what a code gave; `grant` is the grant's id."""

    grant: str


def answer_button(question: QuestionId, option: int) -> str:
    return f"a:{question}:{option}"


def saying_button(label: str) -> str:
    return "s:" + label.encode()[: MAX_VALUE - 2].decode(errors="ignore")


UNDO = "u:"
"""How the id of an option begins, and the value of its button, that takes back a grant."""


def pressed(value: str) -> AnswerPress | SayingPress | UndoPress | None:
    """Return what a button's value stands for; None if it is not one of ours."""
    kind, _, rest = value.partition(":")
    question, _, digits = rest.rpartition(":")
    option = _number(digits)
    if kind == "a" and question and option is not None:
        return AnswerPress(question=QuestionId(question), option=option)
    if kind == "s" and rest:
        return SayingPress(words=rest)
    if kind == "u" and rest:
        return UndoPress(grant=rest)
    return None


# -- typed codes ----------------------------------------------------------------------------------

CODE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""What codes are made of: nothing that looks like something else."""

CODE_LENGTH = 10

_FORM = (
    f"[{CODE_ALPHABET}]{{{CODE_LENGTH // 2}}}[-\u2010-\u2015]?"
    f"[{CODE_ALPHABET}]{{{CODE_LENGTH // 2}}}"
)
"""A code with or without its dash, which some keyboards make longer."""

_WITHIN = re.compile(rf"(?<![A-Z0-9]){_FORM}(?![A-Z0-9])", re.IGNORECASE)

MOST_CODES = 10
"""Codes that are looked for in one message of a room."""

_CODE = re.compile(
    rf"(?P<asked>/(?:link|start)(?:@\w+)?\s+)?"
    rf"(?P<code>{_FORM})",
    re.IGNORECASE,
)
_ASKED = re.compile(r"/link(?:@\w+)?\s+(?P<code>\S.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCode:
    """A code someone typed. `asked`: as `/link CODE`, so that it is nothing else."""

    code: str
    asked: bool


def typed_code(text: str) -> TypedCode | None:
    """Return the code that a text is, if it is one; its form says nothing of whether it is good."""
    text = text.strip()
    if found := _CODE.fullmatch(text):
        return TypedCode(code=found["code"], asked=found["asked"] is not None)
    if found := _ASKED.fullmatch(text):
        return TypedCode(code=found["code"].strip(), asked=True)
    return None


def codes_within(text: str) -> tuple[str, ...]:
    """Return what has the form of a code anywhere in a text, each once, up to MOST_CODES."""
    found = dict.fromkeys(each[0] for each in _WITHIN.finditer(text))
    return tuple(found)[:MOST_CODES]


# -- typed answers --------------------------------------------------------------------------------


def typed_answer(session: Session, spoken: Say) -> Answer | None:
    """Return the answer that plain words are, if they are one."""
    if not spoken.addressed or spoken.content.attachments:
        return None
    text = spoken.content.text.strip()
    open_to = [
        (question, each)
        for question, each in session.questions.items()
        if not each.to or spoken.by in each.to
    ]
    meant = [pair for pair in open_to if pair[1].asked == spoken.reply_to] or open_to
    chosen = [
        (question, option)
        for question, each in meant
        if (option := _choice(text, each.options)) is not None
    ]
    if not chosen:
        return _free_answer(spoken, text, meant)
    question, option = chosen[0]
    return _answer(spoken, question, option.id) if len(chosen) == 1 else None


def _free_answer(
    spoken: Say, text: str, open_to: Iterable[tuple[QuestionId, OpenQuestion]]
) -> Answer | None:
    free = [
        question
        for question, each in open_to
        if not each.options and spoken.reply_to in {None, each.asked}
    ]
    return _answer(spoken, free[0], text) if len(free) == 1 and text else None


def _answer(spoken: Say, question: QuestionId, answer: str) -> Answer:
    return Answer(by=spoken.by, question=question, answer=answer, conversation=spoken.conversation)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None


def _choice(text: str, options: tuple[Option, ...]) -> Option | None:
    number = _number(text)
    if number is not None and 1 <= number <= len(options):
        return options[number - 1]
    meant = text.casefold()
    same = [each for each in options if meant in {each.label.casefold(), each.id.casefold()}]
    return same[0] if len(same) == 1 else None
