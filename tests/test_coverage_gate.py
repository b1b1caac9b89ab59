"""The gate that measures the pure modules says what is missing, and CI passes through it."""

from pathlib import Path

from tests.coverage_gate import LEAST, PACKAGES, SETTINGS, Covered, too_little

ROOT = Path(__file__).parent.parent
ENOUGH = Covered(module="bridge/session/decide.py", percent=LEAST, missing="7")
SHORT = Covered(module="bridge/session/slash.py", percent=94.96, missing="12, 30→34")


def test_what_is_covered_well_enough_is_not_mentioned():
    assert too_little([ENOUGH]) == []


def test_what_is_not_is_named_with_what_was_not_run_and_by_which_tests():
    (line,) = too_little([ENOUGH, SHORT])
    assert line == (
        "bridge/session/slash.py: 94.9 % of its lines and branches are run by tests/session,"
        " and at least 95 % have to be.\n    not run: 12, 30→34"
    )


def test_ci_measures():
    assert "\nmake coverage\n" in (ROOT / ".ci" / "run").read_text()
    assert "python -m tests.coverage_gate" in (ROOT / "Makefile").read_text()


def test_every_pure_package_is_measured_and_branches_count():
    assert all((ROOT / "tests" / package).is_dir() for package in PACKAGES)
    assert "branch = true" in SETTINGS
