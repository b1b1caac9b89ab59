"""The table of permissions: who may what, and in which kind of place."""

from typing import get_args

import pytest

from bridge.domain.commands import Answer, Fire, Say
from bridge.session.permission_table import ROLES, RULES, TABLE, Named, reaches, roles_for, rule_for


def test_nothing_has_two_rules():
    assert len(TABLE) == len(RULES)


def test_everything_that_has_a_name_has_a_rule():
    assert {each for each in TABLE if isinstance(each, str)} == set(get_args(Named))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_what_is_asked_in_one_kind_of_place_says_so_to_whoever_asks_elsewhere(rule):
    assert bool(rule.place) == (rule.where != "anywhere")


@pytest.mark.parametrize(
    ("needed", "may"),
    [
        ("owner", ["owner"]),
        ("member", ["owner", "member"]),
        ("viewer", ["owner", "member", "viewer"]),
        (None, ["owner", "member", "viewer", None]),
    ],
)
def test_a_stronger_role_may_what_a_weaker_one_may(needed, may):
    assert [each for each in (*ROLES, None) if reaches(each, needed)] == may


def test_what_is_in_no_rule_needs_an_owner():
    assert Fire not in TABLE
    assert rule_for(Fire).needs == "owner"


def test_the_roles_that_may_do_something_are_told():
    assert roles_for(Answer) == ("owner", "member")
    assert roles_for("look") == ROLES
    assert rule_for(Say) == TABLE[Say]
