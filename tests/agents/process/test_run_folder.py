"""The files that a program is sent, and those that it sends."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agents.lines.output_schema import FileInput
from agents.process.run_folder import RunFolder, known
from bridge.domain.content import Attachment
from bridge.domain.errors import AgentFailed, AgentUnavailable
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
    "path",
    [
        *("/etc/hosts", "../received/x", "a/../../x", "..", "/proc/self/environ", "{out}/../x"),
        *("/dev/fd/0", "/dev/stdin", "/proc/self/fd/0", "{out}x/y", "/{out}/../received/x"),
        *("a/./.././../x", "./..", "../out/../received/x", "{out}/a/../../../x"),
    ],
)
async def test_nothing_outside_of_it_is_sent(folder, path) -> None:
    with folder, pytest.raises(AgentFailed, match="BRIDGE_FOLDER"):
        await folder.attach(FileInput(path=path.replace("{out}", str(folder.out))))


@pytest.mark.parametrize(
    "path", ["file:///etc/hosts", "~/.ssh/id_rsa", "$HOME/x", "..\\x", "%2e%2e/x"]
)
async def test_what_others_would_read_as_a_way_out_is_a_name_like_any(folder, path) -> None:
    """Nothing expands it; so it is looked for in the run's own folder, where it is not."""
    with folder, pytest.raises(AgentFailed, match="No such file"):
        await folder.attach(FileInput(path=path))


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


# -- while it is read -----------------------------------------------------------------------------

SECRET = b"the owner's token"


def linked(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def hard(path: Path, secret: Path) -> None:
    path.hardlink_to(secret)


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def folder_there(path: Path, _: Path) -> None:
    path.mkdir()


def device(path: Path, _: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only root makes devices")


def listening(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, suppress(OSError):
        made.bind(str(path))


def nothing(_: Path, __: Path) -> None:
    pass


KINDS = [linked, hard, pipe, folder_there, device, listening, nothing]


@contextmanager
def swapping(path: Path, make, secret: Path) -> Iterator[None]:
    """Let something else stand where a file is, over and over, as fast as can be."""
    over = threading.Event()
    good, bad = path.with_name("good"), path.with_name("bad")

    def swap() -> None:
        while not over.is_set():
            for each in (good, bad, path):
                with suppress(OSError):
                    each.rmdir() if each.is_dir() and not each.is_symlink() else each.unlink()
            good.write_bytes(b"fine")
            good.replace(path)
            path.unlink()
            make(path, secret)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("make", KINDS)
async def test_what_is_put_in_the_place_of_a_file_meanwhile_is_never_read(
    folder, blobs, tmp_path, make
) -> None:
    """A program may swap it between any two looks: it is looked at once it is open."""
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    with folder:
        path = folder.out / "a"
        make(folder.out / "try", secret)
        with swapping(path, make, secret):
            for _ in range(200):
                with suppress(AgentFailed):
                    async with asyncio.timeout(5):
                        made = await folder.attach(FileInput(path="a"))
                    read = b"".join([chunk async for chunk in blobs.open(made.media)])
                    assert read == b"fine"


async def test_a_folder_on_the_way_is_not_left_by_what_replaces_it(folder, tmp_path, blobs) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "a").write_bytes(SECRET)
    with folder:
        (folder.out / "real").mkdir()
        (folder.out / "real" / "a").write_bytes(b"fine")
        (folder.out / "link").symlink_to(secrets)
        way, over = folder.out / "way", threading.Event()

        def swap() -> None:
            while not over.is_set():
                for each in ("real", "link"):
                    (folder.out / each).rename(way)
                    way.rename(folder.out / each)

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            for _ in range(300):
                with suppress(AgentFailed):
                    made = await folder.attach(FileInput(path="way/a"))
                    assert made.size == len(b"fine")
        finally:
            over.set()
            thread.join()


async def test_a_file_that_grows_while_it_is_read_is_cut_off_at_the_limit(folder) -> None:
    with folder:
        path, over = folder.out / "log", threading.Event()
        path.write_bytes(b"x")

        def grow() -> None:
            with path.open("ab", buffering=0) as file:
                while not over.is_set() and file.tell() < 10_000_000:
                    file.write(b"x" * 1000)

        thread = threading.Thread(target=grow)
        thread.start()
        try:
            with pytest.raises(AgentFailed, match="too large"):  # noqa: PT012 - the last of many
                while True:
                    await folder.attach(FileInput(path="log"))
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("path", ["x" * 300, "a/" * 2000, "\ud800", "//etc/hosts", "./../x"])
async def test_a_path_that_is_none_is_told(folder, path) -> None:
    with folder, pytest.raises(AgentFailed, match="cannot be sent"):
        await folder.attach(FileInput.model_construct(path=path, media=None, name="", mime=""))


async def test_at_the_limit_of_open_files_it_is_tried_again(folder, monkeypatch) -> None:
    """It is no fault of the program, and passes."""

    def full(*_: object, **__: object) -> int:
        raise OSError(24, "Too many open files")

    with folder:
        (folder.out / "a").write_bytes(b"fine")
        monkeypatch.setattr(os, "open", full)
        with pytest.raises(AgentUnavailable, match="Too many open files"):
            await folder.attach(FileInput(path="a"))
        monkeypatch.undo()
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(AgentUnavailable, match="Too many open files"), folder:
        pass


async def test_half_a_file_is_never_given_to_a_program(folder, blobs, monkeypatch) -> None:
    attachment = await sent(blobs)

    async def torn(_: object):
        yield b"me"
        raise OSError(28, "No space left on device")

    with folder:
        monkeypatch.setattr(blobs, "open", torn)
        with pytest.raises(AgentUnavailable, match="No space left on device"):
            await folder.fetch(attachment)
        monkeypatch.undo()
        path = await folder.fetch(attachment)
        assert path is not None
        assert path.read_bytes() == b"meow"
