"""`python -m benchmarks [NAME…]`: measures, prints a table, writes JSON."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.machine import machine
from benchmarks.report import README, Report, as_json, rewrite, show
from benchmarks.run import NAMES, apart

ROOT = Path(__file__).parent.parent


def main() -> None:
    asked = _parsed()
    now = datetime.now(UTC)
    found = machine()
    results = []
    for name in asked.names or NAMES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        results.append(apart(name, quick=asked.quick))
    report = Report(
        date=now.isoformat(timespec="seconds"),
        machine=found,
        quick=asked.quick,
        results=tuple(results),
    )
    show(report, Console())
    file = asked.json or ROOT / "bench-results" / f"{now:%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(as_json(report), encoding="utf-8")
    if asked.readme:
        rewrite(ROOT / "docs" / "benchmarks.md", report)
        rewrite(ROOT / "README.md", report, README)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    parser.add_argument("--quick", action="store_true", help="seconds only; the figures say little")
    parser.add_argument(
        "--readme", action="store_true", help="rewrite the figures that the documentation quotes"
    )
    asked = parser.parse_args()
    unknown = set(asked.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if asked.readme and (asked.names or asked.quick):
        parser.error("the documentation quotes whole runs: leave out the names and --quick")
    return asked


if __name__ == "__main__":
    main()
