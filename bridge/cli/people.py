"""`bridge people`: who is let in where, and putting people out."""

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from rich.table import Table
from rich.text import Text

from bridge.cli.render import console
from bridge.cli.safe import json_text, one_line
from bridge.cli.server import Server, ask


def show_people(server: Server, *, as_json: bool) -> None:
    """List everyone, with what lets them in."""
    answer = ask(server, "GET", "/v1/people")
    if as_json:
        _say(json_text(answer, indent=2))
        return
    rows = []
    for each in answer["people"]:
        accounts = (f"{one['realm']} {one['user']}" for one in each["identities"])
        sessions = (
            f"{one_line(one['title'], 40) or one['session']} ({one['role']})"
            for one in each["sessions"]
        )
        let_in = ["removed"] if each["out"] else each["let_in"]
        who = (one_line(each["id"]), one_line(each["name"]))
        rows.append((*who, *map(_lines, (accounts, let_in, sessions))))
    print_table(("id", "name", "accounts", "let in by", "sessions"), rows)


WIDEST = 10_000
"""Columns of a terminal that no table is too wide for."""


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, or where it is too wide for that, each row below the other: no word is cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*map(Text, row))
    printer = console()
    room = printer.options.update(max_width=WIDEST)
    if printer.measure(table, options=room).maximum <= printer.width:
        printer.print(table)
        return
    below = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            if cell:
                below.add_row(Text(column, "dim"), Text(cell))
        below.add_row()
    printer.print(below)


def remove(server: Server, person: str) -> None:
    """Put someone out of everything."""
    answer = ask(server, "DELETE", f"/v1/people/{quote(person, safe='')}")
    _say(f"{person} was removed from every session, and is let in nowhere.")
    if answer["lists"]:
        _say("The configuration still names them. Remove these lines:")
        for line in answer["lists"]:
            _say(f"  {one_line(line)}")


def forget(server: Server, person: str) -> None:
    """Remove someone, keep nothing of their words, and say what could not be taken back."""
    answer = ask(server, "POST", f"/v1/people/{quote(person, safe='')}/forget", json={})
    _say(
        f"{person} is forgotten: {answer['events']} events of {answer['sessions']} sessions,"
        f" {answer['files']} files."
    )
    for line in answer["left"]:
        _say(f"  {one_line(line)}")
    _say("Backups, and what the agents' providers keep, are not ours to change.")


def export(server: Server, person: str) -> None:
    """Print all that is kept of someone, as JSON."""
    kept = ask(server, "GET", f"/v1/people/{quote(person, safe='')}/export")
    _say(json_text(kept, indent=2))


def allow(server: Server, person: str, session: str | None) -> None:
    """Let someone in again who was put out."""
    body = {"session": session}
    answer = ask(server, "POST", f"/v1/people/{quote(person, safe='')}/allow", json=body)
    where = ", ".join(map(one_line, answer["sessions"])) or "no session yet"
    _say(f"{person} is let in again: {where}.")


def show_requests(server: Server, *, as_json: bool) -> None:
    """List who asks to be let in."""
    answer = ask(server, "GET", "/v1/requests")
    if as_json:
        _say(json_text(answer, indent=2))
        return
    if not answer["requests"]:
        _say("Nobody is asking to be let in.")
        return
    rows = []
    for each in answer["requests"]:
        where = "" if each["room"] is None else f" (in the room {one_line(each['room'], 40)})"
        cells = (each["name"], each["user"], f"{each['app']}{where}", each["words"], each["at"])
        rows.append((each["number"], *map(one_line, cells)))
    print_table(("number", "name", "id", "app", "in their words", "asked at"), rows)


def answer_request(server: Server, number: str, *, allow: bool) -> None:
    """Let someone in who asks, or do not."""
    path = f"/v1/requests/{quote(number, safe='')}"
    _tell(ask(server, "POST", path, json={"allow": allow}))


def invite(server: Server, session: str, **wanted: str | int | bool) -> None:
    """Print an invitation into a session: a link into the browser, or a code for an app."""
    answer = ask(server, "POST", f"{_of(session)}/invitations", json=wanted)
    if not wanted["browser"]:
        _say(one_line(answer["code"]))
    for link in answer["links"]:
        _say(one_line(link))
    _say(f"Whoever has it can use it, until {answer['until']}. It is shown once.")


def show_members(server: Server, session: str, *, as_json: bool) -> None:
    """List who is in a session, in which role and from where."""
    answer = ask(server, "GET", f"{_of(session)}/people")
    if as_json:
        _say(json_text(answer, indent=2))
        return
    rows = [
        (each["id"], one_line(each["name"]), each["role"], _lines(each["apps"]))
        for each in answer["people"]
    ]
    print_table(("id", "name", "role", "apps"), rows)


def give_role(server: Server, session: str, person: str, role: str) -> None:
    """Change what someone may do in a session."""
    path = f"{_of(session)}/people/{quote(person, safe='')}"
    _tell(ask(server, "PATCH", path, json={"role": role}))


def kick(server: Server, session: str, person: str) -> None:
    """Remove someone from one session."""
    _tell(ask(server, "DELETE", f"{_of(session)}/people/{quote(person, safe='')}"))


def show_invitations(server: Server, session: str, *, as_json: bool) -> None:
    """List the open invitations into a session."""
    answer = ask(server, "GET", f"{_of(session)}/invitations")
    if as_json:
        _say(json_text(answer, indent=2))
        return
    if not answer["invitations"]:
        _say("There are no open invitations into this session.")
        return
    rows = []
    for each in answer["invitations"]:
        how = f"{'link' if each['browser'] else 'code'}{', with history' * each['history']}"
        came = f"{each['uses'] - each['left']} of {each['uses']}"
        cells = (each["number"], each["by"], each["role"], how, came, each["until"])
        rows.append(tuple(map(one_line, cells)))
    print_table(("number", "made by", "role", "as", "came", "until"), rows)


def revoke(server: Server, session: str, number: str) -> None:
    """End an invitation into a session."""
    _tell(ask(server, "DELETE", f"{_of(session)}/invitations/{quote(number, safe='')}"))


def _of(session: str) -> str:
    return f"/v1/sessions/{quote(session, safe='')}"


def _tell(answer: Any) -> None:
    """Print what became of something, in the bridge's words."""
    _say(one_line(str(answer["text"]).replace("**", "")))


def unlink(server: Server, number: str) -> None:
    """Take back what a code gave."""
    _tell(ask(server, "DELETE", f"/v1/links/{quote(number, safe='')}"))


def code(server: Server) -> None:
    """Print a new owner's code."""
    answer = ask(server, "POST", "/v1/owner-code", json={})
    code = one_line(str(answer["code"]))
    _say(f"{code} works once: whoever sends it to the bot in private becomes an owner.")


def _lines(items: Any) -> str:
    return "\n".join(one_line(str(each)) for each in items)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
