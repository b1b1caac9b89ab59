"""`bridge run` in a process of its own, without channels, as anyone would start it."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
POLL = 0.01
CONFIG = "data: {data}\nhttp: {{port: 0}}\ngrace: 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a process used so far: wall and CPU time in seconds, resident memory in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeProcess:
    """A bridge that is ready. `spent` is what it took to get there; `token` is the owner's."""

    url: str
    token: str
    pid: int
    spent: Spent


@contextmanager
def bridge_process(data: Path) -> Iterator[BridgeProcess]:
    """Run a bridge over the folder `data` for as long as the context is open."""
    config = data.with_suffix(".yaml")
    config.write_text(CONFIG.format(data=data), encoding="utf-8")
    announced = data / "server.json"
    announced.unlink(missing_ok=True)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge", "run", "--config", config],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        url = _ready(process, announced)
        spent = spent_by(process.pid, since=begun)
        token = (data / "owner-token").read_text(encoding="ascii").strip()
        yield BridgeProcess(url=url, token=token, pid=process.pid, spent=spent)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def spent_by(pid: int, *, since: float) -> Spent:
    wall = time.perf_counter() - since
    process = psutil.Process(pid)
    times = process.cpu_times()
    return Spent(wall=wall, cpu=times.user + times.system, memory=process.memory_info().rss / 1e6)


def _ready(process: subprocess.Popen[bytes], announced: Path) -> str:
    """Wait until the bridge says where it is and that it is ready; return its URL."""
    until = time.perf_counter() + PATIENCE
    while process.poll() is None and time.perf_counter() < until:
        try:
            url: str = json.loads(announced.read_text(encoding="utf-8"))["url"]
            with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE):
                return url
        except (OSError, ValueError):  # not there yet, half written, not listening, not ready
            time.sleep(POLL)
    raise RuntimeError(f"the bridge did not start: {process.poll()}")
