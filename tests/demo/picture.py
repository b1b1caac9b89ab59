"""Takes the README's picture of the demo: what Ada and Bob have asked, in every app.

python -m tests.demo.picture    writes docs/images/demo.png
"""

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

from bridge.cli.run import LogSection, logs
from bridge.demo.page import demo
from tests.web.conftest import CHROMIUM, FLAGS

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "demo.png"
SIZE = {"width": 1500, "height": 860}


async def main() -> None:
    logs.configure(LogSection(level="error"), secrets=())
    async with demo() as (url, story), async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport=SIZE)
        await page.goto(url)
        await page.locator(".bob input").fill("ask")
        await page.locator(".bob input").press("Enter")
        await story.until_everywhere("Tea or coffee?")
        await page.locator(".slack button", has_text="Coffee").click()
        await story.until_everywhere("chose Coffee")
        await asyncio.sleep(1)  # the page asks every 0.3 s, and draws
        await page.screenshot(path=IMAGE)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
