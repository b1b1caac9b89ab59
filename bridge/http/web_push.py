"""The channel of browsers in which notifications are on: what rings there is a push message.

The rules:

- A place is a browser in one session. What is shown silently is taken, and sent to nobody: the page
  has it. A change of what was told is not told.
- A push is encrypted for its browser (RFC 8291) and signed as ours (RFC 8292), so that the push
  service reads nothing of it. It has the topic of its event: sent again, it takes the place of what
  still waits, and in the browser of what is still shown. So an unknown outcome is no outcome.
- Push services are named by browsers, so by anybody: they are called as any address is that
  somebody else named (`bridge.http.guarded_calls`).
- A service that says it knows a browser no more ends it. One that does not take our signature is
  not called again before the page was opened there, which subscribes anew where our key is another.
"""

import asyncio
import base64
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge.delivery.markdown_budget import is_affordable
from bridge.delivery.push_payload import Seal, Words, notification, tag_of, urgency
from bridge.domain.errors import (
    ChannelError,
    ConfigError,
    Gone,
    RateLimited,
    Rejected,
    Unreachable,
)
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Inbox
from bridge.domain.parts import Address, Capabilities, Part, Sent
from bridge.http import private
from bridge.http.guarded_calls import Answered, GuardedCalls, Networks, NotPublic
from bridge.ports.clock import Clock
from bridge.ports.push import CHANNEL, PAGE, Browsers, Subscription

WHAT = "the key of push messages"
TTL = timedelta(days=1)
"""How long a push service keeps what a browser that is off has not fetched."""

SIGNED_FOR = timedelta(hours=12)
PAUSE = timedelta(seconds=60)
BUSY, TOO_MANY = frozenset({429, 503}), 429
CLOSED = "not_public"
MOST_READ = 1_000
"""Characters of a text that is not read as Markdown: it would take too long."""

MOST_NESTED = 15
"""Levels of quotes and lists; what is deeper than 20 is not read."""

MOST_PAYLOAD = 3_800
"""Bytes, of which services take 4096 with what encrypting adds."""

PADDED_TO = 256
"""Bytes: so the size tells little of what is said."""

LIMITS = Capabilities(
    max_chars=1_000_000,
    caption_chars=1_000_000,
    max_files=1_000,
    max_file_bytes=1 << 40,
    edits=True,
    buttons=True,
    silent=True,
    send_timeout=timedelta(seconds=20),
    client=PAGE,
)

_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def is_installed() -> bool:
    """Say whether what encrypts and signs is here."""
    from importlib.util import find_spec  # noqa: PLC0415

    return all(find_spec(each) is not None for each in ("http_ece", "py_vapid"))


def decoded(text: str) -> bytes:
    """Return the bytes of base64url without padding. Raises `ValueError`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(slots=True)
class Signing:
    """Our own key, made when it is first asked for. `contact` is told to push services."""

    path: Path
    contact: str
    _vapid: Any = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def public_key(self) -> str:
        """Return the key that browsers subscribe for, in base64url. Raises `ConfigError`."""
        vapid = await self._key()
        point = vapid.public_key.public_numbers()
        return encoded(b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"))

    async def headers(self, endpoint: str, clock: Clock) -> dict[str, str]:
        vapid, at = await self._key(), urlsplit(endpoint)
        claims = {
            "aud": f"{at.scheme}://{at.netloc}",
            "exp": int((clock.now() + SIGNED_FOR).timestamp()),
            "sub": self.contact,
        }
        signed: dict[str, str] = await asyncio.to_thread(vapid.sign, claims)
        return signed

    async def _key(self) -> Any:
        async with self._making:
            if self._vapid is None:
                self._vapid = await asyncio.to_thread(_key_of, self.path)
            return self._vapid


def _key_of(path: Path) -> Any:
    """Return the key of a file, which is made at first. Raises `ConfigError`."""
    vapid = import_module("py_vapid").Vapid02
    kept = private.read(path, WHAT)
    if kept is None:
        fresh = vapid()
        fresh.generate_keys()
        kept = encoded(fresh.private_key.private_numbers().private_value.to_bytes(32, "big"))
        private.write(path, WHAT, kept)
    if not _KEY.fullmatch(kept):
        raise ConfigError(f"{path}: holds no key; delete it and a new one is made")
    return vapid.from_raw(kept.encode())


class WebPush:
    """In `networks` push services may be that are not public, and called without TLS.

    Whoever makes it tells it which `browsers` there are.
    """

    def __init__(
        self,
        signing: Signing,
        *,
        seal: Seal,
        clock: Clock,
        networks: Networks = (),
    ) -> None:
        self.name = CHANNEL
        self.browsers: Browsers | None = None
        self.signing, self._seal = signing, seal
        self._clock, self._calls = clock, GuardedCalls(clock, networks)
        self.is_secure = not networks

    def _known(self) -> Browsers:
        assert self.browsers is not None, "it is told of them before it is used"
        return self.browsers

    def capabilities(self, address: Address) -> Capabilities:  # noqa: ARG002
        return LIMITS

    async def listen(self, inbox: Inbox) -> None:  # noqa: ARG002 - nothing is heard there
        await asyncio.Event().wait()

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        """Leave a notification as it is: the page has the change."""

    async def send(self, to: Address, part: Part) -> Sent:
        tag = tag_of(part)
        if part.silent:
            return Sent(message=MessageId(tag))
        browsers, number = self._known(), to.place.partition("/")[0]
        browser = await browsers.of(number)
        if browser is None:
            await browsers.drop(number)
            raise Gone("the browser is signed out", code="signed_out")
        body = await asyncio.to_thread(_encrypted, await self._payload(part, browser), browser)
        headers = {
            **await self.signing.headers(browser.endpoint, self._clock),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(TTL.total_seconds())),
            "Topic": tag,
            "Urgency": urgency(part),
        }
        await self._check(await self._post(browser.endpoint, headers, body), browser)
        return Sent(message=MessageId(tag))

    async def _payload(self, part: Part, browser: Subscription) -> bytes:
        words = await asyncio.to_thread(plain, part.text)
        title = await self._known().title(part.session)
        told = notification(
            part, words, title=title, browser=browser.id, who=browser.who, seal=self._seal
        )
        body = dump(told)
        if len(body) > MOST_PAYLOAD:  # wide letters: it is told less, and nothing can be done there
            body = dump({**told, "body": told["body"][:120], "actions": []})
        return body + b" " * (-len(body) % PADDED_TO)

    async def _post(self, endpoint: str, headers: dict[str, str], body: bytes) -> Answered:
        """Return what is answered. Raises `Unreachable`, `Rejected`."""
        try:
            return await self._calls.post(endpoint, headers, body)
        except NotPublic as error:
            raise Rejected("its push service is not on a public address", code=CLOSED) from error

    async def _check(self, answered: Answered, browser: Subscription) -> None:
        """Raise what an answer means that is no success."""
        status, wait = answered.status, answered.wait
        code = str(status)
        if status in {200, 201, 202, 204}:
            return
        if status in {404, 410}:
            await self._known().drop(browser.id)
        if status in {401, 403, 404, 410}:
            raise Gone("the push service knows this browser no more", code=code)
        if status in BUSY and (status == TOO_MANY or wait is not None):
            raise RateLimited(until=wait or self._clock.now() + PAUSE, code=code)
        if status >= 500:  # noqa: PLR2004
            raise Unreachable("the push service takes nothing just now", code=code)
        error: ChannelError = Rejected("the push service refused it", code=code)
        raise error


def dump(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _encrypted(payload: bytes, browser: Subscription) -> bytes:
    """Encrypt for a browser, whose keys may be no keys. Raises `Rejected`."""
    ec = import_module("cryptography.hazmat.primitives.asymmetric.ec")
    try:
        sealed: bytes = import_module("http_ece").encrypt(
            payload,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=decoded(browser.p256dh),
            auth_secret=decoded(browser.auth),
            version="aes128gcm",
        )
    except Exception as error:  # of the library, of curves and of base64
        raise Rejected("its keys are no keys", code="keys") from error
    return sealed


def plain(text: str) -> Words:
    """Return what a Markdown text says, without its markup; of a long one, how it begins."""
    if not is_affordable(text):
        return Words(text=text[:MOST_READ], whole=False)
    env: dict[str, Any] = {}
    tokens = import_module("markdown_it").MarkdownIt("commonmark").parse(text, env)
    lines: list[str] = []
    hidden = [*env.get("references", ())]
    for each in tokens:
        if each.type == "inline":
            lines.append("".join(map(_said, each.children or ())))
            hidden += filter(None, map(_leads, each.children or ()))
        elif each.type in {"fence", "code_block", "html_block"}:
            lines.append(each.content.rstrip("\n"))
            hidden += each.info.split()[1:]  # the first word is the language
    said = "\n".join(filter(None, lines)).strip()
    too_deep = any(each.level >= MOST_NESTED for each in tokens)
    return Words(text=said, whole=not too_deep and all(each in said for each in hidden))


def _said(token: Any) -> str:
    return "\n" if token.type in {"softbreak", "hardbreak"} else str(token.content)


def _leads(token: Any) -> str:
    """Return the address that a link, or a picture, leads to; "" of anything else."""
    return str(token.attrs.get("href") or token.attrs.get("src") or "")
