"""Which call may run."""

from time import perf_counter

import pytest

from agents.tools import policy
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


@pytest.mark.parametrize(
    "command",
    ["cat docs/../x", "cat docs/'..'/x", "cat docs/.'.'/x", 'cat docs/.""./x', "cat docs/.\\./x",
     "cat docs/\\.\\./x", "cat docs/.?/x", "cat docs/.[.]/x", "cat docs/.*/x", "cat docs/a ../x",
     "cat docs/a --file=../x", "cat docs/a ..", "cat docs/'a' \"..\"/x", "cat docs/.[!a]/x"],
)  # fmt: skip
def test_nothing_is_allowed_that_a_shell_reads_as_a_path_that_climbs(command):
    rules = [{"tool": "shell", "when": {"command": "cat docs/*"}, "do": "allow"}]
    assert decide(rules, "shell", {"command": command}) == "ask"


@pytest.mark.parametrize(
    "command", ["cat docs/a..b", "cat docs/.hidden", "cat docs/*.txt", "cat docs/v1..v2 -- a.b"]
)
def test_what_only_looks_a_little_like_it_is_allowed(command):
    rules = [{"tool": "shell", "when": {"command": "cat docs/*"}, "do": "allow"}]
    assert decide(rules, "shell", {"command": command}) == "allow"


@pytest.mark.parametrize(
    "command", ["r''m -rf /", 'r""m -rf /', "\\rm -rf /", "rm '-rf' /", "rm${IFS}-rf /",
                "rm$IFS-rf /", "'rm'  -r\\f /", "$'rm' -rf /", '$"rm" -rf /', "r$'m' -rf /",
                "rm $'-rf' /", "$'\\x72m' -rf /", "$'\\162m' -rf /", "$'\\u0072m' -rf /",
                "r\\\nm -rf /", "rm$'\\x20'-rf /"]
)  # fmt: skip
def test_a_denial_cannot_be_dodged_by_quotes(command):
    rules = [
        {"tool": "*", "when": {"command": "*rm -rf*"}, "do": "deny"},
        {"tool": "*", "do": "allow"},
    ]
    assert decide(rules, "shell", {"command": command}) == "deny"


def test_a_denial_of_quotes_is_of_quotes():
    rules = [
        {"tool": "*", "when": {"command": '*"*'}, "do": "deny"},
        {"tool": "*", "do": "allow"},
    ]
    assert decide(rules, "shell", {"command": "echo a"}) == "allow"
    assert decide(rules, "shell", {"command": 'echo "a"'}) == "deny"


def test_of_a_list_everything_has_to_be_allowed_and_anything_denied():
    allow = [{"tool": "*", "when": {"paths": "/tmp/*"}, "do": "allow"}]
    assert decide(allow, arguments={"paths": ["/tmp/a", "/tmp/b"]}) == "allow"
    assert decide(allow, arguments={"paths": ["/tmp/a", "/etc/b"]}) == "ask"
    assert decide(allow, arguments={"paths": []}) == "ask"
    deny = [{"tool": "*", "when": {"paths": "/etc/*"}, "do": "deny"}]
    assert decide(deny, arguments={"paths": ["/tmp/a", "/etc/b"]}) == "deny"


@pytest.mark.parametrize(
    "words",
    [["rm", "-rf", "/"], ["RM", "-rf", "/"], ["rm", " -rf", "/"], ["r''m", "-rf", "/"],
     ["sh", "-c", "rm -rf /"], ["rm -rf", "/"], ["rm", "-rf", 1], ["sudo", "rm", "-rf", "/"],
     [["rm", "-rf"], "/"]],
)  # fmt: skip
@pytest.mark.parametrize("do", ["deny", "ask"])
def test_a_denial_cannot_be_dodged_by_a_list_of_words(words, do):
    rules = [
        {"tool": "*", "when": {"cmd": "*rm -rf*"}, "do": do},
        {"tool": "*", "do": "allow"},
    ]
    assert decide(rules, "run", {"cmd": words}) == do
    assert decide(rules, "run", {"cmd": ["ls", "-l"]}) == "allow"
    assert decide(rules, "run", {"cmd": []}) == "allow"


def test_an_allow_is_not_of_the_words_of_a_list_together():
    rules = [{"tool": "*", "when": {"cmd": "git status*"}, "do": "allow"}]
    assert decide(rules, "run", {"cmd": ["git", "status"]}) == "ask"


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


# -- what a pattern does not stand for ------------------------------------------------------------

GIT = {"tool": "shell", "when": {"command": "git status*"}, "do": "allow"}
AFTER = (
    *("; rm -rf /", " && rm x", " | sh", " & rm x", " $(rm x)", " `rm x`", " > /etc/passwd"),
    *(" < /etc/shadow", "\nrm x", "\rrm x", "\u2028rm x", "\u2029rm x", "\u0085rm x", "\x0brm x"),
    *(
        "\x0crm x",
        "\x00rm x",
        "\x1crm x",
        " ${IFS}rm",
        " (rm x)",
        " {rm,x}",
        " \uff1brm x",
        " \uff5csh",
    ),
)


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("pattern", ["git status*", "git*", "*", "git status?*", "git [!x]*"])
def test_no_wildcard_of_an_allow_lets_a_second_command_in(after, pattern):
    rule = GIT | {"when": {"command": pattern}}
    assert decide([rule], "shell", {"command": f"git status{after}"}) == "ask"
    assert decide([rule], "shell", {"command": "git status -sb"}) == "allow"


@pytest.mark.parametrize("one", [";", "\n", "|", "\u2028"])
def test_neither_a_question_mark_nor_a_bracket_stands_for_what_a_star_does_not(one):
    for pattern in ("ls?x", "ls[!a]x", f"ls[{one}]x"):
        rule = GIT | {"when": {"command": pattern}}
        assert decide([rule], "shell", {"command": f"ls{one}x"}) == "ask"
    rule = GIT | {"when": {"command": "ls[*-]x"}}
    assert decide([rule], "shell", {"command": "ls*x"}) == "allow"


def test_what_a_pattern_spells_out_is_allowed():
    rule = GIT | {"when": {"command": "make * && make test*"}}
    assert decide([rule], "shell", {"command": "make all && make test-fast"}) == "allow"
    assert decide([rule], "shell", {"command": "make all && rm x && make test"}) == "ask"


def test_a_rule_can_say_that_no_shell_reads_it():
    rule = {"tool": "fetch_url", "when": {"url": "https://example.org/*"}, "do": "allow"}
    given = {"url": "https://example.org/?a=1&b=(2)"}
    assert decide([rule], "fetch_url", given) == "ask"
    assert decide([rule | {"shell": "any"}], "fetch_url", given) == "allow"
    climbing = {"url": "https://example.org/../x"}
    assert decide([rule | {"shell": "any"}], "fetch_url", climbing) == "ask"


@pytest.mark.parametrize("path", ["/tmp/\uff0e\uff0e/etc", "/tmp/‥/etc"])
def test_no_disguise_of_two_dots_climbs_out(path):
    assert (
        decide([{"tool": "*", "when": {"path": "/tmp/*"}, "do": "allow"}], arguments={"path": path})
        == "ask"
    )


@pytest.mark.parametrize(
    "command",
    ["sudo reboot", "SUDO reboot", "  sudo   reboot", "sudo\treboot", "sudo\u00a0reboot",
     "\uff53\uff55\uff44\uff4f reboot",
     "su\u200bdo reboot", "su\u00addo reboot", "sudo\u3000REBOOT", "s\u0336udo reboot"],
)  # fmt: skip
@pytest.mark.parametrize("do", ["deny", "ask"])
def test_a_denial_cannot_be_dodged_by_case_blanks_or_dress(command, do):
    rules = [
        {"tool": "*", "when": {"command": "*sudo reboot*"}, "do": do},
        {"tool": "*", "do": "allow"},
    ]
    assert decide(rules, "shell", {"command": command}) == do


def test_a_denial_wins_wherever_it_stands():
    rules = [
        {"tool": "*", "do": "allow"},
        {"tool": "FS__*", "when": {"path": "*secret*"}, "do": "deny"},
    ]
    assert decide(rules, arguments={"path": "/x/SECRET"}) == "deny"
    assert decide(rules, arguments={"path": "/x/y"}) == "allow"


def test_a_denial_of_every_tool_holds_for_what_no_other_rule_names():
    rules = [{"tool": "*", "do": "deny"}, {"tool": "fs__read", "do": "allow"}]
    assert decide(rules, "fs__read") == "allow"
    assert decide(rules, "fs__write") == "deny"
    assert decide(rules, "fs__write", always={"fs__write"}) == "deny"


@pytest.mark.parametrize("pattern", ["*a*a*a*a*a*a*a*b", "*" * 50 + "b", "[a-z]*[a-z]*[a-z]*b"])
def test_no_text_keeps_a_pattern_busy(pattern):
    rules = [{"tool": "*", "when": {"x": pattern}, "do": do} for do in ("allow", "ask", "deny")]
    begun = perf_counter()
    decide(rules, arguments={"x": "a" * 100_000})
    assert perf_counter() - begun < 2


LONG_ONE = "\ufdfa"
"""One character; in its normal form it is a sentence of 18."""


@pytest.mark.parametrize("text", [LONG_ONE * 200_000, "\u0436" * 200_000, "a\u00e4" * 200_000])
def test_a_text_too_long_to_be_read_is_never_allowed_and_never_slips_through(text, monkeypatch):
    """Work without a clock: it is not brought into its normal form at all."""
    read = []
    monkeypatch.setattr(policy, "normal", lambda _, each: read.append(len(each)) or each)
    for do, found in (("allow", "ask"), ("ask", "ask"), ("deny", "deny")):
        rules = [{"tool": "*", "when": {"x": "*"}, "do": do}]
        assert decide(rules, arguments={"x": text}) == found
        assert decide(rules, arguments={"x": [text]}) == found
    assert max(read, default=0) < 100


def test_a_long_text_of_ascii_and_an_everyday_one_of_another_alphabet_are_read():
    rules = [{"tool": "*", "when": {"x": "*"}, "do": "allow", "shell": "any"}]
    assert decide(rules, arguments={"x": "a" * 1_000_000}) == "allow"
    assert decide(rules, arguments={"x": "\u0436 " * 20_000}) == "allow"
    assert decide(rules, arguments={"x": LONG_ONE * 100}) == "allow"
