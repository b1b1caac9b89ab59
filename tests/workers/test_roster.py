"""Which agent answers in a session."""

from bridge.commands import Change
from bridge.session import Session
from bridge.workers.roster import Roster
from tests.playbook import ADA, HERE, with_ada
from tests.workers.rig import Stalled


def roster() -> Roster:
    echo, deep = Stalled(), Stalled()
    deep.help = "I think."
    return Roster({"echo": echo, "deep": deep}, "echo")


def after(name: str) -> Session:
    return with_ada(Change(scope="session", name="agent", value=name, by=ADA)).session


def test_the_default_answers_where_none_was_chosen() -> None:
    assert roster().chosen(Session(id=HERE)) == "echo"


def test_the_chosen_one_answers_and_its_help_is_shown() -> None:
    agents = roster()
    assert agents.chosen(after("deep")) == "deep"
    assert agents.help(after("deep")) == "I think."
    assert agents.agent("deep").help == "I think."


def test_a_name_that_is_not_configured_any_more_means_the_default() -> None:
    assert roster().chosen(after("sold")) == "echo"
    assert roster().names == ("echo", "deep")
