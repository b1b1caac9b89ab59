"""A real `bridge run` whose database file or disk is taken away under it."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.scenarios.standing import Standing, standing

# -- the file -------------------------------------------------------------------------------------


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Standing]:
    """A bridge in which one word was said and answered."""
    async with standing(tmp_path / "data") as found:
        await found.start()
        found.apps.telegram.says("word one")
        await found.until_answered("word one")
        yield found


def deleted(data: Path) -> None:
    (data / "bridge.db").unlink()


def replaced(data: Path) -> None:
    shutil.copy(data / "bridge.db", data / "other.db")
    (data / "other.db").replace(data / "bridge.db")


def cut(data: Path) -> None:
    os.truncate(data / "bridge.db", 0)


def without_wal(data: Path) -> None:
    (data / "bridge.db-wal").unlink()


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (deleted, "is not there any more"),
        (replaced, "was replaced by another file"),
        (cut, "was cut from"),
        (without_wal, "bridge.db-wal was deleted or replaced"),
    ],
)
async def test_nothing_is_acknowledged_into_a_database_that_is_lost(
    story: Standing, lose: Callable[[Path], None], said: str
) -> None:
    """It is told at once, everywhere; what was said meanwhile comes again after the repair."""
    lose(story.data)
    assert said in await story.until_unready()
    story.apps.telegram.says("word two")
    answer = await story.says("word three")
    assert answer.status_code == 503
    assert said in answer.json()["error"]["message"]
    faults, _ = await story.doctor()
    assert said in faults["store"]
    assert not story.logged("Traceback")
    rescued = story.data.with_name("rescued.db")
    if lose is not cut:
        assert (await story.command("backup", str(rescued))).code == 0
    await story.end(15)
    if lose is cut:
        return
    if lose is not without_wal:
        restored = await story.command("restore", str(rescued))
        assert restored.code == 0, restored.err
    await story.start()
    await story.until_said("word three", 0)
    await story.until_answered("word one", "word three")
    await story.until(lambda: story.apps.telegram.bot.updates == [])
    heard = await story.heard()
    assert sorted(heard) == ["word one", "word three", "word two"]


async def test_a_folder_that_is_moved_away_and_back_goes_on(story: Standing) -> None:
    away = story.data.with_name("away")
    story.data.rename(away)
    assert "is not there any more" in await story.until_unready()
    assert (await story.says("word two")).status_code == 503
    faults, _ = await story.doctor()
    assert "is not there" in faults["data"]
    async with story.client() as client:
        copied = (await client.post("/v1/backup")).raise_for_status()
    assert copied.content.startswith(b"SQLite format 3"), "the last copy there may ever be"
    assert not story.data.exists(), "nothing makes another in its place"
    away.rename(story.data)
    assert await story.until_ready() < 10
    await story.until_said("word two", 0)
    await story.until_answered("word two")
    assert await story.heard() == ["word one", "word two"]
    assert not story.logged("Traceback")


# -- the disk -------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own with room for 12 MB."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", folder],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte of the disk free; return the file that takes them."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as full, suppress(OSError):
        while full.write(b"x" * 4096):
            pass
    return file


async def test_a_full_disk_is_told_once_and_everything_goes_on_when_there_is_room(
    small_disk: Path,
) -> None:
    """Nothing is acknowledged that is not stored, be it words or files."""
    long = "x" * 50_000
    async with standing(small_disk) as story:
        await story.start()
        story.apps.telegram.says("word one")
        await story.until_answered("word one")
        filler = fill(small_disk)
        taken = []
        while (answer := await story.says(f"before {len(taken)} {long}")).is_success:
            taken.append(f"before {len(taken)} {long}")
            fill(small_disk)
            assert len(taken) < 100
        assert answer.status_code == 503
        assert "the disk is full" in answer.json()["error"]["message"]
        refused = story.number
        assert "the disk is full" in await story.until_unready()
        story.apps.telegram.says("word two")
        async with story.client() as client:
            kept = await client.post(
                "/v1/media", content=b"y" * 300_000, headers={"Content-Type": "text/plain"}
            )
            copied = await client.post("/v1/backup")
        assert kept.status_code == 507, kept.text
        assert copied.status_code in {503, 507}, copied.text
        assert [each.name for each in (small_disk / "media").iterdir()] == []
        assert list(small_disk.glob("backup-*")) == []
        faults, _ = await story.doctor()
        assert "the disk is full" in faults["store"]
        assert "disk" in faults
        await asyncio.sleep(5)
        filler.unlink()
        assert await story.until_ready() < 5
        await story.until_said("word three", refused)
        await story.until_answered("word one", "word two", "word three")
        heard = await story.heard()
        assert sorted(each for each in heard if each not in taken) == [
            "word one",
            "word three",
            "word two",
        ]
        assert [each for each in heard if each in taken] == taken
        assert not story.logged("Traceback")
        assert len(story.log.read_text().splitlines()) < 12, story.log.read_text()
