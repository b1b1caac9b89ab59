"""The example of a Temporal activity waits for people, as Temporal's own library runs it."""

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.commands import Answer, ExpireQuestions
from tests.http.rig import ADA, MAIN, SESSION, Bridge, token_of
from tests.waiting import PATIENCE

temporalio = pytest.importorskip("temporalio.testing")

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "temporal_activity.py"


def example() -> Any:
    spec = importlib.util.spec_from_file_location("temporal_activity", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def asked(bridge: Bridge) -> Any:
    async with asyncio.timeout(PATIENCE):
        while not (open_ones := (await bridge.sessions.fold(MAIN)).questions):
            await asyncio.sleep(0.01)
    return next(iter(open_ones))


@pytest.fixture
def activity(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("BRIDGE_URL", bridge.url)
    monkeypatch.setenv("BRIDGE_TOKEN", token_of(ADA))
    return example()


async def test_it_returns_what_somebody_answered(bridge: Bridge, activity: Any) -> None:
    beats: list[Any] = []
    environment = temporalio.ActivityEnvironment()
    environment.on_heartbeat = lambda *told: beats.append(told)
    question = activity.Question(session=MAIN, text="Deploy?")
    running = asyncio.ensure_future(environment.run(activity.ask_people, question))
    found = await asked(bridge)
    await asyncio.sleep(0.05)
    await bridge.sessions.submit(MAIN, Answer(by=ADA, question=found, answer="option-2"))
    assert await running == "no"
    assert beats
    again = await temporalio.ActivityEnvironment().run(activity.ask_people, question)
    assert again == "no", "another attempt of it is told the answer"
    async with bridge.client() as ada:
        events = (await ada.get(f"{SESSION}/events")).json()["events"]
    assert sum(each["type"] == "question_asked" for each in events) == 1


async def test_it_fails_for_good_where_nobody_answered(bridge: Bridge, activity: Any) -> None:
    question = activity.Question(session=MAIN, text="Deploy?")
    running = asyncio.ensure_future(
        temporalio.ActivityEnvironment().run(activity.ask_people, question)
    )
    await asked(bridge)
    later = ExpireQuestions(now=bridge.clock.now().replace(year=2100))
    await bridge.sessions.submit(MAIN, later)
    with pytest.raises(Exception, match="is expired") as told:
        await running
    assert told.value.non_retryable
