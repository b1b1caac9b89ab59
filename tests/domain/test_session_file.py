"""A session as a file: what its lines say, and that a cut or changed file is noticed."""

import hashlib
import json

import pytest
from hypothesis import given, settings
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
    LONGEST_LINE,
    Named,
    Seal,
    bytes_line,
    event_line,
    file_line,
    participant_line,
    place_line,
    read_files,
    read_session,
    renamed,
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


# -- reading it back ------------------------------------------------------------------------------


def whole(*lines: bytes, **counts: int) -> list[bytes]:
    """Return a file with these lines between its first one and its seal."""
    seal = Seal()
    counted = {"participants": 0, "places": 0, "events": 0, "files": 0, **counts}
    head = session_line(
        session="s_1",
        title="",
        archived=False,
        created_at="2026-01-01T00:00:00Z",
        epoch="",
        exported_at="2026-01-01T00:00:00Z",
        **counted,
    )
    return [seal.add(each) for each in (head, *lines)] + [seal.end()]


def line(**told) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


PERSON = line(type="participant", id="p_1", name="Ada", since=None)
BODY = {"type": "message_deleted", "v": 1, "participant": "p_1", "target": 1}


def said(seq: int, key: str | None = None, **body) -> bytes:
    return line(type="event", seq=seq, at="2026-01-01T00:00:00Z", key=key, body={**BODY, **body})


def test_a_whole_file_is_read():
    content = b"bytes"
    media = f"m_{hashlib.sha256(content).hexdigest()}"
    file = [line(type="file", media=media, size=5), bytes_line(content)]
    read = read_session(whole(PERSON, said(1), *file, participants=1, events=1, files=1))
    assert [each.name for each in read.people] == ["Ada"]
    assert [each.seq for each in read.events] == [1]
    assert read.files == {media: 5}
    found = [(name, b"".join(each)) for name, each in read_files(whole(*file, files=1))]
    assert found == [(media, content)]


DAMAGED = {
    "it was cut in a line": ([*whole(PERSON, participants=1)[:1], PERSON[:-3]], 2),
    "it was cut after a line": (whole(PERSON, participants=1)[:2], 3),
    "it is empty": ([], 1),
    "it is no file of ours": ([b"hello\n"], 1),
    "it begins with an event": ([said(1)], 1),
    "it is a list": ([b"[]\n"], 1),
    "it is deep": ([b"[" * 100_000 + b"\n"], 1),
    "a line was changed": (
        [
            *whole(PERSON, participants=1)[:1],
            line(type="participant", id="p_1", name="Eve", since=None),
            whole(PERSON, participants=1)[2],
        ],
        3,
    ),
    "lines are missing": (whole(PERSON, participants=2), 3),
    "it goes on after its end": ([*whole(), PERSON], 3),
    "a person comes after an event": (whole(said(1), PERSON, participants=1, events=1), 3),
    "an event is left out": (whole(said(2), events=1), 2),
    "two events have one key": (whole(said(1, "k"), said(2, "k"), events=2), 3),
    "an event is of a newer bridge": (whole(said(1, v=99), events=1), 2),
    "an event is of no known kind": (whole(said(1, type="rocket"), events=1), 2),
    "an event says nonsense": (whole(said(1, target="x"), events=1), 2),
    "a line has more than it is to have": (whole(line(type="file", media="m", size=None, x=1)), 2),
    "a time has no zone": (
        whole(line(type="event", seq=1, at="2026-01-01T00:00:00", key=None, body=BODY)),
        2,
    ),
    "bytes are of no file": (whole(bytes_line(b"x")), 2),
    "bytes are too many": (
        whole(line(type="file", media="m", size=1), bytes_line(b"xx"), files=1),
        3,
    ),
    "bytes are too few": (
        whole(line(type="file", media="m", size=9), bytes_line(b"x"), files=1),
        4,
    ),
    "bytes are others": (
        whole(line(type="file", media="m_0", size=1), bytes_line(b"x"), files=1),
        4,
    ),
    "bytes are no base64": (
        whole(line(type="file", media="m", size=1), line(type="bytes", data="§"), files=1),
        3,
    ),
    "a file comes twice": (
        whole(
            line(type="file", media="m", size=None),
            line(type="file", media="m", size=None),
            files=2,
        ),
        3,
    ),
    "its version is another": ([whole()[0].replace(b'"format":1', b'"format":2')], 1),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_not_as_it_is_to_be_is_refused_by_its_line(what: str):
    file, number = DAMAGED[what]
    with pytest.raises(Refused) as told:
        read_session(file)
    assert str(told.value).startswith(f"line {number}: "), told.value
    assert "\n" not in str(told.value)


def test_a_line_without_end_is_not_read_to_it():
    with pytest.raises(Refused, match="too long"):
        read_session([b"x" * (LONGEST_LINE + 1)])


@settings(max_examples=60)
@given(body=bodies())
def test_people_places_and_sessions_get_other_ids_and_nothing_else_changes(body):
    """Under the same ids it is the same body, and there and back it is itself again."""
    assert renamed(body, lambda _, known: known) == body
    there = renamed(body, lambda kind, known: f"{kind.__name__}:{known}")
    assert renamed(there, lambda _, known: known.partition(":")[2]) == body
