"""The agent of the chaos run answers each word once: no double is its own doing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

AGENT = Path(__file__).parent / "agent.py"
PLANNED = {"call": "call-00003", "name": "count", "arguments": {}}
CLOSED = {"kind": "closed", "new": True, "call": PLANNED, "outcome": "answered"}


def told(effects: Path, *lines: dict[str, Any], **turn: Any) -> list[dict[str, Any]]:
    """Return what the agent says to a turn and what it is then answered."""
    opening = {"type": "turn", "approved": [], "interrupted": [], "messages": [], **turn}
    given = "".join(f"{json.dumps(each)}\n" for each in (opening, *lines))
    command = [sys.executable, "-S", "-E", str(AGENT)]
    done = subprocess.run(
        command, input=given, env={"EFFECTS": str(effects)}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(text: str) -> dict[str, Any]:
    return {"kind": "message", "new": True, "text": text}


def test_a_word_is_answered_by_its_number(tmp_path):
    assert (
        told(tmp_path / "effects", messages=[said("w00001 please")])[-1]["text"] == "a00001 heard"
    )


def test_what_is_approved_is_done_once_and_answered(tmp_path):
    closed = CLOSED | {"answer": "approve"}
    lines = [{"type": "recorded"}, {"type": "news", "messages": []}]
    found = told(tmp_path / "effects", *lines, approved=[PLANNED], messages=[closed])
    assert found[-1]["text"] == "a00003 done"
    assert (tmp_path / "effects").read_text() == "call-00003\n"


def test_what_is_approved_while_it_works_is_done_before_it_is_answered(tmp_path):
    news = {"type": "news", "messages": [CLOSED | {"answer": "approve"}]}
    lines = [{"type": "recorded"}, news, {"type": "recorded"}]
    found = told(tmp_path / "effects", *lines, messages=[said("w00001 with a tool")])
    assert found[-1]["text"] == "a00001 done\na00003 done"
    assert (tmp_path / "effects").read_text() == "call-00001\ncall-00003\n"


def test_what_was_begun_or_done_before_is_not_done_again(tmp_path):
    closed = CLOSED | {"answer": "approve"}
    begun = told(tmp_path / "effects", interrupted=[PLANNED], messages=[closed])
    assert begun[-1]["text"] == "a00003 interrupted"
    returned = {"kind": "returned", "call": "call-00003", "result": "done"}
    lines = [{"type": "news", "messages": []}]
    done = told(tmp_path / "effects", *lines, messages=[returned, closed])
    assert done[-1]["text"] == "a00003 done"
    assert not (tmp_path / "effects").exists()
