import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.authentication import is_proven, results_of, server_of

ADA = "ada@example.org"
MX = "mx.example.com"
PASSED = f"{MX}; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.org"


@pytest.mark.parametrize(
    "header",
    [
        PASSED,
        f"{MX} 1; dmarc=pass header.from=Example.ORG",
        f'{MX}; dkim=pass header.d=example.org header.s=s1 header.b="a=b"; dmarc=none',
        f"{MX}; dkim=pass header.i=@example.org; spf=softfail smtp.mailfrom=x.example",
        f"{MX}; spf=pass (sender; is \\) fine) smtp.mailfrom=ada@example.org",
        f"{MX};\r\n\tdkim=fail header.d=example.org;\r\n\tdkim=pass header.d=example.org",
        f'"{MX}"; dmarc=pass reason="all; well" header.from=example.org',
        f"{MX}; dmarc=pass header.from=example.org; spf=pass smtp.mailfrom=SRS0=x=y=z=a@f.example",
        f"(a comment) {MX}; dmarc=pass header.from=example.org",
    ],
)
def test_a_pass_of_a_trusted_server_proves_the_address(header):
    assert is_proven([header], [MX], ADA)


def test_a_signature_of_the_domain_above_counts_and_one_below_does_not():
    above = f"{MX}; dkim=pass header.d=example.org"
    assert is_proven([above], [MX], "ada@mail.example.org")
    assert not is_proven([f"{MX}; dkim=pass header.d=mail.example.org"], [MX], ADA)
    assert not is_proven([f"{MX}; dkim=pass header.d=org"], [MX], ADA)
    assert not is_proven([f"{MX}; dkim=pass header.d=evilexample.org"], [MX], ADA)


@pytest.mark.parametrize(
    "header",
    [
        f"{MX}; none",
        f"{MX}",
        f"{MX}; dmarc=fail header.from=example.org; dkim=pass header.d=example.org",
        f"{MX}; dmarc=temperror header.from=example.org; spf=pass smtp.mailfrom=example.org",
        f"{MX}; dmarc=pass header.from=evil.example",
        f"{MX}; dmarc=pass",
        f"{MX}; dmarc=pass header.from=example.org; dmarc=fail header.from=example.org",
        f"{MX}; dkim=pass header.d=evil.example",
        f"{MX}; spf=pass smtp.helo=example.org",
        f"{MX}; spf=pass smtp.mailfrom=SRS0=x=y=evil.example=eve@example.org; dmarc=none",
        f"{MX}; spf=pass smtp.mailfrom=example.org",
        f"{MX}; spf=pass smtp.mailfrom=eve@example.org",
        f'{MX}; spf=pass smtp.mailfrom="ada@example.org"@evil.example',
        f"{MX}; spf=fail smtp.mailfrom=example.org",
        f"{MX}; arc=pass header.d=example.org",
        f"{MX}; dmarc=pass header.from=example.org (unclosed",
        f'{MX}; dmarc=pass header.from=example.org reason="unclosed',
        f"{MX}; dmarc pass header.from=example.org",
        f"{MX}; (dmarc=pass header.from=example.org)",
        f"{MX}; dmarc==pass header.from=example.org",
        f"{MX}; dmarc= ; header.from=example.org",
        f"{MX}; dmarc=pass = header.from=example.org",
        f"{MX}.evil.example; dmarc=pass header.from=example.org",
        f"evil.{MX}; dmarc=pass header.from=example.org",
        "spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org",
        "; dmarc=pass header.from=example.org",
        "",
        f"{MX}; {'x=y ' * 10_000}; dmarc=pass header.from=example.org",
    ],
)
def test_anything_else_proves_nothing(header):
    assert not is_proven([header], [MX], ADA)


def test_only_the_topmost_word_of_the_trusted_server_counts():
    """What a sender writes stands below what the server put above it."""
    for genuine in (f"{MX}; dmarc=fail header.from=example.org", f"{MX}; none", f"{MX}; (broken"):
        assert not is_proven([genuine, PASSED], [MX], ADA)
    assert is_proven(["other.example; dmarc=fail", PASSED], [MX], ADA)


def test_a_word_of_nobody_that_is_trusted_is_not_looked_at():
    assert not is_proven([PASSED], ["mx.example.net"], ADA)
    assert not is_proven([PASSED], [], ADA)
    assert not is_proven([], [MX], ADA)


@pytest.mark.parametrize(
    ("header", "server"),
    [
        (PASSED, MX),
        ("spf=pass smtp.mailfrom=a", ""),
        ("", ""),
        ("(only a comment)", ""),
        ("MX.Example.com 1; none", MX),
        (f"{MX} (unclosed", ""),
    ],
)
def test_who_wrote_a_header(header, server):
    assert server_of(header) == server


@given(st.text(alphabet='ab.=;"\\() \tdmarcpss', max_size=60))
def test_whatever_a_header_says_reading_it_ends(words):
    server_of(words)
    results_of(words)
    assert not is_proven([words], [MX], ADA)
