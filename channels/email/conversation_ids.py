"""Places are a person and a thread, `ada@example.com/1f0c…`; our mails carry the thread on.

Of a thread of several people each has a place of their own: what is answered goes to one address.
So whatever somebody writes into `References`, they come to no place of anybody else.
"""

import hashlib
import re
from collections.abc import Sequence

from bridge.domain.ids import MessageId

_OURS = re.compile(r"<[0-9a-f]{24}\.(?P<thread>[0-9a-f]{16})@(?P<domain>[^>]+)>")
_ID = re.compile(r"<[!-;=?-~]{1,400}>")
"""Printable ASCII, without brackets: what else there is, no reader of ours need keep."""


def place_of(address: str, thread: str) -> str:
    return f"{address}/{thread}"


def person_in(place: str) -> str:
    """Return the address in a place."""
    return place.rpartition("/")[0]


def thread_in(place: str) -> str:
    return place.rpartition("/")[2]


def ids_in(header: str) -> tuple[str, ...]:
    """Return the message ids that a header names, in their order, each once."""
    return tuple(dict.fromkeys(_ID.findall(header)))


def thread_of(own: str, earlier: Sequence[str], domain: str) -> str:
    """Return the thread of a mail; `earlier` is what it refers to, the oldest first.

    One that answers a mail of ours belongs where that one does. Else the first that is named began
    the thread, or the mail itself.
    """
    for each in reversed(earlier):
        ours = _OURS.fullmatch(each)
        if ours is not None and ours["domain"] == domain:
            return ours["thread"]
    return _digest((earlier or (own,))[0])[:16]


def is_ours(message: str, domain: str) -> bool:
    """Say whether a mail is named as we name ours."""
    found = _OURS.fullmatch(message)
    return found is not None and found["domain"] == domain


def message_id(names: Sequence[str], thread: str, domain: str) -> MessageId:
    """Return how a mail of ours is called: the same whenever it is sent, so that it is the same."""
    return MessageId(f"<{_digest(*names)[:24]}.{thread}@{domain}>")


def _digest(*names: str) -> str:
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()
