"""An error means one of five things, and its text is fit for people."""

import time
from datetime import UTC, datetime

import pytest

from agents.litellm.failure import LONGEST_REASON, trouble

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def error(name, text="it is so", *, base=Exception, **attributes):
    made = type(name, (base,), attributes)
    return made(text)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (error("RateLimitError", status_code=429), "busy"),
        (error("Timeout", status_code=408), "busy"),
        (error("InternalServerError", status_code=500), "busy"),
        (error("SomethingNew", status_code=529), "busy"),
        (TimeoutError(), "busy"),
        (error("AuthenticationError", status_code=401), "unusable"),
        (error("NotFoundError", status_code=404), "unusable"),
        (error("SomethingNew", status_code=418), "unusable"),
        (error("BadRequestError", "no", status_code=400), "unfit"),
        (error("BadRequestError", "prompt is too long: 9 tokens", status_code=400), "overflow"),
        (error("ContextWindowExceededError", status_code=400), "overflow"),
        (error("ContentPolicyViolationError", status_code=400), "refused"),
        (ValueError("what is this"), "garbage"),
        (error("JSONDecodeError", base=ValueError), "garbage"),
        (error("Narrower", base=type("RateLimitError", (Exception,), {})), "busy"),
    ],
)
def test_each_error_means_one_thing(raised, kind):
    assert trouble(raised, now=NOW).kind == kind


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_how_long_to_wait_is_what_the_provider_says(header, seconds):
    response = type("Response", (), {"headers": {"retry-after": header}})()
    assert trouble(error("RateLimitError", response=response), now=NOW).retry_after == seconds


def test_the_reason_is_one_line_without_the_names_of_classes():
    text = "litellm.RateLimitError: RateLimitError: OpenAIException - slow\ndown"
    assert trouble(error("RateLimitError", text), now=NOW).reason == "slow down"


def test_the_reason_shows_nothing_of_the_inside():
    text = "no json\nTraceback (most recent call last):\n  File x"
    assert trouble(error("X", text), now=NOW).reason == "no json"


@pytest.mark.parametrize("body", ["prompt is too long", {"detail": "prompt is too long"}])
def test_what_is_only_in_the_body_of_a_response_is_read_and_told(body):
    found = trouble(error("X", "X - Error code: 422", status_code=422, body=body), now=NOW)
    assert (found.kind, found.reason) == ("overflow", "prompt is too long")


def test_the_reason_has_no_keys_in_it():
    text = "Incorrect key: sk-proj-abcdefgh12345, or hunter2"
    reason = trouble(error("AuthenticationError", text), now=NOW, secrets=["hunter2"]).reason
    assert "abcdefgh" not in reason
    assert "hunter2" not in reason


def test_the_reason_is_short_and_never_empty():
    assert len(trouble(error("X", "y" * 9999), now=NOW).reason) <= LONGEST_REASON
    assert trouble(TimeoutError(), now=NOW).reason == "TimeoutError"


def test_a_long_reason_is_cut_at_the_end_of_a_word():
    found = trouble(ValueError("sorry " * 100), now=NOW)
    assert found.reason.endswith("sorry …")
    assert len(found.reason) <= LONGEST_REASON


@pytest.mark.parametrize(
    "text",
    [
        """AnthropicException - b'{"type":"error","error":{"type":"x","message":"It is so."}}'""",
        """litellm.BadRequestError: {"error": {"message": "It is so.", "code": 400}}""",
        """BadRequestError: OpenAIException - {"error": "It is so."}""",
        """b'{"detail": "It is so."}'""",
        """{"error": {"message": "{\\"error\\": {\\"message\\": \\"It is so.\\"}}"}}""",
    ],
)
def test_of_an_error_in_json_only_its_words_are_told(text):
    assert trouble(error("BadRequestError", text, status_code=400), now=NOW).reason == "It is so."


def test_money_that_is_used_up_is_not_waited_for():
    text = "You exceeded your current quota, please check your plan and billing details."
    assert trouble(error("RateLimitError", text, status_code=429), now=NOW).kind == "unusable"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            (
                "Cannot connect to host 127.0.0.1:9 ssl:<ssl.SSLContext object at 0x7f84> "
                "[Connect call failed ('127.0.0.1', 9)]"
            ),
            "Cannot connect to host 127.0.0.1:9",
        ),
        (
            "Cannot connect to host x.invalid:443 ssl:default [Name or service not known]",
            "Cannot connect to host x.invalid:443: Name or service not known",
        ),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_insides_of_a_library(said, told):
    assert trouble(ConnectionError(said), now=NOW).reason == told


@pytest.mark.parametrize(
    "page",
    [
        "\n " * 100_000 + "x",
        " ssl:<" * 40_000,
        "Traceback " * 20_000,
        "Error code: 5" + " " * 200_000,
    ],
)
def test_no_page_that_a_provider_answers_with_holds_the_bridge(page):
    """A pattern is looked for without letting go of the process: it stood still for two minutes."""
    begun = time.process_time()
    found = trouble(Exception(page), now=NOW)
    assert time.process_time() - begun < 0.5
    assert found.reason


def test_of_a_secret_that_would_be_cut_nothing_is_shown():
    page = " " * 3990 + "my-own-secret-value-that-is-long"
    found = trouble(Exception(page), now=NOW, secrets=["my-own-secret-value-that-is-long"])
    assert "my-own" not in found.reason
