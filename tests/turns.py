"""A session in a list, in which an agent can be let answer; outside packages use the same."""

from bridge.testing.turns import Story, StoryClock, StoryTurn, _command

__all__ = ["Story", "StoryClock", "StoryTurn", "_command"]
