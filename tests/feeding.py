"""A feed, and what else a channel is given, for tests that make a channel themselves."""

from bridge.testing.rig import feeding as feeding  # noqa: PLC0414 - outside packages use the same
from bridge.testing.rig import surrounded as surrounded  # noqa: PLC0414
