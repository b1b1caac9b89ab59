"""Which call may run."""

import pytest

from agents.tools.policy import Rule, verdict

READ_ONLY = {"read_only": True}


def decide(rules, tool="fs__write", arguments=None, *, read_only=False, always=()):
    made = [Rule.model_validate(rule) for rule in rules]
    return verdict(made, tool, arguments or {}, read_only=read_only, always=always)


def test_without_a_rule_what_only_reads_is_allowed_and_the_rest_is_asked_about():
    assert decide([], read_only=True) == "allow"
    assert decide([], read_only=False) == "ask"


def test_the_first_rule_that_matches_decides():
    rules = [{"tool": "fs__*", "do": "deny"}, {"tool": "*", "do": "allow"}]
    assert decide(rules) == "deny"
    assert decide(rules, "web__get") == "allow"


def test_a_rule_can_look_at_arguments():
    rules = [{"tool": "*", "when": {"path": "/tmp/*", "mode.kind": "app*"}, "do": "allow"}]
    assert decide(rules, arguments={"path": "/tmp/x", "mode": {"kind": "append"}}) == "allow"
    assert decide(rules, arguments={"path": "/etc/x", "mode": {"kind": "append"}}) == "ask"
    assert decide(rules, arguments={"path": "/tmp/x", "mode": "append"}) == "ask"
    assert decide(rules) == "ask"


@pytest.mark.parametrize("path", ["/tmp/../etc/passwd", "/tmp/..", "/tmp/a/../../b", "/tmp/..\\x"])
def test_nothing_is_allowed_by_a_pattern_that_a_path_climbs_out_of(path):
    rules = [{"tool": "*", "when": {"path": "/tmp/*"}, "do": "allow"}]
    assert decide(rules, arguments={"path": path}) == "ask"
    assert decide(rules, arguments={"path": "/tmp/a..b"}) == "allow"


def test_of_a_list_everything_has_to_be_allowed_and_anything_denied():
    allow = [{"tool": "*", "when": {"paths": "/tmp/*"}, "do": "allow"}]
    assert decide(allow, arguments={"paths": ["/tmp/a", "/tmp/b"]}) == "allow"
    assert decide(allow, arguments={"paths": ["/tmp/a", "/etc/b"]}) == "ask"
    assert decide(allow, arguments={"paths": []}) == "ask"
    deny = [{"tool": "*", "when": {"paths": "/etc/*"}, "do": "deny"}]
    assert decide(deny, arguments={"paths": ["/tmp/a", "/etc/b"]}) == "deny"


def test_what_is_no_text_is_matched_as_json():
    rules = [{"tool": "*", "when": {"force": "true"}, "do": "deny"}]
    assert decide(rules, arguments={"force": True}) == "deny"
    assert decide(rules, arguments={"force": False}) == "ask"


def test_always_turns_asking_into_allowing_and_never_a_denial():
    assert decide([], always={"fs__write"}) == "allow"
    assert decide([], always={"fs__read"}) == "ask"
    asking = [{"tool": "*", "do": "ask"}]
    assert decide(asking, always={"fs__write"}) == "allow"
    assert decide([{"tool": "*", "do": "deny"}], always={"fs__write"}) == "deny"


def test_a_rule_can_ask_about_what_only_reads():
    assert decide([{"tool": "*", "do": "ask"}], read_only=True) == "ask"
