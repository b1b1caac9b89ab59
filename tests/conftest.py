"""What holds for every test: no proxies, our own packages, and no rig missing where it must be."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings

from bridge.unseen import unseen
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
OURS = ("bridge", "channels", "agents", "storage")
REQUIRE = "BRIDGE_TESTS_REQUIRE"
"""Comma-separated markers whose tests may not be skipped, such as `browser,postgres`."""
SPECS = "BRIDGE_SPECS"
"""A folder with the platforms' official descriptions, for the tests that can use them."""
KEPT = {REQUIRE, SPECS}
HEAVY = (
    "cli/test_terminal.py", "test_hostile_text.py", "scenarios/test_troubled_platforms.py",
    "scenarios/test_apps.py", "channels/discord/test_history.py", "scenarios/test_setting_up.py",
    "web/test_chat.py", "test_logs.py", "agents/litellm/test_any_input.py", "web/test_files.py",
    "scenarios/test_restored.py", "scenarios/test_ground.py", "web/test_pure.py",
    "scenarios/test_deaths.py", "test_architecture.py", "web/test_durable.py",
    "scenarios/test_refused.py", "scenarios/test_kill.py", "channels/whatsapp/test_whole.py",
    "demo/test_page.py", "web/test_access.py", "engine/test_outages.py",
    "http/test_connections.py", "scenarios/test_approvals.py",
    "channels/markdown/test_survival.py", "scenarios/test_outside.py",
    "scenarios/test_stalled.py", "test_crash_restore.py", "scenarios/test_files_used_up.py",
    "delivery/test_call_display.py", "cli/test_backup.py", "agents/process/test_agent.py",
    "agents/tools/test_fetch.py", "cli/test_chat.py", "channels/slack/test_killed.py",
    "web/test_gate.py", "channels/discord/test_whole.py", "conformance/test_store_log.py",
    "agents/litellm/test_completion.py", "test_benchmarks.py", "test_app.py",
    "web/test_untrusted.py", "channels/markdown/test_telegram.py", "cli/test_outbox.py",
    "scenarios/test_irc.py", "scenarios/test_email.py", "channels/email/test_inbound.py",
    "test_testing_kit.py",
    "storage/test_guard.py", "conformance/test_agent.py", "agents/litellm/test_crash.py",
    "agents/litellm/test_providers.py",
)  # fmt: skip
"""The files that take longest, longest first: `--durations` and a junit file say which."""

for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)
for name in [name for name in os.environ if name.startswith("BRIDGE_") and name not in KEPT]:
    del os.environ[name]

# A client of a test waits as long as the test does: on a busy machine five seconds are nothing.
for limit in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, limit, PATIENCE)

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
    unseen.reset()
    structlog.contextvars.clear_contextvars()
    yield
    structlog.reset_defaults()


def pytest_configure() -> None:
    """Refuse to test other packages that happen to have our names."""
    for name in OURS:
        spec = find_spec(name)
        found = Path(spec.origin or "") if spec else Path()
        if found != ROOT / name / "__init__.py":
            pytest.exit(f"`import {name}` would import {found}, not this tree's", returncode=4)


def _lacks(report: pytest.TestReport) -> bool:
    """Say whether a test was left out because of what its platform is, not for want of a rig."""
    return any(words in str(report.longrepr) for words in ("this platform", "the channel cannot"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker has one left at the end.

    Among the others those with most tests come first, as xdist has it.
    """
    tests = Counter(item.path for item in items)
    ranks = {ROOT / "tests" / name: rank for rank, name in enumerate(HEAVY)}
    items.sort(key=lambda item: (ranks.get(item.path, len(HEAVY)), -tests[item.path]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn the skip of a test whose rig has to be here into a failure."""
    report = yield
    required = {mark for mark in os.environ.get(REQUIRE, "").split(",") if mark}
    missing = required & {mark.name for mark in item.iter_markers()}
    if report.skipped and missing and not hasattr(report, "wasxfail") and not _lacks(report):
        report.outcome = "failed"
        report.longrepr = f"skipped although {REQUIRE} has {', '.join(sorted(missing))}"
    return report
