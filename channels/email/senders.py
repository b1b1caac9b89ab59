"""How much senders may have of us: addresses cost nothing. Sans I/O.

The rules:

- Who writes more in an hour than a person can is heard no more in it.
- Where an answer belongs is kept only of mails that were heard. Whoever was refused is told once an
  hour, and what they send after that is answered with nothing, as what is heard is: so they are
  remembered for longer than that.
- What is refused, and what commands are answered, comes as mails, and providers count these: so
  many go in an hour to addresses of one domain. A domain's owner has any number of addresses, and
  of names below it.
"""

from collections import Counter, OrderedDict
from datetime import datetime, timedelta

from bridge.domain.parts import Reply
from channels.email.limits import MOST_REPLIES, MOST_SENDERS

REMEMBERED = timedelta(hours=2)
HOUR = 3600
OWNED = 2
"""Labels at the end of a domain: what is before them is most often its owner's to make."""


class Senders:
    """One account's, in memory. `per_hour`: mails of one sender that are heard."""

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._counts: OrderedDict[tuple[str, int], set[str]] = OrderedDict()
        self._refused: OrderedDict[str, datetime] = OrderedDict()
        self._replies: Counter[str] = Counter()
        self._hour = 0

    def is_too_much(self, address: str, key: str, at: datetime) -> bool:
        """Count a mail of a sender, by the hour in which the server got it."""
        hour = (address, int(at.timestamp()) // HOUR)
        counted = self._counts.setdefault(hour, set())
        if len(self._counts) > MOST_SENDERS:
            self._counts.popitem(last=False)
        # One that is fetched again, because one behind it could not be, counts once.
        if key not in counted and len(counted) >= self._per_hour:
            return True
        counted.add(key)
        return False

    def is_heard(self, address: str, reply: Reply | None, now: datetime) -> bool:
        """Say whether a mail was surely heard, by what is answered to it; remember a refusal."""
        if reply is not None:
            if reply.refused:
                self._remember(address, now)
            return False
        refused = self._refused.get(address)
        return refused is None or abs(now - refused) > REMEMBERED

    def may_be_answered(self, address: str, now: datetime) -> bool:
        """Say whether one more reply may go to a domain in this hour, and count it."""
        hour = int(now.timestamp()) // HOUR
        if hour != self._hour or len(self._replies) >= MOST_SENDERS:
            self._hour = hour
            self._replies.clear()
        domain = ".".join(address.rpartition("@")[2].split(".")[-OWNED:])
        self._replies[domain] += 1
        return self._replies[domain] <= MOST_REPLIES

    def _remember(self, address: str, now: datetime) -> None:
        self._refused[address] = now
        self._refused.move_to_end(address)
        if len(self._refused) > MOST_SENDERS:
            self._refused.popitem(last=False)
