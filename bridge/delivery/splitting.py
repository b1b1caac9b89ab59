"""Long Markdown in pieces that a platform takes, sans I/O.

The rules:

- Spans are adjacent and cover the source from `start` on. A piece's text is its span's, without
  blank lines at its ends; where nothing visible is left there is no piece.
- No piece is larger than the room, whatever is added to it. The caller says how large a text is:
  its length, or the length of what a platform makes of it. A piece too large is cut again, shorter
  by as much as it was too large, so that it is measured a few times and never letter by letter.
- A heading does not end a piece: it begins the next one, with what it heads.
- A piece has at least one character, should even that be too large.
- A cut is made at the best place in the second half of the room: between paragraphs, else lines,
  sentences, words; else at the last space; else anywhere but inside a character that is made of
  several code points.
- A fenced code block that must be cut is closed in one piece and opened again, with its info
  string, in the next. One that would begin in the second half of a piece begins the next instead.
- Whether a place lies in code depends on the source alone, so that planning may resume wherever
  an earlier planning ended, whatever its limit was.
- Words in bold that must be cut are bold in both pieces, as long as they stand in one line.
- A fence whose own lines would fill a quarter of a piece is cut like any other text.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bridge.domain.parts import Span

PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
LINE = re.compile(r"\n")
SENTENCE = re.compile(r"[.!?\u2026][\"')\]\u201d\u00bb]?[ \t\n]|[\u3002\uff01\uff1f]")
SPACE = re.compile(r"[ \t\n\u3000]")
BOUNDARIES = (PARAGRAPH, LINE, SENTENCE, SPACE)
VISIBLE = re.compile(r"\S")
HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]")
LONGEST_HEADING = 500
"""Characters looked back on for a heading that would end a piece."""

OPENER = re.compile(
    r"^(?P<lead>[ \t>]*)(?P<bullet>(?:[-*+]|\d{1,9}[.)])[ \t]+)?"
    r"(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)$",
    re.MULTILINE,
)

BOLD = re.compile(
    r"`[^`\n]*`|(?P<bold>(?<![\\*])\*\*(?=[^\s*])"
    r"(?:[^`*\n]|`[^`\n]*`|(?<!\*)\*(?!\*))+?(?<=[^\s*\\])\*\*(?!\*))"
)
"""Code in a line, in which stars are stars, or words in bold."""

STARS = "**"
LEAST_FOR_BOLD = 80
"""Characters of a piece in which marks are opened and closed again."""

JOINER = "\u200d"
ESCAPABLE = frozenset("\\`*_~[]()<>#+-=|$&.!{}")
"""What a backslash takes the meaning of: the two are not parted."""

MARKS = frozenset({"Mn", "Mc", "Me"})
LONGEST_CHARACTER = 64
"""How many code points of one character are stepped over in search of its beginning."""

FENCE_SHARE = 4
"""The share of a piece, as a divisor, that the lines of one fence may take."""

DEEP = 4
"""Columns of indentation from which CommonMark takes no fence for one, but for lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What to show for one span of the source: its text, with the fences it needs."""

    span: Span
    text: str


def split(
    text: str, room: int, *, start: int = 0, size: Callable[[str], int] = len
) -> tuple[Piece, ...]:
    """Cut `text` from `start` on into pieces whose `size` is at most `room`, in linear time.

    `room` is at least 1, in the unit of `size`; no piece has more code points than that either.
    """
    return tuple(pieces(text, room, start=start, size=size))


def pieces(
    text: str, room: int, *, start: int = 0, size: Callable[[str], int] = len
) -> Iterator[Piece]:
    """Yield the pieces of `split`, none before it is asked for."""
    fences = tuple(_fences(text, room // FENCE_SHARE))
    reserve = max((len(each.closer(again=False)) for each in fences), default=0)
    source = _Source(text=text, limit=room, fences=fences, reserve=reserve)
    if STARS in text and len(text) > room >= LEAST_FOR_BOLD:
        source = replace(source, bolds=source.bold(), reserve=max(reserve, len(STARS)))
    opening = source.opening(start)
    while opening is not None:
        cut, shown = _fitting(source, opening, size)
        following = source.opening(cut)
        end = len(text) if following is None else cut
        yield Piece(span=Span(start=start, end=end), text=shown)
        start, opening = end, following


def _fitting(source: "_Source", opening: "_Opening", size: Callable[[str], int]) -> tuple[int, str]:
    """Return where the piece ends, and its text, cut shorter until its size fits the room."""
    room = limit = source.limit
    least = source.least(opening)
    while True:
        cut = source.cut(opening, limit)
        shown = source.shown(opening, cut)
        taken = size(shown)
        if taken <= room or limit <= least:
            return cut, shown
        in_proportion = len(shown) * room // taken
        limit = in_proportion if limit == room else min(in_proportion, limit * 3 // 4)
        limit = max(limit, least)


# -- fenced code ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    """A code block: its opening line begins at `start`, its code at `body`.

    Its closing line goes from `close` to `end`; both are the same where there is none.
    """

    start: int
    body: int
    close: int
    end: int
    lead: str
    mark: str
    info: str

    @property
    def deep(self) -> bool:
        return ">" not in self.lead and len(self.lead.expandtabs(DEEP)) >= DEEP

    def opener(self) -> str:
        """Return the line that opens it again, outside of any list."""
        return f"{'' if self.deep else self.lead}{self.mark}{self.info}\n"

    def closer(self, *, again: bool) -> str:
        """Return the line that closes it early: where it began, or where it was opened `again`."""
        return f"\n{'' if again and self.deep else self.lead}{self.mark}"


def _fences(text: str, longest: int) -> Iterator[_Fence]:
    """Yield the code blocks in their order, but for those with more than `longest` to repeat."""
    at = 0
    while opener := OPENER.search(text, at):
        at = opener.end()
        if opener["mark"][0] == "`" and "`" in opener["info"]:
            continue
        fence = _fence(text, opener)
        at = fence.end
        if fence.body - fence.start + len(fence.closer(again=False)) <= longest:
            yield fence


def _fence(text: str, opener: re.Match[str]) -> _Fence:
    body = min(opener.end() + 1, len(text))
    ending = _ending(opener["mark"], quoted=">" in opener["lead"]).search(text, body)
    return _Fence(
        start=opener.start(),
        body=body,
        close=ending.start() if ending else len(text),
        end=ending.end() if ending else len(text),
        lead=opener["lead"] + " " * len(opener["bullet"] or ""),
        mark=opener["mark"],
        info=opener["info"].rstrip(),
    )


def _ending(mark: str, *, quoted: bool) -> re.Pattern[str]:
    """Return what ends a block: a line of the same mark, or the end of the quote it is in."""
    lead, unquoted = (r"[ \t]*>[ \t>]*", r"(?![ \t]*>)|") if quoted else (r"[ \t]*", "")
    closer = rf"{lead}{mark[0]}{{{len(mark)},}}[ \t\r]*(?:\n|\Z)"
    return re.compile(rf"^(?:{unquoted}{closer})", re.MULTILINE)


# -- pieces ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    """Where a piece's text begins, its first visible place, and the code block it continues."""

    begin: int
    visible: int
    fence: _Fence | None
    bold: Span | None = None

    @property
    def prefix(self) -> str:
        if self.bold is not None:
            return STARS
        return self.fence.opener() if self.fence else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """`reserve`: the room to keep for what closes something. `bolds`: where words are bold."""

    text: str
    limit: int
    fences: tuple[_Fence, ...]
    reserve: int
    bolds: tuple[Span, ...] = ()

    def bold(self) -> tuple[Span, ...]:
        """Return where words in a line are bold, their marks included."""
        found = (
            Span(start=each.start(), end=each.end())
            for each in BOLD.finditer(self.text)
            if each["bold"]
        )
        return tuple(each for each in found if self._fence_at(each.start) is None)

    def _bold_at(self, at: int) -> Span | None:
        """Return the bold words that `at` lies in: past what opens them, not past their end."""
        number = bisect_left(self.bolds, at, key=lambda each: each.start) - 1
        if number < 0 or at >= self.bolds[number].end:
            return None
        return self.bolds[number]

    def opening(self, at: int) -> _Opening | None:
        """Return how a piece from `at` on begins; None when there is nothing left to show."""
        fence = self._fence_at(at)
        visible = self._visible(max(at, fence.body) if fence else at)
        if fence is not None and visible is not None and visible >= fence.close:
            visible = self._visible(fence.end)
            fence = None
        bold = self._bold_at(visible) if visible is not None and fence is None else None
        if bold is not None and at > bold.start and visible is not None:
            if visible >= bold.end - len(STARS):
                visible, bold = self._visible(bold.end), None
            elif visible >= bold.start + len(STARS):
                return _Opening(begin=visible, visible=visible, fence=None, bold=bold)
        if visible is None:
            return None
        begin = max(at, self.text.rfind("\n", at, visible) + 1)
        if visible - begin > self.limit // FENCE_SHARE:
            begin = visible
        return _Opening(begin=begin, visible=visible, fence=fence)

    def least(self, opening: _Opening) -> int:
        """Return the limit that leaves room for one character, between its fences if in code."""
        fence = self._fence_at(opening.visible + 1)
        is_new = fence is not None and fence is not opening.fence
        first = fence.body if fence and is_new else opening.visible
        return min(self.limit, first + 1 - opening.begin + len(opening.prefix) + self.reserve)

    def cut(self, opening: _Opening, limit: int) -> int:
        """Return where a piece of at most `limit` code points ends."""
        fence = opening.fence
        room_ends = opening.begin + limit - len(opening.prefix)
        last = room_ends - self.reserve
        if fence is not None and fence.deep and fence.close < fence.end:
            # Its closing line is indented too far to close it once it was opened again.
            if fence.close <= last:
                return fence.close
        elif self._visible(room_ends) is None:
            return len(self.text)
        last = self._off_fence_lines(last, opening)
        cut = self._whole_character(self._best(opening, last), opening.visible)
        cut = self._before_headings(self._off_fence_lines(cut, opening), opening)
        cut = self._off_stars(cut, opening)
        return cut if cut > opening.visible else last

    def shown(self, opening: _Opening, cut: int) -> str:
        text = opening.prefix + self.text[opening.begin : cut].rstrip()
        fence = self._fence_at(cut)
        if fence is None and self._bold_at(cut) is not None:
            return text + STARS
        return text + fence.closer(again=fence is opening.fence) if fence else text

    def _off_stars(self, cut: int, opening: _Opening) -> int:
        """Return the cut moved out of the marks of bold words."""
        bold = self._bold_at(cut)
        if bold is None:
            return cut
        if cut <= bold.start + len(STARS):
            return bold.start if bold.start > opening.visible else bold.start + len(STARS) + 1
        return min(cut, bold.end - len(STARS))

    def _visible(self, at: int) -> int | None:
        match = VISIBLE.search(self.text, at)
        return match.start() if match else None

    def _fence_at(self, at: int) -> _Fence | None:
        """Return the code block that `at` lies in: after its beginning, before its end."""
        number = bisect_left(self.fences, at, key=lambda each: each.start) - 1
        if number < 0 or at >= self.fences[number].end:
            return None
        return self.fences[number]

    def _best(self, opening: _Opening, last: int) -> int:
        half = (opening.begin + last) // 2
        fence = self._fence_at(last)
        if fence is not None and fence.start > half:
            return fence.start
        for boundary in BOUNDARIES:
            if cut := self._last_end(boundary, half, last):
                return cut
        return self._last_end(SPACE, opening.visible, half) or last

    def _last_end(self, boundary: re.Pattern[str], first: int, last: int) -> int | None:
        return max((each.end() for each in boundary.finditer(self.text, first, last)), default=None)

    def _off_fence_lines(self, cut: int, opening: _Opening) -> int:
        """Return the cut moved back out of the line that opens or closes a code block."""
        fence = self._fence_at(cut)
        if fence is None:
            return cut
        if cut <= fence.body and fence.start >= opening.begin:
            return fence.start
        return min(cut, fence.close)

    def _before_headings(self, cut: int, opening: _Opening) -> int:
        """Return the cut moved back before the headings that it would part from what they head."""
        while self._fence_at(cut) is None:
            end = len(self.text[max(opening.begin, cut - LONGEST_HEADING) : cut].rstrip())
            end += max(opening.begin, cut - LONGEST_HEADING)
            start = self.text.rfind("\n", opening.begin, end) + 1
            if start <= opening.visible or not HEADING.match(self.text, start, end):
                break
            cut = start
        return cut

    def _whole_character(self, cut: int, first: int) -> int:
        for at in range(cut, max(first, cut - LONGEST_CHARACTER), -1):
            if not _joined(self.text, at, first):
                return at
        return cut


# -- characters -----------------------------------------------------------------------------------


def _joined(text: str, at: int, begin: int) -> bool:
    """Say whether the code points before and after `at` make one character together."""
    before, after = text[at - 1], text[at]
    if before == "\n":
        return False
    return (
        JOINER in {before, after}
        or (before == "\\" and after in ESCAPABLE)
        or unicodedata.category(after) in MARKS
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # tags: the flags of regions
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or before + after == "\r\n"
        or (_is_flag_letter(after) and _flag_letters(text, at, begin) % 2 == 1)
    )


def _flag_letters(text: str, at: int, begin: int) -> int:
    """Count the letters of flags right before `at`; two make a flag."""
    first = at
    while first > begin and _is_flag_letter(text[first - 1]):
        first -= 1
    return at - first


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
