"""Emphasis beside the punctuation of scripts that write no spaces: `**结论：**建议` is bold.

CommonMark asks for a space where a mark touches punctuation, and Chinese, Japanese and Korean have
none. The amendment of CommonMark for these scripts: next to one of their characters, punctuation
on the other side of a mark does not keep it from opening or closing.
Source: https://github.com/tats-u/markdown-cjk-friendly/blob/main/specification.md
"""

# ruff: noqa: RUF002 - letters of other scripts are the point

import re
import unicodedata

from markdown_it.common.utils import isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

UNSPACED = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001b000-\U0001b16f\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: FBT001, N802, N803
        scanned = super().scanDelims(start, canSplitWord)
        after = start + scanned.length
        last = self.src[start - 1] if start else " "
        following = self.src[after] if after < self.posMax else " "
        if not canSplitWord:
            return scanned
        opens = _is_unspaced(last) and _is_punctuation(following)
        closes = _is_punctuation(last) and _is_unspaced(following)
        return Scanned(
            can_open=scanned.can_open or opens,
            can_close=scanned.can_close or closes,
            length=scanned.length,
        )


class FriendlyInline(ParserInline):
    """Reads what lies in a line, with the amendment."""

    def parse(self, src: str, md: object, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)  # type: ignore[arg-type]
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _is_unspaced(char: str) -> bool:
    return UNSPACED.match(char) is not None and not isWhiteSpace(ord(char))


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
