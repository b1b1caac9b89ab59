"""`bridge ask`: asks people, waits whatever the connection does, and exits by the answer."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.process import BridgeProcess
from tests.waiting import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "pushing.md"


def start(bridge: BridgeProcess, *words: str) -> subprocess.Popen:
    """Start the command, which waits for an answer."""
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", "ask", *words],
        env=bridge.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def question(bridge: BridgeProcess, session: str) -> dict:
    """Wait until something is asked in a session."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        asked = [e for e in bridge.events(session) if e["type"] == "question_asked"]
        if asked:
            return asked[-1]
        time.sleep(0.05)
    raise AssertionError("nothing was asked")


def put(bridge: BridgeProcess, session: str, option: str) -> None:
    said = {"type": "answer", "question": question(bridge, session)["question"], "answer": option}
    with bridge.client() as client:
        client.post(f"/v1/stream/sessions/{session}/inbox", json=said).raise_for_status()


@pytest.mark.parametrize(("option", "said", "code"), [(1, "yes", 0), (2, "no", 11), (3, "?", 12)])
def test_it_prints_the_answer_and_exits_by_it(bridge, session, option, said, code):
    asking = start(bridge, "Deploy?", "--to", session, "--options", "yes, no, ?")
    put(bridge, session, f"option-{option}")
    out, err = asking.communicate(timeout=PATIENCE)
    assert (asking.returncode, out) == (code, f"{said}\n")
    assert err.startswith("answered by ")


def test_words_are_an_answer_where_there_are_no_options(bridge, session):
    asking = start(bridge, "When?", "--to", session, "--json")
    put(bridge, session, "on Friday")
    out, _ = asking.communicate(timeout=PATIENCE)
    told = json.loads(out)
    assert (asking.returncode, told["answer"], told["state"]) == (0, "on Friday", "answered")


def test_nobody_answers_in_time(bridge, session):
    asking = start(bridge, "Deploy?", "--to", session, "--options", "yes,no", "--timeout", "1s")
    out, err = asking.communicate(timeout=PATIENCE)
    assert (asking.returncode, out, err) == (5, "", "nobody answered in time\n")


def test_it_was_taken_back(bridge, session):
    asking = start(bridge, "Deploy?", "--to", session)
    asked = question(bridge, session)
    with bridge.client() as client:
        client.delete(f"/v1/sessions/{session}/questions/{asked['question']}").raise_for_status()
    out, err = asking.communicate(timeout=PATIENCE)
    assert (asking.returncode, out, err) == (6, "", "the question was taken back\n")


def test_whoever_interrupts_it_takes_it_back(bridge, session):
    asking = start(bridge, "Deploy?", "--to", session)
    question(bridge, session)
    time.sleep(0.3)
    asking.send_signal(signal.SIGINT)
    asking.communicate(timeout=PATIENCE)
    assert asking.returncode == 130
    (closed,) = [e for e in bridge.events(session) if e["type"] == "question_closed"]
    assert closed["outcome"] == "withdrawn"


def test_a_bridge_that_is_killed_meanwhile_is_waited_for(own_bridge):
    session = own_bridge.session("Main")
    asking = start(own_bridge, "Deploy?", "--to", session, "--options", "yes,no")
    question(own_bridge, session)
    own_bridge.kill()
    time.sleep(1)
    assert asking.poll() is None
    own_bridge.start()
    put(own_bridge, session, "option-1")
    assert asking.communicate(timeout=PATIENCE)[0] == "yes\n"
    assert asking.returncode == 0


def test_with_a_key_it_is_asked_once_and_told_again(bridge, session):
    words = ("Deploy?", "--to", session, "--options", "yes,no", "--key", "build-17")
    first = start(bridge, *words)
    put(bridge, session, "option-2")
    for asking in (first, start(bridge, *words)):
        assert asking.communicate(timeout=PATIENCE)[0] == "no\n"
        assert asking.returncode == 11
    asked = [e for e in bridge.events(session) if e["type"] == "question_asked"]
    assert len(asked) == 1


def test_what_cannot_be_asked_says_why(run, bridge, session, tmp_path):
    assert run("ask", "-", "--to", session, given=" ").code == 2
    assert run("ask", "?", "--to", session, "--timeout", "soon").code == 2
    refused = run("ask", "?", "--to", session, "--options", "yes,yes")
    assert (refused.code, "each of the options once" in refused.err) == (1, True)
    nobody = run("ask", "?", "--to", session, "--person", "Mallory")
    assert (nobody.code, "nobody there is called" in nobody.err) == (1, True)
    away = run("ask", "?", BRIDGE_DATA=str(tmp_path), BRIDGE_CONFIG="")
    assert away.code == 3


def test_the_step_of_github_actions_in_the_docs_works(bridge, session):
    """As it is written, but for where the command comes from and how long it waits."""
    blocks = re.findall(r"```yaml\n(- name:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (step,) = yaml.safe_load(blocks[0])
    line = step["run"].replace("pipx run bridgehead", f"{sys.executable} -m bridge")
    line = line.replace("--to main", f"--to {session}")
    line = line.replace("${{ github.sha }}", "abc").replace("${{ github.run_id }}", "17")
    assert set(step["env"]) == {"BRIDGE_URL", "BRIDGE_TOKEN"}
    assert "${{" not in line
    kept = {k: v for k, v in bridge.environ.items() if k not in {"BRIDGE_DATA", "BRIDGE_CONFIG"}}
    step = subprocess.Popen(
        ["bash", "-eo", "pipefail", "-c", line],  # as a runner does
        env={**kept, "BRIDGE_URL": bridge.url, "BRIDGE_TOKEN": bridge.token, "HOME": os.devnull},
    )
    put(bridge, session, "option-2")
    assert step.wait(PATIENCE) == 11, "the job stops here"


def test_the_call_of_a_workflow_tool_in_the_docs_works(bridge, session):
    """Two plain HTTP calls, of which the second is made again while the question is open."""
    blocks = re.findall(r"```json\n(\[.*?\])\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    ask, wait = json.loads(blocks[0])
    ask["url"] = ask["url"].replace("{{bridge}}", "").replace("/main/", f"/{session}/")
    with bridge.client() as client:
        asked = client.request(ask["method"], ask["url"], json=ask["body"]).json()
        put(bridge, session, "option-1")
        path = wait["url"].replace("{{bridge}}", "").replace("/main/", f"/{session}/")
        known = client.request(wait["method"], path.replace("{{id}}", asked["id"])).json()
    assert (known["state"], known["answer"]) == ("answered", "yes")
