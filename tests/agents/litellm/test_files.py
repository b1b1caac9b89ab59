"""A model is shown the files that it takes, the newest first."""

import pytest

from agents.litellm.client import Abilities
from agents.litellm.files import LONGEST_TEXT, MOST_FILES, parts, shown
from agents.transcript import Told
from bridge.domain.commands import Say
from bridge.domain.content import Attachment
from bridge.domain.ids import ConversationId, MediaId, ParticipantId
from tests.agents.litellm.rig import MISSING, told, with_files

ALL = Abilities(context=9, images=True, documents=True)
NONE = Abilities(context=9, images=False, documents=False)


def file(name, mime, *, size=10, kind="file"):
    return Attachment(kind=kind, name=name, mime=mime, size=size, media=MediaId(f"m_{name}"))


@pytest.mark.parametrize(
    ("mime", "size", "able", "takes"),
    [
        ("image/png", 10, ALL, True),
        ("image/png", 10, NONE, False),
        ("image/png", 6_000_000, ALL, False),
        ("image/tiff", 10, ALL, False),
        ("application/pdf", 10, ALL, True),
        ("application/pdf", 10, NONE, False),
        ("text/csv", 10, NONE, True),
        ("text/csv", 2_000_000, NONE, False),
        ("application/zip", 10, ALL, False),
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
