"""Each configuration of docs/hooks.md works as it is written there."""

import re
from pathlib import Path

import pytest
import yaml

from bridge.config import load
from bridge.hooks.hook import called, said
from bridge.hooks.verification import NAMED_BY
from tests.hooks import payloads

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
SECTIONS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
ENVIRON = dict.fromkeys(re.findall(r"\$\{(\w+)\}", str(SECTIONS)), "whsec_" + "c2VjcmV0" * 4)


def loaded(folder, text):
    (folder / "config.yaml").write_text(text)
    (hook,) = load(folder / "config.yaml", ENVIRON).hooks.values()
    return hook


@pytest.mark.parametrize("text", SECTIONS, ids=lambda text: text.split()[1])
def test_each_section_is_a_whole_configuration(tmp_path, text):
    assert loaded(tmp_path, text).verification.way in NAMED_BY


def test_each_way_to_prove_has_one():
    ways = {next(iter(yaml.safe_load(text)["hooks"].values()))["verify"] for text in SECTIONS}
    assert ways == NAMED_BY.keys()


@pytest.mark.parametrize(
    ("name", "headers", "payload", "words"),
    [
        ("github", {"x-github-event": "pull_request"}, payloads.PULL_REQUEST, "Turn the lamp"),
        ("gitlab", {}, payloads.MERGE_REQUEST, "Paint the tower"),
        ("alerts", {}, payloads.ALERTS, "The lamp of tower"),
        ("sentry", {"sentry-hook-resource": "event_alert"}, payloads.SENTRY_ISSUE_ALERT, "no oil"),
        (
            "stripe",
            {},
            {
                "id": "evt_1",
                "type": "charge.dispute.created",
                "data": {"object": {"amount": 1250, "currency": "eur", "reason": "not_received"}},
            },
            "a dispute of 12.5 EUR,\nbecause of not received",
        ),
        (
            "slack-events",
            {},
            {"type": "event_callback", "event_id": "Ev1", "event": {"type": "team_join"}},
            "team_join",
        ),
        ("billing", {"webhook-id": "m_1"}, {"type": "invoice.paid"}, "invoice.paid"),
        ("orders", {}, {"order": {"id": 7, "total": 120, "customer": "Mira"}}, "120 from Mira"),
    ],
)
def test_each_makes_words_of_what_its_service_sends(tmp_path, name, headers, payload, words):
    (text,) = (each for each in SECTIONS if f"  {name}:\n" in each)
    hook = loaded(tmp_path, text)
    assert words in said(hook, called(hook, headers, payload, "")).replace("\\", "")
