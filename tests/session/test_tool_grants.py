"""What "Always" stands for, how it is taken back, and what ends it by itself."""

import pytest

from bridge.domain.commands import Answer, Change, ChangeRole, EndRun, Join, Leave
from bridge.domain.content import Option
from bridge.domain.events import ParticipantMerged, PlannedCall, Role, SettingChanged
from bridge.domain.ids import CallId, ParticipantId, SessionId
from bridge.domain.run_output import Asking
from bridge.session import permissions
from bridge.session.fold import Session
from bridge.session.permissions import MEMBERS
from bridge.session.tool_grants import NO, YES, always_allowed, setting
from tests.playbook import ADA, BOB, EVE, Q1, R1, Playbook, say, start, with_ada

AGENT = "echo"


def change(value: str) -> Change:
    return Change(scope="session", of=AGENT, name=setting("drill"), value=value, by=ADA)


def test_what_is_always_allowed_is_a_setting_of_the_session():
    settings = {
        f"session:{AGENT}:always:fs__write": "yes",
        f"session:{AGENT}:always:fs__read": "no",
        "session:b:always:drill": "yes",
        "session::always:saw": "yes",
        "participant:p:always:x": "yes",
    }
    assert always_allowed(Session(id=SessionId("s"), settings=settings), AGENT) == {
        "fs__write": None
    }


def test_it_can_be_taken_back():
    assert always_allowed(with_ada(change(YES)).session, AGENT) == {"drill": ADA}
    assert always_allowed(with_ada(change(YES), change(NO)).session, AGENT) == {}


# -- it holds while whoever gave it may approve ---------------------------------------------------

ALWAYS_DRILL = SettingChanged(scope="session", of=AGENT, name=setting("drill"), value=YES, by=BOB)
MAY_MODEL = SettingChanged(scope="session", name=permissions.may("model"), value=MEMBERS, by=BOB)


def given(role: Role) -> Playbook:
    return with_ada(Join(participant=BOB, role=role), ALWAYS_DRILL, MAY_MODEL)


@pytest.mark.parametrize("end", ["kicked", "left", "read only"])
def test_what_someone_allowed_ends_with_their_right_to_allow_it(end):
    play = given("owner")
    assert (list(always_allowed(play.session, AGENT)), permissions.opened(play.session)) == (
        ["drill"],
        {"model"},
    )
    match end:
        case "kicked":
            play >> Leave(participant=BOB, by=ADA)
        case "left":
            play >> Leave(participant=BOB, by=BOB)
        case _:
            play >> ChangeRole(participant=BOB, role="viewer", by=ADA)
    assert (always_allowed(play.session, AGENT), permissions.opened(play.session)) == ({}, set())


def test_it_does_not_come_back_with_whoever_was_removed():
    play = given("owner") >> Leave(participant=BOB, by=ADA)
    play >> Join(participant=BOB, role="owner", again=True)
    assert (always_allowed(play.session, AGENT), permissions.opened(play.session)) == ({}, set())


def test_who_is_no_owner_any_more_still_approves_and_opens_nothing():
    play = given("owner") >> ChangeRole(participant=BOB, role="member", by=ADA)
    assert list(always_allowed(play.session, AGENT)) == ["drill"]
    assert permissions.opened(play.session) == set()


def test_agents_elsewhere_are_not_told_of_it_any_more_either():
    """They read the settings as they are."""
    play = given("owner") >> Leave(participant=BOB, by=ADA)
    assert play.session.settings == {}


def test_what_another_allows_as_well_is_theirs_from_then_on():
    play = given("owner")
    for of, name, value in (
        (AGENT, setting("drill"), YES),
        ("", permissions.may("model"), MEMBERS),
    ):
        again = Change(scope="session", of=of, name=name, value=value, by=ADA)
        given_anew = SettingChanged(scope="session", of=of, name=name, value=value, by=ADA)
        play >> again << given_anew
        play >> again << ()
    play >> Leave(participant=BOB, by=ADA)
    assert always_allowed(play.session, AGENT) == {"drill": ADA}
    assert permissions.opened(play.session) == {"model"}


def test_always_of_someone_who_was_removed_is_asked_and_given_anew():
    play = given("member") >> Leave(participant=BOB, by=ADA) >> say("go on") >> start(R1)
    call = PlannedCall(call=CallId("k_1"), name="drill", arguments="{}")
    options = (Option(id="always", label="Always"),)
    asking = Asking(question=Q1, kind="approval", text="?", options=options, call=call)
    (
        play
        >> EndRun(run=R1, upto=play.head, questions=(asking,))
        >> Answer(by=ADA, question=Q1, answer="always")
    )
    assert always_allowed(play.session, AGENT) == {"drill": ADA}


def test_someone_who_turns_out_to_be_another_keeps_it():
    play = given("owner") >> ParticipantMerged(participant=BOB, into=EVE)
    assert always_allowed(play.session, AGENT) == {"drill": EVE}
    assert ParticipantId(BOB) not in play.session.participants
