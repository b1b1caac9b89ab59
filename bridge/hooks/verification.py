"""Who calls a hook: signatures and tokens, compared in constant time over the body as it is.

The rules:

- Every way proves that the caller knows the secret. What is missing, not in its form, or wrong is
  `Unverified`, and only its `reason` says which: for the owner of the bridge, not for the caller.
- Where the way signs a time, a call is good within `WINDOW` of it, before and after.
- A header may hold several signatures, while a secret is changed; one that is right is enough, and
  no more than `MOST_SIGNATURES` are looked at.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never

Way = Literal["github", "gitlab", "slack", "stripe", "standard", "hmac", "bearer"]

Where = str
"""Where something is named: `header:NAME` in small letters, or a path into the payload."""

TOLD: frozenset[Way] = frozenset({"gitlab", "bearer"})
"""Ways that tell the secret itself, and sign nothing."""

TIMED: frozenset[Way] = frozenset({"slack", "stripe", "standard"})
"""Ways that always sign a time; `hmac` does where it has a header for it."""

NAMED_BY: Mapping[Way, tuple[tuple[Where, ...], tuple[Where, ...]]] = {
    "github": (("header:x-github-event",), ("header:x-github-delivery",)),
    "gitlab": (
        ("object_kind", "header:x-gitlab-event"),
        ("header:idempotency-key", "header:x-gitlab-event-uuid"),
    ),
    "slack": (("event.type", "type"), ("event_id",)),
    "stripe": (("type",), ("id",)),
    "standard": (("type",), ("header:webhook-id",)),
    "hmac": ((), ()),
    "bearer": ((), ()),
}
"""Where each kind of caller names the event and the delivery, if nothing else is said."""

FORMS: frozenset[Way] = frozenset({"github", "slack"})
"""Those that may send the JSON in a field of a form."""

CHALLENGING: frozenset[Way] = frozenset({"slack"})
"""Those that want to hear something back when the address is entered there."""

WINDOW = timedelta(minutes=5)
MOST_SIGNATURES = 10
LONGEST_TIME = 12
"""Digits of a time in seconds."""

WHSEC = "whsec_"


class Unverified(Exception):
    """Nobody proved to know the secret; `reason` says why not, and holds nothing of the call."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How the caller of a hook proves to know its secret.

    `signature` and `timestamp` are the headers of the way `hmac`, in small letters. Without
    `timestamp` the body alone is signed there, and a call is good whenever it comes.
    """

    way: Way
    secret: str
    signature: str = ""
    timestamp: str = ""

    def __repr__(self) -> str:
        return f"Verification({self.way})"

    @property
    def signs_time(self) -> bool:
        """Say whether a signature is that of one moment, so that no other call has it."""
        return self.way in TIMED or (self.way == "hmac" and bool(self.timestamp))

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return the proof that who sends this knows the secret. Headers in small letters.

        The proof is the right signature; empty where there is none. Raises `Unverified`.
        """
        key = self.secret.encode()
        match self.way:
            case "github":
                given = _header(headers, "x-hub-signature-256").removeprefix("sha256=")
                return _check_signatures([given], _hex(key, body))
            case "gitlab":
                _check_signatures([_header(headers, "x-gitlab-token")], self.secret)
                return ""
            case "bearer":
                kind, _, given = _header(headers, "authorization").partition(" ")
                if kind.lower() != "bearer":
                    raise Unverified("the header `Authorization` has no bearer token")
                _check_signatures([given.strip()], self.secret)
                return ""
            case "slack":
                at = _timely(_header(headers, "x-slack-request-timestamp"), now)
                given = _header(headers, "x-slack-signature").removeprefix("v0=")
                return _check_signatures([given], _hex(key, f"v0:{at}:".encode() + body))
            case "stripe":
                return _check_stripe(key, _header(headers, "stripe-signature"), body, now)
            case "standard":
                return _check_standard(self.secret, headers, body, now)
            case "hmac":
                return self._check_hmac(headers, body, now)
            case _:
                assert_never(self.way)

    def _check_hmac(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        given = _header(headers, self.signature).removeprefix("sha256=")
        signed = body
        if self.timestamp:
            at = _timely(_header(headers, self.timestamp), now)
            signed = f"{at}.".encode() + body
        return _check_signatures([given], _hex(self.secret.encode(), signed))

    def signed(self, body: bytes, now: datetime, name: str = "test") -> dict[str, str]:
        """Return the headers that a caller sends who knows the secret; `name` is the call's id."""
        key, at = self.secret.encode(), str(int(now.timestamp()))
        match self.way:
            case "github":
                return {"x-hub-signature-256": f"sha256={_hex(key, body)}"}
            case "gitlab":
                return {"x-gitlab-token": self.secret}
            case "bearer":
                return {"authorization": f"Bearer {self.secret}"}
            case "slack":
                signature = f"v0={_hex(key, f'v0:{at}:'.encode() + body)}"
                return {"x-slack-request-timestamp": at, "x-slack-signature": signature}
            case "stripe":
                return {"stripe-signature": f"t={at},v1={_hex(key, f'{at}.'.encode() + body)}"}
            case "standard":
                given = _base64(standard_key(self.secret), f"{name}.{at}.".encode() + body)
                times = {"webhook-id": name, "webhook-timestamp": at}
                return {**times, "webhook-signature": f"v1,{given}"}
            case "hmac":
                stamp = f"{at}.".encode() if self.timestamp else b""
                proof = {self.signature: f"sha256={_hex(key, stamp + body)}"}
                return {**proof, **({self.timestamp: at} if self.timestamp else {})}
            case _:
                assert_never(self.way)


def standard_key(secret: str) -> bytes:
    """Return the key of a secret of Standard Webhooks, in base64. Raises `ValueError`."""
    try:
        return b64decode(secret.removeprefix(WHSEC), validate=True)
    except binascii.Error:
        raise ValueError("is no secret of Standard Webhooks: base64, after whsec_") from None


def _check_stripe(key: bytes, header: str, body: bytes, now: datetime) -> str:
    pairs = [each.strip().partition("=") for each in header.split(",", 2 * MOST_SIGNATURES)]
    at = _timely(next((value for name, _, value in pairs if name == "t"), ""), now)
    given = [value for name, _, value in pairs if name == "v1"]
    return _check_signatures(given, _hex(key, f"{at}.".encode() + body))


def _check_standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    name = _header(headers, "webhook-id")
    at = _timely(_header(headers, "webhook-timestamp"), now)
    signatures = _header(headers, "webhook-signature").split(" ", 2 * MOST_SIGNATURES)
    given = [each.removeprefix("v1,") for each in signatures if each.startswith("v1,")]
    wanted = _base64(standard_key(secret), f"{name}.{at}.".encode() + body)
    return _check_signatures(given, wanted)


def _header(headers: Mapping[str, str], name: str) -> str:
    """Return a header that has to be there."""
    if not headers.get(name):
        raise Unverified(f"the header `{name}` is missing")
    return headers[name]


def _timely(given: str, now: datetime) -> str:
    """Return a time in seconds as it was written, if it is one of the last minutes."""
    if not (given.isascii() and given.isdecimal() and len(given) <= LONGEST_TIME):
        raise Unverified("the time of the call is missing, or none")
    if abs(now.timestamp() - int(given)) > WINDOW.total_seconds():
        raise Unverified("the call is too old, or a clock is wrong")
    return given


def _check_signatures(given: Iterable[str], wanted: str) -> str:
    """Compare in constant time, all of them: how long it takes says nothing of what is right."""
    known, is_right = wanted.encode(), False
    for each in list(given)[:MOST_SIGNATURES]:
        is_right |= hmac.compare_digest(each.encode("utf-8", "surrogateescape"), known)
    if not is_right:
        raise Unverified(
            "the signature is wrong: the secret is another one, or the body was changed"
        )
    return wanted


def _hex(key: bytes, signed: bytes) -> str:
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def _base64(key: bytes, signed: bytes) -> str:
    return b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
