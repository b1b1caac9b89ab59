"""Nothing that a person sends through WhatsApp vanishes, whatever its form looks like."""

import json

import pytest

from bridge.content import Content
from bridge.demo.whatsapp import fields, world
from bridge.inbound import Spoken
from bridge.slash import parse as command
from channels.whatsapp import told
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
        text="catalog_id: 1\nproduct_retailer_id: tea\nquantity: 2", literal=True
    )


def test_what_was_chosen_from_a_list_is_what_it_says():
    assert said(Body="Tea", ListId="t", ListTitle="Tea", MessageType="interactive").text == "Tea"
    assert said(ListId="t", ListTitle="Tea", MessageType="interactive").text == "ListTitle: Tea"


@pytest.mark.parametrize("kind", [*told.KINDS, "", "text", "of_tomorrow", "contacts", "location"])
def test_what_has_no_words_is_told_by_its_kind(kind):
    assert said(MessageType=kind).text == (f"_({told.kind(kind)}, which cannot be shown here)_")


def test_beside_files_nothing_is_said_of_a_kind():
    picture = world.Media(mime="image/jpeg", body=b"1")
    assert spoken(form("", files=(picture,), MessageType="image")).content == Content()


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
