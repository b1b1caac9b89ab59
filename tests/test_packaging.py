"""What a clone, a wheel, an image and a unit are made of."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def sh(*command, **environ):
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHON", "UV"}}
    return subprocess.run(
        command, cwd=ROOT, env={**kept, **environ}, check=False, capture_output=True, text=True
    )


def test_a_wheel_has_the_code_the_page_the_migrations_the_catalogs_and_nothing_else(tmp_path):
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / done.stdout.strip().splitlines()[-1]) as wheel:
        names = wheel.namelist()
    assert "bridge/http/web/index.html" in names
    assert "storage/migrations/env.py" in names
    assert "bridge/locales/de.mo" in names
    assert any(name.endswith("entry_points.txt") for name in names)
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"bridge", "channels", "agents", "storage"}
    assert "bridge/demo/page.html" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_demo_needs_nothing_of_the_tests_and_nothing_that_is_not_pinned_for_running():
    """CI also plays it from a clone and from the wheel, in an environment of the pins alone."""
    locked = (ROOT / "requirements.lock").read_text()
    pinned = {name.replace("-", "_") for name in re.findall(r"^([\w.-]+)==", locked, re.MULTILINE)}
    known = {*sys.stdlib_module_names, *pinned, "bridge", "channels", "agents", "storage"}
    for path in (ROOT / "bridge" / "demo").rglob("*.py"):
        roots = re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
        assert set(roots) <= known, path


def test_without_a_fitting_python_the_installation_says_what_is_needed(tmp_path):
    done = sh("sh", "tools/install.sh", VENV=str(tmp_path / "v"), LOCK="x", PYTHON="no-such-python")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert not (tmp_path / "v").exists()


def test_an_environment_that_works_is_kept_and_a_broken_one_is_made_anew(tmp_path):
    """Installing nothing takes the place of the real pins: their order is what counts here."""
    venv = tmp_path / "v"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (venv / "bin" / "python").chmod(0o755)
    (tmp_path / "lock").write_text("")
    done = sh(
        "sh", "tools/install.sh", VENV=str(venv), LOCK=str(tmp_path / "none"), PYTHON=sys.executable
    )
    assert f"Making {venv}" in done.stderr
    assert sh(str(venv / "bin" / "python"), "-c", "").returncode == 0
    again = sh(
        "sh", "tools/install.sh", VENV=str(venv), LOCK=str(tmp_path / "none"), PYTHON=sys.executable
    )
    assert "Making" not in again.stderr


def test_every_target_of_make_has_its_line_of_help():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {line.split()[0] for line in sh("make", "help").stdout.splitlines() if line}
    assert targets == told


def test_ci_runs_what_the_readme_says(tmp_path):
    readme = (ROOT / "README.md").read_text()
    assert re.search(r"^make run\b", readme, re.MULTILINE)
    assert re.search(r"^make test\b", readme, re.MULTILINE)
    assert "\nmake check || is_green=0\n" in (ROOT / ".ci" / "run").read_text()
    assert "\nsh tools/first-minutes.sh\n" in (ROOT / ".ci" / "run").read_text()
    assert '\nmake chaos ARGS="--seconds 120"\n' in (ROOT / ".ci" / "run").read_text()
    check = sh("make", "-n", "check", VENV=str(tmp_path)).stdout
    for step in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert step in check
    assert check.count("pytest") == 1


def test_an_image_is_made_of_files_that_are_there_and_that_it_is_given():
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name


def test_compose_starts_what_the_image_is_for_this_machine_alone():
    """Each key is one that compose knows; nothing is written but the data."""
    file = ROOT / "deploy" / "compose.yaml"
    compose = yaml.safe_load(file.read_text())
    assert compose.keys() == {"services", "volumes"}
    (service,) = compose["services"].values()
    assert service.keys() <= COMPOSE
    assert (file.parent / service["build"] / "Dockerfile").is_file()
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    mounted = [each.partition(":") for each in service["volumes"]]
    assert [(name in compose["volumes"], path) for name, _, path in mounted] == [(True, "/data")]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


COMPOSE = frozenset(
    [
        "build",
        "image",
        "restart",
        "init",
        "stop_grace_period",
        "ports",
        "volumes",
        "env_file",
        "read_only",
        "tmpfs",
        "cap_drop",
        "security_opt",
    ]
)
"""Of the keys of a service in the Compose Specification, those that are used."""


@pytest.mark.skipif(not shutil.which("docker"), reason="no Docker here")
def test_compose_itself_takes_the_file():
    if sh("docker", "compose", "version").returncode:
        pytest.skip("this Docker has no compose")
    done = sh("docker", "compose", "-f", "deploy/compose.yaml", "config", "--quiet")
    assert done.returncode == 0, done.stderr


def test_each_way_to_install_it_says_how_to_upgrade_it_and_how_to_take_it_away():
    ways = re.split(r"(?m)^## ", (ROOT / "docs" / "install.md").read_text())[1:]
    assert len(ways) == 5
    for way in ways:
        assert "upgrades" in way, way
        assert re.search("takes it away|uninstall", way), way


def test_every_extra_is_in_the_table_with_what_it_brings_and_all_has_every_one_of_an_app():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    table = (ROOT / "docs" / "install.md").read_text()
    for name, wanted in extras.items():
        (row,) = re.findall(rf"(?m)^\| `{name}` \| (.*) \|$", table)
        if name == "all":
            named = set(re.findall(r"[\w-]+", wanted[0].partition("[")[2]))
            assert named == extras.keys() - {"all", "testing"}
        elif name != "testing":
            brought = {re.split("[><=]", each)[0] for each in wanted}
            assert brought <= set(re.findall(r"[\w.-]+", row)), name


def test_the_classifiers_name_the_pythons_that_are_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    assert f">={named[0]}" == project["requires-python"]


def test_an_image_does_not_run_as_root():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER bridgehead") < lines.index('ENTRYPOINT ["bridge"]')


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_unit_is_well_formed_and_hardened():
    unit = "deploy/bridgehead.service"
    faults = [
        line
        for line in sh("systemd-analyze", "verify", unit).stderr.splitlines()
        if "bridgehead.service" in line and "is not executable" not in line
    ]
    assert faults == []
    assert (
        sh("systemd-analyze", "security", "--offline=true", "--threshold=20", unit).returncode == 0
    )


SKIPS = """
import pytest
@pytest.mark.browser
def test_one():
    pytest.skip("no browser")
@pytest.mark.browser
@pytest.mark.skipif(True, reason="no browser")
def test_two(): pass
def test_three():
    pytest.skip("something else")
"""


@pytest.mark.parametrize(
    ("required", "outcomes"),
    [("", "3 skipped"), ("browser,postgres", "1 failed, 1 skipped, 1 error")],
)
def test_where_a_rig_is_required_its_tests_may_not_be_skipped(tmp_path, required, outcomes):
    (tmp_path / "test_skips.py").write_text(SKIPS)
    config = [
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(tmp_path),
        "-p",
        "tests.conftest",
    ]
    done = sh(
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *config, str(tmp_path),
        BRIDGE_TESTS_REQUIRE=required,
    )  # fmt: skip
    assert outcomes in done.stdout.splitlines()[-1], done.stdout
