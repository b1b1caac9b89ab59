"""Files, from Telegram and to it."""

import pytest

from bridge.domain.errors import Rejected, Unreachable
from bridge.domain.inbound import RemoteFile
from tests.channels.telegram.connected import Ear


def remote(ref, size=None):
    return RemoteFile(kind="file", name="a", mime="x/y", ref=ref, size=size)


async def fetched(telegram, file):
    return [chunk async for chunk in telegram.channel.download(file)]


async def test_what_was_heard_can_be_fetched_in_chunks(telegram, bot, ada, dm):
    body = bytes(range(256)) * 10_000
    ada.sends(dm, ("document", body), name="big.bin")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: bot.confirmed)
    (file,) = ear.heard[0].what.files
    chunks = await fetched(telegram, file)
    assert b"".join(chunks) == body
    assert max(map(len, chunks)) <= 1 << 20
    assert len(chunks) > 1


async def test_what_is_too_large_for_a_bot_is_not_even_asked_for(fake, telegram):
    with pytest.raises(Rejected, match="20 MB"):
        await fetched(telegram, remote("F1", 20_000_001))
    fake.fault("getFile", status=400, words="Bad Request: file is too big")
    with pytest.raises(Rejected):
        await fetched(telegram, remote("F1"))


async def test_a_file_that_is_gone_is_rejected_and_one_out_of_reach_is_not(fake, telegram):
    stored = fake.store("document", "a", "x/y", b"bytes")
    fake.files_broken = True
    with pytest.raises(Unreachable) as raised:
        await fetched(telegram, remote(stored.id))
    assert raised.value.code == "502"
    fake.files_broken = False
    fake.fault("getFile", status=500)
    with pytest.raises(Exception, match="Internal Server Error"):
        await fetched(telegram, remote(stored.id))
    await fake.down()
    with pytest.raises(Unreachable):
        await fetched(telegram, remote(stored.id))
    await fake.up()
    assert await fetched(telegram, remote(stored.id)) == [b"bytes"]


async def test_a_file_telegram_no_longer_has_is_rejected(fake, telegram, monkeypatch):
    stored = fake.store("document", "a", "x/y", b"bytes")
    from bridge.demo.telegram import methods

    def path_of_nothing(bot, asked):
        return {"file_id": "F1", "file_unique_id": "u", "file_path": "documents/nothing"}

    monkeypatch.setitem(methods.METHODS, "getFile", path_of_nothing)
    with pytest.raises(Rejected, match="no more"):
        await fetched(telegram, remote(stored.id))


async def test_a_path_on_the_servers_own_disk_is_not_opened(fake, telegram, monkeypatch, tmp_path):
    """A self-hosted server in local mode names one; the client library would read it."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    from bridge.demo.telegram import methods

    def local(bot, asked):
        return {"file_id": "F1", "file_unique_id": "u", "file_path": str(secret)}

    monkeypatch.setitem(methods.METHODS, "getFile", local)
    with pytest.raises(Rejected) as raised:
        await fetched(telegram, remote("F1"))
    assert raised.value.code == "local_mode"
