"""Addresses written as they are: `https://example.org/a_b`, read whole before emphasis is.

GitHub's rules, a little stricter: an address ends before a space, a quote or a bracket that
Markdown uses; punctuation at its end, and a closing parenthesis it did not open, are not its own.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_inline import StateInline

BEGINNING = re.compile(r"(?:^|[^a-z0-9+.-])(?P<scheme>https?)$", re.IGNORECASE)
LONGEST_SCHEME = 6
"""Characters looked back on: `https`, and what is before it."""

REST = re.compile(r"://[^\s<>\[\]\"`\\|\x00-\x1f]+")
TRAILING = "?!.,:;*_~'"
CLOSING = ")"
ENTITY = re.compile(r"&#?\w+;$")


def bare_links(md: MarkdownIt) -> None:
    """Teach the parser to find them."""
    md.inline.add_terminator_char(":")
    md.inline.ruler.before("linkify", "bare", _bare)


def _bare(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    beginning = BEGINNING.search(state.pending[-LONGEST_SCHEME:])
    rest = REST.match(state.src, state.pos, state.posMax)
    if not beginning or not rest:
        return False
    written = _own(rest[0])
    if not written[3:]:
        return False
    if not silent:
        scheme = beginning["scheme"]
        state.pending = state.pending[: -len(scheme)]
        _push(state, unescapeAll(scheme + written))
    state.pos += len(written)
    return True


def _own(written: str) -> str:
    """Return the address without what belongs to the sentence around it."""
    surplus = written.count(")") - written.count("(")
    end = len(written)
    while end:
        last = written[end - 1]
        if last == CLOSING and surplus > 0:
            surplus -= 1
        elif last not in TRAILING:
            break
        end -= 1
    entity = ENTITY.search(written, max(0, end - 32), end + 1)
    return written[: entity.start()] if entity else written[:end]


def _push(state: StateInline, url: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": state.md.normalizeLink(url)}
    opening.info = "bare"
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)
