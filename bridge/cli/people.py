"""`bridge people`: who is let in where, and putting people out."""

import json
import sys
from typing import Any
from urllib.parse import quote

from rich.table import Table

from bridge.cli.paint import console
from bridge.cli.safe import one_line
from bridge.cli.server import Server, ask


def show_people(server: Server, *, as_json: bool) -> None:
    """List everyone, with what lets them in."""
    answer = ask(server, "GET", "/v1/people")
    if as_json:
        _say(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("id", "name", "accounts", "let in by", "sessions"):
        table.add_column(column, overflow="fold")
    for each in answer["people"]:
        accounts = (f"{one['realm']} {one['user']}" for one in each["identities"])
        sessions = (f"{one['title'] or one['session']} ({one['role']})" for one in each["sessions"])
        let_in = ["removed"] if each["out"] else each["let_in"]
        cells = (each["id"], each["name"], _lines(accounts), _lines(let_in), _lines(sessions))
        table.add_row(*cells)
    console().print(table)


def remove(server: Server, person: str) -> None:
    """Put someone out of everything."""
    answer = ask(server, "DELETE", f"/v1/people/{quote(person, safe='')}")
    _say(f"{person} is out of every session, and is let in nowhere any more.")
    if answer["lists"]:
        _say("The configuration still names them; take out:")
        for line in answer["lists"]:
            _say(f"  {one_line(line)}")


def allow(server: Server, person: str, session: str | None) -> None:
    """Let someone in again who was put out."""
    body = {"session": session}
    answer = ask(server, "POST", f"/v1/people/{quote(person, safe='')}/allow", json=body)
    where = ", ".join(map(one_line, answer["sessions"])) or "no session yet"
    _say(f"{person} is let in again: {where}.")


def unlink(server: Server, number: str) -> None:
    """Take back what a code gave."""
    answer = ask(server, "DELETE", f"/v1/links/{quote(number, safe='')}")
    _say(one_line(str(answer["text"]).replace("**", "")))


def code(server: Server) -> None:
    """Print a new owner's code."""
    answer = ask(server, "POST", "/v1/owner-code", json={})
    _say(f"{answer['code']} makes whoever sends it to the bot in private the owner. It works once.")


def _lines(items: Any) -> str:
    return "\n".join(one_line(str(each)) for each in items)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
