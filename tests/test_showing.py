"""How each event looks in a place."""

from dataclasses import replace

import pytest
from hypothesis import given

from bridge import admission_texts, literal, texts
from bridge.call_display import block
from bridge.content import Attachment, Content, Option, Quote
from bridge.events import (
    BODIES,
    INTERRUPTED,
    ConversationLinked,
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ParticipantJoined,
    ParticipantLeft,
    PlannedCall,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RunFinished,
    Source,
    Transcribed,
)
from bridge.ids import CallId, ConversationId, MediaId, ParticipantId
from bridge.parts import Button
from bridge.routing import AnswerPress, SayingPress, pressed
from bridge.showing import Amending, Muted, Retracting, Showing, people_in, places_in, show
from tests.lane import PLAIN, RICH, Lane
from tests.playbook import ADA, AT, BOB, DM, EVE, HERE, Q1, R1, ROOM
from tests.strategies import bodies

TEA, COFFEE = Option(id="t", label="Tea"), Option(id="c", label="Coffee")
PICTURE = Attachment(kind="image", name="cat.png", mime="image/png", size=9, media=MediaId("m"))
HELLO = MessageReceived(participant=ADA, conversation=ROOM, content=Content(text="hello"))
WHICH = QuestionAsked(
    question=Q1, run=R1, kind="choice", text="Which?", options=(TEA, COFFEE), to=(ADA,)
)
NEWS = Pushed(source=Source(kind="api"), content=Content(text="news"), to=(ADA,))


def looks(body, *, related=(), room=False, owner=ADA, capabilities=RICH):
    """How a body looks in a place that was linked on behalf of `owner`, after what it refers to."""
    lane = Lane(capabilities=capabilities, is_room=room)
    lane.append(*related, ConversationLinked(conversation=DM, by=owner))
    lane.append(body)
    event = lane.events[-1]
    return show(event, lane.place(), lane.scene([event]))


# -- what people say ------------------------------------------------------------------------------


def test_words_from_elsewhere_carry_who_said_them_and_where():
    look = looks(HELLO)
    assert (look.text, look.speaker) == ("hello", "Ada · Slack")


SHRUG = "¯\\_(ツ)_/¯ 2*3*4"


def test_plain_words_are_escaped_so_that_they_are_shown_to_the_letter():
    said = replace(HELLO, content=Content(text=SHRUG, literal=True))
    assert looks(said).text == literal.markdown(SHRUG)
    edited = MessageEdited(participant=ADA, target=1, content=said.content)
    assert looks(edited, related=[said]).was == literal.markdown(SHRUG)
    assert looks(edited, related=[said]).to.text == literal.markdown(SHRUG)


def test_what_a_message_is_about_stands_before_it_in_short():
    quote = Quote(author="Bob", text="the *build*\n" + "x" * 500)
    look = looks(replace(HELLO, quote=quote))
    first, words = look.text.split("\n\n")
    assert first.startswith("> **Bob:** the \\*build\\* xxx")
    assert len(first) < 230
    assert words == "hello"
    edited = MessageEdited(participant=ADA, target=1, content=Content(text="hi"))
    amending = looks(edited, related=[replace(HELLO, quote=quote)])
    assert (amending.was, amending.to.text) == (look.text, f"{first}\n\nhi")


def test_an_edit_that_brings_other_files_shows_them():
    other = replace(PICTURE, media=MediaId("m2"))
    said = replace(HELLO, content=Content(text="look", attachments=(PICTURE,)))
    for files, shown in (((other,), (other,)), ((PICTURE,), ()), ((), ())):
        content = Content(text="look", attachments=files)
        edited = MessageEdited(participant=ADA, target=1, content=content)
        assert looks(edited, related=[said]).to.attachments == shown


def test_nobody_is_notified_of_what_another_person_said():
    assert looks(HELLO).silent


def test_people_and_places_without_a_name_are_someone_elsewhere():
    stranger, nowhere = ParticipantId("p_x"), ConversationId("c_x")
    look = looks(replace(HELLO, participant=stranger, conversation=nowhere))
    assert look.speaker == texts.speaker(texts.SOMEONE, texts.SOMEWHERE)


def test_overheard_chatter_is_shown_in_rooms_only():
    overheard = replace(HELLO, addressed=False)
    assert looks(overheard) == Muted()
    assert looks(overheard, room=True).text == "hello"


def test_files_come_along():
    content = Content(text="look", attachments=(PICTURE,))
    assert looks(replace(HELLO, content=content)).attachments == (PICTURE,)


def test_a_reply_says_what_it_answers():
    assert looks(replace(HELLO, reply_to=3)).reply_to == 3


def test_an_edit_changes_the_copies_under_the_same_name():
    look = looks(
        MessageEdited(participant=ADA, target=1, content=Content(text="hi")), related=[HELLO]
    )
    assert isinstance(look, Amending)
    assert (look.target, look.to.text, look.to.speaker) == (1, "hi", "Ada · Slack")
    assert look.instead is None, "nobody is told of an edit a second time"


@pytest.mark.parametrize("body", [MessageDeleted(participant=ADA, target=1), Redacted(target=1)])
def test_what_was_deleted_or_redacted_is_taken_back(body):
    assert looks(body, related=[HELLO]) == Retracting(target=1)


# -- coming to follow a session -------------------------------------------------------------------


def test_a_place_is_told_what_it_follows_and_who_reads_along():
    look = looks(ConversationLinked(conversation=DM, by=ADA, welcome=True))
    assert "/help" in look.text
    assert len(look.text.split("\n\n")) == 3
    assert look.silent


def test_a_room_is_told_that_all_in_it_read_along_and_not_to_ask_for_a_code():
    """A code that is asked for in a room is none: whoever reads it could be its asker."""
    linked = ConversationLinked(conversation=DM, by=ADA, welcome=True)
    look = looks(linked, room=True)
    assert "/link" not in look.text
    assert "everyone in this room" in look.text
    assert "/help" in look.text
    assert "/link" in looks(linked).text


def test_other_places_hear_nothing_of_it():
    assert looks(ConversationLinked(conversation=ROOM, by=ADA, welcome=True)) is None
    assert looks(ConversationLinked(conversation=DM, by=ADA)) is None


# -- what an agent does ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "silent", "closes"),
    [("final", False, True), ("notice", False, True), ("interim", True, False)],
)
def test_an_answer_is_told_out_loud_and_may_take_the_place_of_its_preview(kind, silent, closes):
    body = MessageComposed(run=R1, agent="echo", content=Content(text="hi"), kind=kind)
    look = looks(body)
    assert (look.text, look.silent, look.closes, look.speaker) == ("hi", silent, closes, "")


def test_who_stopped_a_run_is_told_and_other_ends_are_not():
    stopped = RunFinished(run=R1, outcome="cancelled", upto=1, by=ADA)
    assert looks(stopped).text == texts.stopped_by("Ada")
    for outcome in ("completed", "failed", "paused", "abandoned", "silent", "cancelled"):
        assert looks(replace(stopped, outcome=outcome, by=None)) is None


# -- questions ------------------------------------------------------------------------------------


def test_a_question_has_a_button_for_each_option_which_says_nothing_but_which():
    look = looks(WHICH)
    assert [each.label for each in look.buttons] == ["Tea", "Coffee"]
    assert [pressed(each.value) for each in look.buttons] == [
        AnswerPress(question=Q1, option=0),
        AnswerPress(question=Q1, option=1),
    ]
    assert (look.priority, look.silent) == ("question", False)


def test_without_buttons_the_options_are_numbered():
    look = looks(WHICH, capabilities=PLAIN)
    assert look.text == f"Which?\n\n{texts.numbered((TEA, COFFEE))}"
    assert look.buttons == ()


@pytest.mark.parametrize("capabilities", [RICH, PLAIN])
def test_a_question_without_words_can_still_be_answered(capabilities):
    wordless = replace(WHICH, text=" ")
    assert looks(wordless, capabilities=capabilities).text.startswith(texts.QUESTION)
    closed = QuestionClosed(question=Q1, asked=1, outcome="expired")
    assert looks(closed, related=[wordless]).to.text == f"{texts.QUESTION}\n\n{texts.EXPIRED}"


def test_an_open_question_is_only_its_text():
    look = looks(replace(WHICH, kind="open", options=()), capabilities=PLAIN)
    assert look == Showing(text="Which?", priority="question")


@pytest.mark.parametrize(
    ("closed", "line"),
    [
        (
            QuestionClosed(question=Q1, asked=1, outcome="answered", answer="t", by=ADA),
            "_Ada: Tea_",
        ),
        (
            QuestionClosed(
                question=Q1, asked=1, outcome="answered", answer="t", by=ADA, conversation=ROOM
            ),
            "_Ada · Slack: Tea_",
        ),
        (
            QuestionClosed(question=Q1, asked=1, outcome="answered", answer="soon", by=BOB),
            "_Bob: soon_",
        ),
        (QuestionClosed(question=Q1, asked=1, outcome="expired"), texts.EXPIRED),
        (QuestionClosed(question=Q1, asked=1, outcome="withdrawn", by=ADA), texts.WITHDRAWN),
    ],
)
def test_a_closed_question_says_how_it_ended(closed, line):
    look = looks(closed, related=[WHICH])
    assert (look.target, look.to.text, look.to.buttons) == (1, f"Which?\n\n{line}", ())
    assert look.instead is not None
    alone = line if closed.outcome == "answered" else f"{line[:-2]}:_ Which?"
    assert (look.instead.text, look.instead.silent) == (alone, True)


def test_a_closing_of_something_else_is_not_shown():
    closed = QuestionClosed(question=Q1, asked=1, outcome="expired")
    assert looks(closed, related=[HELLO]) is None


# -- voice notes, and who answers -----------------------------------------------------------------

SPOKEN = Transcribed(target=1, media=MediaId("m"), text="hello there")


def test_what_was_spoken_is_shown_as_its_speakers_words():
    look = looks(SPOKEN, related=[HELLO])
    assert (look.text, look.speaker) == (texts.transcript("hello there"), "Ada · Slack")
    assert (look.silent, look.reply_to) == (True, 1)


def test_what_was_overheard_is_not_spoken_about_elsewhere():
    overheard = replace(HELLO, addressed=False)
    assert looks(SPOKEN, related=[overheard]) == Muted()
    assert isinstance(looks(SPOKEN, related=[overheard], room=True), Showing)
    assert looks(SPOKEN, related=[WHICH]) is None


def test_a_question_about_a_call_shows_the_exact_call_whatever_its_words_say():
    call = PlannedCall(call=CallId("k"), name="rm", arguments='{"path": "/"}')
    asked = replace(WHICH, text="May I water the flowers?", call=call, to=())
    shown = f"May I water the flowers?\n\n{block(call)}"
    assert looks(asked).text == shown
    closed = QuestionClosed(question=Q1, asked=1, outcome="expired")
    assert looks(closed, related=[asked]).to.text.startswith(shown)


@pytest.mark.parametrize(
    "said",
    [
        MessageComposed(run=R1, agent="deep", content=Content(text="hi")),
        replace(WHICH, agent="deep"),
        replace(NEWS, source=Source(kind="background", name="deep")),
    ],
    ids=["answer", "question", "push"],
)
def test_what_an_agent_says_tells_whose_it_is_only_where_there_are_several(said):
    lane = Lane(capabilities=RICH)
    lane.append(ConversationLinked(conversation=DM, by=ADA))
    lane.append(said)
    scene = lane.scene(lane.events)
    assert show(lane.events[-1], lane.place(), scene).speaker == ""
    several = replace(scene, several=True)
    assert show(lane.events[-1], lane.place(), several).speaker == "deep"


def test_an_interruption_is_no_news():
    """The answer goes on; nobody is told that it was stopped."""
    stopped = RunFinished(run=R1, outcome="cancelled", upto=1, by=ADA)
    assert looks(stopped).text == texts.stopped_by("Ada")
    assert looks(replace(stopped, reason=INTERRUPTED)) is None


# -- what comes unprompted, and for whom ----------------------------------------------------------


def test_a_push_is_told_out_loud_and_its_buttons_say_their_label():
    look = looks(replace(NEWS, buttons=(TEA,)))
    (button,) = look.buttons
    assert (look.text, look.silent, button.label) == ("news", False, "Tea")
    assert pressed(button.value) == SayingPress(words="Tea")


def test_where_there_are_no_buttons_a_push_has_none():
    assert looks(replace(NEWS, buttons=(TEA,)), capabilities=PLAIN).buttons == ()


@pytest.mark.parametrize("body", [NEWS, WHICH])
def test_what_is_for_someone_is_shown_in_their_places_and_in_rooms(body):
    assert isinstance(looks(body, owner=ADA), Showing)
    assert looks(body, owner=BOB) == Muted()
    assert looks(body, owner=None) == Muted()
    assert isinstance(looks(body, owner=BOB, room=True), Showing)


@pytest.mark.parametrize("body", [NEWS, WHICH])
def test_what_is_for_everyone_is_shown_everywhere(body):
    assert isinstance(looks(replace(body, to=()), owner=EVE), Showing)


def test_the_closing_of_a_question_goes_where_the_question_went():
    closed = QuestionClosed(question=Q1, asked=1, outcome="expired")
    assert looks(closed, related=[WHICH], owner=BOB) == Muted()


# -- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (ParticipantJoined(participant=BOB, role="member"), texts.joined("Bob")),
        (ParticipantLeft(participant=BOB), texts.left("Bob")),
    ],
)
def test_coming_and_going_is_told_in_silence(body, text):
    look = looks(body)
    assert (look.text, look.silent, look.priority) == (text, True, "notice")


# -- all of them ----------------------------------------------------------------------------------

SHOWN_NOWHERE = {
    "RunStarted", "ToolCalled", "ToolReturned", "Transcribed", "Triggered", "RoleChanged",
    "ParticipantMerged", "ConversationLinked", "ConversationUnlinked", "SettingChanged",
    "ScheduleSet", "ScheduleRemoved", "NoteKept", "NoteRemoved", "HistoryCompacted",
    "SessionForked", "SessionArchived",
}  # fmt: skip


@given(bodies())
def test_every_event_looks_somehow_and_bookkeeping_like_nothing(body):
    look = looks(body)
    if type(body).__name__ in SHOWN_NOWHERE:
        assert look is None
    else:
        assert look is None or isinstance(look, Showing | Amending | Retracting | Muted)


def test_what_is_shown_nowhere_are_events_there_are():
    assert {body.__name__ for body in BODIES} >= SHOWN_NOWHERE


def test_names_are_looked_up_for_whoever_an_event_names():
    assert people_in(HELLO) == {ADA}
    assert people_in(QuestionClosed(question=Q1, asked=1, outcome="expired")) == frozenset()
    assert people_in(RunFinished(run=R1, outcome="cancelled", upto=1, by=BOB)) == {BOB}
    assert places_in(HELLO) == {ROOM}
    assert places_in(NEWS) == frozenset()


def test_a_button_is_data_of_few_bytes():
    for look in (looks(WHICH), looks(replace(NEWS, buttons=(Option(id="x", label="é" * 200),)))):
        for button in look.buttons:
            assert isinstance(button, Button)
            assert len(button.value.encode()) <= 64


def test_an_event_is_read_only_data_to_it():
    event = Event(session=HERE, seq=1, at=AT, body=HELLO)
    lane = Lane()
    assert show(event, lane.place(), lane.scene([])) == show(event, lane.place(), lane.scene([]))


def test_who_joined_as_someone_is_shown_to_them_alone_and_can_be_undone():
    """It names an account of theirs: no room's business."""
    undo = (Option(id="u:ABCDEF", label="Undo"),)
    pushed = Pushed(
        source=Source(kind="background"),
        content=Content(text="Eve joined"),
        to=(ADA,),
        buttons=undo,
    )
    look = looks(pushed, owner=ADA)
    assert [(each.value, each.label) for each in look.buttons] == [("u:ABCDEF", "Undo")]
    assert looks(pushed, owner=BOB) == Muted()
    assert looks(pushed, owner=ADA, room=True) == Muted()


def test_what_the_bridge_tells_one_person_of_their_codes_is_no_rooms_business():
    """It may name someone's phone number."""
    told = Pushed(
        source=Source(kind="background", name="bridge"),
        content=Content(text="Eve (4915112345, WhatsApp) sent your code"),
        to=(ADA,),
    )
    assert looks(told, owner=ADA).text == told.content.text
    assert looks(told, owner=ADA, room=True) == Muted()


def test_whoever_was_put_out_is_said_to_have_been_and_by_whom():
    look = looks(ParticipantLeft(participant=ADA, by=BOB))
    assert look.text == admission_texts.removed("Ada", "Bob")
    assert looks(ParticipantLeft(participant=ADA, by=ADA)).text == texts.left("Ada")
