"""Which messages are one part."""

from datetime import UTC, datetime, timedelta

from bridge.domain.ids import MessageId
from channels.telegram import outbound
from tests.channels.telegram.connected import KeptFacts

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_an_album_is_known_by_its_first_message_until_it_cannot_be_deleted_any_more():
    facts = KeptFacts(other="kept")
    await outbound.keep_album(facts, "12/3", [10, 11, 12], NINE)
    assert await outbound.album_of(facts, "12/3", MessageId("10")) == [10, 11, 12]
    assert await outbound.album_of(facts, "12", MessageId("10")) == [10]
    await outbound.keep_album(facts, "12", [20, 21], NINE + timedelta(hours=49))
    assert await outbound.album_of(facts, "12/3", MessageId("10")) == [10]
    await outbound.forget_album(facts, "12", MessageId("20"))
    assert facts == {"other": "kept"}


async def test_a_message_alone_is_itself():
    assert await outbound.album_of(KeptFacts(), "12", MessageId("10")) == [10]
