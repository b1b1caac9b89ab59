"""What happens later: /every, /once and /schedules, and the same for other clients.

The rules:

- A phrase is read on the wall clock of whoever writes it: of the zone that it names, else of their
  quiet hours, else of the bridge's own; then the answer says so.
- The answer tells what was understood, with the next time. Who may change what the table of
  permissions says, when it is decided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import structlog

from bridge import schedule_texts
from bridge.domain.commands import (
    Command,
    PauseSchedule,
    RemoveSchedule,
    RunSchedule,
    SetSchedule,
)
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Cron, ScheduleSet
from bridge.domain.ids import ParticipantId, ScheduleId, SessionId, mint
from bridge.domain.parts import Button, Reply
from bridge.engine.commands.notifying import local_zone
from bridge.engine.names import DisplayNames
from bridge.engine.wishes import Wishes
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import KeyValueStore
from bridge.session import configured, phrases, schedule
from bridge.session.configured import Configured
from bridge.session.fold import Session
from bridge.session.phrases import Phrase
from bridge.session.routing import MOST_CHOICES, saying_button

log = structlog.get_logger()

Reader = Callable[[str, datetime, str], Phrase]
Deed = Literal["pause", "resume", "run", "remove"]
DEEDS: tuple[Deed, ...] = get_args(Deed)

SCHEDULES = "schedules"
SCOPE, CONFIGURED = "configured schedules", "1"
"""The scope of the sessions for which the configuration has, or had, schedules."""

BUTTONS_EACH = 3


@dataclass(slots=True)
class Scheduling:
    store: KeyValueStore
    sessions: Sessions
    wishes: Wishes
    names: DisplayNames
    clock: Clock

    async def configure(self, wanted: Sequence[Configured]) -> None:
        """Let the schedules of every session be those that the configuration wants there."""
        before = await self.store.facts(SCOPE)
        for session in sorted({*before, *(each.session for each in wanted)}):
            here = [each for each in wanted if each.session == session]
            if here:
                await self.store.keep_fact(SCOPE, session, CONFIGURED)
            await self._configured(SessionId(session), here)
            if not here:
                await self.store.drop_fact(SCOPE, session)

    async def _configured(self, session: SessionId, wanted: Sequence[Configured]) -> None:
        try:
            fold = await self.sessions.fold(session)
        except NotFound:
            log.warning("no such session for schedules", session=session)
            return
        fresh = [ScheduleId(mint("sch")) for _ in wanted]
        for each in () if fold.archived else configured.changes(fold, wanted, fresh):
            try:
                await self.sessions.submit(session, each)
            except Refused as refused:  # it is over, or there are too many
                name = each.name if isinstance(each, SetSchedule) else each.schedule
                log.warning("schedule not set", schedule=name, reason=str(refused))
                if each.schedule in fold.schedules:  # it is not what is wanted any more
                    await self.sessions.submit(session, RemoveSchedule(schedule=each.schedule))

    async def plan(
        self, by: ParticipantId, read: Reader, written: str
    ) -> tuple[Command | None, Reply]:
        """Return what sets the schedule that someone wrote down, and what they are told."""
        zone, is_known = await self._zone(by)
        now = self.clock.now()
        try:
            phrase = read(written, now, zone)
            told = self._understood(phrase, now, assumed=not (is_known or phrase.is_zone_named))
        except Refused as refused:
            return None, Reply(text=str(refused), refused=True)
        return command(phrase, by), Reply(text=told)

    async def answer(
        self, fold: Session, by: ParticipantId, written: str
    ) -> tuple[Command | None, Reply]:
        """Return what `/schedules` changes, if anything, and what its sender is told."""
        deed, _, word = written.partition(" ")
        if not written:
            return None, await self._listed(fold, by)
        name = schedule.meant(fold.schedules, word)
        if deed.lower() not in DEEDS or name is None:
            known = deed.lower() in DEEDS and word
            text = schedule_texts.NO_SUCH_SCHEDULE if known else schedule_texts.SCHEDULES_HOW
            return None, Reply(text=text, refused=True)
        match deed.lower():
            case "pause":
                return PauseSchedule(schedule=name, by=by), Reply(text=schedule_texts.PAUSED)
            case "resume":
                return await self._resumed(fold, by, name)
            case "run":
                return RunSchedule(schedule=name, by=by), Reply(text=schedule_texts.RAN)
            case _:
                return RemoveSchedule(schedule=name, by=by), Reply(text=schedule_texts.REMOVED)

    async def _resumed(
        self, fold: Session, by: ParticipantId, name: ScheduleId
    ) -> tuple[Command | None, Reply]:
        zone, _ = await self._zone(by)
        known = fold.schedules[name]
        try:
            first = schedule.first_of(known, self.clock.now()) if known.paused else known.first
        except Refused as refused:
            return None, Reply(text=str(refused), refused=True)
        told = schedule_texts.resumed(_shown(known, first, zone))
        return PauseSchedule(schedule=name, paused=False, by=by), Reply(text=told)

    async def _listed(self, fold: Session, by: ParticipantId) -> Reply:
        zone, _ = await self._zone(by)
        whose = {each.by for each in fold.schedules.values() if each.by is not None}
        names = await self.names.in_session(fold, sorted(whose))
        lines, buttons = [], list[Button]()
        for number, name in schedule.called(fold.schedules).items():
            each = fold.schedules[name]
            following = _shown(each, each.first, zone)
            lines.append(
                schedule_texts.schedule_line(
                    number,
                    schedule_texts.when(each.rule, following),
                    each.text,
                    following="" if each.paused else following,
                    by=names[each.by] if each.by is not None else "",
                )
            )
            buttons += _buttons(number, each)
        most = MOST_CHOICES // BUTTONS_EACH * BUTTONS_EACH
        return Reply(text=schedule_texts.schedules(lines), buttons=tuple(buttons[:most]))

    async def _zone(self, by: ParticipantId) -> tuple[str, bool]:
        """Return the time zone of somebody, and whether they ever named it."""
        quiet = (await self.wishes.wished(by)).quiet
        return (quiet.zone, True) if quiet is not None else (local_zone(), False)

    def _understood(self, phrase: Phrase, now: datetime, *, assumed: bool) -> str:
        planned = schedule_set(phrase)
        following = _shown(planned, schedule.first_of(planned, now), phrase.zone)
        until = phrase.until
        return schedule_texts.scheduled(
            schedule_texts.when(phrase.rule, following),
            phrase.text,
            following,
            says=phrase.action == "say",
            until=f"{phrases.local(until, phrase.zone)} ({phrase.zone})" if until else "",
            times=phrase.times,
            assumed=assumed,
        )


def command(phrase: Phrase, by: ParticipantId) -> SetSchedule:
    """Return what sets the schedule that a phrase describes."""
    return SetSchedule(
        schedule=ScheduleId(mint("sch")),
        rule=phrase.rule,
        action=phrase.action,
        text=phrase.text,
        by=by,
        late=phrase.late or "once",
        until=phrase.until,
        times=phrase.times,
    )


def schedule_set(phrase: Phrase) -> ScheduleSet:
    return ScheduleSet(
        schedule=ScheduleId(""),
        rule=phrase.rule,
        action=phrase.action,
        text=phrase.text,
        first=None,
        until=phrase.until,
    )


def _shown(planned: ScheduleSet, at: datetime | None, zone: str) -> str:
    """Return a time on the wall clock of a schedule's own zone, else of the given one."""
    name = planned.rule.zone if isinstance(planned.rule, Cron) else zone
    return f"{phrases.local(at, name)} ({name})" if at is not None else ""


def _buttons(number: str, each: ScheduleSet) -> Sequence[Button]:
    rest = ("resume", schedule_texts.RESUME) if each.paused else ("pause", schedule_texts.PAUSE)
    deeds = (rest, ("run", schedule_texts.RUN), ("remove", schedule_texts.REMOVE))
    # The word may be that of another one, once this one is gone; the id never is.
    said = [(f"/{SCHEDULES} {deed} {each.schedule}", what) for deed, what in deeds]
    values = [(saying_button(words), what) for words, what in said]
    return [
        Button(value=value, label=schedule_texts.label(what, number))
        for value, what in values
        if value is not None
    ]
