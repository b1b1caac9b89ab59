"""A bridge that is killed before a push service has answered: the browser is told all the same."""

import asyncio
from pathlib import Path
from typing import Any

from tests.process import BridgeProcess
from tests.push_service import Browser, PushService, push_service
from tests.waiting import PATIENCE

LOOPBACK = """
from ipaddress import IPv4Network
from bridge.http.web_push import WebPush
WebPush.__init__.__kwdefaults__.update(networks=(IPv4Network("127.0.0.0/8"),))
"""
"""What every start reads first: push services may be on this machine."""


class NearPushServices(BridgeProcess):
    @property
    def environ(self) -> dict[str, str]:
        known = super().environ
        return {**known, "PYTHONPATH": f"{self.data.parent}/first:{known['PYTHONPATH']}"}


def turn_on(bridge: BridgeProcess, session: str, browser: Browser) -> None:
    with bridge.client() as client:
        told = client.put(f"/v1/sessions/{session}/push", json=browser.subscription)
        assert told.status_code == 200, told.text


def push(bridge: BridgeProcess, session: str, text: str) -> None:
    with bridge.client() as client:
        path = f"/v1/sessions/{session}/pushes"
        client.post(path, json={"text": text}).raise_for_status()


async def pushed(service: PushService, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(service.pushed) < count:
            await asyncio.sleep(0.02)


async def test_what_was_not_answered_is_told_again_in_place_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "sitecustomize.py").write_text(LOOPBACK)
    bridge = NearPushServices(tmp_path / "kept", "agents: {default: {type: echo}}\n")
    async with push_service() as service:
        phone, run = service.browser("phone"), asyncio.to_thread
        await run(bridge.start)
        try:
            session = await run(bridge.session, "Main")
            await run(turn_on, bridge, session, phone)
            service.hangs = True
            await run(push, bridge, session, "look")
            await pushed(service, 1)
            await run(bridge.kill)
            service.hangs = False
            await run(bridge.start)
            await pushed(service, 2)
            told: list[dict[str, Any]] = service.told(phone)
            assert [each["body"] for each in told] == ["look", "look"], "it is no other one"
            assert len({each["tag"] for each in told}) == 1
            assert len({each.headers["topic"] for each in service.pushed}) == 1
            assert len({each.key for each in service.pushed}) == 1, "the key was kept"
            await run(bridge.kill)
            await run(bridge.start)
            await run(push, bridge, session, "and this")
            async with asyncio.timeout(PATIENCE):
                while (later := [each["body"] for each in service.told(phone)][2:])[-1:] != [
                    "and this"
                ]:
                    await asyncio.sleep(0.02)
            assert later in (["and this"], ["look", "and this"]), "it died before the receipt, too"
        finally:
            await run(bridge.kill)
