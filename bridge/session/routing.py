"""Where what is heard goes, sans I/O: which session a place joins, what a button or number says.

- A new private place joins a session by its channel's setting: one `shared` session, one
  `per_person` wherever they write from, or one `per_place`. A room, which others read, always has
  one of its own. The session's id is derived, so that hearing the first message twice makes one.
- A button's value names what was shown, never what it does; the session decides. The first letter
  says whose it is: what an agent offers (`a:`, `p:`) never reads as a button of the bridge's own
  (`s:`, `u:`), whatever its ids and labels are.
- The button of a card has a check, made of what the card shows and of where it was asked. In
  another session, or in a log that was restored to before the card, it is the button of nothing.
  Cards of before that name their question alone; those count whose id the bridge made.
- Plain words answer an open question where that cannot be mistaken: its number, label or id for
  one with options, any words for the only one without. A reply to a question is about that one,
  a reply to anything else about none. What is not in the speaker's own words chooses nothing.
- What a program asks is answered by a reply to it, or by a number while nothing else is asked: its
  labels are words that people say to the agent as well.
- A code is typed as `/link CODE`, or alone. In a room it may stand anywhere in what is said: there
  it grants nothing.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from bridge import texts
from bridge.domain.commands import Answer, Say
from bridge.domain.content import Option
from bridge.domain.events import Pushed, QuestionAsked, Role
from bridge.domain.ids import ParticipantId, QuestionId, Seq, SessionId
from bridge.domain.look_alikes import capitals
from bridge.domain.normal_form import normal
from bridge.domain.parts import Address, Button
from bridge.domain.wording import Language
from bridge.session.fold import OpenQuestion, Session
from bridge.session.permission_table import ROLES
from bridge.session.visible import is_hidden

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


def new_session(account: str, message: str) -> SessionId:
    """Return the id of the session that a message asked for."""
    return _derived("new", account, message)


def _derived(*names: str) -> SessionId:
    return SessionId("s_" + hashlib.sha256("\0".join(names).encode()).hexdigest()[:16])


# -- buttons --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPress:
    """The button of a question's card; `asked` is the event that asked it.

    `check` is 16 hexadecimal digits, see `is_of_question`.
    """

    asked: Seq
    option: int
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnboundPress:
    """The button of a card of before cards had checks: it says no more than its question's id."""

    question: QuestionId
    option: int

    @property
    def is_minted(self) -> bool:
        """Whether the bridge itself made the id, so that it names one question for good."""
        return _MINTED.fullmatch(self.question) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SayingPress:
    """A button of the bridge's own, which says its words as if they had been typed."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPress:
    """The button of something pushed: it says its label, which commands and answers nothing.

    `check` is 16 hexadecimal digits, see `pushed_words`.
    """

    push: Seq
    option: int
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPress:
    """The button takes back what a code gave; `grant` is the grant's id."""

    grant: str


Decision = Literal["allow", "deny"]
"""What can be decided about someone who asks to be let in."""

DECISIONS: tuple[Decision, ...] = get_args(Decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPress:
    """The button decides about someone who asks to be let in; `request` is the request's id."""

    request: str
    decision: Decision


_CHECKED = re.compile(r"([0-9]{1,18}):([0-9]{1,6}):([0-9a-f]{16})")
_MINTED = re.compile(r"q_[0-9a-f]{16}")


def answer_button(session: SessionId, asked: Seq, question: QuestionAsked, option: int) -> str:
    """Return the value of the button for one of a question's options."""
    return f"a:{asked}:{option}:{_question_check(session, asked, question, option)}"


WRITES = "w:"
"""What the value of a button begins with that opens a window to write in, where there are any.

It names the event that asked, and says nothing by itself: what is written is a reply to the card.
"""


def writing_button(asked: Seq) -> str:
    """Return the value of the button below a question that is answered in words."""
    return f"{WRITES}{asked}"


def is_of_question(press: AnswerPress, session: SessionId, question: QuestionAsked) -> bool:
    """Say whether a button stands below the card of this question, which asked what it asks now.

    No two runs have the same id, in whichever session or life of a log, so no other question has
    the same check, whatever its id and number are.
    """
    if press.option >= len(question.options):
        return False
    check = _question_check(session, press.asked, question, press.option)
    return hmac.compare_digest(press.check, check)


def push_button(session: SessionId, seq: Seq, pushed: Pushed, option: int) -> str:
    """Return the value of the button for one of the options of something pushed."""
    return f"p:{seq}:{option}:{_push_check(session, seq, pushed, option)}"


def pushed_words(press: PushPress, session: SessionId, pushed: Pushed) -> str | None:
    """Return what a button below something pushed says; None where it does not stand below this.

    A button of before pushes had checks of their own only has one of its label.
    """
    if press.option >= len(pushed.buttons):
        return None
    label = pushed.buttons[press.option].label
    of_label = _digits(label.encode(errors="replace"))
    checks = (_push_check(session, press.push, pushed, press.option), of_label)
    return label if any(hmac.compare_digest(press.check, each) for each in checks) else None


def _question_check(session: SessionId, asked: Seq, question: QuestionAsked, option: int) -> str:
    call = (question.call.name, question.call.arguments) if question.call is not None else ()
    chosen = question.options[option].id
    return _check(session, str(asked), question.question, question.run, chosen, *call)


def _push_check(session: SessionId, seq: Seq, pushed: Pushed, option: int) -> str:
    label = pushed.buttons[option].label
    return _check(session, str(seq), pushed.content.text, label)


def _check(*parts: str) -> str:
    """Return 16 hexadecimal digits, others for other parts."""
    whole = "".join(f"{len(each)}:{each}" for each in parts)
    return _digits(whole.encode(errors="surrogatepass"))


def _digits(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def saying_button(words: str) -> str | None:
    """Return the value of a button that says something; None where it does not fit in whole.

    Cut, it would say something else, and two that differ would say the same.
    """
    value = f"s:{words}"
    return value if words and len(value.encode(errors="replace")) <= MAX_VALUE else None


MOST_CHOICES = 20
"""Buttons below one message: what is more than that is found faster in the text."""


def command_buttons(name: str, arguments: Iterable[str]) -> tuple[Button, ...]:
    """Return buttons that say a slash command with each of these, for whoever presses them.

    One that does not fit in a button's value whole is left out.
    """
    values = ((saying_button(f"/{name} {each}"), each) for each in arguments)
    return tuple(Button(value=value, label=each) for value, each in values if value)[:MOST_CHOICES]


UNDO = "u:"
"""How the value of a button begins that takes back a grant, and the id of its option.

That is so in what the bridge itself pushes; in what others push, an id is never a value.
"""

REQUEST = "r:"
"""How the id of an option begins, and the value of its button, that decides about a request."""

DEEDS = (UNDO, REQUEST)
"""Options of the bridge's own pushes that do something when they are chosen; others say words."""


def request_button(request: str, decision: Decision) -> str:
    return f"{REQUEST}{request}:{decision}"


Press = AnswerPress | UnboundPress | SayingPress | PushPress | UndoPress | RequestPress


def pressed(value: str) -> Press | None:
    """Return what a button's value stands for; None if it is not one of ours."""
    kind, _, rest = value.partition(":")
    if kind in {"a", "p"} and (shape := _CHECKED.fullmatch(rest)):
        seq, number, check = Seq(int(shape[1])), int(shape[2]), shape[3]
        if kind == "a":
            return AnswerPress(asked=seq, option=number, check=check)
        return PushPress(push=seq, option=number, check=check)
    question, _, digits = rest.rpartition(":")
    option = _number(digits)
    if kind == "a" and question and option is not None:
        return UnboundPress(question=QuestionId(question), option=option)
    if kind == "s" and rest:
        return SayingPress(words=rest)
    if kind == "u" and rest:
        return UndoPress(grant=rest)
    decision = next((each for each in DECISIONS if each == digits), None)
    if kind == "r" and question and decision is not None:
        return RequestPress(request=question, decision=decision)
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

_RUN = re.compile("[A-Z0-9]+")
_BARE = re.compile(f"[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
_HALF = re.compile(f"[{CODE_ALPHABET}]{{{CODE_LENGTH // 2}}}")
_DIGIT = re.compile("[0-9]")

MOST_BETWEEN = 2
"""Words between the halves of a code that read like halves themselves."""

_GROUPS = frozenset({1, 2, CODE_LENGTH // 2, CODE_LENGTH})
"""Letters of the groups in which a code is written; in others it is known by a digit in it."""

_TURNED = re.compile("[\u202b\u202e\u2067\u2068]")
"""What has letters shown from right to left, so that they are read from their end."""

_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me"})

MOST_OF_ONE = 3
"""Characters that one may become which has no letter of a code: U+FDFA would become eighteen."""

MOST_LETTERS = 65_536

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
    """Return what reads as a code anywhere in a text, each once, however many there are.

    Letters of other alphabets are read as what they look like, and as what parts a code from them.
    The work grows as the text does, and so may what is found.
    """
    if _TURNED.search(text):
        text = f"{text}\n{text[::-1]}"
    plain = _plain(text)
    bare = plain.translate(_letters(" "))
    seen = bare if plain.isascii() else plain.translate(_letters(" ", seen=True))
    found = _codes_in(bare) if seen == bare else (*_codes_in(bare), *_codes_in(seen))
    return tuple(dict.fromkeys(found))


def _codes_in(plain: str) -> Iterator[str]:
    """Yield what neighbouring groups of letters add up to, whatever stands between them.

    Halves are also put together over the words between them, few of which read like halves.
    """
    runs = _RUN.findall(plain)
    for at in range(len(runs)):
        joined, after = runs[at], at + 1
        while len(joined) < CODE_LENGTH and after < len(runs):
            joined += runs[after]
            after += 1
        if _BARE.fullmatch(joined) and (_DIGIT.search(joined) or _is_even(runs[at:after])):
            yield joined
    halves = [each for each in runs if _HALF.fullmatch(each)]
    for between in range(1, MOST_BETWEEN + 2):
        for one, other in zip(halves, halves[between:], strict=False):
            if _DIGIT.search(one + other):
                yield one + other


def _is_even(groups: Sequence[str]) -> bool:
    sizes = {len(each) for each in groups}
    return len(sizes) == 1 and sizes <= _GROUPS


def bare_code(text: str, *, keep: str = "") -> str:
    """Return the letters and digits of a code as it was given out, however it was typed.

    `keep` stands for each other character that can be seen.
    """
    return _plain(text).translate(_letters(keep))


def _plain(text: str) -> str:
    """Return a text in its usual form, at most a few times as long as it was."""
    return text if text.isascii() else normal("NFKC", text.translate(_sentences()))


@cache
def _sentences() -> Mapping[int, str]:
    """Return the characters that are whole words without a letter or digit of a code."""
    long = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2000, 0x20000)}
    return {
        code: " "
        for code, plain in long.items()
        if len(plain) > MOST_OF_ONE and not re.search("[A-Za-z0-9]", plain)
    }


class _Letters(dict[int, str]):
    """What each character is in a code, once it was met. `seen`: by what it is read as.

    Bounded, for who writes chooses what is met.
    """

    def __init__(self, keep: str, *, seen: bool) -> None:
        self._keep, self._seen = keep, seen

    def __missing__(self, code: int) -> str:
        if len(self) >= MOST_LETTERS:
            self.clear()
        char = chr(code)
        read = capitals(char) if self._seen else char
        self[code] = found = "".join(_bare(each, self._keep) for each in read.upper())
        return found


@cache
def _letters(keep: str, *, seen: bool = False) -> _Letters:
    return _Letters(keep, seen=seen)


def _bare(char: str, keep: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    is_seen = char in "\n\r\t" or unicodedata.category(char) not in _UNSEEN
    return keep if is_seen else ""


# -- typed roles ----------------------------------------------------------------------------------


def typed_role(argument: str) -> tuple[str, Role] | None:
    """Return whom `/role` names and the role that it gives, which is its last word."""
    *named, last = argument.split() or [""]
    role = next((each for each in ROLES if each == last.casefold()), None)
    return (" ".join(named), role) if named and role else None


# -- typed answers --------------------------------------------------------------------------------


def typed_answer(
    session: Session, spoken: Say, languages: Iterable[Language] = ()
) -> Answer | None:
    """Return the answer that plain words are, if they are one.

    `languages` are those beside English in which a question may be shown: what stands on a card
    can be typed, whatever language its reader speaks by now.
    """
    if not spoken.addressed or spoken.content.attachments:
        return None
    text = spoken.content.text.strip()
    open_to = [
        (question, each)
        for question, each in session.questions.items()
        if (not each.to or spoken.by in each.to)
        and not is_hidden(session, each, spoken.by, spoken.conversation)
    ]
    if spoken.reply_to is not None:  # what is said of something else answers no question
        open_to = [pair for pair in open_to if pair[1].asked == spoken.reply_to]
    others = tuple(languages) if any(each.options for _, each in open_to) else ()
    chosen = [
        (question, option)
        for question, each in open_to
        if not spoken.content.outside
        and (option := _choice(text, each.options, others)) is not None
    ]
    if not chosen:
        return _free_answer(spoken, text, open_to)
    question, option = chosen[0]
    is_plain = len(chosen) == 1 and _is_meant(spoken, text, open_to, session.questions[question])
    return _answer(spoken, question, option.id) if is_plain else None


def _is_meant(spoken: Say, text: str, open_to: Sized, question: OpenQuestion) -> bool:
    """Say whether words mean this question: a program is no one who is being talked with."""
    is_number = _number(text) is not None and len(open_to) == 1
    return question.by is None or spoken.reply_to is not None or is_number


def _free_answer(
    spoken: Say, text: str, open_to: Iterable[tuple[QuestionId, OpenQuestion]]
) -> Answer | None:
    if texts.is_unreadable(text):
        return None
    is_reply = spoken.reply_to is not None
    free = [
        question
        for question, each in open_to
        if not each.options and (is_reply or each.by is None)  # a program's only as a reply
    ]
    return _answer(spoken, free[0], text) if len(free) == 1 and text else None


def _answer(spoken: Say, question: QuestionId, answer: str) -> Answer:
    return Answer(
        by=spoken.by,
        question=question,
        answer=answer,
        conversation=spoken.conversation,
        outside=spoken.content.outside,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None


def _called(option: Option, languages: Iterable[Language]) -> set[str]:
    """Return what an answer is called: in every language, and by its id."""
    label = texts.answer_label(option)
    names = (option.label, option.id, *(each.says(label) for each in languages))
    return {_folded(each) for each in names}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _choice(
    text: str, options: tuple[Option, ...], languages: tuple[Language, ...]
) -> Option | None:
    number, meant = _number(text), _folded(text)
    if number is not None and 1 <= number <= len(options):
        counted = options[number - 1]
        called = [each for each in options if _folded(each.label) == meant]
        return counted if called in ([], [counted]) else None  # it may mean either
    same = [each for each in options if meant in _called(each, languages)]
    return same[0] if len(same) == 1 else None
