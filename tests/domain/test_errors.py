"""Errors: a class per way of handling, and a message for whoever reads it."""

from datetime import UTC, datetime

import pytest

from bridge.domain import errors
from bridge.domain.errors import (
    AgentError,
    BridgeError,
    ChannelError,
    ConfigError,
    Moved,
    OutcomeUnknown,
    ProducerFenced,
    ProducerGap,
    RateLimited,
    RunOver,
    StoreError,
    Unreachable,
)

ALL = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, BridgeError)
]
PLAIN = [
    each
    for each in ALL
    if each not in {ConfigError, ProducerFenced, ProducerGap, RateLimited, Moved}
]


@pytest.mark.parametrize("error", PLAIN)
def test_an_error_without_words_says_what_its_class_means(error):
    assert str(error()) == (error.__doc__ or "").strip() != ""


@pytest.mark.parametrize("error", PLAIN)
def test_words_of_its_own_come_first(error):
    assert str(error("the reason")) == "the reason"


def test_only_an_unknown_outcome_is_uncertain():
    kinds = [each for each in ALL if issubclass(each, ChannelError)]
    assert [each for each in kinds if not each.certain] == [OutcomeUnknown]


def test_a_config_error_keeps_every_problem():
    error = ConfigError("one is wrong", "two is wrong")
    assert error.problems == ("one is wrong", "two is wrong")
    assert str(error) == "one is wrong\ntwo is wrong"


def test_errors_carry_what_it_takes_to_go_on():
    until = datetime(2026, 1, 1, tzinfo=UTC)
    assert RateLimited(until=until).until == until
    assert Moved(place="there").place == "there"
    assert Unreachable("no route", code="ENET").code == "ENET"
    assert ProducerFenced(3).epoch == 3
    gap = ProducerGap(expected=2, received=5)
    assert (gap.expected, gap.received) == (2, 5)


def test_what_is_handled_apart_is_not_of_one_family():
    families = [StoreError, ChannelError, AgentError, RunOver, errors.Refused, ConfigError]
    for one in families:
        assert not [other for other in families if other is not one and issubclass(one, other)]
