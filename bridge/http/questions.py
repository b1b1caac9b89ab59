"""Questions of programs: asked once, waited for by long-poll, taken back.

A question's id is made of who asks and their key, so that whoever asks again after a crash waits
for the answer of the first time. What became of it is read in the log, each time: by its key, which
costs the same however long the log is, and whatever is asked for.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from bridge import texts
from bridge.domain.commands import Answer, Ask, Withdraw
from bridge.domain.content import Option
from bridge.domain.display_names import own_name
from bridge.domain.events import Event, QuestionAsked, QuestionClosed
from bridge.domain.ids import ParticipantId, QuestionId, mint
from bridge.http.api import Mine, names_of, sessions_of
from bridge.http.auth import Asker
from bridge.http.deliveries import LONGEST_WAIT, Timeout
from bridge.http.dependencies import Entry, Reach, Readers, TheAsker, TheReach, enter
from bridge.http.errors import Fault, failures
from bridge.http.pages import shown_beside
from bridge.http.pushes import MOST_PEOPLE, Label
from bridge.http.streaming import Leash
from bridge.http.validators import CallbackUrl, Name, Words
from bridge.session import permissions
from bridge.session.decide_questions import asking_key, closing_key
from bridge.session.fold import is_expired
from bridge.session.visible import readable

router = APIRouter(tags=["questions"])

MOST_OPTIONS = 10
LONGEST_TEXT = 20_000
LONGEST_SECONDS = 30 * 86_400
SESSIONS_AT_ONCE = 200
"""Sessions whose questions one answer lists: the next goes on from there."""
State = Literal["open", "answered", "expired", "withdrawn"]


class NewQuestion(BaseModel):
    """What people are asked. Without `options` they answer in words, as a reply to it.

    `to` are the people of the session who may answer; left out, everyone who may. `timeout` is in
    seconds; left out, it is open until it is answered or taken back. Asked again with the same
    `key`, it is the same question. `callback` is called once it is over.
    """

    model_config = ConfigDict(extra="forbid")

    text: Annotated[Words, Field(min_length=1, max_length=LONGEST_TEXT)]
    options: Annotated[list[Label], Field(max_length=MOST_OPTIONS)] = []
    to: Annotated[list[Name], Field(max_length=MOST_PEOPLE)] = []
    timeout: Annotated[float, Field(ge=1, le=LONGEST_SECONDS)] | None = None
    key: Name | None = None
    callback: CallbackUrl | None = None


class Answerer(BaseModel):
    id: str
    name: str


class QuestionView(BaseModel):
    """`answer` is an option's label, and `index` which it is; or the words. `by` gave it.

    `callback_secret` signs what `callback` is called with; whoever asks is told it, nobody else.
    """

    id: str
    session: str
    seq: int
    state: State
    answer: str | None
    index: int | None
    by: Answerer | None
    at: datetime | None
    expires_at: datetime | None
    repeated: bool = False
    callback_secret: str | None = None


class OpenQuestionLine(BaseModel):
    """What is asked in a session that is still to be answered, as `event` of its log has it.

    `names` are those of the people in it. `may_answer`: the asker's answer counts.
    """

    session: str
    title: str
    may_answer: bool
    names: dict[str, str]
    event: dict[str, Any]


class OpenQuestions(BaseModel):
    """`next` is where to go on, as `after`; null: that was all."""

    questions: list[OpenQuestionLine]
    next: str | None


@router.get("/v1/questions", operation_id="list_questions", responses=failures(400, 401, 503))
async def list_questions(
    reach: TheReach, asker: TheAsker, after: Annotated[str, Query(max_length=400)] = ""
) -> OpenQuestions:
    """List what agents and programs ask in the asker's sessions, and nobody answered yet."""
    found = await sessions_of(reach, asker.participant, limit=SESSIONS_AT_ONCE, after=after)
    lines = [line for mine in found.sessions for line in await _open_in(reach, mine, asker)]
    return OpenQuestions(questions=lines, next=found.next)


async def _open_in(reach: Reach, mine: Mine, asker: Asker) -> list[OpenQuestionLine]:
    session, who, now = mine.session, asker.participant, reach.clock.now()
    may_answer = permissions.may_do(session, who, Answer)
    lines = []
    for each in session.questions.values():
        if each.asked <= mine.hidden or is_expired(each, now):
            continue
        (event,) = await reach.store.read(session.id, after=each.asked - 1, limit=1)
        people = (*each.to, *((each.by,) if each.by is not None else ()))
        lines.append(
            OpenQuestionLine(
                session=session.id,
                title=session.title,
                may_answer=may_answer and (not each.to or who in each.to),
                names={str(one): name for one, name in (await names_of(reach, people)).items()},
                event=await shown_beside(readable(event, mine.hidden)),
            )
        )
    return lines


@router.post(
    "/v1/sessions/{session}/questions",
    operation_id="ask",
    status_code=201,
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def ask(entry: Annotated[Entry, Depends(enter)], new: NewQuestion) -> QuestionView:
    """Ask people something; with a key it is asked once."""
    if not new.text.strip() or len(set(new.options)) != len(new.options):
        raise Fault(400, "malformed", "say what is asked, and each of the options once")
    by, reach = entry.asker.participant, entry.reach
    if new.callback is not None:
        await reach.subscriptions.check_room(by)
        await reach.subscriptions.receivers.check(new.callback)
    expires = new.timeout and reach.clock.now() + timedelta(seconds=new.timeout)
    command = Ask(
        by=by,
        question=_named(by, new.key or mint("k")),
        text=new.text,
        options=_options(new.options),
        to=tuple(ParticipantId(each) for each in new.to),
        expires_at=expires or None,
    )
    appended = await reach.sessions.submit(entry.session.id, command)
    (asked,) = appended.events
    told = await view(entry.reach, asked)
    update: dict[str, object] = {"repeated": not appended.fresh}
    if new.callback is not None and told.state == "open":
        kept = await reach.subscriptions.call_back(
            by=by, url=new.callback, session=entry.session.id, question=told.id, asked=asked.seq
        )
        update["callback_secret"] = kept.secret
    return told.model_copy(update=update)


def _named(by: ParticipantId, key: str) -> QuestionId:
    return QuestionId(f"ask_{hashlib.sha256(f'{by}/{key}'.encode()).hexdigest()[:24]}")


def _options(labels: Sequence[str]) -> tuple[Option, ...]:
    return tuple(
        Option(id=f"option-{number}", label=each) for number, each in enumerate(labels, start=1)
    )


@router.get(
    "/v1/sessions/{session}/questions/{question}",
    operation_id="get_question",
    responses=failures(400, 401, 403, 404, 503),
)
async def get_question(
    entry: Annotated[Entry, Depends(enter)],
    question: Name,
    wait: Literal["closed"] | None = None,
    seconds: Timeout = LONGEST_WAIT,
) -> QuestionView:
    """Say what became of a question, at once or as soon as it is over.

    It waits as long as a long-poll at most; ask again if it is still open.
    """
    _check_role(entry)
    if wait is not None:
        await _closed(entry, QuestionId(question), seconds)
        if not await entry.still_open():
            raise Fault(404, "not_found", "there is no such session here any more")
    return await view(entry.reach, await _asked(entry, QuestionId(question)))


@router.delete(
    "/v1/sessions/{session}/questions/{question}",
    operation_id="withdraw_question",
    responses=failures(400, 401, 403, 404, 503),
)
async def withdraw_question(
    entry: Annotated[Entry, Depends(enter)], question: Name
) -> QuestionView:
    """Take back what a program asked; of one that is over, say how it ended."""
    asked = await _asked(entry, QuestionId(question))
    known = await view(entry.reach, asked)
    if known.state != "open":  # however long ago that was
        _check_role(entry)
        return known
    command = Withdraw(by=entry.asker.participant, question=QuestionId(question))
    await entry.reach.sessions.submit(entry.session.id, command)
    return await view(entry.reach, asked)


def _check_role(entry: Entry) -> None:
    why = permissions.why_not(entry.session, entry.asker.participant, Ask)
    if why:
        raise Fault(403, "refused", why)


async def _closed(entry: Entry, question: QuestionId, seconds: float) -> None:
    """Wait until a question is not open any more, for a while."""
    reach, leash = entry.reach, Leash(min(seconds, entry.reach.limits.long_poll))
    with reach.flows.holding(leash, entry.asker.participant):
        while not leash.over:
            session = await reach.sessions.fold(entry.session.id)
            if question not in session.questions:
                return
            more = reach.store.wait(session.id, after=session.head)
            if await leash.wait(more, LONGEST_WAIT):  # of which the fold may not know yet
                await leash.wait(asyncio.sleep(reach.limits.recheck), reach.limits.recheck)


async def _asked(entry: Entry, question: QuestionId) -> Event:
    """Return the event in which a program asked this. Raises `Fault` 404."""
    found = await entry.reach.store.keyed(entry.session.id, asking_key(question))
    asked = found.body if found is not None else None
    is_ours = isinstance(asked, QuestionAsked) and asked.by is not None
    if found is None or not is_ours or found.seq <= entry.hidden:
        raise Fault(404, "not_found", "no program asked this in this session")
    return found


async def view(reach: Readers, event: Event) -> QuestionView:
    """Return what became of a question, by the event that asked it. Raises `Fault` 404."""
    asked = event.body
    assert isinstance(asked, QuestionAsked)
    session = await reach.sessions.fold(event.session)
    known = QuestionView(
        id=asked.question,
        session=event.session,
        seq=event.seq,
        state="open",
        answer=None,
        index=None,
        by=None,
        at=None,
        expires_at=asked.expires_at,
    )
    if asked.question in session.questions:
        return known
    key = closing_key(asked.question, event.seq)
    closed = await reach.store.keyed(event.session, key)
    if closed is None or not isinstance(closed.body, QuestionClosed):
        raise Fault(404, "not_found", "how this ended is not known here any more")
    body = closed.body
    labels = {each.id: (number, each.label) for number, each in enumerate(asked.options)}
    index, answer = labels.get(body.answer, (None, body.answer or None))
    found = {"state": body.outcome, "answer": answer, "index": index, "at": closed.at}
    return known.model_copy(update={**found, "by": await _who(reach, body.by)})


async def _who(reach: Readers, who: ParticipantId | None) -> Answerer | None:
    if who is None:
        return None
    known = (await reach.store.participants([who])).get(who)
    name = own_name(known.name) if known is not None else ""
    return Answerer(id=who, name=name or texts.SOMEONE)
