"""Whatever dies or gets lost: in the end every place was shown everything, once and in order."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import example, given, settings

from bridge.delivery.recap import RECAP
from bridge.delivery.retry import MAX_ATTEMPTS
from bridge.delivery.shown_receipts import is_loss
from bridge.domain.events import QuestionAsked
from bridge.domain.ids import PartId
from bridge.domain.parts import Receipt
from bridge.texts import REPEATED
from tests.lane import PLAIN, RICH, Lane
from tests.stories import FLOODS, SHORT, STORIES, Story, told


def assert_at_rest(lane: Lane) -> None:
    assert lane.cursor == lane.session.head
    assert lane.steps() == ()
    assert not [each for each in lane.receipts.values() if each.state in {"attempted", "owed"}]


@settings(max_examples=250)
@given(STORIES)
def test_where_a_place_can_find_out_all_is_shown_once_and_in_order(deeds):
    story = told(RICH, deeds)
    assert story.lane.words() == [word for seq in story.expected for word in story.expected[seq]]
    assert not [text for text in story.lane.texts() if REPEATED in text]
    assert "hm" not in story.lane.texts(), "no preview is left behind"
    assert_at_rest(story.lane)


@settings(max_examples=250)
@given(STORIES)
def test_where_it_cannot_a_part_in_doubt_is_repeated_and_marked(deeds):
    story = told(replace(RICH, resolves=False), deeds)
    assert_nothing_is_lost(story)
    assert_at_rest(story.lane)


@settings(max_examples=150)
@given(STORIES)
def test_a_place_that_can_only_send_is_served_as_well(deeds):
    story = told(PLAIN, deeds)
    assert_nothing_is_lost(story)
    assert_at_rest(story.lane)


def assert_nothing_is_lost(story: Story) -> None:
    """Whatever is shown again is marked until it changes, and whatever was given up is told."""
    lane, seen, repeats = story.lane, [], Counter[str]()
    for part in lane.messages.values():
        if is_loss(part.id):
            continue
        for word in re.findall(r"\b\d+-\d+\b", part.text):
            if word in seen:
                repeats[word] += 1
                assert part.repeat or part.edits is not None or story.changed_limits
            else:
                seen.append(word)
    given_up = {each.source for each in lane.receipts.values() if each.state == "unknown"}
    assert seen == [
        word
        for seq, words in story.expected.items()
        for word in words
        if word in seen or seq not in given_up
    ]
    for seq in given_up & story.expected.keys():
        assert PartId(f"{seq}:lost") in lane.receipts
    if not story.changed_limits:
        assert max(repeats.values(), default=0) <= MAX_ATTEMPTS


@settings(max_examples=150)
@given(FLOODS)
def test_what_was_missed_is_shown_or_summed_up_and_never_both(deeds):
    """Only a question that was open when its range was summed up is both."""
    story = told(RICH, deeds, at_most=1000)
    lane, seen = story.lane, story.lane.words()
    recaps = [each for each in lane.receipts.values() if each.part.startswith(RECAP)]
    for seq, words in story.expected.items():
        shown, covered = words[0] in unquoted(lane), is_covered(recaps, seq)
        assert shown or covered, f"event {seq}"
        was_open = isinstance(lane.events[seq - 1].body, QuestionAsked)
        assert was_open or not (shown and covered), f"event {seq}"
    assert seen == sorted(seen, key=lambda word: [int(each) for each in word.split("-")])
    assert_at_rest(lane)


def is_covered(recaps: list[Receipt], seq: int) -> bool:
    return any(each.source <= seq <= each.upto for each in recaps)


def unquoted(lane: Lane) -> set[str]:
    """Return the words people see outside of recaps."""
    texts = [each.text for each in lane.messages.values() if not each.id.startswith(RECAP)]
    return {word for text in texts for word in re.findall(r"\b\d+-\d+\b", text)}


@settings(max_examples=150)
@given(FLOODS)
def test_ranges_of_recaps_do_not_overlap(deeds):
    lane = told(RICH, deeds, at_most=1000).lane
    recaps = [each for each in lane.receipts.values() if each.part.startswith(RECAP)]
    ordered = sorted(recaps, key=lambda each: each.source)
    assert all(one.upto < other.source for one, other in pairwise(ordered))


BEGUN_BESIDE_A_RECAP = [
    *[("begin", 0), ("flood", 20), ("delivers", 0), ("asked", SHORT), ("flood", 20)],
    *[("loses", 0), ("dies", 10), ("closed", 0)],
]
"""The process dies while it shows a question that begins what a recap covers; then it is closed."""


@settings(max_examples=150)
@example([("begin", 0), ("asked", 60), ("closed", 0)])
@example(BEGUN_BESIDE_A_RECAP)
@given(FLOODS)
def test_no_card_of_a_closed_question_can_still_be_pressed(deeds):
    lane = told(RICH, deeds, at_most=1000).lane
    open_at = {each.asked for each in lane.session.questions.values()}
    assert open_at == {each.source for each in lane.messages.values() if each.buttons}
