"""`bridge hooks`: what services outside call, what came of it, and trying it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bridge.cli.exits import CommandError, MisusedError
from bridge.cli.people import print_table
from bridge.cli.safe import json_text, one_line
from bridge.cli.server import Server, ask

LARGEST = 1_048_576


def show_hooks(server: Server, *, as_json: bool) -> None:
    """List the hooks that are configured, with where each is called."""
    answer = ask(server, "GET", "/v1/hooks")
    if as_json:
        _say(json_text(answer, indent=2))
        return
    if not answer["hooks"]:
        _say("No hook is configured: docs/hooks.md has one for each service, to copy.")
        return
    rows = []
    for each in answer["hooks"]:
        where = each["url"] or f"{server.url}{each['path']}"
        state = "on" if each["enabled"] else "off"
        events = ", ".join(each["events"]) or "all"
        cells = (each["name"], where, state, each["verify"], each["does"], each["session"], events)
        rows.append(tuple(map(one_line, cells)))
    print_table(("name", "called at", "", "verify", "as", "session", "events"), rows)


def add(server: Server, name: str, wanted: Mapping[str, Any]) -> None:
    """Make a hook, and print where it is called and, this once, its secret."""
    answer = ask(server, "POST", "/v1/hooks", json={"name": name, **wanted})
    _say(f"called at  {one_line(answer['url'] or server.url + answer['path'])}")
    if answer["secret"]:
        _say(f"secret     {one_line(answer['secret'])}")
        _say("Enter both at the service. The secret is shown once.")
    if answer["url"] is None:
        _say("No service outside can call it yet: http.public_url is not set.")


def template_of(written: str) -> str:
    """Return a template by the name that it has, or what a file holds."""
    if not written.startswith("@"):
        return written
    return Path(written[1:]).read_text(encoding="utf-8")


def remove(server: Server, name: str) -> None:
    """Remove a hook that was made here."""
    ask(server, "DELETE", _of(name))
    _say(f"{name} is removed, with what was kept of its calls.")


def show_calls(server: Server, name: str, *, as_json: bool) -> None:
    """List the last calls of a hook, and what became of each."""
    answer = ask(server, "GET", f"{_of(name)}/calls")
    if as_json:
        _say(json_text(answer, indent=2))
        return
    if not answer["calls"]:
        _say("This hook was not called yet.")
        return
    rows = []
    for each in answer["calls"]:
        became = each["why"] or each["id"].replace(":", "#")
        cells = (each["number"], each["at"], each["event"], each["status"], each["outcome"], became)
        rows.append(tuple(one_line(str(cell), 300) for cell in cells))
    print_table(("number", "at", "event", "status", "outcome", "why, or what it became"), rows)


def try_payload(server: Server, name: str, file: Path, *, event: str, dry: bool) -> None:
    """Sign what a file holds with the secret of a hook, and play it."""
    body = {"payload": _payload(file), "event": event, "dry": dry}
    _tell(ask(server, "POST", f"{_of(name)}/test", json=body))


def replay(server: Server, name: str, number: int) -> None:
    """Play a call once more."""
    _tell(ask(server, "POST", f"{_of(name)}/calls/{number}/replay", json={}))


def _payload(file: Path) -> Any:
    if str(file) == "-":
        text = sys.stdin.read(LARGEST + 1)
    else:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(LARGEST + 1)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MisusedError(f"{file} is no JSON: {error}") from None


def _tell(played: Any) -> None:
    """Print what a caller would have been told. Raises `CommandError` where it was not taken."""
    if played["outcome"] == "failed":
        raise CommandError(f"{played['status']}: {one_line(played['why'], 500)}")
    became = one_line(played["id"].replace(":", "#"))
    _say(f"{played['status']} {played['outcome']} {became}".rstrip())
    for line in played["words"].splitlines():
        _say(f"  {one_line(line, 500)}".rstrip())


def _of(name: str) -> str:
    return f"/v1/hooks/{quote(name, safe='')}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
