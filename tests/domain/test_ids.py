"""Ids are opaque, unguessable and short."""

import re

import pytest

from bridge.domain.ids import START, mint


@pytest.mark.parametrize("prefix", ["s", "r", "q", "sch"])
def test_a_fresh_id_fits_into_buttons_and_urls(prefix):
    assert re.fullmatch(rf"{prefix}_[0-9a-f]{{16}}", mint(prefix))
    assert len(mint(prefix)) <= 20


def test_no_two_are_the_same():
    assert len({mint("r") for _ in range(1000)}) == 1000


def test_the_first_event_comes_after_the_start():
    assert START == 0
