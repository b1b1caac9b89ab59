"""The web page: the files of `bridge/http/web`, read once and served from memory."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Request, Response

from bridge.http.faults import Fault

INDEX = "index.html"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    body: bytes
    media_type: str
    etag: str


def load() -> dict[str, Asset]:
    """Return the page's files by their path under `/web/`."""
    return dict(_walk(files("bridge.http") / "web", ""))


def install(app: FastAPI) -> None:
    assets = load()

    async def serve(request: Request) -> Response:
        asset = assets.get(request.path_params.get("name", INDEX))
        if asset is None:
            raise Fault(404, "not_found", "there is no such file")
        headers = {"ETag": asset.etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == asset.etag:
            return Response(status_code=304, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

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
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            yield name, Asset(body=body, media_type=media_type, etag=etag)
