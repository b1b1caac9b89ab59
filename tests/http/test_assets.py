"""The files of the web page."""

import posixpath
import re
from importlib.resources import files

import httpx
import pytest

from bridge.http.assets import MEDIA_TYPES, Asset, load
from tests.http.rig import Bridge

LATER = ("icons/", "sw.js", "offline.html", "js/push.js")
"""What is read once notifications may be of use, or the page is installed."""


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


@pytest.mark.parametrize(
    ("accepts", "is_packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("br, gzip;q=0.0, identity", False),
        ("xgzip", False),
        ("", False),
    ],
)
async def test_the_page_is_sent_packed_to_whoever_takes_that(
    bridge: Bridge,
    accepts: str,
    is_packed: bool,  # noqa: FBT001
) -> None:
    """Each form has a tag of its own, so that no cache takes one for the other."""
    whole = load()["js/page.js"].body
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        headers = {"Accept-Encoding": accepts}
        answer = await client.get("/web/js/page.js", headers=headers)
        assert answer.content == whole
        assert (answer.headers.get("content-encoding") == "gzip") == is_packed
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) < len(whole) or not is_packed
        tag = answer.headers["etag"]
        assert tag.endswith('-gzip"') == is_packed
        known = {**headers, "If-None-Match": tag}
        assert (await client.get("/web/js/page.js", headers=known)).status_code == 304
        other = {"Accept-Encoding": "identity" if is_packed else "gzip", "If-None-Match": tag}
        assert (await client.get("/web/js/page.js", headers=other)).content == whole


def test_what_is_read_later_is_not_named_by_what_is_read_at_first() -> None:
    assets = load()
    at_first = assets["index.html"].body.replace(
        b'apple-touch-icon" href="/web/icons/180.png"', b""
    )
    assert not [each for each in LATER if f"/web/{each}".encode() in at_first]
    scripts = [each.body for name, each in assets.items() if name.startswith("js/")]
    assert not [each for each in scripts if b'from "./push.js"' in each]


async def test_the_worker_may_act_for_the_whole_page_and_nothing_else_may(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        for name in load():
            allowed = (await client.get(f"/web/{name}")).headers.get("service-worker-allowed")
            assert (allowed == "/") == (name == "sw.js")


def test_all_that_a_first_visit_reads_is_small() -> None:
    """In bytes of a cold load: the page, what it names, and the texts of one other language."""
    assets = load()
    read = ["index.html", *named_in(assets["index.html"])]
    texts = [each for name, each in assets.items() if re.fullmatch(r"words/\w+\.json", name)]
    assert len(texts) == 4
    assert sum(len(assets[name].packed or assets[name].body) for name in read) < 146_000
    assert max(len(each.packed) for each in texts) < 5_500


def test_the_page_names_every_script_that_it_begins_with() -> None:
    """So that none is found out about late; dialogs are read once one of them is opened."""
    assets = load()
    named = set(named_in(assets["index.html"]))
    assert not any("dialogs/" in name or name.endswith("dialogs.html") for name in named)
    imported = {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        for name in named
        if name.startswith("js/")
        for path in re.findall(r'(?m)^[^*/\n]*from "(\.[^"]+)"', assets[name].body.decode())
    }
    assert len(imported) > 40
    assert imported <= named


def named_in(page: Asset) -> list[str]:
    """Return the files that a page's markup names."""
    return re.findall(r'(?:href|src)="/web/([^"]+)"', page.body.decode())
