"""Who is in a session, which places follow it, and how it is set."""

import pytest

from bridge import texts
from bridge.commands import (
    Archive,
    Change,
    ChangeRole,
    Join,
    Leave,
    Link,
    Unlink,
)
from bridge.errors import Refused
from bridge.events import (
    ConversationLinked,
    ConversationUnlinked,
    ParticipantJoined,
    ParticipantLeft,
    RoleChanged,
    SessionArchived,
    SettingChanged,
)
from tests.playbook import (
    ADA,
    BOB,
    DM,
    EVE,
    NOTHING,
    with_ada,
)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (Join(participant=BOB, role="member"), ParticipantJoined(participant=BOB, role="member")),
        (
            ChangeRole(by=ADA, participant=EVE, role="viewer"),
            RoleChanged(participant=EVE, role="viewer", by=ADA),
        ),
        (Leave(by=ADA, participant=EVE), ParticipantLeft(participant=EVE, by=ADA)),
        (Link(conversation=DM, by=ADA), ConversationLinked(conversation=DM, by=ADA)),
        (
            Change(scope="session", name="title", value="Trip", by=ADA),
            SettingChanged(scope="session", name="title", value="Trip", by=ADA),
        ),
        (
            Change(scope="participant", name="notify", value="all", of=ADA, by=ADA),
            SettingChanged(scope="participant", name="notify", value="all", of=ADA, by=ADA),
        ),
        (Archive(by=ADA), SessionArchived(by=ADA)),
    ],
)
def test_what_is_so_already_is_not_appended_again(command, body):
    play = with_ada(Join(participant=EVE, role="member")) >> command << body
    play >> command << NOTHING


def test_a_place_is_unlinked_once():
    play = with_ada(Link(conversation=DM, by=ADA)) >> Unlink(conversation=DM, by=ADA)
    play << ConversationUnlinked(conversation=DM, by=ADA)
    play >> Unlink(conversation=DM, by=ADA) << NOTHING


def test_a_role_is_given_to_participants_only():
    command = ChangeRole(by=ADA, participant=BOB, role="member")
    with_ada() >> command << Refused(texts.NO_SUCH_PARTICIPANT)
