"""Who is in a session, which places follow it, and how it is set."""

import re
from dataclasses import replace

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import (
    Archive,
    Change,
    ChangeRole,
    Join,
    Leave,
    Link,
    Unlink,
)
from bridge.domain.errors import Refused
from bridge.domain.events import (
    ConversationLinked,
    ConversationUnlinked,
    ParticipantJoined,
    ParticipantLeft,
    RoleChanged,
    SessionArchived,
    SettingChanged,
)
from bridge.session.decide import decide
from bridge.session.decide_membership import LONGEST_SETTING
from tests.playbook import (
    ADA,
    AT,
    BOB,
    DM,
    EVE,
    NOTHING,
    with_ada,
)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (
            Join(participant=BOB, role="member"),
            ParticipantJoined(participant=BOB, role="member", earlier=False),
        ),
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


def test_the_last_owner_neither_leaves_nor_steps_down():
    alone = with_ada(Join(participant=BOB, role="member"))
    for command in (
        Leave(by=ADA, participant=ADA),
        ChangeRole(by=ADA, participant=ADA, role="member"),
    ):
        alone >> command << Refused(admission_texts.LAST_OWNER)
    two = with_ada(Join(participant=BOB, role="owner")) >> Leave(by=ADA, participant=ADA)
    two << ParticipantLeft(participant=ADA, by=ADA)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (
            Leave(by=BOB, participant=ADA, operator=True),
            ParticipantLeft(participant=ADA, by=BOB),
        ),
        (
            ChangeRole(by=None, participant=ADA, role="member"),
            RoleChanged(participant=ADA, role="member", by=None),
        ),
    ],
)
def test_what_the_operator_or_an_undone_code_takes_is_taken_from_the_last_owner_too(command, body):
    with_ada() >> command << body


@pytest.mark.parametrize(("role", "back"), [("viewer", "viewer"), ("member", "member")])
def test_whoever_left_as_a_viewer_comes_back_as_one(role, back):
    """Else leaving would be the way to write where one may only read."""
    play = with_ada(Join(participant=BOB, role=role)) >> Leave(by=BOB, participant=BOB)
    play >> Join(participant=BOB, role="member")
    play << ParticipantJoined(participant=BOB, role=back, earlier=False)


def test_a_viewer_who_is_let_in_anew_comes_as_what_they_are_let_in_as():
    play = with_ada(Join(participant=BOB, role="viewer")) >> Leave(by=BOB, participant=BOB)
    play >> Join(participant=BOB, role="member", again=True)
    play << ParticipantJoined(participant=BOB, role="member", earlier=False)


@pytest.mark.parametrize("name", ["model", "agent", "mode", "title", "may:agent", "whatever"])
def test_no_setting_that_someone_chooses_is_stored_that_is_too_long(name):
    """The log keeps each for good. What stood before is put back all the same."""
    longest = "x" * LONGEST_SETTING
    play = with_ada()
    for scope in ("session", "participant"):
        chosen = Change(scope=scope, name=name, value=f"{longest}x", by=ADA)
        with pytest.raises(Refused, match=re.escape(texts.setting_too_long(LONGEST_SETTING))):
            decide(play.session, chosen, now=AT)
        assert decide(play.session, replace(chosen, value=longest), now=AT)
        assert decide(play.session, replace(chosen, by=None), now=AT)
