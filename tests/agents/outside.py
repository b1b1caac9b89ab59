"""Agents out of process for tests: made of a few lines of a program, or of the player."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.process.agent import Process, ProcessConfig
from bridge.ports.surroundings import AgentSurroundings
from storage.memory_blobs import MemoryBlobs
from tests.turns import StoryClock

ROOT = Path(__file__).parent.parent.parent
PYTHON = (sys.executable, "-I", "-S")
"""Without the environment's packages, a program starts in half the time."""

PLAYER = (*PYTHON, str(ROOT / "tests" / "agents" / "player.py"))
EXAMPLE = (*PYTHON, str(ROOT / "agents" / "examples" / "answer.py"))
SHELL = ("/bin/sh", str(ROOT / "agents" / "examples" / "disk.sh"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)

HEAD = """
import json, os, sys, time
def say(type, /, **fields): print(json.dumps({"type": type, **fields}), flush=True)
def hear(): return json.loads(sys.stdin.readline())
"""
"""What the programs of tests begin with."""


def surroundings(data: Path, public_url: str | None = None) -> AgentSurroundings:
    clock = StoryClock()
    blobs = MemoryBlobs(clock=clock)
    return AgentSurroundings(clock=clock, data=data, blobs=blobs, public_url=public_url)


def process(data: Path, *command: str, **config: Any) -> Process:
    section = ProcessConfig.model_validate({"command": command, **config})
    return Process("helper", section, surroundings(data))


def program(data: Path, body: str, **config: Any) -> Process:
    """Return an agent whose program is `body`, in Python."""
    return process(data, *PYTHON, "-c", HEAD + body, **config)
