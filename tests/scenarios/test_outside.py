"""Agents out of process behind a real `bridge run`: they answer, ask, are stopped and survive."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.agents.elsewhere import SECRET, TOKEN, Answer, Asked, Elsewhere, elsewhere
from tests.agents.outside import EXAMPLE, HEAD, PYTHON
from tests.agents.process.test_child_process import STUBBORN
from tests.process import BridgeProcess
from tests.waiting import PATIENCE, lives

TOLD = STUBBORN.replace("print(", "say('preview', text=f'{").replace(
    "os.getpid(), child.pid, flush=True)", "os.getpid()} {child.pid}')"
)
"""Shows in a preview who it is and what it started; ignores that it is told to end."""


def config(**agent: Any) -> str:
    return f"agents: {json.dumps({'helper': agent})}\n"


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Callable[[str], BridgeProcess]]:
    running: list[BridgeProcess] = []

    def start(settings: str) -> BridgeProcess:
        running.append(BridgeProcess(tmp_path / "data", settings))
        running[0].start()
        return running[0]

    yield start
    for each in running:
        each.kill()


def until(bridge: BridgeProcess, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until the log of the main session has so many events of a kind; return these."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = [event for event in bridge.events("main") if event["type"] == kind]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no {kind}: {bridge.domain.events('main')}\n{bridge.log.read_text()}")


def words(events: list[dict[str, Any]]) -> list[str]:
    return [event["content"]["text"] for event in events]


def preview(bridge: BridgeProcess) -> str:
    """Return the first text that is shown while an agent works."""
    with bridge.client() as client, client.stream("GET", "/v1/sessions/main/live") as live:
        for line in live.iter_lines():
            if line.startswith("data:") and '"text":"' in line:
                for each in json.loads(line.removeprefix("data:")).get("previews", []):
                    if each["text"]:
                        return str(each["text"])
    raise AssertionError("nothing was shown")


def until_dead(pids: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := [pid for pid in pids if lives(pid)]:
        assert time.monotonic() < deadline, f"still alive: {left}"
        time.sleep(0.01)


def test_a_program_asks_the_bridge_is_killed_and_the_answer_is_acted_upon_once(bridge) -> None:
    running = bridge(config(type="process", command=EXAMPLE))
    running.say("main", "hello")
    assert words(until(running, "message_composed")) == ["Owner (browser) said: hello"]
    running.say("main", "what time is it")
    (asked,) = until(running, "question_asked")
    assert [each["id"] for each in asked["options"]] == ["approve", "deny", "always"]
    running.kill()
    running.start()
    approve(running, asked["question"])
    (returned,) = until(running, "tool_returned")
    assert words(until(running, "message_composed", 2))[1] == f"It is {returned['result']}."
    assert len(until(running, "tool_called")) == 1


def approve(bridge: BridgeProcess, question: str) -> None:
    given = {"type": "answer", "question": question, "answer": "approve"}
    with bridge.client() as client:
        client.post("/v1/stream/sessions/main/inbox", json=given).raise_for_status()


def test_stop_leaves_no_process_that_would_not_end(bridge) -> None:
    running = bridge(config(type="process", command=[*PYTHON, "-c", HEAD + TOLD]))
    running.say("main", "work")
    pids = [int(each) for each in preview(running).split()]
    running.say("main", "/stop")
    (finished,) = until(running, "run_finished")
    assert finished["outcome"] == "cancelled"
    until_dead(pids)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_no_process_outlives_its_bridge(bridge, how) -> None:
    running = bridge(config(type="process", command=[*PYTHON, "-c", HEAD + TOLD]))
    running.say("main", "work")
    pids = [int(each) for each in preview(running).split()]
    getattr(running, how)()
    until_dead(pids)
    running.start()


def test_a_program_that_breaks_the_contract_is_given_up_with_a_reason(bridge) -> None:
    running = bridge(config(type="process", command=["/bin/echo", "hello"]))
    running.say("main", "hi")
    (notice,) = until(running, "message_composed")
    assert notice["kind"] == "notice"
    assert "line 1 of what the agent wrote is bad" in notice["content"]["text"]


# -- elsewhere ------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as running:
        yield running


def secret(path: Path, value: str) -> dict[str, str]:
    path.write_text(value)
    path.chmod(0o600)
    return {"file": str(path)}


def reporting(bridge: BridgeProcess) -> httpx.Client:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=bridge.url, headers=headers, timeout=PATIENCE)


def asked_again(server: Elsewhere, count: int) -> Asked:
    deadline = time.monotonic() + PATIENCE
    while len(server.asked) < count:
        assert time.monotonic() < deadline, "it was not asked"
        time.sleep(0.02)
    return server.asked[count - 1]


def test_an_agent_elsewhere_answers_later_though_the_bridge_died_meanwhile(
    bridge, server, tmp_path
) -> None:
    """The old run is over; the turn comes again under a new one; it pushes when it likes."""
    server.answering["agent"] = lambda _: Answer(status=202)
    running = bridge(
        config(
            type="http",
            url=server.url("/agent"),
            secret=secret(tmp_path / "secret", SECRET),
            token=secret(tmp_path / "token", TOKEN),
        )
    )
    running.say("main", "hello")
    first = asked_again(server, 1).turn
    running.kill()
    running.start()
    second = asked_again(server, 2).turn
    assert first["run"] != second["run"]
    assert first["messages"] == second["messages"]
    ended = {"type": "ended", "text": "Here I am."}
    with reporting(running) as agent:
        late = agent.post(first["urls"]["report"], json=ended)
        assert (late.status_code, late.json()["error"]["code"]) == (410, "gone")
        assert agent.post(second["urls"]["report"], json=ended).json() == {"answers": []}
        until(running, "run_finished", 2)
        pushed = agent.post(second["urls"]["session"], json={"type": "push", "text": "By the way."})
        assert pushed.status_code == 200
    assert words(until(running, "message_composed")) == ["Here I am."]
    assert words(until(running, "pushed")) == ["By the way."]
    assert TOKEN not in running.log.read_text()
