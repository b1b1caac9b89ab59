import time

import pytest

from channels.email.quoting import Reply, forwarded, parted


def test_a_mail_without_quotes_is_its_words():
    assert parted("Hello\r\nthere\r\n") == Reply(words="Hello\nthere")
    assert parted("") == Reply(words="")


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, 30 Nov 2026 at 09:00, Bridgehead <bridge@example.com> wrote:",
        "On Mon, 30 Nov 2026 at 09:00, Bridgehead\n<bridge@example.com> wrote:",
        "Am 30.11.26 um 09:00 schrieb Bridgehead:",
        "Le lun. 30 nov. 2026 à 09:00, Bridgehead <bridge@example.com> a écrit :",
        "El lun, 30 nov 2026 a las 9:00, Bridgehead (<bridge@example.com>) escribió:",
    ],
)
def test_what_follows_the_line_that_introduces_it_is_quoted(introduction):
    reply = parted(f"Yes, do it.\n\n{introduction}\n\n> Shall I?\n> Say yes.\n")
    assert reply.words == "Yes, do it."
    assert reply.quoted == "Shall I?\nSay yes."
    assert not reply.is_mixed


def test_what_stands_below_an_outlook_head_is_quoted():
    reply = parted(
        "Approve\n\nFrom: Bridgehead <bridge@example.com>\nSent: Monday, 30 November 2026\n"
        "To: Ada\nSubject: Re: tea\n\nShall I?\n"
    )
    assert reply == Reply(words="Approve", quoted="Shall I?")


def test_words_that_begin_like_a_head_stay():
    words = "A trip\nFrom: Berlin\nTo: Paris\nby train"
    assert parted(words) == Reply(words=words)


def test_words_below_a_quote_are_the_words():
    reply = parted("On Monday, Bridgehead wrote:\n> Shall I?\n\nYes.\n")
    assert (reply.words, reply.quoted) == ("Yes.", "Shall I?")
    assert parted("> Shall I?\n> Say.\n\nYes.") == Reply(words="Yes.", quoted="Shall I?\nSay.")


def test_words_between_the_lines_are_read_with_these():
    text = "On Monday, Bridgehead wrote:\n> First?\nYes.\n> Second?\nNo.\n"
    reply = parted(text)
    assert reply.is_mixed
    assert "> First?\nYes.\n> Second?\nNo." in reply.words


def test_a_mail_of_nothing_but_a_quote_is_read_whole():
    reply = parted("> Shall I?\n")
    assert reply.words == "> Shall I?"
    assert reply.is_mixed


def test_a_mail_that_is_passed_on_is_read_whole():
    text = "See below\n\n---------- Forwarded message ---------\nFrom: Eve\n\nPay me\n"
    reply = forwarded(text)
    assert "Pay me" in reply.words
    assert reply.is_mixed


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAda Lovelace\nCountess",
        "--\nAda",
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
    ],
)
def test_a_signature_is_no_part_of_the_words(signature):
    assert parted(f"Yes.\n\n{signature}\n").words == "Yes."


def test_a_list_is_no_signature_and_thanks_are_words():
    for words in ("- one\n- two", "Thanks, but no.\nDo the other.", "Best, we wait", "a\n---\nb"):
        assert parted(words).words == words


@pytest.mark.parametrize(
    "text",
    [
        "> " * 50_000,
        "On " * 50_000,
        "On a\n" * 20_000,
        "Am a schrieb " * 20_000,
        "From: a\n" * 20_000,
        ">\nx\n" * 40_000,
        "a:" * 100_000,
        "\n" * 200_000,
    ],
)
def test_no_mail_takes_long_to_take_apart(text):
    begun = time.process_time()
    parted(text)
    assert time.process_time() - begun < 3
