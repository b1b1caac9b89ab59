"""Hearing on a real IMAP server: positions, new numbers, what is done to mails, and deaths."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from imapclient.exceptions import IMAPClientError

from bridge.domain.errors import Rejected
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Reply
from bridge.testing.channels import Ear, part
from bridge.testing.rig import surrounded, until
from channels.email import client, inbound, senders
from channels.email.channel import EmailChannel
from channels.email.client import signed_in
from channels.email.config import EmailConfig
from channels.email.conversation_ids import place_of, thread_of
from channels.email.inbound import POSITION
from channels.email.limits import MOST_TRIES
from tests.channels.email.servers import (
    PASSWORD,
    Dovecot,
    Postbox,
    dovecot,
    needs_dovecot,
    postbox,
)
from tests.conformance.rigs.mail import TRUSTED, US, root, text_in, written

pytestmark = [pytest.mark.dovecot, needs_dovecot]

ADA = "ada@example.org"
ADAS = place_of(ADA, thread_of("", [root(ADA)], "example.com"))


@dataclass
class Stage:
    """A mailbox whose bridge may die: what it keeps is kept."""

    server: Dovecot
    box: Postbox
    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    facts: Any = None

    def channel(self) -> EmailChannel:
        name = ChannelName("mail")
        config = EmailConfig.model_validate(
            {
                "address": US,
                "password": PASSWORD,
                "imap": f"127.0.0.1:{self.server.port}",
                "smtp": f"127.0.0.1:{self.box.port}",
                "imap_tls": "none",
                "smtp_tls": "none",
                "trusts": TRUSTED,
                **self.more,
            }
        )
        around = surrounded(self.folder, name)
        self.facts = self.facts or around.facts
        return EmailChannel(name, config, replace(around, facts=self.facts))

    def says(self, words: str, number: int, **headers: str) -> None:
        self.server.deliver(US, written(ADA, words, number=number, **headers))

    async def done(self, uid: int) -> None:
        """Wait until it is kept that all mails up to this one are dealt with."""

        async def is_kept() -> bool:
            kept = await self.facts.get(POSITION)
            return kept is not None and int(kept.split()[1]) >= uid

        await until(is_kept)

    def seen(self, folder: str = "") -> int:
        return len(self.server.mails(US, folder, flag="S"))


@pytest.fixture
async def stage(tmp_path) -> AsyncIterator[Stage]:
    with dovecot() as server:
        async with postbox() as box:
            yield Stage(server, box, tmp_path)


class Died(Exception):
    """The bridge did."""


@asynccontextmanager
async def hearing(channel: EmailChannel, inbox: Callable[[Any], Awaitable[Reply | None]]):
    task = asyncio.create_task(channel.listen(inbox))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Died):
            await task


async def test_what_came_long_before_the_first_look_is_not_heard(stage: Stage):
    import os

    old = stage.server.deliver(US, written(ADA, "old", number=1))
    os.utime(old, (1_000_000_000, 1_000_000_000))
    stage.says("new", 2)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(lambda: stage.seen() == 1)
        stage.says("newer", 3)
        await until(lambda: stage.seen() == 2)
        await stage.done(3)
    assert ear.texts() == ["new", "newer"]
    again = Ear()
    async with hearing(stage.channel(), again):
        stage.says("newest", 4)
        await until(lambda: stage.seen() == 3)
    assert again.texts() == ["newest"]


async def test_an_empty_folder_is_where_the_next_look_begins(stage: Stage):
    async def is_kept() -> bool:
        return await stage.facts.get(POSITION) is not None

    async with hearing(stage.channel(), Ear()):
        await until(is_kept)
    stage.says("while it is off", 1)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(ear.texts)
    assert ear.texts() == ["while it is off"]


async def test_new_numbers_bring_nothing_twice_and_lose_nothing(stage: Stage):
    for number in range(3):
        stage.says(f"w{number}", number)
    channel, ear = stage.channel(), Ear()
    async with hearing(channel, ear):
        await until(lambda: stage.seen() == 3)
    before = await stage.facts.get(POSITION)
    stage.server.renumber(US)
    stage.says("w3", 3)
    async with hearing(channel, ear):
        await until(lambda: "w3" in ear.texts())
        stage.says("w4", 4)
        await until(lambda: "w4" in ear.texts())
        await until(lambda: stage.seen() == 5)
    assert ear.texts() == ["w0", "w1", "w2", "w3", "w4"]  # its feed knows what it stored
    after = await stage.facts.get(POSITION)
    assert before.split()[0] != after.split()[0]


async def test_a_mail_is_moved_only_after_it_is_stored(stage: Stage):
    stage.more = {"handled": "move", "handled_folder": "Done"}
    slow = asyncio.Event()
    ear = Ear(slow=slow)
    stage.says("hello", 1)
    async with hearing(stage.channel(), ear):
        await asyncio.sleep(0.3)
        assert stage.seen("Done") == 0
        slow.set()
        await until(lambda: stage.seen("Done") == 1)
        await until(lambda: len(stage.server.mails(US)) == 0)


async def test_what_is_not_heard_is_left_as_it_is(stage: Stage):
    stage.says("out of office", 1, Auto_Submitted="auto-replied")
    stage.says("forged", 2, Authentication_Results="evil.example; dmarc=pass")
    stage.says("heard", 3)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(lambda: stage.seen() == 1)
    assert ear.texts() == ["heard"]
    assert len(stage.server.mails(US)) == 3
    assert stage.box.taken == []


async def test_whoever_writes_more_than_a_person_can_is_heard_no_more(stage: Stage):
    stage.more = {"per_hour": 3}
    for number in range(6):
        stage.says(f"w{number}", number)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        stage.server.deliver(US, written("bob@example.org", "and I?", number=9))
        await until(lambda: "and I?" in ear.texts())
    assert sorted(ear.texts()) == ["and I?", "w0", "w1", "w2"]


async def test_a_copy_of_a_mail_is_heard_once_and_one_that_calls_itself_so_too(stage: Stage):
    stage.says("hello", 1)
    stage.says("hello", 1)
    stage.says("another", 1)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(lambda: stage.seen() == 3)
    assert ear.texts() == ["hello", "another"]


async def test_a_file_is_fetched_of_a_mail_and_is_gone_with_its_folder(stage: Stage):
    from email import message_from_bytes, policy

    mail = message_from_bytes(written(ADA, "see", number=1), policy=policy.SMTP)
    mail.add_attachment(b"x" * 300_000, maintype="application", subtype="pdf", filename="a.pdf")
    stage.server.deliver(US, mail.as_bytes())
    channel, ear = stage.channel(), Ear()
    async with hearing(channel, ear):
        await until(ear.texts)
        (file,) = ear.heard[0].what.files
        body = b"".join([chunk async for chunk in channel.download(file)])
        assert body == b"x" * 300_000
        for ref in ("", "1/1/1", f"{file.ref}9", "a/b/c"):
            with pytest.raises(Rejected):
                [chunk async for chunk in channel.download(replace(file, ref=ref))]


async def test_too_large_a_mail_is_told_of_and_not_read(stage: Stage):
    stage.more = {"max_bytes": 10_000}
    stage.says("x" * 20_000, 1)
    stage.says("small", 2)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(lambda: len(ear.texts()) == 2)
    assert "more than I read" in ear.texts()[0]


async def test_a_mail_that_cannot_be_taken_apart_stops_nothing(stage: Stage):
    body = written(ADA, "x", number=1).partition(b"Content-Type")[0]
    for number in range(1500):
        body += f'Content-Type: multipart/mixed; boundary="{number}"\r\n\r\n--{number}\r\n'.encode()
    stage.server.deliver(US, body)
    stage.says("next", 2)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(lambda: "next" in ear.texts())


async def test_a_mail_that_the_server_cannot_give_stops_no_others(stage: Stage, monkeypatch):
    monkeypatch.setattr(inbound, "PAUSES", (0.0,))
    fetch = client.IMAPClient.fetch
    tried: list[Any] = []

    def refuses(self: Any, messages: Any, data: Any, *rest: Any) -> Any:
        if list(messages) == [2] and data == ["BODY.PEEK[]"]:
            tried.append(messages)
            raise IMAPClientError("fetch failed: Some messages could not be FETCHed (Failure)")
        return fetch(self, messages, data, *rest)

    monkeypatch.setattr(client.IMAPClient, "fetch", refuses)
    stage.more = {"per_hour": 3}
    for number in range(4):
        stage.says(f"w{number}", number)
    ear = Ear()
    async with hearing(stage.channel(), ear):
        await until(lambda: "w3" in ear.texts())
    assert ear.texts() == ["w0", "w2", "w3"]
    assert len(tried) == MOST_TRIES


async def test_a_mail_whose_date_is_to_come_hides_none_once_the_numbers_are_new(stage: Stage):
    import os

    ahead = stage.server.deliver(US, written(ADA, "from the future", number=1))
    os.utime(ahead, (4_000_000_000, 4_000_000_000))
    channel, ear = stage.channel(), Ear()
    async with hearing(channel, ear):
        await stage.done(1)
    stage.server.renumber(US)
    stage.says("now", 2)
    async with hearing(channel, ear):
        await until(lambda: "now" in ear.texts())
    assert ear.texts() == ["from the future", "now"]


async def test_the_end_waits_for_no_server_that_says_nothing(stage: Stage):
    """It is left in the middle of a greeting that never comes, or of a login."""
    async with silent() as (port, met):
        stage.more = {"imap": f"127.0.0.1:{port}"}
        async with hearing(stage.channel(), Ear()):
            await met.wait()
        left = [each for each in threading.enumerate() if each.name == "imap"]
        assert left
        assert all(each.daemon for each in left)
    await until(lambda: not any(each.is_alive() for each in left))


async def test_whoever_was_cut_off_while_they_signed_in_does_nothing_afterwards(stage: Stage):
    stage.channel()
    came, go, worked = threading.Event(), threading.Event(), threading.Event()

    def slow(config: EmailConfig) -> Any:
        came.set()
        go.wait(20)
        return signed_in(config)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "signed_in", slow)
        patch.setattr(client, "CUT_SECONDS", 0.01)
        connection = client.Connection(stage.channel()._config)
        task = asyncio.create_task(connection.call(lambda _: worked.set()))
        await asyncio.to_thread(came.wait)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await connection.close()
        go.set()
        await until(lambda: not [e for e in threading.enumerate() if e.name == "imap"])
    assert not worked.is_set()
    assert await connection.call(lambda folder: folder.validity)
    await connection.close()


@asynccontextmanager
async def silent() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Open a server that takes connections and never says a word."""
    met = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        met.set()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], met
    finally:
        for each in writers:
            each.close()
        server.close()


async def test_it_goes_on_when_the_server_is_back(stage: Stage):
    ear = Ear()
    async with hearing(stage.channel(), ear):
        stage.says("one", 1)
        await until(lambda: stage.seen() == 1)
        stage.server.stop()
        stage.says("two", 2)
        await asyncio.sleep(0.2)
        stage.server.start()
        await until(lambda: stage.seen() == 2)
        stage.says("three", 3)
        await until(lambda: stage.seen() == 3)
    assert ear.texts() == ["one", "two", "three"]


async def test_without_idle_it_asks_now_and_then(stage: Stage, monkeypatch):
    stage.more = {"poll_seconds": 0.1}
    has = client.IMAPClient.has_capability
    monkeypatch.setattr(
        client.IMAPClient, "has_capability", lambda self, name: name != "IDLE" and has(self, name)
    )
    ear = Ear()
    async with hearing(stage.channel(), ear):
        for number in range(2):
            stage.says(f"w{number}", number)
            await until(lambda number=number: len(ear.texts()) == number + 1)


async def test_a_command_is_answered_in_its_thread_and_nobody_unproven_is_refused(stage: Stage):
    async def inbox(heard: Any) -> Reply | None:
        assert isinstance(heard, Inbound)
        return Reply(text="**no**", refused=True)

    stage.more = {"trusts": "", "unproven": "hear"}
    stage.says("/help", 1)
    async with hearing(stage.channel(), inbox):
        await stage.done(1)
    assert stage.box.taken == []
    stage.more = {}
    stage.says("/help", 2)
    async with hearing(stage.channel(), inbox):
        await until(lambda: stage.seen() == 2)
    (mail,) = stage.box.mails(ADA)
    assert text_in(mail) == "no"
    assert mail["In-Reply-To"] == f"<2-{ADA}>"


# -- deaths ---------------------------------------------------------------------------------------


@dataclass
class Fuse:
    """Lets so many effects happen; the next one ends everything, before or after it is done."""

    left: int
    is_after: bool

    async def burns(self, effect: Callable[[], Awaitable[Any]]) -> Any:
        self.left -= 1
        if self.left < 0 or (self.left == 0 and not self.is_after):
            raise Died
        done = await effect()
        if self.left == 0:
            raise Died
        return done


class Log:
    """What is stored: each id once, as the bridge's log has it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.fuse: Fuse | None = None

    async def __call__(self, heard: Inbound) -> Reply | None:
        async def keep() -> None:
            self.texts.setdefault(heard.external_id, heard.what.content.text)

        await (self.fuse.burns(keep) if self.fuse else keep())
        return None


async def live(stage: Stage, log: Log, fuse: Fuse) -> bool:
    """Let a bridge live until its fuse blows; return whether it came to rest instead."""
    channel = stage.channel()
    listening = channel._listening
    call, put = listening.folder.call, stage.facts.put
    listening.folder.call = lambda work: fuse.burns(lambda: call(work))  # type: ignore[method-assign]
    listening._facts = _Facts(stage.facts, lambda *told: fuse.burns(lambda: put(*told)))
    log.fuse = fuse
    async with hearing(channel, log) as task:
        rest = asyncio.create_task(until(lambda: stage.seen() == 3 and len(log.texts) == 3))
        done, _ = await asyncio.wait({task, rest}, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            rest.cancel()
            assert isinstance(task.exception(), Died), task.exception()
            return False
        return True


class _Facts:
    def __init__(self, facts: Any, put: Callable[..., Awaitable[None]]) -> None:
        self.get, self.put = facts.get, put


@pytest.mark.parametrize("is_after", [False, True])
async def test_dying_before_or_after_each_effect_it_hears_each_mail_once(stage: Stage, is_after):
    """With every call of the server, of the store and of the log the last one."""
    stage.channel()
    for number in range(3):
        stage.says(f"w{number}", number)
    log = Log()
    lives = 0
    for left in (*range(1, 14), 1000):
        lives += 1
        if await live(stage, log, Fuse(left, is_after)):
            break
    assert sorted(log.texts.values()) == ["w0", "w1", "w2"]
    assert lives > 2


async def test_of_a_stranger_nothing_is_kept_however_often_they_write(stage: Stage):
    """They are refused once an hour; what they send after that is answered with nothing."""
    told: set[str] = set()

    async def inbox(heard: Any) -> Reply | None:
        who = heard.sender.user
        if who == ADA or who in told:
            return None
        told.add(who)
        return Reply(text="not let in", refused=True)

    for number in range(4):
        body = written("eve@evil.example", f"w{number}", number=number, References="")
        stage.server.deliver(US, body)
    stage.says("hello", 9)
    channel = stage.channel()
    async with hearing(channel, inbox):
        await stage.done(5)
        await until(lambda: stage.box.mails("eve@evil.example"))
    kept = await stage.facts.all()
    assert [each for each in kept if each.startswith("thread:")] == [f"thread:{ADAS}"]


async def test_of_whoever_is_refused_and_then_let_in_an_answer_keeps_the_thread(stage: Stage):
    replies = [Reply(text="not let in", refused=True), None]
    ear = Ear()

    async def inbox(heard: Any) -> Reply | None:
        await ear(heard)
        return replies.pop(0)

    stage.says("hello?", 1)
    stage.says("and now?", 2)
    channel = stage.channel()
    async with hearing(channel, inbox):
        await stage.done(2)
        assert await stage.facts.get(f"thread:{ADAS}") is None
        (_, heard) = ear.heard
        await channel.send(heard.address, part("yes"))
    assert await stage.facts.get(f"thread:{ADAS}") is not None


async def test_a_domain_of_any_number_of_addresses_costs_few_mails(stage: Stage, monkeypatch):
    """Providers count what is sent: else somebody could use up the answers of a day."""
    monkeypatch.setattr(senders, "MOST_REPLIES", 2)

    async def inbox(heard: Any) -> Reply | None:
        return Reply(text="not let in", refused=heard.sender.user != ADA)

    for number in range(5):
        who = f"eve{number}@d{number}.evil.example"
        stage.server.deliver(US, written(who, "let me in", number=number))
    stage.says("/whoami", 9)
    async with hearing(stage.channel(), inbox):
        await stage.done(6)
        await until(lambda: stage.box.mails(ADA))
    assert len(stage.box.taken) == 3
