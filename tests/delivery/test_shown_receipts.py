"""What receipts tell of what people have seen in a place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery import shown_receipts
from bridge.delivery.shown_receipts import (
    ShownReceipts,
    is_preview,
    last_message,
    live_preview,
    part_id,
    preview_id,
)
from bridge.domain.ids import MessageId, PartId, RunId
from bridge.domain.parts import SETTLED, SHOWN, Receipt, Span
from tests.delivery.test_recap import receipt as one_receipt
from tests.playbook import AT, DM, HERE


def receipt(part, state="sent", *, end=10, message="m", source=None, tries=1, start=0):
    return Receipt(
        session=HERE,
        conversation=DM,
        part=PartId(part),
        source=int(part.partition(":")[0]) if source is None else source,
        upto=1,
        span=Span(start=start, end=end),
        state=state,
        at=AT,
        message=MessageId(message) if message else None,
        tries=tries,
    )


def shown(*receipts):
    return ShownReceipts({each.part: each for each in receipts})


def test_parts_are_named_by_their_event_and_place_in_its_text():
    assert part_id(7, 0) == "7:0"
    assert part_id(7, 3900) == "7:3900"


def test_a_preview_is_told_from_other_parts_by_its_name():
    assert is_preview(receipt(preview_id(RunId("r_1")), source=1))
    assert not is_preview(receipt("7:0"))


@pytest.mark.parametrize("state", ["attempted", "owed"])
def test_an_unsettled_preview_lives(state):
    live = receipt("preview:r_1", state, source=3)
    assert live_preview([receipt("4:0", state), live]) == live


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_a_settled_preview_does_not(state):
    assert live_preview([receipt("preview:r_1", state, source=3)]) is None


def test_of_several_previews_the_newest_counts():
    one, two = (receipt(f"preview:r_{n}", "attempted", source=n) for n in (1, 2))
    assert live_preview([two, one]) == two


# -- where to go on -------------------------------------------------------------------------------


def test_an_event_not_begun_is_shown_from_its_start():
    assert shown().resume_at(7, 30) == 0


def test_it_goes_on_where_the_last_settled_part_ended():
    assert shown(receipt("7:0"), receipt("7:10", end=20)).resume_at(7, 30) == 20


@pytest.mark.parametrize("state", ["attempted", "owed"])
def test_a_part_not_settled_is_where_it_goes_on(state):
    assert shown(receipt("7:0"), receipt("7:10", state, end=20)).resume_at(7, 30) == 10


def test_when_all_of_the_text_is_settled_there_is_nowhere():
    assert shown(receipt("7:0"), receipt("7:10", end=30)).resume_at(7, 30) is None


def test_a_skipped_event_is_settled_whatever_its_length():
    assert shown(receipt("7:0", "skipped", end=0)).resume_at(7, 30) is None


def test_an_event_without_text_is_settled_by_one_part():
    assert shown(receipt("7:0", end=0)).resume_at(7, 0) is None


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(0, 20))
def test_whatever_spans_were_kept_it_finds_an_end(lengths, length):
    """A part of no length must not be looked at for ever."""
    receipts, start = [], 0
    for each in lengths:
        receipts.append(receipt(f"7:{start}", start=start, end=start + each))
        start += each
    found = shown(*receipts).resume_at(7, length)
    assert found is None or 0 <= found <= start


# -- doubts ---------------------------------------------------------------------------------------


def test_a_part_attempted_without_an_answer_is_in_doubt():
    doubtful = receipt("7:0", "attempted", message="")
    assert shown(doubtful).doubt(7, 0) == doubtful


def test_so_is_one_whose_repeat_was_refused():
    doubtful = receipt("7:0", "owed", message="", tries=1)
    assert shown(doubtful).doubt(7, 0) == doubtful


@pytest.mark.parametrize(
    "known",
    [
        receipt("7:0", "owed", message="", tries=0),
        receipt("7:0", "sent"),
        receipt("7:0", "attempted", message="m"),
    ],
)
def test_what_was_refused_answered_or_is_an_edit_is_not(known):
    assert shown(known).doubt(7, 0) is None


# -- messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(SHOWN))
def test_copies_are_ours_to_change_as_long_as_they_are_seen(state):
    copy = receipt("7:0", state)
    assert shown(copy, receipt("8:0")).copies(7) == [copy]


@pytest.mark.parametrize("state", sorted(SETTLED - SHOWN))
def test_what_nobody_sees_is_no_copy(state):
    assert shown(receipt("7:0", state)).copies(7) == []


def test_a_preview_is_no_copy_of_the_event_it_began_at():
    assert shown(receipt("preview:r_1", "sent", source=7)).copies(7) == []
    assert shown(receipt("preview:r_1", "attempted", source=7)).first_message(7) is None


def test_a_reply_goes_to_the_first_message_or_to_the_original():
    assert shown(receipt("7:0", message="a"), receipt("7:10", message="b")).first_message(7) == "a"
    assert shown(receipt("7:0", "skipped", message="theirs")).first_message(7) == "theirs"


def test_there_is_no_reply_to_what_was_taken_back_or_never_came():
    assert shown(receipt("7:0", "deleted")).first_message(7) is None
    assert shown(receipt("7:0", message="")).first_message(7) is None
    assert shown(receipt("7:0")).first_message(None) is None


def test_messages_that_show_something_durable_are_known():
    known = shown(
        receipt("7:0", message="a"),
        receipt("8:0", "attempted", message="b"),
        receipt("preview:r_1", "attempted", source=6, message="c"),
    )
    assert known.messages() == {"a"}


PREVIEW = receipt("preview:r_1", "attempted", source=5)


@pytest.mark.parametrize(
    "later",
    [
        receipt("6:0"),
        receipt("6:0", "skipped", message="theirs"),
        receipt("6:0", "attempted", message=""),
        receipt("6:0", "unknown", message=""),
    ],
)
def test_a_preview_is_covered_by_whatever_may_stand_below_it(later):
    assert shown(PREVIEW, later).is_covered(PREVIEW)


@pytest.mark.parametrize(
    "other",
    [receipt("4:0"), receipt("6:0", "skipped", message=""), receipt("6:0", "owed", message="")],
)
def test_it_is_not_covered_by_what_stands_above_or_nowhere(other):
    assert not shown(PREVIEW, other).is_covered(PREVIEW)


def test_the_end_of_an_event_is_its_last_part_that_is_seen():
    parts = [receipt("7:0", message="m1"), receipt("7:9", message="m2", start=9)]
    assert last_message(parts, 7) == "m2"
    assert last_message([parts[0], replace(parts[1], state="failed")], 7) == "m1"
    assert last_message([receipt("7:lost", message="m3", source=7)], 7) is None
    assert last_message(parts, 8) is None


def test_a_line_about_a_loss_is_told_of_by_itself():
    assert shown_receipts.loss_of(one_receipt("1:lost")) == "1:lost"
