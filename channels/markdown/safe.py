"""What a model writes is not trusted: what is taken out of it before a platform reads it.

Whoever can put words into a model's context (a web page, an issue, another person) can make it
write whatever they like. Each rule stops one way of turning that into harm:

- **Nobody is called by accident.** `@everyone`, `@here`, `@channel`, `<@id>`, `<@!id>`, `<@&id>`,
  `<#id>`, `<!here>`, `<!subteam^id>` are shown as code, in which no platform looks for names: they
  read and are copied as they were written. The platforms' own switches are the first wall, this is
  the second. What only looks alike stays: `@here/maps`, `ada@here.com`, `<!DOCTYPE html>`.
- **What cannot be seen is not sent.** Zero width characters, fillers, Unicode tags and stray
  variation selectors carry instructions that people do not see, and hide words from filters.
  Joiners stay where emoji or a script (Arabic to Khmer) are written with them, one variation
  selector stays after an emoji, tags stay in the flags of regions.
- **Text is read in the order it is written.** Bidirectional overrides, isolates and marks can
  show `exe.txt` for what is `txt.exe`; they go. Right-to-left scripts need none of them.
- **No control characters** but line feeds and tabs: terminals obey the others.
- **Only http, https and mailto are live links**, of these none with a user before its host.
  `javascript:` and `data:` run code, `tg:` and its like act inside an app, `file:` reaches into
  the machine. All of them are shown as text, and the schemes that apps make live by themselves as
  code.
- **A link does not pretend.** Where the text of a link is an address, or names a host, that is
  not the one it leads to, text and true address are both shown and the text is not live.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from bridge.domain.look_alikes import DOTS, looks

EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
SCRIPTS = "\u0600-\u1cff"
"""Arabic to Khmer and the scripts of India: they are written with joiners and non-joiners."""

UNSEEN = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
ANY_UNSEEN = re.compile(f"[{UNSEEN}]")
HIDDEN = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
    f"|(?P<joiner>(?:(?<=[{EMOJI}])|(?<=[{EMOJI}]\ufe0f))\u200d(?=[{EMOJI}])"
    f"|(?<=[{SCRIPTS}])[\u200c\u200d](?=[{SCRIPTS}]))"
    "|(?P<selector>(?<=[0-9#*\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f])"
    "|(?P<line>\r\n?|[\x0b\x0c\x85\u2028\u2029])"
    "|(?P<lone>[\ud800-\udfff])"
    f"|[{UNSEEN}]"
)


def clean(text: str) -> str:
    """Return the text without what cannot be seen; line ends of any kind become line feeds."""
    return HIDDEN.sub(_kept, text) if ANY_UNSEEN.search(text) else text


def _kept(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "flag" | "joiner" | "selector":
            return found[0]
        case "line":
            return "\n"
        case "lone":
            return "\ufffd"
        case _:
            return ""


# -- mentions -------------------------------------------------------------------------------------

CALL = r"@(?:everyone|here|channel)(?![^\W_]|/|[.-]\w)"
BROADCAST = rf"(?<![\w.+-])[\w.+-]*+{CALL}"
"""Not the name of a package or a host. What is escaped behind it, as `_` is, ends it."""

APP = r"(?<![a-z0-9+.-])(?:tg|ton|tonsite|slack|discord|whatsapp|intent)://[^\s`]*"
CONTROL = (
    r"<(?=@(?-i:[!&]?(?:\d+|[UWBS][A-Z0-9]+))[|>]|#(?-i:\d+|[CDG][A-Z0-9]+)[|>]"
    r"|!(?:here|channel|everyone)[|>^]|!?subteam\^|!date\^)"
)
"""What chat apps take for a person, a room, a group or a time."""

_ONE = f"{CONTROL}[^<>`]*>?|{APP}"
MENTION = re.compile(f"(?:{BROADCAST}|{_ONE})(?:[\\w.+-]*+{CALL}|{_ONE})*", re.IGNORECASE)
"""With all that calls and touches it: what was glued to a word would stand alone behind a tick."""

ANGLED = re.compile(CONTROL, re.IGNORECASE)
ACTING = re.compile(APP, re.IGNORECASE)


def pieces(text: str, calling: re.Pattern[str] = MENTION) -> Iterator[tuple[str, bool]]:
    """Yield the stretches of a text, and whether each would call somebody, or act in an app.

    Such a stretch holds no tick, so that it may stand as code in a line.
    """
    end = 0
    for found in calling.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    if end < len(text):
        yield text[end:], False


# -- links ----------------------------------------------------------------------------------------

UNSAFE_IN_URL = re.compile(r"[\s<>\"`\\|\x00-\x20]")


def address(url: str) -> str:
    """Return the address with nothing in it that ends it early."""
    return UNSAFE_IN_URL.sub(_percent, clean(url).replace("\n", ""))


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


HOST_PART = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)


def _path_start(url: str) -> int:
    """Return where the path begins: an `@` before it tells a user from a host."""
    host = HOST_PART.match(url)
    return host.end() if host else len(url)


def may_be_live(url: str) -> bool:
    """Say whether the address may be a link: a scheme without powers, and a host."""
    scheme, _, rest = url.partition(":")
    match scheme.lower():
        case "http" | "https":
            return host_of(url) != "" and not _names_a_user(url)
        case "mailto":
            return "@" in rest
        case _:
            return False


def _names_a_user(url: str) -> bool:
    """Say whether something stands before the host, as in `https://bank.example@evil.example`."""
    return "@" in url[: _path_start(url)]


LONGEST_HOST = 1_000
"""Characters of a scheme and a host; a host has 253 at most."""


def host_of(url: str) -> str:
    """Return the host that the address leads to, in lower case and without `www.`; or nothing."""
    found = HOST_PART.match(url)
    if found and found.end() > LONGEST_HOST:  # to take it apart would take long
        return ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no IPv6 address
        return ""
    return host.removeprefix("www.").rstrip(".")


_SIX = "[0-9a-f]{1,4}"
_SIXES = f"{_SIX}(?::{_SIX}){{0,6}}"
CLAIM = re.compile(r"[a-z][a-z0-9+.-]{0,20}:[/\\]{2}[^\s]+|www\.[^\s]+", re.IGNORECASE)
HOST = re.compile(
    r"(?<![\w-])(?<!\w[/\\.])(?:"
    r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)"
    r"|(?P<name>(?:[\w-]++\.)+(?P<top>xn--[\w-]{2,}|[^\W\d_]{2,}))(?!\w|\.\w)"
    r"|(?P<port>[a-z][\w-]*+)(?=:\d{2,5}(?!\w))"
    r"|(?P<local>localhost)(?![\w-])"
    r"|(?P<hex>0x[0-9a-f]{1,8}(?:\.(?:0x)?[0-9a-f]{1,8}){0,3})(?!\w)"
    rf"|(?P<six>{_SIX}(?::{_SIX}){{7}}|(?=[0-9a-f:]{{0,45}}[0-9a-f])(?:{_SIXES})?::(?:{_SIXES})?)"
    r"(?![\w:])"
    r"|\[(?=[^\]]{0,50}:[^\]]{0,50}:)(?P<bracketed>[0-9a-f:.]{2,50})(?:%[^\]\s]{1,20})?\]"
    r")[^\s,;()\[\]\"'<>]*",
    re.IGNORECASE,
)
"""An address of the internet, a name with an ending, or one with a port; and its path."""

NUMBER = re.compile(
    r"(?:https?:)?[/\\]{0,2}"
    r"(?P<host>\d{8,10}|0[0-7]{1,11}(?:\.\d{1,11}){0,3}|(?:127|192\.168)(?:\.\d{1,8}){1,2})"
    r"(?::\d{1,5})?(?:[/?#]\S*)?"
)
"""A text that is an address of the internet as browsers read one, in one number or a short form."""

APART = re.compile(
    r"(?<=\w)(?:\s+\.\s*(?=(?:com|org|net|edu|gov|info|biz|io|co|dev|app|bank)\b)(?!NET\b)"
    r"|\.\s+(?=(?:com|edu|gov)\b))",
    re.IGNORECASE,
)
"""A dot that blanks keep from the ending of a host."""

FILE_ENDS = frozenset({
    "c", "cc", "cfg", "conf", "cpp", "cs", "css", "csv", "db", "diff", "doc", "docx",
    "env", "exe", "gif", "go", "gz", "h", "hpp", "hs", "html", "htm", "ini", "ipynb",
    "java", "jpeg", "jpg", "js", "json", "jsonl", "jsx", "kt", "lock", "log", "lua", "md",
    "mjs", "ml", "odt", "patch", "pdf", "php", "png", "ppt", "pptx", "py", "pyi", "rb",
    "rs", "rst", "scss", "sh", "so", "sql", "svg", "swift", "tar", "tex", "toml", "ts",
    "tsv", "tsx", "txt", "vb", "vue", "wav", "webp", "xls", "xlsx", "xml", "yaml", "yml",
})  # fmt: skip
"""What ends the names of files and of software more often than those of hosts."""

AROUND = " \t\n()[]{}<>\"'.,;!"

NAMED = ("ip", "name", "port", "local", "hex", "six", "bracketed")

LOW_DOTS = dict.fromkeys(map(ord, DOTS - frozenset("·•・･")), ".")


MAIL = re.compile(r"[^\s@<>()\[\]\"',;:]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,63}")
LOCAL = re.compile(r"(?<![^\s<>()\[\]\"',;:])[^\s@<>()\[\]\"',;:/]{1,64}@")
MORE_READERS = re.compile(r"[?&](?:to|b?cc)=", re.IGNORECASE)


def is_honest(text: str, url: str) -> bool:
    """Say whether the text of a link names no other host, or mailbox, than the one it leads to."""
    plain = _as_read(text)
    host, mailbox = host_of(url), _mailbox(url)
    mails = MAIL.findall(plain) if mailbox else ()
    if mails and (MORE_READERS.search(url) or any(each != mailbox for each in mails)):
        return False
    claims = (
        host_of(claim if ":" in claim else f"https://{claim}") for claim in CLAIM.findall(plain)
    )
    leads_to = mailbox.rpartition("@")[2] or host
    return all(claim == host for claim in claims) and all(
        leads_to == name or leads_to.endswith(f".{name}") for name in _names(plain)
    )


def _as_read(text: str) -> str:
    """Return a text as whoever looks for a host in it reads it, in small letters."""
    dotted = looks(text.translate(LOW_DOTS))
    return APART.sub(".", dotted).lower()


def _mailbox(url: str) -> str:
    """Return whose mailbox an address leads to, if it does, as people write it."""
    is_mail = url[:7].lower() == "mailto:"
    return unquote(url[7:].partition("?")[0]).strip().lower() if is_mail else ""


def _names(plain: str) -> Iterator[str]:
    """Yield what looks like the name of a host, without who stands before it in a mailbox."""
    if number := NUMBER.fullmatch(plain.strip(AROUND)):
        yield number["host"]
    for found in HOST.finditer(LOCAL.sub("", plain)):
        host = next(filter(None, map(found.group, NAMED)))
        if found["top"] not in FILE_ENDS:
            yield host.removeprefix("www.")
