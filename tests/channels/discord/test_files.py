"""A file that someone sent is fetched while Discord has it, however long that takes."""

import pytest

from bridge.domain.errors import OutcomeUnknown, Rejected


@pytest.fixture
async def sent(discord, account, ada, direct):
    """A message with a file, and the file as it was heard."""
    async with account.listening() as ear:
        message = ada.says(direct, files={"plan.pdf": ("application/pdf", b"%PDF" * 1000)})
        (inbound,) = await ear.until(1)
    return message, inbound.what.files[0]


async def fetched(account, file):
    return b"".join([chunk async for chunk in account.channel.download(file)])


async def test_its_bytes_are_fetched(account, sent):
    _, file = sent
    assert await fetched(account, file) == b"%PDF" * 1000


async def test_an_address_that_has_expired_is_asked_for_again(discord, account, sent):
    message, file = sent
    discord.expire(message)
    assert await fetched(account, file) == b"%PDF" * 1000
    assert discord.calls["message"] == 1


@pytest.mark.parametrize("gone", ["the message", "the place"])
async def test_what_was_deleted_cannot_be_had(discord, account, sent, direct, gone):
    message, file = sent
    discord.expire(message)
    discord.forget(message)
    direct.gone = gone == "the place"
    with pytest.raises(Rejected):
        await fetched(account, file)


async def test_trouble_on_the_way_is_no_reason_to_give_up(discord, account, sent):
    message, file = sent
    discord.expire(message)
    discord.fault("message", status=500)
    with pytest.raises(OutcomeUnknown):
        await fetched(account, file)
