"""`/export`: what somebody may read of a session as a file, in their private chat alone."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from bridge import session_texts
from bridge.domain.commands import Join, Say
from bridge.domain.content import Content
from bridge.domain.errors import TooLarge, Unreachable
from bridge.domain.ids import ParticipantId
from bridge.domain.parts import Capabilities, Conversation, Part, Sent
from bridge.domain.session_file import Seal
from bridge.engine.commands.exporting import KEPT, SentFiles
from bridge.engine.names import CLIENTS
from bridge.session import visible
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, Doorway

TEAM = {"place": "team", "room": True, "title": "Team"}


@dataclass
class Files:
    """Takes what would be sent, or refuses it."""

    door: Doorway
    error: Exception | None = None
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def blobs(self):
        return self.door.blobs

    async def send(
        self, place: Conversation, part: Part, name: str, mime: str, chunks: AsyncGenerator[bytes]
    ) -> None:
        content = b"".join([each async for each in chunks])
        if self.error is not None:
            raise self.error
        assert not place.room
        self.sent.append((place.address.place, name, content))


async def opened() -> tuple[Doorway, Files]:
    door = await Doorway().open()
    files = Files(door)
    door.dispatcher.slash_commands.exporting.sending = files
    return door, files


async def test_what_was_said_comes_as_a_file_to_read_in_the_chat_where_it_was_asked_for() -> None:
    door, files = await opened()
    await door.say("about *pigeons*\n## Bob, 2026\n\nI owe Ada 5", message="m_1")
    reply = await door.say("/export")
    assert reply is not None
    assert (reply.text, reply.refused) == (session_texts.EXPORTED_HERE, False)
    ((place, name, content),) = files.sent
    assert (place, name) == ("dm", "Main.md")
    text = content.decode()
    assert text.startswith("# Main\n")
    assert [each for each in text.splitlines() if each.startswith("## ")] == [
        f"## Ada, {door.clock.now():%Y-%m-%d %H:%M} UTC"
    ]
    assert "> about *pigeons*\n> ## Bob, 2026\n> \n> I owe Ada 5\n" in text


async def test_from_a_room_it_comes_to_the_private_chat_of_whoever_asked() -> None:
    door, files = await opened()
    await door.say("hello", "bob", place="bobs")
    await door.say("in private")
    await door.say("hello all", **TEAM)
    reply = await door.say("/export", **TEAM)
    assert reply is not None
    assert reply.text == session_texts.EXPORTED
    ((place, _, content),) = files.sent
    assert (place, b"hello all" in content, b"in private" in content) == ("dm", True, False)


async def test_whoever_is_known_in_rooms_alone_is_told_to_ask_in_private() -> None:
    door, files = await opened()
    await door.say("hello all", **TEAM)
    reply = await door.say("/export", **TEAM)
    assert reply is not None
    assert (reply.text, files.sent) == (session_texts.EXPORT_IN_PRIVATE, [])


async def test_whoever_came_later_gets_nothing_of_before_in_either_form() -> None:
    door, files = await opened()
    await door.say("a secret", message="m_1")
    await door.say("/new Own", "eve", place="eves")
    eve = next(
        body.participant
        for body in await door.log((await door.there("eves")).session)
        if hasattr(body, "participant")
    )
    join = Join(participant=ParticipantId(eve), role="viewer", earlier=False)
    await door.dispatcher.submit(SHARED, join)
    await door.say("for all of you")
    await door.say("/switch main", "eve", place="eves")
    for form in ("", " json"):
        reply = await door.say(f"/export{form}", "eve", place="eves")
        assert reply is not None
        assert not reply.refused
        _, _, content = files.sent[-1]
        assert (b"a secret" in content, b"for all of you" in content) == (False, True)
        assert b'"place":"dm"' not in content


async def test_as_json_lines_it_has_each_event_that_they_may_read_and_a_seal() -> None:
    door, files = await opened()
    await door.say("hello")
    await door.say("/export JSON")
    ((_, name, content),) = files.sent
    assert name == "Main.jsonl"
    Seal().check(content.splitlines(keepends=True))
    told = [json.loads(each) for each in content.splitlines()]
    seqs = [each["seq"] for each in told if each["type"] == "event"]
    ada = (await door.last()).participant
    hidden = visible.hidden_upto(await door.dispatcher.fold(SHARED), ada)
    assert seqs == list(range(hidden + 1, await door.store.head(SHARED) + 1))


async def test_what_cannot_be_sent_is_said() -> None:
    door, files = await opened()
    await door.say("hello")
    for error, text in (
        (TooLarge(), session_texts.EXPORT_TOO_LARGE),
        (Unreachable("no"), session_texts.EXPORT_FAILED),
    ):
        files.error = error
        reply = await door.say("/export")
        assert reply is not None
        assert (reply.text, reply.refused) == (text, True)
    reply = await door.say("/export pdf")
    assert reply is not None
    assert (reply.text, reply.refused) == (session_texts.EXPORT_HOW, True)


async def test_in_the_page_and_the_terminal_it_says_where_it_is_to_be_had() -> None:
    door, files = await opened()
    await door.say("hello")
    ada = (await door.last()).participant
    saying = Say(by=ada, conversation=next(iter(CLIENTS)), content=Content(text="/export"))
    appended = await door.dispatcher.hear(SHARED, saying)
    assert appended.reply is not None
    assert (appended.reply.text, files.sent) == (session_texts.EXPORT_THERE, [])


class Channel:
    """A chat app that takes one small file."""

    name = CHAT

    def __init__(self, **limits) -> None:
        self.limits, self.parts = Capabilities(**limits), list[Part]()

    def capabilities(self, address) -> Capabilities:
        del address
        return self.limits

    async def listen(self, inbox) -> None:
        del inbox

    async def send(self, to, part: Part) -> Sent:
        del to
        self.parts.append(part)
        return Sent(message="m")


async def test_its_bytes_are_forgotten_unless_somebody_sent_the_file_into_a_session() -> None:
    door = await Doorway().open()
    channel = Channel()
    sending = SentFiles(door.store, door.blobs, {CHAT: channel}, door.clock)
    door.dispatcher.slash_commands.exporting.sending = sending
    await door.say("hello")
    await door.say("/export")
    (part,) = channel.parts
    first = part.attachments[0].media
    await sending.take_back()
    assert await door.blobs.size(first) is not None
    kept = Content(text="read this", attachments=channel.parts[0].attachments)
    ada = (await door.last()).participant
    said = Say(by=ada, conversation=(await door.there()).id, content=kept)
    await door.dispatcher.submit(SHARED, said)
    door.clock.forward(KEPT.total_seconds() + 1)
    await sending.take_back()
    assert await door.blobs.size(first) is not None


async def test_what_is_too_large_for_an_app_is_not_sent_and_not_kept() -> None:
    door = await Doorway().open()
    channel = Channel(max_file_bytes=3)
    sending = SentFiles(door.store, door.blobs, {CHAT: channel}, door.clock)
    door.dispatcher.slash_commands.exporting.sending = sending
    await door.say("hello")
    reply = await door.say("/export")
    assert reply is not None
    assert (reply.text, channel.parts) == (session_texts.EXPORT_TOO_LARGE, [])
    (media,) = await door.store.facts("sent alone")
    door.clock.forward(KEPT.total_seconds() + 1)
    await sending.take_back()
    assert await door.blobs.size(media) is None
    assert not await door.store.facts("sent alone")
