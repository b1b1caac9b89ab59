import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.web.rig import Bridge, Loop, Pages

CHROMIUM = os.environ.get("PLAYWRIGHT_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


PATIENCE_MS = 60_000
"""For a machine that does much else at the same time."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's own loop runs in this thread until the end of the context: no coroutine test of
    # another module can run beside it.
    if CHROMIUM is None:
        pytest.skip("no Chromium: install one as `chromium`, or name it in PLAYWRIGHT_CHROMIUM")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def bridge(loop: Loop) -> Iterator[Bridge]:
    bridge = Bridge(loop)
    bridge.start()
    yield bridge
    bridge.stop()


@pytest.fixture
def pages(browser: Browser, bridge: Bridge) -> Iterator[Pages]:
    """Pages of this bridge. A script error or a breach of the page's policy fails the test."""
    pages = Pages(browser)
    yield pages
    pages.close()
    assert pages.faults == []
    assert [url for url in pages.requests if not url.startswith((bridge.url, "blob:"))] == []
