"""A mail's own words, apart from what it quotes and from what stands below every mail. Pure.

The rules:

- What stands below the line that introduces a quote (`On …, Ada wrote:`, in the languages that
  `quotequail` knows), or below the head of a forwarded mail, is quoted, and so are lines at the end
  that begin with `>`.
- Whoever answers below a quote has their words below it. Whoever answers between the lines of one
  is read with these: without them nobody knows what is meant.
- A mail that passes another one on, or has no words of its own, is read whole.
- The head of a mail counts that names who wrote it, to whom and when, in the words of one of many
  languages: words may begin `From: `.
- What has the form of a head in no language that is known here (some lines, each with a word and a
  colon, of which the first holds an address, another a day and a time), or of what introduces a
  quote, is read with the rest, and all of it counts as words of others.
- A signature begins with a line of two hyphens and a space (RFC 3676, 4.3), or is the one line that
  a telephone puts below everything.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile

from quotequail import quote

from channels.email.limits import MOST_TEXT

LONGEST_LINE = 1000
"""Characters of a line that are looked at: what introduces a quote is shorter."""

LONGEST_HEAD = 12
"""Lines of a head that are looked at."""

LEAST_LINES = 3
COLON = "[:\N{FULLWIDTH COLON}]"
HEAD = re.compile(
    rf"^[>\s*]{{0,99}}(?P<label>[^\W\d][\w .'-]{{0,30}}?)[\s*]{{0,3}}{COLON}"
    r"[\s*]{0,9}(?P<value>\S.*)"
)
"""A line of a head: what it tells, and that."""

ADDRESS = re.compile(r"[^\s<>@\[\]()]{1,64}@[^\s<>@\[\]()]{1,255}")
DAY, TIME = re.compile(r"(?<!\d)\d{4}(?!\d)"), re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?!\d)")
QUOTING = re.compile(rf"{ADDRESS.pattern}[>)\]]?[^<>@]{{0,60}}{COLON}\s*$")

FROM = frozenset(
    {
        *("from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "feladó", "от"),
        *("от кого", "від", "від кого", "差出人", "送信者", "보낸 사람", "보낸사람", "kimden"),
        *("gönderen", "από", "de la", "expéditeur", "发件人", "寄件者", "寄件人", "發件人"),
    }
)
TO = frozenset(
    {
        *("to", "an", "à", "pour", "para", "a", "aan", "till", "til", "vastaanottaja", "do"),
        *("komu", "címzett", "кому", "宛先", "받는 사람", "받는사람", "kime", "al\u0131c\u0131"),
        *("προς", "către", "destinataire", "收件人", "收件者"),
    }
)
SENT = frozenset(
    {
        *("sent", "date", "sent at", "received", "gesendet", "datum", "envoyé", "envoyé le"),
        *("enviado", "enviado el", "enviados", "fecha", "enviada em", "enviado em", "data"),
        *("inviato", "inviata", "verzonden", "skickat", "sendt", "dato", "lähetetty", "päivämäärä"),
        *("wysłano", "odesláno", "odoslané", "elküldve", "küldve", "dátum", "отправлено", "дата"),
        *("надіслано", "送信日時", "日時", "日付", "보낸 날짜", "날짜", "gönderme tarihi", "tarih"),
        *("gönderildi", "στάλθηκε", "ημερομηνία", "trimis", "dată", "发送时间", "日期", "时间"),
        *("寄件日期", "發送時間", "傳送時間"),
    }
)
MOST_TRIED = 200
"""Lines of one mail that are tried."""

INTRODUCED = re.compile(r"(?:[:\N{FULLWIDTH COLON}]|>|-{3}|_{8})\s*$")
SEPARATING = re.compile(r"^\s*(?:[_=\N{EM DASH}-]{5,}|-{3,} ?[^-]{1,60} ?-{3,})\s*$")
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
    if end is not None and _joined(own := _unsigned(_unseparated(lines[:end]))):
        return Reply(words=_joined(own), quoted=_headless(lines[end:]))
    is_passed_on = end is not None
    end = _first(looked_at, INTRODUCED, is_introduction)
    own, quoted = _trailing(lines) if end is None else (lines[:end], lines[end:])
    written, after = _unsigned(own), _answers(quoted)
    if after is None:  # between the lines
        return Reply(words=_joined([*written, "", *_unsigned(quoted)]), is_mixed=True)
    if not _joined(written) and not _joined(after):
        return Reply(words=_joined(_unsigned(lines)), is_mixed=bool(quoted) or is_passed_on)
    own = [*written, *_unsigned(after)]
    is_mixed = is_passed_on or _has_others(own)
    return Reply(words=_joined(own), quoted=_unquoted(quoted), is_mixed=is_mixed)


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
    if len(lines) > LONGEST_HEAD:
        return _joined(lines)
    blank = next((n for n, line in enumerate(lines) if not line.strip()), len(lines))
    return _joined(lines[blank:])


def is_introduction(lines: list[str]) -> bool:
    """Say whether the first line introduces a quote, by itself or with the next."""
    return bool(quote("\n".join(lines[:2]), limit=None, quote_intro_line=True)[0] == (True, ""))


def is_head(lines: list[str]) -> bool:
    """Say whether these lines begin with the head of a mail."""
    labels = [label for label, _ in _told(lines)]
    return (
        bool(labels)
        and labels[0] in FROM
        and not (TO.isdisjoint(labels) or SENT.isdisjoint(labels))
    )


def looks_like_head(lines: list[str]) -> bool:
    """Say whether these lines begin with what has the form of a head."""
    values = [value for _, value in _told(lines)]
    return (
        len(values) >= LEAST_LINES
        and ADDRESS.search(values[0]) is not None
        and any(map(_is_dated, values[1:]))
    )


def begins_quote(line: str) -> bool:
    """Say whether a line has the form of what introduces a quote: when, an address, a colon."""
    ends = line.rstrip().endswith((":", "\N{FULLWIDTH COLON}"))
    return ends and _is_dated(line) and QUOTING.search(line) is not None


def _is_dated(words: str) -> bool:
    return DAY.search(words) is not None and TIME.search(words) is not None


def _told(lines: list[str]) -> list[tuple[str, str]]:
    """Return what the first lines tell, up to one that tells nothing."""
    found = (HEAD.match(line) for line in lines[:LONGEST_HEAD])
    return [(_word(each["label"]), each["value"]) for each in takewhile(bool, found) if each]


def _word(label: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def _has_others(lines: list[str]) -> bool:
    """Say whether somebody else's words may be among these, of whom nothing is known."""
    looked_at = [line[:LONGEST_LINE] for line in lines]
    return any(map(begins_quote, looked_at)) or _first(looked_at, HEAD, looks_like_head) is not None


def _unseparated(lines: list[str]) -> list[str]:
    """Return lines without the one that stands above the head of a mail."""
    last = next((n for n in reversed(range(len(lines))) if lines[n].strip()), None)
    if last is not None and SEPARATING.match(lines[last][:LONGEST_LINE]):
        return lines[:last]
    return lines


def _trailing(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return lines without the quote that they end in, or begin with; and that quote."""
    marked = [number for number, line in enumerate(lines) if line.startswith(">")]
    if not marked:
        return lines, []
    return _unintroduced(lines[: marked[0]]), lines[marked[0] :]


def _unintroduced(lines: list[str]) -> list[str]:
    """Return lines without what introduces a quote below them, on one line or on two."""
    last = next((n for n in reversed(range(len(lines))) if lines[n].strip()), None)
    if last is None:
        return lines
    for first in range(last, max(last - 2, -1), -1):
        if begins_quote(" ".join(lines[first : last + 1])[-LONGEST_LINE:]):
            return lines[:first]
    return lines


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
