"""What is wrong with an account, one line for each fault, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urldefrag, urlsplit

from bridge.errors import ChannelError, OutcomeUnknown, RateLimited, Rejected, Unauthorized
from bridge.ports import ChannelSurroundings, Check
from channels.whatsapp import limits
from channels.whatsapp.api import Api, Wires
from channels.whatsapp.config import WhatsAppConfig
from channels.whatsapp.errors import FIXES
from channels.whatsapp.places import user_of
from channels.whatsapp.sightings import Sightings
from channels.whatsapp.windows import Windows

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
        account = await self._account()
        remote: list[Check] = []
        if account.ok:
            remote = [*await self._sender(), *await self._templates(), self._clock()]
        return [account, *remote, self._address(), *await self._lately()]

    # -- with Twilio

    async def _account(self) -> Check:
        try:
            account = await self.api.account()
        except ChannelError as error:
            return trouble("account", error, self.config)
        if account.status != "active":
            fix = "the Console's first page says why, and what to do"
            return Check(name="account", ok=False, detail=f"it is {account.status}", fix=fix)
        detail = f"{account.name}, on trial" if account.is_trial else account.name
        return Check(name="account", ok=True, detail=detail)

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
