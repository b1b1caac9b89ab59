"""How one event stands in one place, and whether anybody was reached."""

from datetime import timedelta

import pytest

from bridge.delivery.deliveries import (
    Standing,
    goes_to,
    is_reached,
    is_settled,
    may_reach,
    standing,
)
from bridge.delivery.shown_receipts import loss_id, part_id
from bridge.domain.content import Content
from bridge.domain.events import Event, MessageComposed, Pushed, Source
from bridge.domain.ids import ChannelName, PartId
from bridge.domain.parts import Address, Conversation, Receipt, Span
from bridge.domain.records import replace
from bridge.session.fold import Session
from tests.playbook import ADA, AT, BOB, DM, HERE, R1, ROOM

SEQ = 7
LANE = Conversation(id=DM, address=Address(channel=ChannelName("chat"), place="dm"), cursor=SEQ)
BEHIND = replace(LANE, cursor=SEQ - 1)
SESSION = Session(id=HERE, head=SEQ, conversations={DM: ADA, ROOM: ADA}, linked={DM: 2, ROOM: 2})


def receipt(state="sent", start=0, **more):
    known = Receipt(
        session=HERE,
        conversation=DM,
        part=part_id(SEQ, start),
        source=SEQ,
        upto=SEQ,
        span=Span(start=start, end=start + 5),
        state=state,
        at=AT + timedelta(seconds=start),
    )
    return replace(known, **more)


def event(**more):
    source, content = Source(kind="api"), Content(text="news")
    body = Pushed(source=source, content=content, **more)
    return Event(session=HERE, seq=SEQ, at=AT, body=body)


@pytest.mark.parametrize(
    ("obstacle", "state"),
    [
        ("", "owed"),
        ("unanswered", "owed"),
        ("held", "held"),
        ("closed", "parked"),
        ("no_account", "parked"),
        ("account_refused", "parked"),
        ("not_let_in", "parked"),
    ],
)
def test_what_is_not_settled_stands_as_its_place_does(obstacle, state):
    found = standing(SEQ, BEHIND, (), obstacle)
    assert (found.state, found.why) == (state, obstacle)


def test_what_is_tried_again_says_when():
    late = replace(BEHIND, due_at=AT)
    assert standing(SEQ, late, (), "unanswered").due_at == AT


@pytest.mark.parametrize("state", ["attempted", "owed"])
def test_a_part_that_is_not_settled_is_owed_wherever_the_place_has_got(state):
    assert standing(SEQ, LANE, [receipt(), receipt(state, 5)], "").state == "owed"


@pytest.mark.parametrize("state", ["sent", "submitted", "delivered", "read"])
def test_it_is_shown_once_all_of_its_parts_are(state):
    found = standing(SEQ, LANE, [receipt(state), receipt(state, 5)], "held")
    assert found == Standing(state="shown", at=AT + timedelta(seconds=5), seen=state == "read")


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_one_part_that_is_lost_makes_it_fail(state):
    found = standing(SEQ, LANE, [receipt(), receipt(state, 5)], "")
    assert (found.state, found.why) == ("failed", state)


@pytest.mark.parametrize(
    ("why", "state"), [("origin", "shown"), ("muted", "left_out"), ("unsupported", "left_out")]
)
def test_what_is_never_sent_says_why(why, state):
    found = standing(SEQ, LANE, [receipt("skipped", why=why)], "")
    assert (found.state, found.why) == (state, why)


def test_what_was_taken_back_is_left_out():
    assert standing(SEQ, LANE, [receipt("deleted")], "").why == "deleted"


def test_a_place_that_is_past_it_without_a_part_of_it_was_told_in_a_summary():
    others = [
        receipt("owed", source=3, part=PartId("3:0")),
        receipt("owed", part=loss_id(SEQ)),
        receipt(part=PartId("preview:r_1")),
    ]
    assert standing(SEQ, LANE, others, "").state == "passed"


def test_a_push_concerns_the_places_it_goes_to():
    room = replace(LANE, id=ROOM, room=True)
    assert goes_to(event(), LANE, SESSION)
    assert goes_to(event(to=(ADA,)), LANE, SESSION)
    assert not goes_to(event(to=(BOB,)), LANE, SESSION)
    assert goes_to(event(to=(BOB,)), room, SESSION)
    assert goes_to(event(places=(DM,)), LANE, SESSION)
    assert not goes_to(event(to=(ADA,), places=(DM,)), room, SESSION)


def test_a_push_still_concerns_whoever_it_went_to_when_two_are_one_person():
    merged = replace(SESSION, merged={BOB: ADA})
    assert goes_to(event(to=(BOB,)), LANE, merged)
    assert not goes_to(event(to=(ADA,)), LANE, replace(merged, conversations={DM: BOB}))


def test_anything_else_concerns_every_place_that_followed_by_then():
    said = MessageComposed(run=R1, agent="a", content=Content(text="x"))
    known = Event(session=HERE, seq=SEQ, at=AT, body=said)
    assert goes_to(known, LANE, SESSION)
    assert not goes_to(known, LANE, replace(SESSION, linked={DM: SEQ}))


def all_of(*states):
    return [Standing(state=each) for each in states]


def test_somebody_is_reached_where_it_is_shown():
    assert is_reached(all_of("parked", "shown"))
    assert not is_reached(all_of("owed", "passed"))


def test_nobody_can_be_reached_where_all_is_parked_held_or_lost():
    assert not may_reach(all_of("parked", "held", "failed", "left_out", "passed"))
    assert may_reach(all_of("parked", "owed"))
    assert not may_reach(())


def test_all_is_settled_once_nothing_is_to_be_sent():
    assert is_settled(all_of("shown", "parked", "held"))
    assert not is_settled(all_of("shown", "owed"))
