"""What is stored is read again as it was, for good."""

import dataclasses
import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.codec import TYPES, decode, encode, to_json, type_name
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import Refused, StoreError
from bridge.domain.events import (
    BODIES,
    Body,
    Event,
    Every,
    MessageComposed,
    MessageReceived,
    NoteKept,
    Once,
    RunFinished,
    ScheduleSet,
    SessionArchived,
    Usage,
)
from bridge.domain.ids import (
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    RunId,
    ScheduleId,
    SessionId,
)
from tests.strategies import bodies

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HELLO = MessageReceived(
    participant=ParticipantId("p_1"),
    conversation=ConversationId("c_1"),
    content=Content(text="Hello"),
)


@given(bodies())
def test_every_body_is_read_again_as_it_was(body: Body):
    assert decode(encode(body)) == body


@pytest.mark.parametrize("kind", BODIES)
def test_each_kind_of_body_has_its_own_name(kind: type[Body]):
    assert TYPES[type_name(kind)] is kind


def test_what_is_stored_is_compact_and_leaves_defaults_out():
    assert encode(HELLO) == (
        '{"type":"message_received","v":1,"participant":"p_1","conversation":"c_1",'
        '"content":{"text":"Hello"}}'
    )


def test_a_body_without_fields_is_stored_as_its_type():
    assert encode(SessionArchived()) == '{"type":"session_archived","v":1}'
    assert decode('{"type":"session_archived","v":1}') == SessionArchived()


def test_letters_of_every_script_are_stored_as_they_are():
    note = NoteKept(note=NoteId("n_1"), text="Größe 東京 🚀 \u0000 \u2028")
    assert "東京 🚀" in encode(note)
    assert decode(encode(note)) == note


def test_the_offset_of_a_time_is_kept_to_the_microsecond():
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    schedule = ScheduleSet(
        schedule=ScheduleId("x"),
        rule=Every(seconds=60, start=there),
        action="say",
        text="",
        first=AT,
    )
    read = decode(encode(schedule))
    assert isinstance(read, ScheduleSet)
    assert read == schedule
    assert read.first is not None
    assert read.first.tzinfo is not None


def test_a_rule_is_read_as_the_kind_it_was():
    once = ScheduleSet(
        schedule=ScheduleId("x"), rule=Once(at=AT), action="say", text="", first=None
    )
    read = decode(encode(once))
    assert isinstance(read, ScheduleSet)
    assert read.rule == Once(at=AT)


def test_a_lone_surrogate_is_refused():
    broken = dataclasses.replace(HELLO, content=Content(text="\ud83d"))
    with pytest.raises(Refused, match="not text"):
        encode(broken)


@pytest.mark.parametrize("cost", [math.nan, math.inf])
def test_a_cost_that_is_no_number_is_refused(cost: float):
    with pytest.raises(Refused, match="number"):
        encode(
            RunFinished(run=RunId("r"), outcome="completed", upto=1, usage=Usage(cost=cost)),
        )


def _split_name(fields):
    first, _, last = fields.pop("name").partition(" ")
    return {**fields, "first": first, "last": last}


def _join_text(fields):
    return {"note": fields["note"], "text": f"{fields['last']}, {fields['first']}"}


UPCASTS = {("note_kept", 1): _split_name, ("note_kept", 2): _join_text}


def test_an_old_version_is_brought_up_step_by_step():
    old = '{"type":"note_kept","v":1,"note":"n","name":"Ada Lovelace"}'
    assert decode(old, upcasts=UPCASTS) == NoteKept(note=NoteId("n"), text="Lovelace, Ada")


def test_a_version_between_starts_at_its_own_step():
    middle = '{"type":"note_kept","v":2,"note":"n","first":"Ada","last":"Lovelace"}'
    assert decode(middle, upcasts=UPCASTS) == NoteKept(note=NoteId("n"), text="Lovelace, Ada")


def test_what_is_written_carries_the_newest_version():
    note = NoteKept(note=NoteId("n"), text="x")
    assert json.loads(encode(note, upcasts=UPCASTS))["v"] == 3
    assert decode(encode(note, upcasts=UPCASTS), upcasts=UPCASTS) == note


@pytest.mark.parametrize(
    "text", ['{"type":"note_kept","v":2,"note":"n","text":""}', '{"type":"teleported","v":1}']
)
def test_what_a_newer_bridge_wrote_is_not_guessed_at(text: str):
    with pytest.raises(StoreError, match=r"newer bridge: upgrade Bridgehead"):
        decode(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":"note_kept","v":[]}',
        '{"type":"note_kept"}',
        '{"type":"note_kept","v":1}',
        "{'a'",
    ],
)
def test_a_damaged_event_is_said_to_be_damaged(text: str):
    with pytest.raises(StoreError, match="damaged"):
        decode(text)


def test_a_damaged_event_is_reported_without_its_words():
    with pytest.raises(StoreError) as caught:
        decode('{"type":"note_kept","v":1,"note":["a secret"],"text":"a secret"}')
    assert "secret" not in str(caught.value)
    assert "note" in str(caught.value)


def test_on_the_wire_an_event_has_its_number_its_time_and_its_type():
    attachment = Attachment(
        kind="image", name="a.png", mime="image/png", size=3, media=MediaId("m_1")
    )
    event = Event(
        session=SessionId("s_1"),
        seq=7,
        at=AT.astimezone(timezone(timedelta(hours=2))),
        body=MessageComposed(
            run=RunId("r_1"), agent="echo", content=Content(attachments=(attachment,))
        ),
        key="never shown",
    )
    assert to_json(event) == {
        "seq": 7,
        "at": "2026-01-02T03:04:05.678901Z",
        "type": "message_composed",
        "run": "r_1",
        "agent": "echo",
        "content": {
            "attachments": [
                {"kind": "image", "name": "a.png", "mime": "image/png", "size": 3, "media": "m_1"}
            ]
        },
    }


@given(bodies(), st.integers(min_value=1, max_value=2**53))
def test_every_event_fits_the_wire(body: Body, seq: int):
    wire = json.loads(json.dumps(to_json(Event(session=SessionId("s"), seq=seq, at=AT, body=body))))
    assert wire["type"] == type_name(type(body))
    assert wire["seq"] == seq
