"""Each way to prove that one knows the secret of a hook, by what services document."""

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from bridge.hooks import verification
from bridge.hooks.verification import WINDOW, Unverified, Verification, Way, standard_key

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SECRET = "a-secret-of-twenty-one"
KEY = b"a key of 24 bytes, plain"
BODY = b'{"a": 1}'


def of(way: Way, **more: str) -> Verification:
    secret = f"whsec_{b64encode(KEY).decode()}" if way == "standard" else SECRET
    headers = {"signature": "x-sign", "timestamp": "x-time"} if way == "hmac" else {}
    return Verification(way=way, secret=secret, **{**headers, **more})


def hexed(signed: bytes) -> str:
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


AT = str(int(NOW.timestamp()))
BY_THE_BOOK = {
    "github": {"x-hub-signature-256": f"sha256={hexed(BODY)}"},
    "gitlab": {"x-gitlab-token": SECRET},
    "slack": {
        "x-slack-request-timestamp": AT,
        "x-slack-signature": f"v0={hexed(f'v0:{AT}:'.encode() + BODY)}",
    },
    "stripe": {"stripe-signature": f"t={AT},v0=old,v1={hexed(f'{AT}.'.encode() + BODY)}"},
    "standard": {
        "webhook-id": "msg_1",
        "webhook-timestamp": AT,
        "webhook-signature": "v1,AAAA v1a,BBBB v1,"
        + b64encode(
            hmac.new(KEY, f"msg_1.{AT}.".encode() + BODY, hashlib.sha256).digest()
        ).decode(),
    },
    "hmac": {"x-time": AT, "x-sign": hexed(f"{AT}.".encode() + BODY)},
    "bearer": {"authorization": f"Bearer {SECRET}"},
}
WAYS = get_args(Way)


def test_there_is_a_call_by_the_book_of_each():
    assert {*WAYS} == BY_THE_BOOK.keys() == verification.NAMED_BY.keys()


@pytest.mark.parametrize("way", WAYS)
def test_a_call_by_the_book_is_right(way):
    of(way).check(BY_THE_BOOK[way], BODY, NOW)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_signed_here_is_right_here(way):
    of(way).check(of(way).signed(BODY, NOW), BODY, NOW)


@pytest.mark.parametrize("way", [each for each in WAYS if each not in ("gitlab", "bearer")])
def test_another_body_is_refused(way):
    with pytest.raises(Unverified, match="signature is wrong"):
        of(way).check(BY_THE_BOOK[way], BODY + b" ", NOW)


@pytest.mark.parametrize("way", WAYS)
def test_each_header_is_needed_and_an_empty_one_is_none(way):
    for name in BY_THE_BOOK[way]:
        rest = {key: value for key, value in BY_THE_BOOK[way].items() if key != name}
        for headers in (rest, {**rest, name: ""}):
            with pytest.raises(Unverified):
                of(way).check(headers, BODY, NOW)


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_header_is_refused(way):
    for name, value in BY_THE_BOOK[way].items():
        for changed in (f"{value}x", value[:-1], "x", "é", "=" * 9000, "v1,", "t=,v1="):
            with pytest.raises(Unverified):
                of(way).check({**BY_THE_BOOK[way], name: changed}, BODY, NOW)


@pytest.mark.parametrize("way", ["slack", "stripe", "standard", "hmac"])
def test_a_call_is_good_for_five_minutes_both_ways(way):
    for away in (timedelta(0), WINDOW, -WINDOW):
        of(way).check(BY_THE_BOOK[way], BODY, NOW + away)
    for away in (WINDOW + timedelta(seconds=1), -WINDOW - timedelta(seconds=1)):
        with pytest.raises(Unverified, match="too old"):
            of(way).check(BY_THE_BOOK[way], BODY, NOW + away)


def test_where_no_time_is_signed_the_body_alone_is():
    of("hmac", timestamp="").check({"x-sign": hexed(BODY)}, BODY, NOW)
    assert of("hmac", timestamp="").signed(BODY, NOW) == {"x-sign": f"sha256={hexed(BODY)}"}


def test_no_more_signatures_are_looked_at_than_a_few():
    late = ",".join(["v1=x"] * 50)
    header = BY_THE_BOOK["stripe"]["stripe-signature"].replace(",", f",{late},", 1)
    with pytest.raises(Unverified):
        of("stripe").check({"stripe-signature": header}, BODY, NOW)


@pytest.mark.parametrize("way", WAYS)
def test_every_comparison_takes_the_same_time_wherever_it_differs(way, monkeypatch):
    """Nothing is compared but by `compare_digest`: without it, all is refused."""
    seen = []

    def compared(given, wanted):
        seen.append((given, wanted))
        return False

    monkeypatch.setattr(verification.hmac, "compare_digest", compared)
    with pytest.raises(Unverified):
        of(way).check(BY_THE_BOOK[way], BODY, NOW)
    assert seen


def test_a_proof_is_a_signature_and_never_a_secret():
    assert of("github").check(BY_THE_BOOK["github"], BODY, NOW) == hexed(BODY)
    assert of("bearer").check(BY_THE_BOOK["bearer"], BODY, NOW) == ""
    assert of("gitlab").check(BY_THE_BOOK["gitlab"], BODY, NOW) == ""


def test_the_secret_is_in_no_text_of_it():
    assert SECRET not in repr(of("github"))


def test_a_secret_of_standard_webhooks_is_base64():
    assert standard_key(f"whsec_{b64encode(KEY).decode()}") == KEY
    with pytest.raises(ValueError, match="base64"):
        standard_key("whsec_***")
