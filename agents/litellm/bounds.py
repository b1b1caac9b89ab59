"""How much one run may do, and what it has used, sans I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.litellm.config import LitellmConfig
from agents.litellm.pieces import Metered
from bridge.events import Usage


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run has used since `started`. `cost` is None while nothing had a price."""

    started: datetime
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str = ""

    def add(self, model: str, metered: Metered | None) -> None:
        self.model = model
        if metered is None:
            return
        self.input_tokens += metered.input_tokens
        self.output_tokens += metered.output_tokens
        if metered.cost is not None:
            self.cost = (self.cost or 0.0) + metered.cost

    @property
    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost=self.cost,
            model=self.model,
        )


def reached(config: LitellmConfig, tally: Tally, now: datetime) -> str | None:
    """Return what to tell people when a bound of the run is reached."""
    if tally.steps >= config.max_steps:
        return _told(f"I have taken {tally.steps} steps", "max_steps")
    if late := reached_in_time(config, tally, now):
        return late
    if tally.cost is not None and tally.cost >= config.max_cost:
        return _told(f"I have spent ${tally.cost:.2f}", "max_cost")
    if tally.input_tokens + tally.output_tokens >= config.max_tokens:
        used = tally.input_tokens + tally.output_tokens
        return _told(f"I have used {used:,} tokens", "max_tokens")
    return None


def reached_in_time(config: LitellmConfig, tally: Tally, now: datetime) -> str | None:
    if now - tally.started >= timedelta(seconds=config.max_seconds):
        return _told(f"I have worked for {_span(config.max_seconds)}", "max_seconds")
    return None


def _told(what: str, setting: str) -> str:
    return (
        f"I stop here: {what}, which is the most that one run may take (`{setting}`). "
        "What I did so far is kept. Tell me to go on, and I will."
    )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:g} seconds"  # noqa: PLR2004
