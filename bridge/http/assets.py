"""The web page: the files of `bridge/http/web`, read once and served from memory.

Most are text and are sent packed to whoever takes that: on a slow line the page is there in about
a third of the time. What is packed is the same for everybody and holds no secret.
"""

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Request, Response

from bridge.http.errors import Fault

INDEX = "index.html"
WORKER = "sw.js"
"""It may act for the whole page, from a folder below."""

MEDIA_TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
}
"""By the end of the name; a file of another kind is not served."""


_PACKED = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
"""Kinds of files that get smaller."""

_TAKES_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?=,|$)")
"""In an `Accept-Encoding`; a quality of 0 refuses it."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    body: bytes
    media_type: str
    etag: str

    @cached_property
    def packed(self) -> bytes:
        """The file in gzip; empty where that is of no use. Made when it is first asked for."""
        if not self.media_type.startswith(_PACKED):
            return b""
        small = gzip.compress(self.body, mtime=0)
        return small if len(small) < len(self.body) else b""


def load() -> dict[str, Asset]:
    """Return the page's files by their path under `/web/`."""
    return dict(_walk(files("bridge.http") / "web", ""))


def install(app: FastAPI) -> None:
    assets = load()
    worker = assets.get(WORKER)

    async def serve(request: Request) -> Response:
        asset = assets.get(request.path_params.get("name", INDEX))
        if asset is None:
            raise Fault(404, "not_found", "there is no such file")
        takes_gzip = _TAKES_GZIP.search(request.headers.get("accept-encoding", "").lower())
        packed = asset.packed if takes_gzip else b""
        etag = f'"{asset.etag}{"-gzip" if packed else ""}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if asset is worker:
            headers["Service-Worker-Allowed"] = "/"
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(packed or asset.body, media_type=asset.media_type, headers=headers)

    app.add_route("/", serve, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_route("/web/{name:path}", serve, methods=["GET", "HEAD"], include_in_schema=False)


def _walk(folder: Traversable, under: str) -> Iterator[tuple[str, Asset]]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        name = f"{under}{entry.name}"
        media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
        if entry.is_dir():
            yield from _walk(entry, f"{name}/")
        elif media_type is not None:
            body = entry.read_bytes()
            etag = hashlib.sha256(body).hexdigest()[:32]
            yield name, Asset(body=body, media_type=media_type, etag=etag)
