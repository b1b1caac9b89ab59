"""Files go to the bridge and come back unharmed, and harm nothing."""

import hashlib
from pathlib import Path

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.files import save, upload
from bridge.cli.server import Server, Where, find
from bridge.domain.content import Attachment
from bridge.domain.ids import MediaId


@pytest.fixture
def server(bridge):
    return find(Where(), bridge.environ)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder that commands are given in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(folder: Path, name: str, body: bytes) -> Path:
    path = folder / name
    path.write_bytes(body)
    return path


async def kept(server, tmp_path, name="cat.png", body=b"a cat") -> Attachment:
    return Attachment(**await upload(server, write(tmp_path, name, body)))


async def test_a_file_is_kept_under_its_name_and_type(server, tmp_path):
    assert await upload(server, write(tmp_path, "größe 1.png", b"a cat")) == {
        "media": f"m_{hashlib.sha256(b'a cat').hexdigest()}",
        "size": 5,
        "name": "größe 1.png",
        "mime": "image/png",
        "kind": "image",
    }


async def test_a_large_file_comes_back_as_it_was(server, session, tmp_path, here):
    body = bytes(range(256)) * 20_000
    file = await kept(server, tmp_path, "big.bin", body)
    assert (file.size, file.mime) == (len(body), "application/octet-stream")
    path = await save(server, session, file, "")
    assert path == Path("big.bin")
    assert (here / "big.bin").read_bytes() == body


async def test_nothing_that_is_there_is_replaced(server, session, tmp_path, here):
    file = await kept(server, tmp_path)
    write(here, "cat.png", b"mine")
    saved = [await save(server, session, file, "") for _ in range(2)]
    assert [path.name for path in saved] == ["cat (2).png", "cat (3).png"]
    with pytest.raises(CommandError, match=r"cat\.png is there already"):
        await save(server, session, file, "cat.png")
    assert (here / "cat.png").read_bytes() == b"mine"


async def test_a_place_may_be_a_folder_or_a_new_name(server, session, tmp_path, here):
    file = await kept(server, tmp_path)
    (here / "cats").mkdir()
    assert await save(server, session, file, "cats") == Path("cats/cat.png")
    assert await save(server, session, file, "cats/tom.png") == Path("cats/tom.png")
    assert sorted(each.name for each in (here / "cats").iterdir()) == ["cat.png", "tom.png"]


@pytest.mark.parametrize("name", ["../../evil.sh", "/etc/evil.sh", "..", ".profile", "a\x1b[2J"])
async def test_a_name_leads_nowhere_else(server, session, tmp_path, here, name):
    file = await kept(server, tmp_path)
    named = Attachment(kind="file", name=name, mime="", size=file.size, media=file.media)
    path = await save(server, session, named, "")
    assert path.parent == Path()
    assert path.name.isprintable()
    assert not path.name.startswith(".")
    assert [each.name for each in here.iterdir()] == [path.name]


async def test_what_is_not_kept_any_more_leaves_no_file(server, session, here):
    gone = MediaId("m_" + "0" * 64)
    file = Attachment(kind="file", name="a.txt", mime="", size=1, media=gone)
    with pytest.raises(CommandError, match="not kept here"):
        await save(server, session, file, "")
    assert list(here.iterdir()) == []


async def test_half_a_file_is_not_left(server, session, tmp_path, here):
    """The log says how large it is: what comes short of it was cut off."""
    file = await kept(server, tmp_path)
    longer = Attachment(kind="file", name="a", mime="", size=file.size + 1, media=file.media)
    with pytest.raises(CommandError, match="cut off"):
        await save(server, session, longer, "")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gone.png", "gone.png cannot be read: No such file"),
        ("", "cannot be read: Is a directory"),
        ("empty.png", "empty.png is empty"),
        ("~nobody-of-that-name/x", "cannot be read"),
    ],
)
async def test_what_cannot_be_sent_is_told(server, tmp_path, name, told):
    write(tmp_path, "empty.png", b"")
    path = Path(name) if name.startswith("~") else tmp_path / name
    with pytest.raises(CommandError, match=told):
        await upload(server, path)


async def test_a_file_that_is_too_large_is_not_sent_at_all(server, tmp_path):
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(CommandError, match=r"huge\.bin has 50 MB, and the limit is 50 MB"):
        await upload(server, tmp_path / "huge.bin")


async def test_without_a_bridge_it_is_told(tmp_path):
    nowhere = Server(url="http://127.0.0.1:9", token="none", data=tmp_path)
    with pytest.raises(CommandError, match="no bridge answers"):
        await upload(nowhere, write(tmp_path, "a.txt", b"x"))
