"""What is sent of a log to an address: which events, under which names, how far."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bridge.delivery.subscription import (
    MOST_BYTES,
    OVERLAP,
    Cursor,
    Subscription,
    envelope,
    gone_in,
    still_said,
)
from bridge.domain.content import Content
from bridge.domain.epoch import FIRST, Epoch
from bridge.domain.events import (
    Body,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    QuestionClosed,
    Quote,
    Redacted,
    RunFinished,
    Transcribed,
)
from bridge.domain.ids import ConversationId, MediaId, ParticipantId, QuestionId, RunId, SessionId

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MAIN, ADA, PLACE = SessionId("s_main"), ParticipantId("p_ada"), ConversationId("c_1")


def event(seq: int, body: Body, at: datetime = NOW) -> Event:
    return Event(session=MAIN, seq=seq, at=at, body=body)


def said(text: str, **more) -> MessageReceived:
    return MessageReceived(participant=ADA, conversation=PLACE, content=Content(text=text), **more)


def subscription(**more) -> Subscription:
    made = NOW.isoformat()
    return Subscription(id="sub_1", by=ADA, url="https://a.example", secret="s", made=made, **more)


# -- which events ---------------------------------------------------------------------------------


def test_all_kinds_are_wanted_or_those_that_are_named():
    heard = event(1, said("x"))
    assert subscription(session=MAIN).wants(heard)
    assert subscription(session=MAIN, kinds=("message_received",)).wants(heard)
    assert not subscription(session=MAIN, kinds=("run_started",)).wants(heard)


def test_of_all_sessions_nothing_is_wanted_that_was_before():
    heard = event(1, said("x"), NOW - timedelta(seconds=1))
    assert not subscription().wants(heard)
    assert subscription().wants(event(2, said("x")))


def test_of_a_question_its_end_alone_is_wanted():
    waits = subscription(session=MAIN, question="q_1")
    ends = QuestionClosed(question=QuestionId("q_1"), asked=1, outcome="answered")
    other = QuestionClosed(question=QuestionId("q_2"), asked=1, outcome="answered")
    assert waits.wants(event(3, ends))
    assert not waits.wants(event(3, other))
    assert not waits.wants(event(3, said("x")))


# -- names and secrets ----------------------------------------------------------------------------


def test_a_name_is_the_session_and_the_number_and_after_a_restore_the_epoch():
    heard = event(7, said("x"))
    restored = Epoch(id="0000000000000009", began=NOW - timedelta(hours=1))
    assert subscription().name_of(heard, FIRST) == "s_main:7"
    assert subscription().name_of(heard, restored) == "s_main:7:0000000000000009"
    before = event(7, said("x"), NOW - timedelta(hours=2))
    assert subscription().name_of(before, restored) == "s_main:7"
    assert subscription(question="q_1").name_of(heard, FIRST) == "s_main:7:answer"


def test_the_secret_before_signs_too_for_a_day():
    changed = subscription().rotated("new", NOW)
    assert subscription().secrets(NOW) == ("s",)
    assert changed.secrets(NOW + OVERLAP / 2) == ("new", "s")
    assert changed.secrets(NOW + OVERLAP) == ("new",)


def test_a_secret_stands_in_no_log():
    assert "secret" not in repr(subscription())


# -- what is sent ---------------------------------------------------------------------------------


def test_a_body_has_its_kind_its_time_and_its_session():
    body = json.loads(envelope("message_received", MAIN, NOW, {"seq": 1, "x": "é"}))
    assert body == {
        "type": "message_received",
        "timestamp": NOW.isoformat(),
        "session": MAIN,
        "data": {"seq": 1, "x": "é"},
    }


def test_what_is_too_large_is_sent_without_its_words():
    body = envelope("message_received", MAIN, NOW, {"seq": 1, "x": "x" * MOST_BYTES})
    told = json.loads(body)
    assert (told["data"], told["cut"]) == ({"seq": 1, "type": "message_received"}, True)


def test_what_takes_words_back_is_known():
    deleted = MessageDeleted(participant=ADA, target=2, earlier=(3,))
    events = [event(4, deleted), event(5, Redacted(target=1)), event(6, said("x"))]
    assert gone_in(events) == {1, 2, 3}


@pytest.mark.parametrize(
    "body",
    [
        said("a secret"),
        said("a secret", again=1),
        said("a secret", again=2),
        MessageEdited(participant=ADA, target=1, content=Content(text="a secret")),
        Transcribed(target=1, media=MediaId("m"), text="a secret"),
    ],
)
def test_words_that_were_taken_back_are_not_sent(body):
    kept = event(2, body)
    assert "a secret" not in str(still_said(kept, {1, 2}))
    assert still_said(kept, {9}) is kept


def test_a_reply_to_what_was_taken_back_does_not_quote_it():
    quote = Quote(author="Bob", text="a secret")
    reply = event(2, said("I see", reply_to=1, quote=quote))
    told = still_said(reply, {1})
    assert "I see" in str(told)
    assert "a secret" not in str(told)
    assert still_said(reply, {9}) is reply


def test_what_is_nobodys_words_stays():
    ended = event(3, RunFinished(run=RunId("r"), upto=2, outcome="completed"))
    assert still_said(ended, {1, 3}) is ended


# -- how far --------------------------------------------------------------------------------------


def test_a_cursor_moves_on_and_forgets_its_failures():
    failing = Cursor(seq=3, tries=2, since="x", tried="x", due_at="x", error="x")
    assert failing.past(4) == Cursor(seq=4)
    assert failing.past(4, "refused") == Cursor(seq=4, dead=((4, "refused"),))
    assert Cursor(seq=9).past(4) == Cursor(seq=9)


def test_what_was_given_up_is_sent_once_more_first():
    again = Cursor(seq=9, dead=((7, "a"), (4, "b"))).retried()
    assert (again.again, again.dead) == ((4, 7), ())
    assert again.past(4) == Cursor(seq=9, again=(7,))
    assert again.past(4, "refused") == Cursor(seq=9, again=(7,), dead=((4, "refused"),))


def test_what_is_dropped_is_owed_no_more():
    owed = Cursor(seq=4, tries=1, dead=((2, "a"), (4, "b")), again=(1, 3))
    assert owed.dropped(3) == Cursor(seq=4, dead=((4, "b"),))
    assert Cursor.dropped_upto(9)(owed) == Cursor(seq=9)


def test_what_is_kept_is_read_as_it_was():
    one = subscription(session=MAIN, kinds=("run_started",))
    assert Subscription.read(one.written()) == one
    far = Cursor(seq=4, tries=1, dead=((2, "a"),), again=(1,))
    assert Cursor.read(far.written()) == far
