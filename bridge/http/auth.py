"""Tokens: who is asking.

A token is 256 random bits, so its SHA-256 digest can be looked up as it is: how long a look-up
takes says nothing about a token that was not known already. Only digests are stored; a token is
shown once, and never logged.
"""

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from bridge.caches import cache
from bridge.domain.errors import ConfigError
from bridge.domain.ids import ParticipantId
from bridge.http import private
from bridge.ports.clock import Clock
from bridge.ports.store import TokenBook

OWNER_LABEL = "owner"
WHAT = "the owner's token"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whom the token of a request names."""

    participant: ParticipantId
    digest: str


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_in(authorization: str) -> str | None:
    """Return the token of an `Authorization` header, if there is one."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and _TOKEN.fullmatch(token) else None


def new_token() -> str:
    return secrets.token_urlsafe(32)


class Tokens:
    """Looks tokens up. Streams ask again and again: they are answered from memory for a second."""

    def __init__(self, book: TokenBook, *, memory: float) -> None:
        self._book = book
        self._memory = memory
        self._known: dict[str, tuple[float, ParticipantId | None]] = {}
        self._asking = asyncio.Lock()
        cache("tokens", forget=self.forget, size=self._size)

    def forget(self) -> None:
        """Ask the store again whom a token names."""
        self._known = {}

    def _size(self) -> int:
        return len(self._known)

    async def asker(self, authorization: str) -> Asker | None:
        """Return whom an `Authorization` header names, if anyone."""
        token = token_in(authorization)
        if token is None:
            return None
        hashed = digest(token)
        participant = await self._book.bearer(hashed)
        return Asker(participant=participant, digest=hashed) if participant else None

    async def still(self, asker: Asker) -> bool:
        """Return whether the token named the same participant a moment ago."""
        return await self._lately(asker.digest) == asker.participant

    async def _lately(self, hashed: str) -> ParticipantId | None:
        async with self._asking:
            now = asyncio.get_running_loop().time()
            self._known = {key: kept for key, kept in self._known.items() if kept[0] > now}
            if hashed not in self._known:
                known, named = self._known, await self._book.bearer(hashed)
                known[hashed] = (now + self._memory, named)
                return named
            return self._known[hashed][1]


# -- the owner's token ----------------------------------------------------------------------------


async def owner_token(path: Path, book: TokenBook, participant: ParticipantId, clock: Clock) -> str:
    """Return the owner's token, which is kept in a file that only its owner can read.

    Without the file a new token is made, and no other is known any more: deleting the file is how
    to replace it. So it is where the file holds another one than is known, as after a restore.
    Raises `ConfigError` when the file cannot be used.
    """
    kept = _read(path)
    if kept is not None and await book.bearer(digest(kept)) == participant:
        return kept
    token = kept or new_token()
    await book.revoke_tokens(participant, label=OWNER_LABEL)
    if kept is None:
        private.write(path, WHAT, token)
    await book.issue_token(digest(token), participant, label=OWNER_LABEL, at=clock.now())
    return token


def _read(path: Path) -> str | None:
    token = private.read(path, WHAT)
    if token is not None and not _TOKEN.fullmatch(token):
        raise ConfigError(f"{path}: holds no token; delete it and a new one is made")
    return token
