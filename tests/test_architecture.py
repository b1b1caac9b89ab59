"""The shape of the tree: which way imports go, how long things get, what is written nowhere."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.events import BODIES

ROOT = Path(__file__).parent.parent
PACKAGES = ("bridge", "channels", "agents", "storage")

LONGEST_FUNCTION = 60
SHORT, MEDIUM = 7, 25
"""Half of the functions are at most short, nine in ten at most medium."""

TYPES = "types and names only: every test uses them"
TESTED_ELSEWHERE: dict[str, str] = {
    "bridge.__main__": "tests/cli/test_main.py",
    "bridge.cli.chat": "tests/cli/test_pipe.py",
    "bridge.cli.demo": "tests/demo/test_page.py",
    "bridge.cli.exits": "tests/cli/test_main.py",
    "bridge.http.app": "tests/http/test_openapi.py",
    "bridge.http.edge": "tests/http/test_bad_input.py",
    "bridge.http.faults": "tests/http/test_bad_input.py",
    "bridge.http.limits": TYPES,
    "bridge.http.operations": "tests/http/test_api.py",
    "bridge.http.reach": "tests/http/test_auth.py",
    "bridge.http.streams": "tests/http/test_catch_up.py",
    "bridge.http.words": TYPES,
    "bridge.inbound": TYPES,
    "bridge.markdown_budget": "tests/test_hostile_text.py",
    "bridge.ports": "tests/conformance",
    "bridge.state": TYPES,
    "bridge.steps": TYPES,
    "bridge.workers.given_up": "tests/workers/test_deaths.py",
    "bridge.workers.lane_reader": "tests/workers/test_courier.py",
}
"""Modules whose test is not called after them: where it is, or why there is none."""

FAMILIES = {
    "bridge.demo.": "tests/demo",
    "storage.": "tests/conformance",
    "channels.markdown.": "tests/channels/markdown",
    "channels.discord.": "tests/channels/discord",
    "channels.whatsapp.": "tests/channels/whatsapp",
}
"""Whole packages that one suite tests: what they have to do is the port's contract."""


def tracked(*patterns: str) -> list[Path]:
    """Return the files of this tree that git knows or would add."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PACKAGES]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# -- which way imports go -------------------------------------------------------------------------


def lint_imports(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", script, "--no-cache", *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)


def test_imports_go_down_only():
    done = lint_imports()
    assert done.returncode == 0, done.stdout


def test_the_rule_for_pure_modules_can_be_broken(tmp_path):
    """The contract sees the standard library: the real clock would break it."""
    config = (ROOT / "pyproject.toml").read_text()
    impure = config.replace('    "bridge.inbound",\n', '    "bridge.workers.clock",\n', 1)
    assert impure != config
    (tmp_path / "impure.toml").write_text(impure)
    done = lint_imports("--config", str(tmp_path / "impure.toml"))
    assert done.returncode == 1
    assert "bridge.workers.clock -> asyncio" in done.stdout


def test_every_module_of_the_core_has_its_layer():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = " ".join(linter["contracts"][0]["layers"])
    modules = {name_of(path) for path in sources() if path.is_relative_to(ROOT / "bridge")}
    top = {".".join(name.split(".")[:2]) for name in modules} - {"bridge", "bridge.__main__"}
    assert top == set(re.findall(r"bridge\.\w+", layers))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_itself_imports_nothing_and_is_ours(package):
    assert (ROOT / package / "__init__.py").read_bytes() == b""
    assert Path(__import__(package).__file__ or "").parent == ROOT / package


STARTED_TWICE = """
import asyncio, sys
from pathlib import Path
from bridge.app import running
from bridge.config import load
file = Path(sys.argv[1])
async def start():
    async with running(load(file, {})):
        print(*sorted(sys.modules))
asyncio.run(start())
"""


def test_starting_imports_nothing_that_is_not_configured(tmp_path):
    """Not alembic on a current schema, no other database's driver, no platform's SDK."""
    (tmp_path / "config.yaml").write_text("data: kept\nhttp: {port: 0}\n")
    for _ in range(2):
        command = [sys.executable, "-c", STARTED_TWICE, str(tmp_path / "config.yaml")]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    imported = {name.split(".")[0] for name in done.stdout.split()}
    assert "sqlalchemy" in imported
    platforms = {"channels", "telegram", "discord", "slack_sdk", "slack_bolt", "twilio"}
    clients = {"typer", "prompt_toolkit", "httpx", "litellm"}
    assert imported & {"alembic", "asyncpg", *platforms, *clients} == set()


def test_the_version_is_told_without_importing_the_bridge():
    script = "import sys; from bridge.cli.main import app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    imported = set(done.stdout.split())
    assert not imported & {"httpx", "sqlalchemy", "fastapi", "rich.console", "prompt_toolkit"}


# -- how long things get --------------------------------------------------------------------------


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_functions_stay_short():
    """Migrations are records of what was done, not code that is read again."""
    kept = [path for path in sources() if "migrations" not in path.parts]
    lengths = dict(each for path in kept for each in functions(path))
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) // 2] <= SHORT
    assert ordered[len(ordered) * 9 // 10] <= MEDIUM


# -- what has to be there -------------------------------------------------------------------------


def own_tests(path: Path) -> list[Path]:
    """Return where a module's test may be: the same place in the mirror that tests/ is."""
    *folders, name = path.relative_to(ROOT).with_suffix("").parts
    mirror = ROOT.joinpath("tests", *(folders[1:] if folders[0] == "bridge" else folders))
    return [mirror / f"test_{name}.py", mirror / f"test_{folders[-1]}_{name}.py"]


def test_every_module_has_its_own_test():
    modules = {name_of(path): path for path in sources() if path.name != "__init__.py"}
    untested = {
        name
        for name, path in modules.items()
        if not any(test.exists() for test in own_tests(path))
        and not name.startswith(tuple(FAMILIES))
    }
    assert untested - TESTED_ELSEWHERE.keys() == set()
    assert TESTED_ELSEWHERE.keys() - untested == set(), "these have a test of their own by now"


def test_what_is_said_to_be_tested_elsewhere_is_there():
    for place in {*TESTED_ELSEWHERE.values(), *FAMILIES.values()}:
        if place.startswith("tests/"):
            assert (ROOT / place).exists(), place


def test_every_event_is_in_the_page_about_events():
    page = (ROOT / "docs" / "events.md").read_text()
    assert not [body.__name__ for body in BODIES if f"`{body.__name__}`" not in page]


# -- what is written nowhere ----------------------------------------------------------------------

REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js.",
    "unp" + "kg.com",
    "js" + "delivr",
    "cdn" + "js.",
    "docker" + ".io",
    "ghcr" + ".io",
    "quay" + ".io",
    "proxy.golang" + ".org",
    "crates" + ".io",
)


def test_no_package_registry_is_named_anywhere():
    found = []
    for path in tracked():
        text = path.read_bytes().decode(errors="replace").lower()
        found += [(str(path.relative_to(ROOT)), host) for host in REGISTRIES if host in text]
    assert not found


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_what_is_installed_is_pinned_by_hash_and_from_nowhere_in_particular(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "no options, no indexes"
    packages = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert len(packages) > 20
    for package in packages:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", package), package
        assert "--hash=sha256:" in package, package


def test_both_locks_pin_the_same():
    def pins(lock: str) -> dict[str, str]:
        pin = re.compile(r"^([a-z0-9._-]+)\S*==(\S+)", re.MULTILINE)
        return dict(pin.findall((ROOT / lock).read_text()))

    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert run.items() <= dev.items()
    assert "hatchling" in run, "the tree is installed without build isolation"
