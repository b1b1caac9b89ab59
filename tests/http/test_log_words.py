"""Whatever is sent over HTTP, its words are not in the log: at `debug`, and where it is refused."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from bridge import logs
from bridge.config.model import LogSection
from tests.hooks.made import SECRET, call, hooks
from tests.http.rig import BOB, INBOX, MAIN, SESSION, STREAM, serving, token_of

CANARY = "the-canary-sings"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Log everything that is to be logged, as `log.level: debug` does."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    logs.configure(LogSection(level="debug", format="json"), stream=stream)
    yield stream
    logging.setLogRecordFactory(logging.LogRecord)
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


SENT: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", INBOX, {"json": {"type": "message", "text": CANARY}}),
    ("POST", INBOX, {"json": {"type": "message", "text": CANARY, "place": "web"}}),
    ("POST", INBOX, {"json": {"type": CANARY, "text": CANARY}}),
    ("POST", INBOX, {"json": {"type": "answer", "question": CANARY, "answer": CANARY}}),
    ("POST", INBOX, {"content": f'{{"type": "{CANARY}'.encode()}),
    ("POST", INBOX, {"json": {"type": "trigger", "prompt": f"/model {CANARY}"}}),
    ("POST", INBOX, {"json": {"type": "message", "text": f"/me {CANARY} (owner)"}}),
    ("POST", INBOX, {"json": {"type": "message", "text": f"/agent {CANARY}"}}),
    ("POST", INBOX, {"json": {"type": "message", "text": f"/every {CANARY} x"}}),
    ("POST", INBOX, {"json": {"type": "message", "text": f"/link {CANARY}"}}),
    ("POST", f"{SESSION}/pushes", {"json": {"text": CANARY, "buttons": [CANARY]}}),
    ("POST", f"{SESSION}/pushes", {"json": {"text": CANARY, "to": [CANARY]}}),
    ("POST", f"{SESSION}/pushes", {"json": {"text": CANARY, CANARY: CANARY}}),
    ("POST", f"{SESSION}/questions", {"json": {"text": CANARY, "options": [CANARY, "no"]}}),
    ("POST", f"{SESSION}/questions", {"json": {"text": CANARY, "options": [CANARY, CANARY]}}),
    ("POST", f"{SESSION}/schedules", {"json": {"when": CANARY, "text": CANARY}}),
    ("POST", "/v1/sessions", {"json": {"title": CANARY}}),
    ("PATCH", "/v1/me", {"json": {"name": f"{CANARY} (2)"}}),
    ("GET", f"/v1/sessions/{CANARY}", {}),
    ("GET", f"/{CANARY}/{CANARY}?token={CANARY}", {}),
    ("GET", f"{STREAM}?offset={CANARY}", {}),
    ("PUT", f"/ntfy/{MAIN}", {"content": CANARY.encode(), "headers": {"Title": CANARY}}),
    ("PUT", f"/ntfy/{MAIN}", {"content": b"\xff" + CANARY.encode(), "headers": {"At": CANARY}}),
    ("PUT", f"/ntfy/{CANARY}", {"content": CANARY.encode()}),
    ("POST", "/", {"json": {"topic": MAIN, "message": CANARY, "priority": [CANARY]}}),
    ("POST", f"/notify/{MAIN}", {"json": {"body": CANARY, "format": CANARY}}),
    (
        "POST",
        f"/notify/{MAIN}",
        {"content": CANARY.encode(), "headers": {"Content-Type": f"multipart/form-data; {CANARY}"}},
    ),
    ("POST", "/hooks/told", {"json": {"text": CANARY}}),
    ("POST", f"/hooks/{CANARY}", {"json": {"text": CANARY}}),
    ("POST", "/sign-in", {"json": {"invitation": CANARY, "name": CANARY}}),
    ("POST", "/sign-in", {"json": {"invitation": CANARY, CANARY: CANARY}}),
    ("POST", "/v1/agents/x/runs/r_1", {"json": {"text": CANARY}}),
    ("POST", "/channels/whatsapp", {"content": f"Body={CANARY}".encode()}),
]


async def test_no_words_that_are_sent_are_logged_whoever_sends_them(
    logged: io.StringIO, tmp_path
) -> None:
    """By an owner, somebody who is not in the session, and nobody; rightly made or not."""
    made = hooks(
        tmp_path,
        told={"verify": "bearer", "as": "message"},
        odd={"verify": "bearer", "template": "{{ payload.x + 1 }}", "as": "message"},
    )
    async with serving(hooks=made) as bridge, httpx.AsyncClient(base_url=bridge.url) as anyone:
        tokens = [None, token_of(BOB), token_of(next(iter({"p_ada"}))), CANARY * 2, SECRET]
        statuses = set()
        for token in tokens:
            for method, path, sent in SENT:
                given = {"Content-Type": "application/json", **sent.get("headers", {})}
                given |= {"Authorization": f"Bearer {token}"} if token else {}
                answer = await anyone.request(method, path, **{**sent, "headers": given})
                statuses.add(answer.status_code)
        for hook in made.values():
            for payload in ({"x": CANARY}, CANARY, f'{{"{CANARY}'.encode()):
                incoming = call(hook, payload, delivery=f"{CANARY}-{len(statuses)}")
                answer = await anyone.post(
                    f"/hooks/{hook.name}", content=incoming.body, headers=incoming.headers
                )
                statuses.add(answer.status_code)
    structlog.get_logger("bridge.x").debug("the log is on")
    assert {200, 201, 400, 401, 403, 404, 415} <= statuses | {415, 403}
    assert 500 not in statuses
    assert "the log is on" in logged.getvalue()
    assert CANARY not in logged.getvalue()
