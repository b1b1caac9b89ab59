"""What becomes of a call of a hook, from its signature to the log.

The rules:

- A call is taken once its event is in the log, together with the id of its delivery: one that comes
  again, also after a crash in between, gets the same answer and changes nothing.
- Who calls proves first that they know the secret. Before that nothing is read but the headers.
- What cannot be taken now, or not by this configuration, leaves the delivery's id unused, so that
  the caller, or the owner, can try it again.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from bridge.domain.errors import NotFound, Refused
from bridge.domain.ids import SessionId, mint
from bridge.hooks.hook import (
    Called,
    Hook,
    TemplateFault,
    called,
    challenge,
    command,
    identities,
    is_repeat,
    said,
)
from bridge.hooks.payload import Malformed, read
from bridge.hooks.settings import KEPT, HookSettings, SettingFault, kept, made, turned_over, written
from bridge.hooks.verification import Unverified
from bridge.http.errors import Fault
from bridge.http.hook_calls import STRANGERS, HookCalls, Incoming, Outcome, Pace
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Appended, FactChange, Origin, Store
from bridge.unseen import note

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

NO_HOOK = "nothing is called here"
NOT_SIGNED = "this call is not signed with the secret of this hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a caller is told. `id`: the event that its call became, as `session:number`."""

    status: int
    body: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A call that was read, and its words for the session; "": it does not count."""

    call: Called
    words: str
    challenge: str | None


@dataclass(slots=True)
class _Bounds:
    """How often one hook is called; `taking` lets one call in at a time that has no id."""

    calls: Pace
    strangers: Pace = field(default_factory=lambda: Pace(STRANGERS))
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)


class HookBook:
    """All hooks there are: those of the configuration, and those that the store keeps."""

    def __init__(self, configured: Mapping[str, Hook], store: Store, sessions: Sessions) -> None:
        self._configured, self._store, self._sessions = configured, store, sessions

    async def hook(self, name: str) -> Hook | None:
        if name in self._configured or not _NAME.fullmatch(name):
            return self._configured.get(name)
        text = await self._store.fact(KEPT, name)
        return None if text is None else await asyncio.to_thread(kept, name, text)

    async def hooks(self) -> Sequence[Hook]:
        """Return the configured ones, then the others by their names."""
        stored = sorted((await self._store.facts(KEPT)).items())
        others = [
            await asyncio.to_thread(kept, name, text)
            for name, text in stored
            if name not in self._configured
        ]
        return [*self._configured.values(), *(hook for hook in others if hook is not None)]

    async def add(self, name: str, settings: HookSettings, secret: str) -> Hook:
        """Keep one more hook. Raises `Fault`, and `NotFound` where its session is not there."""
        await self._sessions.fold(SessionId(settings.session))
        try:
            hook = await asyncio.to_thread(made, name, settings, secret, kept=True)
        except SettingFault as fault:
            raise Fault(400, "malformed", str(fault)) from None
        is_new = FactChange(scope=KEPT, key=name, expected=None, new=written(settings, secret))
        if name in self._configured or not await self._store.change_facts([is_new]):
            raise Fault(409, "conflict", "there is a hook of this name already")
        return hook

    async def remove(self, hook: Hook) -> None:
        """Drop a hook that the store keeps. Raises `Fault` for one of the configuration."""
        _check_kept(hook, "take it out there")
        await self._store.drop_fact(KEPT, hook.name)

    async def turn(self, hook: Hook, *, on: bool) -> Hook:
        """Let a hook that the store keeps take calls, or none. Raises `Fault`."""
        _check_kept(hook, "set `enabled` there")
        text = await self._store.fact(KEPT, hook.name)
        turned = None if text is None else turned_over(text, on=on)
        if turned is not None:
            change = FactChange(scope=KEPT, key=hook.name, expected=text, new=turned)
            if await self._store.change_facts([change]):
                found = await self.hook(hook.name)
                if found is not None:
                    return found
        raise Fault(409, "conflict", "this hook was changed or removed just now")


def _check_kept(hook: Hook, what: str) -> None:
    if not hook.is_kept:
        why = f"this hook stands in the configuration: {what}, and start the bridge again"
        raise Fault(409, "conflict", why)


class HookDesk:
    """Takes the calls of all hooks; those that are off take none."""

    def __init__(
        self, configured: Mapping[str, Hook], store: Store, sessions: Sessions, clock: Clock
    ) -> None:
        self.book = HookBook(configured, store, sessions)
        self.calls = HookCalls(store)
        self._store, self._sessions, self._clock = store, sessions, clock
        self._every: dict[str, _Bounds] = {}

    async def on(self, name: str) -> Hook | None:
        """Return the hook that takes calls under a name."""
        hook = await self.book.hook(name)
        return hook if hook is not None and hook.is_on else None

    def _bounds(self, hook: Hook) -> _Bounds:
        bounds = self._every.get(hook.name)
        if bounds is None or bounds.calls.per_minute != hook.per_minute:
            bounds = self._every[hook.name] = _Bounds(Pace(hook.per_minute))
        return bounds

    async def take(self, hook: Hook, incoming: Incoming) -> Answer:
        """Take a call that somebody made. Raises `Fault`."""
        now, bounds = self._clock.now(), self._bounds(hook)
        try:
            proof = hook.verification.check(incoming.headers, incoming.body, now)
        except Unverified as error:
            note("forged", account=hook.account)
            if not bounds.strangers.wait(time.monotonic()):
                await self._keep(hook, incoming, 401, "refused", error.reason)
            raise Fault(401, "unauthorized", NOT_SIGNED) from None
        if wait := bounds.calls.wait(time.monotonic()):
            why = f"more than {hook.per_minute} calls in a minute"
            if not bounds.strangers.wait(time.monotonic()):
                await self._keep(hook, incoming, 429, "refused", why)
            headers = {"Retry-After": str(ceil(wait))}
            raise Fault(429, "too_many", f"{why}; call again later", headers)
        return await self._play(hook, incoming, proof)

    async def see(self, hook: Hook, incoming: Incoming, proof: str = "") -> Seen:
        """Read a call and make its words. Raises `Fault` 400 and 422."""
        return await asyncio.to_thread(_seen, hook, incoming, proof)

    async def replay(self, hook: Hook, incoming: Incoming) -> Answer:
        """Take a call once more that proved to know the secret before. Raises `Fault`."""
        return await self._play(hook, incoming, "", again=True)

    async def _play(
        self, hook: Hook, incoming: Incoming, proof: str, *, again: bool = False
    ) -> Answer:
        try:
            seen = await self.see(hook, incoming, proof)
        except Fault as fault:
            note("unreadable", account=hook.account)
            readable = fault.status_code != 400  # noqa: PLR2004 - a body that is none
            await self._keep(
                hook, incoming, fault.status_code, "failed", fault.detail, with_body=readable
            )
            raise
        event = seen.call.event
        if seen.challenge is not None:
            return Answer(status=200, body={"challenge": seen.challenge})
        if not seen.words:
            note("of_no_concern", account=hook.account)
            why = "the hook leaves this event out"
            await self._keep(hook, incoming, 200, "ignored", why, event=event, with_body=True)
            return Answer(status=200, body={"id": "", "status": "ignored"})
        try:
            appended = await self._appended(hook, incoming, seen, again=again)
        except (NotFound, Refused) as error:
            why = f"the session of this hook takes nothing: {error}"
            await self._keep(hook, incoming, 409, "failed", why, event=event, with_body=True)
            raise Fault(409, "conflict", why) from None
        first = appended.events[0]
        became, is_new = f"{first.session}:{first.seq}", bool(appended.fresh)
        status = 202 if is_new else 200
        outcome: Outcome = "accepted" if is_new else "repeated"
        await self._keep(
            hook, incoming, status, outcome, event=event, became=became, with_body=is_new
        )
        return Answer(status=status, body={"id": became, "status": outcome})

    async def _appended(
        self, hook: Hook, incoming: Incoming, seen: Seen, *, again: bool
    ) -> Appended:
        """Put the words into the log, once. Raises `NotFound` and `Refused`."""
        now = self._clock.now()
        ids = identities(seen.call, incoming.body, now)
        async with AsyncExitStack() as stack:
            if seen.call.delivery is None:
                await stack.enter_async_context(self._bounds(hook).taking)
            known = await self._known(hook, seen.call, ids, now)
            if known is not None and not again:
                return known
            if (await self._sessions.fold(hook.session)).archived:
                raise Refused("it is archived")
            # a replay of what was never taken is the delivery itself, should it come once more
            name = mint("replay") if known is not None else ids[0]
            origin = Origin(account=hook.account, external_id=name)
            asked = command(hook, seen.words, seen.call.proof)
            appended = await self._sessions.submit(hook.session, asked, origin=origin)
        if appended.reply is not None and appended.reply.refused:
            raise Refused(appended.reply.text)
        return appended

    async def _known(
        self, hook: Hook, call: Called, ids: Sequence[str], now: datetime
    ) -> Appended | None:
        """Return what became of this delivery, if it was taken before."""
        for each in ids:
            known = await self._store.repeated(hook.account, each)
            if known and known.events and is_repeat(call, known.events[0].at, now):
                return known
        return None

    async def _keep(
        self,
        hook: Hook,
        incoming: Incoming,
        status: int,
        outcome: Outcome,
        why: str = "",
        **more: str | bool,
    ) -> None:
        await self.calls.keep(
            hook,
            incoming,
            at=self._clock.now(),
            status=status,
            outcome=outcome,
            why=why,
            **more,  # type: ignore[arg-type]
        )


def _seen(hook: Hook, incoming: Incoming, proof: str) -> Seen:
    """Read a call and make its words; in a thread of its own, since it may take a while."""
    try:
        payload = read(incoming.body, incoming.content_type)
        call = called(hook, incoming.headers, payload, proof)
        told = challenge(hook, payload)
        words = "" if told is not None else said(hook, call)
    except Malformed as error:
        raise Fault(400, "malformed", str(error)) from None
    except TemplateFault as error:
        why = f"the template of this hook cannot be used with this payload: {error}"
        raise Fault(422, "unusable", why) from None
    return Seen(call=call, words=words, challenge=told)
