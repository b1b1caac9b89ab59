"""The schedules of one session: listed, set, changed, paused, run now and removed.

When something is due is written as in a chat (`bridge.session.phrases`): `every weekday 9:00`. Who
may change which is the table of permissions' to say, when it is decided. What is said about them is
said in the asker's language.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bridge import schedule_texts
from bridge.domain.commands import PauseSchedule, RemoveSchedule, RunSchedule, SetSchedule
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Cron, Late, Once, ScheduleSet
from bridge.domain.ids import ParticipantId, ScheduleId, mint
from bridge.domain.wording import Language
from bridge.http.dependencies import Entry, enter
from bridge.http.errors import Fault, failures
from bridge.http.validators import Words
from bridge.session import permissions, phrases, schedule
from bridge.session.decide_external import LONGEST_TEXT, MOST_TIMES
from bridge.session.fold import Session

router = APIRouter(tags=["schedules"])

Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
When = Annotated[Words, Field(min_length=1, max_length=200)]
Zone = Annotated[Words, Field(max_length=64)]
Text = Annotated[Words, Field(min_length=1, max_length=LONGEST_TEXT)]
Times = Annotated[int, Field(ge=1, le=MOST_TIMES)]
Action = Literal["ask", "say"]
ENDS = ("until", "times")


class ScheduleLine(BaseModel):
    """`called`: the word by which people call it in a chat; `when`: when it is due, in words.

    `next` is null while it is paused. `times`: how often it runs still; null: no end. `by` is whose
    it is; null: the configuration's, which calls it `name`. `may_change`: the asker may pause it,
    run it now, change it and remove it.
    """

    id: str
    called: str
    when: str
    action: Action
    text: str
    by: str | None
    name: str
    paused: bool
    next: datetime | None
    late: Late
    until: datetime | None
    times: int | None
    may_change: bool


class ScheduleList(BaseModel):
    """`may_set`: the asker may set one."""

    schedules: list[ScheduleLine]
    may_set: bool


class NewSchedule(BaseModel):
    """`when`: `every weekday 9:00`, `once tomorrow 9:00`, `every cron 0 9 * * 1-5`.

    `zone`: of the wall clock; empty: that of the asker's quiet hours, else UTC. `key`: a second
    request with the same one sets no second schedule, as long as the first one lasts.
    """

    model_config = ConfigDict(extra="forbid")

    when: When
    text: Text
    action: Action = "ask"
    zone: Zone = ""
    late: Late | None = None
    until: AwareDatetime | None = None
    times: Times | None = None
    key: Annotated[Words, Field(max_length=64)] = ""


class ScheduleChange(BaseModel):
    """What is left out stays as it is; `until` and `times` null: without an end.

    Whoever changes more than `paused` becomes whose it is.
    """

    model_config = ConfigDict(extra="forbid")

    paused: bool | None = None
    when: When | None = None
    text: Text | None = None
    action: Action | None = None
    zone: Zone = ""
    late: Late | None = None
    until: AwareDatetime | None = None
    times: Times | None = None


class Done(BaseModel):
    """`text` says what became of it."""

    text: str


async def speak(
    entry: Annotated[Entry, Depends(enter)], accept_language: Annotated[str, Header()] = ""
) -> Language:
    """Return the language of the asker."""
    languages = entry.reach.people.languages
    return await languages.of_client(entry.asker.participant, accept_language)


Spoken = Annotated[Language, Depends(speak)]


@router.get(
    "/v1/sessions/{session}/schedules",
    operation_id="list_schedules",
    responses=failures(401, 403, 404, 503),
)
async def list_schedules(entry: Annotated[Entry, Depends(enter)], language: Spoken) -> ScheduleList:
    """List what is planned in a session."""
    by = entry.asker.participant
    may_set = permissions.may_do(entry.session, by, SetSchedule)
    return ScheduleList(schedules=_lines(entry.session, by, language), may_set=may_set)


@router.post(
    "/v1/sessions/{session}/schedules",
    operation_id="set_schedule",
    status_code=201,
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def set_schedule(
    entry: Annotated[Entry, Depends(enter)], new: NewSchedule, language: Spoken
) -> ScheduleLine:
    """Plan something, for a member of the session."""
    by, name = entry.asker.participant, ScheduleId(mint("sch"))
    if new.key:
        whole = f"{entry.session.id}\0{by}\0{new.key}".encode()
        name = ScheduleId("sch_" + hashlib.sha256(whole).hexdigest()[:16])
        if name in entry.session.schedules:
            return await _line(entry, name, language)
    phrase = await _understood(entry, new.when, new.zone, language)
    command = SetSchedule(
        schedule=name,
        rule=phrase.rule,
        action=new.action,
        text=new.text,
        by=by,
        late=new.late or phrase.late or "once",
        until=_utc(new.until) or phrase.until,
        times=new.times or phrase.times,
    )
    await _submit(entry, command, language)
    return await _line(entry, name, language)


@router.patch(
    "/v1/sessions/{session}/schedules/{schedule}",
    operation_id="change_schedule",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def change_schedule(
    entry: Annotated[Entry, Depends(enter)],
    schedule: Id,
    change: ScheduleChange,
    language: Spoken,
) -> ScheduleLine:
    """Pause a schedule, let it go on, or change it: whoever set it, or an owner."""
    known, by = _known(entry, schedule, language), entry.asker.participant
    given = change.model_dump(exclude_unset=True, exclude={"paused", "zone"})
    wanted = [name for name, value in given.items() if value is not None or name in ENDS]
    if not wanted and change.paused is None:
        raise Fault(400, "malformed", "say what is to change")
    if wanted:
        command = await _changed(entry, known, change, language)
        await _submit(entry, command, language)
    if change.paused is not None:
        pause = PauseSchedule(schedule=known.schedule, paused=change.paused, by=by)
        await _submit(entry, pause, language)
    return await _line(entry, known.schedule, language)


@router.post(
    "/v1/sessions/{session}/schedules/{schedule}/run",
    operation_id="run_schedule",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def run_schedule(
    entry: Annotated[Entry, Depends(enter)], schedule: Id, language: Spoken
) -> Done:
    """Do now what a schedule does; when it is due stays as it is."""
    known = _known(entry, schedule, language)
    command = RunSchedule(schedule=known.schedule, by=entry.asker.participant)
    await _submit(entry, command, language)
    return Done(text=language.says(schedule_texts.RAN))


@router.delete(
    "/v1/sessions/{session}/schedules/{schedule}",
    operation_id="remove_schedule",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def remove_schedule(
    entry: Annotated[Entry, Depends(enter)], schedule: Id, language: Spoken
) -> Done:
    """Remove a schedule: whoever set it, or an owner."""
    known = _known(entry, schedule, language)
    command = RemoveSchedule(schedule=known.schedule, by=entry.asker.participant)
    await _submit(entry, command, language)
    return Done(text=language.says(schedule_texts.REMOVED))


async def _changed(
    entry: Entry, known: ScheduleSet, change: ScheduleChange, language: Language
) -> SetSchedule:
    """Return what a schedule becomes. What is given by itself counts more than in `when`."""
    until, times, late, rule = known.until, known.times, known.late, known.rule
    if change.when:
        phrase = await _understood(entry, change.when, change.zone, language)
        rule, late = phrase.rule, phrase.late or late
        until, times = phrase.until or until, phrase.times or times
    given = change.model_fields_set
    return SetSchedule(
        schedule=known.schedule,
        rule=rule,
        action=change.action or known.action,
        text=change.text or known.text,
        to=known.to,
        by=entry.asker.participant,
        late=change.late or late,
        until=_utc(change.until) if "until" in given else until,
        times=change.times if "times" in given else times,
        name=known.name,
    )


@contextmanager
def _said_in(language: Language) -> Iterator[None]:
    """Say why something is refused in a language."""
    try:
        yield
    except Refused as error:
        raise type(error)(language.says(str(error))) from error


async def _submit(
    entry: Entry,
    command: SetSchedule | PauseSchedule | RunSchedule | RemoveSchedule,
    language: Language,
) -> None:
    with _said_in(language):
        await entry.reach.sessions.submit(entry.session.id, command)


async def _understood(entry: Entry, when: str, zone: str, language: Language) -> phrases.Phrase:
    """Read when something is due. Raises `Refused`."""
    quiet = (await entry.reach.people.wishes.of(entry.asker.participant, None)).quiet
    place = zone or (quiet.zone if quiet is not None else "UTC")
    with _said_in(language):
        return phrases.timed(when, entry.reach.clock.now(), place)


def _utc(at: datetime | None) -> datetime | None:
    try:
        return at.astimezone(UTC) if at is not None else None
    except OverflowError as error:
        raise Fault(400, "malformed", "`until` is too far away") from error


def _known(entry: Entry, word: str, language: Language) -> ScheduleSet:
    name = schedule.meant(entry.session.schedules, word)
    if name is None:
        raise NotFound(language.says(schedule_texts.NO_SUCH_SCHEDULE))
    return entry.session.schedules[name]


async def _line(entry: Entry, name: ScheduleId, language: Language) -> ScheduleLine:
    """Return a schedule as it is by now. Raises `NotFound` for one that is over already."""
    fold = await entry.reach.sessions.fold(entry.session.id)
    for each in _lines(fold, entry.asker.participant, language):
        if each.id == name:
            return each
    raise NotFound(language.says(schedule_texts.NO_SUCH_SCHEDULE))


def _lines(fold: Session, by: ParticipantId, language: Language) -> list[ScheduleLine]:
    return [
        _told(word, fold.schedules[name], may_change=_may_change(fold, name, by), language=language)
        for word, name in schedule.called(fold.schedules).items()
    ]


def _may_change(fold: Session, name: ScheduleId, by: ParticipantId) -> bool:
    return not permissions.refusal(fold, RemoveSchedule(schedule=name, by=by))


def _told(word: str, each: ScheduleSet, *, may_change: bool, language: Language) -> ScheduleLine:
    zone = each.rule.zone if isinstance(each.rule, Cron) else "UTC"
    at = each.rule.at if isinstance(each.rule, Once) else each.first
    following = f"{phrases.local(at, zone)} ({zone})" if at is not None else ""
    return ScheduleLine(
        id=each.schedule,
        called=word,
        when=language.says(schedule_texts.when(each.rule, following)),
        action=each.action,
        text=each.text,
        by=each.by,
        name=each.name,
        paused=each.paused,
        next=each.first,
        late=each.late,
        until=each.until,
        times=each.times,
        may_change=may_change,
    )
