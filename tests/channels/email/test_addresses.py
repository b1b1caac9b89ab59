import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.addresses import decoded, normal, sender_of


@pytest.mark.parametrize(
    ("header", "address", "name"),
    [
        ("ada@example.com", "ada@example.com", "ada"),
        ("Ada Lovelace <Ada@Example.COM>", "ada@example.com", "Ada Lovelace"),
        ('"Lovelace, Ada" <ada@example.com>', "ada@example.com", "Lovelace, Ada"),
        ("Ada (at work) <ada@example.com>", "ada@example.com", "Ada"),
        ("=?utf-8?q?J=C3=BCrgen?= <j@example.com>", "j@example.com", "Jürgen"),
        ("Ada\r\n <ada@example.com>", "ada@example.com", "Ada"),
        ("ada+bridge@example.com", "ada+bridge@example.com", "ada+bridge"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada"),
        ("Dr. Ada L. <ada@example.com>", "ada@example.com", "Dr. Ada L."),
    ],
)
def test_a_sender_is_one_address_and_a_name(header, address, name):
    found = sender_of([header])
    assert found is not None
    assert (found.address, found.name) == (address, name)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["Ada"],
        ["ada@example.com", "ada@example.com"],
        ["ada@example.com, eve@evil.example"],
        ["<ada@example.com> <eve@evil.example>"],
        ["ada@example.com <eve@evil.example>"],
        ["ada@example.com]<eve@evil.example>"],
        ["friends: ada@example.com;"],
        ["undisclosed-recipients:;"],
        ['"ada boss"@example.com'],
        ["ádá@example.com"],
        ["ada@"],
        ["@example.com"],
        ["ada@exa mple.com"],
        ["ada@-example.com"],
        ["ada@[127.0.0.1]"],
        ["a" * 65 + "@example.com"],
        ["x" * 30_000],
        ["ada@example.com\0@evil.example"],
        ["ada@evil.example (ada@example.com"],
    ],
)
def test_what_is_no_one_address_is_nobodys(headers):
    assert sender_of(headers) is None


@pytest.mark.parametrize(
    "header",
    [
        '"boss@corp.example" <eve@evil.example>',
        "=?utf-8?q?boss=40corp.example?= <eve@evil.example>",
        "=?utf-8?b?Ym9zc0Bjb3JwLmV4YW1wbGU=?= <eve@evil.example>",
        '"boss\N{FULLWIDTH COMMERCIAL AT}corp.example" <eve@evil.example>',
        '"boss\N{SMALL COMMERCIAL AT}corp.example" <eve@evil.example>',
        "(boss@corp.example) eve@evil.example",
    ],
)
def test_a_name_that_reads_as_an_address_is_no_name(header):
    found = sender_of([header])
    assert found is not None
    assert (found.address, found.name) == ("eve@evil.example", "eve")


@given(st.text(max_size=60))
def test_whatever_a_header_says_it_is_one_clean_address_or_nobody(header):
    found = sender_of([header])
    if found is not None:
        assert normal(found.address) == found.address
        assert found.address.isascii()
        assert found.name
        assert "\n" not in found.name


@given(
    st.lists(
        st.sampled_from(['"', "<", ">", "@", "a", "b.c", ",", ";", ":", "(", ")", " ", "\\"]),
        max_size=14,
    )
)
def test_no_play_with_signs_makes_two_readers_disagree(pieces):
    found = sender_of(["".join(pieces)])
    assert found is None or found.address.count("@") == 1


def test_a_header_is_read_in_one_line_whatever_it_is():
    assert decoded("=?utf-8?q?two=0Alines?=") == "two lines"
    assert decoded("=?unknown-8bit?q?=FF?=")
    assert decoded("=?x?y?z?=") == "=?x?y?z?="
    assert decoded("plain\r\n folded") == "plain folded"
