"""What a plan says to send, change and take back, case by case."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import texts
from bridge.catalogs import language
from bridge.delivery.notify import reminder_part
from bridge.delivery.part_splitter import quoted
from bridge.delivery.plan import referred, resolved
from bridge.delivery.recap import RECAP_EVENTS
from bridge.delivery.retry import (
    MAX_ATTEMPTS,
    MAX_CHANGES,
    UNANSWERED,
    UNANSWERED_LIMIT,
    UNRESOLVED,
    UNRESOLVED_LIMIT,
)
from bridge.delivery.shown_receipts import SILENT
from bridge.delivery.steps import Advance, Note, React, Resolve, Retract, Show
from bridge.domain.content import Attachment, Content, Option, Quote
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Reacted,
    Redacted,
    RunFinished,
    RunStarted,
    SettingChanged,
    Source,
    Triggered,
)
from bridge.domain.ids import MediaId, MessageId, PartId
from bridge.domain.parts import Capabilities, Receipt, Sent, Span
from bridge.domain.wording import SpokenLanguages
from channels.discord import from_markdown as discord
from channels.slack import from_markdown as slack
from channels.telegram import from_markdown as telegram
from channels.whatsapp import from_markdown as whatsapp
from tests.lane import LOUD, PLAIN, RICH, Died, Lane
from tests.playbook import ADA, AT, HERE, Q1, R1, R2, ROOM, seconds

TEA, COFFEE = Option(id="t", label="Tea"), Option(id="c", label="Coffee")


def heard(text="hello", **fields):
    return MessageReceived(participant=ADA, conversation=ROOM, content=Content(text=text), **fields)


def started(run=R1, upto=0):
    return RunStarted(run=run, agent="echo", upto=upto, node="n")


def composed(text="hi", kind="final", run=R1):
    return MessageComposed(run=run, agent="echo", content=Content(text=text), kind=kind)


def finished(run=R1, outcome="completed", *, upto=1000):
    return RunFinished(run=run, outcome=outcome, upto=upto)


def pushed(text="news", **fields):
    return Pushed(source=Source(kind="api"), content=Content(text=text, **fields))


def asked(text="Which?", question=Q1):
    return QuestionAsked(question=question, run=R1, kind="choice", text=text, options=(TEA, COFFEE))


def closed(at, outcome="answered", question=Q1):
    return QuestionClosed(question=question, asked=at, outcome=outcome, answer="t", by=ADA)


def lane(*bodies, capabilities=RICH):
    """A place that has been shown these events."""
    it = Lane(capabilities=capabilities)
    it.append(*bodies)
    it.settle()
    return it


def shows(it):
    """What the plan would send or change: (text, the message it changes)."""
    return [(step.part.text, step.part.edits) for step in it.steps() if isinstance(step, Show)]


# -- events in their order ------------------------------------------------------------------------


def test_events_are_shown_in_their_order_each_once():
    it = lane(heard("one"), composed("two"), pushed("three"))
    assert it.texts() == ["one", "two", "three"]
    assert (it.cursor, it.steps()) == (3, ())


def test_the_cursor_moves_when_an_event_is_settled_not_before():
    it = Lane()
    it.append(heard("one"), pushed("two"))
    first, moved, second, last = it.steps()
    assert isinstance(first, Show)
    assert moved == Advance(to=1)
    assert isinstance(second, Show)
    assert last == Advance(to=2)


def test_what_is_shown_nowhere_only_moves_the_cursor():
    it = Lane()
    it.append(started(), Triggered(source=Source(kind="api"), prompt="look"))
    assert it.steps() == (Advance(to=2),)


def test_the_cursor_moves_once_over_what_is_shown_and_the_nothing_after_it():
    it = Lane()
    it.append(started(), composed("hi"), finished(), pushed("news"), started())
    first, past_the_run, second, last = it.steps()
    assert (isinstance(first, Show), isinstance(second, Show)) == (True, True)
    assert (past_the_run, last) == (Advance(to=3), Advance(to=5))


def test_what_was_said_here_is_not_shown_here_again():
    it = Lane()
    it.said_here(heard("mine"))
    assert it.steps() == (Advance(to=1),)


def test_what_is_not_for_this_place_is_noted_as_muted():
    it = Lane()
    it.append(heard("psst", addressed=False))
    noted, moved = it.steps()
    assert isinstance(noted, Note)
    assert (noted.receipt.state, noted.receipt.why) == ("skipped", "muted")
    assert moved == Advance(to=1)


def test_a_plan_asked_again_after_any_of_its_steps_returns_the_rest():
    it = Lane(capabilities=replace(RICH, max_chars=80))
    it.append(heard("one"), composed("word " * 30), heard("x", addressed=False), pushed("two"))
    rest = list(it.steps())
    while rest:
        it.do(rest.pop(0))
        left = it.steps()
        assert [each for each in left if isinstance(each, Show | Note)] == [
            each for each in rest if isinstance(each, Show | Note)
        ]
        assert left[-1:] == tuple(rest[-1:])


def test_a_reply_is_threaded_to_the_copy_shown_here():
    it = lane(heard("what?"))
    it.append(heard("this", reply_to=1))
    (step, _) = it.steps()
    assert step.part.reply_to == MessageId("ours_1")


def test_an_emoji_goes_onto_the_copy_that_is_shown_here():
    it = lane(heard("what?"), capabilities=replace(RICH, reacts=True))
    it.append(Reacted(participant=ADA, conversation=ROOM, target=1, emoji="🎉"))
    step, *_ = it.steps()
    assert isinstance(step, React)
    assert (step.message, step.emoji, step.gone) == ("ours_1", ("🎉",), ())


def test_an_emoji_on_what_is_not_shown_here_moves_the_cursor_alone():
    it = lane(started(), capabilities=replace(RICH, reacts=True))
    it.append(Reacted(participant=ADA, conversation=ROOM, target=1, emoji="🎉"))
    assert it.steps() == (Advance(to=2),)


def test_a_reply_to_what_was_said_here_is_threaded_to_the_original():
    it = Lane()
    it.said_here(heard("what?"))
    it.append(heard("this", reply_to=1))
    it.do(it.steps()[0])
    assert [part.reply_to for part in it.messages.values()] == [MessageId("theirs_1")]


def test_a_reply_to_what_this_very_plan_shows_waits_for_its_id():
    it = Lane()
    it.append(heard("what?"), heard("this", reply_to=1))
    assert [type(step) for step in it.steps()] == [Show, Advance]
    it.settle()
    assert [part.reply_to for part in it.messages.values()] == [None, MessageId("ours_1")]


# -- parts ----------------------------------------------------------------------------------------


def test_a_long_text_comes_in_parts_named_by_where_they_begin():
    it = lane(pushed("word " * 40), capabilities=replace(PLAIN, max_chars=140))
    assert [part.span.start for part in it.messages.values()] == [0, 100]
    assert list(it.receipts) == ["1:0", "1:100"]
    assert "".join(it.texts()).replace(" ", "") == "word" * 40


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b", "\ufeff\n\u3164\u2060"])
def test_what_has_nothing_to_see_is_not_sent(text):
    """Platforms refuse an empty message; the lane goes on."""
    it = lane(composed(text), pushed("next"))
    assert it.texts() == ["next"]
    assert it.receipts[PartId("1:0")].why == "unsupported"


def test_room_is_kept_for_the_label_of_who_spoke():
    it = lane(heard("x" * 300), capabilities=replace(PLAIN, max_chars=100))
    assert max(len(part.text) + len(part.speaker) for part in it.messages.values()) <= 60


def test_planning_resumes_where_the_last_settled_part_ended():
    it = Lane(capabilities=replace(RICH, max_chars=140))
    it.append(pushed("word " * 60))
    it.do(it.steps()[0])
    it.capabilities = replace(RICH, max_chars=90)
    assert it.steps()[0].part.span.start == it.receipts[PartId("1:0")].span.end
    it.settle()
    assert "".join(it.texts()).replace(" ", "") == "word" * 60


# -- outcomes unknown -----------------------------------------------------------------------------


def doubtful(fate="late", capabilities=RICH, body=None):
    """A place whose platform never answered for the first part."""
    it = Lane(capabilities=capabilities, fates=[fate])
    it.append(body or pushed("news"))
    it.deliver()
    return it


@pytest.mark.parametrize("fate", ["late", "lost"])
def test_where_the_platform_can_be_asked_a_part_in_doubt_is_asked_about_first(fate):
    it = doubtful(fate)
    (step,) = it.steps()
    assert isinstance(step, Resolve)
    it.settle()
    assert it.texts() == ["news"]


@pytest.mark.parametrize("fate", ["late", "lost"])
def test_where_it_cannot_the_part_is_sent_once_more_and_marked(fate):
    it = doubtful(fate, PLAIN)
    it.settle()
    assert it.texts()[-1] == f"news\n\n{texts.REPEATED}"
    assert it.sent == (2 if fate == "late" else 1)


def test_a_repeat_in_doubt_is_repeated_and_not_lost():
    """A place that answers nothing for a while is shown everything in the end, marked."""
    it = doubtful("lost", PLAIN)
    it.fates = ["lost"] * (MAX_ATTEMPTS - 2)
    it.append(pushed("next"))
    it.settle()
    assert it.texts() == [f"news\n\n{texts.REPEATED}", "next"]


MISSING = texts.not_shown(quoted("news"), "")


def test_after_so_many_attempts_in_doubt_a_line_tells_of_it_and_then_it_is_tried_again():
    """What takes the line takes messages again, so the part is shown after all, and marked."""
    it = doubtful("lost", PLAIN)
    it.fates = ["lost"] * (MAX_ATTEMPTS - 1)
    it.append(pushed("next"))
    it.settle()
    assert it.receipts[PartId("1:0")].state == "sent"
    assert it.texts() == [MISSING, f"news\n\n{texts.REPEATED}", "next"]


@pytest.mark.parametrize(
    ("attempts", "line"),
    [(1, MISSING), (2, texts.SOMETHING_MISSING), (40, texts.SOMETHING_MISSING)],
)
def test_the_line_stays_owed_until_the_place_takes_it_and_nothing_comes_before_it(attempts, line):
    """At last it quotes nothing, for that may be what the place fails at."""
    it = doubtful("lost", PLAIN)
    it.fates = ["lost"] * (MAX_ATTEMPTS - 1 + attempts)
    it.append(pushed("next"))
    it.settle()
    repeated = f"\n\n{texts.REPEATED}"
    assert it.texts() == [f"{line}{repeated}", f"news{repeated}", "next"]


def test_what_fails_although_the_place_took_the_line_is_given_up_and_the_lane_goes_on():
    it = doubtful("lost", PLAIN)
    it.fates = ["lost"] * (MAX_ATTEMPTS - 1) + ["taken", "lost"]
    it.append(pushed("next"))
    it.settle()
    assert it.receipts[PartId("1:0")].state == "unknown"
    assert it.texts() == [MISSING, "next"]


def test_a_card_that_was_cut_off_each_time_is_told_of_and_then_asks_after_all():
    """So is the line that tells of it: the place hears of both once its connection holds."""
    it = Lane(capabilities=replace(RICH, resolves=False))
    it.append(started(), asked())
    it.fates = ["lost"] * (MAX_ATTEMPTS + 3)
    it.settle()
    line, card = it.messages.values()
    assert line.text == f"{texts.SOMETHING_MISSING}\n\n{texts.REPEATED}"
    assert (card.repeat, [each.label for each in card.buttons]) == (True, ["Tea", "Coffee"])


TYPED = r"a_b*c \ [x](y) 2*3"


@pytest.mark.parametrize(
    "shown",
    [discord.render, whatsapp.render, slack.whole, lambda text: telegram.render(text).text],
    ids=["discord", "whatsapp", "slack", "telegram"],
)
def test_a_line_about_a_loss_quotes_what_was_typed_to_the_letter(shown):
    """In every dialect: also where the words would be escaped to be shown as they are."""
    it = Lane(capabilities=PLAIN)
    it.append(heard(TYPED, quote=Quote(author="Bob", text="well_well")))
    it.events[0] = replace(
        it.events[0],
        body=replace(it.events[0].body, content=Content(text=TYPED, literal=True)),
    )
    it.fates = ["lost"] * MAX_ATTEMPTS
    it.settle()
    assert TYPED in shown(it.texts()[0])


def test_of_a_text_in_parts_a_line_tells_before_the_rest_is_tried():
    it = Lane(capabilities=replace(PLAIN, max_chars=240))
    it.append(pushed("word " * 60))
    it.fates = ["lost"] * (MAX_ATTEMPTS + 1)
    it.settle()
    assert [part.id for part in it.messages.values()] == ["1:lost", "1:0", "1:200"]


def test_what_was_lost_of_a_recap_is_told_and_then_shown():
    it = Lane(capabilities=PLAIN)
    for number in range(RECAP_EVENTS + 1):
        it.append(pushed(f"news {number}"))
    it.fates = ["lost"] * MAX_ATTEMPTS
    it.settle()
    line, recap = it.texts()
    assert line == texts.RECAP_LOST
    assert recap.endswith(texts.REPEATED)


def test_a_recap_and_the_question_it_begins_with_are_told_of_each_by_itself():
    it = Lane(capabilities=replace(RICH, resolves=False))
    it.append(asked())
    for number in range(RECAP_EVENTS + 1):
        it.append(pushed(f"news {number}"))
    it.fates = [*["lost"] * MAX_ATTEMPTS, "taken", "taken", *["lost"] * MAX_ATTEMPTS]
    it.settle()
    parts = [part.id for part in it.messages.values()]
    assert parts == ["recap:1:lost", "recap:1", "1:lost", "1:0"]


def test_pushes_that_are_shown_together_are_told_of_too():
    it = Lane(capabilities=PLAIN)
    it.append(*(replace(pushed(f"news {number}"), folded=True) for number in range(3)))
    it.now += seconds(60)
    it.fates = ["lost"] * MAX_ATTEMPTS
    it.settle()
    assert [part.id for part in it.messages.values()] == ["folded:1:lost", "folded:1"]


def test_a_card_that_was_not_changed_is_told_of_by_the_answer_and_then_changed_once_more():
    it = lane(started(), asked(), capabilities=replace(RICH, resolves=False))
    it.append(closed(2))
    change = it.steps()[0].part
    it._keep(replace(it._receipt(change, MAX_CHANGES), state="unknown"))
    it.settle()
    answer = texts.answered("Ada", "Tea")
    assert it.texts() == [f"Which?\n\n{answer}", answer]


def test_a_change_that_fails_even_then_is_given_up():
    it = lane(started(), asked(), capabilities=replace(RICH, resolves=False))
    it.append(closed(2))
    for tries in (MAX_CHANGES, MAX_CHANGES + 1):
        change = next(step.part for step in it.steps() if isinstance(step, Show))
        it._keep(replace(it._receipt(change, tries), state="unknown"))
        it.deliver()
    it.settle()
    assert it.texts() == ["Which?", texts.answered("Ada", "Tea")]


def test_a_repeat_that_is_refused_is_still_a_repeat_when_it_goes_out():
    it = doubtful("late", PLAIN)
    it.fates = ["refused", "refused"]
    it.settle()
    assert it.texts() == ["news", f"news\n\n{texts.REPEATED}"]


def test_a_part_surely_not_taken_is_sent_again_without_a_mark():
    it = doubtful("refused", PLAIN)
    it.settle()
    assert it.texts() == ["news"]


@pytest.mark.parametrize(
    ("code", "limit"), [(UNRESOLVED, UNRESOLVED_LIMIT), (UNANSWERED, UNANSWERED_LIMIT)]
)
def test_what_cannot_be_found_out_is_sent_again_after_a_while(code, limit):
    it = doubtful("lost")
    receipt = it.receipts[PartId("1:0")]
    it.receipts[PartId("1:0")] = replace(receipt, code=code, at=it.now)
    it.now += limit - seconds(1)
    assert isinstance(it.steps()[0], Resolve)
    it.now += seconds(1)
    assert shows(it) == [(f"news\n\n{texts.REPEATED}", None)]


def test_all_that_may_have_been_shown_of_a_part_in_doubt_is_marked_when_limits_shrink():
    it = doubtful("late", replace(PLAIN, max_chars=240), pushed("word " * 60))
    it.capabilities = replace(PLAIN, max_chars=140)
    it.settle()
    first, *rest = it.messages.values()
    assert [part.repeat for part in rest] == [part.span.start < first.span.end for part in rest]
    assert rest[-1].repeat is False


def test_what_is_told_of_comes_again_in_smaller_pieces_when_limits_shrink():
    it = doubtful("late", replace(PLAIN, max_chars=240), pushed("word " * 60))
    it.fates = ["late"] * (MAX_ATTEMPTS - 1)
    while it.fates:
        it.deliver()
    it.capabilities = replace(PLAIN, max_chars=140)
    it.settle()
    shown = [(part.id, part.span.start) for part in it.messages.values()]
    again = [("1:0", 0), ("1:100", 100)]
    assert shown == [*[("1:0", 0)] * MAX_ATTEMPTS, ("1:lost", 0), *again, ("1:200", 200)]


@pytest.mark.parametrize(
    ("part", "sent", "state", "tries"),
    [
        ("1:0", Sent(message=MessageId("m")), "sent", 1),
        ("1:0", Sent(message=MessageId("m"), state="submitted"), "submitted", 1),
        ("1:0", None, "owed", 1),
        ("preview:r_1", Sent(message=MessageId("m")), "attempted", 1),
        ("preview:r_1", None, "failed", 1),
    ],
)
def test_once_it_is_known_the_receipt_says_so(part, sent, state, tries):
    receipt = replace(doubtful().receipts[PartId("1:0")], part=PartId(part))
    known = resolved(receipt, sent)
    assert (known.state, known.tries) == (state, tries)
    assert known.message == (sent.message if sent else None)


def test_what_the_platform_does_not_have_is_sent_again_without_a_mark():
    it = doubtful("lost")
    it.fates = ["lost", "refused", "lost"]
    it.settle()
    assert it.texts() == ["news"]


def test_what_a_platform_never_has_after_so_many_attempts_holds_nothing_up():
    """It fails at something in this very part: a line is taken, the part is not."""
    it = doubtful("lost")
    it.fates = ["lost"] * (MAX_ATTEMPTS - 1) + ["taken", "lost"]
    it.append(pushed("next"))
    it.settle()
    assert it.texts() == [MISSING, "next"]
    assert it.receipts[PartId("1:0")].state == "unknown"


# -- changes to what was shown --------------------------------------------------------------------


def test_a_questions_card_is_changed_when_it_closes():
    it = lane(asked())
    it.append(closed(1))
    it.settle()
    assert it.texts() == ["Which?\n\n_Ada: Tea_"]
    assert [part.buttons for part in it.messages.values()] == [()]


def test_a_card_asked_and_closed_while_the_place_was_behind_ends_up_closed():
    it = lane(asked(), closed(1))
    assert it.texts() == ["Which?\n\n_Ada: Tea_"]


def test_where_messages_cannot_be_changed_the_answer_is_a_notice():
    it = lane(asked(), closed(1), capabilities=PLAIN)
    assert it.texts()[1:] == ["_Ada: Tea_"]


def test_a_card_in_several_parts_is_followed_by_a_notice():
    it = lane(asked("word " * 40), closed(1), capabilities=replace(RICH, max_chars=140))
    assert it.texts()[2:] == ["_Ada: Tea_"]


def test_the_closing_of_a_question_never_shown_here_is_not_shown():
    it = Lane()
    it.cursor = it.append(asked())
    it.append(closed(1))
    assert it.steps() == (Advance(to=2),)


def test_an_edit_changes_the_copies_and_is_done_again_when_in_doubt():
    it = lane(heard("helo"))
    it.fates = ["late"]
    it.append(MessageEdited(participant=ADA, target=1, content=Content(text="hello")))
    it.settle()
    assert it.texts() == ["hello"]
    assert it.receipts[PartId("2:0")].state == "sent"


def test_where_messages_cannot_be_changed_an_edit_is_left_out():
    it = lane(heard("helo"), capabilities=PLAIN)
    it.append(MessageEdited(participant=ADA, target=1, content=Content(text="hello")))
    it.settle()
    assert it.texts() == ["helo"]
    assert it.receipts[PartId("2:0")].why == "unsupported"


@pytest.mark.parametrize(
    "body", [MessageDeleted(participant=ADA, target=1), Redacted(target=1, by=ADA)]
)
def test_a_deletion_takes_back_every_part_of_a_copy(body):
    it = lane(heard("word " * 40), pushed("next"), capabilities=replace(RICH, max_chars=140))
    it.append(body)
    it.settle()
    assert it.texts() == ["next"]
    assert {each.state for each in it.receipts.values() if each.source == 1} == {"deleted"}


def test_what_is_forgotten_and_too_old_for_the_place_is_neither_tried_nor_told_there():
    """Whoever asked for it is told once; a place gets no line for each of a thousand."""
    it = lane(heard("old"), capabilities=replace(RICH, deletes_for=timedelta(hours=48)))
    it.now += timedelta(hours=49)
    it.append(heard("new"))
    it.settle()
    it.append(Redacted(target=1), Redacted(target=2))
    it.settle()
    assert it.texts() == ["old"]


def test_what_is_forgotten_and_cannot_be_removed_is_not_told_there():
    it = lane(heard("stays"))
    (copy,) = (each for each in it.receipts.values() if each.source == 1)
    it.append(Redacted(target=1))
    it.receipts[copy.part] = replace(copy, state="failed", why="unchanged")
    it.settle()
    assert it.texts() == ["stays"]


def test_what_was_deleted_while_the_place_was_behind_does_not_stay():
    assert lane(heard("oops"), MessageDeleted(participant=ADA, target=1)).texts() == []


def test_where_nothing_can_be_taken_back_a_deletion_is_left_out_and_its_receipt_says_so():
    it = lane(heard("oops"), capabilities=PLAIN)
    it.append(MessageDeleted(participant=ADA, target=1))
    note, *rest = it.steps()
    assert isinstance(note, Note)
    assert (note.receipt.state, note.receipt.why) == ("skipped", "unsupported")
    assert rest == [Advance(to=2)]
    it.settle()
    assert it.steps() == ()


def test_where_nothing_can_be_taken_back_nothing_is_left_out_of_what_was_never_shown():
    it = Lane(capabilities=PLAIN)
    it.said_here(heard("oops"))
    it.append(MessageDeleted(participant=ADA, target=1))
    assert Note not in map(type, it.steps())


def test_the_original_of_an_edit_is_not_ours_to_change():
    it = Lane()
    it.said_here(heard("helo"))
    it.append(MessageEdited(participant=ADA, target=1, content=Content(text="hello")))
    assert it.steps() == (Advance(to=2),)


# -- previews -------------------------------------------------------------------------------------


def previewing(capabilities=RICH):
    """A place that shows what the run r_1 is writing."""
    it = lane(heard("hello"), started(upto=1), capabilities=capabilities)
    it.preview("hm")
    assert it.texts() == ["hello", "hm"]
    return it


def test_where_the_preview_rang_the_answer_of_a_short_run_takes_its_place():
    it = previewing(LOUD)
    it.append(composed("hi there"), finished())
    it.settle()
    assert it.texts() == ["hello", "hi there"]
    assert it.sent == 2
    assert it.receipts[PartId("preview:r_1")].why == "edited"


def test_where_nothing_is_silent_the_answer_of_a_long_run_takes_the_place_of_its_preview_too():
    """Its first words rang: people are told once of an answer, however long it takes."""
    it = previewing(LOUD)
    it.now += timedelta(minutes=10)
    it.append(composed("hi there"), finished())
    it.settle()
    assert (it.texts(), it.sent) == (["hello", "hi there"], 2)


def test_an_answer_that_would_not_ring_arrives_as_a_new_message():
    """Platforms tell nobody of an edit; the preview came silently."""
    it = previewing(RICH)
    it.now += seconds(1)
    it.append(composed("hi there"), finished())
    it.settle()
    assert (it.texts(), it.sent) == (["hello", "hi there"], 3)
    assert it.receipts[PartId("preview:r_1")].state == "deleted"


def test_an_answer_never_appears_above_what_was_shown_since():
    it = previewing()
    it.append(pushed("news"), composed("hi there"), finished())
    it.settle()
    assert it.texts() == ["hello", "news", "hi there"]


def test_what_was_said_here_since_counts_as_shown():
    it = previewing()
    it.said_here(heard("mine"))
    it.append(composed("hi there"), finished())
    it.settle()
    assert it.sent == 3


def test_an_answer_in_parts_begins_in_the_place_of_its_preview():
    it = previewing(replace(LOUD, max_chars=150))
    it.append(composed("word " * 40), finished())
    it.settle()
    assert it.sent == 3
    assert "".join(it.texts()).replace(" ", "") == "hello" + "word" * 40


def test_interim_words_leave_the_preview_alone():
    it = previewing()
    it.append(composed("one moment", kind="interim"))
    it.settle()
    assert it.texts() == ["hello", "hm", "one moment"]


def test_a_notice_that_took_the_place_of_a_preview_is_not_written_over():
    it = previewing(LOUD)
    it.append(composed("careful", kind="notice"))
    it.preview("so")
    assert it.texts() == ["hello", "careful", "so"]


@pytest.mark.parametrize("outcome", ["completed", "paused", "silent", "cancelled"])
def test_a_run_that_ends_without_words_leaves_no_preview_behind(outcome):
    it = previewing()
    it.append(finished(outcome=outcome))
    it.settle()
    assert it.texts()[:2] == ["hello"]


def test_the_run_that_tries_again_inherits_the_preview():
    it = previewing()
    it.append(finished(outcome="abandoned", upto=0), started(R2, upto=3))
    it.preview("hm, again")
    assert it.texts() == ["hello", "hm, again"]
    it.append(composed("hi", run=R2), finished(R2))
    it.settle()
    assert it.texts() == ["hello", "hi"]


def test_when_the_bridge_gives_up_the_preview_goes():
    it = previewing()
    it.append(composed("I could not", kind="notice"), finished(outcome="failed"))
    it.settle()
    assert it.texts() == ["hello", "I could not"]


def test_a_preview_that_a_process_died_while_sending_is_found_and_goes_on():
    it = lane(heard("hello"), started(upto=1))
    it.deeds_left = 2
    with pytest.raises(Died):
        it.preview("hm")
    it.deeds_left = None
    (step,) = it.steps()
    assert isinstance(step, Resolve)
    it.settle()
    it.preview("hm, again")
    assert it.texts() == ["hello", "hm, again"]


def test_without_edits_a_preview_is_replaced_by_a_new_message():
    it = previewing(replace(RICH, edits=False))
    it.append(composed("hi"), finished())
    assert [type(step) for step in it.steps()] == [Show, Advance, Retract, Advance]


# -- far behind -----------------------------------------------------------------------------------


def flooded(count=30, **fields):
    """A place that missed many messages."""
    it = Lane(**fields)
    it.append(*(heard(f"message {number}") for number in range(count)))
    return it


def test_a_flood_becomes_one_recap_whose_receipt_covers_the_range():
    it = flooded()
    it.settle()
    (text,) = it.texts()
    assert "30 messages" in text
    receipt = it.receipts[PartId("recap:1")]
    assert (receipt.source, receipt.upto, it.cursor) == (1, 30, 30)


def test_a_recap_once_begun_covers_what_it_began_with():
    """What was said after it was sent is not summed up by it."""
    it = flooded(fates=["lost"])
    it.deliver()
    it.append(heard("after"))
    it.settle()
    assert [text.count("30 messages") for text in it.texts()] == [1, 0]
    assert it.texts()[1] == "after"


def test_open_questions_come_whole_after_the_recap():
    it = flooded()
    it.append(asked())
    it.settle()
    assert len(it.texts()) == 2
    assert list(it.messages.values())[1].buttons


def test_a_recap_that_died_before_its_question_shows_it_all_the_same():
    it = flooded()
    it.append(asked())
    it.settle(deeds=4)
    assert it.receipts[PartId("31:0")].state == "attempted"
    it.settle()
    assert len(it.texts()) == 2


def test_what_changes_earlier_copies_is_done_under_a_recap_too():
    it = lane(asked(), heard("oops"))
    it.append(closed(1), MessageDeleted(participant=ADA, target=2))
    it.append(*(heard("x") for _ in range(30)))
    it.settle()
    assert it.texts()[0] == "Which?\n\n_Ada: Tea_"
    assert "oops" not in it.texts()


def test_a_lane_in_the_middle_of_something_finishes_that_before_the_recap():
    it = Lane(capabilities=replace(PLAIN, max_chars=140))
    it.append(pushed("word " * 60))
    it.do(it.steps()[0])
    it.append(*(heard("x") for _ in range(30)))
    it.settle()
    assert "".join(it.texts()[:-1]).replace(" ", "") == "word" * 60
    assert it.receipts[PartId("recap:2")].upto == 31


# -- what an event refers to ----------------------------------------------------------------------


def test_events_say_which_earlier_ones_it_takes_to_show_them():
    bodies = [
        heard(reply_to=3),
        MessageEdited(participant=ADA, target=4, content=Content(text="x")),
        MessageDeleted(participant=ADA, target=5),
        Redacted(target=6),
        closed(7),
        heard(),
        composed(),
    ]
    events = [Event(session=HERE, seq=10, at=AT, body=body) for body in bodies]
    assert referred(events) == {3, 4, 5, 6, 7}


def test_no_limit_is_too_small():
    it = lane(pushed("abc"), capabilities=Capabilities(max_chars=1))
    assert "".join(it.texts()) == "abc"


# -- what does not ring, and what rings later -----------------------------------------------------


def owed_reminder(lane, seq):
    """Begin the line that rings for an event, as the courier does."""
    lane.receipts[reminder_part(seq)] = Receipt(
        session=HERE, conversation=lane.conversation, part=reminder_part(seq), source=seq, upto=seq,
        span=Span(start=0, end=0), state="owed", at=lane.now,
    )  # fmt: skip


def test_what_is_hushed_is_silent_and_its_receipt_says_so():
    lane = Lane()
    lane.hushed = frozenset({lane.append(started(), composed("first"))})
    lane.settle()
    seq = lane.append(composed("second"))
    lane.settle()
    assert [each.silent for each in lane.messages.values()] == [True, False]
    codes = {each.source: each.code for each in lane.receipts.values()}
    assert codes == {2: SILENT, seq: ""}


def test_a_recap_of_what_is_hushed_is_silent():
    lane = Lane()
    last = lane.append(*(composed(f"answer {each}") for each in range(RECAP_EVENTS + 5)))
    lane.hushed = frozenset({last})
    lane.settle()
    assert [each.silent for each in lane.messages.values()] == [True]


def test_what_rings_later_is_one_short_line_that_names_the_session_and_the_first_words():
    lane = Lane()
    lane.append(SettingChanged(scope="session", name="title", value="Trip"))
    seq = lane.append(started(), composed("**Pack** your `bag` " + "and go " * 50))
    lane.hushed = frozenset({seq})
    lane.settle()
    owed_reminder(lane, seq)
    lane.settle()
    line = list(lane.messages.values())[-1]
    assert line.text == texts.still_waiting(
        "Trip", quoted("**Pack** your `bag` " + "and go " * 50), question=False
    )
    assert len(line.text) < 200
    assert not line.silent
    before = lane.sent
    lane.settle()
    assert lane.sent == before, "it is told once"


def test_what_rings_for_a_file_names_it():
    lane = Lane()
    file = Attachment(
        kind="file", media=MediaId("m_1"), name="map.pdf", mime="application/pdf", size=3
    )
    content = Content(text="", attachments=(file,))
    seq = lane.append(started(), MessageComposed(run=R1, agent="echo", content=content))
    lane.settle()
    owed_reminder(lane, seq)
    lane.settle()
    assert "map.pdf" in lane.texts()[-1]


@pytest.mark.parametrize("capabilities", [RICH, PLAIN, LOUD])
def test_a_death_at_any_deed_of_a_reminder_loses_none_and_repeats_one_at_most(capabilities):
    for deeds in range(6):
        lane = Lane(capabilities=capabilities)
        seq = lane.append(started(), composed("look"))
        lane.settle()
        owed_reminder(lane, seq)
        lane.settle(deeds=deeds)
        lane.now += timedelta(minutes=5)
        lane.settle()
        lines = [text for text in lane.texts() if "You have not seen this yet" in text]
        assert 1 <= len(lines) <= (1 if capabilities.resolves else 2)


def test_a_question_that_is_over_rings_no_more():
    lane = Lane()
    seq = lane.append(started(), asked())
    lane.settle()
    owed_reminder(lane, seq)
    lane.append(QuestionClosed(question=Q1, asked=seq, outcome="withdrawn"))
    lane.settle()
    assert not [text for text in lane.texts() if "waits for your answer" in text]
    assert lane.receipts[reminder_part(seq)].state == "skipped"


# -- in other languages ---------------------------------------------------------------------------

GERMAN = language("de")


def german(capabilities=PLAIN):
    return Lane(capabilities=capabilities, spoken=SpokenLanguages(((AT, GERMAN),)))


def test_the_lines_and_marks_of_a_place_are_in_its_language():
    it = german()
    it.append(pushed("news"))
    it.fates = ["lost"] * MAX_ATTEMPTS
    it.append(pushed("next"))
    it.settle()
    assert it.texts() == [GERMAN.says(MISSING), "news\n\n_(vielleicht doppelt)_", "next"]
    assert it.texts()[0].startswith("Hier fehlt vielleicht eine Nachricht. Sie beginnt: `news`")
    assert {part.language for part in it.messages.values()} == {GERMAN}


def test_a_recap_is_in_the_language_of_its_place():
    it = german()
    for number in range(RECAP_EVENTS + 1):
        it.append(pushed(f"news {number}"))
    it.settle()
    (recap,) = it.texts()
    assert recap.startswith("**Während du weg warst:** 0 Nachrichten, 0 Antworten. Das Letzte:")
    assert recap.endswith("news 20")


def test_a_file_that_is_elsewhere_is_named_in_the_language_of_its_place():
    it = german(replace(PLAIN, max_files=0))
    picture = Attachment(kind="image", name="cat.png", mime="image/png", size=9, media=MediaId("m"))
    it.append(
        Pushed(source=Source(kind="api"), content=Content(text="look", attachments=(picture,)))
    )
    it.settle()
    assert it.texts()[-1].startswith("📎 cat.png (0.1 MB) kann hier nicht gezeigt werden")
