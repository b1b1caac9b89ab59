"""What `bridge doctor` asks the running bridge: each part looks at itself, all at the same time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import structlog

from bridge import texts
from bridge.config import Config
from bridge.errors import StoreUnavailable
from bridge.ports import Channel, Check, Diagnosing, Store
from bridge.workers.tidying import FILES

log = structlog.get_logger()

MOST_ROOMS = 10
"""Rooms that are named one by one."""

PATIENCE_SECONDS = 20.0
"""How long one account may take to look at itself."""


async def examine(
    config: Config, store: Store, faults: Mapping[str, str], channels: Iterable[Channel]
) -> Sequence[Check]:
    """Return what works and what does not. `faults`: workers that failed, and why."""
    diagnosing = [each for each in channels if isinstance(each, Diagnosing)]
    found = await asyncio.gather(
        store_checks(config.store.type, store), *(_diagnosis(each) for each in diagnosing)
    )
    stored, *diagnoses = found
    return [*stored, *_workers(config, faults), *(each for one in diagnoses for each in one)]


async def store_checks(kind: str, store: Store) -> Sequence[Check]:
    try:
        await store.check()
        behind = len(await store.behind())
    except StoreUnavailable as error:
        return [Check(name="store", ok=False, detail=str(error), fix=texts.FIX_STORE)]
    return [
        Check(name="store", ok=True, detail=kind),
        Check(name="deliveries", ok=True, detail=texts.lanes_behind(behind)),
        *await _rooms(store),
    ]


async def _rooms(store: Store) -> Sequence[Check]:
    """Name the rooms that follow a session which other places follow too: others read it there."""
    found = []
    for row in await store.sessions():
        places = await store.conversations(row.id)
        if len(places) > 1:
            rooms = [each for each in places if each.room]
            found += [texts.room_shares(each.title or each.id, row.title) for each in rooms]
    if not found:
        return []
    more = texts.and_more(len(found) - MOST_ROOMS) if len(found) > MOST_ROOMS else []
    return [Check(name="rooms", ok=True, detail="; ".join([*found[:MOST_ROOMS], *more]))]


def _workers(config: Config, faults: Mapping[str, str]) -> Iterable[Check]:
    for name in (*config.channels, *sorted(faults.keys() - set(config.channels))):
        fault = faults.get(name, "")
        broken = texts.FIX_FILES if name == FILES else texts.FIX_CHANNEL
        fix = broken if fault else ""
        yield Check(name=f"worker {name}", ok=not fault, detail=fault or texts.WORKS, fix=fix)


async def _diagnosis(channel: Channel) -> Sequence[Check]:
    """Return what an account says of itself, under its name."""
    assert isinstance(channel, Diagnosing)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            checks = await channel.diagnose()
    except TimeoutError:
        checks = [Check(name="platform", ok=False, detail=texts.NO_ANSWER, fix=texts.FIX_NETWORK)]
    except Exception as error:
        log.exception("diagnosis failed", channel=channel.name)
        detail = str(error) or type(error).__name__
        checks = [Check(name="platform", ok=False, detail=detail, fix=texts.FIX_NETWORK)]
    return [
        Check(name=f"{channel.name}: {each.name}", ok=each.ok, detail=each.detail, fix=each.fix)
        for each in checks
    ]
