"""Whom a mail is from: one address, or nobody. Pure.

The rules:

- There is one `From`, with one address in it, in no group. Two readers of the standard library have
  to agree on it: where they do not, one server may have checked another address than we read.
- What stands before an address, or in a comment, is a name and nothing else. A name that holds an
  address is none: it would pass for that one.
- An address is in small letters, its domain as the DNS has it (IDNA). One whose local part has
  other characters than ASCII's, or quotes, is not taken.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.errors import HeaderParseError, InvalidHeaderDefect
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader, BaseHeader
from email.utils import getaddresses
from typing import cast

import idna

from channels.email.limits import LONGEST_HEADER, LONGEST_WORDS

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LONGEST_LOCAL, LONGEST_DOMAIN = 64, 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An address, and what its owner is called; never empty."""

    address: str
    name: str


def normal(address: str) -> str | None:
    """Return an address in its one form; None for what is none that we take."""
    local, at, domain = address.strip().rpartition("@")
    local, host = local.lower(), domain_of(domain)
    if not at or host is None or len(local) > LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        return None
    return f"{local}@{host}"


def domain_of(given: str) -> str | None:
    """Return a domain as the DNS has it; None for what is none."""
    try:
        host = idna.encode(given.strip().rstrip("."), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None
    return host if len(host) <= LONGEST_DOMAIN and _DOMAIN.fullmatch(host) else None


def sender_of(headers: Sequence[str]) -> Mailbox | None:
    """Return who a mail is from, by its `From` headers as they came; None where that is unclear."""
    if len(headers) != 1 or len(headers[0]) > LONGEST_WORDS:
        return None
    raw = " ".join(headers[0].split())
    first = _read(raw)
    # The older reader knows no encoded words: it is asked about the address alone.
    second = [address for _, address in getaddresses([raw]) if address]
    if first is None or len(second) != 1:
        return None
    name, address = first
    if normal(second[0]) != address:
        return None
    return Mailbox(address=address, name=name or address.partition("@")[0])


def named_in(headers: Sequence[str]) -> Sequence[str]:
    """Return the addresses that mails went to, in their one form, by their headers as they came."""
    given = [" ".join(each[:LONGEST_HEADER].split()) for each in headers]
    return [found for _, each in getaddresses(given) if (found := normal(each)) is not None]


def untagged(address: str) -> str:
    """Return an address without what its owner put behind a `+`: it is the same mailbox."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _read(raw: str) -> tuple[str, str] | None:
    try:
        header = cast("AddressHeader", policy.default.header_factory("from", raw))
        groups = header.groups
        defects = cast("BaseHeader", header).defects
    except (HeaderParseError, ValueError, IndexError, AttributeError, LookupError, TypeError):
        return None  # what the library stumbles over
    if any(isinstance(each, InvalidHeaderDefect) for each in defects):
        return None
    if len(groups) != 1 or groups[0].display_name is not None or len(groups[0].addresses) != 1:
        return None
    found = groups[0].addresses[0]
    address = normal(f"{found.username}@{found.domain}")
    return (_named(found.display_name), address) if address is not None else None


def _named(name: str) -> str:
    """Return a name; "" for one that would pass for an address."""
    shown = " ".join(_CONTROL.sub(" ", whole(name)).split())
    return "" if "@" in unicodedata.normalize("NFKC", shown) else shown


def decoded(raw: str) -> str:
    """Return the words of a header, in one line; what cannot be decoded stays as it is."""
    given = raw[:LONGEST_WORDS].encode(errors="surrogateescape").decode(errors="replace")
    line = " ".join(given.split())
    try:
        words = str(make_header(decode_header(line)))
    except (HeaderParseError, ValueError, LookupError):
        words = line
    return " ".join(_CONTROL.sub(" ", whole(words)).split())


def whole(words: str) -> str:
    """Return words without halves of characters, which nothing can keep."""
    return words.encode(errors="replace").decode()
