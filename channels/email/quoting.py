"""A mail's own words, apart from what it quotes and from what stands below every mail. Pure.

The rules:

- What stands below the line that introduces a quote (`On …, Ada wrote:`, in the languages that
  `quotequail` knows), or below the head of a forwarded mail, is quoted, and so are lines at the end
  that begin with `>`.
- Whoever answers below a quote has their words below it. Whoever answers between the lines of one
  is read with these: without them nobody knows what is meant.
- A mail that passes another one on, or has no words of its own, is read whole.
- The head of a mail counts that names who wrote it, to whom and when: words may begin `From: `.
- A signature begins with a line of two hyphens and a space (RFC 3676, 4.3), or is the one line that
  a telephone puts below everything.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from quotequail import quote, unwrap

from channels.email.limits import MOST_TEXT

LONGEST_LINE = 1000
"""Characters of a line that are looked at: what introduces a quote is shorter."""

LONGEST_HEAD = 12
MOST_TRIED = 200
"""Lines of one mail that are tried."""

INTRODUCED = re.compile(r"(?::|>|-{3}|_{8})\s*$")
HEAD = re.compile(r"^[>\s*]*[^\W\d][\w -]{0,20}:\*?\s?\S")
SIGNED = re.compile(r"^-- ?$")
SENT_FROM = re.compile(
    r"^(?:sent (?:from|with) (?:my |outlook|mail|yahoo|proton|gmail)|get outlook for "
    r"|(?:von meinem|gesendet (?:von|mit|aus)) |envoyé (?:de(?:puis)?|à partir de) "
    r"|enviado (?:desde|con|do) |inviato da |verzonden (?:vanaf|met) |skickat från |发自我的)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`is_mixed`: the words hold lines that somebody else wrote."""

    words: str
    quoted: str = ""
    is_mixed: bool = False


def parted(text: str) -> Reply:
    """Return what a mail says, and what it says that about."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")[:MOST_TEXT].split("\n")
    looked_at = [line[:LONGEST_LINE] for line in lines]
    end = _first(looked_at, HEAD, is_head)
    if end is not None and _joined(own := _unsigned(lines[:end])):
        return Reply(words=_joined(own), quoted=_headless(lines[end:]))
    end = _first(looked_at, INTRODUCED, is_introduction)
    own, quoted = _trailing(lines) if end is None else (lines[:end], lines[end:])
    written, after = _unsigned(own), _answers(quoted)
    if after is None:  # between the lines
        return Reply(words=_joined([*written, "", *_unsigned(quoted)]), is_mixed=True)
    if not _joined(written) and not _joined(after):
        return Reply(words=_joined(_unsigned(lines)), is_mixed=bool(quoted))
    return Reply(words=_joined([*written, *_unsigned(after)]), quoted=_unquoted(quoted))


def forwarded(text: str) -> Reply:
    """Return what a mail says that passes another one on: all of it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Reply(words=_joined(lines), is_mixed=True)


def _first(
    lines: list[str], looks: re.Pattern[str], test: Callable[[list[str]], bool]
) -> int | None:
    """Return the number of the first line that passes a test; few are tried, as that takes long."""
    candidates = (
        number
        for number, line in enumerate(lines)
        if looks.search(line)
        or (line.strip() and number + 1 < len(lines) and looks.search(lines[number + 1]))
    )
    return next((n for n in islice(candidates, MOST_TRIED) if test(lines[n:])), None)


def _headless(lines: list[str]) -> str:
    """Return a mail without its head."""
    found = unwrap("\n".join([*lines[:LONGEST_HEAD], "", *lines[LONGEST_HEAD:][:1]]))
    return (found or {}).get("text", "") if len(lines) <= LONGEST_HEAD else _joined(lines)


def is_introduction(lines: list[str]) -> bool:
    """Say whether the first line introduces a quote, by itself or with the next."""
    return bool(quote("\n".join(lines[:2]), limit=None, quote_intro_line=True)[0] == (True, ""))


def is_head(lines: list[str]) -> bool:
    """Say whether these lines begin with the head of a mail, as Outlook writes it."""
    if not HEAD.search(lines[0]):
        return False
    found = unwrap("\n".join(lines[:LONGEST_HEAD]))
    return found is not None and {"from", "to", "date"} <= found.keys()


def _trailing(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return lines without the quote that they end in, or begin with; and that quote."""
    marked = [number for number, line in enumerate(lines) if line.startswith(">")]
    return (lines[: marked[0]], lines[marked[0] :]) if marked else (lines, [])


def _answers(quoted: list[str]) -> list[str] | None:
    """Return what is written below a quote; None where something is written between its lines."""
    marked = [number for number, line in enumerate(quoted) if line.startswith(">")]
    if not marked:
        return []
    between = quoted[marked[0] : marked[-1] + 1]
    if any(line.strip() and not line.startswith(">") and not _goes_on(line) for line in between):
        return None
    return quoted[marked[-1] + 1 :]


def _goes_on(line: str) -> bool:
    """Say whether a line only introduces a quote within a quote."""
    return line.rstrip().endswith(":")


def _unsigned(lines: list[str]) -> list[str]:
    """Return lines without the signature that they end in."""
    for number, line in enumerate(lines):
        if SIGNED.match(line):
            return lines[:number]
    last = next((n for n in reversed(range(len(lines))) if lines[n].strip()), None)
    if last is not None and SENT_FROM.match(lines[last].strip()):
        return lines[:last]
    return lines


def _unquoted(lines: list[str]) -> str:
    """Return what was quoted, as it read."""
    return _joined([re.sub(r"^> ?", "", line) for line in lines if line.startswith(">")] or lines)


def _joined(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")
