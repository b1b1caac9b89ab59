"""A clock that a test moves, for workers that wait."""

import asyncio
from datetime import UTC, datetime, timedelta

AT = datetime(2026, 1, 1, tzinfo=UTC)


class StepClock:
    """Time passes only when a test says so; whoever sleeps is woken when their time has come."""

    def __init__(self) -> None:
        self.at = AT
        self.sleeping: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self.sleeping.append((self.at + timedelta(seconds=seconds), woken))
        await woken

    async def pass_by(self, seconds: float) -> None:
        await rest()
        self.at += timedelta(seconds=seconds)
        for until, woken in list(self.sleeping):
            if until <= self.at and not woken.done():
                woken.set_result(None)
        await rest()


async def rest() -> None:
    """Let every task do what it can without waiting."""
    for _ in range(20):
        await asyncio.sleep(0)
