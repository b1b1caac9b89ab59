"""The files of the web page."""

from importlib.resources import files

import httpx

from bridge.http.assets import MEDIA_TYPES, load
from tests.http.rig import Bridge


async def test_the_files_of_the_page_are_served_without_a_token(bridge: Bridge) -> None:
    assets = load()
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        for name, asset in assets.items():
            answer = await client.get(f"/web/{name}")
            assert (answer.status_code, name) == (200, name)
            assert answer.content == (files("bridge.http") / "web" / name).read_bytes()
            assert answer.headers["content-type"] == asset.media_type
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await client.get(f"/web/{name}", headers=known)).status_code == 304
        assert (await client.head(f"/web/{name}")).content == b""
        if "index.html" in assets:
            page = await client.get("/")
            assert page.content == assets["index.html"].body


async def test_scripts_are_served_as_what_browsers_run(bridge: Bridge) -> None:
    assert all(
        asset.media_type == "text/javascript; charset=utf-8"
        for name, asset in load().items()
        if name.endswith(".js")
    )


def test_only_what_a_page_is_made_of_is_served() -> None:
    assert {name.rpartition(".")[2] for name in load()} <= MEDIA_TYPES.keys()


async def test_nothing_outside_of_the_folder_is_served(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "/etc/hostname", "js", ""):
            assert (await client.get(f"/web/{path}")).status_code == 404
