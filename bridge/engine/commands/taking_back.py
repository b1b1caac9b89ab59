"""What someone arranged in another's name, taken back when that name is taken from them.

The rules:

- Only what lets somebody do more is taken back: what was always allowed, what was opened to
  members, who was made an owner, and rooms that were let follow. It is taken back by nobody's word
  (`by` None). What was planned goes on by itself: it is paused; what works in the background is
  stopped.
- The log says in whose name a setting was changed, but not from where. So all that was allowed in
  that name since then is taken back, also by the right person, who is told to allow it again.
- What can only be looked at again is told: another agent, model or mode, another role, and
  questions that were answered from there.
- Every step is idempotent, and what is left is derived from the log each time.
- What came since then is told by numbers, not by times, which a clock that jumps puts out of order:
  with a grant it is kept how far each log was that knew its person, and what they had given before,
  until the grant is no more. Of a grant that is older than that, times tell it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from bridge import admission_texts
from bridge.domain.commands import Change, ChangeRole, PauseSchedule, StopBackground
from bridge.domain.errors import Refused
from bridge.domain.events import (
    BackgroundStarted,
    Event,
    QuestionClosed,
    RoleChanged,
    ScheduleSet,
    SettingChanged,
)
from bridge.domain.ids import (
    START,
    ChannelName,
    ConversationId,
    ParticipantId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.engine.commands.following import Following
from bridge.ports.engine import Sessions
from bridge.ports.store import FactChange, Store
from bridge.session import tool_grants
from bridge.session.admission import Grant
from bridge.session.fold import Session, setting_key
from bridge.session.permissions import OPENABLE, OWNERS, may

PAGE = 1000
MANY = 1_000_000
"""Sessions that are looked through."""


BEFORE = "before"
"""The scope of the facts that say, by a grant's number, what there was before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How far each log of its person was, and which grants they had given."""

    heads: Mapping[SessionId, Seq]
    grants: frozenset[str]


async def noted(
    store: Store, sessions: Sessions, grant: Grant, given: Iterable[Grant]
) -> Sequence[FactChange]:
    """Return the change that keeps what there is before a grant; `given` are all that stand.

    Of a grant by which nobody can arrange anything in another's name nothing is kept.
    """
    if not could_arrange(grant):
        return ()
    rows = await store.sessions(limit=MANY)
    heads = {row.id: row.head for row in rows if _knows(await sessions.fold(row.id), grant.who)}
    grants = sorted(each.id for each in given if each.by == grant.who)
    body = json.dumps({"heads": heads, "grants": grants}, separators=(",", ":"))
    return [FactChange(scope=BEFORE, key=grant.id, expected=None, new=body)]


def could_arrange(grant: Grant) -> bool:
    """Say whether others could arrange something in somebody's name by a grant."""
    return not grant.guest and (grant.enrolled or grant.owner)


def _knows(session: Session, who: ParticipantId) -> bool:
    """Say whether anything in a session can be in someone's name."""
    return who in session.participants or who in session.put_out or who in session.set_by.values()


async def dropped(store: Store, grant: Grant) -> Sequence[FactChange]:
    """Return the change that drops what was kept of before a grant."""
    body = await store.fact(BEFORE, grant.id)
    return [FactChange(scope=BEFORE, key=grant.id, expected=body, new=None)] if body else ()


async def before(store: Store, grant: Grant) -> Before | None:
    """Return what there was before a grant; None for one that is older than such facts."""
    text = await store.fact(BEFORE, grant.id)
    if text is None:
        return None
    body = json.loads(text)
    return Before(heads=body["heads"], grants=frozenset(body["grants"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """From when on something was done in someone's name, from `accounts`.

    That is what the logs did not have `before`. Where that is not known, it is what came after
    the event `told` in `session`, if they were told, and what has a time after `at`.
    """

    who: ParticipantId
    accounts: Collection[ChannelName]
    at: datetime
    session: SessionId
    told: Seq | None
    before: Before | None

    def has(self, event: Event) -> bool:
        if self.before is not None:
            return event.seq > self.before.heads.get(event.session, START)
        is_known = self.told is not None and event.session == self.session
        return (is_known and event.seq > (self.told or START)) or event.at >= self.at


@dataclass(slots=True)
class TakenBack:
    """What was taken back, and what can only be looked at again; in words."""

    back: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    answered: int = 0

    def __str__(self) -> str:
        return admission_texts.taken_back(self.back, self.changed, self.answered)


@dataclass(slots=True)
class TakingBack:
    store: Store
    sessions: Sessions
    following: Following

    async def take_back(self, session: SessionId, since: Since, taken: TakenBack) -> None:
        """Take back what was arranged in a session, and add to what is told of it."""
        events = await self._events(session, since)
        for change in _changes(events):
            await self._unset(session, since, change, taken)
        await self._demote(session, since, events, taken)
        await self._pause(session, since, events, taken)
        await self._stop(session, since, events, taken)
        for event in events:
            closed = event.body
            if isinstance(closed, QuestionClosed) and closed.outcome == "answered":
                place = closed.conversation
                is_from_there = place is not None and await self._is_of(place, since)
                taken.answered += closed.by == since.who and is_from_there
        places = (await self.sessions.fold(session)).conversations.items()
        mine = [place for place, by in places if by == since.who]
        rooms = [place for place in mine if await self._is_of(place, since)]
        await self.following.take_back(session, since.who, rooms)

    async def _events(self, session: SessionId, since: Since) -> Sequence[Event]:
        after, found = START, []
        if since.before is not None:
            after = since.before.heads.get(session, START)
        elif session == since.session:
            after = since.told or START
        while page := await self.store.read(session, after=after, limit=PAGE):
            found += [event for event in page if since.has(event)]
            after = page[-1].seq
        return found

    async def _unset(
        self, session: SessionId, since: Since, changed: SettingChanged, taken: TakenBack
    ) -> None:
        fold = await self.sessions.fold(session)
        name, key = changed.name, setting_key("session", changed.of, changed.name)
        if fold.set_by.get(key) != since.who or fold.settings.get(key) in {None, tool_grants.NO}:
            return
        if name in OPENABLE:
            taken.changed.append(name)
            return
        closed = _closed(name)
        if closed is not None and fold.settings[key] != closed[0]:
            value, words = closed
            change = Change(scope="session", of=changed.of, name=name, value=value)
            await self.sessions.submit(session, change)
            taken.back.append(words)

    async def _demote(
        self, session: SessionId, since: Since, events: Sequence[Event], taken: TakenBack
    ) -> None:
        """Let nobody be an owner who was made one; tell of whoever has another role otherwise."""
        changes = [each.body for each in events if isinstance(each.body, RoleChanged)]
        fold = await self.sessions.fold(session)
        last = {each.participant: each for each in changes}  # the newest of each
        names = await self.following.names.in_session(fold, list(last))
        for who, change in last.items():
            is_so = fold.participants.get(who) == change.role and change.by == since.who != who
            if not is_so:
                continue
            if change.role != "owner" or await self.following.admission.is_owner(who):
                taken.changed.append(admission_texts.role_changed(names[who]))
                continue
            await self.sessions.submit(session, ChangeRole(by=None, participant=who, role="member"))
            taken.back.append(admission_texts.role_taken_back(names[who]))

    async def _pause(
        self, session: SessionId, since: Since, events: Sequence[Event], taken: TakenBack
    ) -> None:
        """Let what was planned, or planned otherwise, rest."""
        planned = {
            each.body.schedule
            for each in events
            if isinstance(each.body, ScheduleSet) and each.body.by == since.who
        }
        for name in sorted(planned):
            await self._rest(session, since, name, taken)

    async def _rest(
        self, session: SessionId, since: Since, name: ScheduleId, taken: TakenBack
    ) -> None:
        known = (await self.sessions.fold(session)).schedules.get(name)
        if known is None or known.paused or known.by != since.who:
            return
        await self.sessions.submit(session, PauseSchedule(schedule=name))
        taken.back.append(admission_texts.schedule_taken_back(known.text))

    async def _stop(
        self, session: SessionId, since: Since, events: Sequence[Event], taken: TakenBack
    ) -> None:
        """Let what was begun in the background work no more."""
        for begun in [each.body for each in events if isinstance(each.body, BackgroundStarted)]:
            work = (await self.sessions.fold(session)).background.get(begun.child)
            if work is None or work.is_over or work.by != since.who:
                continue
            with suppress(Refused):  # it reported meanwhile
                await self.sessions.submit(session, StopBackground(by=None, child=begun.child))
                taken.back.append(admission_texts.work_taken_back(begun.task))

    async def _is_of(self, place: ConversationId, since: Since) -> bool:
        found = await self.store.conversation(place)
        return found is not None and found.address.channel in since.accounts


def _changes(events: Sequence[Event]) -> Sequence[SettingChanged]:
    """Return the newest change of each of the session's own settings."""
    bodies = [each.body for each in events if isinstance(each.body, SettingChanged)]
    return list({(each.of, each.name): each for each in bodies if each.scope == "session"}.values())


def _closed(name: str) -> tuple[str, str] | None:
    """Return the value that lets nobody do more, and what it ends; None where it lets nobody."""
    tool = name.removeprefix(tool_grants.setting(""))
    if tool != name:
        return tool_grants.NO, admission_texts.always_taken_back(tool)
    opened = next((each for each in OPENABLE if name == may(each)), None)
    return None if opened is None else (OWNERS, admission_texts.may_taken_back(opened))
