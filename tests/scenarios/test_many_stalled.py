"""A real `bridge run` with four apps of which three stall at once: nobody else waits for them.

They take every call and never answer, or ask for an hour's patience. What is said in the fourth
app, in the browser and by programs goes on as if they were not there, and they are shown it later.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.demo.apps import App, Apps, shown
from tests.scenarios.standing import Standing, standing
from tests.waiting import PATIENCE

HOUR = 3600
APPS = ("telegram", "discord", "slack", "whatsapp")
SECRET = "a-secret-of-twenty-one"
AT_ONCE = PATIENCE
"""Seconds that anything may take here, on a busy machine; those who stall take an hour."""


def stall_telegram(apps: Apps, *, throttled: bool) -> None:
    fake = apps.telegram.fake
    if throttled:
        fake.fault(None, status=429, words="Too Many Requests", times=None, retry_after=HOUR)
    else:
        fake.fault(None, delay=HOUR, hang_up=True, times=None)


def stall_discord(apps: Apps, *, throttled: bool) -> None:
    for operation in ("send", "edit", "delete", "typing", "history", "message", "react", "unreact"):
        more = {"status": 429, "retry_after": float(HOUR)} if throttled else {"delay": float(HOUR)}
        apps.discord.fake.fault(operation, times=10**9, **more)


def stall_slack(apps: Apps, *, throttled: bool) -> None:
    methods = ("chat.postMessage", "chat.update", "chat.delete", "conversations.history")
    more = ("conversations.replies", "reactions.add", "reactions.remove", "auth.test")
    for method in (*methods, *more):
        how = {"status": 429, "retry_after": HOUR} if throttled else {"silent": True}
        apps.slack.fake.fault(method, times=10**9, **how)


def stall_whatsapp(apps: Apps, *, throttled: bool) -> None:
    for method in ("create", "listing", "fetch", "typing"):
        how = {"status": 429, "retry_after": HOUR} if throttled else {"delay": float(HOUR)}
        apps.whatsapp.fake.fault(method, times=None, **how)


STALLS: dict[str, Callable[..., None]] = {
    "telegram": stall_telegram,
    "discord": stall_discord,
    "slack": stall_slack,
    "whatsapp": stall_whatsapp,
}


def recover(apps: Apps) -> None:
    apps.telegram.fake.recover()
    apps.discord.fake.faults.clear()
    apps.slack.fake.faults.clear()
    apps.whatsapp.fake.faults.recover()


@pytest.mark.parametrize("how", ["they never answer", "they throttle"])
@pytest.mark.parametrize("well", APPS)
async def test_three_accounts_that_stall_at_once_slow_nobody_else(
    well: str, how: str, tmp_path: Path
) -> None:
    throttled = how == "they throttle"
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    hook = {"verify": "bearer", "secret": {"file": str(tmp_path / "secret")}, "as": "message"}
    more = {"hooks": {"orders": hook}, "each": {"reactions": "on"}}
    async with standing(tmp_path / "data", only=APPS, **more) as story:
        await story.start()
        await story.gather()
        app = next(each for each in story.apps.all if each.name == well)
        sick = [each for each in story.apps.all if each is not app]
        for each in sick:
            STALLS[each.name](story.apps, throttled=throttled)
        await story.says("this begins the stall")
        slowest = await probed(story, app)
        assert slowest < AT_ONCE / 4, "the process itself stands still for nobody"
        parts = {each["name"]: each["ok"] for each in (await story.ready())[1]["parts"]}
        assert parts[f"channel {well}"]
        if not throttled:
            names = [f"channel {each.name}" for each in sick]
            await until(lambda: is_told(story, names))
        recover(story.apps)
        async with story.client() as client:
            for place in [each["id"] for each in await places(story)]:
                (await client.post(f"/v1/deliveries/{place}/retry")).raise_for_status()
        if not throttled:
            for each in story.apps.all:
                await until(lambda each=each: bool(count(each, "said: last")))
        assert not story.logged("Traceback")


def count(app: App, words: str) -> int:
    return sum(words in each for each in shown(app))


async def is_told(story: Standing, names: list[str]) -> bool:
    status, said, seconds = await story.ready()
    assert status == 200, seconds
    stalled = {each["name"] for each in said["parts"] if not each["ok"]}
    return said["status"] == "degraded" and stalled == set(names)


async def places(story: Standing) -> list[dict]:
    async with story.client() as client:
        rows = (await client.get("/v1/deliveries")).raise_for_status().json()["places"]
    return [{"id": each["conversation"], **each} for each in rows]


async def probed(story: Standing, app: App) -> float:
    """Do everything that others do, each at once; return the longest that `/healthz` took."""
    beating = asyncio.create_task(health(story))
    async with story.client() as client:
        for number in range(4):
            app.says(f"well {number}")
            await until(lambda number=number: bool(count(app, f"said: well {number}")))
            await story.says(f"typed {number}")
            await until(lambda number=number: bool(count(app, f"said: typed {number}")))
        app.says("/status")
        await until(lambda: bool(count(app, "shown in:")))
        pushed = client.post("/v1/sessions/main/pushes", json={"text": "built", "key": "17"})
        assert (await at_once(pushed)).status_code == 201
        asked = client.post("/v1/sessions/main/questions", json={"text": "Deploy?", "key": "17"})
        assert (await at_once(asked)).status_code == 201
        headers = {"Authorization": f"Bearer {SECRET}"}
        called = client.post("/hooks/orders", json={"order": 17}, headers=headers)
        assert (await at_once(called)).status_code == 202
        made = await at_once(client.post("/v1/sessions", json={"title": "Other"}))
        other = made.raise_for_status().json()["id"]
        said = {"type": "message", "text": "elsewhere", "place": "web"}
        inbox = client.post(f"/v1/stream/sessions/{other}/inbox", json=said)
        assert (await at_once(inbox)).status_code == 200
        for path in ("/v1/doctor", "/v1/deliveries", "/v1/sessions", "/v1/sessions/main"):
            assert (await at_once(client.get(path))).status_code == 200, path
        app.says("last")
        await until(lambda: bool(count(app, "said: last")))
    beating.cancel()
    beats = await asyncio.gather(beating, return_exceptions=True)
    assert isinstance(beats[0], asyncio.CancelledError), beats
    return max(BEATS)


BEATS: list[float] = []


async def health(story: Standing) -> None:
    """Ask for the health of the process again and again."""
    BEATS.clear()
    async with story.client() as client:
        while True:
            begun = time.monotonic()
            assert (await client.get("/healthz")).is_success
            BEATS.append(time.monotonic() - begun)
            await asyncio.sleep(0.02)


async def at_once(call):
    async with asyncio.timeout(AT_ONCE):
        return await call


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(AT_ONCE):
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)
