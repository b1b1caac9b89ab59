"""Hooks as a configuration makes them, and calls as services make them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from bridge.config import load
from bridge.hooks.hook import Hook
from bridge.http.hook_calls import Incoming

SECRET = "a-secret-of-twenty-one"
STANDARD = "whsec_" + "bm90IGEgc2VjcmV0IGF0IGFsbA=="
MAIN = "s_main"


def hooks(folder: Path, **sections: Mapping[str, Any]) -> dict[str, Hook]:
    """Return hooks of these sections, whose secrets are in the environment."""
    environ = {"SECRET": SECRET, "STANDARD": STANDARD}
    whole = {
        name: {
            "session": MAIN,
            "secret": "${STANDARD}" if each.get("verify") == "standard" else "${SECRET}",
            **each,
        }
        for name, each in sections.items()
    }
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump({"hooks": whole}))
    return dict(load(file, environ).hooks)


def call(
    hook: Hook,
    payload: Any,
    *,
    event: str = "",
    delivery: str = "d-1",
    at: datetime | None = None,
    **headers: str,
) -> Incoming:
    """Return what the service of a hook sends."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    named = {"content-type": "application/json"}
    for where, value in ((hook.event, event), (hook.delivery, delivery)):
        named |= {
            each.removeprefix("header:"): value
            for each in where[:1]
            if value and each.startswith("header:")
        }
    signed = hook.verification.signed(body, at or datetime.now(UTC), delivery)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Incoming(headers={**named, **signed, **given}, body=body)
