"""Files that people send are kept before the message is appended; what is lost is named."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bridge import texts
from bridge.domain.commands import Archive, ChangeRole
from bridge.domain.content import Content, Quote
from bridge.domain.errors import ChannelError, Rejected, Unreachable
from bridge.domain.events import MessageEdited, MessageReceived
from bridge.domain.ids import MessageId, ParticipantId
from bridge.domain.inbound import Edited, Quoted, RemoteFile
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, Doorway, refused
from tests.engine.rig import ANYONE, OWNER


class Files:
    """A channel that holds files. `faults` are raised first, one for each call."""

    name = CHAT

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.asked: list[str] = []

    async def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        self.asked.append(file.ref)
        yield b"half of "
        if self.faults:
            raise self.faults.pop(0)
        yield file.ref.encode()


def file(ref: str, name: str = "a.txt") -> RemoteFile:
    return RemoteFile(kind="file", name=name, mime="text/plain", ref=ref)


async def heard(door: Doorway) -> MessageReceived:
    last = await door.last()
    assert isinstance(last, MessageReceived)
    return last


async def open_door(*faults: Exception, account: Account = ANYONE) -> tuple[Doorway, Files]:
    files = Files(*faults)
    door = await Doorway(chat=account, channels={CHAT: files}).open()
    return door, files


async def test_a_file_is_kept_with_what_is_known_of_it() -> None:
    door, _ = await open_door()
    await door.say("look", files=(file("it"),))
    (kept,) = (await heard(door)).content.attachments
    assert (kept.kind, kept.name, kept.mime, kept.size) == ("file", "a.txt", "text/plain", 10)
    assert b"".join([chunk async for chunk in door.blobs.open(kept.media)]) == b"half of it"


async def test_several_files_are_one_message() -> None:
    door, _ = await open_door()
    await door.say("", files=(file("1"), file("2"), file("3")))
    assert len((await heard(door)).content.attachments) == 3


async def test_a_file_without_a_name_is_called_by_its_kind_with_the_ending_of_its_type() -> None:
    door, _ = await open_door()
    picture = RemoteFile(kind="image", name="", mime="image/jpeg", ref="p")
    song = RemoteFile(kind="audio", name="A song", mime="audio/mpeg", ref="s")
    paper = RemoteFile(kind="file", name="", mime="application/pdf; x=y", ref="d")
    odd = RemoteFile(kind="file", name="Makefile", mime="text/plain", ref="m")
    await door.say("look", files=(picture, song, paper, odd))
    names = [each.name for each in (await heard(door)).content.attachments]
    assert names == ["image.jpg", "A song.mp3", "file.pdf", "Makefile"]


async def test_more_files_than_one_message_may_have_are_counted() -> None:
    door, _ = await open_door()
    await door.say("look", files=tuple(file(str(number)) for number in range(22)))
    content = (await heard(door)).content
    assert (len(content.attachments), content.text) == (20, f"look\n\n{texts.files_left_out(2)}")


async def test_nothing_is_fetched_of_what_a_stranger_sends() -> None:
    door, files = await open_door(account=Account(allow=frozenset()))
    await door.say("look", "eve", files=(file("virus"),))
    assert files.asked == []


async def test_nothing_is_fetched_of_what_is_refused_anyway() -> None:
    """Whoever only reads a session, or sends files with a command, fills no disk by it."""
    door, files = await open_door()
    await door.say("hello", "bob", message="m1")
    await door.say("/status", "bob", files=(file("beside a command"),))
    bob = ParticipantId(str(await door.store.identify(realm=CHAT, user="bob")))
    demoted = ChangeRole(by=OWNER, participant=bob, role="viewer")
    await door.dispatcher.submit(SHARED, demoted)
    assert await door.say("look", "bob", files=(file("a viewer's"),)) == refused(texts.READ_ONLY)
    await door.say("look", "bob", files=(file("overheard"),), addressed=False)
    changed = Edited(
        message=MessageId("m1"), content=Content(text="hi"), files=(file("put in later"),)
    )
    await door.hear(changed, "bob")
    await door.dispatcher.submit(SHARED, Archive(by=OWNER))
    assert await door.say("look", "bob", files=(file("too late"),))
    assert files.asked == []


async def test_a_passing_fault_is_outlasted_and_nothing_of_it_is_kept(monkeypatch) -> None:
    monkeypatch.setattr("bridge.engine.inbound.downloads.PAUSE_SECONDS", 0.0)
    door, files = await open_door(Unreachable())
    await door.say("look", files=(file("it"),))
    assert files.asked == ["it", "it"]
    (kept,) = (await heard(door)).content.attachments
    assert kept.size == len(b"half of it")


async def test_a_file_that_stays_out_of_reach_is_named_and_the_words_are_heard(monkeypatch) -> None:
    monkeypatch.setattr("bridge.engine.inbound.downloads.PAUSE_SECONDS", 0.0)
    door, _ = await open_door(*[Unreachable()] * 9)
    await door.say("look", files=(file("it"),))
    content = (await heard(door)).content
    assert content.text == f"look\n\n{texts.file_lost('a.txt')}"
    assert content.attachments == ()


@pytest.mark.parametrize("error", [Rejected(), ChannelError()])
async def test_one_lost_file_does_not_take_the_others_with_it(
    error: Exception, monkeypatch
) -> None:
    monkeypatch.setattr("bridge.engine.inbound.downloads.PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("bridge.engine.inbound.downloads.TRIES", 1)
    door, _ = await open_door(error)
    await door.say("", files=(file("gone", "gone.txt"), file("here", "here.txt")))
    content = (await heard(door)).content
    assert content.text == texts.file_lost("gone.txt")
    assert [each.name for each in content.attachments] == ["here.txt"]


async def test_the_files_stay_when_the_words_beside_them_are_corrected() -> None:
    door, _ = await open_door()
    await door.say("lok", files=(file("it"),), message="m7")
    corrected = Edited(message=MessageId("m7"), content=Content(text="look"))
    await door.hear(corrected)
    edited = await door.last()
    assert isinstance(edited, MessageEdited)
    assert (edited.content.text, len(edited.content.attachments)) == ("look", 1)


async def test_a_file_that_is_too_large_is_not_fetched_again() -> None:
    door, files = await open_door()
    await door.say("", files=(file("x" * 2000),))
    assert len(files.asked) == 1
    assert (await heard(door)).content.text == texts.file_not_kept("a.txt")


async def test_the_files_of_what_is_replied_to_come_with_the_reply() -> None:
    door, _ = await open_door()
    about = Quoted(author="Bob", text="", files=(file("theirs", "plan.pdf"),))
    await door.say("why?", files=(file("own"),), quoted=about)
    message = await heard(door)
    assert [each.name for each in message.content.attachments] == ["a.txt", "plan.pdf"]
    assert message.quote == Quote(author="Bob", text="plan.pdf")


async def test_an_edit_that_brings_another_file_shows_the_new_one() -> None:
    door, _ = await open_door()
    await door.say("look", message="m1", files=(file("one"),))
    other = (file("other one"),)
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="look"), files=other))
    edited = await door.last()
    assert isinstance(edited, MessageEdited)
    assert [each.size for each in edited.content.attachments] == [len(b"half of other one")]


async def test_an_edit_that_keeps_its_files_fetches_none_again() -> None:
    door, files = await open_door()
    size = len(b"half of one")
    same = (replace(file("one"), size=size),)
    await door.say("look", message="m1", files=same)
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="there"), files=same))
    edited = await door.last()
    assert [each.size for each in edited.content.attachments] == [size]
    assert files.asked == ["one"]


async def test_the_files_that_an_edit_brought_stay_when_the_words_are_corrected_after() -> None:
    """Slack does not tell again which files a message has."""
    door, files = await open_door()
    await door.say("look", message="m1", files=(file("one"),))
    size = len(b"half of other one")
    other = (replace(file("other one"), size=size),)
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="look"), files=other))
    brought = len(await door.log())
    for key, told in (("a", None), ("b", other)):
        edited = Edited(message=MessageId("m1"), content=Content(text=f"so {key}"), files=told)
        await door.hear(edited, key=key)
        last = await door.last()
        assert [each.size for each in last.content.attachments] == [size]
        assert last.earlier[0] == brought
    assert files.asked == ["one", "other one"]


async def test_an_edit_whose_file_cannot_be_had_keeps_the_one_that_was_there() -> None:
    door, files = await open_door()
    await door.say("look", message="m1", files=(file("one"),))
    files.faults.append(Rejected("gone", code="gone"))
    other = (file("other one"),)
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="there"), files=other))
    edited = await door.last()
    assert edited.content.text == "there"
    assert [each.size for each in edited.content.attachments] == [len(b"half of one")]


async def test_an_edit_that_takes_the_files_away_leaves_none() -> None:
    door, _ = await open_door()
    await door.say("look", message="m1", files=(file("one"),))
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="look"), files=()))
    assert (await door.last()).content.attachments == ()
