"""What a terminal shows of a session: events in, lines out."""

from datetime import UTC, datetime

import pytest

from bridge import catalogs, texts
from bridge.cli.view import View
from bridge.cli.wire import LiveFrame, Person, Place, SessionView
from bridge.domain.content import Attachment, Content, Option, Quote, ours
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ParticipantJoined,
    Preview,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TEA = (Option(id="t", label="Tea"), Option(id="c", label="Coffee"))
ASKED = QuestionAsked(question="q1", run="r1", kind="choice", text="What?", options=TEA)


class Screen:
    """A view, and events put before it one after the other."""

    def __init__(self) -> None:
        self.view = View(me="p_me")
        people = (Person(id="p_me", name="Me"), Person(id="p_ada", name="Ada"))
        places = (Place(id="http:web", label="browser"), Place(id="c_1", label="Telegram"))
        self.view.introduce(SessionView(id="s", title="Main", participants=people, places=places))

    def see(self, body):
        line = self.view.take(Event(session="s", seq=self.view.seen + 1, at=NOW, body=body))
        return None if line is None else (line.look, line.speaker, line.text)


@pytest.fixture
def screen():
    return Screen()


def test_a_message_carries_who_said_it_and_where(screen):
    said = MessageReceived(participant="p_ada", conversation="c_1", content=Content(text="hi"))
    assert screen.see(said) == ("said", "Ada · Telegram", "hi")


def test_plain_words_and_what_a_message_is_about_are_told_apart(screen):
    words = Content(text="2*3*4", literal=True)
    quote = Quote(author="Bob", text="why?")
    said = MessageReceived(participant="p_ada", conversation="c_1", content=words, quote=quote)
    line = screen.view.take(Event(session="s", seq=1, at=NOW, body=said))
    assert (line.text, line.literal, line.about) == ("2*3*4", True, "Bob: why?")
    edited = MessageEdited(participant="p_ada", target=1, content=words)
    assert screen.see(edited)[2] == "_Ada changed a message to:_ 2\\*3\\*4"


def test_whom_and_where_nobody_introduced_is_someone_elsewhere_and_a_stranger(screen):
    said = MessageReceived(participant="p_x", conversation="c_x", content=Content(text="hi"))
    event = Event(session="s", seq=1, at=NOW, body=said)
    assert screen.view.strangers(event)
    assert screen.see(said) == ("said", "someone · elsewhere", "hi")


def test_the_words_beside_a_file_are_words(screen):
    file = Attachment(kind="image", name="cat.png", mime="image/png", size=1, media="m")
    content = Content(text="look", attachments=(file,))
    said = MessageComposed(run="r1", agent="echo", content=content)
    assert screen.see(said) == ("answer", "echo", "look")


def test_files_have_the_number_of_their_event(screen):
    """However much was read before it, and in whatever terminal, it is the same."""
    cat = Attachment(kind="image", name="cat.png", mime="image/png", size=1_200_000, media="m1")
    dog = Attachment(kind="file", name="dog.pdf", mime="application/pdf", size=1, media="m2")
    first = MessageReceived(
        participant="p_ada", conversation="c_1", content=Content(attachments=(cat, dog))
    )
    second = Pushed(source=Source(kind="api"), content=Content(text="x", attachments=(cat,)))
    lines = [
        screen.view.take(Event(session="s", seq=seq, at=NOW, body=body))
        for seq, body in enumerate((first, second), start=81)
    ]
    assert [line.files for line in lines] == [
        ("[81] cat.png (image, 1.2 MB)", "[81.2] dog.pdf (file, 1 byte)"),
        ("[82] cat.png (image, 1.2 MB)",),
    ]
    assert screen.view.files == {(81, 1): cat, (81, 2): dog, (82, 1): cat}


def test_an_event_that_was_seen_is_not_shown_again(screen):
    event = Event(
        session="s", seq=1, at=NOW, body=ParticipantJoined(participant="p_ada", role="member")
    )
    assert screen.view.take(event)
    assert screen.view.take(event) is None


def test_a_run_is_open_from_its_start_to_its_end(screen):
    assert screen.see(RunStarted(run="r1", agent="echo", upto=1, node="n")) is None
    assert (screen.view.run, screen.view.agent) == ("r1", "echo")
    assert screen.see(RunFinished(run="r1", outcome="completed", upto=1)) is None
    assert (screen.view.run, screen.view.position) == (None, 1)


@pytest.mark.parametrize(
    ("finished", "told"),
    [
        (
            RunFinished(run="r1", outcome="cancelled", upto=9, by="p_ada"),
            "_Ada stopped the answer._",
        ),
        (
            RunFinished(run="r1", outcome="failed", upto=0, reason="no key"),
            "_The answer failed: no key. It is tried again._",
        ),
        (
            RunFinished(run="r1", outcome="abandoned", upto=0),
            "_The answer was cut off; it is tried again._",
        ),
        (
            RunFinished(run="r1", outcome="abandoned", upto=0, reason="shutdown"),
            "_The bridge restarted; the answer goes on._",
        ),
        (RunFinished(run="r1", outcome="silent", upto=9), ""),
        (RunFinished(run="r1", outcome="paused", upto=9), ""),
    ],
)
def test_how_a_run_ended_is_told_where_nothing_else_does(screen, finished, told):
    screen.see(RunStarted(run="r1", agent="echo", upto=1, node="n"))
    line = screen.see(finished)
    assert (line or ("", "", ""))[2] == told


def test_previews_of_runs_that_are_over_are_dropped(screen):
    frame = LiveFrame(previews=(Preview(run="r1", revision=1, text="so f"),))
    screen.see(RunStarted(run="r1", agent="echo", upto=1, node="n"))
    screen.view.look(frame)
    assert [preview.text for preview in screen.view.frame.previews] == ["so f"]
    screen.see(RunFinished(run="r1", outcome="completed", upto=1))
    assert screen.view.frame.previews == ()
    screen.view.look(frame)
    assert screen.view.frame.previews == ()


def test_a_question_is_answered_by_number_or_label(screen):
    look, _, text = screen.see(ASKED)
    assert (look, text.splitlines()[2:4]) == ("question", ["1. Tea", "2. Coffee"])
    assert screen.view.chosen("2") == ("q1", TEA[1])
    assert screen.view.chosen(" tea ") == ("q1", TEA[0])
    assert screen.view.chosen("3") is None
    assert screen.view.chosen("tea, please") is None


def test_numbers_answer_the_question_asked_last_until_it_is_closed(screen):
    screen.see(ASKED)
    later = QuestionAsked(question="q2", run="r1", kind="approval", text="Do it?", options=TEA)
    screen.see(later)
    assert screen.view.chosen("1") == ("q2", TEA[0])
    screen.see(QuestionClosed(question="q2", asked=2, outcome="answered", answer="t", by="p_ada"))
    assert screen.view.chosen("1") == ("q1", TEA[0])


@pytest.mark.parametrize(
    ("closed", "told"),
    [
        ({"outcome": "answered", "answer": "t", "by": "p_ada"}, "_Ada: Tea_"),
        (
            {"outcome": "answered", "answer": "t", "by": "p_ada", "conversation": "c_gone"},
            "_Ada · elsewhere: Tea_",
        ),
        ({"outcome": "expired"}, "_Nobody answered in time:_ What?"),
        ({"outcome": "withdrawn"}, "_No longer needed:_ What?"),
    ],
)
def test_how_a_question_was_closed_is_told(screen, closed, told):
    screen.see(ASKED)
    assert screen.see(QuestionClosed(question="q1", asked=1, **closed)) == ("aside", "", told)
    assert screen.view.question() is None


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (ToolCalled(run="r", call="c", name="dice", arguments="{}"), ("tool", "", "dice {}")),
        (ToolReturned(call="c", result="4"), ("tool", "", "→ 4")),
        (ToolReturned(call="c", result="no", failed=True), ("tool", "", "failed: no")),
        (
            Pushed(source=Source(kind="webhook", name="ci"), content=Content(text="green")),
            ("answer", "webhook ci", "green"),
        ),
        (
            Pushed(source=Source(kind="api"), content=Content(text="Well?"), buttons=TEA),
            ("answer", "push", "Well?\n- Tea\n- Coffee"),
        ),
        (
            Triggered(source=Source(kind="schedule", name="daily"), prompt="Sum up"),
            ("aside", "", "_schedule daily asks:_ Sum up"),
        ),
        (
            MessageComposed(run="r", agent="echo", content=Content(text="wait"), kind="interim"),
            ("interim", "echo", "wait"),
        ),
        (
            MessageEdited(participant="p_ada", target=1, content=Content(text="new")),
            ("aside", "", "_Ada changed a message to:_ new"),
        ),
        (
            Transcribed(target=1, media="m", text="hello"),
            ("aside", "", texts.transcript("hello")),
        ),
        (
            MessageDeleted(participant="p_ada", target=1),
            ("aside", "", "_Ada took a message back._"),
        ),
    ],
)
def test_everything_else_that_is_said_or_done_has_its_line(screen, body, line):
    assert screen.see(body) == line


def test_a_new_title_is_told_as_data(screen):
    title = "Plans_ **b**\n# c\x1b[2J"
    told = screen.see(SettingChanged(scope="session", name="title", value=title))
    assert "_This session is called Plans b c 2J now._" in str(told)


def test_a_new_title_is_told_and_kept(screen):
    screen.see(SettingChanged(scope="session", name="title", value="Plans"))
    assert screen.view.title == "Plans"


def test_a_run_that_fails_is_tried_again_however_little_was_read_before_it(screen):
    """Where the position was is not known; what the run read is."""
    first = Event(
        session="s", seq=901, at=NOW, body=RunStarted(run="r1", agent="echo", upto=900, node="n")
    )
    screen.view.take(first)
    failed = RunFinished(run="r1", outcome="failed", upto=890, reason="no key")
    line = screen.view.take(Event(session="s", seq=902, at=NOW, body=failed))
    assert "It is tried again" in line.text
    assert (screen.view.again, screen.view.unanswered) == (True, False)


# -- in other languages ---------------------------------------------------------------------------

APPROVAL = (Option(id="approve", label="Approve"), Option(id="x", label="Deny"))
"""The first is one of our own; the second only has the words of one."""


@pytest.fixture
def german(screen):
    screen.view.language = catalogs.language("de")
    return screen


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (ParticipantJoined(participant="p_ada", role="member"), "_Ada ist beigetreten._"),
        (MessageDeleted(participant="p_ada", target=1), "_Ada hat eine Nachricht zurückgenommen._"),
        (
            RunFinished(run="r1", outcome="abandoned", upto=0, reason="shutdown"),
            "_Die Bridge wurde neu gestartet; die Antwort geht weiter._",
        ),
        (ToolReturned(call="k", result="no file", failed=True), "fehlgeschlagen: no file"),
        (
            SettingChanged(scope="session", name="title", value="Tee", by="p_ada"),
            "_Diese Sitzung heißt jetzt Tee._",
        ),
    ],
)
def test_what_happens_is_told_in_the_language_of_whoever_looks(german, body, text):
    assert german.see(body)[2] == text


def test_what_people_say_stays_and_our_own_places_are_said(german):
    said = MessageReceived(participant="p_ada", conversation="http:web", content=Content(text="hi"))
    assert german.see(said) == ("said", "Ada · Browser", "hi")
    gone = MessageReceived(participant="p_x", conversation="c_9", content=Content(text="hi"))
    assert german.see(gone) == ("said", "jemand · anderswo", "hi")


def test_a_notice_of_the_log_is_said_by_its_wording(german):
    source = Source(kind="background", name="bridge")
    undo = (Option(id="u:1", label="Undo"),)
    notice = Pushed(source=source, content=ours(texts.joined("Ada")), buttons=undo, to=())
    assert german.see(notice) == ("answer", "bridge", "_Ada ist beigetreten._\n- Rückgängig machen")
    push = Pushed(source=Source(kind="schedule"), content=Content(text="Yes"), buttons=undo)
    assert german.see(push) == ("answer", "Zeitplan", "Yes\n- Undo")


def test_our_own_answers_are_shown_and_typed_in_that_language(german):
    """Only those that the bridge itself offers: by its id and its label."""
    asked = QuestionAsked(question="q", run="r", kind="approval", text="May I?", options=APPROVAL)
    _, _, text = german.see(asked)
    assert "1. Genehmigen\n2. Deny" in text
    assert "_Antworte mit einer Zahl von 1 bis 2._" in text
    for typed in ("genehmigen", "Approve", "1"):
        assert german.view.chosen(typed)[1].id == "approve"
    assert german.view.chosen("Ablehnen") is None
    closed = QuestionClosed(question="q", asked=1, outcome="answered", answer="approve", by="p_ada")
    assert "Genehmigen" in german.see(closed)[2]
