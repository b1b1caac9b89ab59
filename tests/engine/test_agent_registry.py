"""Which agent answers in a session."""

from bridge import background_texts
from bridge.domain.commands import BeginBackground, Change
from bridge.domain.ids import SessionId
from bridge.engine.agent_registry import AgentRegistry
from bridge.session.fold import Session
from tests.engine.rig import Stalled
from tests.playbook import ADA, HERE, Playbook, with_ada


def agent_registry() -> AgentRegistry:
    echo, deep = Stalled(), Stalled()
    deep.help = "I think."
    return AgentRegistry({"echo": echo, "deep": deep}, "echo")


def after(name: str) -> Session:
    return with_ada(Change(scope="session", name="agent", value=name, by=ADA)).session


def test_the_default_answers_where_none_was_chosen() -> None:
    assert agent_registry().chosen(Session(id=HERE)) == "echo"


def test_the_chosen_one_answers_and_its_help_is_shown() -> None:
    agents = agent_registry()
    assert agents.chosen(after("deep")) == "deep"
    assert agents.help(after("deep")) == "I think."
    assert agents.agent("deep").help == "I think."


def test_a_name_that_is_not_configured_any_more_means_the_default() -> None:
    assert agent_registry().chosen(after("sold")) == "echo"
    assert agent_registry().names == ("echo", "deep")


def test_no_other_works_in_the_background_for_one_that_is_not_configured_any_more() -> None:
    agents = agent_registry()
    assert not agents.gone(after("sold")), "people see who answers them"
    for name, why in (("deep", ""), ("", ""), ("sold", background_texts.AGENT_GONE)):
        begun = BeginBackground(parent=SessionId("s_2"), prompt="Do it.", agent=name)
        assert agents.gone(Playbook(begun).session) == why
