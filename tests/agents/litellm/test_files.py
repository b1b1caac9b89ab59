"""A model is shown the files that it takes, the newest first."""

from base64 import b64encode
from dataclasses import replace

import pytest

from agents.litellm.client import Abilities
from agents.litellm.files import LONGEST_TEXT, MOST_FILES, MOST_IMAGE_BYTES, parts, shown, taken
from agents.tools.mcp import _pictured
from agents.transcript import Told
from bridge.domain.commands import Say
from bridge.domain.content import Attachment
from bridge.domain.ids import ConversationId, MediaId, ParticipantId
from tests.agents.litellm.rig import MISSING, told, with_files
from tests.fakes import providers

ALL = Abilities(context=9, images=True, documents=True)
NONE = Abilities(context=9, images=False, documents=False)


def file(name, mime, *, size=10, kind="file"):
    return Attachment(kind=kind, name=name, mime=mime, size=size, media=MediaId(f"m_{name}"))


@pytest.mark.parametrize(
    ("mime", "size", "able", "takes"),
    [
        ("image/png", 10, ALL, True),
        ("image/png", 10, NONE, False),
        ("image/png", 3_750_000, ALL, True),
        ("image/png", 3_750_001, ALL, False),
        ("image/tiff", 10, ALL, False),
        ("image/heic", 10, ALL, False),
        ("image/svg+xml", 10, NONE, True),  # as the text that it is
        ("application/pdf", 10, ALL, True),
        ("application/pdf", 10, NONE, False),
        ("text/csv", 10, NONE, True),
        ("text/csv", 2_000_000, NONE, False),
        ("application/zip", 10, ALL, False),
        ("application/octet-stream", 10, NONE, True),
        ("application/octet-stream", 20_000_000, ALL, False),
    ],
)
def test_what_a_model_takes_depends_on_the_model_and_the_file(mime, size, able, takes):
    lines = [Told(text="x", files=(file("x", mime, size=size),))]
    assert bool(shown(lines, able)) == takes


def test_of_many_the_newest_are_shown_and_none_twice():
    lines = [Told(text="x", files=(file(f"{n}", "image/png"),)) for n in range(20)]
    names = [each.name for each in shown([*lines, lines[-1]], ALL)]
    assert names == [str(n) for n in range(19, 19 - MOST_FILES, -1)]


async def test_pictures_documents_and_texts_are_parts_of_a_message(bench):
    picture = await bench.file(b"\x89PNG", kind="image", name="p", mime="image/png")
    paper = await bench.file(b"%PDF-1.7", kind="file", name="d.pdf", mime="application/pdf")
    table = await bench.file(b"a,b", kind="file", name="t.csv", mime="text/csv")
    found = await parts([picture, paper, table], bench.blobs)
    assert found[picture.media] == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,iVBORw=="},
    }
    assert found[paper.media]["file"]["filename"] == "d.pdf"
    assert found[table.media] == {"type": "text", "text": "[the file · t.csv says]\na,b"}


PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"
ALIKE = {"image/png": PNG, "image/jpeg": JPEG, "image/gif": b"GIF89a",
         "image/webp": b"RIFF\0\0\0\0WEBP", "application/pdf": b"%PDF-1.7"}  # fmt: skip


@pytest.mark.parametrize("called", [*ALIKE, "application/octet-stream", ""])
@pytest.mark.parametrize("real", ALIKE)
async def test_what_a_file_is_its_bytes_say_and_not_its_name_or_its_sender(bench, called, real):
    """A provider refuses a PNG called a JPEG, and a picture or a PDF may be sent as bytes."""
    ending = called.rpartition("/")[2] or "bin"
    file = await bench.file(ALIKE[real], kind="file", name=f"x.{ending}", mime=called)
    assert shown([Told(text="x", files=(file,))], ALL) == [file]
    part = (await parts([file], bench.blobs))[file.media]
    assert f"data:{real};base64," in str(part)
    assert part["type"] == ("file" if real == "application/pdf" else "image_url")


def test_a_file_that_a_model_does_not_take_after_all_is_named():
    sees, reads = replace(NONE, images=True), replace(NONE, documents=True)
    picture, paper = {"type": "image_url"}, {"type": "file"}
    assert (taken("x", picture, sees), taken("x", paper, reads)) == (picture, paper)
    for part, able in ((picture, reads), (paper, sees)):
        assert "x cannot be shown to you" in taken("x", part, able)["text"]


async def test_a_picture_called_a_document_is_held_to_the_bound_of_pictures(bench):
    for size, is_shown in ((3_750_000, True), (3_750_001, False)):
        body = JPEG.ljust(size, b"\0")
        file = await bench.file(body, kind="file", name="x.pdf", mime="application/pdf")
        part = (await parts([file], bench.blobs))[file.media]
        assert (part["type"] == "image_url") == is_shown
        assert is_shown or "x.pdf is too large to be shown" in part["text"]


def png(size):
    return PNG + bytes(size - len(PNG) - 16) + b"\0\0\0\0IEND".ljust(16, b"\0")


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_anthropic_takes_the_largest_picture_that_it_is_shown_also_a_png_called_a_jpeg(bench):
    """5 MB in base64, which is a third longer: its own bound, as it tells it."""
    bench.models.rules = providers.anthropic
    picture = await bench.file(png(MOST_IMAGE_BYTES), kind="image", name="x.jpg", mime="image/jpeg")
    story = told("Look.")
    said = with_files(picture)
    story.submit(Say(by=ParticipantId("Ada"), conversation=ConversationId("Chat"), content=said))
    turn = story.turn()
    turn.blobs = bench.blobs
    async for _ in story.let(bench.agent("anthropic", images=True), turn):
        pass
    (asked,) = bench.models.asked
    assert '"media_type": "image/png"' in asked.text()
    assert story.words() == ["Hello!"]


def test_a_picture_of_a_tool_has_the_same_bound():
    for size, count in ((MOST_IMAGE_BYTES, 1), (MOST_IMAGE_BYTES + 1, 0)):
        pictures = []
        _pictured(b64encode(png(size)).decode(), "image/jpeg", pictures)
        assert [each.mime for each in pictures] == ["image/png"] * count


@pytest.mark.parametrize(
    ("mime", "body", "says"),
    [
        ("application/octet-stream", "größer".encode(), "größer"),
        ("", b"a: 1", "a: 1"),
        ("text/plain", "größer".encode("utf-16"), "größer"),
        ("text/plain; charset=windows-1251", "да".encode("windows-1251"), "да"),
        ("text/markdown", b"a file begins with %PDF-1.7", "%PDF-1.7"),
    ],
)
async def test_a_text_is_read_whatever_it_is_called_and_however_it_is_written(
    bench, mime, body, says
):
    file = await bench.file(body, kind="file", name="notes", mime=mime)
    assert says in (await parts([file], bench.blobs))[file.media]["text"]


async def test_bytes_that_nobody_named_and_no_model_takes_are_not_shown(bench):
    file = await bench.file(b"PK\3\4\0\0", kind="file", name="x", mime="application/octet-stream")
    assert (await parts([file], bench.blobs))[file.media] is None
    story = told("Look.")
    story.submit(
        Say(by=ParticipantId("Ada"), conversation=ConversationId("Chat"), content=with_files(file))
    )
    turn = story.turn()
    turn.blobs = bench.blobs
    async for _ in story.let(bench.agent(images=True), turn):
        pass
    assert story.words() == ["Hello!"]


async def test_a_long_text_is_cut(bench):
    long = await bench.file(b"x" * 90_000, kind="file", name="t", mime="text/plain")
    text = (await parts([long], bench.blobs))[long.media]["text"]
    assert len(text) < LONGEST_TEXT + 200


async def test_a_file_that_is_kept_no_more_is_left_out(bench):
    gone = Attachment(kind="image", name="x", mime="image/png", size=1, media=MISSING)
    assert await parts([gone], bench.blobs) == {}


async def test_a_picture_reaches_a_model_that_sees_and_its_name_one_that_does_not(bench):
    picture = await bench.file(b"\x89PNG", kind="image", name="cat.png", mime="image/png")
    for sees in (True, False):
        story = told("Look.")
        story.submit(
            Say(
                by=ParticipantId("Ada"),
                conversation=ConversationId("Chat"),
                content=with_files(picture),
            )
        )
        turn = story.turn()
        turn.blobs = bench.blobs
        async for _ in story.let(bench.agent(images=sees), turn):
            pass
        asked = bench.models.asked[-1].text()
        assert "cat.png, image/png" in asked
        assert ("data:image/png;base64,iVBORw==" in asked) == sees
