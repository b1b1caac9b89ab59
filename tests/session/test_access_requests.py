"""What is kept of those who ask to be let in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.ids import ChannelName, ParticipantId, SessionId
from bridge.domain.inbound import Added, Inbound, Sender
from bridge.domain.parts import Address
from bridge.session.access_requests import (
    LIFE,
    LONGEST_WORDS,
    MOST,
    MOST_A_DAY,
    MOST_OF_ACCOUNT,
    Card,
    asked,
    changed,
    decided,
    dump,
    find,
    in_time,
    load,
    refusal,
    settled,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OLGA = ParticipantId("p_olga")


def heard(user="eve", account="chat", *, also=(), name="Eve") -> Inbound:
    return Inbound(
        external_id="x",
        address=Address(channel=ChannelName(account), place=f"{user}'s"),
        sender=Sender(realm=account, user=user, name=name, also=also),
        what=Added(),
    )


def request(number="ABCDEF", user="eve", account="chat", at=NOW, **more):
    return replace(asked(number, heard(user, account), "", at), **more)


def why(requests, inbound, now=NOW) -> str:
    return refusal(requests, asked("NEWONE", inbound, "", now), inbound.sender, now)


def test_what_is_kept_is_read_again_as_it_was() -> None:
    card = Card(session=SessionId("main"), seq=4)
    some = (request(cards=(card, card)), request("GHJKMN", room=SessionId("s_1"), title="Team"))
    assert load(dump(some)) == some
    assert load(None) == ()


def test_words_and_names_are_cleaned_and_cut() -> None:
    new = asked("A", heard(name="**Eve**\n@all"), "a”\n\u202eb" * 999, NOW)
    assert new.name == "Eve all"
    assert len(new.words) <= LONGEST_WORDS
    assert not set(new.words) & set("”\n\u202e")


def test_one_identity_asks_once_by_whatever_id_and_nobody_asks_for_another() -> None:
    waits = (request(),)
    assert why(waits, heard()) == "waits"
    assert why(waits, heard("other", also=("eve",))) == "waits"
    assert why(waits, heard("mallory")) == ""
    assert why(waits, heard(account="mail")) == ""
    denied = changed(waits, decided(waits[0], "deny", OLGA, NOW))
    assert why(denied, heard()) == "denied"
    allowed = changed(waits, decided(waits[0], "allow", OLGA, NOW))
    assert why(allowed, heard()) == ""  # who was let in and put out may ask again


@pytest.mark.parametrize(
    ("count", "accounts", "expected"),
    [
        (MOST_OF_ACCOUNT, 1, "full"),
        (MOST_OF_ACCOUNT - 1, 1, ""),
        (MOST, MOST, "full"),
        (MOST - 1, MOST, ""),
    ],
)
def test_few_wait_of_an_account_and_in_all(count, accounts, expected) -> None:
    some = tuple(request(f"N{n}", f"u{n}", f"a{n % accounts}") for n in range(count))
    assert why(some, heard(account="a0")) == ("" if count == MOST - 1 else expected)


def test_no_more_are_opened_in_a_day_than_may_be_however_quickly_they_are_answered() -> None:
    day = tuple(
        settled(decided(request(f"N{n}", f"u{n}"), "deny", OLGA, NOW)) for n in range(MOST_A_DAY)
    )
    assert why(day, heard()) == "full"
    assert why(day, heard(), NOW + timedelta(days=1)) == ""
    assert why(day[1:], heard()) == ""


def test_nothing_is_kept_of_whoever_was_denied_but_who_it_was_and_for_how_long() -> None:
    card = Card(session=SessionId("main"), seq=4)
    denied = settled(decided(request(words="hi", cards=(card,)), "deny", OLGA, NOW))
    assert (denied.name, denied.words, denied.cards) == ("", "", ())
    assert why((denied,), heard()) == "denied"
    assert in_time((denied,), NOW + LIFE) == ()


def test_who_waited_too_long_is_expired_and_forgotten_once_that_is_done() -> None:
    (expired,) = in_time((request(),), NOW + LIFE)
    assert expired.state == "expired"
    assert in_time((expired,), NOW + 2 * LIFE) == (expired,)
    assert in_time((settled(expired),), NOW + LIFE) == ()


def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_ever() -> None:
    (expired,) = in_time((request(),), NOW - timedelta(days=400))
    assert expired.state == "expired"


def test_a_request_is_found_however_its_number_is_spelt() -> None:
    assert find((request(),), " abcdef ") == request()
    assert find((request(),), "ABCDE") is None
