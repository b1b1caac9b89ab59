"""Slash commands are the same in every chat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.ids import ParticipantId, SessionId
from bridge.session.fold import Session, setting_key
from bridge.session.slash import (
    COMMANDS,
    Slash,
    UnknownSlash,
    Where,
    effect,
    named,
    parse,
    usable,
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.name)
def test_every_command_is_known_by_its_name(command):
    assert parse(f"/{command.name}") == Slash(command=command, argument="")


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("/stop", ""),
        ("  /stop \n", ""),
        ("/STOP", ""),
        ("/stop@bridge_bot", ""),
        ("/stop now please", "now please"),
        ("/stop@bridge_bot now", "now"),
        ("/stop\nnow\nor never", "now\nor never"),
    ],
)
def test_a_command_may_name_the_bot_and_have_an_argument(text, argument):
    assert parse(text) == Slash(command=named("stop"), argument=argument)


def test_beginning_a_chat_asks_for_help():
    assert parse("/start") == Slash(command=named("help"), argument="")


def test_a_command_there_is_not_is_known_as_such():
    assert parse("/frobnicate it") == UnknownSlash(name="frobnicate")


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "",
        "/",
        "//",
        "/etc/hosts",
        "/stop.",
        "/stop/now",
        "stop",
        "a /stop",
        "/1",
        "/é",
        "/ stop",
    ],
)
def test_anything_else_is_something_said(text):
    assert parse(text) is None


@given(st.text())
def test_whatever_begins_without_a_slash_is_something_said(text):
    if not text.strip().startswith("/"):
        assert parse(text) is None


def test_every_command_says_what_it_does():
    assert all(each.text for each in COMMANDS)


def test_a_command_there_is_not_has_no_name():
    assert named("frobnicate") is None


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("/help", "private", "asks"),
        ("/nonsense", "private", "asks"),
        ("/mode", "private", "asks"),
        ("/mode queue", "private", "begins"),
        ("/new", "private", "begins"),
        ("/new", "room", "asks"),
        ("/follow main", "private", "asks"),
        ("/stop", "room", "begins"),
    ],
)
def test_what_is_only_asked_or_refused_there_begins_nothing(text, kind, what):
    asked = parse(text)
    assert asked is not None
    assert effect(asked, kind) == what


# -- what /help tells -----------------------------------------------------------------------------

ADA = ParticipantId("p_ada")


def told(role="owner", kind="private", settings=None, **where):
    """Return how each command is written that is usable there."""
    session = Session(
        id=SessionId("s_1"),
        participants={ADA: role} if role else {},
        settings={
            setting_key("session", "", key): value for key, value in (settings or {}).items()
        },
    )
    return [usage for usage, _ in usable(session, ADA, Where(kind=kind, **where))]


def test_help_shows_what_may_follow_a_command():
    assert {"/role NAME owner|member|viewer", "/title [WORDS]", "/stop"} <= set(told())


def test_help_leaves_out_what_only_another_kind_of_place_may_ask():
    assert "/follow [SESSION]" not in told()
    assert not {"/sessions", "/new [TITLE]", "/link [CODE]"} & set(told(kind="room"))
    assert "/follow [SESSION]" in told(kind="room")


def test_help_leaves_out_what_the_role_does_not_allow():
    assert "/kick NAME" not in told("member")
    assert "/stop" not in told("viewer")
    assert {"/who", "/leave"} <= set(told("viewer"))


def test_what_only_tells_without_an_argument_is_shown_without_it():
    assert "/model" in told("member")
    assert "/model [NAME]" in told("member", settings={"may:model": "members"})
    assert "/model [NAME]" in told("owner")


def test_requests_are_for_the_bridges_owner_and_codes_for_chat_apps():
    assert "/admit [NUMBER]" not in told()
    assert "/admit [NUMBER]" in told(is_operator=True)
    assert not {"/link [CODE]", "/admit [NUMBER]"} & set(told(is_operator=True, has_apps=False))


def test_a_client_opens_another_session_by_itself():
    assert "/switch [SESSION]" in told()
    assert "/switch [SESSION]" not in told(is_client=True)


def test_whoever_is_not_in_the_session_is_told_what_they_can_do_once_they_are():
    assert {"/stop", "/ask [WORDS]"} <= set(told(role=None))
    assert "/ask [WORDS]" not in told("member")
