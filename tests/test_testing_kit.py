"""The packages of `tests/outside` run the suites of `bridge.testing` on wheels alone."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from irc_world import needs_ngircd

ROOT = Path(__file__).parent.parent
OUTSIDE = ROOT / "tests/outside"

Pairs = Sequence[tuple[str, str]]


def build(project: Path, folder: Path) -> None:
    command = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", command, str(folder)], cwd=project, check=True)


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """An environment that has the wheels, and what these need from the one we are in."""
    folder = tmp_path_factory.mktemp("kit")
    for project in (ROOT, OUTSIDE, OUTSIDE / "irc"):
        build(project, folder)
    venv.create(folder / "venv", with_pip=False)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for wheel in folder.glob("*.whl"):
        shutil.unpack_archive(wheel, site, "zip")
    needed = Path(pytest.__file__).parent.parent  # listed without running its .pth files
    (site / "needed.pth").write_text(f"{needed}\n")
    return folder / "venv" / "bin" / "python"


@pytest.fixture
def run(python, tmp_path) -> Iterator:
    """Run tests of an outside package, whose rig says something else where words are `replaced`."""

    def running(tests: Path, *files: str, replaced: Pairs = ()) -> subprocess.CompletedProcess[str]:
        for file in tests.glob("*.py"):
            if "_rig" in file.name or "_world" in file.name or file.name in files:
                text = file.read_text()
                for old, new in replaced:
                    text = text.replace(old, new)
                (tmp_path / file.name).write_text(text)
        command = [python, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-o", "pythonpath=."]
        command += ["-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider", *files]
        environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the wheel is compiled once
        return subprocess.run(
            command, cwd=tmp_path, env=environ, check=False, capture_output=True, text=True
        )

    return running


def test_what_is_tested_is_the_wheel(python):
    where = "import bridge, letterbox, bridgehead_irc; print(bridge.__file__)"
    done = subprocess.run(
        [python, "-c", where], cwd=python.parent, check=True, capture_output=True, text=True
    )
    assert str(python.parent.parent) in done.stdout


def test_a_package_outside_runs_the_suites_and_what_its_platform_lacks_is_reported(run):
    done = run(OUTSIDE, "test_letterbox.py", "test_backwards.py")
    assert done.returncode == 0, done.stdout + done.stderr
    left_out = (
        "left out, as the platform lacks it (tests): "
        "deletes (1), edits (2), reacts (2), resolves (2)"
    )
    assert left_out in done.stdout


@pytest.mark.ngircd
@needs_ngircd
def test_so_does_one_for_a_platform_that_has_nearly_nothing(run):
    done = run(OUTSIDE / "irc/tests", "test_conformance.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "acknowledgements (4), deletes (1), edits (2), history (1)" in done.stdout


def test_what_a_rig_says_too_much_or_too_little_of_its_platform_is_a_failure(run):
    more = '"ids", "acknowledgements", "history", '
    done = run(OUTSIDE, "test_letterbox.py", replaced=[('"edits", ', more)])
    assert done.returncode == 1
    assert "is_lacking_is_said_by_the_rig_and_by_the_channel[edits]" in done.stdout
    assert "test_the_same_words_said_twice_are_two_messages" in done.stdout
    assert "test_what_a_rig_says_cannot_be_brought_again_is_not" in done.stdout
