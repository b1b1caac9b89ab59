"""The receipts of a lane in memory."""

from bridge.domain.ids import MessageId
from storage.receipts import ReceiptBook
from tests.stores import receipt


def parts(book: ReceiptBook, *sources: int) -> list[str]:
    return [each.part for each in book.find(sources)]


def test_receipts_are_found_by_their_source():
    book = ReceiptBook()
    for part, source in (("2:1", 2), ("2:0", 2), ("1:0", 1), ("3:0", 3)):
        book.keep(receipt(part, source=source))
    assert parts(book, 1, 2) == ["1:0", "2:0", "2:1"]
    assert parts(book) == []


def test_what_is_unsettled_is_always_found():
    book = ReceiptBook()
    book.keep(receipt("1:0", "attempted"))
    assert (parts(book), book.unsettled) == (["1:0"], True)
    book.keep(receipt("1:0", "sent"))
    assert (parts(book), book.unsettled) == ([], False)


def test_a_replaced_receipt_is_found_no_more_where_it_was():
    book = ReceiptBook()
    book.keep(receipt("preview", source=1, message="m_1"))
    book.keep(receipt("preview", source=5, message="m_2"))
    assert parts(book, 1) == []
    assert parts(book, 5) == ["preview"]
    assert book.source_of(MessageId("m_1")) is None
    assert book.source_of(MessageId("m_2")) == 5


def test_a_message_that_shows_two_events_leads_to_the_last():
    book = ReceiptBook()
    book.keep(receipt("5:0", source=5, message="m_1"))
    book.keep(receipt("3:0", source=3, message="m_1"))
    assert book.source_of(MessageId("m_1")) == 5
