"""The page's texts stand in its catalogue, and in each language's: nothing is said beside it."""

import json
import re

import pytest

from tests import page_texts
from tests.catalogs import CODES, kept

SCRIPTS = [
    path
    for path in sorted(page_texts.WEB.joinpath("js").rglob("*.js"))
    if path not in {page_texts.WORDS, page_texts.LATER_WORDS}
]
MARKUP = page_texts.INDEX, page_texts.DIALOGS
MOST_BYTES = 16_000
"""Of a part of a language's texts; it is read beside the scripts, and packed it is a third."""


each_part = pytest.mark.parametrize("part", page_texts.PARTS)
each_code = pytest.mark.parametrize("code", CODES)


@each_part
@each_code
def test_what_the_page_is_told_is_what_was_translated(code, part):
    """`python -m tests.catalogs` was run after the last text was changed."""
    said = page_texts.told(kept(code), page_texts.found_in(part))
    written = page_texts.path(code, part).read_text(encoding="utf-8")
    assert written == page_texts.written(said)


@each_part
@each_code
def test_the_page_has_every_text_in_every_language(code, part):
    keys = {each if isinstance(each, str) else each[0] for each in page_texts.found_in(part)}
    assert len(keys) > 100
    assert set(json.loads(page_texts.path(code, part).read_text(encoding="utf-8"))) == keys


@each_part
@each_code
def test_a_language_costs_few_bytes(code, part):
    assert page_texts.path(code, part).stat().st_size < MOST_BYTES


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_for_people_stands_beside_the_catalogue(path):
    assert not page_texts.prose(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "script",
    [
        'h("p", {}, "Something went wrong.")',
        'h("button", { "aria-label": "close" })',
        "setText(node, `${count} new messages…`)",
        'alert("Are you sure?")',
        'h("a", { title: "more" })',
    ],
)
def test_a_text_beside_the_catalogue_would_be_found(script):
    assert page_texts.prose(script)


def test_a_text_of_the_markup_is_one_piece_that_scripts_can_replace():
    """With nothing but code and keys in it, and no text beside another element."""
    texts = page_texts.static(
        '<p id="a">Say\n <kbd>/help</kbd> or</p><p translate="no">Name</p>'
        '<input placeholder="Write"><svg><title>no</title></svg><p><b></b></p>'
    )
    assert texts == ["Say `/help` or", "Write"]
    for markup in MARKUP:
        html = markup.read_text(encoding="utf-8")
        mixed = re.findall(
            r">\s*[A-Za-z][^<]*<(?!/|code|kbd)(\w+)|</(?!code|kbd)\w+>[ \n]*[A-Za-z]", html
        )
        assert mixed == []
