"""Whether the address a mail is from is proven, by what our own mail server wrote on it. Pure.

Source: RFC 8601 (the header), RFC 7489 (DMARC and alignment). The rules:

- Only the topmost `Authentication-Results` of a trusted server counts: a server puts its own above
  all that it was given. What a sender writes stands below, and is never looked at; a trusted server
  also takes out what claims to be its own (RFC 8601, 5).
- A header that cannot be read to its end proves nothing.
- DMARC that passed for the domain of the address proves it; any other word on DMARC but `none`
  proves that nothing is proven.
- Where nothing is said of DMARC, a DKIM signature counts that is of the same domain, or of one
  above it: whoever has that one can make the other's. So does an SPF pass of the very address. One
  of the domain does not: who forwards mails there sends any mail under an address of it (SRS).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from channels.email.addresses import domain_of, normal
from channels.email.limits import LONGEST_HEADER

_TOKEN = re.compile(r"\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s;\"=]+)|(?P<sign>[;=]))")
_VALUE = re.compile(r"\s*(?P<bare>[^\s;\"=][^\s;\"]*)")
"""Behind a sign the next one is a part of the word: addresses may have some (RFC 8601, 2.2)."""

_METHOD = re.compile(r"(?P<name>[a-z0-9-]+)(?:/\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One method's word: `dkim`, `pass`, and what was looked at, `header.d` for instance."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        return next((value for key, value in self.properties if key == name), "")


def is_proven(headers: Sequence[str], trusts: Collection[str], address: str) -> bool:
    """Say whether an address, in its one form, is proven; the headers from the top."""
    trusted = {each.lower() for each in trusts}
    for header in headers:
        if _without_comments(header) is None:
            return False  # whoever wrote it, it may hide what stands below
        if server_of(header) in trusted:
            return _proves(results_of(header), address)
    return False


def server_of(header: str) -> str:
    """Return who wrote a header; "" where it does not say."""
    words = _without_comments(header)
    first = _TOKEN.match(words or "")
    if first is None or first["sign"]:
        return ""
    end = words[first.end() :].lstrip() if words else ""
    # Some name no server: then a method comes first.
    return "" if end.startswith("=") else (first["quoted"] or first["bare"] or "").lower()


def results_of(header: str) -> Sequence[Result] | None:
    """Return what a header says; None where it cannot be read."""
    words = _without_comments(header)
    if words is None:
        return None
    _, *said = _clauses(words) or [[]]
    found: list[Result] = []
    for clause in said:
        if clause in ([], ["none"]):
            continue
        result = _result(clause)
        if result is None:
            return None
        found.append(result)
    return found


def _proves(results: Sequence[Result] | None, address: str) -> bool:
    if not results:
        return False
    domain = address.rpartition("@")[2]
    dmarc = [each for each in results if each.method == "dmarc"]
    if any(each.result != "none" for each in dmarc):
        return all(
            each.result == "pass" and domain_of(each.get("header.from")) == domain for each in dmarc
        )
    return any(_is_aligned(each, address) for each in results if each.result == "pass")


def _is_aligned(result: Result, address: str) -> bool:
    match result.method:
        case "dkim":
            signed = result.get("header.d") or result.get("header.i")
            signer, domain = domain_of(signed.rpartition("@")[2]), address.rpartition("@")[2]
            if signer is None:
                return False
            return signer == domain or ("." in signer and domain.endswith(f".{signer}"))
        case "spf":
            return normal(result.get("smtp.mailfrom")) == address
        case _:
            return False


def _without_comments(header: str) -> str | None:
    """Return a header without what stands in parentheses; None where they do not close."""
    if len(header) > LONGEST_HEADER:
        return None
    kept: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for char in header:
        if is_escaped:
            is_escaped = False
        elif char == "\\" and (is_quoted or depth):
            is_escaped = True
        elif char == '"' and not depth:
            is_quoted = not is_quoted
        elif char == "(" and not is_quoted:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            char = " "  # noqa: PLW2901 - what it stood between is apart
        if not depth:
            kept.append(char)
    return None if depth or is_quoted else "".join(kept)


def _clauses(words: str) -> list[list[str]] | None:
    """Return the words of each clause; a quoted one as it reads."""
    clauses: list[list[str]] = [[]]
    at, end, is_value = 0, len(words.rstrip()), False
    while at < end:
        value = _VALUE.match(words, at) if is_value else None
        token = value or _TOKEN.match(words, at)
        if token is None:
            return None
        at, is_value = token.end(), value is None and token["sign"] == "="
        if value is not None:
            clauses[-1].append(value["bare"])
        elif token["sign"] == ";":
            clauses.append([])
        elif token["sign"]:
            clauses[-1].append("=")
        elif token["bare"] is not None:
            clauses[-1].append(token["bare"])
        else:
            clauses[-1].append(re.sub(r"\\(.)", r"\1", token["quoted"]))
    return clauses


def _result(clause: Sequence[str]) -> Result | None:
    """Return what a clause says: words and signs, such as `dkim`, `=`, `pass`."""
    if len(clause) % 3 or any(sign != "=" for sign in clause[1::3]):
        return None
    pairs = tuple(
        (key.lower(), value) for key, value in zip(clause[::3], clause[2::3], strict=True)
    )
    method = _METHOD.fullmatch(pairs[0][0])
    if method is None:
        return None
    return Result(method=method["name"], result=pairs[0][1].lower(), properties=pairs[1:])
