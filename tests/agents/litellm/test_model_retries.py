"""Which model is asked when, and what is told when none answers. More is in test_speaking.py."""

import asyncio
from datetime import UTC, datetime

from agents.litellm.failure import Trouble
from agents.litellm.model_retries import _pause, _worst
from tests.agents.litellm.rig import told as story_of


def busy(**how):
    return Trouble(kind="busy", reason="slow down", **how)


def test_pauses_double_and_end_with_the_tries():
    assert [_pause(busy(), attempt, 4) for attempt in range(4)] == [1, 2, 4, None]


def test_the_providers_own_pause_is_kept_unless_it_is_too_long():
    assert _pause(busy(retry_after=0.0), 0, 3) == 0
    assert _pause(busy(retry_after=19.0), 0, 3) == 19
    assert _pause(busy(retry_after=3600.0), 0, 3) is None


def test_what_is_told_names_every_model_and_hopes_where_one_was_only_busy():
    unusable = Trouble(kind="unusable", reason="no key")
    told = _worst([("a", busy()), ("a", busy()), ("b", unusable)])
    assert told == Trouble(kind="busy", reason="a: slow down; b: no key")
    assert _worst([("b", unusable)]).kind == "unusable"


async def test_llmock_finds_the_client_resilient(llmock, bench):
    """The verdict of an independent judge: waits as asked, no storm, no half answer used."""
    llmock.rate_limit(times=1, retry_after=0.2)
    llmock.fail(500, times=1)
    story = story_of()
    clock = Real()
    await let(story, bench, llmock, clock)
    assert len(story.words()) == 1
    llmock.truncate(after_chunks=2, times=1)
    llmock.disconnect(after_chunks=2, times=1)
    story.say("And again.")
    await let(story, bench, llmock, clock)
    assert len(story.words()) == 2
    llmock.assert_resilient()


async def let(story, bench, llmock, clock):
    agent = bench.agent(
        api_base=llmock.base_url("openai"), model="openai/gpt-4o-mini", tools={"builtin": ()}
    )
    turn = story.turn()
    turn.clock = clock
    async for _ in story.let(agent, turn):
        pass


class Real:
    """A clock by which long waits are short."""

    def now(self):
        return datetime.now(UTC)

    async def sleep(self, seconds):
        await asyncio.sleep(seconds if seconds < 0.5 else 0.3)
