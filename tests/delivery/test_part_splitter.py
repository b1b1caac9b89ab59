"""How a message is cut into parts: every position of it is shown once, whatever the limits are."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import texts
from bridge.delivery.part_splitter import (
    OFTEN,
    Cut,
    cuts,
    fits,
    incomplete,
    length,
    marked,
    opening,
    quoted,
    room,
)
from bridge.delivery.rendering import Showing
from bridge.domain.content import Attachment
from bridge.domain.ids import ConversationId, MediaId, PartId, Seq, SessionId
from bridge.domain.parts import Capabilities, Part, Span
from channels.discord import from_markdown as to_discord
from channels.discord import render as discord
from channels.telegram import render as telegram

SMALL = Capabilities(max_chars=60, max_files=2, max_file_bytes=1000, caption_chars=50)


def file(name: str, size: int = 10) -> Attachment:
    return Attachment(kind="file", name=name, mime="text/plain", size=size, media=MediaId("m_1"))


A, B, C, HUGE = file("a"), file("b"), file("c"), file("huge", 5_000_000)


def looks(found: tuple[Cut, ...]) -> list[tuple[str, str]]:
    return [(each.text, "".join(file.name for file in each.files)) for each in found]


def test_a_text_that_fits_beside_its_files_goes_with_them():
    (only,) = cuts(Showing(text="look", attachments=(A, B)), SMALL)
    assert (only.span, only.text, only.files) == (Span(start=0, end=6), "look", (A, B))


def test_a_longer_text_comes_first_and_the_files_after_it():
    found = cuts(Showing(text="look at all this", attachments=(A,)), SMALL)
    assert looks(found) == [("look at all this", ""), ("", "a")]
    assert [each.span for each in found] == [Span(start=0, end=16), Span(start=16, end=17)]


def test_a_place_that_shows_no_text_beside_files_gets_both_apart():
    apart = Capabilities(caption_chars=0)
    assert looks(cuts(Showing(text="look", attachments=(A,)), apart)) == [("look", ""), ("", "a")]


def test_more_files_than_a_message_takes_come_in_several():
    found = cuts(Showing(text="", attachments=(A, B, C)), SMALL)
    assert looks(found) == [("", "ab"), ("", "c")]


def test_a_file_that_is_too_large_is_named():
    found = cuts(Showing(text="", attachments=(A, HUGE, B)), SMALL)
    assert [each.files for each in found] == [(A,), (), (B,)]
    assert "huge" in found[1].text
    assert "5.0 MB" in found[1].text


def test_where_files_cannot_be_shown_every_one_is_named():
    nowhere = Capabilities(max_files=0)
    found = cuts(Showing(text="see", attachments=(A, B)), nowhere)
    assert [each.files for each in found] == [(), (), ()]
    assert [each.text.split()[1] for each in found[1:]] == ["a", "b"]


def test_invisible_text_belongs_to_the_first_file():
    found = cuts(Showing(text=" \n", attachments=(A, B, C)), SMALL)
    assert [each.span for each in found] == [Span(start=0, end=4), Span(start=4, end=5)]


def test_the_label_takes_room_from_the_text():
    assert room(SMALL, "Ada") == room(SMALL) - 3
    assert fits(Showing(text="x" * 20), SMALL)
    assert not fits(Showing(text="x" * 20, speaker="Ada"), SMALL)


def test_the_opening_is_what_fits_in_one_part():
    assert opening("word " * 20, SMALL) == "word word word word"
    assert opening("  ", SMALL) == ""


@given(
    text=st.text(alphabet="ab \n", max_size=120),
    sizes=st.lists(st.sampled_from([10, 5_000_000]), max_size=6),
    caption=st.sampled_from([0, 50, 200]),
    files=st.integers(0, 3),
    stop=st.integers(0, 130),
)
def test_the_parts_are_adjacent_and_cover_everything_wherever_planning_resumes(
    text, sizes, caption, files, stop
):
    limits = Capabilities(max_chars=60, max_files=files, max_file_bytes=1000, caption_chars=caption)
    attachments = tuple(file(f"f{number}", size) for number, size in enumerate(sizes))
    showing = Showing(text=text, attachments=attachments)
    end = min(stop, length(showing))
    found = (*cuts(showing, limits, end=end), *cuts(showing, limits, start=end))
    position = 0
    for each in found:
        assert each.span.start >= position
        assert not showing.text[position : each.span.start].strip()
        position = each.span.end
    assert not showing.text[position:].strip()
    assert position >= len(text) or not attachments
    shown = [each for cut in found for each in cut.files]
    assert shown == [each for each in attachments if files and each.size <= 1000]


def test_a_quote_is_code_so_that_nothing_in_it_is_a_mark_or_a_mention() -> None:
    assert quoted("**@everyone** `rm`\n\nnow") == "`**@everyone** 'rm' now`"
    assert quoted("") == texts.A_FILE


def test_a_long_quote_is_cut_between_words_and_never_inside_a_character() -> None:
    assert quoted("word " * 40) == f"`{('word ' * 12).strip()}…`"
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    assert set(quoted(family * 40).strip("`…").split(family)) == {""}


PART = Part(
    id=PartId("1:0"),
    session=SessionId("s_1"),
    conversation=ConversationId("c_1"),
    source=Seq(1),
    upto=Seq(1),
    span=Span(start=0, end=1),
    text="",
)
RENDERED = {
    "telegram": (
        Capabilities(max_chars=4096, size=telegram.size),
        lambda part: telegram.shown(part).text,
    ),
    "discord": (Capabilities(max_chars=2000, size=to_discord.size), discord.content),
}


@pytest.mark.parametrize("platform", RENDERED)
@pytest.mark.parametrize("speaker", ["", "Ada Lovelace · Telegram"])
@pytest.mark.parametrize("words", ["x", "a ", "x\n", "😀"])
@pytest.mark.parametrize("guarded", [None, ()])
def test_an_exactly_full_part_has_room_for_every_line_below_it(platform, speaker, words, guarded):
    """A mark, and what stands below a card of which something is missing, fit together."""
    limits, shown = RENDERED[platform]
    showing = Showing(text=words * 5_000, speaker=speaker, guarded=guarded)
    full = replace(PART, text=cuts(showing, limits)[0].text, speaker=speaker)
    if guarded is not None:
        full = incomplete(full, ())
    assert len(shown(marked(full))) <= limits.max_chars


@pytest.mark.parametrize(("words", "again"), [("short", 0), ("l" * (OFTEN + 1), 1)])
def test_a_text_that_many_places_are_shown_is_cut_once(words: str, again: int) -> None:
    """What is long is not kept: a few texts of `OFTEN` characters are all that is."""
    measured: list[str] = []

    def size(text: str) -> int:
        measured.append(text)
        return len(text)

    limits = Capabilities(max_chars=2 * OFTEN, size=size)
    first = cuts(Showing(text=words), limits)
    before = measured.count(words)
    assert cuts(Showing(text=words), limits) == first
    assert measured.count(words) == before + again
