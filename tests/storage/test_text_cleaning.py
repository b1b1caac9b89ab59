"""Texts beside the bodies are cleaned of what no database takes."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.parts import Reply
from bridge.ports.store import Origin, Producer
from storage.text_cleaning import clean, clean_draft, clean_or_none, clean_origin, clean_producer
from tests.stores import said


@given(st.text())
def test_a_clean_text_can_be_kept_by_every_database(text):
    found = clean(text)
    found.encode()
    assert "\x00" not in found
    assert clean(found) == found


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_text_that_can_be_kept_stays_as_it_is(text):
    assert clean(text) == text


def test_nothing_stays_nothing():
    assert clean_or_none(None) is None


def test_what_identifies_an_append_is_cleaned():
    reply = Reply(text="n\x00", refused=True)
    origin = Origin(account="a\x00", external_id="\ud800", reply=reply)
    found = clean_origin(origin)
    assert (found.account, found.external_id) == ("a\ufffd", "?")
    assert found.reply == Reply(text="n\ufffd", refused=True)
    assert clean_origin(Origin(account="a", external_id="b")).reply is None
    assert clean_producer(Producer(id="\x00", epoch=1, seq=2)).id == "\ufffd"
    assert clean_draft(said("x", key="k\x00")).key == "k\ufffd"
    plain = said("x", key="k")
    assert clean_draft(plain) is plain
