"""The last calls of each hook, for its owner: what came, what became of it, and why.

The rules:

- Kept are the last `MOST_CALLS` of a hook, and the bodies of the last `MOST_BODIES` that proved to
  know the secret, so that they can be replayed. No header is kept but those that name the event and
  the delivery, and never the secret.
- Of calls that prove nothing, no more than `STRANGERS` a minute are kept, and the last `STRANGERS`
  of them: anybody can make them, and they put nothing else out of the list.
- To keep a call is not part of taking it: where it fails, the call was taken all the same.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

import structlog

from bridge.domain.errors import StoreUnavailable
from bridge.hooks.hook import Hook
from bridge.hooks.settings import BODIES, CALLS
from bridge.ports.store import KeyValueStore

MOST_CALLS = 50
MOST_BODIES = 20
STRANGERS = 10
NOT_PROVED = 401

Outcome = Literal["accepted", "repeated", "ignored", "refused", "failed"]

log = structlog.get_logger()


@dataclass(slots=True)
class Pace:
    """How many calls are taken in a minute, all at once or one after the other."""

    per_minute: int
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = float(self.per_minute)

    def wait(self, now: float) -> float:
        """Count a call; return how many seconds to wait before one more is taken, 0 if this one is.

        `now` is in seconds, of a clock that is never set back.
        """
        gained = max(0.0, now - self.at) * self.per_minute / 60
        self.left, self.at = min(float(self.per_minute), self.left + gained), now
        if self.left < 1:
            return (1 - self.left) * 60 / self.per_minute
        self.left -= 1
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A call as it came. Headers in small letters; `body` was bounded before."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """A call of a hook. `id`: the event it became, as `session:number`; empty if none.

    `number` counts the hook's calls. `status` is what was answered, `why` what its owner should
    know. `body` says where the body is kept; None: nowhere. `headers` are those that replay it.
    """

    number: int
    at: str
    status: int
    outcome: Outcome
    why: str = ""
    event: str = ""
    size: int = 0
    id: str = ""
    body: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class HookCalls:
    """What is kept of calls, in the store."""

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store
        self._keeping = asyncio.Lock()

    async def of(self, name: str) -> list[KeptCall]:
        """Return a hook's last calls, the newest last."""
        kept = await self._store.fact(CALLS, name)
        return [KeptCall(**each) for each in json.loads(kept)] if kept else []

    async def call(self, name: str, number: int) -> tuple[KeptCall | None, Incoming | None]:
        """Return one of the last calls, and what came, if that is kept."""
        calls = await self.of(name)
        found = next((each for each in calls if each.number == number), None)
        if found is None or found.body is None or found.body <= _newest_body(calls) - MOST_BODIES:
            return found, None
        body = await self._store.fact(BODIES, _slot(name, found.body))
        return found, None if body is None else Incoming(headers=found.headers, body=body.encode())

    async def forget(self, name: str) -> None:
        """Drop what is kept of a hook that is no more."""
        await self._store.drop_fact(CALLS, name)
        for body in range(MOST_BODIES):
            await self._store.drop_fact(BODIES, _slot(name, body))

    async def keep(
        self,
        hook: Hook,
        call: Incoming,
        *,
        at: datetime,
        status: int,
        outcome: Outcome,
        why: str = "",
        event: str = "",
        became: str = "",
        with_body: bool = False,
    ) -> None:
        """Keep a call; `with_body`: it proved to know the secret, and can be replayed."""
        try:
            async with self._keeping:
                calls = await self.of(hook.name)
                body = _newest_body(calls) + 1 if with_body else None
                if body is not None:
                    text = call.body.decode(errors="replace").replace("\0", "")
                    await self._store.keep_fact(BODIES, _slot(hook.name, body), text)
                kept = KeptCall(
                    number=calls[-1].number + 1 if calls else 1,
                    at=at.isoformat(timespec="seconds"),
                    status=status,
                    outcome=outcome,
                    why=why,
                    event=event,
                    size=len(call.body),
                    id=became,
                    body=body,
                    headers=_replayed(hook, call) if with_body else {},
                )
                rows = [asdict(each) for each in _last([*calls, kept])]
                await self._store.keep_fact(CALLS, hook.name, json.dumps(rows))
        except StoreUnavailable:
            log.warning("hook.call not kept", hook=hook.name, outcome=outcome)


def _last(calls: list[KeptCall]) -> list[KeptCall]:
    strangers = [each.number for each in calls if each.status == NOT_PROVED]
    gone = {*strangers[:-STRANGERS]}
    return [each for each in calls if each.number not in gone][-MOST_CALLS:]


def _newest_body(calls: list[KeptCall]) -> int:
    return max((each.body for each in calls if each.body is not None), default=0)


def _slot(name: str, body: int) -> str:
    return f"{name}/{body % MOST_BODIES}"


def _replayed(hook: Hook, call: Incoming) -> dict[str, str]:
    """Return the headers that say what a call is, none of which proves anything."""
    named = {"content-type"}
    for where in (*hook.event, *hook.delivery):
        kind, _, name = where.partition(":")
        if kind == "header" and name not in {"authorization", "cookie", "x-gitlab-token"}:
            named.add(name)
    return {name: call.headers[name][:200] for name in sorted(named) if name in call.headers}
