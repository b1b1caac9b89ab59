"""What the courier has to know of a person to ask `bridge.delivery.notify` what rings where.

The rules:

- Someone with one place and no wishes, who is not looking at the session and was not a moment ago,
  costs no read and no timer: everything rings there.
- What was shown silently says so in its receipt. The receipts of a person's other lanes are read
  only for what is about to ring, or may be due.
- Of a person's private places in a session the first `MOST_PLACES` ring; the others never do.
- The process knows in which lanes it showed something silently, and looks once at the start where
  one that died may have (`recall`): in sessions with something that may still ring.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bridge.delivery import notify
from bridge.delivery.notify import Copy, Person, PrivatePlace, Times, Tone, copy_of, reminder_part
from bridge.domain.errors import NotFound, StoreError
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageReceived,
    Pushed,
    QuestionAsked,
)
from bridge.domain.ids import (
    START,
    ChannelName,
    ConversationId,
    ParticipantId,
    Seq,
    SessionId,
)
from bridge.domain.parts import Capabilities, Conversation, Receipt, Span
from bridge.domain.records import replace
from bridge.engine.access.admission import Admission
from bridge.engine.looking import Looking
from bridge.engine.wishes import Wishes
from bridge.ports.channel import Channel
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session.fold import Call, Session

log = structlog.get_logger()

KEPT = 1000
"""Sessions whose private places are kept in mind."""

MOST_PLACES = 8
AT_ONCE = timedelta(seconds=1)
"""How long what was decided of a person's places serves each of them."""

RECALLED = timedelta(days=7)
RECALLED_SESSIONS = 200
"""Sessions that are looked at once after a start: those touched last, within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """How events are shown: those `hushed` do not ring, those from `held` on are not shown yet.

    `at`: when to look again at what is held; `again`: at what is shown without a ring.
    """

    hushed: frozenset[Seq] = frozenset()
    held: Seq | None = None
    at: datetime | None = None
    again: datetime | None = None

    def shown(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events before the one that is held back."""
        held = self.held
        return events if held is None else [each for each in events if each.seq < held]


AS_EVER = Tones()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calling:
    """What of some events is to ring, and how they are shown where none of it ever does.

    Many places in a row are shown the same ones, so the last of these serves them all. `decided`:
    for whom what rings in which of their places, so that it is asked once for all of these.
    """

    session: Session
    events: Sequence[Event]
    calls: Sequence[Call]
    elsewhere: Tones
    decided: dict[ParticipantId, "_Decided"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """How calls are shown in the places of a person while nothing is known of other copies.

    It holds from `now` up to `until`, while nobody wishes something else or is let in or put out.
    """

    person: Person
    tones: Mapping[ConversationId, Sequence[tuple[Call, Tone, datetime | None]]]
    versions: tuple[int, int]
    now: datetime
    until: datetime

    def serves(self, versions: tuple[int, int], now: datetime) -> bool:
        return versions == self.versions and self.now <= now < self.until


_NONE = _Calling(session=Session(id=SessionId("")), events=(), calls=(), elsewhere=AS_EVER)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Someone has so many places that this one never rings."""


_ELSEWHERE = _Elsewhere()


@dataclass(slots=True, kw_only=True)
class _Private:
    """The private places of everyone in a session whose places are these.

    `first`: those of someone with many that may ring, and where they had spoken by then.
    """

    places: object
    of: Mapping[ParticipantId, Sequence[ConversationId]]
    first: dict[ParticipantId, tuple[Sequence[ConversationId], object]] = field(
        default_factory=dict
    )

    def first_of(self, who: ParticipantId, session: Session) -> Sequence[ConversationId]:
        """Return the places that may ring of someone who has many, in the order of their links."""
        spoke = session.spoke.get(who, ())
        known = self.first.get(who)
        if known is not None and known[1] is spoke:
            return known[0]
        mine = self.of[who]
        person = Person(
            who=who, spots=tuple(PrivatePlace(place=each) for each in mine), spoke=spoke
        )
        kept = {each.place for each in notify.ordered(person, session.head)[:MOST_PLACES]}
        first = tuple(each for each in mine if each in kept)
        self.first[who] = first, spoke
        return first


class Looks:
    """When to look at what lanes were shown silently, and what that hangs on."""

    def __init__(self, persons: "Persons") -> None:
        self._persons = persons
        self.at: dict[ConversationId, tuple[tuple[int, int], object, datetime]] = {}

    def shown(
        self,
        session: Session,
        conversation: ConversationId,
        tones: Tones,
        now: datetime,
        *,
        first: bool,
    ) -> tuple[bool, datetime | None]:
        """Note how events were shown; say whether that tells when to look at the lane, and when.

        It does where they are the `first` to be looked at, or it was known of all before and
        nothing has changed since.
        """
        versions, at = self._persons.versions, tones.again
        if not first:
            known = self.at.get(conversation)
            if known is None or known[0] != versions or known[2] <= now:
                return False, None
            if known[1] is not session.conversations:  # a place that was to ring first may be gone
                return False, None
            at = known[2] if at is None else min(at, known[2])
        self.note(session, conversation, at)
        return True, at

    def note(self, session: Session, conversation: ConversationId, at: datetime | None) -> None:
        if at is not None:
            self.at[conversation] = self._persons.versions, session.conversations, at
        else:
            self.at.pop(conversation, None)
            self._persons.silenced.discard(conversation)


class _Decisions:
    """What rings where, decided once for all places of a person."""

    def __init__(self, persons: "Persons", times: Callable[[datetime], Times]) -> None:
        self._persons = persons
        self._times = times
        self.calling = _NONE

    async def of(
        self, calling: _Calling, lane: Conversation, limits: Capabilities, now: datetime
    ) -> "_Decided | _Elsewhere | None":
        """Return how calls are shown in the places of whoever has a lane; None: all ring there."""
        session, versions = calling.session, self._persons.versions
        who = None if lane.room else session.conversations.get(lane.id)
        known = calling.decided.get(who) if who is not None else None
        if known is not None and lane.id in known.tones and known.serves(versions, now):
            return known
        low = not limits.silent and any(map(notify.is_low, calling.events))
        found = await self._persons.of_lane(session, lane, limits, low=low)
        if found is None or isinstance(found, _Elsewhere):
            return found
        times = self._times(now)
        tones = {
            spot.place: [
                (call, *notify.tone(call, found, spot.place, {}, times))
                for call in calling.calls
                if _concerns(call, found, spot.place)
            ]
            for spot in found.spots
        }
        due = [at for each in tones.values() for _, _, at in each if at is not None]
        until = min([now + AT_ONCE, *due])
        decided = _Decided(person=found, tones=tones, versions=versions, now=now, until=until)
        if len(found.spots) > 1:
            calling.decided[found.who] = decided
        return decided


class Ringing:
    """`escalate`: after how long what nobody saw rings in the next place."""

    def __init__(
        self, store: Store, clock: Clock, persons: "Persons", *, escalate: timedelta
    ) -> None:
        self._store = store
        self._clock = clock
        self._persons = persons
        self._escalate = escalate
        self._since = clock.now()
        self._held: dict[ConversationId, Seq] = {}
        self.looks = Looks(persons)
        self._decisions = _Decisions(persons, self._times)
        self._deciding = asyncio.Lock()

    # -- what a process knows by itself

    def watches(self, conversation: ConversationId) -> bool:
        """Say whether something may be to ring in this lane that was shown silently."""
        return conversation in self._persons.silenced

    def holds(self, conversation: ConversationId) -> bool:
        """Say whether something is held back in this lane."""
        return conversation in self._held

    def watch(self, conversation: ConversationId) -> None:
        """Look whether something in this lane is to ring that was shown silently."""
        self._persons.silenced.add(conversation)
        self.looks.at.pop(conversation, None)

    def came(self, conversation: ConversationId) -> bool:
        """Note that its person wrote from a place; return whether it held something back."""
        self._decisions.calling = _NONE
        held = self._held.pop(conversation, None)
        if held is not None:
            self._persons.came[conversation] = held
        return held is not None

    async def recall(self, sessions: Sessions) -> Iterable[ConversationId]:
        """Return the lanes in which a process that died may have shown silently what is to ring."""
        return await _recalled(self._store, sessions, self._clock.now())

    # -- what is asked before something is shown

    async def tones(
        self,
        session: Session,
        lane: Conversation,
        limits: Capabilities,
        events: Sequence[Event],
        now: datetime,
    ) -> Tones:
        """Return how these events are shown in a lane that they were not shown in yet."""
        calling = self._decisions.calling
        if calling.session is not session or calling.events is not events:
            calling = self._decisions.calling = _calling(session, events)
        if limits.silent and not calling.calls:
            return AS_EVER
        decided = await self._decisions.of(calling, lane, limits, now)
        if not isinstance(decided, _Decided):
            return AS_EVER if decided is None else calling.elsewhere
        person, times, loud = decided.person, self._times(now), START
        held = [] if limits.silent else _notices(person, lane, events, times)
        hushed: dict[Seq, datetime | None] = {}
        for call, soonest, soonest_at in decided.tones[lane.id]:
            tone, at = soonest, soonest_at
            if tone == "loud" and len(person.spots) > 1:
                tone, at = await self._tone(session, person, lane, call, times)
            if tone == "loud":
                loud = call.seq
                continue
            hushed[call.seq] = at
            if tone == "held":
                held.append((call.seq, at))
        return self._toned(lane, hushed, [each for each in held if each[0] > loud])

    def changed(self) -> None:
        """Decide anew what rings where: a place shows nothing any more."""
        self._decisions.calling, self.looks.at = _NONE, {}

    def _toned(
        self,
        lane: Conversation,
        hushed: Mapping[Seq, datetime | None],
        held: Sequence[tuple[Seq, datetime | None]],
    ) -> Tones:
        """Return the tones of a lane; what is held back does not hold up what rings after it."""
        first = min((seq for seq, _ in held), default=None)
        if first is None:
            self._held.pop(lane.id, None)
        else:
            self._held[lane.id] = max(seq for seq, _ in held)
        hushed = {each: at for each, at in hushed.items() if first is None or each < first}
        if hushed:
            self._persons.silenced.add(lane.id)
        at = min([at for _, at in held if at is not None], default=None)
        again = min([at for at in hushed.values() if at is not None], default=None)
        return Tones(hushed=frozenset(hushed), held=first, at=at, again=again)

    async def _tone(
        self, session: Session, person: Person, lane: Conversation, call: Call, times: Times
    ) -> tuple[Tone, datetime | None]:
        """Return how a call is shown that would ring, but for what other places say of it."""
        async with self._deciding:
            copies = dict((await self._copies(session, person, [call]))[call.seq])
            own = copies.pop(lane.id, None)
            if own is not None and own.rung is not None:
                return "loud", None  # it was tried, and is tried again as it was
            return notify.tone(call, person, lane.id, copies, times)

    async def previews(self, session: Session, lane: Conversation, limits: Capabilities) -> bool:
        """Say whether what is being written is shown: where that rings, only if the answer may."""
        run = session.open_run
        if limits.silent or limits.drafts or run is None:
            return True
        person = await self._persons.of_lane(session, lane, limits)
        if person is None or isinstance(person, _Elsewhere):
            return person is None
        now = self._clock.now()
        call = Call(seq=session.head + 1, at=now, kind="answer", asker=run.asker)
        return notify.ring(call, person, lane.id, {}, self._times(now)).now

    # -- what is asked once a lane has come to rest

    async def remind(
        self,
        session: Session,
        lane: Conversation,
        limits: Capabilities,
        cursor: Seq,
        now: datetime,
    ) -> tuple[bool, datetime | None]:
        """Begin the line that is due here, and say whether one is; else when to look again.

        `cursor` is how far the lane has been shown the session. One lane after the other, so that
        each knows of what rang just before.
        """
        person = await self._persons.of_lane(session, lane, limits)
        if isinstance(person, _Elsewhere):
            self.looks.note(session, lane.id, None)  # nothing ever rings there
        if person is None or isinstance(person, _Elsewhere):
            return False, None
        async with self._deciding:
            ringing, at = await self._due(session, lane, person, cursor, now)
            for receipt in reminding(ringing, session, lane, self._clock.now()) if ringing else ():
                await self._store.record(receipt)
        if ringing:
            self.looks.at.pop(lane.id, None)
        else:
            self.looks.note(session, lane.id, at)
        return bool(ringing), at

    async def _due(
        self, session: Session, lane: Conversation, person: Person, cursor: Seq, now: datetime
    ) -> tuple[Sequence[Call], datetime | None]:
        """Return what is to ring now that was shown silently, and when to look again."""
        pending, times = [], self._times(now)
        later: dict[Seq, datetime] = {}
        for call in _waiting(session, cursor):
            if not _concerns(call, person, lane.id):
                continue
            soonest = notify.ring(call, person, lane.id, {lane.id: Copy(shown=True)}, times)
            if soonest.now:
                pending.append(call)
            elif soonest.at is not None:
                later[call.seq] = soonest.at
        looks = await _not_rung(self._store, session, lane, later) if later else []
        copies = await self._copies(session, person, pending) if pending else {}
        ringing = []
        for call in pending:
            own = copies[call.seq].get(lane.id)
            if own is None or not own.shown:
                continue
            found = notify.ring(call, person, lane.id, copies[call.seq], times)
            if found.now:
                ringing.append(call)
            elif found.at is not None:
                looks.append(found.at)
        return ringing, min(looks, default=None)

    # -- small

    def _times(self, now: datetime) -> Times:
        return Times(now=now, since=self._since, escalate=self._escalate)

    async def _copies(
        self, session: Session, person: Person, calls: Sequence[Call]
    ) -> Mapping[Seq, Mapping[ConversationId, Copy]]:
        """Return how each call stands in each of a person's places."""
        seqs = {each.seq for each in calls}
        read = {
            spot.place: await self._store.receipts(session.id, spot.place, sources=seqs)
            for spot in person.spots
        }
        return {
            seq: {place: copy_of(receipts, seq) for place, receipts in read.items() if receipts}
            for seq in seqs
        }


class Persons:
    """Whose place a lane is, with all of their private places, for `bridge.delivery.notify`.

    `silenced` are the lanes in which this process showed something silently, `came` how much a
    place held back when its person is known to have come there.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[ChannelName, Channel],
        *,
        admission: Admission,
        looking: Looking,
        wishes: Wishes,
    ) -> None:
        self.silenced: set[ConversationId] = set()
        self.came: dict[ConversationId, Seq] = {}
        self._store = store
        self._channels = channels
        self._admission = admission
        self._looking = looking
        self._wishes = wishes
        self._private: dict[SessionId, _Private] = {}
        self._reading = asyncio.Lock()

    @property
    def versions(self) -> tuple[int, int]:
        """Return numbers that are other ones once anybody wishes, or is let in, otherwise."""
        return self._wishes.version, self._admission.version

    async def of_lane(
        self, session: Session, lane: Conversation, limits: Capabilities, *, low: bool = False
    ) -> "Person | _Elsewhere | None":
        """Return whose place a lane is, with all of theirs; None where everything rings there.

        `low`: something is to be shown that does not.
        """
        who = session.conversations.get(lane.id)
        if lane.room or who is None:
            return None
        known = self._private.get(session.id)
        if known is None or known.places is not session.conversations:
            known = await self._read_private(session)
        places = known.of[who]
        if len(places) > MOST_PLACES:
            places = known.first_of(who, session)
            if lane.id not in places:
                return _ELSEWHERE
        looking = self._looking.looks(session.id, who)
        wish = await self._wishes.of(who, lane.id)
        is_plain = len(places) == 1 and not looking and wish is notify.AS_EVERYONE
        if is_plain and not low and lane.id not in self.silenced:
            return None
        here = PrivatePlace(place=lane.id, client=limits.client, silent=limits.silent, wish=wish)
        return Person(
            who=who,
            spots=tuple(
                [
                    here if each == lane.id else await self._spot(session, who, each)
                    for each in places
                ]
            ),
            spoke=session.spoke.get(who, ()),
            looking=looking,
            seen=self._looking.seen(session.id, who),
            came={each: self.came[each] for each in places if each in self.came},
        )

    async def _read_private(self, session: Session) -> "_Private":
        """Look up which places are private, where anyone has more than one; once for all lanes."""
        async with self._reading:
            known = self._private.get(session.id)
            if known is None or known.places is not session.conversations:
                self._private = self._private if len(self._private) < KEPT else {}
                known = self._private[session.id] = await self._privately(session)
            return known

    async def _privately(self, session: Session) -> "_Private":
        found: dict[ParticipantId, list[ConversationId]] = {}
        for place, who in session.conversations.items():
            if who is not None:
                found.setdefault(who, []).append(place)
        if any(len(each) > 1 for each in found.values()):
            lanes = await self._store.conversations(session.id)
            rooms = {each.id for each in lanes if each.room}
            found = {who: [p for p in mine if p not in rooms] for who, mine in found.items()}
        return _Private(places=session.conversations, of=found)

    async def _spot(
        self, session: Session, who: ParticipantId, place: ConversationId
    ) -> PrivatePlace:
        """Return another private place of a person."""
        lane = await self._store.conversation(place)
        channel = self._channels.get(lane.address.channel) if lane is not None else None
        wish = await self._wishes.of(who, place)
        if lane is None or channel is None:
            return PrivatePlace(place=place, silent=False, wish=wish, takes=False)
        follows = not lane.suspended and lane.session == session.id
        takes = follows and await self._admission.may_show(lane, session)
        limits = channel.capabilities(lane.address)
        return PrivatePlace(
            place=place, client=limits.client, silent=limits.silent, wish=wish, takes=takes
        )


async def _not_rung(
    store: Store, session: Session, lane: Conversation, later: Mapping[Seq, datetime]
) -> list[datetime]:
    """Return when to look at what may ring here later: nothing rings twice in one place."""
    own = await store.receipts(session.id, lane.id, sources=set(later))
    return [at for seq, at in later.items() if copy_of(own, seq).rung is None]


def _calling(session: Session, events: Sequence[Event]) -> _Calling:
    calls = _calls(session, events)
    elsewhere = Tones(hushed=frozenset([each.seq for each in calls])) if calls else AS_EVER
    return _Calling(session=session, events=events, calls=calls, elsewhere=elsewhere)


def _calls(session: Session, events: Sequence[Event]) -> list[Call]:
    """Return what of these events is to ring."""
    found = [each for each in map(_call_of, events) if each is not None]
    if not found:
        return found
    known = {each.seq: each for each in session.calls if each.seq >= found[0].seq}
    return [known.get(each.seq) or replace(each, to=session.people(each.to)) for each in found]


def _call_of(event: Event) -> Call | None:
    """Return an event as a call, of which the fold does not know any more who asked for it."""
    body = event.body
    if isinstance(body, MessageComposed) and body.kind != "interim":
        return Call(seq=event.seq, at=event.at, kind="answer")
    if isinstance(body, QuestionAsked):
        return Call(seq=event.seq, at=event.at, kind="question", to=body.to)
    if isinstance(body, Pushed) and not body.folded and body.priority != "low":
        return Call(
            seq=event.seq,
            at=event.at,
            kind="push",
            to=body.to,
            places=body.places,
            urgent=body.priority == "high",
        )
    return None


def _notices(
    person: Person, lane: Conversation, events: Sequence[Event], times: Times
) -> list[tuple[Seq, datetime | None]]:
    """Return what is no call, and held back all the same where a place cannot be silent."""
    return [
        (each.seq, None)
        for each in events
        if isinstance(each.body, MessageReceived | MessageComposed | Pushed)
        and _call_of(each) is None
        and notify.holds(each.seq, person, lane.id, times.now, low=notify.is_low(each))
    ]


def _waiting(session: Session, cursor: Seq) -> list[Call]:
    """Return what may still ring that a place was shown: the open questions, and the last else."""
    open_ones = {each.asked: each for each in session.questions.values()}
    known = {each.seq: each for each in session.calls}
    old = [
        Call(seq=seq, at=each.asked_at, kind="question", to=each.to)
        for seq, each in open_ones.items()
        if seq not in known and each.asked_at is not None
    ]
    return [
        each
        for each in (*old, *session.calls)
        if START < each.seq <= cursor and (each.kind != "question" or each.seq in open_ones)
    ]


async def _recalled(store: Store, sessions: Sessions, now: datetime) -> list[ConversationId]:
    found: list[ConversationId] = []
    for row in await store.sessions(limit=RECALLED_SESSIONS):
        if row.touched_at < now - RECALLED:
            continue
        lanes = [each.id for each in await store.conversations(row.id) if not each.room]
        if lanes and await _needs_a_look(sessions, row.id, now):
            found += lanes
    return found


async def _needs_a_look(sessions: Sessions, session: SessionId, now: datetime) -> bool:
    """Say whether anything of a session may have to ring; one that cannot be read is looked at."""
    try:
        return _may_ring(await sessions.fold(session), now)
    except (StoreError, NotFound) as error:
        log.warning("session not recalled", session=session, error=str(error))
        return True


def _may_ring(session: Session, now: datetime) -> bool:
    """Say whether anything may still ring that was shown without a ring."""
    return any(notify.lasts(each, now) for each in _waiting(session, session.head))


def _concerns(call: Call, person: Person, here: ConversationId) -> bool:
    """Say whether a call is shown in a place of someone's own."""
    if call.places:
        return here in call.places
    return not call.to or person.who in call.to


def reminding(
    ringing: Sequence[Call], session: Session, lane: Conversation, now: datetime
) -> list[Receipt]:
    """Return the receipts by which one line rings for all of these; the one that is sent, last.

    A question comes before anything else, else what is newest.
    """
    first = max(ringing, key=lambda each: (each.kind == "question", each.seq))
    owed = Receipt(
        session=session.id,
        conversation=lane.id,
        part=reminder_part(first.seq),
        source=first.seq,
        upto=first.seq,
        span=Span(start=0, end=0),
        state="owed",
        at=now,
    )
    others = [
        replace(
            owed,
            part=reminder_part(each.seq),
            source=each.seq,
            upto=each.seq,
            state="skipped",
            why="summarised",
        )
        for each in ringing
        if each is not first
    ]
    return [*others, owed]
