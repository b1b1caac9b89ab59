"""How much of each pure module its own tests run: `make coverage`, which fails below `LEAST`.

The own tests of `bridge/session` are in `tests/session`, and so on: what a module decides is shown
by tests that call it, not by a whole bridge that happens to pass through it. Lines and branches
count alike.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage import Coverage

ROOT = Path(__file__).parent.parent
PACKAGES = ("session", "delivery", "domain", "hooks")
LEAST = 95.0
"""Percent of each module's lines and branches."""

SETTINGS = """\
[run]
branch = true
source = {source}
data_file = {data}
disable_warnings = no-data-collected

[report]
exclude_also =
    case _:\\n\\s*assert_never\\(
    assert_type\\(rest,
    if TYPE_CHECKING:
    ^\\s*\\.\\.\\.$
"""
"""What is left out can never be reached, or is not there when the program runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    module: str
    percent: float
    missing: str


def started(package: str, folder: Path) -> subprocess.Popen[str]:
    """Start the tests of a package, measured."""
    settings = folder / f"{package}.ini"
    source, data = ROOT / "bridge" / package, folder / f"{package}.data"
    settings.write_text(SETTINGS.format(source=source, data=data))
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest"]
    command += ["-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", f"tests/{package}"]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def covered(package: str, folder: Path) -> Iterator[Covered]:
    """Yield how much of each module of a package was run."""
    measured = Coverage(config_file=str(folder / f"{package}.ini"))
    measured.load()
    report = folder / f"{package}.json"
    measured.json_report(outfile=str(report))
    for path, file in json.loads(report.read_text())["files"].items():
        lines = [str(line) for line in file["missing_lines"]]
        ways = [f"{before}→{after}" for before, after in file["missing_branches"] if after > 0]
        yield Covered(
            module=Path(path).resolve().relative_to(ROOT).as_posix(),
            percent=file["summary"]["percent_covered"],
            missing=", ".join([*lines, *ways]),
        )


def too_little(found: list[Covered]) -> list[str]:
    """Return a line for each module of which too little is run by its own tests."""
    return [
        f"{each.module}: {floor(each.percent * 10) / 10} % of its lines and branches are run by"
        f" tests/{each.module.split('/')[1]}, and at least {LEAST:.0f} % have to be."
        f"\n    not run: {each.missing}"
        for each in found
        if each.percent < LEAST
    ]


def main() -> int:
    with TemporaryDirectory() as name:
        folder = Path(name)
        running = {package: started(package, folder) for package in PACKAGES}
        for package, process in running.items():
            said, _ = process.communicate()
            if process.returncode:
                sys.stdout.write(f"the tests of {package} failed:\n{said}\n")
                return 1
        found = [each for package in PACKAGES for each in covered(package, folder)]
    short = too_little(found)
    lowest = min(found, key=lambda each: each.percent)
    sys.stdout.write("\n".join(short) + "\n" if short else "")
    sys.stdout.write(
        f"{len(found)} pure modules, {len(short)} of them below {LEAST:.0f} %;"
        f" the lowest is {lowest.module} with {lowest.percent:.1f} %\n"
    )
    return 1 if short else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
