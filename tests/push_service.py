"""A push service on the loopback address, and a browser that reads what came for it.

It checks the signature as a real one does, and decrypts with the browser's own keys: what a test
sees is what the browser would be told.
"""

import asyncio
import json
import os
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.http.web_push import encoded


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """What a browser keeps to itself of its subscription."""

    name: str
    url: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def subscription(self) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": encoded(point), "auth": encoded(self.auth)}
        return {"endpoint": f"{self.url}/push/{self.name}", "keys": keys}

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        told: dict[str, Any] = json.loads(plain)
        return told


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """One push as it came in. `claims` are those that its signature, which is good, says."""

    path: str
    headers: dict[str, str]
    body: bytes
    claims: dict[str, Any]
    key: str


@dataclass
class PushService:
    """`answers` are given one after the other, each a status and headers; then 201 each time.

    While it `hangs` it takes what comes and answers nothing.
    """

    url: str = ""
    pushed: list[Pushed] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    hangs: bool = False
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    def browser(self, name: str) -> Browser:
        return Browser(name, self.url)

    def told(self, browser: Browser) -> list[dict[str, Any]]:
        mine = [each for each in self.pushed if each.path == f"/push/{browser.name}"]
        return [browser.read(each.body) for each in mine]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {a.lower(): b for a, _, b in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        assert head[0].startswith("POST "), head[0]
        self._take(head[0].split()[1], headers, body)
        while self.hangs:
            await asyncio.sleep(0.02)
        status, more = self.answers.pop(0) if self.answers else (201, {})
        lines = [f"HTTP/1.1 {status} -", "Content-Length: 0", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        writer.close()

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        scheme, _, rest = headers["authorization"].partition(" ")
        assert scheme == "vapid"
        fields = dict(each.strip().split("=", 1) for each in rest.split(","))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(fields["k"]))
        claims = jwt.decode(
            fields["t"],
            point,
            algorithms=["ES256"],
            audience=self.url,
            options={"verify_exp": False},
        )
        self.pushed.append(
            Pushed(path=path, headers=headers, body=body, claims=claims, key=fields["k"])
        )


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    await service.start()
    try:
        yield service
    finally:
        await service.stop()
