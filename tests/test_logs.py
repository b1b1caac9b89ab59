"""What gets into the log, and what does not."""

import ast
import asyncio
import io
import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import structlog

from bridge import logs
from bridge.config.model import LogSection
from bridge.domain.errors import StoreUnavailable
from bridge.engine.watchdog import Watchdog
from tests.fakes.models import Answers, FakeModels


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.setLogRecordFactory(logging.LogRecord)
    logging.captureWarnings(capture=False)
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


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_held_loop_is_one_line_in_every_format(form):
    async def watch():
        watchdog = Watchdog()
        watchdog.start()
        await asyncio.sleep(0.1)
        time.sleep(0.6)  # noqa: ASYNC251 - it holds the loop, which is the point
        await asyncio.sleep(0.3)
        watchdog.stop()

    for _ in range(10):
        (line,) = logged(lambda _: asyncio.run(watch()), format=form).splitlines()
        if "machine_busy" not in line:  # then nobody can say who held it
            break
    assert "loop_held" in line
    assert "test_logs.py" in line


def test_no_field_of_ours_is_one_that_structlog_keeps_for_itself():
    """It would be written as something else, or the line would be a traceback."""
    reserved = {"stack", "exception", "level", "logger", "timestamp", "event", "stack_info"}
    root = Path(logs.__file__).parent.parent
    found = [
        f"{path}:{call.lineno}"
        for folder in ("bridge", "channels", "agents", "storage")
        for path in (root / folder).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"log", "_log"}
        and reserved & {each.arg for each in call.keywords}
    ]
    assert not found


def _logs(called):
    return isinstance(called, ast.Attribute) and ast.unparse(called.value).endswith("log")


BEFORE_ANYONE_SPOKE = ("mcp server does not start", "mcp server does not list its tools")


def test_the_words_of_providers_and_platforms_stand_where_content_is_left_out():
    """They quote what was said: `Invalid message: "…"`."""
    root = Path(logs.__file__).parent.parent
    found = [
        f"{path}:{call.lineno} {field.arg}"
        for folder in ("channels", "agents")
        for path in (root / folder).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args and _logs(call.func)
        if not (
            isinstance(call.args[0], ast.Constant) and call.args[0].value in BEFORE_ANYONE_SPOKE
        )
        for field in call.keywords
        if field.arg not in logs.CONTENT
        if ast.unparse(field.value).startswith(("str(", "_reason("))
        or ast.unparse(field.value).endswith(".reason")
    ]
    assert not found


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

    out = logged(happen, secrets=["123:abcdef"], content=True)
    assert len(out.splitlines()) == 5
    for secret in ("123:abcdef", "made-later", "xyzzy", "plugh", "pw-of-u", "frotz", "ozmoo"):
        assert secret not in out
    assert "ValueError: invalid literal for int() with base 10: '***'" in out


def test_secrets_are_hidden_however_they_are_written():
    """Libraries write them into addresses and bodies when content may be logged."""
    secret = 'qzq@x "v/ö:wyw\\1+'
    spelled = (
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        repr(secret),
    )

    def happen(_):
        for each in spelled:
            logging.getLogger("lib").warning("sent to https://api/%s/x", each)

    out = logged(happen, secrets=[secret], content=True)
    assert len(out.splitlines()) == len(spelled)
    assert "qzq" not in out
    assert "wyw" not in out


def test_message_text_is_left_out_unless_asked_for():
    def happen(_):
        structlog.get_logger().warning("heard", text="a private word", content={"text": "x"})

    assert "private" not in logged(happen)
    assert "(14 characters)" in logged(happen)
    assert "a private word" in logged(happen, content=True)


def test_what_a_program_says_of_its_work_is_content_too():
    """Its standard error may quote what people said."""

    def happen(_):
        log = structlog.get_logger()
        log.warning("agent.died", stderr=("KeyError: 'a private word'",))
        log.warning("agent.stderr", line="a private word")

    assert "private" not in logged(happen)
    assert "a private word" in logged(happen, content=True)


PRIVATE = "a private word"


def _raised_by_a_database():
    try:
        int(PRIVATE)
    except ValueError as error:
        raise ExceptionGroup(PRIVATE, [RuntimeError(PRIVATE)]) from error


@pytest.mark.parametrize("style", ["json", "console"])
def test_an_error_shows_its_type_and_its_place_and_no_words_of_others(style):
    """A database names the row that it did not take, a parser what it read."""

    def happen(_):
        log = structlog.get_logger()
        try:
            _raised_by_a_database()
        except ExceptionGroup:
            log.exception("broke")
        log.warning("broke", exc_info=StoreUnavailable("the disk is full"))

    out = logged(happen, format=style)
    assert PRIVATE not in out
    assert "in _raised_by_a_database" in out
    assert "ValueError: (" in out
    assert "RuntimeError: (14 characters)" in out
    assert "StoreUnavailable: the disk is full" in out
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


# -- what libraries say ---------------------------------------------------------------------------

CANARY = "the-canary-sings"
LIBRARIES = (
    *("LiteLLM", "LiteLLM Router", "openai._base_client", "httpx", "httpcore.http11", "httpx2"),
    *("slack_sdk.web.async_base_client", "slack_bolt.AsyncApp", "discord.gateway", "discord.http"),
    *("telegram.ext.Updater", "telegram.Bot", "twilio.http_client", "aiohttp.client", "mcp.client"),
    *("sqlalchemy.engine.Engine", "asyncpg", "uvicorn.error", "asyncio", "a.stranger"),
)


class Own(logging.Handler):
    """A handler that a library brings along, as litellm does."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream

    def emit(self, record):
        self.stream.write(self.format(record) + "\n")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("level", ["debug", "info", "warning"])
def test_no_library_prints_what_was_said(library, level, monkeypatch):
    """Neither a value, nor a text made of one, nor an error that quotes one, at any level."""
    stream = io.StringIO()
    silenced = logging.getLogger(library.partition(".")[0])  # by its channel, if that is loaded
    monkeypatch.setattr(silenced, "level", logging.NOTSET)
    silenced.manager._clear_cache()

    def happen(_):
        logger = logging.getLogger(library)
        own = Own(stream)
        logger.addHandler(own)
        try:
            for loud in (logger.debug, logger.info, logger.warning, logger.error):
                loud("a request with %s and %d", CANARY, 7)
                loud("a request with %(x)s", {"x": CANARY})
                loud(f"a request with {CANARY}")
                loud({"messages": [CANARY]})
                loud("malformed %d", CANARY)
                try:
                    int(CANARY)
                except ValueError:
                    loud("it broke", exc_info=True, stack_info=True)
        finally:
            logger.removeHandler(own)

    out = logged(happen, level=level) + stream.getvalue()
    assert CANARY not in out
    assert "a request with (16 characters) and 7" in out
    assert "it broke (ValueError at " in out


def test_what_python_warns_of_shows_no_values():
    out = logged(lambda _: warnings.showwarning(CANARY, UserWarning, "x.py", 1))
    assert CANARY not in out
    assert "py.warnings" in out


def test_whoever_wants_content_gets_it_from_libraries_too_but_no_secrets():
    def happen(_):
        logging.getLogger("a.stranger").debug("a request with %s, %s", CANARY, "xyzzy-secret")

    out = logged(happen, content=True, level="debug", secrets=["xyzzy-secret"])
    assert CANARY in out
    assert "xyzzy" not in out


CALL = """
import asyncio, json, sys
from bridge import logs
from bridge.config.model import LogSection
from bridge.engine.watchdog import Watchdog
logs.configure(LogSection(level="debug", format="json"), secrets=["sk-the-key"])
import httpx, discord, telegram, slack_sdk, slack_bolt, twilio.rest, mcp
from agents.litellm.config import ModelSection
from agents.litellm.client import ask
from bridge.engine.clock import SystemClock

async def main():
    model = ModelSection(model=sys.argv[2], api_base=sys.argv[1], api_key="sk-the-key")
    said = [{"role": "system", "content": "the-canary-prompt"},
            {"role": "user", "content": "the-canary-sings"}]
    tools = [{"type": "function", "function": {"name": "t", "description": "the-canary-tool",
              "parameters": {"type": "object", "properties": {}}}}]
    try:
        async for batch in ask(model, said, tools, stall_seconds=20, now=SystemClock().now):
            pass
    except Exception as error:
        print("failed", type(error).__name__)
    print("done")

asyncio.run(main())
"""


@pytest.fixture
async def models():
    fake = await FakeModels().start()
    yield fake
    await fake.stop()


FINE, BROKEN = Answers(text="the-canary-answers"), Answers(status=400, error="the-canary-error")


@pytest.mark.parametrize(
    ("model", "environ", "reply"),
    [
        ("openai/gpt-fake", {}, FINE),
        ("openai/gpt-fake", {"LITELLM_LOG": "DEBUG"}, FINE),
        ("openai/gpt-fake", {"LITELLM_LOG": "DEBUG"}, BROKEN),
        ("anthropic/claude-fake", {}, FINE),
        ("ollama_chat/fake", {}, FINE),
    ],
)
async def test_litellm_prints_nothing_of_a_conversation(models, model, environ, reply):
    """The library itself, in a process of its own, at `log.level: debug`, against a fake model."""
    models.replies = [reply]
    base = models.base(model.partition("/")[0].removesuffix("_chat"))
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CALL, base, model,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    out = (await running.communicate())[0].decode()
    assert models.asked
    assert "done" in out
    assert "canary" not in out
    assert "sk-the-key" not in out


@pytest.mark.parametrize("form", ["console", "json"])
def test_nothing_that_is_logged_controls_a_terminal_or_passes_for_a_line(form):
    """A tool's server, a provider or a person wrote it; somebody reads it on a terminal."""
    out = io.StringIO()
    logs.configure(LogSection(format=form, content=True), stream=out)
    evil = "a\x1b]52;c;cm0gLXJm\x07\x1b[2Jb\u202ec\x9b2J\n2026-01-02 [info] said"
    for each in (evil, evil.replace(" ", "")):
        log = structlog.get_logger("bridge.x")
        log.warning("it failed", why=each, text=each, more=[{each: each}])
        logging.getLogger("library").warning("failed: %s", each)
    structlog.get_logger("bridge.x").error("it raised", exc_info=StoreUnavailable(evil))
    lines = out.getvalue().splitlines()
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(out.getvalue())
    assert not [line for line in lines if line.startswith("2026-01-02")]
