"""The files that a program is sent, and those that it sends."""

import os
from pathlib import Path

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
    return RunFolder(tmp_path / "runs", base=tmp_path, blobs=blobs)


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


async def test_without_a_file_there_is_no_folder(folder, tmp_path) -> None:
    with folder:
        pass
    assert not (tmp_path / "runs").exists()


async def test_a_path_is_sent_from_the_programs_own_folder(folder, blobs, tmp_path) -> None:
    (tmp_path / "chart.png").write_bytes(b"png")
    made = await folder.attach(FileInput(path="chart.png"))
    assert (made.kind, made.name, made.mime, made.size) == ("image", "chart.png", "image/png", 3)
    assert await blobs.size(made.media) == 3
    whole = str(tmp_path / "chart.png")
    named = await folder.attach(FileInput(path=whole, name="x.bin", mime="text/x", kind="file"))
    assert (named.kind, named.name, named.mime) == ("file", "x.bin", "text/x")


async def test_a_file_that_is_known_is_sent_by_its_id(folder, blobs) -> None:
    attachment = await sent(blobs)
    given = FileInput(media=attachment.media, name="a cat.txt", mime="text/plain", size=4)
    assert await folder.attach(given) == attachment


async def test_what_cannot_be_sent_is_named(folder, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * 1001)
    os.mkfifo(tmp_path / "pipe")
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
