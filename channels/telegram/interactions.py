"""How a reply reaches the one who asked: in an alert where they pressed a button, or in a message.

Failing is no matter: what was asked is kept all the same, and what was not shown is noted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot

from bridge.domain.errors import ChannelError, OutcomeUnknown, Rejected
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Reply
from bridge.ports.clock import Clock
from bridge.unseen import note
from channels.limits import Budget
from channels.telegram import limits, outbound
from channels.telegram.client import Client
from channels.telegram.errors import STALE
from channels.telegram.parse import ParsedUpdate
from channels.telegram.render import alert
from channels.telling import told


class Answers:
    """Answers what was read, within `limits.ANSWER_SECONDS` for each call."""

    def __init__(self, account: ChannelName, client: Client, clock: Clock, budget: Budget) -> None:
        self._account = account
        self._client = client
        self._clock = clock
        self._budget = budget

    async def answer(self, reading: ParsedUpdate, reply: Reply | None) -> None:
        """Tell the one who asked. Raises nothing."""
        if not reading.press and reply is None:
            return
        try:
            if reading.press:
                await self._answer_press(reading.press, reply)
            elif reply is not None and isinstance(heard := reading.heard, Inbound):
                await told(lambda again: self._tell(heard, again), reply, self._clock)
        except ChannelError as error:
            note("reply_not_shown", account=self._account, code=error.code)

    async def _answer_press(self, press: str, reply: Reply | None) -> None:
        """Answer a press, in an alert if there are words. A press answered already is a success."""

        async def tell(said: Reply) -> None:
            text = alert(said.text) if reply is not None else None
            try:
                async with self._answering() as bot:
                    await bot.answer_callback_query(press, text, show_alert=bool(text))
            except Rejected as error:
                if error.code != STALE:
                    raise

        await told(tell, reply or Reply(text=""), self._clock, marks=False)

    async def _tell(self, heard: Inbound, reply: Reply) -> None:
        self._budget.spend(heard.address.place, "question")
        async with self._answering() as bot:
            await outbound.tell(bot, heard, reply)

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[Bot]:
        try:
            async with asyncio.timeout(limits.ANSWER_SECONDS), self._client.open() as bot:
                yield bot
        except TimeoutError as error:
            raise OutcomeUnknown("no answer in time", code="timeout") from error
