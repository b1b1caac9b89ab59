"""The OpenAPI document, and whether the server keeps to it."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.http.middleware import SIGN_IN
from tests.http.rig import ADA, BOB, QUICK, Bridge, bearer, serving

SHORT = replace(QUICK, long_poll=0.02, stream=0.02, keepalive=0.02)
OPERATIONS = {
    "change_me",
    "get_push_key",
    "ring_here",
    "ring_no_more",
    "do_deed",
    "get_me",
    "list_sessions",
    "create_session",
    "get_session",
    "trace_event",
    "export_session",
    "copy_session",
    "import_session",
    "get_retention",
    "set_retention",
    "read_events",
    "read_stream",
    "head_stream",
    "put_in",
    "watch_live",
    "put_file",
    "get_file",
    "head_file",
    "get_health",
    "get_ready",
    "get_doctor",
    "make_backup",
    "get_usage",
    "list_people",
    "remove_person",
    "allow_person",
    "forget_person",
    "export_person",
    "make_owner_code",
    "list_hooks",
    "turn_hook",
    "list_questions",
    "add_hook",
    "remove_hook",
    "list_calls",
    "replay_call",
    "test_hook",
    "undo_link",
    "list_requests",
    "answer_request",
    "invite",
    "list_schedules",
    "set_schedule",
    "change_schedule",
    "run_schedule",
    "remove_schedule",
    "list_background",
    "stop_background",
    "list_members",
    "change_role",
    "remove_member",
    "list_invitations",
    "revoke_invitation",
    "link_app",
    "get_notify",
    "choose_notify",
    "sign_in",
    "push",
    "get_push",
    "get_delivery",
    "ask",
    "get_question",
    "withdraw_question",
    "list_deliveries",
    "retry_delivery",
    "drop_delivery",
    "list_subscriptions",
    "add_subscription",
    "get_subscription",
    "remove_subscription",
    "rotate_subscription",
    "retry_subscription",
    "drop_subscription",
}
CONFIG = """
[checks.positive_data_acceptance]
# An offset may be well formed and yet past the end (410); headers come all three or none (400).
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "410", "5xx"]
"""


async def document(bridge: Bridge) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        fetched: dict[str, Any] = (await client.get("/openapi.json")).json()
    return fetched


async def test_the_document_names_every_operation_and_every_error(bridge: Bridge) -> None:
    paths = (await document(bridge))["paths"]
    operations = [each for methods in paths.values() for each in methods.values()]
    assert {each["operationId"] for each in operations} == OPERATIONS
    for path, methods in paths.items():
        for each in methods.values():
            assert "422" not in each["responses"]
            assert ("401" in each["responses"]) == path.startswith(("/v1/", SIGN_IN))
            assert ("security" in each) == path.startswith("/v1/")


async def test_the_document_tells_one_input_from_another_by_its_type(bridge: Bridge) -> None:
    whole = await document(bridge)
    inbox = whole["paths"]["/v1/stream/sessions/{session}/inbox"]["post"]
    body = inbox["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["discriminator"]["mapping"]) == {
        "message",
        "stop",
        "answer",
        "push",
        "trigger",
        "typing",
        "looking",
    }
    assert "HTTPValidationError" not in whole["components"]["schemas"]


@pytest.mark.fuzz
async def test_whatever_is_sent_the_answer_is_one_that_the_document_names(tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    async with serving(SHORT) as bridge:
        await bridge.join(BOB)
        fuzzing = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "schemathesis.cli", "run", f"{bridge.url}/openapi.json"),
            *("--checks", "all", "--phases", "coverage", "--seed", "7", "--no-color"),
            *("--header", f"Authorization: {bearer(ADA)['Authorization']}"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await fuzzing.communicate()
    assert fuzzing.returncode == 0, said.decode()
    assert f"Tested: {len(OPERATIONS)}".encode() in said
