"""States of receipts, and the defaults of places."""

from typing import get_args

from bridge.domain.parts import PRIORITIES, SETTLED, SHOWN, Capabilities, Priority, ReceiptState


def test_a_receipt_is_settled_or_needs_work():
    assert set(get_args(ReceiptState)) - SETTLED == {"attempted", "owed"}


def test_what_is_shown_is_settled():
    assert SHOWN < SETTLED
    assert not SHOWN & {"failed", "unknown", "skipped", "deleted"}


def test_every_priority_has_its_rank():
    assert set(PRIORITIES) == set(get_args(Priority))
    assert PRIORITIES[0] == "final"
    assert PRIORITIES[-1] == "preview"


def test_a_place_nothing_is_known_of_can_only_send():
    """An implementer who says nothing promises nothing."""
    plain = Capabilities()
    abilities = ("edits", "deletes", "buttons", "previews", "silent", "typing", "resolves")
    assert not any(getattr(plain, each) for each in abilities)
