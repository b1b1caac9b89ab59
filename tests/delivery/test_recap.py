"""When a place gets a recap, what it says, and what it leaves to be shown whole."""

from dataclasses import replace

import pytest

from bridge.delivery.recap import RECAP_AGE, RECAP_EVENTS, RECAP_LATEST, RECAP_LINE, Recap, digest
from bridge.delivery.rendering import referred
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.events import (
    MessageComposed,
    MessageReceived,
    QuestionAsked,
    QuestionClosed,
    RunStarted,
)
from bridge.domain.ids import MediaId, PartId
from bridge.domain.parts import Receipt, Span
from tests.lane import Lane
from tests.playbook import ADA, DM, HERE, Q1, R1, ROOM, seconds


def heard(text="hello", **fields):
    return MessageReceived(participant=ADA, conversation=ROOM, content=Content(text=text), **fields)


def composed(text="hi"):
    return MessageComposed(run=R1, agent="echo", content=Content(text=text))


def asked(question=Q1):
    option = Option(id="t", label="Tea")
    return QuestionAsked(question=question, run=R1, kind="choice", text="Which?", options=(option,))


def lane(*bodies):
    it = Lane()
    it.append(*bodies)
    return it


def due(it):
    return digest(it.place(), it.events, it.receipts, it.scene(it.events))


def receipt(part, state="sent", *, source=1, upto=1):
    return Receipt(
        session=HERE,
        conversation=DM,
        part=PartId(part),
        source=source,
        upto=upto,
        span=Span(start=0, end=5),
        state=state,
        at=Lane().now,
    )


def test_nothing_to_show_is_no_recap():
    assert due(Lane()) == []


def test_up_to_the_limit_everything_is_shown_whole():
    it = lane(*[heard()] * RECAP_EVENTS)
    assert due(it) == it.events


def test_past_the_limit_one_text_stands_for_all():
    it = lane(*[heard()] * RECAP_EVENTS, composed())
    found = due(it)
    assert isinstance(found, Recap)
    assert (found.first, found.upto) == (1, RECAP_EVENTS + 1)
    assert f"{RECAP_EVENTS} messages, 1 answer." in found.text


def test_what_is_not_shown_does_not_count():
    started = RunStarted(run=R1, agent="echo", upto=0, node="n")
    it = lane(*[started] * 50, *[heard(addressed=False)] * 50, heard())
    assert due(it) == it.events


def test_what_was_said_in_the_place_itself_does_not_count():
    it = Lane()
    for _ in range(RECAP_EVENTS + 1):
        it.said_here(heard())
    assert due(it) == it.events


def test_what_is_old_is_summed_up_sooner():
    it = lane(*[heard()] * (RECAP_LATEST + 1))
    it.now += RECAP_AGE
    assert isinstance(due(it), Recap)


def test_a_few_are_shown_whole_however_old():
    """A recap of so few would say less than they do and be no shorter."""
    it = lane(*[heard()] * RECAP_LATEST)
    it.now += 100 * RECAP_AGE
    assert due(it) == it.events


def test_the_latest_are_quoted_with_who_said_them():
    it = lane(*[heard(f"message {number}") for number in range(30)], composed("the answer"))
    assert due(it).text.split("\n\n")[1:] == [
        "**Ada · Slack:** message 28",
        "**Ada · Slack:** message 29",
        "the answer",
    ]


def test_a_quote_is_one_line_and_no_novel():
    it = lane(*[heard()] * 30, heard("a\n\nb " + "x" * 1000))
    line = due(it).text.split("\n\n")[-1]
    assert line.startswith("**Ada · Slack:** a b xxx")
    assert line.endswith("x…")
    assert len(line) == RECAP_LINE + len("**Ada · Slack:** ")


def test_a_picture_is_quoted_by_its_name():
    picture = Attachment(kind="image", name="cat.png", mime="image/png", size=1, media=MediaId("m"))
    body = replace(heard(), content=Content(attachments=(picture,)))
    assert due(lane(*[heard()] * 30, body)).text.endswith("**Ada · Slack:** cat.png")


def test_open_questions_come_whole_and_closed_ones_do_not():
    it = lane(*[heard()] * 30, asked())
    assert [event.seq for event in due(it).whole] == [31]
    it.append(QuestionClosed(question=Q1, asked=31, outcome="expired"))
    found = due(it)
    assert [event.seq for event in found.whole] == [32], "the closing, which finds no copy"
    assert "Which?" not in found.text
    assert referred(found.whole) == {31}


def test_once_begun_its_receipt_fixes_what_it_covers():
    it = lane(*[heard()] * 40)
    it.receipts[PartId("recap:1")] = receipt("recap:1", "attempted", upto=25)
    found = due(it)
    assert (found.first, found.upto) == (1, 25)
    assert "25 messages" in found.text


@pytest.mark.parametrize("state", ["attempted", "owed", "sent"])
def test_what_was_begun_by_itself_is_finished_first(state):
    it = lane(*[heard()] * 40)
    it.receipts[PartId("2:0")] = receipt("2:0", state, source=2)
    assert [event.seq for event in due(it)] == [1, 2]


def test_a_muted_event_was_not_begun():
    it = lane(*[heard()] * 40)
    it.receipts[PartId("2:0")] = receipt("2:0", "skipped", source=2)
    assert isinstance(due(it), Recap)


def test_a_preview_is_nothing_begun():
    it = lane(*[heard()] * 40)
    it.receipts[PartId("preview:r_1")] = receipt("preview:r_1", "attempted", source=2)
    assert isinstance(due(it), Recap)


def test_time_alone_changes_nothing_below_the_age():
    it = lane(*[heard()] * 10)
    it.now += RECAP_AGE - seconds(1)
    assert due(it) == it.events
