"""`bridge hooks`: what is called, what came of it, trying it, and playing a call again."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.hooks import payloads
from tests.process import BridgeProcess, command

SECRET = "a-secret-of-twenty-one"
CONFIG = """
hooks:
  told: {verify: bearer, secret: "${HOOK_SECRET}", as: message, template: github, event: kind}
  off: {verify: github, secret: "${HOOK_SECRET}", enabled: false}
"""


@pytest.fixture
def bridge(tmp_path, monkeypatch) -> Iterator[BridgeProcess]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    process = BridgeProcess(tmp_path / "data", CONFIG)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def run(bridge):
    return lambda *arguments, given="": command(
        "hooks", *arguments, environ=bridge.environ, given=given
    )


def called(bridge, payload, secret=SECRET):
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.post(f"{bridge.url}/hooks/told", json=payload, headers=headers)


def test_hooks_are_listed_with_their_addresses_and_never_a_secret(bridge, run) -> None:
    listed = run("list")
    assert f"{bridge.url}/hooks/told" in listed.out
    assert "off" in listed.out
    names = [each["name"] for each in json.loads(run("list", "--json").out)["hooks"]]
    assert names == ["told", "off"]
    assert SECRET not in listed.out


def test_the_last_calls_say_why_each_was_refused(bridge, run) -> None:
    assert "not called yet" in run("calls", "told").out
    push = {**payloads.PUSH, "kind": "push"}
    assert called(bridge, push, "wrong").status_code == 401
    assert called(bridge, push).status_code == 202
    listed = run("calls", "told").out
    assert "the signature is wrong" in " ".join(listed.split())
    assert "accepted" in listed
    assert run("calls", "none").code != 0


def test_a_payload_is_tried_dry_and_for_real_and_a_call_played_again(bridge, run, tmp_path) -> None:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps({**payloads.PUSH, "kind": "push"}))
    dry = run("test", "told", str(file), "--dry")
    assert dry.out.startswith("200 dry\n  **shore/lighthouse**: mira pushed 2 commits")
    assert bridge.events("main")[-1]["type"] != "pushed"
    assert run("test", "told", str(file)).out.startswith("202 accepted main#")
    assert run("replay", "told", "1").out.startswith("202 accepted main#")
    pushed = [each for each in bridge.events("main") if each["type"] == "pushed"]
    assert len(pushed) == 2
    assert pushed[0]["content"]["outside"] is True


def test_what_cannot_be_tried_says_why(run) -> None:
    assert "is no JSON" in run("test", "told", "-", given="{").err
    assert run("test", "none", "-", given="{}").code != 0
    assert run("replay", "told", "9").code != 0


def test_a_hook_is_made_and_removed(bridge, run, tmp_path) -> None:
    file = tmp_path / "words.j2"
    file.write_text("Order {{ payload.order }}")
    made = run("add", "orders", "--verify", "bearer", "--message", "--template", f"@{file}")
    address, secret = (line.split()[-1] for line in made.out.splitlines()[:2])
    assert address == f"{bridge.url}/hooks/orders"
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.post(address, json=payloads.ORDER, headers=headers).status_code == 202
    assert bridge.events("main")[-1]["content"]["text"] == "Order 17"
    assert secret not in run("list").out
    assert run("remove", "orders").code == 0
    assert httpx.post(address, json=payloads.ORDER, headers=headers).status_code == 404
    assert "configuration" in run("remove", "told").err


def test_the_doctor_knows_them(bridge) -> None:
    told = command("doctor", environ=bridge.environ).out
    assert "hook told" in told
    assert "hook off" in told


def test_a_call_that_was_taken_is_once_in_the_log_though_the_bridge_was_killed(bridge) -> None:
    """The service got no answer, or lost it, and sends it once more."""
    push = {**payloads.PUSH, "kind": "push"}
    first = called(bridge, push)
    bridge.kill()
    bridge.start()
    again = called(bridge, push)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert len([each for each in bridge.events("main") if each["type"] == "pushed"]) == 1
