"""A response that is sent bit by bit, and ends when it should.

The rules:

- The next bit is made only when the one before was handed to the connection, and the connection
  takes no more while its client does not read: no queue grows anywhere.
- A client that reads nothing for `drain` seconds is cut off; it comes back with its offset.
- A flow ends at once when its client is gone, when its time is over, or when the server stops:
  whatever it waits for, it waits for it on its leash.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ABORT = "bridgehead.abort"
"""The ASGI extension, given by `bridge.http.server`, that cuts a connection without flushing."""

LAST_WORDS = 0.5
"""Seconds for the end of a response to be taken by the connection."""


class Leash:
    """Everything one response waits for, so that all of it can be ended from elsewhere."""

    def __init__(self, seconds: float | None = None) -> None:
        self._ends_at = None if seconds is None else asyncio.get_running_loop().time() + seconds
        self._limits: set[asyncio.Timeout] = set()
        self._cut = False

    @property
    def over(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self._cut or (self._ends_at is not None and now >= self._ends_at)

    @property
    def is_cut(self) -> bool:
        return self._cut

    def cut(self) -> None:
        """End every wait now, and every later one at once."""
        self._cut = True
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    async def wait(self, something: Awaitable[object], seconds: float) -> bool:
        """Await something for a while; False when it did not come in time, or all is over."""
        return await self.finish(something, 0 if self.over else self._shortened(seconds))

    async def finish(self, something: Awaitable[object], seconds: float) -> bool:
        """Await something that may outlast the end by time, but not a cut."""
        limit = asyncio.timeout(0 if self._cut else seconds)
        try:
            async with limit:
                self._limits.add(limit)
                await something
        except TimeoutError:
            if not limit.expired():
                raise
            return False
        finally:
            self._limits.discard(limit)
        return True

    def _shortened(self, seconds: float) -> float:
        if self._ends_at is None:
            return seconds
        return min(seconds, self._ends_at - asyncio.get_running_loop().time())


MOST_OF_ONE = 256
"""Responses in progress of one person: a quarter of the connections that there are at most. Nobody,
a guest neither, is to keep all others from the bridge by their streams."""


class OpenFlows:
    """The leashes of all responses in progress; closed, every later one ends at once.

    Of more than `MOST_OF_ONE` of one person the oldest ends.
    """

    def __init__(self) -> None:
        self._leashes: dict[Leash, str] = {}
        self._counts: Counter[str] = Counter()
        self._closed = False

    def __len__(self) -> int:
        return len(self._leashes)

    @contextmanager
    def holding(self, leash: Leash, whose: str = "") -> Iterator[None]:
        """Keep a leash while the context is open; `whose` is who reads the response, if known."""
        self._leashes[leash] = whose
        self._counts[whose] += 1
        if self._closed:
            leash.cut()
        if whose and self._counts[whose] > MOST_OF_ONE:
            mine = (each for each, reader in self._leashes.items() if reader == whose)
            next((each for each in mine if not each.is_cut), leash).cut()
        try:
            yield
        finally:
            self._leashes.pop(leash, None)
            self._counts[whose] -= 1
            if not self._counts[whose]:
                del self._counts[whose]

    def end(self, whose: str) -> None:
        """End what somebody reads, at once."""
        for leash in [leash for leash, reader in self._leashes.items() if reader == whose]:
            leash.cut()

    def close(self) -> None:
        self._closed = True
        for leash in self._leashes:
            leash.cut()


class Flow(Response):
    """Sends what `bits` yields to `whose`. `whole`: cut short, it must not look complete."""

    def __init__(
        self,
        bits: AsyncGenerator[bytes],
        *,
        leash: Leash,
        flows: OpenFlows,
        drain: float,
        media_type: str,
        headers: Mapping[str, str],
        whole: bool = False,
        whose: str = "",
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        del self.headers["content-length"]
        self.headers.update(headers)
        self._bits, self._leash, self._flows = bits, leash, flows
        self._drain, self._whole, self._whose = drain, whole, whose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        gone.add_done_callback(lambda _: self._leash.cut())
        try:
            with self._flows.holding(self._leash, self._whose):
                finished = await self._send_all(send)
            if not finished and not gone.done():
                await _abort(scope, gone)
        finally:
            gone.cancel()
            await self._bits.aclose()

    async def _send_all(self, send: Send) -> bool:
        """Send it all; False when the client does not take it, or not all of it may be sent."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for bit in self._bits:
            part = {"type": "http.response.body", "body": bit, "more_body": True}
            if not await self._leash.finish(send(part), self._drain):
                return False
        if self._whole and self._leash.over:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return True
        return False


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _abort(scope: Scope, gone: asyncio.Task[None]) -> None:
    abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
    if abort is not None:
        abort()
        await asyncio.wait({gone}, timeout=LAST_WORDS)
