"""The connection: open while somebody uses it, and silent about the token."""

import asyncio
import logging

import pytest
from telegram.error import BadRequest

from bridge.domain.errors import Rejected
from tests.channels.telegram.connected import connect, part


async def test_it_is_shared_and_the_last_one_closes_it(fake, telegram):
    client = telegram.channel._client
    async with client.open() as first:
        async with client.open() as second:
            assert second is first
            await second.get_me()
        await first.get_me()
    async with client.open() as third:
        assert third is not first
        await third.get_me()


async def test_calls_at_the_same_time_do_not_close_it_on_each_other(telegram, dm, fake):
    fake.fault("sendMessage", delay=0.05, applied=True, hang_up=False, status=500, times=1)
    parts = [part(f"{n}", n) for n in range(5)]
    calls = [telegram.channel.send(telegram.at(dm), each) for each in parts]
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, Exception) for each in done) == 1
    assert sorted(dm.shown()) == [f"{n}" for n in range(5)]


async def test_the_librarys_errors_do_not_leave_it(telegram):
    with pytest.raises(Rejected) as raised:
        async with telegram.channel._client.open():
            raise BadRequest("Bad Request: message is too long")
    assert raised.value.code == "too_long"


async def test_the_token_is_never_logged(fake, bot, ada, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    telegram = connect(fake, bot)
    fake.fault("sendMessage", status=502, page=True)
    with pytest.raises(Exception, match="not Telegram"):
        await telegram.channel.send(telegram.at(bot.dm(ada)), part("secret words"))
    assert bot.token not in caplog.text
    assert "secret words" not in caplog.text
