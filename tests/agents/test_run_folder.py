"""The files that a program is sent, and those that it sends."""

import os

import pytest

from agents.lines.said import FileInput
from agents.run_folder import RunFolder, known
from bridge.content import Attachment
from bridge.errors import AgentFailed
from storage.memory_blobs import MemoryBlobs
from tests.turns import StoryClock


async def bits(body: bytes):
    yield body


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs(clock=StoryClock(), max_bytes=1000)


@pytest.fixture
def folder(tmp_path, blobs) -> RunFolder:
    return RunFolder(tmp_path / "runs", blobs=blobs)


async def sent(blobs: MemoryBlobs, body: bytes = b"meow") -> Attachment:
    blob = await blobs.put(bits(body))
    return Attachment(
        kind="file", name="a cat.txt", mime="text/plain", size=len(body), media=blob.media
    )


async def test_a_file_is_there_under_its_name_while_the_run_lasts(folder, blobs, tmp_path) -> None:
    with folder:
        path = await folder.fetch(await sent(blobs))
        assert path is not None
        assert path == await folder.fetch(await sent(blobs))
        assert (path.name, path.read_bytes()) == ("a cat.txt", b"meow")
        assert path.is_relative_to(tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


async def test_a_file_that_is_not_kept_any_more_is_nowhere(folder, blobs) -> None:
    attachment = await sent(blobs)
    await blobs.forget(attachment.media)
    with folder:
        assert await folder.fetch(attachment) is None


async def test_nobody_else_can_look_into_the_folder_of_a_run(folder) -> None:
    with folder:
        for each in (folder.out, folder.out.parent, folder.out.parent.parent):
            assert each.stat().st_mode & 0o077 == 0


async def test_a_path_is_sent_from_the_runs_own_folder(folder, blobs) -> None:
    with folder:
        (folder.out / "charts").mkdir()
        (folder.out / "charts" / "a.png").write_bytes(b"png")
        made = await folder.attach(FileInput(path="charts/a.png"))
        assert (made.kind, made.name, made.mime, made.size) == ("image", "a.png", "image/png", 3)
        assert await blobs.size(made.media) == 3
        whole = str(folder.out / "charts" / "a.png")
        named = await folder.attach(FileInput(path=whole, name="x.bin", mime="text/x", kind="file"))
        assert (named.kind, named.name, named.mime) == ("file", "x.bin", "text/x")


@pytest.mark.parametrize(
    "path", ["/etc/hosts", "../received/x", "a/../../x", "..", "/proc/self/environ", "{out}/../x"]
)
async def test_nothing_outside_of_it_is_sent(folder, path) -> None:
    with folder, pytest.raises(AgentFailed, match="BRIDGE_FOLDER"):
        await folder.attach(FileInput(path=path.replace("{out}", str(folder.out))))


async def test_no_link_leads_out_of_it(folder, tmp_path) -> None:
    """Neither a soft one, anywhere on the way, nor a hard one, nor a folder put in its place."""
    secret = tmp_path / "secret"
    secret.write_text("the owner's token")
    with folder:
        out = folder.out
        (out / "soft").symlink_to(secret)
        (out / "folder").symlink_to(tmp_path)
        (out / "inside").mkdir()
        (out / "inside" / "up").symlink_to("..")
        (out / "hard").hardlink_to(secret)
        for path in ("soft", "folder/secret", "inside/up/soft", "hard"):
            with pytest.raises(AgentFailed, match="cannot be sent"):
                await folder.attach(FileInput(path=path))
        out.rename(out.with_name("moved"))
        out.symlink_to(tmp_path)
        with pytest.raises(AgentFailed, match="No such file"):
            await folder.attach(FileInput(path="secret"))


async def test_a_file_that_is_known_is_sent_by_its_id(folder, blobs) -> None:
    attachment = await sent(blobs)
    given = FileInput(media=attachment.media, name="a cat.txt", mime="text/plain", size=4)
    assert await folder.attach(given) == attachment


async def test_what_cannot_be_sent_is_named(folder) -> None:
    with folder:
        (folder.out / "empty").touch()
        (folder.out / "large").write_bytes(b"x" * 1001)
        os.mkfifo(folder.out / "pipe")
        for path, why in (
            ("none", "the file none cannot be sent: No such file or directory"),
            ("empty", "it is empty"),
            ("large", "too large"),
            ("pipe", "it is no regular file"),
            (".", "it is no regular file"),
        ):
            with pytest.raises(AgentFailed, match=why):
                await folder.attach(FileInput(path=path))
        with pytest.raises(AgentFailed, match="not kept here"):
            await folder.attach(FileInput(media="m_none"))


async def test_where_paths_mean_nothing_a_file_is_named_by_its_id_alone(blobs) -> None:
    for given in (FileInput(path="/etc/passwd"), FileInput(), FileInput(path="x", media="m")):
        with pytest.raises(AgentFailed, match="by its `media` id"):
            await known(blobs, given)
