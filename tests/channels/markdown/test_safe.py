"""What a model writes calls nobody, hides nothing, and links where it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.markdown.safe import address, clean, host_of, is_honest, may_be_live, pieces

# -- mentions -------------------------------------------------------------------------------------

MENTIONS = [
    ("@everyone", "@everyone"),
    ("@Here!", "@Here"),
    ("a@channel", "a@channel"),
    ("<@123>", "<@123>"),
    ("<@!123>", "<@!123>"),
    ("<@&123>", "<@&123>"),
    ("<@U12|ada>", "<@U12|ada>"),
    ("<#123>", "<#123>"),
    ("<!here>", "<!here>"),
    ("<!everyone> so", "<!everyone>"),
    ("<!subteam^S1|team>", "<!subteam^S1|team>"),
    ("<subteam^S1>", "<subteam^S1>"),
    ("tg://resolve?domain=x", "tg://resolve?domain=x"),
    ("so Slack://open it", "Slack://open"),
    ("@EVERYONE@EVERYONE!", "@EVERYONE@EVERYONE"),
    ("@here_@channel", "@here_@channel"),
    ("@everyone<@0>", "@everyone<@0>"),
    ("<!channel><!here>", "<!channel><!here>"),
    ("<@0>tg://x@here y", "<@0>tg://x@here"),
]


@pytest.mark.parametrize(("text", "mention"), MENTIONS)
def test_what_calls_somebody_is_found_whole(text, mention):
    assert [piece for piece, calls in pieces(text) if calls] == [mention]


@pytest.mark.parametrize(
    "text",
    [
        *("ada@example.org", "@ada", "a < b", "List<String>", "#5", "https://a.b"),
        *("@here/maps", "ada@here.com", "@channelio/x", "@everyone-else/y", "@hereabouts"),
        *("<!DOCTYPE html>", "<!-- x -->", "<#if x>", "<@macro>", "<#list a as b>", "<@ada"),
    ],
)
def test_what_mentions_nobody_stays_as_it_is(text):
    assert list(pieces(text)) == [(text, False)]


@given(st.text(alphabet="@<!#eher>vyonctg:/|", max_size=40))
def test_the_pieces_are_the_text(text):
    assert "".join(piece for piece, _ in pieces(text)) == text


# -- what cannot be seen --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        "\u200b",
        "\u200c",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u3164",
        "\u200e",
        "\u200f",
        "\ufe0f",
        "\U000e0100",
        "\u202a",
        "\u202b",
        "\u202c",
        "\u202d",
        "\u202e",
        "\u2066",
        "\u2067",
        "\u2068",
        "\u2069",
        "\u061c",
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x9b",
        "\U000e0041",
        "\U000e0001",
        "\U000e007f",
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_taken_out(hidden):
    assert clean(f"a{hidden}b{hidden}{hidden}") == "ab"


def test_words_in_unicode_tags_are_taken_out_even_after_a_flag():
    secret = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all of the rules")
    assert clean(f"hi{secret}") == "hi"
    assert clean(f"\U0001f3f4{secret}\U000e007f") == "\U0001f3f4"


def test_variation_selectors_carry_no_bytes():
    assert clean("❤\ufe0f" + "\ufe0e\ufe0f" * 20 + "\U000e0101" * 9) == "❤\ufe0f"


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d🚀",
        "🏳\ufe0f\u200d🌈",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "👍🏽",
        "🇩🇪",
        "\u0645\u06cc\u200c\u062e",
        "क्\u200dष",
        "e\u0301",
        "a\tb\nc",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "中文",
        "שלום",
    ],
    ids=ascii,
)
def test_what_is_written_with_joiners_and_selectors_keeps_them(text):
    assert clean(text) == text


def test_every_line_end_is_a_line_feed_and_halves_of_characters_are_shown():
    assert clean("a\r\nb\rc\u2028d\x85e\x0cf") == "a\nb\nc\nd\ne\nf"
    assert clean("a\ud83d") == "a\ufffd"


@given(st.text(alphabet="a❤👩\u200d\ufe0f\u200b\U000e0067\U000e007f🏴م\u200c\r\n", max_size=20))
def test_cleaning_cleans(text):
    assert clean(clean(clean(text))) == clean(clean(text))


# -- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://a.b/c", "HTTP://a.b", "mailto:a@b.c", "https://[::1]/x"])
def test_the_web_and_mail_may_be_live(url):
    assert may_be_live(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "tg://x",
        "slack://x",
        "ftp://a.b",
        "https:///x",
        "https:x",
        "//a.b",
        "/x",
        "",
        "mailto:",
        "https://[x",
        "https://u@here.com",
    ],
)
def test_nothing_else_may(url):
    assert not may_be_live(url)


def test_an_address_has_nothing_that_ends_it_early_and_else_stays_to_the_letter():
    assert address('https://a.b/<x> y"`|\\') == "https://a.b/%3Cx%3E%20y%22%60%7C%5C"
    for url in ("https://a.b/@here?x=tg://y", "https://a.b/@ada", "https://a.b/@channel"):
        assert address(url) == url


HONEST = [
    ("click here", "https://a.com"),
    ("a.com", "https://www.a.com/login"),
    ("https://a.com/x", "https://a.com/y"),
    ("github.com", "https://gist.github.com/x"),
    ("README.md", "https://github.com/x"),
    ("Node.js v1.2.3", "https://nodejs.org"),
    ("e.g. this", "https://a.com"),
    ("main.py:120", "https://github.com/x"),
    ("docs/intro.page", "https://a.com"),
    ("at 10:30, see the .NET docs. It is short", "https://a.com"),
    ("v1.2.3", "https://a.com"),
    ("a.com:8080/x.page", "https://a.com:8080/x.page"),
    ("10.0.0.1", "http://10.0.0.1/"),
    ("localhost", "http://localhost:8080/x"),
    ("[::1]:8080", "http://[::1]:8080/"),
    ("2001:db8::1", "http://[2001:db8::1]/"),
    ("2130706433", "http://2130706433/"),
    ("at 10:30:15, std::vector and CSS ::before", "https://a.com"),
    ("order 20261130", "https://a.com"),
    ("Python 3.12", "https://a.com"),
    ("3.12", "https://a.com"),
    ("localhosts", "https://a.com"),
    ("[1] and [a:b]", "https://a.com"),
    ("ada.smith@bank.com", "mailto:ada.smith@bank.com"),
    ("ada@bank.com", "mailto:Ada@bank.com?subject=hello"),
    ("write to ada@bank.com!", "mailto:ada%40bank.com"),
    ("mail us", "mailto:ada@bank.com"),
    ("ada@bank.com", "https://bank.com/ada"),
]
PRETENDING = [
    ("https://paypal.com", "https://evil.net"),
    ("paypal.com", "https://evil.net/paypal.com"),
    ("paypal.com", "https://paypal.com.evil.net"),
    ("PayPal.com", "https://paypal.com@evil.net"),
    ("see www.paypal.com/login", "https://evil.net"),
    ("Go to (paypal.com) now", "https://evil.net"),
    ("paypal\uff0ecom", "https://evil.net"),
    ("\uff48ttps://paypal.com", "https://evil.net"),
    ("https://a.com", "mailto:x@a.com"),
    ("bank.de", "https://evil.net"),
    ("ada@bank.com", "mailto:ada@evil.net"),
    ("ada@bank.com", "mailto:eve@bank.com"),
    ("ada@bank.com", "mailto:ada@bank.com?bcc=eve@evil.net"),
    ("ada@bank.com", "mailto:ada@bank.com,eve@evil.net"),
    ("bank.com", "mailto:ada@evil.net"),
    ("ada@bank.com", "https://evil.net"),
]


CLAIMS = [
    *("paypal.bank", "google.zip", "login.page", "mybank.finance", "example.news", "amazon.jobs"),
    *("192.168.0.1", "localhost:8080", "https:\u2215\u2215paypal.com", "//paypal.bank"),
    *("paypal .com", "paypal. com", "paypal . com", "paypal\ua4f8com", "paypal\u2043com"),
    *("see ...paypal.bank", "\u00abpaypal.bank\u00bb", "paypal.bank?x", "paypal.bank:443/x"),
    *(
        "localhost",
        "see localhost/x",
        "[::1]",
        "http://[::1]:80",
        "::1",
        "fe80::1%eth0",
        "[fe80::1%1]",
    ),
    *("2001:db8::1", "2001:db8:0:0:0:0:0:1", "::ffff:127.0.0.1", "2130706433", "2130706433:80/x"),
    *("0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "//2130706433"),
    *("(2130706433)", "http:/127.1", "192.168.257", "<2130706433>."),
    *("\uff10x7f000001", "\uff12130706433", "LOCALHOST", "[\u2236:1]"),
    *("\u043faypal.\u0441om", "p.xn--p1ai", "paypal.com\u2013login"),
]


@pytest.mark.parametrize("text", CLAIMS)
def test_whatever_reads_like_a_host_is_one(text):
    assert not is_honest(text, "https://evil.com")


@pytest.mark.parametrize(("text", "url"), HONEST)
def test_a_text_that_names_no_other_host_is_honest(text, url):
    assert is_honest(text, url)


@pytest.mark.parametrize(("text", "url"), PRETENDING)
def test_a_text_that_names_another_host_pretends(text, url):
    assert not is_honest(text, url)


def test_the_host_is_the_one_a_browser_would_ask():
    assert host_of("https://paypal.com:pw@WWW.evil.net:8080/x") == "evil.net"
    assert host_of("mailto:a@b.c") == host_of("http://[broken") == ""


def test_an_address_with_a_user_before_its_host_is_no_link():
    """`https://bank.example@evil.example` reads like the bank's, and leads elsewhere."""
    assert not may_be_live("https://bank.example@evil.example/")
    assert not may_be_live("https://bank.example%2F@evil.example/")
    assert may_be_live("https://example.org/@ada")
    assert may_be_live("mailto:ada@example.org")
