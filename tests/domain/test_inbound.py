"""What is heard: who said it by all their ids, and when."""

from datetime import UTC, datetime

import pytest

from bridge.domain.inbound import Identity, Sender, said_at


def test_a_person_has_every_id_that_the_platform_knows_them_by():
    ada = Sender(realm="whatsapp", user="+49151", name="Ada", also=("US.134",))
    assert ada.identity == Identity(realm="whatsapp", user="+49151")
    assert ada.identities == (ada.identity, Identity(realm="whatsapp", user="US.134"))


def test_a_platforms_time_is_read_in_utc():
    assert said_at(1_767_225_600) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("odd", [1e300, float("nan"), float("inf"), -1e18])
def test_a_time_that_no_clock_shows_is_no_reason_to_lose_the_message(odd):
    assert said_at(odd) is None
