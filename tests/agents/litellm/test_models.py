"""Which models are asked."""

import pytest

from agents.litellm.config import LitellmConfig
from agents.litellm.models import chosen, models, named
from bridge.domain.ids import SessionId
from bridge.session.fold import Session, setting_key

CONFIG = LitellmConfig(
    model="openai/gpt",
    api_base="http://here",
    api_key="k",
    fallbacks=["anthropic/claude"],
    choices={"fast": {"model": "openai/mini", "api_base": "http://there"}},
)


def session(model=""):
    return Session(id=SessionId("s"), settings={setting_key("session", "", "model"): model})


@pytest.mark.parametrize("name", ["", "default", "openai/gpt", " "])
def test_without_a_choice_it_is_the_one_in_the_config(name):
    assert chosen(CONFIG, session(name)) is CONFIG


def test_a_choice_by_name_is_its_section():
    assert chosen(CONFIG, session("fast")).api_base == "http://there"


def test_another_model_of_the_same_provider_is_reached_the_same_way():
    other = chosen(CONFIG, session("openai/other"))
    assert (other.model, other.api_base, other.api_key) == ("openai/other", "http://here", "k")


@pytest.mark.parametrize("name", ["anthropic/claude", "claude", "openai"])
def test_a_key_is_sent_to_no_other_provider(name):
    other = chosen(CONFIG, session(name))
    assert (other.api_base, other.api_key) == (None, None)


def test_those_that_stand_in_come_after_it_and_none_twice():
    assert [each.model for each in models(CONFIG, session())] == ["openai/gpt", "anthropic/claude"]
    others = [each.model for each in models(CONFIG, session("anthropic/claude"))]
    assert others == ["anthropic/claude", "openai/gpt"]


def test_the_usual_model_stands_in_for_one_that_was_chosen_and_no_longer_answers():
    """So a name that went wrong does not make every answer fail."""
    assert models(CONFIG, session("openai/gone"))[1] is CONFIG


def test_the_names_to_choose_from_are_those_of_the_config():
    assert named(CONFIG) == ("openai/gpt", "fast")
