"""What it takes `bridge run` to be ready without channels, beside the bare imports.

Those are fastapi, uvicorn, sqlalchemy and pydantic; the database is there already, but for the
very first start. Each start is a process of its own; what it used is read once it has answered
/readyz.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bridge_process import PATIENCE, Spent, bridge_process, spent_by
from benchmarks.figures import Figure, median

IMPORTS = "import fastapi, uvicorn, sqlalchemy, pydantic"
SAY_AND_WAIT = f"{IMPORTS}; print(flush=True); input()"


def measure(*, quick: bool) -> list[Figure]:
    first, again, bare = [], [], []
    with TemporaryDirectory(prefix="bridge-bench-") as folder:
        _start(Path(folder) / "warm-up")  # compiles, and fills the file cache
        for number in range(1 if quick else 7):
            data = Path(folder) / f"data-{number}"
            first.append(_start(data))
            again.append(_start(data))
            bare.append(_bare())
    return [
        *_figures("`bridge run` to ready", again, cpu=1.5, memory=90, headline=True),
        *_figures("`bridge run` to ready, very first start", first),
        *_figures("bare imports, beside it", bare, headline=True),
        Figure(
            name="`bridge run` against the bare imports: CPU time",
            value=median(one.cpu / other.cpu for one, other in zip(again, bare, strict=True)),
            unit="times",
            headline=True,
        ),
    ]


def _start(data: Path) -> Spent:
    with bridge_process(data) as bridge:
        return bridge.spent


def _bare() -> Spent:
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", SAY_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        spent = spent_by(process.pid, since=begun)
        process.communicate(b"\n", timeout=PATIENCE)
    return spent


def _figures(
    name: str,
    spent: Sequence[Spent],
    *,
    cpu: float | None = None,
    memory: float | None = None,
    headline: bool = False,
) -> list[Figure]:
    return [
        Figure(
            name=f"{name}: CPU time",
            value=median(each.cpu for each in spent),
            unit="s",
            below=cpu,
            headline=headline,
        ),
        Figure(
            name=f"{name}: memory",
            value=median(each.memory for each in spent),
            unit="MB",
            below=memory,
            headline=headline,
        ),
        Figure(name=f"{name}: time", value=median(each.wall for each in spent), unit="s"),
    ]
