"""What "Always" stands for, and how it is taken back."""

from bridge.commands import Change
from bridge.consent import NO, YES, always_allowed, setting
from bridge.ids import SessionId
from bridge.session import Session
from tests.playbook import ADA, with_ada


def change(value: str) -> Change:
    return Change(scope="session", name=setting("drill"), value=value, by=ADA)


def test_what_is_always_allowed_is_a_setting_of_the_session():
    settings = {
        "session::always:fs__write": "yes",
        "session::always:fs__read": "no",
        "participant:p:always:x": "yes",
    }
    assert always_allowed(Session(id=SessionId("s"), settings=settings)) == {"fs__write"}


def test_it_can_be_taken_back():
    assert always_allowed(with_ada(change(YES)).session) == {"drill"}
    assert always_allowed(with_ada(change(YES), change(NO)).session) == set()
