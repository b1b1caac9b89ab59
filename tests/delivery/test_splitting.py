"""Long Markdown is cut where people would cut it, and nothing is lost or repeated."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bridge.delivery.splitting import split
from channels.discord import from_markdown as discord
from channels.slack import from_markdown as slack
from channels.telegram import from_markdown as telegram
from channels.whatsapp import from_markdown as whatsapp

MARKDOWN = MarkdownIt("commonmark")
FENCE = "```"


SIZES = pytest.mark.parametrize(
    "size",
    [telegram.size, discord.size, slack.size, whatsapp.size],
    ids=["telegram", "discord", "slack", "whatsapp"],
)


def texts(source, limit, start=0):
    return [piece.text for piece in split(source, limit, start=start)]


def check_cover(source, limit, start=0, size=len):
    """Every promise that holds for any text whatsoever."""
    pieces = split(source, limit, start=start, size=size)
    assert all(0 < len(piece.text) <= limit and piece.text.strip() for piece in pieces)
    ends = [start, *(piece.span.end for piece in pieces)]
    assert [piece.span.start for piece in pieces] == ends[:-1]
    assert source[ends[-1] :].strip() == "" or not pieces
    if pieces:
        assert ends[-1] == len(source)
    for piece in pieces:
        begin = source.rfind("\n", 0, piece.span.start) + 1  # a start may cut a fence in two
        lines = source[piece.span.start : piece.span.end].split("\n")
        for whole, line in zip(source[begin : piece.span.end].split("\n"), lines, strict=True):
            if FENCE not in whole and "~~~" not in whole:
                assert line.strip() in piece.text
    return pieces


# -- where it cuts --------------------------------------------------------------------------------


def test_a_short_text_is_one_piece_and_stays_as_it_is():
    (piece,) = split("Hello *there*", 100)
    assert piece.text == "Hello *there*"
    assert (piece.span.start, piece.span.end) == (0, 13)


@pytest.mark.parametrize("source", ["", "   ", "\n\n \n"])
def test_nothing_visible_is_no_piece(source):
    assert split(source, 10) == ()


def test_paragraphs_come_before_lines():
    assert texts("one two three\n\nfour\nfive six", 22) == ["one two three", "four\nfive six"]


def test_lines_come_before_sentences():
    assert texts("One. Two six\nseven. Eight ten", 22) == ["One. Two six", "seven. Eight ten"]


def test_sentences_come_before_words():
    assert texts("This is one. And this is two.", 20) == ["This is one.", "And this is two."]


def test_sentences_without_spaces_are_sentences_too():
    assert texts("これは一つ。これは二つ。", 9) == ["これは一つ。", "これは二つ。"]


def test_words_are_cut_only_where_there_is_no_space():
    assert texts("alpha beta gamma", 8) == ["alpha", "beta", "gamma"]
    assert texts("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_a_paragraph_early_in_the_room_does_not_make_a_tiny_piece():
    assert texts("Hi.\n\n" + "word " * 10, 40) == [
        "Hi.\n\n" + "word " * 6 + "word",
        "word word word",
    ]


def test_a_word_too_long_for_the_rest_of_the_room_begins_a_piece():
    assert texts("see https://example.org/a/long/path", 32) == [
        "see",
        "https://example.org/a/long/path",
    ]


def test_indentation_at_the_start_of_a_piece_stays_and_blank_lines_go():
    assert texts("- one one\n\n\n  - two two", 12) == ["- one one", "  - two two"]


def test_a_cut_in_a_desert_of_spaces_leaves_no_empty_piece():
    assert texts("a" + " " * 100 + "b" + "\n" * 100 + " " * 50 + "c", 10) == ["a", "b", "c"]


# -- characters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "character",
    ["e\u0301", "👩\u200d🚀", "👍🏽", "🇩🇪", "❤\ufe0f", "🏴\U000e0067\U000e0062\U000e007f", "\r\n"],
)
@pytest.mark.parametrize("offset", range(6))
def test_no_character_is_cut_in_half(character, offset):
    source = "x" * offset + character * 20 + "x"
    ends = {piece.span.end for piece in check_cover(source, 9)}
    whole = {offset + len(character) * number for number in range(21)}
    assert ends <= whole | set(range(offset)) | {len(source)}


def test_a_character_longer_than_the_limit_is_cut_after_all():
    check_cover("e" + "\u0301" * 500, 50)


# -- code -----------------------------------------------------------------------------------------


def test_code_that_must_be_cut_is_closed_and_opened_again_with_its_info():
    source = "```python\n" + "print('hello')\n" * 6 + "```\nDone."
    assert texts(source, 60) == [
        "```python\n" + "print('hello')\n" * 3 + "```",
        "```python\n" + "print('hello')\n" * 3 + "```",
        "Done.",
    ]


def test_code_that_fits_the_next_piece_is_kept_whole():
    code = "```\n" + "x = 1\n" * 5 + "```"
    assert texts("word " * 10 + "\n\n" + code, 80) == [("word " * 10).strip(), code]


def test_a_longer_fence_may_hold_a_shorter_one():
    source = "````md\n```\n" + "text\n" * 20 + "```\n````"
    for piece in texts(source, 60):
        assert piece.startswith("````md\n")
        assert piece.endswith("\n````")


def test_a_fence_never_closed_is_not_closed_at_the_end():
    assert texts("```\n" + "a\n" * 20, 40)[-1].count(FENCE) == 1


def test_code_in_a_list_is_closed_where_its_item_can_see_it():
    source = "- see:\n  ```py\n" + "  x = 1\n" * 12 + "  ```\n- next"
    first, *_ = pieces = texts(source, 70)
    assert first.endswith("\n  ```")
    assert pieces[1].startswith("  ```py\n")


def test_code_deep_in_a_list_is_opened_again_at_the_margin():
    source = "- a\n  - b\n    ```py\n" + "    x = 1\n" * 16 + "    ```\n  - next"
    pieces = texts(source, 100)
    assert pieces[1].startswith("```py\n")
    assert pieces[1].endswith("\n```")
    assert "next" not in pieces[-2]


def test_code_in_a_quote_stays_quoted():
    source = "> ```py\n" + "> x = 1\n" * 12 + "> ```\nend"
    first, second, *_ = texts(source, 70)
    assert first.endswith("\n> ```")
    assert second.startswith("> ```py\n> x = 1\n")


def test_backticks_in_a_line_are_no_fence():
    source = "```not code``` but words\n" + "word " * 30
    assert all(FENCE not in piece for piece in texts(source, 60)[1:])


# -- resuming -------------------------------------------------------------------------------------


def test_planning_resumes_in_code_after_what_was_shown():
    source = "```py\n" + "x = 1\n" * 20 + "```"
    shown = split(source, 60)[0].span.end
    assert texts(source, 200, start=shown) == ["```py\n" + source[shown:]]


def test_resuming_where_only_a_closing_fence_is_left_shows_nothing():
    source = "```\nabc\n```"
    assert split(source, 100, start=source.index("\n```") + 1) == ()
    assert split(source, 100, start=len(source)) == ()


def test_resuming_inside_an_opening_line_still_shows_the_code_as_code():
    assert texts("```python\nabc\n```", 100, start=5) == ["```python\nabc\n```"]


# -- whatever comes -------------------------------------------------------------------------------

BLANKS = (" ", "  ", "    ", "\t", "\n", "\n\n", "\r\n")
MARKUP = ("```", "````", "~~~", "```py\n", "\n```\n", "> ", "- ", "1. ", "`")
WORDS = ("a", "word", ". ", "e\u0301", "👩\u200d🚀", "🇩🇪", "。", "x" * 30)
SCRAPS = st.sampled_from((*BLANKS, *MARKUP, *WORDS))
ANYTHING = st.one_of(st.lists(SCRAPS, max_size=60).map("".join), st.text(max_size=200))


@given(source=ANYTHING, limit=st.integers(1, 80))
@example(source="```py\n\n\n\n```\n\n", limit=20)
@example(source="```" + " " * 200 + "\nabc\n```" + " " * 200, limit=40)
def test_spans_cover_the_source_and_nothing_visible_is_lost(source, limit):
    pieces = check_cover(source, limit)
    if FENCE not in source and "~~~" not in source:
        assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(source.split())


@given(source=ANYTHING, limit=st.integers(1, 80), data=st.data())
def test_any_start_will_do(source, limit, data):
    check_cover(source, limit, start=data.draw(st.integers(0, len(source))))


PROSE = st.lists(st.sampled_from(["prose", "prose.", "prose\n"]), min_size=1, max_size=40)
CODE = st.lists(st.sampled_from(["code\n", "code code\n", "\n", "  code\n"]), max_size=30)


@st.composite
def documents(draw):
    blocks = []
    for number in range(draw(st.integers(1, 5))):
        mark = draw(st.sampled_from(["```", "~~~", "`````"]))
        blocks.append(" ".join(draw(PROSE)).strip())
        blocks.append(f"{mark}lang{number}\n{''.join(draw(CODE))}{mark}")
    return "\n\n".join(blocks)


def check_code(source, pieces):
    """Each piece by itself is read as the whole is: code as code, prose as prose."""
    for piece in pieces:
        for token in MARKDOWN.parse(piece.text):
            if token.type == "fence":
                assert "prose" not in token.content
                assert token.info.startswith("lang")
            elif token.type == "inline":
                assert "code" not in token.content
    words = sum(piece.text.count("code") for piece in pieces)
    assert words == source.count("code")


@given(source=documents(), limit=st.integers(80, 300))
def test_code_is_read_as_code_in_every_piece(source, limit):
    check_code(source, check_cover(source, limit))


@given(source=documents(), before=st.integers(80, 300), limit=st.integers(80, 300))
def test_a_changed_limit_neither_loses_nor_repeats(source, before, limit):
    shown, *_ = split(source, before)
    check_code(source, [shown, *check_cover(source, limit, start=shown.span.end)])


# -- as large as the platform makes it -------------------------------------------------------------

GROWING = ("<!channel> ", "*", "_", "~", "`x` ", "**b** ", "😀", "[t](https://x.yz/) ", "&amp; ")
GROWN = st.lists(st.sampled_from((*GROWING, *BLANKS, *MARKUP, *WORDS)), max_size=80).map("".join)


@SIZES
@given(source=GROWN, room=st.integers(300, 600))
def test_every_piece_fits_by_the_size_it_has_on_the_platform(size, source, room):
    for piece in check_cover(source * 10, room, size=size):
        assert size(piece.text) <= room


@SIZES
@given(source=GROWN, room=st.integers(1, 40))
def test_a_room_too_small_for_anything_is_no_reason_to_stop(size, source, room):
    check_cover(source, room, size=size)


@SIZES
@given(source=documents(), limit=st.integers(120, 300))
def test_fences_are_in_pairs_whatever_the_size(size, source, limit):
    pieces = check_cover(source, limit, size=size)
    check_code(source, pieces)
    assert all(size(piece.text) <= limit for piece in pieces)


def test_a_piece_of_mere_markup_may_be_as_long_as_the_room_and_no_longer():
    pieces = split("word " * 100, 100, size=lambda _: 0)
    assert [len(piece.text) for piece in pieces] == [99] * 5


@pytest.mark.parametrize("scrap", ["word ", "x", "```\nx\n```\n", "- `\n", "*a* "])
def test_a_piece_is_measured_a_few_times_and_never_letter_by_letter(scrap):
    measured = []

    def size(text):
        measured.append(len(text))
        return 3 * len(text) + 40

    source = scrap * (20_000 // len(scrap)) + "end"
    pieces = split(source, 1000, size=size)
    assert all(size(piece.text) <= 1000 for piece in pieces)
    assert len(measured) <= 5 * len(pieces)
    assert max(measured) <= 1000


@pytest.mark.parametrize(
    "scrap",
    [
        "word ",
        "x",
        "\n",
        " ",
        "```\n",
        "```\nx\n```\n",
        "> ```\n",
        "> ```\n\n",
        "\u0301",
        "🇩🇪",
        "- `\n",
    ],
)
def test_time_grows_with_the_length_and_not_with_its_square(scrap):
    source = scrap * (200_000 // len(scrap)) + "end"
    began = time.process_time()
    split(source, 1000)
    assert time.process_time() - began < 5


def bold_words(pieces):
    """What CommonMark reads as bold, and what stars are left to be seen."""
    bold, seen = [], ""
    for piece in pieces:
        depth = 0
        for token in MARKDOWN.parse(piece.text):
            for child in token.children or ():
                depth += {"strong_open": 1, "strong_close": -1}.get(child.type, 0)
                bold += child.content.split() if depth else []
                seen += child.content
    return bold, seen


@given(
    before=st.integers(0, 120),
    words=st.lists(
        st.sampled_from(["word", "longer-word", "`code`", "😀"]), min_size=1, max_size=80
    ),
    room=st.integers(80, 200),
)
def test_bold_words_that_are_cut_are_bold_in_every_piece(before, words, room):
    """Else their stars are seen, and the words are not bold."""
    source = f"{'x ' * before}so **{' '.join(words)}** it is"
    pieces = check_cover(source, room)
    bold, seen = bold_words(pieces)
    assert bold == [each.strip("`") for each in words]
    assert "*" not in seen
    assert all(len(piece.text) <= room for piece in pieces)


@pytest.mark.parametrize("source", ["2 ** 3 ** 4 " * 30, "a **b " * 40, "`**a` " * 40 + "b**"])
def test_stars_that_make_nothing_bold_are_left_as_they_are(source):
    shown = "".join(piece.text for piece in check_cover(source, 80))
    assert shown.count("*") == source.count("*")


def test_a_heading_begins_the_next_piece_instead_of_ending_this_one():
    text = "words and more words here.\n\n## Next\n\nWhat it heads is long enough to need a piece."
    first, *_, last = split(text, 45)
    assert first.text == "words and more words here."
    assert "## Next" in split(text, 45)[1].text
    assert last.text.endswith("a piece.")


def test_headings_in_a_row_stay_together():
    text = "words and more words here.\n\n# One\n## Two\n\nWhat they head is long enough."
    assert split(text, 45)[0].text == "words and more words here."


def test_a_heading_that_fills_a_piece_is_shown_all_the_same():
    text = "# " + "long " * 20
    assert "".join(each.text for each in split(text, 30)).count("long") == 20
