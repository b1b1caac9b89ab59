"""An event loop in a thread of its own, for a library that may block.

litellm takes seconds to import, imports more at its first answer, and asks an Ollama for its models
without awaiting. None of it may hold up the bridge, so none of it runs in the bridge's loop.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

T = TypeVar("T")

CLEAN_UP = 2.0
"""Seconds that a stream gets to close once nobody wants more of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """The end of a stream, with what ended it."""

    error: BaseException | None = None


class ThreadLoop:
    """Runs coroutines elsewhere. The thread begins with the first one and ends with the process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = Lock()

    async def call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `work()` returns; cancelled with whoever waits for it."""
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(work(), self._running_loop())
        )

    async def stream(
        self, make: Callable[[], AsyncGenerator[T]], *, stall_seconds: float
    ) -> AsyncGenerator[list[T]]:
        """Yield what `make()` yields, what came at once together. Closing this closes that first.

        Raises what that raises, and `TimeoutError` when nothing comes for `stall_seconds`.
        """
        pipe: _Pipe[T] = _Pipe()
        pumping = asyncio.run_coroutine_threadsafe(pipe.pump(make), self._running_loop())
        try:
            while pipe.over is None:
                async with asyncio.timeout(stall_seconds):
                    batch = await pipe.batch()
                if batch:
                    yield batch
            if pipe.over.error is not None:
                raise pipe.over.error
        finally:
            pumping.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(CLEAN_UP):
                    await pipe.closed.wait()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=self._loop.run_forever, name=self._name, daemon=True).start()
            return self._loop


class _Pipe(Generic[T]):
    """From another loop to the one that made it."""

    def __init__(self) -> None:
        self._home = asyncio.get_running_loop()
        self._queue: asyncio.Queue[T | _Over] = asyncio.Queue()
        self.over: _Over | None = None
        self.closed = asyncio.Event()

    async def batch(self) -> list[T]:
        """Return all that has come, at least one item; with the last one, `over` is set."""
        found: list[T] = []
        item = await self._queue.get()
        while True:
            if isinstance(item, _Over):
                self.over = item
                return found
            found.append(item)
            if self._queue.empty():
                return found
            item = self._queue.get_nowait()

    async def pump(self, make: Callable[[], AsyncGenerator[T]]) -> None:
        """Send all that `make()` yields home. It runs in the other loop."""
        error: BaseException | None = None
        try:
            async with aclosing(make()) as items:
                async for item in items:
                    self._call(self._queue.put_nowait, item)
        except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
            error = raised
        finally:
            self._call(self._queue.put_nowait, _Over(error=error))
            self._call(self.closed.set)

    def _call(self, act: Callable[..., None], *given: object) -> None:
        with suppress(RuntimeError):  # home is closed already: nobody waits there any more
            self._home.call_soon_threadsafe(act, *given)
