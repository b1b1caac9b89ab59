"""One hook: what it is called with becomes words for a session, or is left out. Pure.

The rules:

- Where an event and a delivery are named (`Where`): `header:NAME`, else a path into the payload
  with dots between. The first that is there counts.
- A delivery that has a name counts once, for good. One that has none counts once within
  `verification.WINDOW`: its body is its name.
- A signature counts once where it is that of one moment, and where a header that it does not cover
  may name the delivery: neither another name, nor none, makes a call that somebody recorded a new
  one.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bridge.domain.commands import Push, Trigger
from bridge.domain.content import Content
from bridge.domain.events import Source
from bridge.domain.ids import SessionId
from bridge.hooks.payload import Payload
from bridge.hooks.verification import (
    CHALLENGING,
    FORMS,
    TOLD,
    WINDOW,
    Verification,
    Where,
)

HEADER = "header:"
ACTIONS: tuple[Where, ...] = ("action", "object_attributes.action")
"""Where services say what was done, beside the event."""

LONGEST_NAME = 200
"""Characters of an event's name."""

ASKED = (
    "This came in from outside, by the hook {name}. Tell people in a few lines what matters of it."
)


class TemplateFault(Exception):
    """A template that cannot be used, or not with this payload; the text is for its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What is called at `/hooks/NAME`, and what becomes of it in `session`.

    `words` makes the text of a payload; `counts` says whether a call does; both raise what their
    maker raises. `events`: only these count, by name or as `name.action`; empty: all. `ask`: what
    the agent is asked, before the words, of a hook that prompts it. `is_kept`: the store keeps it,
    and no configuration names it.
    """

    name: str
    session: SessionId
    verification: Verification
    action: Literal["prompt", "message"]
    words: Callable[..., str]
    counts: Callable[..., bool]
    ask: str = ""
    events: frozenset[str] = frozenset()
    event: tuple[Where, ...] = ()
    delivery: tuple[Where, ...] = ()
    most_bytes: int = 262_144
    per_minute: int = 60
    is_on: bool = True
    is_kept: bool = False
    template: str = field(default="", compare=False)

    @property
    def takes_forms(self) -> bool:
        """Say whether its service may send the JSON in a field of a form."""
        return self.verification.way in FORMS

    @property
    def account(self) -> str:
        """Return whose inbound identities its deliveries are: no channel has such a name."""
        return f"hook:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A verified call as it is read. `proof` is its signature, where that counts only once."""

    event: str
    payload: Payload
    delivery: str | None
    proof: str


def called(hook: Hook, headers: Mapping[str, str], payload: Payload, proof: str) -> Called:
    """Return what a call says of itself."""
    is_signed = hook.verification.way not in TOLD
    is_named_outside = any(each.startswith(HEADER) for each in hook.delivery)
    counts_once = is_signed and (hook.verification.signs_time or is_named_outside)
    return Called(
        event=(_named(hook.event, headers, payload) or "")[:LONGEST_NAME],
        payload=payload,
        delivery=_named(hook.delivery, headers, payload),
        proof=proof if counts_once else "",
    )


def said(hook: Hook, call: Called) -> str:
    """Return the words of a call for its session; "" for one that does not count."""
    named = {"payload": call.payload, "event": call.event, "hook": hook.name}
    action = _named(ACTIONS, {}, call.payload)
    if hook.events and hook.events.isdisjoint({call.event, f"{call.event}.{action}"}):
        return ""
    if not hook.counts(**named):
        return ""
    return hook.words(**named)


def command(hook: Hook, words: str, proof: str) -> Push | Trigger:
    """Return what is put into the session."""
    source = Source(kind="webhook", name=hook.name)
    key = f"{hook.account}:{proof}" if proof else None
    if hook.action == "message":
        return Push(source=source, content=Content(text=words, outside=True), key=key)
    ask = hook.ask or ASKED.format(name=hook.name)
    return Trigger(source=source, prompt=f"{ask}\n\n{words}", key=key)


def identities(call: Called, body: bytes, now: datetime) -> Sequence[str]:
    """Return by which ids this delivery may be known; the first is the one to keep it by."""
    if call.delivery is not None:
        return [_digest(call.delivery.encode())]
    slot, digest = int(now.timestamp() // WINDOW.total_seconds()), _digest(body)
    return [f"{digest}@{each}" for each in (slot, slot - 1, slot + 1)]


def is_repeat(call: Called, at: datetime, now: datetime) -> bool:
    """Say whether a call is the one that was taken at some time under one of its ids."""
    return call.delivery is not None or abs(now - at) < WINDOW


def challenge(hook: Hook, payload: Payload) -> str | None:
    """Return what a service wants to hear back when the address is entered there."""
    if hook.verification.way not in CHALLENGING or not isinstance(payload, Mapping):
        return None
    text = payload.get("challenge") if payload.get("type") == "url_verification" else None
    return text[:LONGEST_NAME] if isinstance(text, str) else None


def _named(where: Sequence[Where], headers: Mapping[str, str], payload: Payload) -> str | None:
    for each in where:
        found: Any = payload
        if each.startswith(HEADER):
            found = headers.get(each.removeprefix(HEADER))
        else:
            for step in each.split("."):
                found = found.get(step) if isinstance(found, Mapping) else None
        if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
            return str(found).encode(errors="replace").decode()
    return None


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:40]
