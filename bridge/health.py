"""What `bridge doctor` asks the running bridge: each part looks at itself, all at the same time."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

import structlog

from bridge import texts
from bridge.config import AgentConfig, Config
from bridge.domain.errors import StoreUnavailable
from bridge.engine.blob_sweeper import FILES
from bridge.hooks.hook import Hook
from bridge.hooks.settings import KEPT, kept
from bridge.ports.channel import Channel, Diagnosing, Trying
from bridge.ports.health import Check
from bridge.ports.store import Store

log = structlog.get_logger()

Result = TypeVar("Result")

MOST_ROOMS = 10
"""Rooms that are named one by one."""

PATIENCE_SECONDS = 5.0
"""How long one part may take to look at itself; all do at the same time."""

TRIED_SECONDS = 3.0
"""How long an account may take to try its credentials, while the start waits to be announced."""

DEEP_PATIENCE_SECONDS = 60.0
"""How long an agent may take whose models are asked; each has a limit of its own for its answer."""


async def examine(
    config: Config,
    store: Store,
    faults: Mapping[str, str],
    channels: Iterable[Channel],
    *,
    environ: Mapping[str, str] = MappingProxyType({}),
    deep: bool = False,
) -> Sequence[Check]:
    """Return what works and what does not. `faults`: workers that failed, and why.

    With `deep` the models are asked for a word.
    """
    diagnosing = [each for each in channels if isinstance(each, Diagnosing)]
    found = await asyncio.gather(
        _store(config.store.type, store),
        _hooks(config, store),
        agent_checks(config.agents, environ, deep=deep),
        *(_diagnosis(each) for each in diagnosing),
    )
    stored, hooks, agents, *diagnoses = found
    return [
        *stored,
        *agents,
        *hooks,
        *_workers(config, faults),
        *(each for one in diagnoses for each in one),
    ]


async def agent_checks(
    agents: Mapping[str, AgentConfig],
    environ: Mapping[str, str],
    *,
    deep: bool = False,
    seconds: float | None = None,
) -> Sequence[Check]:
    """Return of each agent what would keep it from answering, or that nothing was found."""
    if seconds is None:
        seconds = DEEP_PATIENCE_SECONDS if deep else PATIENCE_SECONDS
    found = await asyncio.gather(
        *(_agent(name, each, environ, deep=deep, seconds=seconds) for name, each in agents.items())
    )
    return [check for checks in found for check in checks]


async def _agent(
    name: str, agent: AgentConfig, environ: Mapping[str, str], *, deep: bool, seconds: float
) -> Sequence[Check]:
    name = f"agent {name}"
    examine = agent.plugin.examine
    try:
        async with asyncio.timeout(seconds):
            faults = await examine(agent.options, environ, deep=deep) if examine else ()
    except TimeoutError:
        faults = [Check(name="", ok=False, detail=texts.NO_ANSWER, fix=texts.FIX_AGENT)]
    except Exception as error:
        log.exception("examination failed", agent=name)
        detail = str(error) or type(error).__name__
        faults = [Check(name="", ok=False, detail=detail, fix=texts.FIX_AGENT)]
    if not faults:
        return [
            Check(name=name, ok=True, detail=texts.ANSWERED if deep and examine else agent.type)
        ]
    return [Check(name=name, ok=False, detail=each.detail, fix=each.fix) for each in faults]


async def _store(kind: str, store: Store) -> Sequence[Check]:
    try:
        return await _within(store_checks(kind, store))
    except TimeoutError:
        return [Check(name="store", ok=False, detail=texts.NO_ANSWER, fix=texts.FIX_STORE)]


async def _within(looking: Coroutine[Any, Any, Result]) -> Result:
    """Return what was found in time. What hangs is left behind: it may not even heed its end."""
    task = asyncio.create_task(looking)
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    if not done:
        task.cancel()
        raise TimeoutError
    return task.result()


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


async def _hooks(config: Config, store: Store) -> Sequence[Check]:
    try:
        return await _within(hook_checks(config, store))
    except (TimeoutError, StoreUnavailable):
        return []  # the store has a check of its own


async def hook_checks(config: Config, store: Store) -> Sequence[Check]:
    """Say of each hook where it is called, or why nothing can come of it."""
    stored = (await store.facts(KEPT)).items()
    made = {name: kept(name, text) for name, text in stored}
    broken = [name for name, hook in made.items() if hook is None and name not in config.hooks]
    found = {name: hook for name, hook in made.items() if hook} | dict(config.hooks)
    return [
        *[await _hook(hook, config.http.public_url, store) for hook in found.values()],
        *[
            Check(
                name=f"hook {name}", ok=False, detail=texts.HOOK_BROKEN, fix=texts.FIX_BROKEN_HOOK
            )
            for name in broken
        ],
    ]


async def _hook(hook: Hook, public_url: str | None, store: Store) -> Check:
    name, session = f"hook {hook.name}", await store.session(hook.session)
    if not hook.is_on:
        return Check(name=name, ok=True, detail=texts.HOOK_OFF)
    if session is None or session.archived:
        detail = texts.hook_session(hook.session, archived=session is not None)
        return Check(name=name, ok=False, detail=detail, fix=texts.FIX_HOOK)
    if public_url is None:
        is_ours = hook.verification.way in {"hmac", "bearer"}  # a program of this machine may call
        fix = "" if is_ours else texts.FIX_PUBLIC
        return Check(name=name, ok=is_ours, detail=texts.HOOK_UNREACHED, fix=fix)
    where = f"{public_url.rstrip('/')}/hooks/{hook.name}"
    return Check(name=name, ok=True, detail=texts.hook_at(where))


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
    if not config.channels:
        yield Check(name="chat apps", ok=True, detail=texts.NO_APPS)
    for name in (*config.channels, *sorted(faults.keys() - set(config.channels))):
        fault = faults.get(name, "")
        broken = texts.FIX_FILES if name == FILES else texts.FIX_CHANNEL
        fix = broken if fault else ""
        yield Check(name=f"worker {name}", ok=not fault, detail=fault or texts.WORKS, fix=fix)


async def trials(channels: Iterable[Channel], faults: Mapping[str, str]) -> Sequence[Check]:
    """Return what keeps accounts from their platforms. `faults`: workers that failed, and why.

    A worker may fail while the others are tried, so `faults` is read last.
    """
    channels = list(channels)
    found = dict(zip(channels, await asyncio.gather(*map(_trial, channels)), strict=True))
    for each, check in found.items():
        if check is None and (fault := faults.get(each.name)):
            found[each] = Check(name=each.name, ok=False, detail=fault, fix=texts.FIX_CHANNEL)
    return [check for check in found.values() if check is not None]


async def _trial(channel: Channel) -> Check | None:
    if not isinstance(channel, Trying):
        return None
    try:
        async with asyncio.timeout(TRIED_SECONDS):
            found = await channel.trial()
    except TimeoutError:
        found = Check(name="", ok=False, detail=texts.NO_ANSWER, fix=texts.FIX_NETWORK)
    except Exception as error:
        log.exception("trial failed", channel=channel.name)
        detail = str(error) or type(error).__name__
        found = Check(name="", ok=False, detail=detail, fix=texts.FIX_NETWORK)
    return None if found is None else replace(found, name=channel.name)


async def _looked(channel: Diagnosing) -> Sequence[Check]:
    return await channel.diagnose()


async def _diagnosis(channel: Channel) -> Sequence[Check]:
    """Return what an account says of itself, under its name."""
    assert isinstance(channel, Diagnosing)
    try:
        checks = await _within(_looked(channel))
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
