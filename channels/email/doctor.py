"""What is wrong with an account, one line for each fault, and what to do about it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from bridge.domain.errors import ChannelError, ConfigError, RateLimited, Rejected, Unauthorized
from bridge.plugins import Verified
from bridge.ports.health import Check
from channels.email.authentication import server_of
from channels.email.client import Selected, connected
from channels.email.config import EmailConfig, Server
from channels.email.content import message_of
from channels.email.inbound import Listening
from channels.email.parse import headers_of
from channels.email.smtp import Postman

LOOKED_AT = 20
"""Mails, the newest, whose servers are looked at."""


async def examined(config: EmailConfig, postman: Postman, listening: Listening) -> Sequence[Check]:
    """Return what was found, the most basic first."""
    incoming = await _folder(config)
    heard = [] if listening.trouble is None else [_heard(listening.trouble)]
    return [*incoming, *heard, await _outgoing(config, postman)]


async def tried(config: EmailConfig, postman: Postman) -> Check | None:
    """Return what keeps the account from being used at all."""
    incoming = (await _folder(config))[0]
    if not incoming.ok:
        return incoming
    outgoing = await _outgoing(config, postman)
    return None if outgoing.ok else outgoing


def _heard(trouble: Exception) -> Check:
    fix = "nothing, if the server or the store is down; else look at the lines beside this one"
    return Check(name="hearing", ok=False, detail=str(trouble), fix=fix)


async def _folder(config: EmailConfig) -> Sequence[Check]:
    try:
        async with connected(config) as connection:
            can_idle, servers = await connection.call(_looked_at)
    except ChannelError as error:
        return [_trouble("incoming mail", error, config.incoming, config)]
    detail = f"{config.folder} of {config.login[0]}"
    idle = "the server tells of new mail (IDLE)" if can_idle else "the server is asked for new mail"
    return [
        Check(name="incoming mail", ok=True, detail=detail),
        Check(name="new mail", ok=True, detail=idle),
        _trusted(config, servers),
    ]


def _looked_at(folder: Selected) -> tuple[bool, Sequence[str]]:
    """Return whether the server can tell of new mail, and who checked the newest mails."""
    newest = sorted(folder.client.search("ALL"))[-LOOKED_AT:]
    wanted = "BODY.PEEK[HEADER]"
    found = folder.client.fetch(newest, [wanted]) if newest else {}
    servers: list[str] = []
    for uid in newest:
        head = found.get(uid, {}).get(b"BODY[HEADER]", b"")
        headers = headers_of(message_of(head))
        results = headers.get("authentication-results", ())
        servers.append(server_of(results[0]) if results else "")
    return folder.client.has_capability("IDLE"), servers


def _trusted(config: EmailConfig, servers: Sequence[str]) -> Check:
    name, trusts = "who checks senders", {each.lower() for each in config.trusts}
    seen = sorted({each for each in servers if each})
    if not trusts:
        detail = "nobody: whoever writes any address is heard under it, and owns nothing"
        return Check(name=name, ok=True, detail=detail)
    if not servers or trusts & set(seen):
        return Check(name=name, ok=True, detail=", ".join(sorted(trusts)))
    detail = f"none of the last {len(servers)} mails was checked by {', '.join(sorted(trusts))}"
    others = f"their topmost header names {', '.join(seen)}" if seen else "they have no such header"
    fix = (
        f"{others}. If that is your own server, put its name under `trusts`; if yours checks no"
        " senders, let it (OpenDMARC, Rspamd)"
    )
    return Check(name=name, ok=False, detail=detail, fix=fix)


async def _outgoing(config: EmailConfig, postman: Postman) -> Check:
    try:
        await postman.probe()
    except ChannelError as error:
        return _trouble("outgoing mail", error, config.outgoing, config)
    return Check(name="outgoing mail", ok=True, detail=f"from {config.address}")


def _trouble(name: str, error: ChannelError, server: Server, config: EmailConfig) -> Check:
    detail = f"{server.host}:{server.port} says: {error}"
    match error:
        case Unauthorized():
            fix = (
                "is the password right? Where you sign in with a second factor, make an app"
                " password; the user name is `username`, the address where it is left out"
            )
        case Rejected():
            fix = f"is there a folder {config.folder!r}? `folder` names it"
        case RateLimited():
            fix = "wait; the bridge goes on by itself"
        case _:
            detail = f"{server.host}:{server.port} cannot be used: {error}"
            fix = "look at the name and the port, at this machine's network, and at the server"
    return Check(name=name, ok=False, detail=detail, fix=fix)


# -- the set-up -----------------------------------------------------------------------------------


class _WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


ALLOW = "whom it hears is the config's `allow`: addresses, such as [ada@example.com]"


async def verified(answers: Mapping[str, str]) -> Verified:
    """Try the answers with both servers. Raises `ConfigError` with what to do."""
    config = _config(answers)
    for check in (*await _folder(config), await _outgoing(config, Postman(config, _WallClock()))):
        if not check.ok:
            raise ConfigError(f"{check.detail}: {check.fix}")
    return Verified(account=config.address, link=f"mailto:{config.address}", steps=(ALLOW,))


def _config(answers: Mapping[str, str]) -> EmailConfig:
    given = {key: value.strip() for key, value in answers.items() if value.strip()}
    try:
        return EmailConfig.model_validate(given)
    except ValidationError as error:
        raise ConfigError(
            *(_problem(each["loc"], each["msg"]) for each in error.errors())
        ) from None


def _problem(where: tuple[int | str, ...], what: str) -> str:
    name = ".".join(map(str, where))
    words = what.removeprefix("Value error, ")
    return f"{name}: {words}" if name else words
