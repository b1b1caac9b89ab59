"""What a channel is given to hand in what it hears: one feed for each account.

A channel puts what it heard, as it comes; order, repeats, a store that is away, catching up, read
marks and when to acknowledge are the feed's. `bridge.engine.inbound.feed` has its rules.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.domain.errors import StoreError
from bridge.domain.inbound import Inbound, Inbox, Readable, Relocated, Reported, Titled
from bridge.domain.parts import Reply

What = Inbound | Reported | Relocated | Titled | Readable
Work = Callable[[], Awaitable[object]]


class NotStored(StoreError):
    """It is not in the log: do not acknowledge it, let the platform bring it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far something is read: `name` is a key of the account's facts, `position` its value.

    Positions of one name grow with time, nearly.
    """

    name: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that was heard in a place. What is the same has the same `key`, however it came.

    `what` is what is handed in, or makes it when its turn has come, once; None for what is no
    concern of ours and only moves the `mark`. `scope`: what is caught up as one, where that is more
    than the place. `order`: the least of those that wait in a place goes first, of the same order
    the first that was put. `part_of`: the key of one that waits; it is in when that one is.

    `answer` shows the inbox's reply to the asker. It raises nothing that should not end the
    listening. What is put next in the place waits for it for a moment, and so does the
    acknowledgement; what is brought again is not answered again.
    """

    key: str
    place: str
    what: What | Callable[[], Awaitable[What | None]] | None
    scope: str = ""
    order: int = 0
    part_of: str = ""
    mark: Mark | None = None
    answer: Callable[[Reply | None], Coroutine[object, object, None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far all that was put is stored. `stored`: the last one before the first that waits."""

    stored: str | None
    waiting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """How marks are kept. `prefixes`: what the names of this account's marks begin with.

    `overlap`: positions come so much out of order; what is within is known one by one. `written`:
    how a position is kept, without spaces; `read` is the reverse.
    """

    prefixes: tuple[str, ...]
    overlap: int = 0
    read: Callable[[str], int] = int
    written: Callable[[int], str] = str


PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
NO_MARKS = Marking(prefixes=())


class ReadMarks(Protocol):
    """How far each of an account's sources is stored, durably."""

    async def load(self) -> None:
        """Read what was kept; the feed does so before it runs. Raises `StoreUnavailable`."""

    def names(self) -> Sequence[str]: ...

    def stored(self, name: str) -> Sequence[int]:
        """Return the positions that are known to be stored, the newest first."""

    def after(self, name: str) -> int | None:
        """Return the position after which to read again; None where there is no mark."""

    def begin(self, name: str, position: int) -> None:
        """Set a mark where there is none, neither here nor among those that were kept."""

    def forget(self, name: str) -> None: ...

    async def save(self) -> None:
        """Write what moved, as far as the store lets us; the feed does so now and then."""

    async def keep(self) -> None:
        """Write what moved until now. Raises `StoreUnavailable`."""


History = Callable[[str], AsyncIterator[Sequence[Item]]]
"""Read a scope back from its marks, page by page, each page after the one before was stored.

Raises a `ChannelError`: `Gone` and `Rejected` end it; what may work later has it begun again;
`Unauthorized` ends the listening.
"""


class Feed(Protocol):
    """One account's. It outlives a listening, and knows what was stored in an earlier one."""

    @property
    def marks(self) -> ReadMarks: ...

    async def run(self, inbox: Inbox, *works: Work, history: History | None = None) -> None:
        """Hand in what is put, until all `works` returned or anything fails. There is one at least.

        With a `history` no place is trusted at first (`cut`). Raises what failed first.
        """

    def put(self, item: Item) -> "asyncio.Future[Reply | None]":
        """Take what was heard; what is returned is done when it may be acknowledged.

        It has the inbox's reply, for a repeat that of the first time; or the error `NotStored`.
        """

    async def stored(self, item: Item, *, within: float) -> Reply | None:
        """Put it, and wait so many seconds. Raises `NotStored`; it may be stored all the same."""

    def knows(self, key: str) -> bool:
        """Say whether it waits, or was stored and is remembered."""

    def progress(self) -> Progress:
        """Say up to where the platform may be told that all is stored, and forget that.

        For a platform that is acknowledged by a position, and brings nothing again that is.
        """

    def start(self, work: Work) -> bool:
        """Do something beside, for as long as this runs; False when it does not."""

    async def beside(self, work: Coroutine[object, object, None]) -> None:
        """Do something for a moment; what takes longer goes on for as long as this runs."""

    # -- catching up

    def cut(self) -> None:
        """Trust no place any more to have been heard without a gap.

        Each is read back before anything live is handed in there: when it is heard of next, or at
        once by `catch_up`.
        """

    def catch_up(self, scope: str) -> None:
        """Read a scope back now, unless that was done since the last cut."""

    def up_to_date(self, scope: str) -> None:
        """Take note that nothing was missed here."""


class OpensFeed(Protocol):
    def __call__(
        self,
        *,
        marking: Marking = NO_MARKS,
        again: float = 1.0,
        save: float = 1.0,
        pauses: Sequence[float] = PAUSES,
        remember: int = 10_000,
        patience: float | None = None,
    ) -> Feed:
        """Make the account's feed.

        `again`: seconds before what the store did not take is handed in again. `save`: between two
        times that marks are kept. `pauses`: seconds before a history that cannot be read is asked
        for again, by the failures in a row. `remember`: stored things whose repeats are known here;
        those of older ones are known by the log. `patience`: seconds that live things wait while
        their scope is read back; None: until it is. With it, a scope is read back as a whole: its
        marks move only when that is done, so it may be told in any order.
        """
