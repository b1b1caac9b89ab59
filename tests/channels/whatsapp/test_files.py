"""Files that people sent are fetched with our login from Twilio, and without it from elsewhere."""

import pytest

from bridge.demo.whatsapp.world import Media
from bridge.domain.errors import Rejected, Unauthorized, Unreachable
from bridge.domain.inbound import RemoteFile
from tests.channels.whatsapp.ear import Ear, listening
from tests.waiting import until

VOICE = Media(mime="audio/ogg; codecs=opus", body=b"OggS" + bytes(700_000))


@pytest.fixture
async def voice(stage, fake, ada) -> RemoteFile:
    ear = Ear()
    async with listening(stage.channel, ear):
        fake.says(ada, "", files=[VOICE])
        await until(lambda: ear.heard)
    (file,) = ear.heard[0].what.files
    return file


async def fetched(stage, file: RemoteFile) -> list[bytes]:
    return [chunk async for chunk in stage.channel.download(file)]


async def test_a_voice_note_is_fetched_from_where_twilio_sends_us(stage, fake, voice):
    assert (voice.kind, voice.mime) == ("voice", VOICE.mime)
    chunks = await fetched(stage, voice)
    assert b"".join(chunks) == VOICE.body
    assert max(map(len, chunks)) <= 1024 * 1024
    assert fake.complaints == []  # the login stayed with Twilio


async def test_a_file_that_was_deleted_looks_as_if_it_were_not_there_yet(stage, fake, voice):
    fake.messages[0].files.clear()
    with pytest.raises(Unreachable):
        await fetched(stage, voice)


async def test_a_refused_login_is_said(stage, fake, voice):
    fake.account.token = "another"
    with pytest.raises(Unauthorized):
        await fetched(stage, voice)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 502, "is_html": True}], ids=str)
async def test_a_passing_fault_may_be_tried_again(stage, fake, voice, fault):
    fake.fault("media", **fault)
    with pytest.raises(Unreachable):
        await fetched(stage, voice)
    assert b"".join(await fetched(stage, voice)) == VOICE.body


async def test_a_file_elsewhere_is_asked_for_without_our_login(stage, fake):
    fake.hosted["x"] = Media(mime="image/png", body=b"x")
    elsewhere = RemoteFile(
        kind="image", name="", mime="image/png", ref=f"{fake.cdn_base}/cdn/nothing"
    )
    with pytest.raises(Rejected):
        await fetched(stage, elsewhere)
    assert fake.complaints == []


@pytest.mark.parametrize("ref", ["file:///etc/passwd", "ftp://x.example/y", ""])
async def test_an_address_that_is_no_web_address_is_rejected(stage, ref):
    with pytest.raises(Rejected):
        await fetched(stage, RemoteFile(kind="file", name="", mime="", ref=ref))


async def test_a_file_that_twilio_does_not_have_yet_is_asked_for_again(stage, fake, voice):
    """Twilio tells of it a moment before it can be fetched."""
    fake.fault("media", status=404, code=20404)
    with pytest.raises(Unreachable):
        await fetched(stage, voice)
    assert b"".join(await fetched(stage, voice)) == VOICE.body
