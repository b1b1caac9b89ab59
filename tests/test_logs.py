"""What gets into the log, and what does not."""

import io
import json
import logging

import pytest
import structlog

from bridge import logs
from bridge.config.model import LogSection


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(what, *, secrets=(), **settings):
    stream = io.StringIO()
    section = LogSection(**{"format": "json", **settings})
    redaction = logs.configure(section, secrets=secrets, stream=stream)
    what(redaction)
    return stream.getvalue()


def test_by_default_only_warnings_and_worse_are_logged():
    def happen(_):
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("loud", seq=3)

    (line,) = logged(happen).splitlines()
    assert {"event": "loud", "seq": 3, "level": "warning"}.items() <= json.loads(line).items()


def test_the_console_format_is_one_readable_line():
    out = logged(lambda _: structlog.get_logger().warning("loud", seq=3), format="console")
    assert "loud" in out
    assert "seq=3" in out
    assert "\x1b" not in out


def test_secrets_are_hidden_wherever_they_stand():
    def happen(redaction):
        redaction.conceal("made-later")
        log = structlog.get_logger("test")
        log.warning("sent", url="https://api/bot123:abcdef/x", parts=["made-later"], n=None)
        log.warning("asked", header="Authorization: Bearer xyzzy", nested={"token": "plugh"})
        log.warning("joined", url="postgresql://u:pw-of-u@host/db?token=frotz", api_key="ozmoo")
        logging.getLogger("lib").warning("library said %s", "123:abcdef")
        try:
            int("made-later")
        except ValueError:
            log.exception("broke")

    out = logged(happen, secrets=["123:abcdef"])
    assert len(out.splitlines()) == 5
    for secret in ("123:abcdef", "made-later", "xyzzy", "plugh", "pw-of-u", "frotz", "ozmoo"):
        assert secret not in out
    assert "ValueError: invalid literal for int() with base 10: '***'" in out


def test_message_text_is_left_out_unless_asked_for():
    def happen(_):
        structlog.get_logger().warning("heard", text="a private word", content={"text": "x"})

    assert "private" not in logged(happen)
    assert "(14 characters)" in logged(happen)
    assert "a private word" in logged(happen, content=True)


def test_counts_of_tokens_are_no_secret():
    out = logged(lambda _: structlog.get_logger().warning("ran", input_tokens=712))
    assert json.loads(out)["input_tokens"] == 712


def test_libraries_stay_silent_below_warnings_even_when_we_are_talkative():
    def happen(_):
        logging.getLogger("httpx").info("GET https://x")
        logging.getLogger("uvicorn.access").info("GET /")
        structlog.get_logger().debug("ours")

    (line,) = logged(happen, level="debug").splitlines()
    assert json.loads(line)["event"] == "ours"
