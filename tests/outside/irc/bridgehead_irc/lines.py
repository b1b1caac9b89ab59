"""Lines of IRC, sans I/O: what they say, how they are written, what people and models may put in.

The rules:

- A line that is written is one command, whatever is in its words: a line break, a NUL or any other
  control character in them is an error here, so whoever writes cleans first (`speech`).
- What is shown has no control characters at all: no second command, no CTCP, no colours.
- A line has at most 510 bytes and its end. Others get it with our own name before it, so that what
  is said takes `SPEECH_BYTES` at most; longer words are several lines, cut between characters.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MAX_BYTES = 510
"""Of a line without tags and without its end (RFC 2812, 2.3)."""

SPEECH_BYTES = 340
"""Of the words of one line: the rest is our name (108 at most) and the place's."""

MOST_LINES = 4
"""Of one message: more at once is a flood."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BREAKS = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_FORMAT = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-fA-F]{6})?|[\x00-\x1f\x7f]")
_ESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_RFC1459 = str.maketrans("[]\\~", "{}|^")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`nick` and `host` are the sender's, "" for the server's own lines without one."""

    command: str
    params: tuple[str, ...] = ()
    nick: str = ""
    host: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def last(self) -> str:
        return self.params[-1] if self.params else ""


def parse(raw: bytes) -> Line | None:
    """Return what a line says; None for one that says nothing."""
    text = _decoded(raw.rstrip(b"\r\n"))
    tags, source = "", ""
    if text.startswith("@"):
        tags, _, text = text[1:].partition(" ")
    text = text.lstrip(" ")
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
    text, colon, trailing = f" {text}".partition(" :")
    words = [*text.split(), *([trailing] if colon else [])]
    if not words:
        return None
    nick, _, host = source.partition("!")
    return Line(
        command=words[0].upper(), params=tuple(words[1:]), nick=nick, host=host, tags=_tags(tags)
    )


def written(command: str, *params: str) -> bytes:
    """Return a line as it is sent. Raises `ValueError` for what would be another command."""
    *middle, last = (*params,) or ("",)
    if any(not each or " " in each or each.startswith(":") for each in middle):
        raise ValueError(f"{command}: a parameter may not be empty, or hold a space")
    words = " ".join((command, *middle, *([f":{last}"] if params else [])))
    line = words.encode()
    if _CONTROL.search(words):
        raise ValueError(f"{command}: there is a control character in it")
    if len(line) > MAX_BYTES:
        raise ValueError(f"{command}: the line has {len(line)} bytes")
    return line + b"\r\n"


def speech(text: str) -> tuple[str, ...]:
    """Return the lines that show a text; empty ones, which IRC does not have, are left out."""
    lines = (_CONTROL.sub("", line).rstrip() for line in _BREAKS.split(text))
    return tuple(piece for line in lines if line for piece in _pieces(line))


def size(text: str) -> int:
    """Return the bytes that a text takes, where each line but the last takes a whole one."""
    *whole, last = speech(text) or ("",)
    return len(whole) * SPEECH_BYTES + len(last.encode())


def heard(text: str) -> str:
    """Return what somebody wrote, without colours and other signs that are not words."""
    return _FORMAT.sub("", text)


def folded(name: str, mapping: str = "rfc1459") -> str:
    """Return a nick or room as the server compares it; `mapping` is its CASEMAPPING."""
    lower = name.translate(_RFC1459) if mapping.startswith("rfc1459") else name
    return "".join(each.lower() if each.isascii() else each for each in lower)


def plain_login(account: str, password: str) -> tuple[str, ...]:
    """Return the parameters of AUTHENTICATE for SASL PLAIN, in the pieces that it takes."""
    secret = base64.b64encode(f"{account}\0{account}\0{password}".encode()).decode()
    pieces = [secret[at : at + 400] for at in range(0, len(secret), 400)]
    return (*pieces, *(["+"] if len(pieces[-1]) == 400 else []))


def _pieces(line: str) -> Iterator[str]:
    """Cut a line between words where one of its last is near, else between characters."""
    while len(raw := line.encode()) > SPEECH_BYTES:
        fits = raw[:SPEECH_BYTES].decode(errors="ignore")
        at = fits.rfind(" ") if line[len(fits)] != " " else len(fits)
        cut = at if at > len(fits) // 2 else len(fits)
        yield line[:cut].rstrip()
        line = line[cut:].lstrip(" ")
    yield line


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _tags(text: str) -> Mapping[str, str]:
    pairs = (each.partition("=") for each in text.split(";") if each)
    return {key: _unescaped(value) for key, _, value in pairs}


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.?)", lambda found: _ESCAPES.get(found[1], found[1]), value)
