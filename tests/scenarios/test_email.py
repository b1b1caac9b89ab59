"""A mail thread that goes on in a chat app and is answered by mail; on real servers, and dying."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest

from bridge import texts
from bridge.demo.apps import Apps, four
from tests.channels.email.servers import PASSWORD, Dovecot, Postbox, dovecot, needs_dovecot, postbox
from tests.conformance.rigs.mail import US, text_in, written
from tests.process import BridgeProcess
from tests.waiting import until

pytestmark = [pytest.mark.dovecot, needs_dovecot]

ADA = "ada@example.org"

CONFIG = """
agents: {{echo: {{type: echo, delay: 0}}}}
agent: echo
channels:
  telegram:
    type: telegram
    token: {{file: {token}}}
    api_url: {api}
    welcome: false
  mail:
    type: email
    address: bridge@example.com
    password: {{file: {password}}}
    imap: 127.0.0.1:{imap}
    smtp: 127.0.0.1:{smtp}
    imap_tls: none
    smtp_tls: none
    trusts: mx.example.com
    allow: [ada@example.org]
    idle_seconds: 5
"""


@dataclass
class Story:
    """Ada has a mail program, and Telegram, where she is not let in."""

    bridge: BridgeProcess
    server: Dovecot
    box: Postbox
    apps: Apps
    subject: str = "Holiday"
    _numbers: "count[int]" = field(default_factory=count)

    def mails(self) -> Sequence[EmailMessage]:
        return self.box.mails(ADA)

    def texts(self) -> list[str]:
        return [text_in(each) for each in self.mails()]

    def writes(self, words: str, *, to: EmailMessage | None = None, **headers: str) -> None:
        """Write a mail, or answer one, as a mail program does, with all of it below."""
        if to is not None:
            quoted = "\n".join(f"> {line}" for line in text_in(to).splitlines())
            words = f"{words}\n\nOn Monday, Bridgehead <{US}> wrote:\n{quoted}\n"
        named = str(to["Message-ID"]) if to is not None else ""
        references = f"{to['References'] or ''} {named}" if to is not None else ""
        headers = {
            "Subject": f"Re: {self.subject}" if to is not None else self.subject,
            "In_Reply_To": named,
            "References": " ".join(references.split()),
            **headers,
        }
        self.server.deliver(US, written(ADA, words, number=next(self._numbers), **headers))

    async def gets(self, words: str) -> EmailMessage:
        """Wait until a mail with these words comes."""
        await until(lambda: any(words in each for each in self.texts()))
        return next(each for each in reversed(self.mails()) if words in text_in(each))

    def chat(self) -> list[str]:
        return [look.text for look in self.apps.telegram.seen() if not look.who]


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[Story]:
    async with four() as apps, postbox() as box:
        with dovecot() as server:
            section = apps.telegram.section()
            for name, value in (("token", section["token"]), ("password", PASSWORD)):
                (folder / name).write_text(value)
                (folder / name).chmod(0o600)
            config = CONFIG.format(
                token=folder / "token",
                password=folder / "password",
                api=section["api_url"],
                imap=server.port,
                smtp=box.port,
            )
            bridge = BridgeProcess(folder / "data", config)
            bridge.start()
            try:
                yield Story(bridge, server, box, apps)
            finally:
                bridge.kill()


async def test_a_mail_thread_goes_on_in_a_chat_app_and_is_answered_by_mail(tmp_path):
    async with told(tmp_path) as story:
        story.writes("What is up?")
        answer = await story.gets("What is up?")
        assert answer["Subject"] == "Re: Holiday"
        assert answer["In-Reply-To"] == f"<0-{ADA}>"
        assert answer["Auto-Submitted"] == "auto-generated"

        story.writes("/link", to=answer)
        code = await story.gets("/link ")
        found = re.search(r"/link \S+", text_in(code))
        assert found is not None, text_in(code)
        story.apps.telegram.says(found[0])
        await until(story.chat)

        story.apps.telegram.says("more from the train")
        await until(lambda: any("said: more from the train" in each for each in story.chat()))
        answer = await story.gets("said: more from the train")
        assert answer["Subject"] == "Re: Holiday"

        story.writes("and home again", to=answer)
        await until(lambda: any("said: and home again" in each for each in story.chat()))
        await story.gets("said: and home again")
        assert not [each for each in story.chat() if "wrote:" in each or "> " in each]


async def test_what_is_asked_in_a_mail_is_answered_by_a_word(tmp_path):
    async with told(tmp_path) as story:
        story.writes("approve", Subject="")
        asked = await story.gets("roll a die")
        assert "Approve" in text_in(asked)
        story.writes("Approve", to=asked)
        await story.gets("The die says")
        # The question, what was decided, and the answer.
        assert len(story.mails()) == 3, story.texts()


async def test_an_answer_is_one_mail_however_long_it_is(tmp_path):
    async with told(tmp_path) as story:
        story.writes("long", Subject="")
        answer = await story.gets("That was all of it.")
        assert len(story.mails()) == 1
        page = answer.get_body(("html",))
        assert page is not None
        assert "<table" in page.get_content()
        assert "<pre><code>" in page.get_content()


async def test_another_subject_is_another_conversation(tmp_path):
    async with told(tmp_path) as story:
        story.writes("one", Subject="First")
        story.writes("two", Subject="Second")
        await story.gets("two")
        await story.gets("one")
        assert {each["Subject"] for each in story.mails()} == {"Re: First", "Re: Second"}
        story.writes("/history", to=await story.gets("one"))
        await until(lambda: len(story.mails()) == 3)
        assert "two" not in story.texts()[-1]


async def test_killed_again_and_again_it_hears_each_mail_once_and_loses_none(tmp_path):
    """A mail that goes out twice is the same mail, and says that it may be a repeat."""
    async with told(tmp_path) as story:
        for number in range(4):
            story.writes(f"w{number}", Subject=f"Number {number}")
            await until(lambda number=number: len(story.server.mails(US, flag="S")) >= number)
            story.bridge.kill()
            story.writes(f"v{number}", Subject=f"Other {number}")
            story.bridge.start()
        words = [f"{letter}{number}" for number in range(4) for letter in "wv"]
        for word in words:
            await story.gets(word)
        await until(lambda: len(story.server.mails(US, flag="S")) == len(words))
        answers: dict[str, list[str]] = {}
        for mail in story.mails():
            answers.setdefault(str(mail["Message-ID"]), []).append(text_in(mail))
        assert len(answers) == len(words)
        for copies in answers.values():
            assert len([each for each in copies if texts.REPEATED.strip("_") not in each]) <= 1
