"""What the page and the channel of notifications share: browsers that ring, as people's places."""

from dataclasses import dataclass
from typing import Protocol

from bridge.delivery.push_payload import Deed
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.domain.parts import Reply

CHANNEL = ChannelName("http:push")
"""The channel of the places that are browsers. No account of the configuration has such a name."""

PAGE = ConversationId("http:web")
"""The client whose words count as spoken in these places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Where, and with which keys, one browser of somebody is reached.

    `endpoint` is its push service's, a secret; `p256dh` and `auth` are in base64url, as browsers
    give them. `token` is the digest of the token by which it was asked for: it holds as long.
    `since` is when it was named last, in ISO 8601. `sessions` are those that it rings for, the one
    that was opened last first.
    """

    id: str
    who: ParticipantId
    endpoint: str
    p256dh: str
    auth: str
    token: str
    since: str
    sessions: tuple[SessionId, ...] = ()


class Browsers(Protocol):
    """The browsers in which notifications are on. Every call is idempotent."""

    async def of(self, number: str) -> Subscription | None:
        """Return a browser by its id, while the token holds by which it was named."""

    async def subscribe(self, browser: Subscription) -> None:
        """Keep a browser, whoever had it before; the oldest of somebody's many is dropped."""

    async def follow(self, number: str, session: SessionId, accepts: str = "") -> None:
        """Let a browser ring for a session from now on.

        It is spoken to in the language that its person chose, else in one that it `accepts` (the
        `Accept-Language` of its request).
        """

    async def place(self, number: str, session: SessionId) -> ConversationId | None:
        """Return the place that a browser is in a session, if it rings for it."""

    async def title(self, session: SessionId) -> str:
        """Return what a session is called; "" where it has no title."""

    async def drop(self, number: str) -> None:
        """Keep nothing of a browser any more; its places follow nothing."""


class Deeds(Protocol):
    """What is done from notifications."""

    async def do(self, deed: Deed, words: str) -> Reply | None:
        """Do it, and return what is told of it, if anything. Raises `Refused`, `NotFound`."""


class PublicKey(Protocol):
    """The key that browsers subscribe for."""

    async def public_key(self) -> str:
        """Return it in base64url. Raises `ConfigError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """What the page's side needs to let browsers ring. `secure`: push services are on https."""

    browsers: Browsers
    deeds: Deeds
    key: PublicKey
    secure: bool = True
