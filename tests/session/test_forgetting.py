"""What a log says once somebody is forgotten: their words, and what repeats them, are gone."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.codec import kind_of
from bridge.domain.commands import Forget
from bridge.domain.content import Attachment, Content, Option, Quote
from bridge.domain.events import (
    BODIES,
    SHUTDOWN,
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    Body,
    ConversationLinked,
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    Once,
    ParticipantJoined,
    ParticipantMerged,
    PlannedCall,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RunFinished,
    RunStarted,
    ScheduleSet,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
    Usage,
    UsageReported,
)
from bridge.domain.ids import (
    START,
    CallId,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    SessionId,
)
from bridge.domain.records import replace
from bridge.session.decide import decide
from bridge.session.fold import Session, evolve
from bridge.session.forgetting import (
    GONE,
    Forgotten,
    Stays,
    forgotten,
    kept_events,
    kept_of,
    without_words,
)
from bridge.session.forgotten_words import Sought
from tests import strategies

AT = datetime(2030, 1, 1, tzinfo=UTC)
EVE, BOB, OLD = ParticipantId("p_eve"), ParticipantId("p_bob"), ParticipantId("p_old")
DM, ROOM = ConversationId("c_dm"), ConversationId("c_room")
HERS, HIS = RunId("r_hers"), RunId("r_his")
C1, C2 = CallId("c1"), CallId("c2")
LONG = "the long story of my life, all of it"
PICTURE = Attachment(kind="image", name="me.png", mime="image/png", size=1, media=MediaId("m1"))


def said(by: ParticipantId, text: str, *files: Attachment, quote: Quote | None = None) -> Body:
    content = Content(text=text, attachments=files)
    return MessageReceived(participant=by, conversation=DM, content=content, quote=quote)


def asked(question: str, run: RunId, kind, text: str = "?", call: PlannedCall | None = None):
    options = (Option(id="Tea", label="Tea"),) if kind == "choice" else ()
    return QuestionAsked(
        question=QuestionId(question), run=run, kind=kind, text=text, options=options, call=call
    )


def closed(question: str, answer: str, by: ParticipantId = BOB) -> Body:
    return QuestionClosed(
        question=QuestionId(question), asked=1, outcome="answered", answer=answer, by=by
    )


def composed(run: RunId, text: str, *files: Attachment) -> Body:
    return MessageComposed(
        run=run, agent="a", content=Content(text=text, attachments=files), kind="final"
    )


def ended(run: RunId, asker: ParticipantId, reason: str = "") -> Body:
    return RunFinished(run=run, outcome="completed", upto=1, asker=asker, reason=reason)


API = Source(kind="api")


def pushed(text: str, source: Source = API, **more) -> Body:
    return Pushed(source=source, content=Content(text=text), **more)


JOINED = ParticipantJoined(participant=EVE, role="member")


def log_of(*bodies: Body) -> list[Event]:
    return [Event(session=SessionId("s"), seq=n, at=AT, body=b) for n, b in enumerate(bodies, 1)]


def sought(log: list[Event], names: tuple[str, ...]) -> Sought:
    kept = kept_of(log, [EVE])
    return Sought(names, kept.texts, kept.media)


def without(*bodies: Body, names: tuple[str, ...] = ("Eve",), here: bool = True) -> Forgotten:
    """Forget Eve in a log of these events, numbered from 1. `here`: at last she joins."""
    log = log_of(*bodies, *([JOINED] if here else []))
    gone = forgotten(log, [EVE], sought(log, names))
    for seq, body in gone.bodies.items():
        assert kind_of(body) == kind_of(bodies[seq - 1])
    return gone


HER_RUN = ended(HERS, EVE)
CALL = PlannedCall(call=C1, name="look", arguments='{"of": 1}')

ASKED_BY_HER = [said(EVE, "x"), RunStarted(run=HERS, agent="a", upto=1, node="n")]

THEIRS = {
    "what she said": [said(EVE, "x")],
    "what she corrected": [
        MessageEdited(participant=EVE, target=1, content=Content(text="x")),
    ],
    "her voice": [
        Transcribed(target=2, media=MediaId("m"), text="x"),
        said(EVE, "x"),
    ],
    "who became her": [said(OLD, "x"), ParticipantMerged(participant=OLD, into=EVE)],
    "her title": [SettingChanged(scope="session", name="title", value="x", by=EVE)],
    "her name in a title": [SettingChanged(scope="session", name="title", value="Eve's", by=BOB)],
    "a call of her run": [ToolCalled(run=HERS, call=C1, name="n", arguments='{"x": 1}'), HER_RUN],
    "a call that names her": [ToolCalled(run=HIS, call=C1, name="n", arguments='{"x": "Eve"}')],
    "a result that names her": [ToolReturned(call=C2, result="Eve did")],
    "an answer to her": [composed(HERS, "x"), HER_RUN],
    "an answer to her that was cut off": [
        composed(HERS, "x"),
        UsageReported(run=HERS, usage=Usage(), agent="a", asker=EVE),
    ],
    "an answer that names her": [composed(HIS, "as Eve said")],
    "why a run of hers failed": [ended(HERS, EVE, "x")],
    "why his failed, of her": [ended(HIS, BOB, "Eve's file")],
    "a question of her run": [asked("q", HERS, "choice"), HER_RUN],
    "an approval of her run": [asked("q", HERS, "approval", call=CALL), HER_RUN],
    "a question that names her": [asked("q", HIS, "open", "is it Eve?")],
    "her answer": [closed("q", "x", EVE)],
    "what is for her alone": [pushed("x", to=(EVE,))],
    "what the bridge says of her": [pushed("Eve came")],
    "what was decided about her": [PushClosed(push=9, text="Eve was let in")],
    "an answer to her that was stopped": [
        *ASKED_BY_HER,
        composed(HERS, "x"),
        RunFinished(run=HERS, outcome="cancelled", upto=1),
    ],
    "a call for her program that failed": [
        Triggered(source=Source(kind="api"), prompt="x", by=EVE),
        RunStarted(run=HERS, agent="a", upto=1, node="n"),
        ToolCalled(run=HERS, call=C1, name="n", arguments='{"x": 1}'),
        RunFinished(run=HERS, outcome="failed", upto=0),
    ],
    "her schedule": [
        ScheduleSet(
            schedule=ScheduleId("d"), rule=Once(at=AT), action="say", text="x", first=AT, by=EVE
        )
    ],
    "what her program asked": [Triggered(source=Source(kind="api"), prompt="x", by=EVE)],
    "a note about her": [NoteKept(note=NoteId("n"), text="x", about=EVE)],
    "a note of her run": [NoteKept(note=NoteId("n"), text="x", run=HERS), HER_RUN],
}


@pytest.mark.parametrize("what", THEIRS)
def test_it_is_gone(what: str):
    gone = without(*THEIRS[what])
    assert 1 in gone.bodies
    assert gone.bodies[1] != THEIRS[what][0]
    assert not [
        each
        for seq, each in enumerate(THEIRS[what], 1)
        if isinstance(each, MessageComposed | ToolCalled) and gone.bodies[seq] == each
    ]


(HER_SCHEDULE,) = THEIRS["her schedule"]

STAYS = {
    "what he said": [said(BOB, "Eve, come here")],
    "an answer to him": [composed(HIS, "hello Bob"), ended(HIS, BOB)],
    "a word that has her name in it": [composed(HIS, "in the Evening")],
    "a title of his": [SettingChanged(scope="session", name="title", value="x", by=BOB)],
    "a call of his": [ToolCalled(run=HIS, call=C2, name="n", arguments="{}")],
    "a result of his": [ToolReturned(call=C2, result="x")],
    "why a run of hers was cut off": [ended(HERS, EVE, SHUTDOWN)],
    "why a run of his failed": [ended(HIS, BOB, "x")],
    "a question of his": [asked("q", HIS, "open")],
    "his answer": [closed("q", "x")],
    "what she allowed": [closed("q", "allow", EVE), asked("q", HIS, "approval")],
    "a push": [pushed("x", to=(BOB, EVE))],
    "what was decided": [PushClosed(push=9, text="x")],
    "a push of a hook that is called as her schedule is": [
        pushed("x", Source(kind="webhook", name="d")),
        HER_SCHEDULE,
    ],
    "a prompt of a hook that is called as her schedule is": [
        Triggered(source=Source(kind="webhook", name="d"), prompt="x"),
        HER_SCHEDULE,
    ],
    "a trigger": [Triggered(source=Source(kind="api"), prompt="x")],
    "his schedule": [
        ScheduleSet(
            schedule=ScheduleId("d"), rule=Once(at=AT), action="say", text="x", first=AT, by=BOB
        )
    ],
    "a prompt of his program": [Triggered(source=Source(kind="api"), prompt="ask Eve", by=BOB)],
    "a setting that has her name": [
        SettingChanged(scope="session", name="model", value="Eve", by=BOB)
    ],
    "what his schedule says of her": [
        ScheduleSet(
            schedule=ScheduleId("d"), rule=Once(at=AT), action="say", text="Eve", first=AT, by=BOB
        )
    ],
    "what his schedule said of her": [pushed("Eve", Source(kind="schedule", name="d"))],
    "a note": [NoteKept(note=NoteId("n"), text="x", about=BOB, by=BOB)],
    "a summary of before she spoke": [HistoryCompacted(upto=1, summary="x"), said(EVE, "x")],
    "his voice": [Transcribed(target=2, media=MediaId("m"), text="x")],
    "that a run began": [RunStarted(run=HERS, agent="a", upto=1, node="n"), HER_RUN],
    "what he quotes": [said(BOB, "x", quote=Quote(author="Cy", text="y"))],
    "that it was deleted": [MessageDeleted(participant=EVE, target=1)],
}


@pytest.mark.parametrize("what", STAYS)
def test_it_stays(what: str):
    assert 1 not in without(*STAYS[what]).bodies


def test_what_repeats_a_long_text_of_hers_goes_and_what_repeats_a_short_one_stays():
    gone = without(
        said(EVE, LONG), said(EVE, "yes"), composed(HIS, f"so: {LONG}."), composed(HIS, "yes")
    )
    assert sorted(gone.bodies) == [1, 2, 3]


def test_her_schedule_takes_along_what_it_said_and_asked():
    by_it = Source(kind="schedule", name="d")
    gone = without(*THEIRS["her schedule"], pushed("x", by_it), Triggered(source=by_it, prompt="x"))
    assert sorted(gone.bodies) == [1, 2, 3]


def test_a_push_takes_along_how_it_was_decided_and_a_call_its_result():
    call = ToolCalled(run=HIS, call=C1, name="n", arguments='{"of": "Eve"}')
    gone = without(
        pushed("Eve came"), PushClosed(push=1, text="x"), call, ToolReturned(call=C1, result="x")
    )
    assert sorted(gone.bodies) == [1, 2, 3, 4]


def test_an_approval_keeps_what_was_decided_and_a_choice_does_not():
    gone = without(
        asked("q1", HERS, "approval", call=CALL),
        closed("q1", "allow"),
        asked("q2", HERS, "choice"),
        closed("q2", "Tea"),
        asked("q3", HERS, "approval"),
        HER_RUN,
    )
    assert sorted(gone.bodies) == [1, 3, 4, 5]
    approval, choice = gone.bodies[1], gone.bodies[3]
    assert isinstance(approval, QuestionAsked)
    assert isinstance(choice, QuestionAsked)
    assert approval.call == PlannedCall(call=C1, name="look", arguments="{}")
    assert choice.options == ()


def test_a_quotation_of_hers_goes_and_his_own_words_stay():
    gone = without(said(BOB, "look", quote=Quote(author="Eve", text="x")))
    assert gone.bodies[1] == said(BOB, "look")


@pytest.mark.parametrize("quoted", ["I am preg…", "I am pregnant"])
def test_a_short_or_cut_quotation_goes_whoever_it_says_wrote_it(quoted: str):
    looks = said(BOB, "look", quote=Quote(author="Evelyn of old", text=quoted))
    gone = without(said(EVE, "I am  pregnant, and glad"), looks)
    assert gone.bodies[2] == said(BOB, "look")


def test_a_quotation_in_a_reply_to_her_goes():
    looks = MessageReceived(
        participant=BOB,
        conversation=DM,
        content=Content(text="look"),
        reply_to=1,
        quote=Quote(author="E", text="in the app's own words"),
    )
    assert without(said(EVE, "x"), looks).bodies[2] == replace(looks, quote=None)


REPEATED = {
    "what she spoke": [said(EVE, ""), Transcribed(target=1, media=MediaId("m"), text=LONG)],
    "what she answered": [asked("q", HIS, "open"), closed("q", LONG, EVE)],
    "what her program asked": [Triggered(source=Source(kind="api"), prompt=LONG, by=EVE)],
    "her title": [SettingChanged(scope="session", name="title", value=LONG, by=EVE)],
}


@pytest.mark.parametrize("what", REPEATED)
def test_what_repeats_her_goes_also_in_another_session(what: str):
    kept = kept_of(log_of(*REPEATED[what]), [EVE])
    other = log_of(composed(HIS, f"so: {LONG}."), composed(HIS, "hello"))
    assert [*forgotten(other, [EVE], Sought((), kept.texts)).bodies] == [1]


def test_a_name_that_may_be_a_word_is_looked_for_only_where_she_was():
    answer = composed(HIS, "the members always may")
    assert 1 in without(answer, names=("members",)).bodies
    assert not without(answer, names=("members",), here=False).bodies
    named = composed(HIS, "by Eve Adams, 4711")
    assert 1 in without(named, names=("Eve Adams",), here=False).bodies
    assert 1 in without(named, names=("4711",), here=False).bodies


def test_a_summary_since_she_spoke_stands_for_nothing():
    gone = without(said(EVE, "x"), HistoryCompacted(upto=1, summary="x"))
    assert gone.bodies[2] == HistoryCompacted(upto=START, summary=GONE)


def test_her_files_go_with_what_shows_them_and_what_others_sent_too_stays():
    other = Attachment(kind="file", name="b", mime="b/b", size=1, media=MediaId("m2"))
    gone = without(
        said(EVE, "x", PICTURE, other),
        composed(HIS, "here", PICTURE),
        Pushed(source=Source(kind="api"), content=Content(attachments=(PICTURE,))),
        said(BOB, "mine", other),
    )
    assert sorted(gone.bodies) == [1, 2, 3]
    assert {*gone.media} - {*gone.others} == {PICTURE.media}
    assert gone.others == {other.media}


def test_places_notes_and_the_title_are_told():
    gone = without(
        ConversationLinked(conversation=ROOM, by=EVE),
        said(EVE, "x"),
        SettingChanged(scope="session", name="title", value="x", by=BOB),
        SettingChanged(scope="session", name="title", value="x", by=EVE),
        NoteKept(note=NoteId("n"), text="x", by=EVE),
        said(BOB, "where is Eve? Eve!"),
    )
    assert (gone.places, gone.title, gone.notes, gone.shown) == ({ROOM}, True, [NoteId("n")], [2])
    assert gone.named == 1


def test_names_that_are_too_short_to_mean_anybody_are_not_looked_for():
    assert not without(composed(HIS, "Al did it"), names=("Al",)).bodies
    assert not without(composed(HIS, "nobody"), names=()).bodies


def test_what_is_kept_of_somebody_is_what_is_theirs_and_what_they_had_a_part_in():
    bodies = [
        ParticipantJoined(participant=EVE, role="member"),
        said(EVE, "x"),
        said(BOB, "Eve?", quote=Quote(author="Eve", text="x")),
        composed(HIS, "hello Bob"),
        composed(HIS, "hello Eve"),
        ended(HIS, BOB),
    ]
    log = log_of(*bodies)
    kept = kept_events(log, [EVE], sought(log, ("Eve",)))
    assert [each.seq for each in kept] == [1, 2, 5]


def test_everyone_is_told_once_of_each():
    drafts = decide(
        Session(id=SessionId("s")), Forget(targets=(3, 5), notes=(NoteId("n"),)), now=AT
    )
    assert [each.body for each in drafts][:2] == [Redacted(target=3), Redacted(target=5)]
    assert [each.key for each in drafts] == ["redacted:3", "redacted:5", "forgotten:n"]


def test_tasks_questions_and_reports_of_work_for_them_go():
    """So do those that name them, whomever they were for."""
    hers, his = SessionId("bg_hers"), SessionId("bg_his")
    report = Source(kind="background", name=hers)
    question = replace(
        asked("bg_hers.4", RunId("bg_hers.4"), "open", "Which of hers?"), background=hers
    )
    other = replace(asked("bg_his.4", RunId("bg_his.4"), "open", "Which of his?"), background=his)
    log = log_of(
        JOINED,
        BackgroundStarted(child=hers, task="Find my letters.", told="They are blue.", by=EVE),
        BackgroundStarted(child=his, task="Count.", by=BOB),
        BackgroundStarted(child=SessionId("bg_x"), task="Ask Eve Adams.", by=BOB),
        question,
        other,
        Triggered(source=report, prompt="I found them.", by=EVE),
        Triggered(source=Source(kind="background", name=his), prompt="Eve Adams has it.", by=BOB),
        Triggered(source=Source(kind="background", name=his), prompt="It is 3.", by=BOB),
        BackgroundStopped(children=(hers,), by=EVE),
        BackgroundBegun(parent=SessionId("s")),
    )
    found = forgotten(log, {EVE}, Sought({"Eve Adams"}, ()))
    assert sorted(found.bodies) == [2, 4, 5, 7, 8]
    assert found.bodies[2] == BackgroundStarted(child=hers, task=GONE, by=EVE)
    assert found.bodies[5].text == GONE
    assert {found.bodies[7].prompt, found.bodies[8].prompt} == {GONE}


# -- all words, whoever's they are ----------------------------------------------------------------

SECRET = "the quick brown fox"


@given(body=strategies.bodies())
def test_what_has_words_stays_of_its_kind_and_says_nothing_any_more(body: Body):
    """A second time nothing changes."""
    gone = without_words(body)
    assert kind_of(gone) == kind_of(body)
    assert without_words(gone) == gone
    assert isinstance(body, Stays) == isinstance(gone, Stays)
    if isinstance(body, Stays):
        assert gone is body


WORDS = ("text", "result", "arguments", "prompt", "task", "told", "summary", "answer", "quote")


@pytest.mark.parametrize("kind", [each for each in BODIES if each not in get_args(Stays)])
@settings(max_examples=20)
@given(data=st.data())
def test_no_text_of_a_body_with_words_is_left(kind: type[Body], data: st.DataObject):
    """Whatever field it stood in, but for what names something: ids, tools and agents."""
    gone = without_words(data.draw(st.from_type(kind)))
    for each in WORDS:
        assert getattr(gone, each, "") in {GONE, "", "{}", None}
    content = getattr(gone, "content", None)
    assert content in {None, Content(text=GONE, literal=True)}
    if isinstance(gone, QuestionAsked) and gone.call is not None:
        assert gone.call.arguments == "{}"


def test_an_approval_keeps_its_buttons_and_its_answer_a_choice_neither():
    yes = Option(id="approve", label="Approve")
    asked = QuestionAsked(
        question=QuestionId("q"), run=HERS, kind="choice", text=SECRET, options=(yes,)
    )
    call = PlannedCall(call=CallId("c"), name="send", arguments='{"to": "fox"}')
    approval = QuestionAsked(
        question=QuestionId("q"), run=HERS, kind="approval", text=SECRET, options=(yes,), call=call
    )
    closed = QuestionClosed(question=QuestionId("q"), asked=1, outcome="answered", answer="approve")
    assert without_words(asked).options == ()
    kept = without_words(approval)
    assert (kept.options, kept.text, kept.call.arguments) == ((yes,), GONE, "{}")
    assert without_words(closed, kind="approval") == closed
    assert without_words(closed, kind="choice").answer == GONE
    assert without_words(closed).answer == GONE


def test_what_works_stays_and_so_does_why_the_bridge_ended_a_run():
    title = SettingChanged(scope="session", name="title", value=SECRET)
    over = RunFinished(run=RunId("r"), outcome="abandoned", upto=1, reason="shutdown")
    failed = RunFinished(run=RunId("r"), outcome="failed", upto=1, reason=SECRET)
    linked = ConversationLinked(conversation=DM)
    assert [without_words(each) for each in (title, over, linked)] == [title, over, linked]
    assert without_words(failed).reason == GONE


def test_what_is_quoted_goes_with_the_words():
    quoting = said(BOB, SECRET, quote=Quote(author="Bob", text=SECRET))
    assert without_words(quoting).quote is None


@settings(max_examples=40)
@given(st.lists(strategies.bodies(), max_size=12))
def test_a_log_without_its_words_folds_to_the_same_course(bodies: list[Body]):
    """Runs, roles, places and positions are what they were."""
    kept, gone = Session(id=SessionId("s")), Session(id=SessionId("s"))
    for seq, body in enumerate(bodies, start=1):
        kept = evolve(kept, Event(session=SessionId("s"), seq=seq, at=AT, body=body))
        without = without_words(body)
        gone = evolve(gone, Event(session=SessionId("s"), seq=seq, at=AT, body=without))
    assert gone.open_run == kept.open_run
    assert gone.participants == kept.participants
    assert gone.conversations == kept.conversations
    assert (gone.position, gone.wanted, gone.unread) == (kept.position, kept.wanted, kept.unread)
    assert gone.questions.keys() == kept.questions.keys()
