"""What Twilio posts and lists is understood, once, at the edge."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.demo.whatsapp import fields, world
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Pressed, Quoted, Spoken
from bridge.domain.parts import Address
from channels.whatsapp import from_markdown as whatsapp
from channels.whatsapp import parse
from channels.whatsapp.client import Listed, ListedFile
from channels.whatsapp.config import _place
from channels.whatsapp.conversation_ids import has_number, place_of, user_of
from channels.whatsapp.to_markdown import content as written_by
from tests.stores import AT

WA = ChannelName("wa")
ADA = world.Person(name="Ada", place="whatsapp:+4915112345678")
ACCOUNT = world.Account()
SID = "SM" + "1" * 32


def form(body: str = "hi", *, files: tuple[world.Media, ...] = (), **extra: str):
    message = world.Message(
        sid=SID,
        account=ACCOUNT,
        sender=ADA.place,
        to="whatsapp:+4930123456",
        body=body,
        direction="inbound",
        status="received",
        made_at=AT,
        files=list(files),
        extra=extra,
    )
    posted = world.webhook_form(message, ADA, "https://api.twilio.com")
    assert fields.emitted("webhook", posted) == []
    return posted


def spoken(posted) -> Spoken:
    inbound = parse.heard(posted, WA)
    assert inbound is not None
    assert isinstance(inbound.what, Spoken)
    return inbound.what


# -- messages -------------------------------------------------------------------------------------


def test_a_message_is_its_sender_and_sid_and_never_in_a_room():
    inbound = parse.heard(form(), WA)
    assert inbound.external_id == SID
    assert inbound.address == Address(channel=WA, place=ADA.place)
    assert (inbound.sender.realm, inbound.sender.user) == ("whatsapp", "+4915112345678")
    assert inbound.sender.name == "Ada"
    assert not inbound.room
    assert inbound.what == Spoken(message=MessageId(SID), content=inbound.what.content)


def test_who_has_no_name_is_called_by_their_number():
    assert parse.heard({**form(), "ProfileName": " "}, WA).sender.name == "+4915112345678"


def test_a_press_of_one_of_our_buttons_is_its_value():
    posted = form("Yes", ButtonPayload="a:q_1:0", ButtonText="Yes", MessageType="button")
    assert parse.heard(posted, WA).what == Pressed(value="a:q_1:0")


def test_the_button_of_a_template_that_is_not_ours_is_what_it_says():
    assert spoken(form("Go on", ButtonPayload="GO_ON", ButtonText="Go on")).content.text == "Go on"


def test_a_reply_names_what_it_replies_to():
    replied = {"OriginalRepliedMessageSid": "SM" + "2" * 32}
    own = spoken(form(**replied, OriginalRepliedMessageSender=ADA.place))
    assert (own.reply_to, own.quoted.author) == ("SM" + "2" * 32, "Ada")
    assert spoken(form(**replied)).quoted == Quoted(author="", text=parse.UNTOLD)


def test_a_place_on_the_map_is_its_names_and_a_link():
    text = spoken(form("", Latitude="52.5", Longitude="13.4", Label="Café", Address="Weg 1"))
    assert text.content.text == "📍 Café, Weg 1, https://www.google.com/maps?q=52.5,13.4"


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/jpeg", "image"),
        ("image/webp", "image"),
        ("audio/ogg; codecs=opus", "voice"),
        ("audio/amr", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "file"),
        ("text/vcard", "file"),
        ("", "file"),
    ],
)
def test_a_file_is_of_the_kind_its_type_says(mime, kind):
    posted = {**form(), "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": mime}
    (file,) = spoken(posted).files
    assert (file.kind, file.mime, file.ref) == (kind, mime, "https://api.twilio.com/x")


def test_every_file_of_a_message_is_heard():
    media = [world.Media(mime="image/png", body=b"1"), world.Media(mime="audio/ogg", body=b"2")]
    assert [each.kind for each in spoken(form("", files=tuple(media))).files] == ["image", "voice"]


@pytest.mark.parametrize("missing", ["From", "MessageSid"])
def test_what_is_no_message_is_nothing(missing):
    posted = form()
    del posted[missing]
    assert parse.heard(posted, WA) is None


TYPES = (
    "audio", "button", "contacts", "document", "image", "interactive", "location", "order",
    "reaction", "sticker", "text", "unknown", "unsupported", "video",
)  # fmt: skip
"""Types of messages by Meta's documentation of its webhooks, which Twilio passes on."""

SYSTEM_TYPES = ("customer_changed_number", "customer_identity_changed", *sorted(parse.CHANGES))
"""Types of messages of the type `system`, by the same."""


@pytest.mark.parametrize("kind", [*TYPES, "hologram"])
def test_every_type_of_message_that_people_send_is_heard(kind):
    assert spoken({**form(""), "MessageType": kind}).content
    assert not parse.is_news({"MessageType": kind})


@pytest.mark.parametrize("kind", SYSTEM_TYPES)
def test_what_whatsapp_itself_says_is_nobodys_message(kind):
    posted = {**form(""), "MessageType": "system", "SystemType": kind}
    assert parse.is_news(posted)
    assert (parse.changed(posted) is not None) is (kind in parse.CHANGES)


@pytest.mark.parametrize("sender", ["", "whatsapp:somebody"])
def test_whose_address_cannot_be_read_is_known_by_their_id(sender):
    posted = {**form(), "From": sender, "ExternalUserId": "DE.ADA"}
    inbound = parse.heard(posted, WA)
    assert (inbound.address.place, inbound.sender.user) == ("whatsapp:DE.ADA", "DE.ADA")
    assert inbound.sender.also == ()


def test_a_message_that_was_found_is_the_same_as_one_that_was_brought():
    listed = Listed(
        sid=MessageId(SID),
        sender=ADA.place,
        to="whatsapp:+4930123456",
        body="hi",
        direction="inbound",
        status="received",
        at=AT,
        files=1,
    )
    file = ListedFile(url="https://api.twilio.com/x", mime="image/png")
    found = parse.found(listed, [file], WA)
    brought = parse.heard(form(), WA)
    assert (found.external_id, found.address) == (brought.external_id, brought.address)
    assert found.sender.user == brought.sender.user
    assert found.what.files[0].ref == file.url


# -- formatting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "markdown"),
    [
        ("*bold* and _slanted_ and ~gone~", "**bold** and _slanted_ and ~~gone~~"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a*b*c", "a*b*c"),
        ("`*code*` and ```\n*more*\n```", "`*code*` and ```\n*more*\n```"),
        ("* one\n* two", "* one\n* two"),
        ("*two words*, *again*", "**two words**, **again**"),
        ("¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x", "¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x"),
        ("*so* 2*3*4", "**so** 2\\*3\\*4"),
        ("1. one\n> two", "1. one\n> two"),
    ],
)
def test_whatsapps_formatting_becomes_markdown(written, markdown):
    assert written_by(written).text == markdown


@given(st.text(alphabet="ab *~`\n", max_size=30))
def test_nothing_that_was_written_is_lost(text):
    told = written_by(text)
    shown = told.text if told.literal else re.sub(r"\\(.)", r"\1", told.text)
    shown = shown.replace("&nbsp;", " ").replace("\u00a0", " ")
    bare = [re.sub("[*~]", "", each).split("\n") for each in (shown, text)]
    assert [line.rstrip() for line in bare[0]] == [line.rstrip() for line in bare[1]]


def test_bold_words_come_out_as_they_came_in():
    assert whatsapp.render(written_by("*bold* ~gone~").text) == "*bold* ~gone~"


# -- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["whatsapp:+4915112345678", "+49 151 12345678", "0049 (151) 1234-5678", " +4915112345678 "],
)
def test_a_number_is_one_place_however_it_is_written(written):
    assert place_of(written) == "whatsapp:+4915112345678"
    assert user_of(place_of(written)) == "+4915112345678"


@pytest.mark.parametrize(
    "written",
    ["whatsapp:US.13491208655302741918", "US.13491208655302741918", " DE.ENT.ab12 "],
)
def test_an_id_of_metas_is_a_place_too(written):
    place = place_of(written)
    assert place == f"whatsapp:{written.strip().removeprefix('whatsapp:')}"
    assert not has_number(place)


def test_our_own_address_is_a_number():
    with pytest.raises(ValueError, match="international"):
        _place("US.13491208655302741918")


@pytest.mark.parametrize("written", ["us.12", "US.", "USA.1", "US.1 2", "US.a_b"])
def test_what_only_looks_like_an_id_is_no_place(written):
    assert place_of(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "whatsapp:",
        "4915112345678",
        "+49abc",
        "+0123456789",
        "+٤٩١٥١١٢٣٤٥٦٧٨",
        "+4٩15112345678",
        "+49²5112345678",
    ],
)
def test_what_is_no_international_number_is_no_place(written):
    assert place_of(written) is None


# -- what became of ours --------------------------------------------------------------------------


def outcome(status: str, code: str = ""):
    posted = {"MessageSid": SID, "To": ADA.place, "MessageStatus": status, "ErrorCode": code}
    return parse.reported(posted, None, WA)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "sent"),
        ("accepted", "sent"),
        ("sending", "sent"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("failed", "failed"),
        ("undelivered", "failed"),
        ("canceled", "failed"),
    ],
)
def test_a_status_is_one_of_our_states(status, state):
    assert outcome(status).state == state


@pytest.mark.parametrize("status", ["", "scheduled", "received", "something new"])
def test_a_status_that_says_nothing_is_nothing(status):
    assert outcome(status) is None


@pytest.mark.parametrize("code", ["63016", "63003", "63018", "63032", "30001"])
def test_what_may_be_shown_later_is_owed(code):
    assert outcome("failed", code).again


@pytest.mark.parametrize("code", ["63019", "63021", "63005", "63027", "21617", ""])
def test_what_will_never_be_shown_has_failed(code):
    reported = outcome("undelivered", code)
    assert not reported.again
    assert reported.code == code
