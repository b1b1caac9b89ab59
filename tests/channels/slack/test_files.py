"""Files: out in three steps of which only the last shows anything, in with the token kept safe."""

import pytest

from bridge.domain.errors import OutcomeUnknown, Rejected, Unreachable
from bridge.domain.inbound import RemoteFile
from tests.channels.slack.rig import (
    Ear,
    MemoryBlobs,
    address,
    listening,
    opened,
    part,
    until,
)

PHOTO = b"\x89PNG" + bytes(range(256)) * 20


@pytest.fixture
def room(fake, ada):
    return fake.room("general", ada)


@pytest.fixture
def blobs():
    return MemoryBlobs()


@pytest.fixture
def channel(fake, blobs):
    return opened(fake, blobs=blobs)


async def fetched(channel, file: RemoteFile) -> bytes:
    return b"".join([chunk async for chunk in channel.download(file)])


def remote(ref: str) -> RemoteFile:
    return RemoteFile(kind="file", name="a", mime="text/plain", ref=ref)


# -- out


async def test_files_are_shown_with_their_bytes_in_one_message(fake, channel, blobs, room):
    files = (blobs.add("a.png", PHOTO), blobs.add("b.txt", b"words"))
    sent = await channel.send(address(room), part("", attachments=files, speaker="Ada · <Web>"))
    (message,) = fake.shown(room)
    assert [(each.name, each.content) for each in message.files] == [
        ("a.png", PHOTO),
        ("b.txt", b"words"),
    ]
    assert sent.message == message.ts
    assert message.text == "Ada · &lt;Web&gt;"


async def test_in_a_thread_a_file_is_a_reply(fake, ada, channel, blobs, room):
    begun = ada.says(room, "hello")
    await channel.send(address(room, begun.ts), part("", attachments=(blobs.add("a", b"b"),)))
    assert len(fake.shown(room, begun.ts)) == 1


async def test_while_slack_does_not_say_which_message_it_is_known_by_its_file(
    fake, channel, blobs, room
):
    fake.methods.lazy_shares = True
    sent = await channel.send(address(room), part("", attachments=(blobs.add("a", b"b"),)))
    assert sent.message.startswith("file:F")
    with pytest.raises(Rejected):
        await channel.edit(address(room), sent.message, part("x", 2))
    await channel.delete(address(room), sent.message)
    await channel.delete(address(room), sent.message)
    assert fake.shown(room) == []


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload"])
async def test_what_fails_before_it_is_shared_was_surely_not_shown(
    fake, channel, blobs, room, method
):
    fake.fault(method, status=500)
    with pytest.raises(Unreachable) as raised:
        await channel.send(address(room), part("", attachments=(blobs.add("a", b"b"),)))
    assert raised.value.certain
    assert fake.shown(room) == []


async def test_a_missing_scope_for_files_stops_the_file_and_not_the_account(
    fake, channel, blobs, room
):
    fake.scopes.discard("files:write")
    with pytest.raises(Rejected) as raised:
        await channel.send(address(room), part("", attachments=(blobs.add("a", b"b"),)))
    assert raised.value.code == "missing_scope"


async def test_a_file_that_is_not_kept_any_more_is_rejected(fake, channel, blobs, room):
    attachment = blobs.add("a", b"b")
    await blobs.forget(attachment.media)
    with pytest.raises(Rejected):
        await channel.send(address(room), part("", attachments=(attachment,)))


async def test_a_shared_file_whose_answer_was_lost_is_found(fake, channel, blobs, room):
    there, what = address(room), part("", attachments=(blobs.add("a", b"b"),))
    fake.fault("files.completeUploadExternal", applied=True, hang_up=True)
    with pytest.raises(OutcomeUnknown):
        await channel.send(there, what)
    sent = await channel.resolve(there, what)
    assert sent is not None
    assert sent.message == fake.shown(room)[0].ts


async def test_a_file_that_was_not_shared_is_not_found(fake, channel, blobs, room):
    there, what = address(room), part("", attachments=(blobs.add("a", b"b"),))
    fake.fault("files.completeUploadExternal", status=500)
    with pytest.raises(OutcomeUnknown):
        await channel.send(there, what)
    assert await channel.resolve(there, what) is None


async def test_what_became_of_a_file_is_not_known_after_a_restart(fake, blobs, room):
    with pytest.raises(OutcomeUnknown):
        await opened(fake).resolve(address(room), part("", attachments=(blobs.add("a", b"b"),)))


# -- in


async def test_a_file_that_was_heard_can_be_fetched(fake, ada, channel, room):
    ear = Ear()
    async with listening(channel, ear):
        ada.sends(room, "a.png", "image/png", PHOTO, "look")
        await until(lambda: ear.heard)
        (file,) = ear.heard[0].what.files
        assert await fetched(channel, file) == PHOTO
    assert (file.kind, file.name, file.size) == ("image", "a.png", len(PHOTO))


async def test_a_file_known_by_its_id_is_looked_up_first(fake, channel):
    kept = fake.workspace.file("a.txt", "text/plain", b"words")
    assert await fetched(channel, remote(f"id:{kept.id}")) == b"words"


async def test_a_web_page_that_was_sent_as_a_file_is_a_file(fake, channel):
    kept = fake.workspace.file("a.html", "text/html", b"<html>")
    assert await fetched(channel, remote(f"id:{kept.id}")) == b"<html>"


async def test_a_login_page_instead_of_the_file_is_no_file(fake, channel):
    kept = fake.workspace.file("a.txt", "text/plain", b"words")
    url = fake.workspace.file_json(kept)["url_private_download"]
    fake.scopes.discard("files:read")
    with pytest.raises(Rejected, match="files:read"):
        await fetched(channel, remote(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a.txt",
        "https://slack.com.evil.example/a.txt",
        "https://evilslack.com/a.txt",
        "http://files.slack.com/a.txt",
        "https://files.slack.com@evil.example/a.txt",
        "//evil.example/a",
        "",
    ],
)
async def test_the_token_is_shown_to_no_other_host(channel, url):
    with pytest.raises(Rejected) as raised:
        await fetched(channel, remote(url))
    assert raised.value.code == "foreign_host"


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"status": 503}, Unreachable), ({"status": 429}, Unreachable), ({"status": 404}, Rejected)],
)
async def test_a_download_that_fails_says_whether_trying_again_helps(fake, channel, fault, error):
    kept = fake.workspace.file("a.txt", "text/plain", b"words")
    fake.fault("download", **fault)
    with pytest.raises(error):
        await fetched(channel, remote(f"id:{kept.id}"))


async def test_a_picture_from_another_workspace_is_heard_as_what_it_is(fake, ada, channel, room):
    """Of a file shared through Slack Connect the message tells no more than the id."""
    kept = fake.workspace.file("plan.png", "image/png", PHOTO, ada.id)
    kept.connected = True
    ear = Ear()
    async with listening(channel, ear):
        ada.says(room, "look", files=(kept,))
        await until(lambda: ear.heard)
        (file,) = ear.heard[0].what.files
        assert await fetched(channel, file) == PHOTO
    assert (file.kind, file.name, file.mime) == ("image", "plan.png", "image/png")


async def test_one_of_which_slack_tells_nothing_is_heard_all_the_same(fake, ada, channel, room):
    kept = fake.workspace.file("plan.png", "image/png", PHOTO, ada.id)
    kept.connected = True
    ear = Ear()
    async with listening(channel, ear):
        fake.fault("files.info", error="file_not_found")
        ada.says(room, "look", files=(kept,))
        await until(lambda: ear.heard)
    (file,) = ear.heard[0].what.files
    assert (file.kind, file.ref) == ("file", f"id:{kept.id}")
