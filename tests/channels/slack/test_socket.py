"""The connection to Slack: mended by itself, ended by a refusal, and nothing lost on the way."""

import asyncio

import pytest

from bridge.domain.errors import Unauthorized
from channels.slack import socket
from tests.channels.slack.rig import Ear, listening, opened
from tests.waiting import soon, until


async def test_when_slack_renews_the_connection_nothing_is_lost(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "one")
        await until(lambda: ear.heard)
        await fake.sockets.refresh()
        ada.says(fake.dm(ada), "two")
        await until(lambda: fake.sockets.connections == 2)
        ada.says(fake.dm(ada), "three")
        await until(lambda: len(fake.sockets.acknowledged) == 3)
    assert ear.texts() == ["one", "two", "three"]


async def test_a_connection_that_breaks_is_made_again_and_what_was_missed_comes_first(fake, ada):
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "one")
        await until(lambda: ear.heard)
        fake.sockets.keeps = False
        fake.sockets.cut()
        await until(lambda: not fake.sockets.connected)
        ada.says(fake.dm(ada), "two")
        await until(lambda: fake.sockets.connected)
        ada.says(fake.dm(ada), "three")
        await until(lambda: len(ear.heard) == 3)
    assert ear.texts() == ["one", "two", "three"]


async def test_while_slack_is_down_it_waits_and_then_hears(fake, ada):
    await fake.down()
    ear = Ear()
    async with listening(opened(fake), ear):
        await asyncio.sleep(0.1)
        await fake.up()
        ada.says(fake.dm(ada), "hello")
        await until(lambda: ear.heard)
    assert ear.texts() == ["hello"]


async def test_an_address_that_did_not_work_is_not_tried_again(fake, ada):
    fake.fault("link", status=503)
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "hello")
        await until(lambda: ear.heard)


async def test_a_socket_that_stays_lost_is_made_anew_and_hears_everything(fake, ada, monkeypatch):
    monkeypatch.setattr(socket, "STUCK_SECONDS", 0.1)
    ear = Ear()
    async with listening(opened(fake), ear) as task:
        ada.says(fake.dm(ada), "one")
        await until(lambda: ear.heard)
        await fake.down()
        ada.says(fake.dm(ada), "two")
        await asyncio.sleep(0.5)
        await fake.up()
        await until(lambda: len(ear.heard) == 2)
        assert not task.done()
    assert ear.texts() == ["one", "two"]


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
async def test_a_refused_token_ends_listening(fake, method):
    fake.fault(method, error="token_revoked")
    with pytest.raises(Unauthorized):
        await soon(opened(fake).listen(Ear()))


async def test_switched_off_socket_mode_ends_listening_and_says_where_to_switch_it_on(fake):
    fake.sockets.socket_mode = False
    with pytest.raises(Unauthorized, match="Enable Socket Mode"):
        await soon(opened(fake).listen(Ear()))


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 502, "html": True}, {"status": 429, "retry_after": 1}]
)
@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
async def test_what_passes_is_waited_for(fake, ada, method, fault):
    fake.fault(method, times=2, **fault)
    ear = Ear()
    async with listening(opened(fake), ear):
        ada.says(fake.dm(ada), "hello")
        await until(lambda: ear.heard)
