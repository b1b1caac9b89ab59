"""How each event looks in a place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import admission_texts, session_texts, texts
from bridge.catalogs import language
from bridge.delivery.call_display import block
from bridge.delivery.rendering import (
    Amending,
    Muted,
    Reacting,
    Retracting,
    Scene,
    Showing,
    people_in,
    places_in,
    show,
)
from bridge.domain import literal
from bridge.domain.codec import decode, encode
from bridge.domain.content import Attachment, Content, Option, Quote, ours
from bridge.domain.events import (
    BODIES,
    INTERRUPTED,
    ConversationLinked,
    Event,
    ExchangeUndone,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    PlannedCall,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Reacted,
    Redacted,
    RunFinished,
    SessionArchived,
    SettingChanged,
    Source,
    Transcribed,
)
from bridge.domain.ids import CallId, ConversationId, MediaId, ParticipantId
from bridge.domain.parts import Button
from bridge.domain.wording import ENGLISH, SpokenLanguages, wording_of
from bridge.session.routing import (
    MAX_VALUE,
    WRITES,
    AnswerPress,
    PushPress,
    is_of_question,
    pressed,
    pushed_words,
)
from tests.lane import PLAIN, RICH, Lane
from tests.playbook import ADA, AT, BOB, DM, EVE, HERE, Q1, R1, ROOM, seconds
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


def test_a_room_is_not_shown_what_was_said_before_it_followed_when_it_is_asked_again():
    again = replace(HELLO, again=1, reply_to=1)
    assert looks(again, related=[HELLO], room=True) == Muted()
    assert looks(again, related=[HELLO]).text == "hello"


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


def test_a_place_is_told_what_was_said_last_before_it_came():
    lane = Lane()
    lane.append(ConversationLinked(conversation=DM, by=ADA, welcome=True))
    scene = replace(lane.scene(lane.events), missed={1: "**Ada:** tea"})
    assert show(lane.events[0], lane.place(), scene).text.endswith(
        f"{texts.SAID_LAST}\n\n**Ada:** tea"
    )


def test_a_room_is_told_that_all_in_it_read_along_and_not_to_ask_for_a_code():
    """A code that is asked for in a room is none: whoever reads it could be its asker."""
    linked = ConversationLinked(conversation=DM, by=ADA, welcome=True)
    look = looks(linked, room=True)
    assert "/link" not in look.text
    assert "Everyone in this room" in look.text
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
    presses = [pressed(each.value) for each in look.buttons]
    assert [(each.asked, each.option) for each in presses] == [(2, 0), (2, 1)]
    assert all(is_of_question(each, HERE, WHICH) for each in presses)
    assert all(len(each.value.encode()) <= MAX_VALUE for each in look.buttons)
    assert (look.priority, look.silent) == ("question", False)


def test_without_buttons_the_options_are_numbered():
    look = looks(WHICH, capabilities=PLAIN)
    assert look.text == f"Which?\n\n{texts.numbered((TEA, COFFEE))}"
    assert look.buttons == ()


@pytest.mark.parametrize("capabilities", [RICH, PLAIN])
@pytest.mark.parametrize("text", [" ", "\u2060"])
def test_a_question_without_words_can_still_be_answered(capabilities, text):
    wordless = replace(WHICH, text=text)
    assert looks(wordless, capabilities=capabilities).text.startswith(texts.QUESTION)
    closed = QuestionClosed(question=Q1, asked=1, outcome="expired")
    assert looks(closed, related=[wordless]).to.text == f"{texts.QUESTION}\n\n{texts.EXPIRED}"


def test_an_open_question_has_a_button_where_that_opens_a_window_to_write_in():
    able = replace(RICH, forms=True)
    (button,) = looks(replace(WHICH, kind="open", options=()), capabilities=able).buttons
    assert button.label == "Answer"
    assert button.value.startswith(WRITES)
    assert not looks(
        replace(WHICH, kind="open", options=()), capabilities=replace(able, buttons=False)
    ).buttons


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
    lane = Lane(is_room=True)
    lane.append(ConversationLinked(conversation=DM, by=ADA), overheard, replace(SPOKEN, target=2))
    event = lane.events[-1]
    assert isinstance(show(event, lane.place(), lane.scene([event])), Showing)
    assert looks(SPOKEN, related=[WHICH]) is None


def test_what_was_spoken_before_is_not_told_to_who_came_later():
    came = ParticipantJoined(participant=BOB, role="member", earlier=False)
    assert looks(SPOKEN, related=[HELLO, came], owner=BOB) is None
    assert looks(SPOKEN, related=[HELLO], room=True) is None
    assert looks(SPOKEN, related=[HELLO, replace(came, earlier=True)], owner=BOB) is not None


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
    press = pressed(button.value)
    assert isinstance(press, PushPress)
    assert pushed_words(press, HERE, replace(NEWS, buttons=(TEA,))) == "Tea"


@pytest.mark.parametrize(
    ("source", "speaker"),
    [
        (Source(kind="webhook", name="github"), "github · webhook"),
        (Source(kind="api", name="apprise"), "apprise · API"),
        (Source(kind="api"), ""),
        (Source(kind="webhook", name="**Ada** · Slack\n@all"), "Ada Slack all · webhook"),
        (Source(kind="schedule", name="daily"), ""),
        (Source(kind="background", name="bridge"), ""),
    ],
)
def test_what_comes_from_outside_says_what_brought_it(source, speaker):
    """Without that it would pass for words of the agent's, or the bridge's own."""
    look = looks(replace(NEWS, source=source))
    assert (look.text, look.speaker) == ("news", speaker)


def test_a_push_whose_words_cannot_be_seen_still_offers_its_buttons():
    look = looks(replace(NEWS, content=Content(text="\u2060"), buttons=(TEA,)))
    assert (look.text, look.buttons[0].label) == (texts.QUESTION, "Tea")


OFFERED = st.lists(
    st.builds(
        Option,
        id=st.sampled_from(["u:ABCDEF", "a:q_1:0", "s:/stop", "undo", "x"]) | st.text(),
        label=st.sampled_from(["/archive yes", "/unlink ABCDEF", "Undo"]) | st.text(),
    ),
    max_size=5,
)


@given(OFFERED, st.sampled_from(["api", "background", "schedule", "webhook"]), st.text())
def test_no_button_that_others_offer_is_one_of_the_bridges_own(options, kind, name):
    """Whatever its id and its label are: neither a command nor an undoing is in it."""
    source = Source(kind=kind, name=name.replace("bridge", ""))
    pushed = looks(replace(NEWS, source=source, buttons=tuple(options)))
    asked = looks(replace(WHICH, options=tuple(options)))
    for button in (*pushed.buttons, *asked.buttons):
        assert isinstance(pressed(button.value), PushPress | AnswerPress)


LONG = "delete the folder of the pictures from the holidays"
ALIKE = [
    ("Yes", "Yes"),
    ("Yes", "\u0423es"),  # a Cyrillic letter
    ("Pay", "P\u200bay"),
    ("OK", "ok "),
    (LONG + " and keep a copy", LONG + " for good"),
    (LONG, "no"),
]


@pytest.mark.parametrize("labels", ALIKE, ids=str)
def test_options_that_a_place_would_show_alike_or_cut_are_told_apart_by_numbers(labels):
    """Their labels stand whole in the text, and each button begins with its number."""
    narrow = replace(RICH, label_chars=20)
    options = tuple(Option(id=str(at), label=each) for at, each in enumerate(labels))
    for body in (replace(WHICH, options=options), replace(NEWS, buttons=options)):
        look = looks(body, capabilities=narrow)
        assert [each.label for each in look.buttons] == [f"1. {labels[0]}", f"2. {labels[1]}"]
        assert f"1. {labels[0]}\n2. {labels[1]}" in look.text


def test_the_card_of_such_a_question_is_changed_like_any_other():
    asked = replace(WHICH, options=(TEA, replace(COFFEE, label="tea")))
    closed = QuestionClosed(question=Q1, asked=1, outcome="answered", answer="c", by=ADA)
    assert looks(closed, related=[asked]).was == looks(asked).text


def test_where_there_are_no_buttons_a_push_has_none():
    assert looks(replace(NEWS, buttons=(TEA,)), capabilities=PLAIN).buttons == ()


@pytest.mark.parametrize("body", [NEWS, WHICH])
def test_what_is_for_someone_is_shown_in_their_places_and_in_rooms(body):
    assert isinstance(looks(body, owner=ADA), Showing)
    assert looks(body, owner=BOB) == Muted()
    assert looks(body, owner=None) == Muted()
    assert isinstance(looks(body, owner=BOB, room=True), Showing)


@pytest.mark.parametrize("body", [NEWS, WHICH])
def test_what_was_for_someone_who_turned_out_to_be_another_is_shown_to_them(body):
    """A place that is behind is not kept from it because two are one person meanwhile."""
    lane = Lane(capabilities=RICH)
    lane.append(ParticipantJoined(participant=ADA, role="member"))
    lane.append(ConversationLinked(conversation=DM, by=ADA))
    lane.append(body)
    event = lane.events[-1]
    lane.append(ParticipantMerged(participant=ADA, into=BOB))
    assert isinstance(show(event, lane.place(), lane.scene([event])), Showing)


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


CHANGED = [
    ("agent", "deep", "_Bob chose the agent `deep` for this session._"),
    ("model", "acme/large", "_Bob chose the model `acme/large` for this session._"),
    ("model", "", "_Bob lets the agent choose the model in this session._"),
    ("mode", "queue", "_Bob set the mode of this session to `queue`._"),
    ("may:agent", "members", "_Bob lets owners and members change the agent of this session._"),
    ("may:model", "owners", "_Bob lets only owners change the model of this session._"),
]


@pytest.mark.parametrize(("name", "value", "text"), CHANGED)
def test_what_somebody_changes_for_everybody_is_told_in_every_place(name, value, text):
    """In words of people's, and in silence; what the bridge itself sets, nowhere."""
    changed = SettingChanged(scope="session", name=name, value=value, by=BOB)
    look = looks(changed)
    assert (look.text, look.silent, look.priority) == (text, True, "notice")
    assert looks(replace(changed, by=None)) is None
    assert looks(replace(changed, scope="participant")) is None


def test_that_a_session_is_archived_is_told_in_every_place():
    look = looks(SessionArchived(by=BOB))
    assert (look.text, look.silent) == (session_texts.archived_by("Bob"), True)
    assert looks(SessionArchived()) is None


def test_that_an_exchange_was_undone_is_told_in_every_place():
    look = looks(ExchangeUndone(first=1, upto=3, by=BOB))
    assert (look.text, look.silent, look.priority) == (
        session_texts.undone_by("Bob"), True, "notice",
    )  # fmt: skip


def test_an_emoji_is_on_the_copies_elsewhere_where_there_are_reactions():
    given = Reacted(participant=BOB, conversation=ROOM, target=1, emoji="🎉")
    assert looks(given) == Muted()


# -- all of them ----------------------------------------------------------------------------------

SHOWN_NOWHERE = {
    "RunStarted", "ToolCalled", "ToolReturned", "Transcribed", "Triggered", "RoleChanged",
    "ParticipantMerged", "ConversationLinked", "ConversationUnlinked",
    "ScheduleSet", "ScheduleRemoved", "NoteKept", "NoteRemoved", "HistoryCompacted",
    "SessionForked",
}  # fmt: skip


@given(bodies())
def test_every_event_looks_somehow_and_bookkeeping_like_nothing(body):
    look = looks(body)
    if type(body).__name__ in SHOWN_NOWHERE:
        assert look is None
    else:
        assert look is None or isinstance(look, Showing | Amending | Retracting | Reacting | Muted)


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
        source=Source(kind="background", name="bridge"),
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


CARD = Pushed(
    source=Source(kind="background", name="bridge"),
    content=Content(text="Eve asks to be let in."),
    to=(ADA,),
    buttons=(Option(id="r:ABCDEF:allow", label="Allow"), Option(id="r:ABCDEF:deny", label="Deny")),
)


def test_a_card_is_shown_to_its_owner_alone_with_buttons_that_name_the_request():
    look = looks(CARD, owner=ADA)
    assert [each.value for each in look.buttons] == ["r:ABCDEF:allow", "r:ABCDEF:deny"]
    assert looks(CARD, owner=BOB) == Muted()
    assert looks(CARD, owner=ADA, room=True) == Muted()


def test_once_it_is_decided_the_card_says_so_and_has_no_buttons():
    over = PushClosed(push=1, text="_Bob let them in._")
    look = looks(over, related=(CARD,), owner=ADA)
    assert isinstance(look, Amending)
    assert look.target == 1
    assert look.to.text == "Eve asks to be let in.\n\n_Bob let them in._"
    assert look.to.buttons == ()
    assert looks(over, related=(CARD,), owner=BOB) == Muted()
    assert looks(over, related=(CARD,), owner=ADA, room=True) == Muted()


def test_whoever_was_put_out_is_said_to_have_been_and_by_whom():
    look = looks(ParticipantLeft(participant=ADA, by=BOB))
    assert look.text == admission_texts.removed("Ada", "Bob")
    assert looks(ParticipantLeft(participant=ADA, by=ADA)).text == texts.left("Ada")


# -- in other languages ---------------------------------------------------------------------------

GERMAN = language("de")
APPROVE, DENY = Option(id="approve", label="Approve"), Option(id="deny", label="Deny")


def told(*bodies, changes=((AT, GERMAN),), room=False, capabilities=RICH):
    """How each body looks in a place that is told things in these languages, from when on each."""
    lane = Lane(capabilities=capabilities, is_room=room, spoken=SpokenLanguages(tuple(changes)))
    lane.append(ConversationLinked(conversation=DM, by=ADA), *bodies)
    events = lane.events[1:]
    return [show(event, lane.place(), lane.scene([event])) for event in events]


def asking(**more):
    given = {"kind": "approval", "text": "May I?", "options": (APPROVE, DENY), **more}
    return QuestionAsked(question=Q1, run=R1, **given)


def test_what_the_bridge_says_is_said_in_the_language_of_the_place():
    joined, removed, left, stopped, welcome = told(
        ParticipantJoined(participant=BOB, role="member"),
        ParticipantLeft(participant=BOB, by=ADA),
        ParticipantLeft(participant=BOB),
        RunFinished(run=R1, outcome="cancelled", upto=1, by=ADA),
        ConversationLinked(conversation=DM, by=ADA, welcome=True),
    )
    assert joined.text == "_Bob ist beigetreten._"
    assert removed.text == "_Ada hat Bob entfernt._"
    assert left.text == "_Bob ist gegangen._"
    assert stopped.text == "_Ada hat die Antwort angehalten._"
    assert welcome.text.startswith("Dieser Chat folgt jetzt ")
    assert {each.language for each in (joined, removed, left, stopped, welcome)} == {GERMAN}


def test_words_of_people_and_agents_are_never_said_otherwise():
    """Also where they are word for word what the bridge says."""
    words = str(texts.NOTHING_TO_STOP)
    heard = MessageReceived(participant=ADA, conversation=ROOM, content=Content(text=words))
    pushed = Pushed(source=Source(kind="background", name="bot"), content=Content(text=words))
    buttons = Pushed(
        source=Source(kind="api"), content=Content(text="Pick"), buttons=(APPROVE, DENY)
    )
    looked = told(heard, pushed, buttons)
    assert [each.text for each in looked] == [words, words, "Pick"]
    assert [each.label for each in looked[2].buttons] == ["Approve", "Deny"]
    (card,) = told(asking(kind="choice", options=(TEA, COFFEE)))
    assert (card.text, [each.label for each in card.buttons]) == ("May I?", ["Tea", "Coffee"])


def test_one_notice_is_german_in_one_place_and_english_in_the_other():
    notice = Pushed(
        source=Source(kind="background", name="bridge"),
        content=ours(texts.out_of_reach("{0} **Eve**")),
        buttons=(Option(id="u:1", label=str(admission_texts.UNDO)),),
        to=(ADA,),
    )
    kept = decode(encode(notice))
    (german,) = told(kept)
    english = looks(kept)
    assert german.text.startswith("Ich kann **{0} **Eve**** gerade in keiner Chat-App erreichen.")
    assert english.text.startswith("I cannot reach **{0} **Eve**** in any chat app now.")
    assert [each.label for each in german.buttons] == ["Rückgängig machen"]
    assert [each.value for each in german.buttons] == [each.value for each in english.buttons]


def test_the_answers_that_the_bridge_offers_are_in_the_language_of_the_place():
    call = PlannedCall(call=CallId("k"), name="shell", arguments="{}")
    asked = asking(text=texts.may_use("shell"), call=call)
    closed = QuestionClosed(question=Q1, asked=2, outcome="answered", answer="approve", by=BOB)
    card, ended = told(asked, closed)
    assert card.text == f"Darf ich `shell` benutzen?\n\n{block(call)}"
    assert [each.label for each in card.buttons] == ["Genehmigen", "Ablehnen"]
    assert ended.to.text == f"{card.text}\n\n_Bob: Genehmigen_"
    assert (ended.was, ended.to.language, ended.instead.language) == (card.text, GERMAN, GERMAN)
    (listed,) = told(asked, capabilities=PLAIN)
    assert "1. Genehmigen\n2. Ablehnen\n\n_Antworte mit einer Zahl von 1 bis 2._" in listed.text


@pytest.mark.parametrize(
    ("outcome", "line"),
    [("expired", "Niemand hat rechtzeitig geantwortet"), ("withdrawn", "Nicht mehr nötig")],
)
def test_what_is_over_says_so_in_the_language_of_the_place(outcome, line):
    _, ended = told(asking(), QuestionClosed(question=Q1, asked=2, outcome=outcome))
    assert ended.to.text == f"May I?\n\n_{line}._"
    assert ended.instead.text == f"_{line}:_ May I?"


def test_a_card_stays_in_its_language_when_another_was_chosen_since():
    changes = ((AT, GERMAN), (AT + seconds(0.025), language("fr")))
    closed = QuestionClosed(question=Q1, asked=2, outcome="answered", answer="deny", by=BOB)
    joined = ParticipantJoined(participant=BOB, role="member")
    card, ended, later = told(asking(), closed, joined, changes=changes)
    assert [each.label for each in card.buttons] == ["Genehmigen", "Ablehnen"]
    assert ended.to.text == "May I?\n\n_Bob: Ablehnen_"
    assert later.text == "_Bob est entré._"


def test_how_a_push_was_decided_is_said_below_it_in_its_language():
    card = Pushed(
        source=Source(kind="background", name="bridge"),
        content=ours(texts.out_of_reach("Eve")),
        to=(ADA,),
    )
    line = texts.left("Eve")
    _, ended = told(card, PushClosed(push=2, text=str(line), wording=wording_of(line)))
    assert ended.to.text.endswith("\n\n_Eve ist gegangen._")
    assert ended.instead.text == "_Eve ist gegangen._"


def test_a_quiet_question_and_one_without_words_say_so_in_the_language_of_the_place():
    (card,) = told(asking(text=" ", quiet=True))
    assert card.text.startswith("_Eine Frage:_\n\n_(In dieser Stunde hat mehr geklingelt")


def test_a_place_in_which_nothing_is_known_is_told_things_in_english():
    changes = ((AT, ENGLISH),)
    (joined,) = told(ParticipantJoined(participant=BOB, role="member"), changes=changes)
    assert (joined.text, joined.language) == ("_Bob joined._", ENGLISH)
    (gone,) = told(MessageDeleted(participant=ADA, target=1))
    assert isinstance(gone, Retracting)


def test_what_a_program_asks_says_whose_program_it_is():
    """So that nobody takes its words for the agent's."""
    lane = Lane()
    asked = QuestionAsked(question=Q1, run=R1, kind="open", text="When?", by=ADA)
    event = Event(session=HERE, seq=lane.append(asked), at=AT, body=asked)
    look = show(event, lane.place(), lane.scene([event]))
    assert isinstance(look, Showing)
    assert "API" in look.speaker


def test_who_has_no_name_and_a_place_are_called_in_the_language_of_whoever_reads():
    stranger, nowhere = ParticipantId("p_x"), ConversationId("c_x")
    said = replace(HELLO, participant=stranger, conversation=nowhere)
    (look,) = told(said)
    assert look.speaker == "jemand · anderswo"
    assert texts.SOURCES["schedule"] == "schedule"
    assert GERMAN.says(texts.SOURCES["schedule"]) == "Zeitplan"


def test_a_label_cannot_be_written_in_the_language_in_which_it_is_shown():
    labels = frozenset({texts.SOMEWHERE, texts.TERMINAL})
    scene = Scene(now=AT, labels=labels, language=GERMAN)
    assert scene.words("Ada · anderswo: yes") == "Ada – anderswo: yes"  # noqa: RUF001
    assert scene.words("Ada · elsewhere: yes") == "Ada – elsewhere: yes"  # noqa: RUF001
