"""What of a log somebody may read: who came later, from when on, and what repeats earlier words."""

import pytest

from bridge.domain.commands import Join
from bridge.domain.content import Attachment, Content
from bridge.domain.events import (
    ConversationLinked,
    Event,
    HistoryCompacted,
    MessageEdited,
    MessageReceived,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    RoleChanged,
    Transcribed,
)
from bridge.domain.ids import ChannelName, MediaId, RunId
from bridge.domain.parts import Address, Conversation
from bridge.session.fold import OpenQuestion, Session
from bridge.session.visible import hidden_from_some, hidden_in, hidden_upto, is_hidden, readable
from tests.playbook import ADA, AT, BOB, DM, EVE, HERE, ROOM, Playbook

SAID = MessageReceived(participant=ADA, conversation=DM, content=Content(text="secret"))
FILE = Attachment(media=MediaId("m_1"), name="a", mime="text/plain", size=1, kind="file")


def began() -> Playbook:
    """Ada owns a session, and has said two things: events 1 to 3."""
    return Playbook(Join(participant=ADA, role="owner"), SAID, SAID)


def placed(place, *, room: bool = False) -> Conversation:
    return Conversation(
        id=place, address=Address(channel=ChannelName("chat"), place=place), room=room
    )


def test_whoever_joins_reads_from_their_own_joining_on() -> None:
    played = began() >> Join(participant=BOB, role="member")
    played << ParticipantJoined(participant=BOB, role="member", earlier=False)
    assert hidden_upto(played.session, BOB) == 3
    assert hidden_upto(played.session, ADA) == 0


def test_with_what_was_said_before_they_read_it_all() -> None:
    played = began() >> Join(participant=BOB, role="viewer", earlier=True)
    assert hidden_upto(played.session, BOB) == 0


def test_whoever_was_in_a_session_of_an_earlier_version_keeps_all_of_it() -> None:
    played = began() >> ParticipantJoined(participant=BOB, role="member")
    assert hidden_upto(played.session, BOB) == 0


def test_whoever_is_not_in_a_session_reads_nothing_of_it() -> None:
    assert hidden_upto(began().session, EVE) == 3


def test_an_owner_reads_all_of_it_and_stays_so() -> None:
    played = began() >> Join(participant=BOB, role="member")
    for role in ("owner", "member"):
        played >> RoleChanged(participant=BOB, role=role)
        assert hidden_upto(played.session, BOB) == 0


def test_whoever_comes_back_reads_from_then_on() -> None:
    played = began() >> Join(participant=BOB, role="member", earlier=True)
    played >> ParticipantLeft(participant=BOB) >> SAID
    played >> Join(participant=BOB, role="member")
    assert hidden_upto(played.session, BOB) == 6


def test_two_who_are_one_read_what_either_may() -> None:
    played = began() >> Join(participant=BOB, role="member") >> SAID
    played >> Join(participant=EVE, role="member")
    assert hidden_upto(played.session, EVE) == 5
    played >> ParticipantMerged(participant=EVE, into=BOB)
    assert hidden_upto(played.session, BOB) == 3
    played >> ParticipantMerged(participant=BOB, into=ADA)
    assert hidden_upto(played.session, ADA) == 0


def test_whoever_becomes_somebody_who_was_not_there_keeps_what_is_hidden() -> None:
    played = began() >> Join(participant=BOB, role="member")
    played >> ParticipantMerged(participant=BOB, into=EVE)
    assert hidden_upto(played.session, EVE) == 3


def test_a_private_place_shows_what_its_person_may_read_and_a_room_what_is_said_since() -> None:
    played = began() >> Join(participant=BOB, role="member") >> SAID
    played >> ConversationLinked(conversation=DM, by=BOB)
    played >> ConversationLinked(conversation=ROOM, by=ADA)
    assert hidden_in(played.session, placed(DM)) == 3
    assert hidden_in(played.session, placed(ROOM, room=True)) == 7


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (
            MessageEdited(
                participant=ADA, target=2, content=Content(text="secret", attachments=(FILE,))
            ),
            MessageEdited(participant=ADA, target=2, content=Content()),
        ),
        (
            Transcribed(target=2, media=MediaId("m_1"), text="secret"),
            Transcribed(target=2, media=MediaId("m_1"), text=""),
        ),
        (HistoryCompacted(upto=5, summary="secret"), HistoryCompacted(upto=5, summary="")),
    ],
)
def test_what_repeats_hidden_words_is_empty(body, left) -> None:
    event = Event(session=HERE, seq=9, at=AT, body=body)
    assert readable(event, 0) is event
    assert readable(event, 3).body == left


@pytest.mark.parametrize(
    "body",
    [
        SAID,
        MessageEdited(participant=ADA, target=4, content=Content(text="later")),
        Transcribed(target=4, media=MediaId("m_1"), text="later"),
    ],
)
def test_what_was_said_since_is_whole(body) -> None:
    event = Event(session=HERE, seq=9, at=AT, body=body)
    assert readable(event, 3) is event


def question(*, to=()) -> OpenQuestion:
    """Return what was asked at event 4."""
    return OpenQuestion(
        asked=4, run=RunId("r_1"), kind="choice", options=(), to=to, expires_at=None
    )


CAME_LATER = Session(
    id=HERE,
    head=9,
    hidden={BOB: 5},
    conversations={DM: BOB, ROOM: ADA},
    linked={ROOM: 3},
)


def test_a_question_of_before_is_hidden_from_whoever_came_later_wherever_they_write_alone() -> None:
    assert is_hidden(CAME_LATER, question(), BOB, DM)
    assert is_hidden(CAME_LATER, question(), BOB, None)
    assert not is_hidden(CAME_LATER, question(to=(BOB,)), BOB, DM), "it was asked of them"
    assert not is_hidden(CAME_LATER, question(), ADA, DM)


def test_a_room_shows_everybody_in_it_what_was_asked_since_it_follows() -> None:
    assert not is_hidden(CAME_LATER, question(), BOB, ROOM)
    later = Session(id=HERE, head=9, hidden={BOB: 5}, conversations={ROOM: ADA}, linked={ROOM: 4})
    assert is_hidden(later, question(), BOB, ROOM)


def test_what_everybody_reads_begins_where_the_last_of_them_came() -> None:
    assert hidden_from_some(CAME_LATER) == 5
    assert hidden_from_some(Session(id=HERE)) == 0
