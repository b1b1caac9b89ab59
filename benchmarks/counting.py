"""Counts what our own code does, instead of timing it: the same on any machine, however busy.

Counted are the calls of our functions, a coroutine or generator that goes on being one more, and
the lines that they run, so that a loop over a long log is seen as well. What libraries do is not
counted, nor are comprehensions called, which are functions in some versions of Python alone.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parent.parent
OURS = tuple(f"{ROOT / name}/" for name in ("bridge", "agents", "channels", "storage"))
INLINED = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Calls and lines, in all or for each of several things; `of`: the calls of each function."""

    calls: float
    lines: float
    of: Counter[CodeType]

    def per(self, number: int) -> "Count":
        return Count(calls=self.calls / number, lines=self.lines / number, of=self.of)

    def most(self, number: int = 12) -> str:
        """Return the functions that are called most, each with how often."""
        return "\n".join(
            f"{calls:9,}  {Path(code.co_filename).relative_to(ROOT)}:{code.co_firstlineno}"
            f" {code.co_qualname}"
            for code, calls in self.of.most_common(number)
        )


class Counting:
    """Counts while it is told to; also in threads that are started while it is `watching`."""

    def __init__(self) -> None:
        self._calls: Counter[CodeType] = Counter()
        self._lines = 0
        self._is_on = False
        self._ours: dict[CodeType, bool] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        threading.settrace(self._called)
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)
            threading.settrace(before)  # type: ignore[arg-type] # None: as it was

    def start(self) -> None:
        self._calls, self._lines, self._is_on = Counter(), 0, True

    def stop(self) -> Count:
        self._is_on = False
        return Count(calls=self._calls.total(), lines=self._lines, of=self._calls)

    def _is_ours(self, code: CodeType) -> bool:
        known = self._ours.get(code)
        if known is None:
            known = self._ours[code] = code.co_filename.startswith(OURS)
        return known

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002
        code = frame.f_code
        if not self._is_on or not self._is_ours(code):
            return None
        if code.co_name not in INLINED:
            self._calls[code] += 1
        return self._went_on

    def _went_on(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002
        if event == "line" and self._is_on:
            self._lines += 1
        return self._went_on
