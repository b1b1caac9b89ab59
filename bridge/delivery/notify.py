"""What rings, and in which of a person's places, sans I/O.

How often, for what nobody asked for:

- Pushes ring, up to `per_run` of one run and `per_hour` of one session, and so of any place that
  follows it, within any 60 minutes. What exceeds them is appended like the others, `folded`
  (`bridge.delivery.folded`).
- What a program asks counts as what it pushes does; one more is asked silently.
- A run stops on `QUESTIONS_AT_ONCE` at most. More are refused: whoever asks can read why.
- What the bridge itself has to tell its owner is never folded; that is little, and keyed by day.

Where, for one person and one call (a final answer, a question, a push that is not folded):

- Their private places are taken in the order in which they last spoke in them before the call (of
  a browser: in the page), then those that they never spoke in, the newest first; without those that
  take nothing now, and those whose wish does not let the call ring. Every lane finds the same
  order, whatever happened since.
- The first of them rings; nowhere else does anything then. While the person looks at the session
  in a page or a terminal none rings at first, nor does one once a client showed them the call.
- `escalate` after the last ring the next of them rings, each once, until the call is seen: the
  person spoke since, or a client or a platform said that they saw it. Answers and pushes are for
  `WHILE`, a question as long as it is open.
- What does not ring is shown silently. In a place that cannot be silent it is shown at once where
  the wish is `all` and no quiet hours are on, or where it answers what was written there; else it
  is held back, with all that comes after it, until the person comes there, or any of it is to ring
  there. So are the words of others, and one's own, but where one spoke last.
- A push of `high` priority rings in quiet hours as questions do, where the person lets these; one
  that is `low` never rings, so that a private place that cannot be silent holds it back. In a room
  nobody's wishes count: there it is shown as silently as the place can.
- A clock that was set back ends a wait (`bridge.domain.waits`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Literal, assert_never, get_args
from zoneinfo import ZoneInfo

from bridge.delivery.rendering import BRIDGE
from bridge.delivery.shown_receipts import part_id
from bridge.domain.events import Draft, Event, Pushed, QuestionAsked, Source
from bridge.domain.ids import START, ConversationId, ParticipantId, PartId, Seq
from bridge.domain.parts import SHOWN, Receipt
from bridge.domain.records import replace
from bridge.domain.waits import is_over
from bridge.session.fold import RINGS_KEPT, Call, Session, Spoke

QUESTIONS_AT_ONCE = 5
HOUR = timedelta(hours=1)
WHILE = HOUR
"""How long an answer or a push that nobody saw rings in one more place."""

REMINDER = "ring:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """How many pushes ring, and after how long what nobody saw rings in the next place."""

    per_run: int = 10
    per_hour: int = 30
    escalate: timedelta = timedelta(minutes=10)


def rung(
    session: Session, drafts: Sequence[Draft], now: datetime, most: Rings
) -> tuple[Draft, ...]:
    """Return the drafts, with the pushes that exceed what may ring folded, and questions quiet.

    Of pushes that never ring as many are shown by themselves, beside those that do.
    """
    if not any([isinstance(each.body, Pushed | QuestionAsked) for each in drafts]):
        return tuple(drafts)
    left, found = _left(session.rings, now, most), list[Draft]()
    unheard = _left(session.whispers, now, most)
    for each in drafts:
        body = each.body
        if isinstance(body, Pushed) and not _is_ours(body.source) and body.priority == "low":
            body = replace(body, folded=unheard <= 0)
            unheard -= 1
        elif isinstance(body, Pushed) and not _is_ours(body.source):
            body = replace(body, folded=left <= 0 or _exceeds(session, body, most))
            left -= not body.folded
        elif isinstance(body, QuestionAsked) and _is_unawaited(body, session):
            body = replace(body, quiet=left <= 0)
            left -= 1
        found.append(each if body is each.body else replace(each, body=body))
    return tuple(found)


def _left(times: Sequence[datetime], now: datetime, most: Rings) -> int:
    """Return how many more there may be within the hour; the clock may be set back."""
    return min(most.per_hour, RINGS_KEPT) - sum(abs(now - at) < HOUR for at in times)


def _exceeds(session: Session, pushed: Pushed, most: Rings) -> bool:
    run, by_run = session.open_run, pushed.source.kind == "background"
    return by_run and run is not None and run.rings >= most.per_run


def _is_unawaited(asked: QuestionAsked, session: Session) -> bool:
    """Say whether nobody waits for what is asked: a program, a schedule or a child began it."""
    is_of_others = asked.by is not None or asked.background is not None
    return is_of_others or (session.open_run is not None and session.open_run.asker is None)


def _is_ours(source: Source) -> bool:
    return (source.kind, source.name) == ("background", BRIDGE)


def is_folded(event: Event) -> bool:
    return isinstance(event.body, Pushed) and event.body.folded


def is_low(event: Event) -> bool:
    """Say whether something never rings, whatever anybody wishes."""
    return isinstance(event.body, Pushed) and event.body.priority == "low"


# -- what people wish -----------------------------------------------------------------------------

Mode = Literal["all", "once", "mentions", "questions", "mute"]
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of each day, in an IANA time zone, in which nothing rings; `questions` do if so said.

    So do urgent pushes then. From `begins` up to but not including `ends`, over midnight where that
    is earlier.
    """

    begins: time
    ends: time
    zone: str
    questions: bool = True

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that are on now; None while none are."""
        local = now.astimezone(ZoneInfo(self.zone))
        at, crosses = local.time(), self.begins > self.ends
        is_late = at >= self.begins
        if not ((is_late or at < self.ends) if crosses else (is_late and at < self.ends)):
            return None
        days = 1 if crosses and is_late else 0
        ends = local.replace(
            hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0, fold=0
        )
        return max((ends + timedelta(days=days)).astimezone(UTC), now + timedelta(seconds=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wishes to ring. `mentions`: what is for them, or answers what they asked."""

    mode: Mode = "all"
    quiet: Quiet | None = None


AS_EVERYONE = Wish()


# -- who, and where -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivatePlace:
    """A private place. `silent`: it can show something without a ring; `takes`: it shows now.

    `client`: what is said there counts as spoken here.
    """

    place: ConversationId
    client: ConversationId | None = None
    silent: bool = True
    wish: Wish = Wish()
    takes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone and their private places, in the order in which these came to follow the session.

    `looking`: at the session, in a page or a terminal; `seen`: as far as such a client showed it
    to them. `came`: they are known to have come to a place when it held back so much.
    """

    who: ParticipantId
    spots: tuple[PrivatePlace, ...]
    spoke: tuple[Spoke, ...] = ()
    looking: bool = False
    seen: Seq = START
    came: Mapping[ConversationId, Seq] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A call as it stands in one place: `rung` there at a time, or `shown` without a ring."""

    rung: datetime | None = None
    shown: bool = False
    read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Whether a call rings `now`; else `at` says when to look again, if ever."""

    now: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The present, since when there is anyone to ring, and after how long the next place rings."""

    now: datetime
    since: datetime
    escalate: timedelta


Copies = Mapping[ConversationId, Copy]
Tone = Literal["loud", "silent", "held"]

_NOTHING = Copy()
_NEVER = Ring()
_NOW = Ring(now=True)


def reminder_part(seq: Seq) -> PartId:
    """Return the id of the line by which an event rings where it was shown silently."""
    return PartId(f"{REMINDER}{seq}")


def is_reminder(receipt: Receipt) -> bool:
    return receipt.part.startswith(REMINDER)


def copy_of(receipts: Sequence[Receipt], seq: Seq) -> Copy:
    """Return how a call stands in a place, by its receipts there."""
    rung: datetime | None = None
    shown = read = False
    first, reminder = part_id(seq, 0), reminder_part(seq)
    for each in receipts:
        if each.source != seq or each.part not in {first, reminder}:
            continue
        is_reminder = each.part == reminder
        if each.state in SHOWN or each.state in {"attempted", "unknown"}:
            shown = shown or not is_reminder
            if is_reminder or not each.code:
                rung = max(each.at, rung or each.at)
            read = read or each.state == "read"
        elif is_reminder:  # owed, or summed up in another one
            rung = max(each.at, rung or each.at)
    return Copy(rung=rung, shown=shown, read=read)


def ordered(person: Person, seq: Seq) -> tuple[PrivatePlace, ...]:
    """Return the places of a person as they are rung in for an event of this number."""
    spoke = {each.place: each.since for each in person.spoke if each.since <= seq}
    spots = person.spots
    if not spoke:
        return spots[::-1]
    keys = [(_spoke_in(each, spoke), number) for number, each in enumerate(spots)]
    return tuple([spots[number] for _, number in sorted(keys, reverse=True)])


def _spoke_in(spot: PrivatePlace, spoke: Mapping[ConversationId, Seq]) -> Seq:
    elsewhere = spoke.get(spot.client, START) if spot.client is not None else START
    return max(spoke.get(spot.place, START), elsewhere)


def tone(
    call: Call, person: Person, here: ConversationId, copies: Copies, times: Times
) -> tuple[Tone, datetime | None]:
    """Return how a call is shown here that was not yet, and when to look again if it is not loud.

    `silent` in a place that cannot be: it is shown all the same.
    """
    spot = _spot(person, here)
    found = _ring(call, person, spot, copies, times)
    if found.now:
        return "loud", None
    held = not spot.silent and _waits(call, person, spot, times.now)
    return ("held" if held else "silent"), found.at


def ring(call: Call, person: Person, here: ConversationId, copies: Copies, times: Times) -> Ring:
    """Say whether a call rings here now, or when to ask again."""
    return _ring(call, person, _spot(person, here), copies, times)


def _ring(call: Call, person: Person, spot: PrivatePlace, copies: Copies, times: Times) -> Ring:
    here, own = spot.place, copies.get(spot.place, _NOTHING)
    is_first = not own.shown and not any([each.rung for each in copies.values()])
    if _is_seen(call, person, copies, is_first=is_first):
        return _NEVER
    if spot.wish is not AS_EVERYONE and not _lets(call, spot.wish, person.who):
        return _NEVER
    if own.rung is not None or (own.shown and not spot.silent):
        return _NEVER
    quiet = _quiet_until(call, spot.wish, times.now) if spot.wish.quiet is not None else None
    if quiet is not None:
        return Ring(at=quiet)
    ahead = _ahead(call, person, here, copies, times.now)
    if is_first and not ahead and not person.looking:
        return _NOW
    if not lasts(call, times.now):
        return _NEVER
    since, standing = _last(call, copies, times), sum([_stands(each, copies) for each in ahead])
    if since > times.now:  # the clock was set back: one of them rings, and the others wait on
        return Ring(at=times.now + times.escalate * standing) if standing else Ring(now=True)
    due = since + times.escalate * (1 + standing)
    return Ring(now=True) if is_over(due, now=times.now) else Ring(at=due)


def _last(call: Call, copies: Copies, times: Times) -> datetime:
    """Return when a call rang last, or came; in the future only where nothing else is known."""
    rung = [each.rung for each in copies.values() if each.rung is not None]
    past = [each for each in rung if each <= times.now]
    return max(past or rung or [max(call.at, times.since)])


def _ahead(
    call: Call, person: Person, here: ConversationId, copies: Copies, now: datetime
) -> list[PrivatePlace]:
    """Return the places that are to ring before this one and have not."""
    found: list[PrivatePlace] = []
    for each in ordered(person, call.seq):
        if each.place == here:
            break
        copy = copies.get(each.place, _NOTHING)
        is_done = copy.rung is not None or (copy.shown and not each.silent)
        is_shown = not call.places or each.place in call.places
        may = is_shown and each.takes and not is_done
        if not may or (each.wish is not AS_EVERYONE and not _lets(call, each.wish, person.who)):
            continue
        if each.wish.quiet is None or _quiet_until(call, each.wish, now) is None:
            found.append(each)
    return found


def _stands(spot: PrivatePlace, copies: Copies) -> bool:
    """Say whether a place has a call, shown or held back, and will ring when its time has come."""
    is_held = not spot.silent and spot.wish.mode != "all"
    return copies.get(spot.place, _NOTHING).shown or is_held


def _is_seen(call: Call, person: Person, copies: Copies, *, is_first: bool) -> bool:
    """Say whether someone has seen a call. Who only spoke since has not heard its first ring."""
    if person.seen >= call.seq or any([each.read for each in copies.values()]):
        return True
    if is_first:
        return False
    spoke = any([each.last > call.seq for each in person.spoke])
    return spoke or any([seq >= call.seq for seq in person.came.values()])


def lasts(call: Call, now: datetime) -> bool:
    """Say whether a call may ring in one more place."""
    return call.kind == "question" or not is_over(call.at + WHILE, now=now)


def _lets(call: Call, wish: Wish, who: ParticipantId) -> bool:
    """Say whether a wish lets a call ring, at one time or another."""
    match wish.mode:
        case "all" | "once":
            return True
        case "mentions":
            return is_for(call, who)
        case "questions":
            return call.kind == "question"
        case "mute":
            return False
        case _:
            assert_never(wish.mode)


def is_for(call: Call, who: ParticipantId) -> bool:
    """Say whether a call is for someone in particular; a question that is nobody's is everyone's.

    What was asked by no person, such as a schedule, is nobody's.
    """
    is_mine = who in call.to or call.asker == who
    return is_mine or (call.kind == "question" and not call.to and call.asker is None)


def _quiet_until(call: Call, wish: Wish, now: datetime) -> datetime | None:
    quiet = wish.quiet
    matters = call.kind == "question" or call.urgent
    if quiet is None or (matters and quiet.questions):
        return None
    return quiet.until(now)


def holds(
    seq: Seq, person: Person, here: ConversationId, now: datetime, *, low: bool = False
) -> bool:
    """Say whether what never rings is held back here, in a place that cannot be silent.

    Where the person spoke last before it they are shown everything, but what is `low`.
    """
    if not _is_held(seq, person, here):
        return False
    if low or _was_here(seq, person, here):
        return low
    return _is_still(_spot(person, here), now)


def _waits(call: Call, person: Person, spot: PrivatePlace, now: datetime) -> bool:
    """Say whether what does not ring is held back, in a place that cannot be silent."""
    if not _is_held(call.seq, person, spot.place):
        return False
    if call.asker == person.who and _was_here(call.seq, person, spot.place):
        return False
    return _is_still(spot, now)


def _is_held(seq: Seq, person: Person, here: ConversationId) -> bool:
    """Say whether the person has not come to a place since."""
    spoke = any(each.place == here and each.last > seq for each in person.spoke)
    return not spoke and person.came.get(here, START) < seq


def _was_here(seq: Seq, person: Person, here: ConversationId) -> bool:
    before = [each for each in person.spoke if each.since <= seq]
    return bool(before) and before[-1].place == here


def _is_still(spot: PrivatePlace, now: datetime) -> bool:
    """Say whether a place that cannot be silent shows nothing that is not to ring there."""
    is_quiet = spot.wish.quiet is not None and spot.wish.quiet.until(now) is not None
    return spot.wish.mode != "all" or is_quiet


def _spot(person: Person, here: ConversationId) -> PrivatePlace:
    for each in person.spots:
        if each.place == here:
            return each
    raise KeyError(here)
