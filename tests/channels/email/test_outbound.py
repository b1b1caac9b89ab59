"""Showing: a mail as it is sent, and what the server's refusals mean."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from bridge.domain.content import Attachment
from bridge.domain.errors import (
    FileRefused,
    FormRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import ChannelName, MediaId
from bridge.domain.parts import Address
from bridge.domain.records import replace
from bridge.testing.channels import part
from bridge.testing.rig import surrounded
from channels.email import from_markdown
from channels.email.channel import EmailChannel
from channels.email.config import EmailConfig
from channels.email.conversation_ids import place_of
from channels.email.parse import Thread
from channels.email.render import Letter, Loaded, mail
from tests.channels.email.servers import PASSWORD, Postbox, Refusal, free_port, postbox
from tests.conformance.rigs.mail import TRUSTED, US, text_in

ADA = "ada@example.org"
PLACE = Address(channel=ChannelName("mail"), place=place_of(ADA, "0" * 16))
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
THREAD = Thread(subject="tea", last="<b@x>", references=("<a@x>", "<b@x>"))


def config(port: int = 465, **more) -> EmailConfig:
    return EmailConfig.model_validate(
        {
            "address": US, "password": PASSWORD, "imap": "127.0.0.1:1", "trusts": TRUSTED,
            "smtp": f"127.0.0.1:{port}", "imap_tls": "none", "smtp_tls": "none", **more,
        }
    )  # fmt: skip


def letter(text: str, **more) -> Letter:
    return Letter(message="<m@example.com>", to=ADA, text=text, **more)


def sent(text: str, thread: Thread | None = THREAD, **more):
    raw = mail(letter(text, **more), thread, config(), NOW)
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    return message_from_bytes(raw, policy=policy.default)


def page_in(found) -> str:
    page = found.get_body(("html",))
    assert page is not None
    return page.get_content()


# -- what a mail looks like -----------------------------------------------------------------------


def test_an_answer_is_text_and_a_page_in_its_thread():
    found = sent("Hello **Ada**\n\n- one\n- two")
    assert found["Subject"] == "Re: tea"
    assert found["In-Reply-To"] == "<b@x>"
    assert found["References"] == "<a@x> <b@x>"
    assert found["From"] == f"Bridgehead <{US}>"
    assert found["To"] == ADA
    assert text_in(found).replace("\r", "").startswith("Hello Ada")
    assert "<p>Hello <strong>Ada</strong></p>" in page_in(found)
    assert "<ul><li>one</li><li>two</li></ul>" in page_in(found)


def test_every_mail_says_that_a_program_wrote_it():
    assert sent("x")["Auto-Submitted"] == "auto-generated"
    assert sent("x", is_plain=True)["Auto-Submitted"] == "auto-generated"


def test_what_is_plain_has_no_page():
    found = sent("Hello **Ada**", is_plain=True)
    assert found.get_content_type() == "text/plain"


def test_nothing_in_a_page_is_live():
    nasty = (
        "<script>alert(1)</script> <img src=x onerror=y> [a](javascript:alert(1)) "
        '![p](https://track.example/x.gif) "&quot; <b>x</b>\n\n`<i>`\n\n```\n</code><u>\n```\n'
        "| <s> | b |\n|---|---|\n| <q> | d |\n"
    )
    page = page_in(sent(nasty, speaker="<b>Eve</b>"))
    for tag in ("<script", "<img", "<b>", "<i>", "<u>", "<s>", "<q>", 'javascript:alert(1)"'):
        assert tag not in page, tag
    assert "&lt;b&gt;Eve&lt;/b&gt;" in page


def test_a_subject_and_a_name_of_two_lines_forge_no_header():
    evil = Thread(subject="tea\r\nBcc: eve@evil.example", last="<b@x>", references=())
    found = sent("x", thread=evil)
    assert found["Bcc"] is None
    assert found["Subject"] == "Re: tea Bcc: eve@evil.example"


def test_a_long_line_and_every_script_arrive():
    words = f"{'x' * 5000}\ngrüß 你好 ☕ שלום"
    assert text_in(sent(words)).replace("\r\n", "\n") == words


def test_a_very_long_answer_is_one_mail_and_formatted_to_its_end():
    found = sent("\n\n".join(f"word{number} **bold**" for number in range(5000)))
    assert page_in(found).count("<strong>bold</strong>") == 5000
    assert "**" not in text_in(found)
    assert [each for each in text_in(found).split() if each[:4] == "word"] == [
        f"word{number}" for number in range(5000)
    ]


def test_ids_as_long_as_those_of_outlook_are_written_as_they_are():
    """Python would write them as encoded words, and no program would find the thread."""
    ids = [f"<{letter * 90}@{letter * 90}.prod.outlook.com>" for letter in "abc"]
    raw = mail(
        letter("x"), Thread(subject="tea", last=ids[2], references=tuple(ids)), config(), NOW
    )
    found = message_from_bytes(raw, policy=policy.default)
    assert b"=?" not in raw
    assert found["In-Reply-To"] == ids[2]
    assert found["References"].split() == ids


def test_a_mail_among_the_files_is_a_file_like_any_other():
    eml = b"From: a@b\r\nSubject: x\r\n\r\nHello"
    made = Attachment(
        kind="file", name="x.eml", mime="message/rfc822", size=len(eml), media=MediaId("m")
    )
    (file,) = sent("see", files=[Loaded(attachment=made, body=eml)]).iter_attachments()
    assert file.get_filename() == "x.eml"
    assert file.get_payload(decode=True) == eml


def test_pictures_are_in_the_page_and_files_below():
    def file(name: str, mime: str) -> Loaded:
        made = Attachment(kind="file", name=name, mime=mime, size=3, media=MediaId("m"))
        return Loaded(attachment=made, body=b"abc")

    found = sent("see", files=[file("a.png", "image/png"), file("ü.pdf", "application/pdf")])
    kinds = [each.get_content_type() for each in found.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "application/pdf",
    ]  # fmt: skip
    picture = next(each for each in found.walk() if each.get_content_type() == "image/png")
    assert f"cid:{picture['Content-ID'].strip('<>')}" in page_in(found)
    assert [each.get_filename() for each in found.iter_attachments()] == ["ü.pdf"]


def test_a_thread_that_nobody_knows_has_a_subject_all_the_same():
    found = sent("x", thread=None)
    assert found["Subject"] == "Re: Bridgehead"
    assert found["In-Reply-To"] is None


def test_lists_quotes_and_breaks_are_a_page():
    page = from_markdown.render("> a\n> b\n\n3. x\n4. y\n\n---\n\n# h\n\n- a\n\n  b\n")
    assert "<blockquote>" in page
    assert '<ol start="3">' in page
    assert "<hr>" in page
    assert "<h1>h</h1>" in page
    assert "~" not in from_markdown.render("~~gone~~")
    assert "<s>gone</s>" in from_markdown.render("~~gone~~")


# -- what the server says -------------------------------------------------------------------------


@pytest.fixture
async def box() -> AsyncIterator[Postbox]:
    async with postbox() as opened:
        yield opened


def channel(box: Postbox, folder: Path, **more) -> EmailChannel:
    return EmailChannel(
        ChannelName("mail"), config(box.port, **more), surrounded(folder, ChannelName("mail"))
    )


REFUSALS = [
    ("mail", "421 4.3.2 shutting down", Unreachable),
    ("mail", "452 4.3.1 no room", Unreachable),
    ("rcpt", "450 4.7.1 greylisted", RateLimited),
    ("rcpt", "451 4.3.0 later", Unreachable),
    ("rcpt", "452 too many recipients", RateLimited),
    ("rcpt", "550 5.1.1 no such user", Gone),
    ("rcpt", "552 5.2.2 over quota", Gone),
    ("rcpt", "550 no such user", Gone),
    ("mail", "550 5.7.1 not your address", Unauthorized),
    ("mail", "530 5.7.0 sign in first", Unauthorized),
    ("data", "451 4.3.0 later", Unreachable),
    ("data", "421 4.7.0 too many", RateLimited),
    ("data", "554 5.7.1 spam", Rejected),
    ("data", "554 no", Rejected),
    ("data", "554 5.6.0 malformed", FormRefused),
    ("data", "552 5.3.4 too big", Rejected),
]


USED_UP = [
    "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for messages",
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed",
    "550 5.7.1 Outgoing message rate limit exceeded",
    "550 5.4.6 Unusual sending activity detected. Please try after sometime",
    "554 You have exceeded your hourly quota",
]


@pytest.mark.parametrize("command", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("says", USED_UP)
async def test_an_account_that_sent_all_that_it_may_sends_on_later(box, tmp_path, command, says):
    """The code is one for good: the account was shut, the place suspended, or the mail lost."""
    box.refusals.append(Refusal(command, says))
    with pytest.raises(RateLimited) as raised:
        await channel(box, tmp_path).send(PLACE, part("hello"))
    assert raised.value.certain
    assert box.taken == []


@pytest.mark.parametrize(("command", "says", "means"), REFUSALS)
async def test_what_the_server_says_is_what_it_means(box, tmp_path, command, says, means):
    box.refusals.append(Refusal(command, says))
    with pytest.raises(means) as raised:
        await channel(box, tmp_path).send(PLACE, part("hello"))
    assert type(raised.value) is means
    assert raised.value.certain
    assert box.taken == []
    await channel(box, tmp_path).send(PLACE, part("hello"))
    assert len(box.taken) == 1


@pytest.mark.parametrize("says", ["552 5.3.4 too big", "554 5.7.1 this attachment is no good"])
async def test_where_the_file_is_refused_only_that_is(box, tmp_path, says):
    around = surrounded(tmp_path, ChannelName("mail"))

    async def chunks():
        yield b"abc"

    kept = await around.blobs.put(chunks())
    file = Attachment(kind="file", name="a.pdf", mime="application/pdf", size=3, media=kept.media)
    sender = EmailChannel(ChannelName("mail"), config(box.port), around)
    box.refusals.append(Refusal("data", says))
    with pytest.raises(FileRefused):
        await sender.send(PLACE, replace(part("see"), attachments=(file,)))
    gone = replace(file, media=MediaId("no-such-file"))
    with pytest.raises(FileRefused):
        await sender.send(PLACE, replace(part("see"), attachments=(gone,)))


async def test_a_part_that_is_sent_again_is_the_same_mail(box, tmp_path):
    box.hangs_up = True
    with pytest.raises(OutcomeUnknown):
        await channel(box, tmp_path).send(PLACE, part("hello"))
    await channel(box, tmp_path).send(PLACE, replace(part("hello"), repeat=True))
    await channel(box, tmp_path).send(PLACE, part("other", 2))
    first, second, third = (each["Message-ID"] for each in box.mails(ADA))
    assert first == second != third


async def test_nobody_there_is_unreachable_and_a_probe_leaves_no_trace(box, tmp_path):
    away = Postbox(port=free_port())
    with pytest.raises(Unreachable):
        await channel(away, tmp_path).send(PLACE, part("hello"))
    with pytest.raises(Unreachable):
        await channel(away, tmp_path).probe(PLACE)
    await channel(box, tmp_path).probe(PLACE)
    assert box.taken == []


async def test_an_address_of_other_letters_takes_nothing(box, tmp_path):
    strange = replace(PLACE, place=place_of("ädä@example.org", "0" * 16))
    with pytest.raises(Gone):
        await channel(box, tmp_path).send(strange, part("hello"))


async def test_a_server_that_offers_no_tls_is_given_no_password(box, tmp_path):
    with pytest.raises(Unreachable):
        await channel(box, tmp_path, smtp_tls="starttls").send(PLACE, part("hello"))
    with pytest.raises(Unreachable):
        await channel(box, tmp_path, smtp_tls="implicit").send(PLACE, part("hello"))
    assert box.taken == []


async def test_a_link_opens_a_mail_with_the_words_in_it(box, tmp_path):
    assert channel(box, tmp_path).link("A-B") == f"mailto:{US}?body=A-B"
