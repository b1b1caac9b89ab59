"""What is wrong with an account, one line for each fault, and what to do about it.

`bridge add whatsapp` tries the answers with the same words.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urldefrag, urlsplit

from pydantic import ValidationError

from bridge.domain.errors import (
    ChannelError,
    ConfigError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
)
from bridge.plugins import Verified
from bridge.ports.health import Check
from bridge.ports.surroundings import ChannelSurroundings
from channels.whatsapp import limits
from channels.whatsapp.client import Api, Wires
from channels.whatsapp.config import WhatsAppConfig
from channels.whatsapp.conversation_ids import user_of
from channels.whatsapp.counters import Sightings
from channels.whatsapp.errors import FIXES
from channels.whatsapp.limits import SANDBOX
from channels.whatsapp.service_window import Windows

MOST_SKEW = timedelta(minutes=2)
SENDER_PAGE = "Console: Messaging, Senders, WhatsApp senders"
SANDBOX_PAGE = "Console: Messaging, Try it out, Send a WhatsApp message, Sandbox settings"
APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at one account with the live platform."""

    config: WhatsAppConfig
    surroundings: ChannelSurroundings
    api: Api
    windows: Windows
    sightings: Sightings

    async def examine(self) -> Sequence[Check]:
        account = await account_check(self.api, self.config)
        remote: list[Check] = []
        if account.ok:
            remote = [*await self._sender(), *await self._templates(), self._clock()]
        return [account, *remote, self._address(), *await self._lately()]

    # -- with Twilio

    async def _sender(self) -> Sequence[Check]:
        number = user_of(self.config.number)
        if self.config.number == limits.SANDBOX:
            detail = f"the sandbox; people join it once ({SANDBOX_PAGE})"
            return [Check(name="sender", ok=True, detail=detail), self._sandbox_webhook()]
        try:
            senders = await self.api.senders()
        except ChannelError as error:
            return [trouble("sender", error, self.config)]
        wires = next((each for each in senders if each.place == self.config.number), None)
        if wires is None:
            detail = f"{number} is no WhatsApp sender of this account"
            return [Check(name="sender", ok=False, detail=detail, fix=FIXES["63007"])]
        is_online = wires.status.upper().startswith("ONLINE")
        fix = "" if is_online else f"finish its registration ({SENDER_PAGE})"
        sender = Check(name="sender", ok=is_online, detail=f"{number}, {wires.status}", fix=fix)
        return [sender, *self._webhook(wires)]

    def _sandbox_webhook(self) -> Check:
        url = self.surroundings.webhook_url or "(none yet)"
        return Check(name="webhook", ok=True, detail=f"to be {url} ({SANDBOX_PAGE})")

    def _webhook(self, wires: Wires) -> Sequence[Check]:
        url = self.surroundings.webhook_url
        if url is None:
            return []
        paste = f"paste {url} as the webhook and as the fallback, POST ({SENDER_PAGE})"
        if not wires.webhook:
            return [Check(name="webhook", ok=False, detail="Twilio calls nobody", fix=paste)]
        if urldefrag(wires.webhook).url.rstrip("/") != url:
            detail = f"Twilio calls {wires.webhook}"
            return [Check(name="webhook", ok=False, detail=detail, fix=paste)]
        if wires.method.upper() not in {"", "POST"}:
            detail = f"Twilio calls it with {wires.method}"
            return [Check(name="webhook", ok=False, detail=detail, fix=paste)]
        has_fallback = urldefrag(wires.fallback).url.startswith(url)
        return [
            Check(name="webhook", ok=True, detail=url),
            Check(
                name="fallback",
                ok=has_fallback,
                detail=wires.fallback or "none: what we miss is found minutes later",
                fix="" if has_fallback else paste,
            ),
        ]

    async def _templates(self) -> Sequence[Check]:
        named = self.config.templates.named()
        return [await self._template(key, sid) for key, sid in named.items()]

    async def _template(self, key: str, sid: str) -> Check:
        name = f"template {key}"
        try:
            state = await self.api.template(sid)
        except Rejected:
            fix = (
                f"set `templates.{key}` to a content SID of this account (Content Template Builder)"
            )
            return Check(name=name, ok=False, detail=f"there is no {sid}", fix=fix)
        except ChannelError as error:
            return trouble(name, error, self.config)
        if key == "reopen":
            is_approved = state.approval == APPROVED
            detail = state.approval or "not submitted to WhatsApp"
            fix = "" if is_approved else "submit it to WhatsApp for approval, and wait for that"
            return Check(name=name, ok=is_approved, detail=detail, fix=fix)
        wanted = int(key.removeprefix("buttons_"))
        if state.buttons != wanted:
            what = "no quick reply" if state.buttons is None else f"has {state.buttons} buttons"
            fix = f"make a quick reply with {wanted} buttons, as the documentation shows"
            return Check(name=name, ok=False, detail=what, fix=fix)
        return Check(name=name, ok=True, detail=f"{wanted} buttons")

    def _clock(self) -> Check:
        skew = self.api.transport.skew
        if abs(skew) <= MOST_SKEW:
            return Check(name="clock", ok=True)
        detail = f"{abs(skew.total_seconds()):.0f} s {'behind' if skew > timedelta(0) else 'ahead'}"
        return Check(name="clock", ok=False, detail=detail, fix="set this machine's clock by NTP")

    # -- here

    def _address(self) -> Check:
        url = self.surroundings.webhook_url
        if url is None:
            detail = "none: messages are only looked for, outcomes too, and files are only told of"
            fix = "set `http.public_url` to the https address that leads here"
            return Check(name="public address", ok=False, detail=detail, fix=fix)
        is_safe = urlsplit(url).scheme == "https"
        fix = "" if is_safe else "set `http.public_url` to an https address"
        return Check(name="public address", ok=is_safe, detail=url, fix=fix)

    async def _lately(self) -> Sequence[Check]:
        seen, found = self.sightings, list[Check]()
        if seen.forged:
            detail = f"{seen.forged} calls whose signature does not fit"
            fix = (
                "`http.public_url` must be exactly the address that Twilio calls, and `auth_token`"
                " the account's primary one"
            )
            found.append(Check(name="signatures", ok=False, detail=detail, fix=fix))
        if seen.stray:
            detail = f"{seen.stray} calls about another number"
            fix = f"give each number its own account's address ({SENDER_PAGE})"
            found.append(Check(name="calls", ok=False, detail=detail, fix=fix))
        if seen.blind:
            fix = "nothing, if Twilio is down; else look at `account` above"
            found.append(Check(name="looking", ok=False, detail=seen.blind, fix=fix))
        found += [self._code(code, count) for code, count in sorted(seen.codes.items())]
        closed = await self.windows.closed()
        detail = f"{closed} people have to write before they can be told anything"
        return [*found, Check(name="windows", ok=True, detail=detail)]

    def _code(self, code: str, count: int) -> Check:
        fix = FIXES.get(code, f"see https://www.twilio.com/docs/api/errors/{code}")
        return Check(name=f"error {code}", ok=False, detail=f"{count} messages", fix=fix)


async def account_check(api: Api, config: WhatsAppConfig) -> Check:
    """Say whether Twilio takes the credentials."""
    try:
        account = await api.account()
    except ChannelError as error:
        return trouble("account", error, config)
    if account.status != "active":
        fix = "the Console's first page says why, and what to do"
        return Check(name="account", ok=False, detail=f"it is {account.status}", fix=fix)
    detail = f"{account.name}, on trial" if account.is_trial else account.name
    return Check(name="account", ok=True, detail=detail)


def trouble(name: str, error: ChannelError, config: WhatsAppConfig) -> Check:
    """Return the line for a call that failed."""
    detail = str(error)
    match error:
        case Unauthorized(code="20005"):
            fix = FIXES["20005"]
        case Unauthorized():
            fix = FIXES["20003"]
        case Rejected():
            fix = "copy the account SID anew from the Console's first page"
        case RateLimited():
            fix = "ask again in a minute"
        case OutcomeUnknown(code="unreadable"):
            detail = f"what answers at {config.api_url} is not Twilio"
            fix = "is there a proxy or a login page in between? is `api_url` right?"
        case _:
            fix = "look at https://status.twilio.com and at this machine's network"
    return Check(name=name, ok=False, detail=detail, fix=fix)


# -- the set-up -----------------------------------------------------------------------------------


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def verified(answers: Mapping[str, str]) -> Verified:
    """Try the answers with Twilio. Raises `ConfigError` with what to do."""
    config = _config(answers)
    api = Api(config, WallClock())
    try:
        async with api.opened():
            account = await api.account()
            senders = await api.senders() if config.number != SANDBOX else ()
    except ChannelError as error:
        check = trouble("account", error, config)
        raise ConfigError(f"{check.detail}: {check.fix}") from error
    if account.status != "active":
        raise ConfigError(f"this account is {account.status}: the Console's first page says why")
    if config.number != SANDBOX and config.number not in {each.place for each in senders}:
        number = user_of(config.number)
        raise ConfigError(f"{number} is no WhatsApp sender of this account: {FIXES['63007']}")
    number = user_of(config.number)
    return Verified(
        account=f"{account.name} ({number})",
        link=f"https://wa.me/{number.removeprefix('+')}",
        steps=_steps(config),
    )


def _config(answers: Mapping[str, str]) -> WhatsAppConfig:
    given = {key: value.strip() for key, value in answers.items() if value.strip()}
    try:
        return WhatsAppConfig.model_validate(given)
    except ValidationError as error:
        raise ConfigError(
            *(_problem(each["loc"], each["msg"]) for each in error.errors())
        ) from None


def _problem(where: tuple[int | str, ...], what: str) -> str:
    return f"{'.'.join(map(str, where)) or 'answers'}: {what.removeprefix('Value error, ')}"


PUBLIC = (
    "Set `http.public_url` to the https address under which Twilio can reach this bridge. "
    "Without one it still works: messages are looked for every few seconds."
)

ALLOW = (
    "Whom it serves is the config's `allow`: numbers, and for people whose number WhatsApp hides, "
    "the id that it gives instead (`US.134…`; `bridge people list` shows the ids of those who came "
    "in by a code)."
)


def _steps(config: WhatsAppConfig) -> tuple[str, ...]:
    page = SANDBOX_PAGE if config.number == SANDBOX else SENDER_PAGE
    paste = (
        "Paste that address followed by `/channels/` and this account's name as the webhook for "
        f"incoming messages and once more as its fallback, both with POST ({page})."
    )
    if config.number != SANDBOX:
        return (PUBLIC, paste, ALLOW)
    join = f"Everyone sends the `join …` code to the number once ({SANDBOX_PAGE})."
    return (join, PUBLIC, paste, ALLOW)
