"""What every `Blobs` must do."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.domain.errors import NoRoom, NotFound, TooLarge
from bridge.domain.ids import MediaId
from bridge.ports.blobs import Blob, Blobs
from bridge.ports.clock import Clock
from storage.blobs import FolderBlobs
from storage.memory_blobs import MemoryBlobs
from tests.stores import AT

MAX, QUOTA = 1_000, 2_500
KEEP = timedelta(days=30)
DAY = timedelta(days=1)
NO_MEDIA = MediaId("m_" + "0" * 64)
STRANGE = ("", "m_", "../secret", "/etc/passwd", "m_" + "0" * 63, "m_" + "G" * 64, "m_\0", "é" * 66)


@dataclass
class Calendar:
    """A clock that the test turns."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


Make = Callable[..., Blobs]


@pytest.fixture
def clock() -> Calendar:
    return Calendar()


@pytest.fixture(params=["memory", "folder"])
def make(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Make:
    """Makes blobs of each kind."""
    if request.param == "memory":
        return lambda **limits: MemoryBlobs(clock=clock, **limits)
    return lambda **limits: FolderBlobs(tmp_path / "media", clock=clock, **limits)


@pytest.fixture
def blobs(make: Make) -> Blobs:
    return make(max_bytes=MAX, quota_bytes=QUOTA, keep=KEEP)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def read(blobs: Blobs, media: MediaId) -> bytes:
    return b"".join([chunk async for chunk in blobs.open(media)])


async def put(blobs: Blobs, body: bytes) -> Blob:
    return await blobs.put(chunks(body))


# -- keeping --------------------------------------------------------------------------------------


async def test_what_is_put_can_be_read_as_often_as_one_likes(blobs: Blobs) -> None:
    blob = await blobs.put(chunks(b"one, ", b"", b"two"))
    assert blob.size == await blobs.size(blob.media) == 8
    assert await read(blobs, blob.media) == await read(blobs, blob.media) == b"one, two"


async def test_its_name_is_made_from_its_bytes(blobs: Blobs) -> None:
    blob = await put(blobs, b"hello")
    assert blob.media == f"m_{hashlib.sha256(b'hello').hexdigest()}"


async def test_an_empty_file_is_a_file(blobs: Blobs) -> None:
    blob = await blobs.put(chunks())
    assert (blob.size, await blobs.size(blob.media), await read(blobs, blob.media)) == (0, 0, b"")


async def test_the_same_bytes_are_kept_once_however_they_come(blobs: Blobs) -> None:
    """Even several at once: they take the room of one."""
    first, *others = await asyncio.gather(
        *(blobs.put(chunks(b"x" * cut, b"x" * (800 - cut))) for cut in (1, 400, 799))
    )
    assert others == [first, first]
    await put(blobs, b"y" * 1000)
    await put(blobs, b"z" * 700)
    with pytest.raises(NoRoom):
        await put(blobs, b"!")


async def test_a_large_file_is_read_in_pieces(make: Make) -> None:
    blobs = make()
    body = b"0123456789abcdef" * 200_000
    blob = await blobs.put(chunks(body))
    sizes = [len(chunk) async for chunk in blobs.open(blob.media)]
    assert sum(sizes) == len(body)
    assert max(sizes) <= 1_048_576
    assert await read(blobs, blob.media) == body


async def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    for media in (NO_MEDIA, *map(MediaId, STRANGE)):
        assert await blobs.size(media) is None
        await blobs.forget(media)
        with pytest.raises(NotFound, match="not kept here"):
            await read(blobs, media)


# -- limits ---------------------------------------------------------------------------------------


async def test_a_file_may_have_so_many_bytes_and_not_one_more(blobs: Blobs) -> None:
    assert blobs.max_bytes == MAX
    assert (await blobs.put(chunks(b"x" * 600, b"x" * 400))).size == MAX
    with pytest.raises(TooLarge, match="kept here has 1 kB"):
        await blobs.put(chunks(b"y" * 600, b"y" * 401))
    assert await blobs.size(media_of(b"y" * 1001)) is None


async def test_a_file_too_large_is_not_read_to_its_end(blobs: Blobs) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"x" * 100

    with pytest.raises(TooLarge):
        await blobs.put(endless())
    assert given == 11


async def test_there_is_room_for_so_many_bytes_and_not_one_more(blobs: Blobs) -> None:
    for body in (b"a" * 1000, b"b" * 1000, b"c" * 500):
        await put(blobs, body)
    with pytest.raises(NoRoom):
        await put(blobs, b"d")
    assert await blobs.size(media_of(b"d")) is None
    assert await read(blobs, media_of(b"a" * 1000)) == b"a" * 1000


async def test_what_is_forgotten_makes_room(blobs: Blobs) -> None:
    first = await put(blobs, b"a" * 1000)
    await put(blobs, b"b" * 1000)
    await blobs.forget(first.media)
    await blobs.forget(first.media)
    assert await blobs.size(first.media) is None
    with pytest.raises(NotFound):
        await read(blobs, first.media)
    await put(blobs, b"c" * 1000)
    with pytest.raises(NoRoom):
        await put(blobs, b"d" * 501)


async def test_a_repeat_is_a_success_though_there_is_no_room(blobs: Blobs) -> None:
    for body in (b"a" * 1000, b"b" * 1000, b"c" * 500):
        await put(blobs, body)
    assert await put(blobs, b"a" * 1000) == Blob(media=media_of(b"a" * 1000), size=1000)
    assert await read(blobs, media_of(b"a" * 1000)) == b"a" * 1000


async def test_what_comes_in_at_once_never_takes_more_room_than_there_is(blobs: Blobs) -> None:
    bodies = [bytes([65 + n]) * 1000 for n in range(6)]
    put_all = (blobs.put(chunks(body[:500], body[500:])) for body in bodies)
    outcomes = await asyncio.gather(*put_all, return_exceptions=True)
    kept = [await blobs.size(media_of(body)) for body in bodies]
    assert sum(size or 0 for size in kept) <= QUOTA
    for size, outcome in zip(kept, outcomes, strict=True):
        assert isinstance(outcome, Blob if size else NoRoom)
    for body in bodies:
        await blobs.forget(media_of(body))
    await put(blobs, b"a" * 1000)
    await put(blobs, b"b" * 1000)
    await put(blobs, b"c" * 500)


# -- what does not come to its end ----------------------------------------------------------------


async def test_a_sender_who_fails_leaves_nothing(blobs: Blobs) -> None:
    """Not even the room it would have taken; and its failure is not taken for ours."""

    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 900
        raise ConnectionResetError("gone")

    for _ in range(5):
        with pytest.raises(ConnectionResetError):
            await blobs.put(failing())
    assert await blobs.size(media_of(b"x" * 900)) is None
    await put(blobs, b"a" * 1000)
    await put(blobs, b"b" * 1000)


async def test_a_cancelled_put_leaves_nothing(blobs: Blobs) -> None:
    begun = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield b"x" * 900
        begun.set()
        await asyncio.Event().wait()

    for _ in range(5):
        begun.clear()
        putting = asyncio.create_task(blobs.put(stalling()))
        await begun.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
    await put(blobs, b"a" * 1000)
    await put(blobs, b"b" * 1000)


# -- retention ------------------------------------------------------------------------------------


async def test_a_sweep_forgets_what_is_older_than_it_is_kept(blobs: Blobs, clock: Calendar) -> None:
    old = await put(blobs, b"old" * 300)
    clock.at += KEEP - DAY
    young = await put(blobs, b"young")
    await blobs.sweep()
    assert await blobs.size(old.media) == 900
    clock.at += DAY * 2
    await blobs.sweep()
    assert await blobs.size(old.media) is None
    assert await blobs.size(young.media) == 5
    for body in (b"a" * 1000, b"b" * 1000, b"c" * 495):
        await put(blobs, body)


async def test_putting_the_same_bytes_again_renews_them(blobs: Blobs, clock: Calendar) -> None:
    kept = await put(blobs, b"again")
    for _ in range(3):
        clock.at += KEEP - DAY
        await put(blobs, b"again")
        await blobs.sweep()
        assert await blobs.size(kept.media) == 5


async def test_without_a_time_nothing_is_ever_forgotten(make: Make, clock: Calendar) -> None:
    blobs = make()
    kept = await put(blobs, b"for good")
    clock.at += DAY * 40_000
    await blobs.sweep()
    assert await read(blobs, kept.media) == b"for good"


def media_of(body: bytes) -> MediaId:
    return MediaId(f"m_{hashlib.sha256(body).hexdigest()}")
