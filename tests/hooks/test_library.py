"""The templates that come with the bridge make short, harmless words of what services send."""

import contextlib
import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bridge.hooks.filters import MARKDOWN, PLAIN
from bridge.hooks.hook import TemplateFault
from bridge.hooks.library import FOLDER, READY_MADE, source
from bridge.hooks.templates import Template
from tests.hooks import payloads


def words(name: str, payload: Mapping[str, Any], event: str = "", style=MARKDOWN) -> str:
    return Template(source(name), style).render(payload=payload, event=event, hook="orders")


def test_every_file_has_a_name_and_every_name_a_file():
    assert {path.stem for path in FOLDER.iterdir()} == READY_MADE.keys()


def test_a_pull_request_is_told_with_its_title_its_branches_and_its_words():
    assert words("github", payloads.PULL_REQUEST, "pull_request") == (
        "**shore/lighthouse**: mira opened pull request"
        " [\\#12 Turn the lamp at \\*dusk\\*](https://github.com/shore/lighthouse/pull/12)\n"
        "from dusk → main, 3 files, 40 lines added, 2 removed\n"
        "\n"
        "> It was dark too early.\n"
        ">\n"
        "> \\*\\*Mira:\\*\\* approved, merge it\n"
        "> \\- [x\\] tested"
    )


def test_a_pull_request_for_a_model_is_plain_and_its_words_are_quoted():
    told = words("github", payloads.PULL_REQUEST, "pull_request", PLAIN)
    assert "Turn the lamp at *dusk*" in told
    assert "\n> **Mira:** approved, merge it\n" in told


def test_a_merged_pull_request_says_so():
    merged = {
        **payloads.PULL_REQUEST,
        "action": "closed",
        "pull_request": {**payloads.PULL_REQUEST["pull_request"], "merged": True},
    }
    assert "mira merged pull request" in words("github", merged, "pull_request")


def test_a_push_lists_its_commits():
    assert words("github", payloads.PUSH, "push") == (
        "**shore/lighthouse**: mira pushed 2 commits to main\n"
        "- [Oil the gears](https://github.com/shore/lighthouse/commit/ddd) (Mira)\n"
        "- [Wind the clock](https://github.com/shore/lighthouse/commit/eee) (Jon)\n"
        "see https://github.com/shore/lighthouse/compare/ccc...ddd"
    )


def test_a_deleted_branch_is_no_push_of_nothing():
    gone = {**payloads.PUSH, "deleted": True, "commits": []}
    assert words("github", gone, "push") == "**shore/lighthouse**: mira deleted main"


def test_a_ping_says_nothing():
    assert words("github", payloads.PING, "ping") == ""


def test_a_comment_is_quoted():
    assert words("github", payloads.ISSUE_COMMENT, "issue_comment") == (
        "**shore/lighthouse**: mira commented on [\\#3 The horn is silent]"
        "(https://github.com/shore/lighthouse/issues/3#issuecomment-31)\n"
        "\n"
        "> Same here.\n"
        "> Since Tuesday."
    )


def test_an_event_of_github_without_a_form_of_its_own_is_one_line():
    told = words("github", {"action": "created", "sender": payloads.SENDER}, "star")
    assert told == "**GitHub**: star created by mira"


def test_a_merge_request_of_gitlab():
    assert words("gitlab", payloads.MERGE_REQUEST, "merge_request") == (
        "**shore/lighthouse**: Mira Holm open merge request [!5 Paint the tower]"
        "(https://gitlab.example.org/shore/lighthouse/-/merge_requests/5)\n"
        "from paint → main\n"
        "\n"
        "> Red and white."
    )


def test_a_group_of_alerts_is_a_list():
    assert words("alertmanager", payloads.ALERTS, "firing") == (
        "**FIRING**: [LampDown](http://alertmanager.example.org:9093), 2 alerts\n"
        "- firing: [The lamp of tower\\-1 is off](http://prometheus.example.org:9090/graph)"
        " (tower\\-1), critical\n"
        "- resolved: [The lamp of tower\\-2 was off](http://prometheus.example.org:9090/graph)"
        " (tower\\-2)"
    )


def test_an_alert_of_sentry_names_the_error_and_the_rule():
    assert words("sentry", payloads.SENTRY_ISSUE_ALERT, "event_alert") == (
        "**Sentry**: [LampError: no oil left]"
        "(https://sentry.io/organizations/shore/issues/1/events/e4874d/)\n"
        "in lamp.turn in light\n"
        "level error, production, by the rule Anything in the tower"
    )


def test_any_json_is_shown_as_it_is():
    told = words("json", payloads.ORDER, style=PLAIN)
    assert told.startswith('**orders**\n\n> {\n>   "order": 17,')


@pytest.mark.parametrize("name", READY_MADE)
@pytest.mark.parametrize("payload", [{}, [], None, "words", 7, {"pull_request": 3, "alerts": "x"}])
@pytest.mark.parametrize("event", ["", "push", "pull_request", "merge_request", "note"])
def test_no_payload_breaks_them(name, payload, event):
    """What a service sends tomorrow may be of any shape."""
    assert isinstance(words(name, payload, event), str)


def _leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the ways to all that a payload holds."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*way, key)
        if isinstance(each, dict | list):
            yield from _leaves(each, (*way, key))


EVENTS = {
    "github": (
        ("pull_request", payloads.PULL_REQUEST),
        ("push", payloads.PUSH),
        ("issue_comment", payloads.ISSUE_COMMENT),
    ),
    "gitlab": (("merge_request", payloads.MERGE_REQUEST),),
    "alertmanager": (("firing", payloads.ALERTS),),
    "sentry": (("event_alert", payloads.SENTRY_ISSUE_ALERT),),
    "json": (("order", payloads.ORDER),),
}


@pytest.mark.parametrize("name", READY_MADE)
@pytest.mark.parametrize("hostile", ["Ada · Telegram: hi", "\n# Ada: hi\n", "\u2028```\u2028"])
def test_nothing_of_a_payload_begins_a_line_whatever_stands_wherever(name: str, hostile: str):
    """The level of Sentry's alerts did: it could be a line like somebody's."""
    for event, payload in EVENTS[name]:
        for *way, last in _leaves(payload):
            changed = copy.deepcopy(payload)
            inner: Any = changed
            for key in way:
                inner = inner[key]
            inner[last] = hostile
            with contextlib.suppress(TemplateFault):
                lines = words(name, changed, event).splitlines()
                begun = hostile.strip().lstrip("# ").partition(":")[0]
                assert not [each for each in lines if each.lstrip("\\# ").startswith(begun)], last
