"""What holds for every test: no proxies, our own packages, and no rig missing where it must be."""

import os
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
OURS = ("bridge", "channels", "agents", "storage")
REQUIRE = "BRIDGE_TESTS_REQUIRE"
"""Comma-separated markers whose tests may not be skipped: in CI `browser,postgres,node`."""
SPECS = "BRIDGE_SPECS"
"""A folder with the platforms' official descriptions, for the tests that can use them."""
KEPT = {REQUIRE, SPECS}

for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)
for name in [name for name in os.environ if name.startswith("BRIDGE_") and name not in KEPT]:
    del os.environ[name]


# Whoever is started in the background is deaf to Ctrl-C, and so would be what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example took says how busy the machine was. CI tries the same examples each time.
settings.register_profile(
    "unhurried",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """Let no test keep what another one wants to see from being logged."""
    yield
    structlog.reset_defaults()


def pytest_configure() -> None:
    """Refuse to test other packages that happen to have our names."""
    for name in OURS:
        spec = find_spec(name)
        found = Path(spec.origin or "") if spec else Path()
        if found != ROOT / name / "__init__.py":
            pytest.exit(f"`import {name}` would import {found}, not this tree's", returncode=4)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn the skip of a test whose rig has to be here into a failure."""
    report = yield
    required = {mark for mark in os.environ.get(REQUIRE, "").split(",") if mark}
    missing = required & {mark.name for mark in item.iter_markers()}
    if report.skipped and missing and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although {REQUIRE} has {', '.join(sorted(missing))}"
    return report
