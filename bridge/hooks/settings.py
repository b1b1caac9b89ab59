"""The settings of a hook, as they are configured or kept, and the hook that is made from them.

Jinja is imported only where a hook is made.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bridge.domain.ids import SessionId
from bridge.hooks.hook import HEADER, Hook, TemplateFault
from bridge.hooks.library import READY_MADE, ReadyMade, source
from bridge.hooks.verification import NAMED_BY, WHSEC, Verification, Way, standard_key

KEPT = "hooks"
"""The scope of the facts that keep hooks which no configuration names, each by its name."""

CALLS, BODIES = "hook calls", "hook bodies"
"""The scopes of the facts that keep the last calls of hooks, and what they brought."""

SHORTEST_SECRET = 16
SECRET_BYTES = 32
MOST_BYTES = 1_048_576
MADE_AT_ONCE = 64

_HEADER = r"[A-Za-z0-9-]{1,100}"
_STEP = r"[A-Za-z0-9_-]{1,100}"

Header = Annotated[str, Field(pattern=f"^{_HEADER}$")]
WhereNamed = Annotated[str, Field(pattern=rf"^(header:{_HEADER}|{_STEP}(\.{_STEP}){{0,9}})$")]
EventName = Annotated[str, Field(min_length=1, max_length=200)]


class SettingFault(Exception):
    """A setting with which no hook can be made: its key, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key, self.why = key, why


class HookSettings(BaseModel):
    """One hook but for its secret; docs/hooks.md says what each setting does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "main"
    verify: Way
    action: Annotated[Literal["prompt", "message"], Field(alias="as")] = "prompt"
    ask: Annotated[str, Field(max_length=10_000)] = ""
    template: Annotated[str, Field(max_length=20_000)] = ""
    when: Annotated[str, Field(max_length=2_000)] = ""
    events: Annotated[tuple[EventName, ...], Field(max_length=100)] = ()
    event: WhereNamed | None = None
    idempotency: WhereNamed | None = None
    signature_header: Header = "X-Hook-Signature"
    timestamp_header: Header | None = "X-Hook-Timestamp"
    max_bytes: Annotated[int, Field(ge=1_024, le=MOST_BYTES)] = 262_144
    per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60
    enabled: bool = True


class HookSection(HookSettings):
    """One hook, as it is configured."""

    secret: SecretStr


def new_secret(way: Way) -> str:
    """Return a secret that nobody guesses, in the form that a way has."""
    if way == "standard":
        return WHSEC + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return secrets.token_urlsafe(SECRET_BYTES)


def made(name: str, settings: HookSettings, secret: str, *, kept: bool = False) -> Hook:
    """Return the hook of these settings. Raises `SettingFault`."""
    _check_secret(settings.verify, secret)
    from bridge.hooks.filters import MARKDOWN, PLAIN  # noqa: PLC0415 - Jinja, as the next
    from bridge.hooks.templates import Condition, Template  # noqa: PLC0415

    written = settings.template or (settings.verify if settings.verify in READY_MADE else "json")
    ready, style = READY_MADE.get(written), MARKDOWN if settings.action == "message" else PLAIN
    at = "template"
    try:
        template = Template(written if ready is None else source(written), style)
        at = "when"
        condition = Condition(settings.when) if settings.when else None
    except TemplateFault as error:
        raise SettingFault(at, str(error)) from None
    usual_event, usual_delivery = NAMED_BY[settings.verify]
    called, ready = "its own" if ready is None else written, ready or ReadyMade()
    return Hook(
        name=name,
        session=SessionId(settings.session),
        verification=_verification(settings, secret),
        action=settings.action,
        words=template.render,
        counts=condition.holds if condition else _all,
        ask=settings.ask,
        events=frozenset(settings.events),
        event=_where(settings.event) or ready.event or usual_event,
        delivery=_where(settings.idempotency) or ready.delivery or usual_delivery,
        most_bytes=settings.max_bytes,
        per_minute=settings.per_minute,
        is_on=settings.enabled,
        is_kept=kept,
        template=called,
    )


def written(settings: HookSettings, secret: str) -> str:
    """Return a hook as the store keeps it."""
    return json.dumps({"settings": settings.model_dump(by_alias=True), "secret": secret})


def turned_over(text: str, *, on: bool) -> str:
    """Return a hook as the store keeps it, which takes calls from now on, or none."""
    found = json.loads(text)
    return json.dumps({**found, "settings": {**found["settings"], "enabled": on}})


@lru_cache(maxsize=MADE_AT_ONCE)
def kept(name: str, text: str) -> Hook | None:
    """Return a hook that the store keeps, made anew only where it is another one.

    None: it cannot be made any more, by a later version that knows better.
    """
    found: Mapping[str, Any] = json.loads(text)
    try:
        settings = HookSettings.model_validate(found["settings"])
        return made(name, settings, found["secret"], kept=True)
    except (SettingFault, ValidationError):
        return None


def _check_secret(way: Way, secret: str) -> None:
    if len(secret) < SHORTEST_SECRET:
        why = f"should have at least {SHORTEST_SECRET} characters: whoever guesses it can call"
        raise SettingFault("secret", why)
    if way == "standard":
        try:
            key = standard_key(secret)
        except ValueError as error:
            raise SettingFault("secret", str(error)) from None
        if len(key) < SHORTEST_SECRET:
            raise SettingFault("secret", f"should be base64 of at least {SHORTEST_SECRET} bytes")


def _all(**_: Any) -> bool:
    return True


def _where(given: str | None) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given.lower(),) if given.startswith(HEADER) else (given,)


def _verification(settings: HookSettings, secret: str) -> Verification:
    return Verification(
        way=settings.verify,
        secret=secret,
        signature=settings.signature_header.lower(),
        timestamp=(settings.timestamp_header or "").lower(),
    )
