"""A session as a file: what its lines say, and that a cut or changed file is noticed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.codec import decode, encode
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Event,
    MessageReceived,
    ParticipantMerged,
    QuestionAsked,
    SettingChanged,
)
from bridge.domain.ids import (
    ChannelName,
    ConversationId,
    MediaId,
    ParticipantId,
    QuestionId,
    RunId,
    SessionId,
)
from bridge.domain.parts import Address, Conversation
from bridge.domain.session_file import (
    Named,
    Seal,
    bytes_line,
    event_line,
    file_line,
    participant_line,
    place_line,
    session_line,
)
from tests.strategies import TIMES, bodies

P, C, M = ParticipantId, ConversationId, MediaId


@given(
    body=bodies(),
    at=TIMES,
    seq=st.integers(1, 2**53),
    key=st.none() | st.text("ab\n\"'", max_size=9),
)
def test_an_event_is_one_line_with_its_body_as_it_is_stored(body, at, seq, key):
    line = event_line(Event(session=SessionId("s"), seq=seq, at=at, body=body, key=key))
    assert line.count(b"\n") == 1
    assert line.endswith(b"," + b'"body":' + encode(body).encode() + b"}\n")
    told = json.loads(line)
    assert (told["type"], told["seq"], told["key"]) == ("event", seq, key)
    assert decode(json.dumps(told["body"], ensure_ascii=False, separators=(",", ":"))) == body


def test_whoever_and_whatever_events_name_is_found_wherever_it_stands():
    file = Attachment(kind="file", name="a", mime="text/plain", size=1, media=M("m_1"))
    asked = QuestionAsked(
        question=QuestionId("q"), run=RunId("r"), kind="open", text="", to=(P("p_3"), P("p_4"))
    )
    named = Named()
    for body in (
        MessageReceived(
            participant=P("p_1"), conversation=C("c_1"), content=Content(attachments=(file, file))
        ),
        ParticipantMerged(participant=P("p_1"), into=P("p_2")),
        asked,
        SettingChanged(scope="participant", name="n", value="v", of="p_5"),
        SettingChanged(scope="conversation", name="n", value="v", of="c_2", by=P("p_6")),
        SettingChanged(scope="session", name="title", value="p_7"),
    ):
        named.note(body)
    assert list(named.participants) == [f"p_{n}" for n in range(1, 7)]
    assert list(named.places) == ["c_1", "c_2"]
    assert list(named.files) == ["m_1"]


def sealed() -> list[bytes]:
    seal = Seal()
    lines = [seal.add(participant_line(P(f"p_{n}"), "Ada\n\u2028", None)) for n in range(3)]
    return [*lines, seal.end()]


@pytest.mark.parametrize(
    "broken",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0].replace(b"Ada", b"Eve"), *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1][:-1]],
        lambda lines: [*lines, b"{}\n"],
        lambda lines: lines[:0],
    ],
)
def test_a_file_that_was_cut_or_changed_is_refused(broken):
    Seal().check(iter(sealed()))
    with pytest.raises(Refused, match="the file"):
        Seal().check(iter(broken(sealed())))


def test_each_line_says_what_it_is_and_all_that_is_known():
    place = Conversation(
        id=C("c_1"),
        address=Address(channel=ChannelName("chat"), place="42"),
        room=True,
        title="Team",
    )
    lines = [
        session_line(id="s_1", title="Main"),
        place_line(place),
        file_line(M("m_1"), None),
        bytes_line(b"\x00\xff"),
    ]
    assert [json.loads(each) for each in lines] == [
        {"type": "session", "format": 1, "id": "s_1", "title": "Main"},
        {
            "type": "place", "id": "c_1", "address": {"channel": "chat", "place": "42"},
            "room": True, "title": "Team",
        },
        {"type": "file", "media": "m_1", "size": None},
        {"type": "bytes", "data": "AP8="},
    ]  # fmt: skip


def test_a_file_that_goes_on_after_its_end_is_refused():
    seal = Seal()
    whole = [seal.add(session_line(id="s_1"))]
    whole.append(seal.end())
    Seal().check(whole)
    with pytest.raises(Refused, match="after its end"):
        Seal().check([*whole, b"{}\n"])
