"""From where Telegram is asked, whatever is in."""

from channels.telegram.offsets import Offsets


def test_at_first_whatever_is_there_is_asked_for():
    assert Offsets().ask() is None


def test_it_asks_behind_what_is_in():
    offsets = Offsets()
    assert offsets.fresh([10, 11]) == [10, 11]
    offsets.done(10)
    offsets.done(11)
    assert not offsets.is_waiting()
    assert offsets.ask() == 12
    assert offsets.ask() == 12


def test_it_asks_from_the_first_that_is_not_in_and_knows_the_rest_again():
    offsets = Offsets()
    offsets.fresh([10, 11, 12])
    offsets.done(10)
    offsets.done(12)
    assert offsets.is_waiting()
    assert offsets.ask() == 11
    assert offsets.fresh([11, 12, 13]) == [13]
    for update in (11, 13):
        offsets.done(update)
    assert offsets.ask() == 14


def test_what_gets_in_while_telegram_answers_is_not_fresh_again():
    offsets = Offsets()
    offsets.fresh([10, 11])
    assert offsets.ask() == 10
    offsets.done(10)
    assert offsets.fresh([10, 11]) == []


def test_numbers_may_begin_anew_lower():
    offsets = Offsets()
    offsets.fresh([900])
    offsets.done(900)
    assert offsets.ask() == 901
    assert offsets.fresh([17]) == [17]
    offsets.done(17)
    assert offsets.ask() == 18
