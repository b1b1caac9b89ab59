"""Fetching a file that someone sent: from Twilio with our login, from where it sends us without."""

from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import httpx

from bridge.domain.errors import Rejected, Unauthorized, Unreachable
from bridge.ports.clock import Clock
from channels.whatsapp.config import WhatsAppConfig
from channels.whatsapp.errors import translated
from channels.whatsapp.transport import Transport

CHUNK = 256 * 1024
MOST_HOPS = 4

VANISHED = frozenset({400, 403, 410})
NOT_YET = 404
"""Of a file that Twilio is still bringing to where it keeps it, and of one that was deleted."""


async def download(
    url: str, config: WhatsAppConfig, transport: Transport, clock: Clock
) -> AsyncIterator[bytes]:
    """Yield a file's bytes. Our login goes to Twilio's own host and nowhere else."""
    home = urlsplit(config.api_url)
    with translated(clock):
        async with transport.client() as client:
            for _ in range(MOST_HOPS):
                there = urlsplit(url)
                is_home = (there.scheme, there.netloc) == (home.scheme, home.netloc)
                if there.scheme not in {"https", home.scheme}:
                    raise Rejected("a file at an unsafe address", code="unsafe")
                async with client.stream(
                    "GET", url, auth=config.login if is_home else None
                ) as answer:
                    if answer.is_redirect:
                        url = urljoin(url, answer.headers.get("location", ""))
                        continue
                    _check(answer, is_home=is_home)
                    async for chunk in answer.aiter_bytes(CHUNK):
                        yield chunk
                    return
    raise Rejected("a file that is nowhere", code="redirects")


def _check(answer: httpx.Response, *, is_home: bool) -> None:
    status = answer.status_code
    if status == httpx.codes.UNAUTHORIZED and is_home:
        raise Unauthorized("Twilio refuses the credentials", code="20003")
    if status == NOT_YET and is_home:
        raise Unreachable("this file is not there yet, or not any more", code="404")
    if status in {*VANISHED, NOT_YET}:
        raise Rejected("this file is not there any more", code=str(status))
    if not answer.is_success:
        raise Unreachable("the file cannot be had just now", code=str(status))
