"""A loop whose time passes only while everybody waits.

Work takes no time here, however busy the machine is; a wait is over at once, in its order. So what
a test says about seconds holds on any machine, and an hour takes a moment. Threads are really
waited for, and time stands still meanwhile.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from storage.sql.sqlite import SqliteDatabase

A_THREADS_SECONDS = 20.0
"""Real seconds that a thread has that nobody told the loop of, as when its threads are ended."""

P = ParamSpec("P")
R = TypeVar("R")


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._seconds = 0.0
        self._in_threads = 0
        super().__init__(_Waiting(self))

    def time(self) -> float:
        return self._seconds

    def is_waiting_for_threads(self) -> bool:
        return self._in_threads > 0

    def pass_by(self, seconds: float) -> None:
        self._seconds += seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., R], *args: Any
    ) -> asyncio.Future[R]:
        self._in_threads += 1
        done = super().run_in_executor(executor, func, *args)
        done.add_done_callback(self._came_back)
        return done

    def _came_back(self, _: object) -> None:
        self._in_threads -= 1

    @contextmanager
    def waiting_for_a_thread(self) -> Iterator[None]:
        """Let time stand still while a library waits for a thread of its own."""
        self._in_threads += 1
        try:
            yield
        finally:
            self._in_threads -= 1


class _Waiting(selectors.SelectSelector):
    """A selector that lets the loop's time pass where a real one waits."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._loop.is_waiting_for_threads():
            return super().select(None if timeout is None else min(timeout, 0.05))
        found = super().select(0)
        if found or timeout == 0:
            return found
        if timeout is None:
            found = super().select(A_THREADS_SECONDS)
            assert found, "everybody waits, and nothing will ever happen"
            return found
        self._loop.pass_by(timeout)
        return []


def _in_a_thread(work: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(work)
    async def waiting(*args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        with loop.waiting_for_a_thread():
            return await work(*args, **kwargs)

    return waiting


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Run a coroutine function in a loop of its own, in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with ExitStack() as stack:
            for name in ("browse", "close"):  # by aiosqlite, which has threads of its own
                told = _in_a_thread(getattr(SqliteDatabase, name))
                stack.enter_context(patch.object(SqliteDatabase, name, told))
            runner = stack.enter_context(asyncio.Runner(loop_factory=VirtualLoop))
            return runner.run(test(*args, **kwargs))

    return run
