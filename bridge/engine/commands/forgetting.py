"""`bridge forget`: nothing of a person's words is kept any more. The bridge's owner asks for it.

The rules (`bridge.session.forgetting` has those of what goes):

- Whoever is forgotten is removed from everything first, as `bridge people remove` does.
- It is refused while an agent works on what they said: what it says next could repeat it.
- In this order: files that nothing else shows, what tells of it (so that places take their copies
  back), what events say, places, facts, identities, the names; at last what the database's own
  files still hold. Every step can be done twice: after a death it is asked for again.
- What is kept of the last calls of hooks goes where it names or repeats the person: it is there to
  be played again, and nothing depends on it.
- What events say is changed at the head at which it was looked through. Then the session is folded
  from its start.
- A log is looked through beside the loop, and written in pages.
- What cannot be taken back is told: the copies in their own chats, in places whose app cannot
  delete, or not any more; and how often others name them, whose words stay.
"""

import asyncio
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from bridge import admission_texts
from bridge.caches import stale
from bridge.delivery.subscription import KEPT as SUBSCRIPTIONS
from bridge.delivery.subscription import scope_of
from bridge.domain.commands import Change, Forget, RemoveSchedule
from bridge.domain.errors import Conflict, NotFound, Refused
from bridge.domain.events import Body, Event
from bridge.domain.ids import (
    START,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    Seq,
    SessionId,
)
from bridge.domain.inbound import Identity
from bridge.domain.parts import SHOWN, Address, Conversation
from bridge.engine.access import pairing_codes
from bridge.engine.access.admission import (
    GRANTS,
    JOINED,
    LEGACY,
    WAS_PRIVATE,
    Admission,
    was_private,
)
from bridge.engine.commands import access_cards, browser_places, following
from bridge.engine.commands.pairing_undo import PAIRED
from bridge.engine.languages import SCOPE as SPOKEN
from bridge.engine.languages import Languages
from bridge.engine.names import DisplayNames
from bridge.engine.wishes import SCOPE as WISHED
from bridge.engine.wishes import Wishes
from bridge.hooks.payload import FORM, JSON, Malformed, Payload, read
from bridge.hooks.settings import BODIES, CALLS
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.ports.engine import Forgetting as Told
from bridge.ports.engine import PersonKept, PlaceKept, SessionKept, Sessions
from bridge.ports.store import FactChange, Store
from bridge.session import access_requests, forgetting
from bridge.session.forgetting import GONE, Forgotten, Kept, kept_of
from bridge.session.forgotten_words import Sought

PAGE, MANY = 1_000, 1_000_000
MAX_TRIES = 20
LEAST_ID = 5
"""Characters of an id, or a place, of an app by which somebody is found on its own."""

SCOPES = (
    SPOKEN,
    WISHED,
    SUBSCRIPTIONS,
    following.SCOPE,
    browser_places.SCOPE,
    pairing_codes.SCOPE,
    GRANTS,
    LEGACY,
    JOINED,
    WAS_PRIVATE,
    PAIRED,
    "joining",
    "placed lately",
    "placed",
    "lately",
)
"""Of the facts that may name a person, an identity of theirs or a private place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """Whom to forget, under all of their ids, and by what they are found."""

    ids: Collection[ParticipantId]
    names: Collection[str]
    identities: Sequence[Identity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is kept of a person. `files` are those that nothing else shows."""

    person: _Person
    sought: Sought
    sessions: Mapping[SessionId, Forgotten]
    files: Collection[MediaId]


@dataclass(frozen=True, slots=True)
class _Logs:
    """The logs that somebody is taken out of."""

    store: Store
    sessions: Sessions
    names: DisplayNames
    clock: Clock
    deletes: Callable[[Address], timedelta]

    async def read(self, session: SessionId, after: Seq = START) -> list[Event]:
        found: list[Event] = []
        while events := await self.store.read(session, after=after + len(found), limit=PAGE):
            found += events
        return found

    async def refuse_busy(self, session: SessionId, gone: Forgotten) -> None:
        fold = await self.sessions.fold(session)
        if gone.bodies and (fold.open_run is not None or fold.questions):
            raise Refused(admission_texts.forget_busy(fold.title))

    async def rewrite(self, found: Found, session: SessionId, left: list[str]) -> Forgotten:
        """Tell what goes and let it go, as it stands by then; add to `left` what stays."""
        for each in (await self.sessions.fold(session)).schedules.values():
            if each.by in found.person.ids:
                await self.sessions.submit(session, RemoveSchedule(schedule=each.schedule))
        told: set[Seq | NoteId] = set()
        events: list[Event] = []
        for _ in range(MAX_TRIES):
            events += await self.read(session, len(events))
            gone = await asyncio.to_thread(
                forgetting.forgotten, events, found.person.ids, found.sought
            )
            await self.refuse_busy(session, gone)
            if not told:
                left += await self._left(session, gone)
            if await self._tell(session, gone, told):
                continue
            try:
                await self._change(session, gone.bodies, len(events))
            except Conflict:
                continue
            stale()  # nobody shows or answers what was said before from memory
            await self.sessions.refold(session)
            return gone
        raise Refused(admission_texts.forget_busy((await self.sessions.fold(session)).title))

    async def _tell(self, session: SessionId, gone: Forgotten, told: set[Seq | NoteId]) -> bool:
        """Tell everyone what goes that was not `told` yet; say whether anything was."""
        shown = [each for each in gone.shown if each not in told]
        notes = [each for each in gone.notes if each not in told]
        if gone.title:
            await self.sessions.submit(session, Change(scope="session", name="title", value=""))
        for at in range(0, len(shown), PAGE):
            command = Forget(targets=tuple(shown[at : at + PAGE]))
            await self.sessions.submit(session, command)
        if notes:
            await self.sessions.submit(session, Forget(targets=(), notes=tuple(notes)))
        told |= {*shown, *notes}
        return bool(gone.title or shown or notes)

    async def _change(self, session: SessionId, bodies: Mapping[Seq, Body], head: Seq) -> None:
        rows = sorted(bodies.items())
        for at in range(0, len(rows), PAGE):
            await self.store.rewrite(session, dict(rows[at : at + PAGE]), expect=head)

    async def _left(self, session: SessionId, gone: Forgotten) -> list[str]:
        """Say which copies stay: where the app cannot delete them, and in their own chats."""
        if not gone.shown:
            return []
        found = [*await self.store.conversations(session)]
        known = {each.id for each in found}
        own = [each for each in gone.places if each not in known]
        found += [each for each in [await self.store.conversation(one) for one in own] if each]
        return [
            admission_texts.copies_left(
                self.names.label(each.address.channel), each.title if each.room else ""
            )
            for each in found
            if each.id not in known or await self._keeps(session, each, gone.shown)
        ]

    async def _keeps(self, session: SessionId, place: Conversation, shown: Sequence[Seq]) -> bool:
        """Say whether a place cannot take back all that it was shown of these."""
        life = self.deletes(place.address)
        if not life:
            return True
        now, targets = self.clock.now(), {*shown}
        for at in range(0, len(shown), PAGE):
            sources = shown[at : at + PAGE]
            kept = await self.store.receipts(session, place.id, sources=sources)
            mine = [each for each in kept if each.source in targets and each.state in SHOWN]
            if any(now - each.at > life for each in mine):
                return True
        return False


@dataclass(slots=True)
class Forgetting:
    """`deletes` says how long a place takes its copies back."""

    store: Store
    sessions: Sessions
    admission: Admission
    names: DisplayNames
    languages: Languages
    wishes: Wishes
    clock: Clock
    deletes: Callable[[Address], timedelta] = field(default=lambda _: timedelta())

    @property
    def _logs(self) -> _Logs:
        return _Logs(self.store, self.sessions, self.names, self.clock, self.deletes)

    async def look(self, who: ParticipantId) -> Found:
        """Return what goes of each session. Raises `Refused` while an agent works on it."""
        person, sought = await self._sought(who)
        found: dict[SessionId, Forgotten] = {}
        files, others = set[MediaId](), set[MediaId]()
        for row in await self.store.sessions(limit=MANY):
            events = await self._logs.read(row.id)
            gone = await asyncio.to_thread(forgetting.forgotten, events, person.ids, sought)
            files |= {*gone.media}
            others |= {*gone.others}
            await self._logs.refuse_busy(row.id, gone)
            if gone.bodies or gone.places:
                found[row.id] = gone
        return Found(person=person, sought=sought, sessions=found, files=files - others)

    async def export(self, who: ParticipantId) -> PersonKept:
        """Return all that is kept of somebody. Raises `NotFound`."""
        person, sought = await self._sought(who)
        known = (await self.store.participants([who]))[who]
        sessions: list[SessionKept] = []
        ids: set[ConversationId] = set()
        for row in await self.store.sessions(limit=MANY):
            events, fold = await self._logs.read(row.id), await self.sessions.fold(row.id)
            mine = await asyncio.to_thread(forgetting.kept_events, events, person.ids, sought)
            role = fold.participants.get(who) or ("out" if who in fold.put_out else "")
            ids |= (await asyncio.to_thread(forgetting.kept_of, events, person.ids)).places
            if mine or role:
                sessions.append(SessionKept(id=row.id, title=row.title, role=role, events=mine))
        places = [await self.store.conversation(each) for each in sorted(ids)]
        grants = (await self.admission.book()).grants.values()
        return PersonKept(
            id=who,
            name=known.name,
            since=known.since,
            identities=person.identities,
            grants=[each for each in grants if each.who == who],
            language=await self.languages.chosen(who),
            wish=await self.wishes.of(who, None),
            places=[
                PlaceKept(
                    id=each.id, app=self.names.label(each.address.channel), address=each.address
                )
                for each in places
                if each is not None and not each.room
            ],
            sessions=sessions,
        )

    async def forget(self, found: Found, blobs: Blobs) -> Told:
        """Forget somebody who was removed; return what was done, and what is left.

        Raises `Refused` where an agent began to work on it meanwhile; it is asked for again then.
        """
        for each in found.files:
            await blobs.forget(each)
        left: list[str] = []
        done = [await self._logs.rewrite(found, session, left) for session in found.sessions]
        places = await self._places(done)
        await self._facts(found.person, places)
        await self._calls(found.sought)
        ids = {each.user for each in found.person.identities} | {
            each.address.place for each in places
        }
        await self.store.forget_heard([each for each in sorted(ids) if len(each) >= LEAST_ID])
        for place in places:
            await self.store.forget_place(place.id)
        await self._name(found.person)
        stale()
        await self.store.scrub()
        named = sum(each.named for each in done)
        left += [admission_texts.named_by_others(named)] if named else []
        events = sum(len(each.bodies) for each in done)
        left = list(dict.fromkeys(left))
        return Told(sessions=len(done), events=events, files=len(found.files), left=tuple(left))

    async def _sought(self, who: ParticipantId) -> tuple[_Person, Sought]:
        """Return whom, and what, to look for in all sessions. Raises `NotFound`."""
        if who not in await self.store.participants([who]):
            raise NotFound(admission_texts.NO_SUCH_PERSON)
        ids, kept = {who}, list[Kept]()
        joined = await self.store.facts(JOINED)
        while more := {ParticipantId(a) for a, into in joined.items() if into in ids} - ids:
            ids |= more
        for row in await self.store.sessions(limit=MANY):
            kept.append(await asyncio.to_thread(kept_of, await self._logs.read(row.id), ids))
        ids |= {ParticipantId(each) for one in kept for each in one.who}
        person = await self._person(ids)
        media = {each for one in kept for each in one.media}
        media -= {each for one in kept for each in one.others}
        texts = [each for one in kept for each in one.texts]
        return person, await asyncio.to_thread(Sought, person.names, texts, media)

    async def _person(self, ids: Collection[ParticipantId]) -> _Person:
        mine = [one for each in sorted(ids) for one in await self.store.identities(each)]
        grants = (await self.admission.book()).grants.values()
        known = (await self.store.participants(ids)).values()
        called = {
            *(each.name for each in known),
            *(each.name for each in grants if each.who in ids),
        }
        users = {each.user for each in mine if len(each.user) >= LEAST_ID}
        return _Person(ids=ids, names=(called | users) - {""}, identities=mine)

    async def _places(self, done: Collection[Forgotten]) -> Sequence[Conversation]:
        """Return the private places of theirs, which follow nothing any more."""
        ids = sorted({each for gone in done for each in gone.places})
        places = [await self.store.conversation(ConversationId(each)) for each in ids]
        return [each for each in places if each and not each.room and each.session is None]

    async def _facts(self, person: _Person, places: Sequence[Conversation]) -> None:
        """Drop every fact that names the person, an identity or a place of theirs."""
        mentions = {
            *person.ids,
            *(f"{each.realm}:{each.user}" for each in person.identities),
            *(each.id for each in places),
            *(was_private(each.address) for each in places),
            *(place for each in places if len(place := each.address.place) >= LEAST_ID),
            *(each.user for each in person.identities if len(each.user) >= LEAST_ID),
        }
        sought = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in mentions))
        accounts = [f"channel:{each}" for each in self.admission.channels]
        sent = await self.store.facts(SUBSCRIPTIONS)
        for scope in (*SCOPES, *accounts):
            for key, value in (await self.store.facts(scope)).items():
                await self._fact(scope, key, value, sought)
        await self._cursors(sent)
        kept = await self.store.fact(access_cards.SCOPE, access_cards.SCOPE)
        if kept is not None:
            others = [
                each
                for each in access_requests.load(kept)
                if each.identity not in person.identities
            ]
            text = access_requests.dump(tuple(others))
            await self.store.keep_fact(access_cards.SCOPE, access_cards.SCOPE, text)
        await self.admission.changed()

    async def _cursors(self, sent: Collection[str]) -> None:
        """Drop how far those subscriptions were that are gone: it says what their addresses did."""
        for number in {*sent} - {*await self.store.facts(SUBSCRIPTIONS)}:
            for session in await self.store.facts(scope_of(number)):
                await self.store.drop_fact(scope_of(number), session)

    async def _fact(self, scope: str, key: str, value: str, sought: re.Pattern[str]) -> None:
        now: str | None = value
        while now is not None and sought.search(f"{key} {_spelt(now)}"):
            new = None if sought.search(key) else _without(now, sought)
            change = FactChange(scope=scope, key=key, expected=now, new=new)
            if await self.store.change_facts([change]):
                return
            now = await self.store.fact(scope, key)

    async def _calls(self, sought: Sought) -> None:
        """Drop the calls of hooks that tell of the person, and what they brought."""
        for scope, without in ((CALLS, _other_calls), (BODIES, _of_others)):
            for key in await self.store.facts(scope):
                while (was := await self.store.fact(scope, key)) is not None:
                    new = await asyncio.to_thread(without, was, sought)
                    change = FactChange(scope=scope, key=key, expected=was, new=new)
                    if new == was or await self.store.change_facts([change]):
                        break

    async def _name(self, person: _Person) -> None:
        for each in person.identities:
            await self.store.forget_identity(realm=each.realm, user=each.user)
        for who, known in (await self.store.participants(person.ids)).items():
            await self.store.rename(who, was=known.name, name="")
        await self.admission.changed()


def _without(value: str, sought: re.Pattern[str]) -> str | None:
    """Return a fact of others without somebody in its lists; None: it is that somebody's own.

    Whoever took an invitation is counted still, as nobody.
    """
    try:
        body = json.loads(value)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    kept: dict[str, object] = {}
    for name, each in body.items():
        if not isinstance(each, dict | list):
            if sought.search(str(each)):
                return None
            kept[name] = each
        elif isinstance(each, list):
            kept[name] = [one for one in each if not sought.search(_spelt(json.dumps(one)))]
        else:
            kept[name] = dict(
                _nameless(number, one, sought) for number, one in enumerate(each.items())
            )
    return json.dumps(kept)


def _nameless(
    number: int, entry: tuple[str, object], sought: re.Pattern[str]
) -> tuple[str, object]:
    is_theirs = sought.search(f"{entry[0]} {json.dumps(entry[1], ensure_ascii=False)}")
    return (f"{GONE} {number}", "") if is_theirs else entry


def _other_calls(kept: str, sought: Sought) -> str:
    calls = json.loads(kept)
    left = [each for each in calls if not sought.within([*each.values()], here=True)]
    return kept if left == calls else json.dumps(left)


def _of_others(brought: str, sought: Sought) -> str | None:
    return None if sought.within((brought, _read(brought)), here=True) else brought


def _read(body: str) -> Payload:
    for kind in (JSON, FORM):
        with suppress(Malformed):
            return read(body.encode(errors="replace"), kind)
    return body


def _spelt(value: str) -> str:
    """Return what is kept as JSON with its letters spelt out."""
    try:
        return json.dumps(json.loads(value), ensure_ascii=False)
    except ValueError:
        return value
