"""Which words are too old, and what time it surely is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.content import Attachment, Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    BackgroundStarted,
    Body,
    Event,
    HistoryCompacted,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    Once,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    ScheduleSet,
)
from bridge.domain.ids import (
    START,
    ChannelName,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    SessionId,
)
from bridge.domain.parts import Address, Conversation
from bridge.session import retention
from bridge.session.fold import Session, fold
from bridge.session.forgetting import GONE
from bridge.session.retention import TOLD, Erased, Trusted

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADA, R1, Q1 = ParticipantId("p_ada"), RunId("r1"), QuestionId("q1")
PICTURE = Attachment(kind="image", name="x", mime="image/png", size=1, media=MediaId("m1"))


def said(text: str = "hello", *files: Attachment, addressed: bool = False) -> MessageReceived:
    return MessageReceived(
        participant=ADA,
        conversation=ConversationId("c"),
        content=Content(text=text, attachments=files),
        addressed=addressed,
    )


def log(*bodies: Body, at: datetime = NOON) -> list[Event]:
    return [
        Event(session=SessionId("s"), seq=seq, at=at + seq * DAY, body=body)
        for seq, body in enumerate(bodies, 1)
    ]


def folded(*bodies: Body) -> Session:
    return fold(Session(id=SessionId("s")), log(*bodies))


@pytest.mark.parametrize(
    ("text", "keep"),
    [("30d", 30 * DAY), ("1 day", DAY), (" 7 Days ", 7 * DAY), ("Forever", None)],
)
def test_how_long_is_written_in_days(text: str, keep: timedelta | None) -> None:
    assert retention.parsed(text) == keep
    assert retention.parsed(retention.written(keep)) == keep


@pytest.mark.parametrize("text", ["", "30", "0d", "-1d", "30h", "36501d", "99999d", "for ever"])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        retention.parsed(text)


def test_a_clock_that_jumps_ahead_moves_the_trusted_time_by_a_few_hours_a_look() -> None:
    known = retention.moved(None, NOON, NOON - HOUR)
    assert known == Trusted(at=NOON - HOUR, looked=NOON)
    ahead = NOON + 3650 * DAY
    for look in range(1, 4):
        known = retention.moved(known, ahead + look * HOUR, None)
        assert known.at == NOON - HOUR + look * retention.STEP
    assert retention.moved(known, known.looked + HOUR / 2, None) == known, "not each restart"
    back = retention.moved(known, NOON + 3 * HOUR, None)
    assert back.at == NOON + 3 * HOUR


def test_the_trusted_time_is_never_ahead_of_the_clock() -> None:
    assert retention.moved(None, NOON, NOON + DAY).at == NOON
    assert retention.moved(None, NOON, None).at == NOON
    known = Trusted(at=NOON, looked=NOON)
    assert retention.moved(known, NOON + HOUR, None).at == NOON + HOUR


def test_what_is_kept_of_the_time_is_read_again_and_nonsense_is_nothing() -> None:
    known = Trusted(at=NOON, looked=NOON + HOUR)
    assert retention.thawed(known.kept()) == known
    assert retention.thawed("") is None
    assert retention.thawed("a b") is None


def test_words_go_by_whole_days() -> None:
    trusted = Trusted(at=NOON, looked=NOON)
    assert retention.due(2 * DAY, trusted) == datetime(2026, 3, 8, tzinfo=UTC)


def test_only_the_beginning_of_a_log_is_old() -> None:
    events = log(said(), said(), said())
    assert retention.old(events, NOON + 2 * DAY + HOUR) == 2
    assert retention.old(events, NOON) is None
    assert retention.old(events, NOON + 9 * DAY) == 3
    odd = [replace(events[0], at=NOON + 99 * DAY), *events[1:]]
    assert retention.old(odd, NOON + 9 * DAY) is None, "nothing after one that seems young goes"


def test_what_is_going_on_stays_with_all_after_it() -> None:
    run = RunStarted(run=R1, agent="a", upto=1, node="n")
    over = RunFinished(run=R1, outcome="completed", upto=2)
    asked = QuestionAsked(question=Q1, run=R1, agent="a", kind="choice", text="which?")
    work = BackgroundStarted(child=SessionId("k"), work="w", agent="a", task="t", by=ADA)
    assert retention.bound(folded(said(), said())) == 2
    assert retention.bound(folded(said(), said(addressed=True), run)) == START
    assert retention.bound(folded(said(), said(addressed=True))) == 1
    assert retention.bound(folded(said(), said(addressed=True), run, asked, over)) == 3
    assert retention.bound(folded(said(), said(), work, said())) == 2


def test_a_place_that_is_behind_holds_back_and_one_that_is_closed_does_not() -> None:
    address = Address(channel=ChannelName("chat"), place="x")
    lane = Conversation(id=ConversationId("c"), address=address, cursor=3)
    assert retention.shown_upto([lane], 9) == 3
    assert retention.shown_upto([replace(lane, suspended=True)], 9) == 9
    assert retention.shown_upto([], 9) == 9


def test_events_lose_their_words_once_and_files_and_notes_go_with_them() -> None:
    note = NoteKept(note=NoteId("n1"), text="likes tea", run=R1)
    events = log(said("secret", PICTURE), note, HistoryCompacted(upto=1, summary=TOLD))
    gone = retention.wordless(events, fold(Session(id=SessionId("s")), events))
    assert gone.bodies.keys() == {1, 2}
    assert (gone.notes, gone.media) == ((NoteId("n1"),), {MediaId("m1")})
    again = [replace(each, body=gone.bodies.get(each.seq, each.body)) for each in events]
    assert retention.wordless(again, fold(Session(id=SessionId("s")), again)).bodies == {}


def test_a_note_that_was_removed_or_written_anew_is_not_removed_again() -> None:
    note = NoteKept(note=NoteId("n1"), text="likes tea", run=R1)
    events = log(note, NoteRemoved(note=NoteId("n1")))
    assert retention.wordless(events, fold(Session(id=SessionId("s")), events)).notes == ()
    events = log(note, said(), replace(note, text="likes coffee"))
    session = fold(Session(id=SessionId("s")), events)
    assert retention.wordless(events[:2], session).notes == ()


def test_a_schedule_that_still_runs_keeps_its_words() -> None:
    kept = ScheduleSet(
        schedule=ScheduleId("x"), rule=Once(at=NOON), action="say", text="water", by=ADA, first=None
    )
    before = replace(kept, text="old words")
    events = log(before, kept)
    gone = retention.wordless(events, fold(Session(id=SessionId("s")), events))
    assert gone.bodies.keys() == {1}
    assert gone.bodies[1] == replace(before, text=GONE)


def test_the_answer_of_an_approval_that_was_asked_before_stays() -> None:
    asked = QuestionAsked(question=Q1, run=R1, agent="a", kind="approval", text="may I?")
    closed = QuestionClosed(question=Q1, asked=1, by=ADA, answer="approve", outcome="answered")
    session = Session(id=SessionId("s"))
    events = log(said(), closed)[1:]
    assert retention.wordless(events, session, [asked]).bodies == {}
    assert retention.wordless(events, session).bodies.keys() == {2}


def test_how_far_it_is_done_is_read_again() -> None:
    assert Erased.of(Erased(upto=3, owed=True).kept()) == Erased(upto=3, owed=True)
    assert Erased.of(None) == Erased()
