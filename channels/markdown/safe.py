"""What a model writes is not trusted: what is taken out of it before a platform reads it.

Whoever can put words into a model's context (a web page, an issue, another person) can make it
write whatever they like. Each rule stops one way of turning that into harm:

- **Nobody is called by accident.** `@everyone`, `@here`, `@channel`, `<@id>`, `<@!id>`, `<@&id>`,
  `<#id>`, `<!here>`, `<!subteam^id>` get a zero width space inside: they read as before and name
  nobody. The platforms' own switches are the first wall, this is the second. Code is broken up too
  where the platform, or whoever reads a plain text next, might look into it.
- **What cannot be seen is not sent.** Zero width characters, fillers, Unicode tags and stray
  variation selectors carry instructions that people do not see, and hide words from filters.
  Joiners stay where emoji or a script (Arabic to Khmer) are written with them, one variation
  selector stays after an emoji, tags stay in the flags of regions.
- **Text is read in the order it is written.** Bidirectional overrides, isolates and marks can
  show `exe.txt` for what is `txt.exe`; they go. Right-to-left scripts need none of them.
- **No control characters** but line feeds and tabs: terminals obey the others.
- **Only http, https and mailto are live links**, of these none with a user before its host.
  `javascript:` and `data:` run code, `tg:` and `slack:` act inside the app, `file:` reaches into
  the machine. All of them are shown as text, and the schemes that apps make live by themselves are
  broken up.
- **A link does not pretend.** Where the text of a link is an address, or names a host, that is
  not the one it leads to, text and true address are both shown and the text is not live.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

BREAKER = "\u200b"
"""A zero width space: it parts what must not be read as one. None is left from the source."""

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

MENTION = re.compile(
    r"@(?=everyone|here|channel)"
    r"|<(?=[@#!]|subteam)"
    r"|(?<![a-z0-9+.-])(?:tg|ton|tonsite|slack|discord|whatsapp|intent):(?=//)",
    re.IGNORECASE,
)


def defuse(text: str) -> str:
    """Return the text with every mention, broadcast and app link in it broken up; twice is once."""
    return MENTION.sub(rf"\g<0>{BREAKER}", text)


# -- links ----------------------------------------------------------------------------------------

BROADCAST = re.compile(r"@(?=everyone|here|channel)", re.IGNORECASE)
UNSAFE_IN_PATH = re.compile(f"{BROADCAST.pattern}|:(?=//)", re.IGNORECASE)
UNSAFE_IN_URL = re.compile(r"[\s<>\"`\\^{|}\x00-\x20]")


def address(url: str) -> str:
    """Return the address with nothing in it that ends it early, or calls anybody."""
    encoded = UNSAFE_IN_URL.sub(_percent, clean(url).replace("\n", ""))
    start = _path_start(encoded)
    return encoded[:start] + UNSAFE_IN_PATH.sub(_percent, encoded[start:])


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _path_start(url: str) -> int:
    """Return where the path begins: an `@` before it tells a user from a host."""
    host = re.match(r"[a-z][a-z0-9+.-]*://[^/?#]*", url, re.IGNORECASE)
    return host.end() if host else len(url)


def may_be_live(url: str) -> bool:
    """Say whether the address may be a link: a scheme without powers, a host, and no broadcast."""
    if BROADCAST.search(url):
        return False
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


def host_of(url: str) -> str:
    """Return the host that the address leads to, in lower case and without `www.`; or nothing."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no IPv6 address
        return ""
    return host.removeprefix("www.").rstrip(".")


CLAIM = re.compile(r"[a-z][a-z0-9+.-]{0,20}:[/\\]{2}[^\s]+|www\.[^\s]+", re.IGNORECASE)
HOST = re.compile(r"(?:[\w-]+\.)+(?P<top>[^\W\d_]{2,})")
TOP = frozenset(
    {
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "info",
        "biz",
        "dev",
        "app",
        "cloud",
        "online",
        "site",
        "shop",
        "store",
        "tech",
        "xyz",
    }
)
LETTERS_OF_A_COUNTRY = 2
CODE_ENDS = frozenset(
    {
        "cc",
        "cs",
        "db",
        "go",
        "hs",
        "js",
        "kt",
        "md",
        "ml",
        "pl",
        "py",
        "rb",
        "rs",
        "sh",
        "so",
        "ts",
        "vb",
    }
)
"""Two letters that end the names of files and of software more often than those of hosts."""

LOOKALIKES = str.maketrans({"\u2024": ".", "\uff0e": ".", "\u3002": ".", "\u2044": "/"})


def is_honest(text: str, url: str) -> bool:
    """Say whether the text of a link names no other host than the one it leads to."""
    plain = unicodedata.normalize("NFKC", text.translate(LOOKALIKES)).lower()
    host = host_of(url)
    claims = (
        host_of(claim if ":" in claim else f"https://{claim}") for claim in CLAIM.findall(plain)
    )
    return all(claim == host for claim in claims) and all(
        host == name or host.endswith(f".{name}") for name in _names(plain)
    )


def _names(plain: str) -> Iterator[str]:
    """Yield the words that look like the name of a host."""
    for word in plain.split():
        found = HOST.fullmatch(word.strip("()[]\"'.,;:!?").split("/", maxsplit=1)[0])
        if found and _is_top(found["top"]):
            yield found[0].removeprefix("www.")


def _is_top(label: str) -> bool:
    return label in TOP or (len(label) == LETTERS_OF_A_COUNTRY and label not in CODE_ENDS)
