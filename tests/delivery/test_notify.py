"""A call rings in one of a person's places, then in the next one, and never in none of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bridge.delivery.notify import (
    MODES,
    WHILE,
    Copy,
    Person,
    PrivatePlace,
    Quiet,
    Ring,
    Rings,
    Times,
    Wish,
    copy_of,
    holds,
    is_for,
    is_low,
    ordered,
    reminder_part,
    ring,
    rung,
    tone,
)
from bridge.delivery.shown_receipts import SILENT, part_id
from bridge.domain.content import Content
from bridge.domain.events import Draft, Event, Pushed, Source
from bridge.domain.ids import ConversationId
from bridge.domain.parts import Receipt, Span
from bridge.domain.records import replace
from bridge.session.fold import Call, Session, Spoke, evolve
from tests.playbook import ADA, AT, BOB, HERE

SEQ = 10
TEN = timedelta(minutes=10)
PLACES = tuple(ConversationId(each) for each in ("phone", "desk", "work", "car"))
PHONE, DESK, WORK, CAR = PLACES


def minutes(count):
    return timedelta(minutes=count)


def times(now=AT, since=AT - timedelta(days=1)):
    return Times(now=now, since=since, escalate=TEN)


def call(kind="answer", **fields):
    return Call(seq=SEQ, at=AT, kind=kind, **{"asker": ADA, **fields})


def spoke(*places, after=0):
    """Say that someone spoke once in each of these places, one after the other."""
    return tuple(
        Spoke(place=each, since=after + number, last=after + number)
        for number, each in enumerate(places, start=1)
    )


def ada(*spots, **fields):
    return Person(who=ADA, spots=spots, **fields)


TWO = (PrivatePlace(place=PHONE), PrivatePlace(place=DESK))


# -- one by one -----------------------------------------------------------------------------------


def test_it_rings_where_the_person_last_spoke_and_is_silent_elsewhere():
    person = ada(*TWO, spoke=spoke(DESK, PHONE))
    assert tone(call(), person, PHONE, {}, times()) == ("loud", None)
    assert tone(call(), person, DESK, {}, times()) == ("silent", AT + TEN)


def test_where_they_never_spoke_the_newest_place_rings():
    person = ada(*TWO)
    assert [each.place for each in ordered(person, SEQ)] == [DESK, PHONE]


def test_the_order_is_the_one_before_the_call_whatever_they_said_since():
    """Each lane looks at a time of its own: all must find the same place."""
    before = spoke(DESK, PHONE)
    later = (*before, *spoke(DESK, after=SEQ))
    orders = [ordered(ada(*TWO, spoke=each), SEQ) for each in (before, later)]
    assert orders[0] == orders[1]


def test_who_looks_at_a_page_hears_nothing_and_is_rung_later_if_it_was_not_seen():
    person = ada(*TWO, spoke=spoke(DESK, PHONE), looking=True)
    assert tone(call(), person, PHONE, {}, times()) == ("silent", AT + TEN)
    shown = {PHONE: Copy(shown=True), DESK: Copy(shown=True)}
    left = ada(*TWO, spoke=spoke(DESK, PHONE))
    assert ring(call(), left, PHONE, shown, times(AT + minutes(9))) == Ring(at=AT + TEN)
    assert ring(call(), left, PHONE, shown, times(AT + TEN)) == Ring(now=True)
    assert ring(call(), left, DESK, shown, times(AT + TEN)) == Ring(at=AT + 2 * TEN)


def test_what_a_page_showed_them_rings_nowhere():
    person = ada(*TWO, seen=SEQ)
    assert tone(call("question"), person, DESK, {}, times()) == ("silent", None)


def test_what_nobody_saw_rings_in_the_next_place_ten_minutes_after_the_last_ring():
    person = ada(*TWO, spoke=spoke(DESK, PHONE))
    rung = {PHONE: Copy(rung=AT + minutes(3), shown=True), DESK: Copy(shown=True)}
    assert ring(call(), person, DESK, rung, times(AT + minutes(12))) == Ring(at=AT + minutes(13))
    assert ring(call(), person, DESK, rung, times(AT + minutes(13))) == Ring(now=True)


@pytest.mark.parametrize(
    "seen",
    [
        {"spoke": (*spoke(DESK, PHONE), *spoke(DESK, after=SEQ))},
        {"seen": SEQ},
        {"came": {DESK: SEQ}},
    ],
    ids=["they spoke", "a page showed it", "they wrote a command where it was held back"],
)
def test_what_was_seen_is_not_escalated(seen):
    person = ada(*TWO, **{"spoke": spoke(DESK, PHONE), **seen})
    rung = {PHONE: Copy(rung=AT, shown=True), DESK: Copy(shown=True)}
    assert ring(call(), person, DESK, rung, times(AT + minutes(30))) == Ring()


def test_what_a_platform_says_was_read_is_not_escalated():
    person = ada(*TWO, spoke=spoke(DESK, PHONE))
    read = {PHONE: Copy(rung=AT, shown=True, read=True), DESK: Copy(shown=True)}
    assert ring(call(), person, DESK, read, times(AT + minutes(30))) == Ring()


def test_an_answer_is_escalated_for_a_while_and_a_question_as_long_as_it_is_open():
    person = ada(*TWO, spoke=spoke(DESK, PHONE))
    rung = {PHONE: Copy(rung=AT, shown=True), DESK: Copy(shown=True)}
    late = times(AT + WHILE + minutes(1))
    assert ring(call("answer"), person, DESK, rung, late) == Ring()
    assert ring(call("question"), person, DESK, rung, late) == Ring(now=True)


def test_a_place_that_takes_nothing_is_passed_over():
    person = ada(
        PrivatePlace(place=PHONE, takes=False), PrivatePlace(place=DESK), spoke=spoke(DESK, PHONE)
    )
    assert tone(call(), person, DESK, {}, times()) == ("loud", None)


def test_what_comes_late_because_the_process_was_dead_rings_in_one_place():
    """Ten minutes are counted from when there was anyone to ring."""
    person, now = ada(*TWO, spoke=spoke(DESK, PHONE)), AT + minutes(30)
    late = times(now, since=now)
    assert tone(call(), person, DESK, {}, late) == ("silent", now + TEN)
    assert tone(call(), person, PHONE, {}, late) == ("loud", None)


# -- places that cannot be silent -----------------------------------------------------------------


def loud(place, mode="all", **fields):
    return PrivatePlace(place=place, silent=False, wish=Wish(mode=mode, **fields))


def test_where_it_cannot_be_silent_it_is_shown_at_once_and_never_told_again():
    person = ada(PrivatePlace(place=PHONE), loud(WORK), spoke=spoke(WORK, PHONE))
    assert tone(call(), person, WORK, {}, times())[0] == "silent"
    rung = {PHONE: Copy(rung=AT, shown=True), WORK: Copy(shown=True)}
    assert ring(call(), person, WORK, rung, times(AT + minutes(20))) == Ring()


def test_with_once_it_is_held_back_until_they_come_there_or_it_is_to_ring_there():
    spots = (PrivatePlace(place=PHONE), loud(WORK, "once"))
    person = ada(*spots, spoke=spoke(WORK, PHONE))
    assert tone(call(), person, WORK, {}, times()) == ("held", AT + TEN)
    there = ada(*spots, spoke=(*person.spoke, *spoke(WORK, after=SEQ)))
    assert tone(call(), there, WORK, {}, times())[0] == "silent"
    rung = {PHONE: Copy(rung=AT, shown=True)}
    assert tone(call(), person, WORK, rung, times(AT + TEN)) == ("loud", None)


@pytest.mark.parametrize("mode", ["mute", "questions"])
def test_what_is_not_to_ring_is_held_back_too_unless_it_answers_what_was_written_there(mode):
    person = ada(loud(WORK, mode), spoke=spoke(WORK))
    assert tone(call(), person, WORK, {}, times())[0] == "silent"
    assert tone(call("push", asker=None), person, WORK, {}, times()) == ("held", None)


# -- wishes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "what", "rings"),
    [
        ("all", call("push", asker=None), True),
        ("once", call("push", asker=None), True),
        ("mentions", call("answer"), True),
        ("mentions", call("answer", asker=BOB), False),
        ("mentions", call("push", asker=None), False),
        ("mentions", call("push", asker=None, to=(ADA,)), True),
        ("mentions", call("question", asker=BOB, to=(ADA,)), True),
        ("mentions", call("question", asker=BOB), False),
        ("mentions", call("question", asker=None), True),
        ("questions", call("question", asker=BOB), True),
        ("questions", call("answer"), False),
        ("mute", call("question"), False),
    ],
)
def test_what_rings_is_what_they_wish(mode, what, rings):
    person = ada(PrivatePlace(place=PHONE, wish=Wish(mode=mode)))
    assert ring(what, person, PHONE, {}, times()).now is rings


def test_what_asks_everyone_and_was_asked_by_nobody_is_for_everyone():
    assert is_for(call("question", asker=None), ADA)
    assert not is_for(call("question", asker=BOB), ADA)


NIGHT = Quiet(begins=time(22), ends=time(7), zone="Europe/Berlin")


def at(hour, minute=0, day=2):
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(20, 59), None),  # 21:59 in Berlin
        (at(21), at(6, day=3)),
        (at(23, 30), at(6, day=3)),
        (at(5, 59), at(6)),
        (at(6), None),
        (at(12), None),
    ],
)
def test_quiet_hours_are_those_of_the_persons_zone_and_go_over_midnight(now, until):
    assert NIGHT.until(now) == until


def test_quiet_hours_within_a_day():
    noon = Quiet(begins=time(12), ends=time(13, 30), zone="UTC")
    assert noon.until(at(13, 29)) == at(13, 30)
    assert noon.until(at(13, 30)) is noon.until(at(11, 59)) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis wants naive bounds
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_quiet_hours_end_in_the_future_within_a_day_also_when_the_clock_changes(
    now, begins, ends, zone
):
    begins, ends = (each.replace(second=0, microsecond=0) for each in (begins, ends))
    assume(begins != ends)
    until = Quiet(begins=begins, ends=ends, zone=zone).until(now)
    assert until is None or now < until <= now + timedelta(hours=25)


def test_questions_break_through_quiet_hours_unless_these_are_strict():
    night = at(23)
    asked = Call(seq=SEQ, at=night, kind="question", asker=ADA)
    person = ada(PrivatePlace(place=PHONE, wish=Wish(quiet=NIGHT)))
    assert ring(asked, person, PHONE, {}, times(night)).now
    strict = Quiet(begins=NIGHT.begins, ends=NIGHT.ends, zone=NIGHT.zone, questions=False)
    strictly = ada(PrivatePlace(place=PHONE, wish=Wish(quiet=strict)))
    morning = at(6, day=3)
    assert tone(asked, strictly, PHONE, {}, times(night)) == ("silent", morning)
    shown = {PHONE: Copy(shown=True)}
    assert ring(asked, strictly, PHONE, shown, times(morning)).now


def test_in_quiet_hours_a_place_that_cannot_be_silent_holds_back_what_nobody_asked_for_there():
    night = at(23)
    pushed = Call(seq=SEQ, at=night, kind="push")
    person = ada(loud(WORK, quiet=NIGHT), spoke=spoke(WORK))
    assert tone(pushed, person, WORK, {}, times(night)) == ("held", at(6, day=3))
    answered = Call(seq=SEQ, at=night, kind="answer", asker=ADA)
    assert tone(answered, person, WORK, {}, times(night))[0] == "silent"


# -- what receipts say ----------------------------------------------------------------------------


def receipt(part, state="sent", code="", **fields):
    span = Span(start=0, end=1)
    return Receipt(
        session=HERE, conversation=PHONE, part=part, source=SEQ, upto=SEQ, span=span,
        state=state, at=AT, code=code, **fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("receipts", "copy"),
    [
        ([], Copy()),
        ([receipt(part_id(SEQ, 0))], Copy(rung=AT, shown=True)),
        ([receipt(part_id(SEQ, 0), "attempted")], Copy(rung=AT, shown=True)),
        ([receipt(part_id(SEQ, 0), "read")], Copy(rung=AT, shown=True, read=True)),
        ([receipt(part_id(SEQ, 0), code=SILENT)], Copy(shown=True)),
        ([receipt(part_id(SEQ, 0), "owed")], Copy()),
        ([receipt(part_id(SEQ, 0), "skipped", why="muted")], Copy()),
        (
            [receipt(part_id(SEQ, 0), code=SILENT), receipt(reminder_part(SEQ), "owed")],
            Copy(rung=AT, shown=True),
        ),
        (
            [
                receipt(part_id(SEQ, 0), code=SILENT),
                receipt(reminder_part(SEQ), "skipped", why="summarised"),
            ],
            Copy(rung=AT, shown=True),
        ),
    ],
)
def test_what_was_rung_and_shown_is_read_from_the_receipts(receipts, copy):
    assert copy_of(receipts, SEQ) == copy


# -- whatever happens -----------------------------------------------------------------------------


@dataclass
class World:
    """One call, one person, lanes that act in any order; `now` may be set, `passed` may not."""

    spots: list[PrivatePlace]
    what: Call
    said: list[Spoke] = field(default_factory=list)
    now: datetime = AT
    passed: timedelta = timedelta(0)
    looking: bool = False
    seen: int = 0
    seq: int = SEQ
    copies: dict[ConversationId, Copy] = field(default_factory=dict)
    rings: list[tuple[timedelta, ConversationId]] = field(default_factory=list)

    def person(self):
        return Person(
            who=ADA,
            spots=tuple(self.spots),
            spoke=tuple(self.said),
            looking=self.looking,
            seen=self.seen,
        )

    def act(self, place):
        """Do what the lane of a place does; return when it looks again."""
        spot = next(each for each in self.spots if each.place == place)
        if not spot.takes:
            return None
        copy, when = self.copies.get(place, Copy()), Times(now=self.now, since=AT, escalate=TEN)
        if copy.shown:
            found = ring(self.what, self.person(), place, self.copies, when)
            if found.now:
                self._rang(place)
            return found.at
        shown, again = tone(self.what, self.person(), place, self.copies, when)
        if shown == "loud":
            self._rang(place)
        elif shown == "silent":
            self.copies[place] = Copy(shown=True)
        return again

    def _rang(self, place):
        self.rings.append((self.passed, place))
        self.copies[place] = Copy(rung=self.now, shown=True)

    def passes(self, span):
        self.now += span
        self.passed += span

    def speaks(self, place):
        self.seq += 1
        self.said.append(Spoke(place=place, since=self.seq, last=self.seq))

    def settles(self):
        """Let the lanes act until none has anything to do."""
        for _ in range(50):
            looks = [self.act(each.place) for each in self.spots]
            again = [each for each in looks if each is not None]
            if not again:
                return
            self.passes(max(min(again) - self.now, timedelta(seconds=1)))
        raise AssertionError("the lanes never come to rest")


MODE = st.sampled_from(MODES)
SPOTS = st.lists(
    st.builds(lambda silent, mode: (silent, mode), st.booleans(), MODE), min_size=1, max_size=4
).map(
    lambda drawn: [
        PrivatePlace(place=place, silent=silent, wish=Wish(mode=mode))
        for place, (silent, mode) in zip(PLACES, drawn, strict=False)
    ]
)
KINDS = st.sampled_from(["answer", "question", "push"])
BEFORE = st.lists(st.sampled_from(PLACES), max_size=4).map(lambda each: list(spoke(*each)))
LANE = st.tuples(st.just("act"), st.integers(0, 3))
PASS = st.tuples(st.just("passes"), st.integers(0, 700))
LOOK = st.tuples(st.just("looks"), st.booleans())
SPEAK = st.tuples(st.just("speaks"), st.integers(0, 3))
TAKE = st.tuples(st.just("takes"), st.integers(0, 3))
JUMP = st.tuples(st.just("jumps"), st.integers(-5000, 5000))


def play(world, steps):
    for what, value in steps:
        if what == "act" and value < len(world.spots):
            world.act(world.spots[value].place)
        elif what == "passes":
            world.passes(timedelta(seconds=value))
        elif what == "looks":
            world.looking = value
        elif what == "speaks" and value < len(world.spots):
            world.speaks(world.spots[value].place)
        elif what == "jumps":
            world.now += timedelta(seconds=value)
        elif what == "takes" and value < len(world.spots):
            old = world.spots[value]
            new = PrivatePlace(
                place=old.place, silent=old.silent, wish=old.wish, takes=not old.takes
            )
            world.spots[value] = new


def each_place_rings_once(world):
    places = [place for _, place in world.rings]
    return len(places) == len(set(places))


@settings(max_examples=300)
@given(SPOTS, KINDS, BEFORE, st.lists(st.one_of(LANE, PASS, LOOK, SPEAK), max_size=30))
def test_before_it_is_escalated_a_call_rings_at_most_once(spots, kind, said, steps):
    world = World(spots=spots, what=call(kind), said=said)
    play(world, steps)
    world.settles()
    rung = [when for when, _ in world.rings]
    assert all(later - sooner >= TEN for sooner, later in pairwise(rung))
    assert each_place_rings_once(world)


@settings(max_examples=300)
@given(SPOTS, BEFORE, st.lists(st.one_of(LANE, PASS, LOOK, TAKE, JUMP), max_size=30))
@example(
    spots=[PrivatePlace(place=PHONE), PrivatePlace(place=DESK)],
    said=[],
    steps=[("looks", True), ("act", 0), ("act", 1), ("jumps", -3600)],
)
def test_a_question_rings_somewhere_whatever_clocks_and_platforms_do(spots, said, steps):
    """Unless the person wishes that nothing rings, or no place takes anything."""
    world = World(spots=spots, what=call("question"), said=said)
    play(world, steps)
    world.settles()
    may = [each for each in world.spots if each.takes and each.wish.mode != "mute"]
    shown = [each for each in may if each.silent or world.copies.get(each.place) is None]
    if shown:
        assert world.rings
    assert each_place_rings_once(world)


@settings(max_examples=300)
@given(SPOTS, KINDS, BEFORE, st.lists(st.one_of(LANE, PASS, LOOK, JUMP), max_size=30))
def test_what_was_seen_rings_no_more(spots, kind, said, steps):
    world = World(spots=spots, what=call(kind), said=said)
    play(world, steps)
    world.seen, before = SEQ, len(world.rings)
    world.settles()
    assert len(world.rings) == before


@settings(max_examples=300)
@given(SPOTS, KINDS, BEFORE, st.permutations(range(4)))
def test_if_nobody_looks_the_first_place_that_may_ring_does_whichever_lane_is_first(
    spots, kind, said, order
):
    world = World(spots=spots, what=call(kind), said=said)
    play(world, [("act", each) for each in order])
    person = world.person()
    may = [
        each.place
        for each in ordered(person, SEQ)
        if each.wish.mode in {"all", "once", "mentions"}
        or (kind == "question" and each.wish.mode == "questions")
    ]
    assert [place for _, place in world.rings] == may[:1]


@settings(max_examples=200)
@given(SPOTS, KINDS, BEFORE, st.integers(-5000, 5000))
def test_a_clock_that_jumps_rings_one_place_early_at_most(spots, kind, said, jump):
    world = World(spots=spots, what=call(kind), said=said)
    play(world, [("act", each) for each in range(4)])
    before = len(world.rings)
    play(world, [("jumps", jump), *(("act", each) for each in range(4))])
    assert len(world.rings) <= before + 1


def test_an_urgent_push_rings_in_quiet_hours_where_questions_do():
    push = call("push", asker=None, urgent=True)
    for questions in (True, False):
        quiet = Quiet(begins=time(0), ends=time(23, 59), zone="UTC", questions=questions)
        person = Person(who=ADA, spots=(PrivatePlace(place=PHONE, wish=Wish(quiet=quiet)),))
        assert ring(push, person, PHONE, {}, times()).now is questions
        assert not ring(replace(push, urgent=False), person, PHONE, {}, times()).now


def test_what_goes_to_one_place_does_not_wait_for_another():
    person = Person(
        who=ADA, spots=(PrivatePlace(place=DESK), PrivatePlace(place=PHONE)), spoke=spoke(PHONE)
    )
    push = call("push", asker=None)
    assert not ring(push, person, DESK, {}, times()).now
    assert ring(replace(push, places=(DESK,)), person, DESK, {}, times()).now


def test_what_is_low_is_held_where_nothing_is_silent_until_the_person_comes():
    """Though they spoke there last, and wish for everything to ring."""
    person = Person(who=ADA, spots=(PrivatePlace(place=PHONE, silent=False),), spoke=spoke(PHONE))
    assert not holds(SEQ, person, PHONE, AT)
    assert holds(SEQ, person, PHONE, AT, low=True)
    came = replace(person, came={PHONE: SEQ})
    assert not holds(SEQ, came, PHONE, AT, low=True)


def test_what_is_low_uses_up_no_rings_and_is_counted_by_itself():
    session = Session(id=HERE)
    source, content = Source(kind="api"), Content(text="x")
    low = Draft(body=Pushed(source=source, content=content, priority="low"))
    loud = Draft(body=Pushed(source=source, content=content))
    found = rung(session, [low, low, loud, loud], AT, Rings(per_hour=1))
    assert [each.body.folded for each in found] == [False, True, False, True]
    event = Event(session=HERE, seq=1, at=AT, body=low.body)
    assert is_low(event)
    assert evolve(session, event).calls == ()


# -- browsers -------------------------------------------------------------------------------------

PAGE = ConversationId("http:web")


def with_browsers(*browsers, spoken):
    """Return Ada with a phone, a desk and these browsers, who spoke in these places."""
    spots = [PrivatePlace(place=PHONE), PrivatePlace(place=DESK)]
    spots += [PrivatePlace(place=each, client=PAGE) for each in browsers]
    return Person(who=ADA, spots=tuple(spots), spoke=spoke(*spoken))


def test_what_is_said_in_the_page_counts_as_spoken_in_every_browser():
    browsers = (ConversationId("laptop"), ConversationId("tablet"))
    ada = with_browsers(*browsers, spoken=(PHONE, PAGE))
    assert [each.place for each in ordered(ada, SEQ)] == ["tablet", "laptop", PHONE, DESK]
    ada = with_browsers(*browsers, spoken=(PAGE, PHONE))
    assert [each.place for each in ordered(ada, SEQ)] == [PHONE, "tablet", "laptop", DESK]


def test_a_browser_in_which_one_replied_comes_before_the_others():
    laptop, tablet = ConversationId("laptop"), ConversationId("tablet")
    ada = with_browsers(laptop, tablet, spoken=(PAGE, laptop))
    assert [each.place for each in ordered(ada, SEQ)][:2] == [laptop, tablet]


@given(
    spoken=st.lists(st.sampled_from([PHONE, DESK, PAGE, ConversationId("laptop")]), max_size=4),
    count=st.integers(0, 3),
    looking=st.booleans(),
)
def test_one_place_rings_whichever_browsers_there_are(spoken, count, looking):
    browsers = [ConversationId(each) for each in ("laptop", "tablet", "tv")[:count]]
    ada = replace(with_browsers(*browsers, spoken=spoken), looking=looking)
    rung = [each.place for each in ada.spots if ring(call(), ada, each.place, {}, times()).now]
    assert len(rung) == (0 if looking else 1)
    assert looking or rung == [ordered(ada, SEQ)[0].place]
