"""How the fake Twilio calls its customers: signed, with a fallback, in each person's order."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from xml.etree import ElementTree as ET

import aiohttp

from bridge.demo.whatsapp import fields, world

TIMEOUT = aiohttp.ClientTimeout(total=15)


class Postman:
    """`routes`: public addresses and where they lead to. `posted`: every call and its status."""

    def __init__(self) -> None:
        self.routes: dict[str, str] = {}
        self.posted: list[tuple[str, Mapping[str, str], int]] = []
        self.complaints: list[str] = []
        self.forge = False
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def message(
        self, sender: world.Sender, form: Mapping[str, str]
    ) -> tuple[bool, list[str]]:
        """Bring a message; returns whether it was taken, and what is to be answered."""
        self.complaints += fields.emitted("webhook", form)
        for url in (sender.webhook, sender.fallback):
            if not url:
                continue
            status, body = await self._post(url.split("#")[0], form, sender.account.token)
            if status // 100 == 2:
                return True, _twiml(body)
        return False, []

    async def status(self, message: world.Message, status: str) -> None:
        """Tell what became of a message; nobody asks again."""
        form = world.status_form(message, status)
        self.complaints += fields.emitted("status", form)
        if message.callback:
            await self._post(message.callback, form, message.account.token)

    async def fetch(self, url: str) -> tuple[int, bytes, str]:
        """Get a file that is to be sent on; returns status, bytes and type."""
        try:
            async with self._session.get(self._local(url)) as answer:
                return answer.status, await answer.read(), answer.content_type
        except aiohttp.ClientError:
            return 0, b"", ""

    async def _post(self, url: str, form: Mapping[str, str], token: str) -> tuple[int, bytes]:
        signature = world.signature("forged" if self.forge else token, url, form)
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": "x"}
        status, body = 0, b""
        with suppress(aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError):
            async with self._session.post(self._local(url), data=form, headers=headers) as answer:
                status, body = answer.status, await answer.read()
        self.posted.append((url, form, status))
        return status, body

    def _local(self, url: str) -> str:
        for public, local in self.routes.items():
            if url.startswith(public):
                return local + url.removeprefix(public)
        if not url.startswith("http://127.0.0.1:"):
            self.complaints.append(f"{url} leads nowhere")
        return url


def _twiml(body: bytes) -> list[str]:
    if not body:
        return []
    return [each.text or "" for each in ET.fromstring(body).iter("Message")]
