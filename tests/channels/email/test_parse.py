import contextlib
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.ids import ChannelName
from channels.email.config import EmailConfig
from channels.email.content import held, part_of, text_in
from channels.email.conversation_ids import message_id, person_in, thread_in, thread_of
from channels.email.inbound import UNREADABLE
from channels.email.parse import Arrived, Mail, Unheard, bare_subject, read
from tests.conformance.rigs.mail import TRUSTED, US, written

ADA = "ada@example.org"
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def config(**more) -> EmailConfig:
    return EmailConfig.model_validate(
        {
            "address": US, "password": "x", "imap": "mx.example.com", "smtp": "mx.example.com",
            "trusts": TRUSTED, **more,
        }
    )  # fmt: skip


def arrived(body: bytes, **more) -> Mail | Unheard:
    told = Arrived(ref="1/2", body=body, size=len(body), at=AT, **more)
    return read(told, config(), ChannelName("mail"))


def heard(body: bytes, **more) -> Mail:
    found = arrived(body, **more)
    assert isinstance(found, Mail), found
    return found


def words(body: bytes, **more) -> str:
    return heard(body, **more).inbound.what.content.text


# -- who, where, which ----------------------------------------------------------------------------


def test_a_first_mail_begins_a_conversation_that_its_subject_names():
    mail = heard(written(ADA, "Hello", Subject="Re: Tea", References=""))
    assert mail.inbound.title == "Tea"
    assert person_in(mail.place) == ADA
    assert mail.inbound.what.content.text == "Tea\n\nHello"
    assert mail.inbound.what.content.literal
    assert mail.inbound.at == AT
    assert mail.inbound.sender.proven


def test_what_answers_it_or_us_is_in_the_same_conversation():
    first = heard(written(ADA, "Hello", References="", Message_ID="<a@x>"))
    ours = message_id(["s", "c", "1:0"], thread_in(first.place), "example.com")
    for named in ("<a@x>", f"<a@x> {ours}", f"<cut@off> {ours}", ours):
        again = heard(written(ADA, "again", References=named, Message_ID="<b@x>"))
        assert again.place == first.place
        assert again.inbound.what.content.text == "again"
    assert heard(written(ADA, "x", References="", In_Reply_To=ours)).place == first.place
    assert heard(written(ADA, "x", References="<z@x>", Message_ID="<c@x>")).place != first.place


def test_nobody_comes_into_the_conversation_of_somebody_else():
    first = heard(written(ADA, "Hello", References="", Message_ID="<a@x>"))
    ours = message_id(["s", "c", "1:0"], thread_in(first.place), "example.com")
    theirs = heard(written("eve@evil.example", "hi", References=f"<a@x> {ours}"))
    assert person_in(theirs.place) == "eve@evil.example"
    assert theirs.place != first.place


def test_what_another_domain_calls_its_mails_is_none_of_ours():
    ours = message_id(["x"], "0" * 16, "elsewhere.example")
    assert thread_of("<own@x>", [ours], "example.com") != "0" * 16


def test_a_copy_is_the_same_and_what_only_calls_itself_so_is_not():
    body = written(ADA, "Hello")
    name = heard(body).inbound.external_id
    assert "0-ada@example.org" in name
    above = b"Received: from elsewhere\r\nX-Spam: no\r\n" + body
    assert heard(above).inbound.external_id == name
    assert heard(body.replace(b"\r\n", b"\n")).inbound.external_id == name
    assert heard(written(ADA, "Hello!")).inbound.external_id != name
    assert heard(written("bob@example.org", "Hello", Message_ID="<0-ada@example.org>")
                 ).inbound.external_id != name  # fmt: skip


def test_mails_without_an_id_are_told_apart_by_what_they_say():
    one, two = (heard(written(ADA, each, Message_ID="")) for each in ("one", "two"))
    assert one.inbound.external_id != two.inbound.external_id
    assert one.inbound.what.message != two.inbound.what.message
    again = heard(written(ADA, "one", Message_ID=""))
    assert again.inbound.external_id == one.inbound.external_id


def test_whom_nobody_vouches_for_is_not_heard_or_owns_nothing():
    forged = written(ADA, "I am Ada", Authentication_Results="")
    assert isinstance(arrived(forged), Unheard)
    told = Arrived(ref="1/2", body=forged, size=len(forged), at=AT)
    found = read(told, config(trusts="", unproven="hear"), ChannelName("mail"))
    assert isinstance(found, Mail)
    assert not found.inbound.sender.proven


def test_a_header_that_the_sender_wrote_proves_nothing():
    genuine = f"Authentication-Results: {TRUSTED}; dmarc=fail header.from=example.org\r\n".encode()
    assert isinstance(arrived(genuine + written(ADA, "I am Ada")), Unheard)


@pytest.mark.parametrize("name", ["Auto_Submitted", "List_Id", "X_Autoreply"])
def test_what_a_program_wrote_is_not_heard(name):
    assert isinstance(arrived(written(ADA, "out of office", **{name: "yes"})), Unheard)


# -- what it says ---------------------------------------------------------------------------------


def made(*headers: str, body: bytes = b"") -> bytes:
    first = written(ADA, "").partition(b"Content-Type")[0]
    return first + "\r\n".join(headers).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "grüß ☕"),
        ("iso-8859-1", "grüß"),
        ("iso-8859-15", "grüß €"),
        ("windows-1251", "привет"),
        ("koi8-r", "привет"),
        ("gb2312", "你好"),
        ("big5", "你好"),
        ("iso-2022-jp", "こんにちは"),
        ("shift_jis", "こんにちは"),
        ("euc-kr", "안녕"),
        ("iso-8859-8-i", "שלום"),
        ("utf-16", "hello"),
        ("utf-7", "hello"),
    ],
)
def test_words_in_any_charset_are_read(charset, text):
    known = {"iso-8859-8-i": "iso-8859-8"}.get(charset, charset)
    body = made(f"Content-Type: text/plain; charset={charset}", body=text.encode(known))
    assert words(body) == text


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("us-ascii", "grüß".encode(), "grüß"),
        ("", "grüß".encode(), "grüß"),
        ("", "grüß".encode("cp1252"), "grüß"),
        ("iso-8859-1", "“grüß”".encode("cp1252"), "“grüß”"),
        ("no-such-thing", "grüß".encode(), "grüß"),
        ("no-such-thing", b"gr\xfc\xdf", "grüß"),
        ("utf-8", b"gr\xfc", "gr\ufffd"),
        ("utf-8", b"\xef\xbb\xbfhi", "hi"),
    ],
)
def test_words_whose_charset_is_wrong_are_read_too(charset, raw, text):
    assert text_in(raw, charset) == text


def test_words_that_were_broken_to_flow_are_whole_again():
    body = made(
        "Content-Type: text/plain; format=flowed",
        body=b"One line \r\nthat goes on\r\n  stuffed\r\n> quoted \r\n> too\r\nend\r\n",
    )
    assert "One line that goes on\n stuffed" in words(body) + heard(body).inbound.what.quoted.text


def test_of_two_forms_the_plain_one_is_read_and_pictures_come_along():
    mail = message_from_bytes(written(ADA, "plain"), policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    mail.add_alternative('<p>page <img src="cid:a"></p>', subtype="html")
    page = mail.get_payload()[1]
    page.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<a>", filename="a.png")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="../x.pdf")
    spoken = heard(mail.as_bytes()).inbound.what
    assert spoken.content.text == "plain"
    assert [(each.kind, each.name) for each in spoken.files] == [
        ("image", "a.png"),
        ("file", "x.pdf"),
    ]
    number = int(spoken.files[1].ref.rpartition("/")[2])
    assert part_of(message_from_bytes(mail.as_bytes()), number) == b"%PDF-"


def test_a_page_alone_is_read_as_text():
    body = made(
        "Content-Type: text/html; charset=utf-8", body=b"<p>Hi <b>there</b></p><style>x</style>"
    )
    assert words(body) == "Hi there"


def test_a_mail_in_a_mail_is_a_file():
    inner = written("eve@evil.example", "inner")
    outer = EmailMessage(policy=policy.SMTP)
    outer.set_content("see this")
    outer.add_attachment(message_from_bytes(inner, policy=policy.SMTP))
    found = held(message_from_bytes(outer.as_bytes()))
    assert found.text.strip() == "see this"
    assert [each.mime for each in found.files] == ["message/rfc822"]
    assert found.files[0].name.endswith(".eml")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("multipart/encrypted; boundary=x", "encrypted"),
        ("application/pkcs7-mime; smime-type=enveloped-data", "encrypted"),
        ("application/ms-tnef; name=winmail.dat", "winmail"),
        ("text/plain", "without words"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line(kind, told):
    line = words(made(f"Content-Type: {kind}", body=b""))
    assert told in line
    assert "cannot show" in line


def test_a_mail_that_is_too_large_is_told_of_and_its_head_is_read():
    body = written(ADA, "x").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    told = Arrived(ref="1/2", body=body, size=60_000_000, at=AT, is_whole=False)
    found = read(told, config(), ChannelName("mail"))
    assert isinstance(found, Mail)
    assert "60 MB" in found.inbound.what.content.text


def test_a_command_and_a_code_stand_alone_below_a_subject():
    assert words(written(ADA, "/help", Subject="hello", References="")) == "/help"
    assert words(written(ADA, "KK2DR-78M5M", Subject="hello", References="")) == "KK2DR-78M5M"


def test_what_is_passed_on_is_from_outside():
    spoken = heard(written(ADA, "FYI\n\n> Pay me", Subject="Fwd: bill", References="")).inbound.what
    assert spoken.content.outside
    assert "Pay me" in spoken.content.text


def test_what_a_reply_is_about_comes_along():
    spoken = heard(written(ADA, "Yes\n\nOn Monday, X wrote:\n> Shall I?")).inbound.what
    assert spoken.content.text == "Yes"
    assert spoken.quoted.text == "Shall I?"
    assert spoken.reply_to is not None


@pytest.mark.parametrize(
    ("subject", "bare"),
    [("Re: tea", "tea"), ("AW: Re: Fwd: tea", "tea"), ("Re[2]: tea", "tea"),
     ("回复\N{FULLWIDTH COLON}tea", "tea"),
     ("tea", "tea"), ("Regarding: tea", "Regarding: tea"), ("", ""), ("Re:", "")],
)  # fmt: skip
def test_a_thread_is_called_what_it_was_called(subject, bare):
    assert bare_subject(subject) == bare


def test_halves_of_characters_and_zeroes_are_kept_nowhere():
    body = made("Content-Type: text/plain; charset=utf-7", body=b"a+2AA-b")
    mail = heard(body.replace(b"Ada", b"=?utf-8?q?A=FFda?="))
    told = mail.inbound
    for each in (told.what.content.text, told.sender.name, told.external_id, told.what.message):
        each.encode()
        assert "\0" not in each


# -- nothing stops it -----------------------------------------------------------------------------

NASTY = [
    b"", b"\r\n", b"\0", b"From", b"From: \xff\xff\r\n\r\n\xff", b":\r\n\r\n",
    b"From: a@b\r\nContent-Type: multipart/mixed\r\n\r\n",
    b'From: a@b\r\nContent-Type: multipart/mixed; boundary="\r\n\r\n--"',
    b"From: a@b\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: a@b\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin 644 x\r\n\x01",
    b"From: a@b\r\nContent-Type: text/plain; charset*=x'y'%zz\r\n\r\nhi",
    b"From: a@b\r\nContent-Disposition: attachment; filename*=utf-9''%ff\r\n\r\nhi",
    b"From: =?utf-8?b?!!!?= <a@b>\r\nSubject: =?x?q?=\r\n\r\nhi",
    b"From: a@b\r\nMessage-ID: <<>\r\nReferences: <" + b"a" * 100_000 + b"\r\n\r\nhi",
]  # fmt: skip


@pytest.mark.parametrize("body", NASTY)
def test_a_broken_mail_is_read_or_left_and_stops_nothing(body):
    trusted = f"Authentication-Results: {TRUSTED}; dmarc=pass header.from=b\r\n".encode()
    for each in (body, trusted + body):
        assert isinstance(arrived(each), Mail | Unheard)


def test_parts_in_parts_in_parts_are_read_or_left():
    body = b"From: a@b\r\n"
    for number in range(1500):
        body += f'Content-Type: multipart/mixed; boundary="{number}"\r\n\r\n--{number}\r\n'.encode()
    with contextlib.suppress(UNREADABLE):
        arrived(body)


@given(st.binary(max_size=300), st.sampled_from(NASTY))
def test_no_bytes_raise_anything_that_is_not_looked_for(more, nasty):
    trusted = f"Authentication-Results: {TRUSTED}; dmarc=pass header.from=b\r\n".encode()
    with contextlib.suppress(UNREADABLE):
        arrived(trusted + nasty + more)


# -- what is made to be read in two ways, or to take for ever --------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        # What is signed is Eve's; each of these makes Python read Ada, and most others Eve.
        b"X: a\rFrom: ada@example.org\r\r\nFrom: eve@example.org\r\n",
        b"From: ada@example.org\r\nFrom : eve@example.org\r\n",
        b"From: ada@example.org\r\nno header\r\nFrom: eve@example.org\r\n",
        b"From: ada@example.org\r\nX: \0\r\n",
        b"From ada@example.org Mon\r\nFrom: ada@example.org\r\n",
        b"From: ada@example.org\r\n: eve@example.org\r\n",
        b"From: ada@example.org\r\nX: " + b"x" * 600_000 + b"\r\nFrom: eve@example.org\r\n",
    ],
)
def test_a_head_that_is_read_in_two_ways_is_nobodys(head):
    proof = f"Authentication-Results: {TRUSTED}; dmarc=pass header.from=example.org\r\n".encode()
    for body in (head + proof, proof + head):
        found = arrived(body + b"Subject: x\r\n\r\nPay me\r\n")
        assert isinstance(found, Unheard)
        assert found.why == "unclear-head"


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_a_plain_head_is_read_and_a_mail_of_nothing_else_too(ending):
    head = written(ADA, "Hello").partition(b"\r\n\r\n")[0]
    assert words((head + b"\r\nX:\r\n folded\r\n\r\nHi\r\n").replace(b"\r\n", ending)) == "Hi"
    assert "a mail without words" in words(head.replace(b"\r\n", ending))


def nested(levels: int, inside: bytes) -> bytes:
    head = written(ADA, "x").partition(b"Content-Type")[0]
    for number in range(levels):
        head += (
            f'Content-Type: multipart/mixed; boundary="b{number}"\r\n\r\n--b{number}\r\n'.encode()
        )
    return head + inside


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (nested(1, b"\r\n--b0\r\n" * 300_000), "too many parts"),
        (nested(300, b"\r\n" * 300_000), "too many parts"),
        (nested(1, b"Content-Type: message/delivery-status\r\n\r\n" + b"a: b\r\n\r\n" * 99_000),
         "too many parts"),
        (nested(1, b"X: 1\r\n" * 1_100_000), "too many parts"),
        (nested(30, b"\r\nHello"), "too many parts"),
        (nested(1, b"Content-Type: text/plain;" + b'";' * 500_000 + b"\r\n\r\nHello"), "Hello"),
        (nested(1, b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 400_000 + b"-"
                   + b"b" * 400_000), "the end of a very long mail"),
        (nested(1, b"\r\n" + b"word " * 100_000), "the end of a very long mail"),
        (nested(1, b"Content-Type: text/html\r\n\r\n" + b"<p>a</p>" * 300_000),
         "the end of a very long mail"),
    ],
)  # fmt: skip
def test_what_is_made_to_take_for_ever_is_read_soon_and_what_is_left_out_is_told(body, told):
    begun = time.process_time()
    assert told in words(body)
    assert time.process_time() - begun < 20


def test_a_subject_of_endless_codes_is_read_at_once():
    begun = time.process_time()
    heard(written(ADA, "x").replace(b"Re: tea", b"=?a?q?x" * 30_000))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "undefined"])
def test_what_is_a_charset_to_python_alone_is_text_as_it_stands(charset):
    assert text_in(b"a\\x41-b", charset) == "a\\x41-b"


def test_parts_without_their_boundary_are_words():
    head = written(ADA, "x").partition(b"Content-Type")[0]
    assert words(head + b"Content-Type: multipart/mixed\r\n\r\nHello\r\n") == "Hello"
    assert words(head + b"Content-Type: multipart/alternative; boundary=b\r\n\r\nHi") == "Hi"


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        (
            "message/external-body; access-type=URL",
            b"Content-Type: text/plain\r\n\r\nthere",
            "else",
        ),
        ("message/partial; id=a; number=1", b"Subject: x\r\n\r\nhalf of it", "several mails"),
        ("application/pdf; name=a.pdf", b"", "an empty file"),
    ],
)
def test_no_part_of_a_mail_vanishes_without_a_word(kind, said, told):
    head = b"--a\r\nContent-Type: text/plain\r\n\r\nSee below\r\n--a\r\nContent-Type: "
    body = head + kind.encode() + b"\r\n\r\n" + said + b"\r\n--a--"
    found = words(made("Content-Type: multipart/mixed; boundary=a", body=body))
    assert "See below" in found
    assert told in found


def test_a_mail_with_letters_of_other_alphabets_in_its_head_is_a_file_as_any():
    said = "From: ü@x.example\r\nSubject: Tee\r\n\r\nhallo".encode()
    mail = heard(made("Content-Type: message/global", body=said))
    (file,) = mail.inbound.what.files
    assert file.name == "Tee.eml"
    assert file.size


# -- what somebody else sends once more, in the name of whoever signed it -------------------------

DATED = {"Date": "Mon, 30 Nov 2026 11:00:00 +0000"}


@pytest.mark.parametrize(
    "headers",
    [
        {"To": "mallory@evil.example"},
        {"To": f'"{US}" <mallory@evil.example>'},
        {"To": "undisclosed-recipients:;"},
        {"To": ""},
        {"To": "mallory@evil.example", "Resent-To": US},
        {"To": "mallory@evil.example", "Bcc": US},
        {"To": f"mallory@evil.example ({US})"},
        {"To": f"{US}.evil.example"},
    ],
)
def test_what_somebody_wrote_to_another_one_is_not_said_to_us(headers):
    """Whoever got a signed mail can put it into our mailbox as it is: it is still signed."""
    found = arrived(written(ADA, "/role Mallory owner", **DATED, **headers))
    assert isinstance(found, Unheard)
    assert found.why == "not-to-us"


@pytest.mark.parametrize(
    "headers",
    [
        {"To": f"Bob <bob@example.org>, Bridgehead <{US.upper()}>"},
        {"To": "bob@example.org", "Cc": f"<{US}>"},
        {"To": US.replace("@", "+tea@")},
        {"To": "help@example.com"},
        {"To": f"Friends: bob@example.org, {US};"},
        {"To": f"=?utf-8?q?Br=C3=BCcke?= <{US}>"},
        {"To": ", ".join(f"p{n}@example.org" for n in range(500)) + f", {US}"},
    ],
)
def test_it_is_said_to_us_where_an_address_of_ours_is_among_those_it_went_to(headers):
    body = written(ADA, "Hello", **DATED, **headers)
    told = Arrived(ref="1/2", body=body, size=len(body), at=AT)
    found = read(told, config(aliases="help@example.com"), ChannelName("mail"))
    assert isinstance(found, Mail), found


@pytest.mark.parametrize(
    "above",
    [
        "Subject: /role Mallory owner",
        "To: bridge@example.com",
        "Cc: bridge@example.com",
        "Date: Tue, 1 Dec 2026 11:00:00 +0000",
        "Message-ID: <another@evil.example>",
        "In-Reply-To: <another@evil.example>",
        "References: <another@evil.example>",
        "Content-Type: text/html",
        "Content-Transfer-Encoding: base64",
        "subject : x",
    ],
)
def test_a_header_that_is_put_above_the_signed_one_makes_a_mail_nobodys(above):
    """A signature covers the lowest of its name, and we would read the topmost."""
    name = above.partition(":")[0].strip()
    body = written(ADA, "Hello", In_Reply_To="<root>", Cc="bob@example.org", **DATED)
    assert name.lower().encode() in body.lower()
    assert isinstance(arrived(f"{above}\r\n".encode() + body), Unheard)


def test_a_recorded_mail_is_the_same_whatever_its_signature_does_not_cover():
    """Neither the Message-ID nor blanks need be covered (RFC 6376, 5.4.1 and 3.4)."""
    body = written(ADA, "Pay Bob 100\r\nand Eve 5\r\n", **DATED)
    name = heard(body).inbound.external_id
    for was, new in (
        (b"<0-ada@example.org>", b"<another@evil.example>"),
        (b"Message-ID: <0-ada@example.org>\r\n", b""),
        (b"Pay Bob", b"Pay   Bob"),
        (b"100\r\n", b"100  \t \r\n"),
        (b"Subject: Re: tea", b"Subject:  Re:   tea "),
        (b"and Eve 5", b"and Eve 5\r\n\r\n\r\n"),
        (b"Re: tea\r\n", b"Re: tea\r\nReferences-More: x\r\n"),
    ):
        assert was in body
        again = arrived(body.replace(was, new))
        assert isinstance(again, Mail)
        assert again.inbound.external_id == name, new
    later = body.replace(b"11:00:00", b"11:00:01")
    assert heard(later).inbound.external_id != name


def test_a_signature_of_only_the_beginning_of_a_mail_proves_nothing():
    """Whoever sends it on can put words below it (RFC 6376, 8.2)."""
    for signed in ("v=1; d=example.org; l=20; b=abc", "v=1;d=example.org;\r\n\tl = 20;b=abc"):
        head = f"DKIM-Signature: {signed}\r\n".encode()
        found = arrived(head + written(ADA, "Hello, and more", **DATED))
        assert isinstance(found, Unheard)
        assert found.why == "partly-signed"
    head = b"DKIM-Signature: v=1; d=example.org; h=to:l; b=l=5; bh=al=;\r\n"
    assert isinstance(arrived(head + written(ADA, "Hello", **DATED)), Mail)
