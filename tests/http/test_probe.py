"""Whether the bridge is ready, said in time whatever stalls."""

import asyncio
import time

import httpx

from bridge import texts
from bridge.http.probe import PATIENCE_SECONDS, SILENT, Probe
from bridge.ports.health import Check
from storage.memory import MemoryStore
from tests.http.rig import Bridge


class Stalled(MemoryStore):
    """A store that hangs while it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.works = asyncio.Event()
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        await self.works.wait()
        await super().check()


async def test_a_store_that_hangs_is_said_in_time_and_asked_once() -> None:
    store = Stalled()
    probe = Probe(store)
    begun = time.monotonic()
    assert await asyncio.gather(*(probe.fault() for _ in range(20))) == [SILENT] * 20
    assert time.monotonic() - begun < PATIENCE_SECONDS + 0.4
    assert store.asked == 1
    store.works.set()
    assert await probe.fault() == ""
    await store.close()
    assert await probe.fault() == "the store is closed"


async def test_readiness_names_each_part(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    """An account that does not work makes the bridge degraded, not unready."""
    bridge.parts = [Check(name="channel telegram", ok=True, detail="works")]
    answer = await ada.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    bridge.parts.append(Check(name="channel slack", ok=False, detail="no answer"))
    answer = await ada.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert [(each["name"], each["ok"]) for each in answer.json()["parts"]] == [
        ("store", True),
        ("channel telegram", True),
        ("channel slack", False),
    ]
    await bridge.store.close()
    answer = await ada.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"][0] == {
        "name": "store",
        "ok": False,
        "detail": "the store is closed",
    }


async def test_nobody_without_a_token_reads_why_a_part_does_not_work(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """What a model's provider, a platform or a program says of a failure may be full of words."""
    why = "content filter: 'my salary is 5,000' ... https://api.example/bot123:SECRET/send"
    bridge.parts = [
        Check(name="agent assistant", ok=False, detail=why),
        Check(name="channel telegram", ok=False, detail=texts.NO_ANSWER),
    ]
    answer = await ada.get("/readyz", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert [(each["name"], each["detail"]) for each in answer.json()["parts"][1:]] == [
        ("agent assistant", texts.FAILS),
        ("channel telegram", texts.NO_ANSWER),
    ]
