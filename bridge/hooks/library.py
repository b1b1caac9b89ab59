"""The templates that come with the bridge, so that nobody has to write one.

Each makes a few lines of what people want to know of an event, and nothing of an event that says
nothing, such as GitHub's `ping`. They are in `ready_made/`; their services document the payloads:

- https://docs.github.com/en/webhooks/webhook-events-and-payloads
- https://docs.gitlab.com/user/project/integrations/webhook_events/
- https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
- https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("ready_made")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyMade:
    """Where a service says which event this is, and which delivery (`bridge.hooks.hook.Where`)."""

    event: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()


READY_MADE: Mapping[str, ReadyMade] = {
    "github": ReadyMade(),
    "gitlab": ReadyMade(),
    "alertmanager": ReadyMade(event=("status",)),
    "sentry": ReadyMade(event=("header:sentry-hook-resource",), delivery=("header:request-id",)),
    "json": ReadyMade(),
}
"""By the names that `template` of a hook may have."""


def source(name: str) -> str:
    """Return the text of a template that comes with the bridge."""
    return FOLDER.joinpath(f"{name}.j2").read_text(encoding="utf-8")
