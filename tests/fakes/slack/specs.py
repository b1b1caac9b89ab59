"""Slack's own description of its events, where the folder `BRIDGE_SPECS` names holds it.

The files are `slack_event_wrapper.json` and `slack_events_asyncapi.json` of
https://github.com/slackapi/slack-api-specs.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from bridge.demo.slack.fields import Checks

TOPICS = {"app_mention": "app.mention", "member_joined_channel": "member.joined.channel"}


def folder() -> Path | None:
    """Return where the descriptions are, None where they are not."""
    named = os.environ.get("BRIDGE_SPECS")
    path = Path(named) if named else None
    return path if path and (path / "slack_event_wrapper.json").exists() else None


def check_event(payload: dict[str, Any], checks: Checks) -> None:
    """Hold an event against Slack's schemas, if they are there."""
    if folder() is None:
        return
    for name in ("wrapper", TOPICS.get(payload["event"]["type"], "message.im")):
        checks.counts[f"spec {name}"] += 1
        errors = _validator(name).iter_errors(payload)
        checks.problems += [f"spec {name}: {error.message}" for error in errors]


@cache
def _validator(name: str) -> Draft7Validator:
    there = folder()
    assert there is not None
    if name == "wrapper":
        return Draft7Validator(json.loads((there / "slack_event_wrapper.json").read_text()))
    document = json.loads((there / "slack_events_asyncapi.json").read_text())
    schema = document["topics"][name]["subscribe"]["payload"]
    return Draft7Validator({**schema, "components": document["components"]})
