"""The echo agent's samples are good to look at: they hold what they promise."""

import pytest
from markdown_it import MarkdownIt

from agents.samples import MARKDOWN, long_answer
from bridge.delivery.splitting import split

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def test_everything_there_is_to_markdown_is_in_the_sample():
    tokens = PARSER.parse(MARKDOWN)
    kinds = {token.type for token in tokens}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert kinds >= {
        *("heading_open", "strong_open", "em_open", "s_open", "code_inline", "link_open"),
        *("bullet_list_open", "ordered_list_open", "blockquote_open", "table_open", "fence", "hr"),
    }


@pytest.mark.parametrize("limit", [1600, 2000, 4000])
def test_the_long_answer_takes_several_parts_and_its_code_stays_code(limit):
    pieces = split(long_answer(), limit)
    assert len(pieces) >= 3
    code = [
        token.content
        for piece in pieces
        for token in PARSER.parse(piece.text)
        if token.type == "fence"
    ]
    assert "".join(code).count("print(") == long_answer().count("print(")
