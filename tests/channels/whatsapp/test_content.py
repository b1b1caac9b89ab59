"""Nothing that a person sends through WhatsApp vanishes, whatever its form looks like."""

import json

import pytest

from bridge.demo.whatsapp import fields, world
from bridge.domain.content import Content
from bridge.domain.inbound import Spoken
from bridge.session.slash import parse as command
from channels.whatsapp import content as told
from channels.whatsapp.parse import heard
from tests.channels.whatsapp.test_parse import WA, form, spoken


def said(**more: str) -> Content:
    return told.content({"Body": "", **more}, files=0)


FLOW = {
    "type": "nfm_reply",
    "nfm_reply": {
        "name": "flow",
        "response_json": json.dumps({"city": "Paris", "nights": 2, "extras": ["tea", "bath"]}),
    },
}


def test_a_form_that_was_filled_in_is_told_line_by_line():
    text = said(InteractiveData=json.dumps(FLOW), MessageType="interactive").text
    assert text.split("\n")[2:] == ["city: Paris", "nights: 2", "extras: tea", "extras: bath"]


def test_an_order_is_told_line_by_line():
    order = {"catalog_id": "1", "product_items": [{"product_retailer_id": "tea", "quantity": 2}]}
    content = said(OrderData=json.dumps(order), MessageType="order")
    assert content == Content(
        text="catalog_id: 1\nproduct_retailer_id: tea\nquantity: 2", literal=True, outside=True
    )


def test_what_was_chosen_from_a_list_is_what_it_says():
    assert said(Body="Tea", ListId="t", ListTitle="Tea", MessageType="interactive").text == "Tea"
    assert said(ListId="t", ListTitle="Tea", MessageType="interactive").text == "ListTitle: Tea"


@pytest.mark.parametrize("kind", [*told.KINDS, "", "text", "of_tomorrow", "contacts", "location"])
def test_what_has_no_words_is_told_by_its_kind(kind):
    assert said(MessageType=kind).text == (f"_({told.kind(kind)}; I cannot show it here)_")


META = (
    "audio", "button", "contacts", "document", "image", "interactive", "location", "order",
    "reaction", "sticker", "text", "unknown", "unsupported", "video",
)  # fmt: skip
"""Types of messages that people send, by Meta's reference of the webhook `messages`."""


@pytest.mark.parametrize("kind", [*META, "poll", "poll_update", "event", "of_tomorrow"])
@pytest.mark.parametrize("forwarded", ["", "Forwarded", "FrequentlyForwarded"])
def test_a_message_of_every_type_is_heard_also_one_that_is_passed_on(kind, forwarded):
    given = {**form(""), "MessageType": kind, **({forwarded: "true"} if forwarded else {})}
    text = spoken(given).content.text
    assert f"_({told.kind(kind).replace(chr(92), '')}; I cannot" in text.replace("\\", "")
    assert text.startswith("*Forwarded:*\n\n") == bool(forwarded)
    for sort in META:
        assert sort == "text" or "WhatsApp calls" not in told.kind(sort), "it has a name of ours"


POLL = {"PollName": "Tea or *cake*?", "PollOptions": json.dumps(["Tea", "Cake"])}


@pytest.mark.parametrize("forwarded", [{}, {"Forwarded": "true"}])
@pytest.mark.parametrize("body", ["", "Vote please"])
def test_what_a_poll_asks_is_told_also_of_one_that_is_passed_on(forwarded, body):
    text = said(Body=body, MessageType="poll", **POLL, **forwarded).text.replace("\\", "")
    told = "PollName: Tea or *cake*?\nTea\nCake"
    head = "*Forwarded:*\n\n" if forwarded else ""
    assert text == head + (f"{body}\n\n{told}" if body else told)


def test_beside_files_nothing_is_said_of_a_kind():
    picture = world.Media(mime="image/jpeg", body=b"1")
    assert spoken(form("", files=(picture,), MessageType="image")).content == Content()


REFERRAL = {
    "ReferralHeadline": "Two nights",
    "ReferralBody": "in *Paris*",
    "ReferralSourceType": "ad",
    "ReferralSourceUrl": "https://fb.me/1",
    "ReferralSourceId": "118588094077142",
    "ReferralCtwaClid": "ARAkLkA8rmlFeiCktEJQ",
    "ReferralNumMedia": "1",
    "ReferralMediaUrl": "https://a.example/1.jpg",
    "ReferralMediaContentType": "image/jpeg",
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"Latitude": "48.85", "Longitude": "2.35", "Label": "Louvre"}, "📍 Louvre, "),
        ({"InteractiveData": json.dumps(FLOW)}, "city: Paris"),
        ({"Contacts": json.dumps([{"name": "Bob", "phone": "+1"}])}, "name: Bob"),
        ({"ListTitle": "Tea", "ListDescription": "hot"}, "Tea\nhot"),
        ({"ButtonText": "Yes"}, "Yes"),
        ({"NumMedia": "1"}, "a file that did not come along"),
        (REFERRAL, "From an advertisement:\nTwo nights\nin \\*Paris\\*\nhttps://fb.me/1\nhttps://a"),
        ({**REFERRAL, "ReferralSourceType": "post"}, "From a post:"),
    ],
)  # fmt: skip
def test_what_stands_beside_words_does_not_vanish(more, expected):
    text = said(Body="look *here*", **more).text
    assert text.startswith("look **here**\n\n")
    assert expected in text
    assert "ARAk" not in text


def test_what_is_said_twice_is_told_once():
    assert said(Body="Tea, hot", ListTitle="Tea", ButtonText="Tea, hot").text == "Tea, hot"


def test_every_file_of_a_message_is_heard_beside_its_words():
    pictures = tuple(world.Media(mime="image/jpeg", body=b"1") for _ in range(10))
    both = spoken(form("look", files=pictures))
    assert (both.content.text, len(both.files)) == ("look", 10)


def test_every_field_of_a_form_alone_is_heard():
    """A message that brings this field and no words is something said all the same."""
    for name in (*fields.OBJECTS["webhook"], "Contacts", "InteractiveData", "SomethingNew"):
        inbound = heard({**form(""), name: form("").get(name) or "1"}, WA)
        assert isinstance(inbound.what, Spoken), name
        assert inbound.what.content or inbound.what.files, name


@pytest.mark.parametrize("field", ["Forwarded", "FrequentlyForwarded"])
def test_a_forwarded_command_commands_nothing(field):
    passed_on = spoken({**form("/status"), field: "true"})
    assert command(passed_on.content.text) is None
    assert passed_on.content.text == "*Forwarded:*\n\n/status"
    assert passed_on.more
    assert command(spoken({**form("/status"), field: "false"}).content.text) is not None


def test_pictures_and_texts_near_the_limit_go_on():
    picture = world.Media(mime="image/jpeg", body=b"1")
    voice = world.Media(mime="audio/ogg", body=b"1")
    assert spoken(form("", files=(picture,))).more
    assert spoken(form("x" * 4096)).more
    assert not spoken(form("", files=(voice,))).more
    assert not spoken(form("what is this?", files=(picture,))).more
    assert not spoken(form("hi")).more


@pytest.mark.parametrize(
    "more",
    [
        {"Body": "hi", "Forwarded": "true"},
        {"Body": "hi", "FrequentlyForwarded": "true"},
        {"Body": "see you", "Latitude": "52.5", "Longitude": "13.4", "Label": "Cafe"},
        {"Contacts": json.dumps([{"name": "Bob"}]), "MessageType": "contacts"},
        {"InteractiveData": json.dumps(FLOW), "MessageType": "interactive"},
        {"OrderData": json.dumps({"product_items": [{"name": "tea"}]}), "MessageType": "order"},
        {"SomethingNew": "remember this"},
    ],
)
def test_what_its_sender_did_not_write_is_from_outside(more):
    assert said(**more).outside
    assert not said(Body="hi").outside


def test_a_choice_of_what_the_bot_sent_is_ones_own():
    found = said(Body="1", ListTitle="Yes", ListDescription="do it")
    assert (found.text, found.outside) == ("1\n\nYes\ndo it", False)
    assert not said(Body="yes", ButtonText="Allow it").outside


def test_a_number_of_files_that_is_no_number_is_read_all_the_same():
    assert "did not come along" in said(Body="hi", NumMedia="9" * 5000).text
