"""The time, as everything in the core asks for it: a test moves it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present, aware, in UTC."""

    async def sleep(self, seconds: float) -> None: ...
