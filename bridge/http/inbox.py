"""What clients put into a session: parsed once, here, into the commands of the core."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, assert_never

from fastapi import APIRouter, Body, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from bridge import texts
from bridge.domain.commands import Answer, Push, Say, Stop, Trigger
from bridge.domain.content import Content
from bridge.domain.events import Source
from bridge.domain.ids import ConversationId, QuestionId, RunId, Seq
from bridge.domain.literal import typed
from bridge.domain.parts import Button
from bridge.domain.wording import Language
from bridge.http.attachments import AttachmentsInput, attached
from bridge.http.dependencies import Entry, enter
from bridge.http.errors import Fault, failures
from bridge.http.live import Place
from bridge.http.pages import check_shape, is_of_another
from bridge.http.validators import Name, Words
from bridge.ports.store import Appended, Origin, Producer
from bridge.session import permissions, slash
from bridge.session.routing import SayingPress, pressed

router = APIRouter(tags=["input"])

ACCOUNT = "http"
LARGEST = 2**53 - 1
"""The largest number that JavaScript counts to without a gap."""

_PRODUCER = re.compile(r"[!-~]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,16}")


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MessageInput(_Input):
    """Something said; slash commands work as in any chat. `reply_to` is an event's seq.

    With `attachments` the text may be empty. `literal`: these are words to the letter, as a button
    of something pushed says them; they are no command and answer no question. `offset` is one of
    the log that was read when it was said: of a log that was restored since, `reply_to` is refused.
    """

    type: Literal["message"]
    text: Words
    literal: bool = False
    reply_to: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    offset: str | None = None
    place: Place = "api"
    attachments: AttachmentsInput = []


class StopInput(_Input):
    """Ends the open run."""

    type: Literal["stop"]


class AnswerInput(_Input):
    """Answers a question: an option's id, or free text. The first answer stands.

    With the `run` that asked it is an answer to that question alone, whatever else has its id.
    """

    type: Literal["answer"]
    question: Name
    run: Name | None = None
    answer: Words
    place: Place = "api"


class PushInput(_Input):
    """Said by the bridge as it is. With `attachments` the text may be empty."""

    type: Literal["push"]
    text: Words
    key: Name | None = None
    attachments: AttachmentsInput = []


class TriggerInput(_Input):
    """Asked of the agent by no person."""

    type: Literal["trigger"]
    prompt: Words
    key: Name | None = None


class TypingInput(_Input):
    """Someone is writing; not kept."""

    type: Literal["typing"]


class LookingInput(_Input):
    """A client shows someone the log up to `seen`; or, not `visible`, nothing. Not kept.

    `view` is what the client calls itself. Said again within a minute, or it is over.
    """

    type: Literal["looking"]
    view: Name
    visible: Annotated[bool, Field(strict=True)]
    seen: Annotated[int, Field(ge=0, le=LARGEST, strict=True)] = 0


Input = Annotated[
    MessageInput | StopInput | AnswerInput | PushInput | TriggerInput | TypingInput | LookingInput,
    Body(discriminator="type"),
]


class Offered(BaseModel):
    """A button below a reply: what it is called, and the message that pressing it is to send."""

    label: str
    text: str


class Taken(BaseModel):
    """What came of an input. `reply` is for the asker alone, as are the buttons below it."""

    events: list[int]
    offset: str
    reply: str | None
    buttons: list[Offered]
    repeated: bool


_ProducerId = Annotated[
    str,
    Header(
        description="Of the three headers all are sent, or none.",
        json_schema_extra={"pattern": f"^({_PRODUCER.pattern})?$"},
    ),
]
_ProducerNumber = Annotated[
    str,
    Header(
        description="0 to 2^53-1; `Producer-Seq` begins at 0 in each epoch.",
        json_schema_extra={"pattern": "^([0-9]{1,15})?$"},
    ),
]


@router.post(
    "/v1/stream/sessions/{session}/inbox",
    operation_id="put_in",
    responses=failures(400, 401, 403, 404, 409, 410, 413, 415, 503),
)
async def put_in(
    *,
    entry: Annotated[Entry, Depends(enter)],
    what: Input,
    response: Response,
    producer_id: _ProducerId = "",
    producer_epoch: _ProducerNumber = "",
    producer_seq: _ProducerNumber = "",
    accept_language: Annotated[str, Header()] = "",
) -> Taken:
    """Take something in; with the three producer headers exactly once, however often it is sent."""
    producer = _producer(entry, producer_id, producer_epoch, producer_seq)
    if producer is not None:
        response.headers["Producer-Epoch"] = str(producer.epoch)
        response.headers["Producer-Seq"] = str(producer.seq)
    if isinstance(what, TypingInput):
        return _note_typing(entry)
    if isinstance(what, LookingInput):
        return _note_looking(entry, what)
    language = await entry.reach.people.languages.of_client(
        entry.asker.participant, accept_language
    )
    appended = await _submit(entry, what, producer, language)
    if appended.reply is not None:
        appended = replace(appended, reply=appended.reply.said_in(language))
    if appended.reply is not None and appended.reply.refused:
        raise Fault(403, "refused", appended.reply.text)
    return _taken(entry, appended)


def _producer(entry: Entry, name: str, epoch: str, seq: str) -> Producer | None:
    """Return the producer of a request; each participant has its own ones.

    Raises `Fault` when the headers are not all there, or not in their form.
    """
    if not (name or epoch or seq):
        return None
    if not (name and epoch and seq):
        message = "send all of Producer-Id, Producer-Epoch and Producer-Seq, or none"
        raise Fault(400, "malformed", message)
    if not _PRODUCER.fullmatch(name):
        raise Fault(400, "malformed", "Producer-Id is 1 to 128 visible ASCII characters")
    return Producer(
        id=f"{entry.asker.participant}/{name}",
        epoch=_number("Producer-Epoch", epoch),
        seq=_number("Producer-Seq", seq),
    )


def _number(header: str, text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise Fault(400, "malformed", f"{header} is a whole number from 0 to {LARGEST}")
    return int(text)


async def _submit(
    entry: Entry,
    what: MessageInput | StopInput | AnswerInput | PushInput | TriggerInput,
    producer: Producer | None,
    language: Language,
) -> Appended:
    """Hand an input on. What is not allowed there is refused by the core, not here."""
    sessions, session, by = entry.reach.sessions, entry.session.id, entry.asker.participant
    known: dict[str, Any] = {"origin": _origin(entry, producer, language), "producer": producer}
    match what:
        case MessageInput():
            _check_offset(entry, what, language)
            take = sessions.submit if what.literal else sessions.hear
            return await take(session, await _say(entry, what), **known)
        case StopInput():
            return await sessions.submit(session, Stop(by=by), **known)
        case AnswerInput():
            answer = Answer(
                by=by,
                question=QuestionId(what.question),
                run=RunId(what.run) if what.run is not None else None,
                answer=what.answer,
                conversation=_where(what.place),
            )
            return await sessions.submit(session, answer, **known)
        case PushInput():
            files, key = await attached(entry.reach.blobs, what.attachments), _key(what.key)
            content = Content(text=what.text, attachments=files)
            push = Push(source=Source(kind="api"), content=content, key=key, by=by)
            return await sessions.submit(session, push, **known)
        case TriggerInput():
            source, key = Source(kind="api"), _key(what.key)
            trigger = Trigger(source=source, prompt=what.prompt, key=key, by=by)
            return await sessions.submit(session, trigger, **known)
        case _:
            assert_never(what)


def _check_offset(entry: Entry, what: MessageInput, language: Language) -> None:
    """Raise `Fault` 410 for a reply to an event of a log that was restored since."""
    if what.reply_to is None or what.offset is None:
        return
    check_shape(what.offset)
    if is_of_another(what.offset, entry.epoch):
        raise Fault(410, "gone", language.says(texts.ASKED_BEFORE_RESTORE))


async def _say(entry: Entry, what: MessageInput) -> Say:
    if what.attachments and not what.literal and slash.parse(what.text):
        raise Fault(400, "malformed", "attachments: a command takes no files; send them without it")
    files = await attached(entry.reach.blobs, what.attachments)
    return Say(
        by=entry.asker.participant,
        conversation=_where(what.place),
        content=replace(_content(what), attachments=files),
        reply_to=what.reply_to,
    )


def _content(what: MessageInput) -> Content:
    """Return the words: a program writes Markdown, a person in the page or a terminal types."""
    is_typed = what.place != "api" and not what.literal
    return typed(what.text) if is_typed else Content(text=what.text, literal=what.literal)


def _where(place: Place) -> ConversationId:
    return ConversationId(f"{ACCOUNT}:{place}")


def _origin(entry: Entry, producer: Producer | None, language: Language) -> Origin | None:
    if producer is None:
        return None
    number = f"{entry.session.id}/{producer.id}/{producer.epoch}/{producer.seq}"
    return Origin(account=ACCOUNT, external_id=number, language=language)


def _key(given: str | None) -> str | None:
    """Return a key that cannot be one of those the core makes."""
    return None if given is None else f"{ACCOUNT}:{given}"


def _note_typing(entry: Entry) -> Taken:
    why = permissions.why_not(entry.session, entry.asker.participant, Say)
    if why:
        raise Fault(403, "refused", why)
    entry.reach.live.typing(entry.session.id, entry.asker.participant)
    return _taken(entry, Appended())


def _note_looking(entry: Entry, what: LookingInput) -> Taken:
    """Note who looks: a viewer does too. What the log has not got, nobody has seen."""
    session, who = entry.session, entry.asker.participant
    seen = Seq(min(what.seen, session.head))
    entry.reach.live.look(session.id, who, what.view, visible=what.visible, seen=seen)
    return _taken(entry, Appended())


def _offered(buttons: Sequence[Button]) -> Iterator[Offered]:
    for each in buttons:
        press = pressed(each.value)
        if isinstance(press, SayingPress):
            yield Offered(label=each.label, text=press.words)


def _taken(entry: Entry, appended: Appended) -> Taken:
    seqs = [event.seq for event in appended.events]
    return Taken(
        events=seqs,
        offset=entry.offset(max(seqs, default=entry.session.head)),
        reply=appended.reply.text if appended.reply else None,
        buttons=list(_offered(appended.reply.buttons)) if appended.reply else [],
        repeated=appended.repeated,
    )
