"""`bridge subscriptions`: where events are sent, what is owed there, and what was given up."""

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bridge.cli.exits import CommandError
from bridge.cli.people import print_table
from bridge.cli.safe import json_text, one_line
from bridge.cli.server import Server, ask, checked

PATH = "/v1/subscriptions"


def show_all(server: Server, *, everybody: bool, as_json: bool) -> None:
    """List the subscriptions of whoever asks, or of everybody."""
    answer = ask(server, "GET", f"{PATH}?all=true" if everybody else PATH)
    if as_json:
        _say(json_text(answer, indent=2))
        return
    if not answer["subscriptions"]:
        _say("No events are sent anywhere: `bridge subscriptions add URL` begins to.")
        return
    rows = []
    for each in answer["subscriptions"]:
        session = each["session"] or "all"
        kinds = "the end of a question" if each["question"] else ", ".join(each["kinds"]) or "all"
        cells = (each["id"], each["url"], session, kinds, _standing(each))
        rows.append(tuple(one_line(cell, 300) for cell in cells))
    print_table(("id", "sent to", "session", "events", "how it stands"), rows)


def _standing(each: dict[str, Any]) -> str:
    behind = sum(owed["behind"] for owed in each["owed"])
    dead = sum(len(owed["dead"]) for owed in each["owed"])
    error = next((owed["error"] for owed in each["owed"] if owed["error"]), "")
    told = [each["state"] if not each["why"] else f"{each['state']}: {each['why']}"]
    told += [f"{behind} behind"] if behind else []
    told += [f"{dead} given up"] if dead else []
    told += [error] if error and error != each["why"] else []
    return "; ".join(told)


def add(server: Server, url: str, *, session: str | None, kinds: Sequence[str]) -> None:
    """Have events sent to an address; print the id and, this once, the secret."""
    body = {"url": url, "session": session, "kinds": list(kinds)}
    made = ask(server, "POST", PATH, json=body)
    _say(f"id      {one_line(made['id'])}")
    _tell_secret(made)


def show(server: Server, number: str, *, as_json: bool) -> None:
    """Show one: what is owed of each session, and what was given up, with why."""
    each = ask(server, "GET", _of(number))
    if as_json:
        _say(json_text(each, indent=2))
        return
    _say(f"{one_line(each['url'], 300)} · {one_line(_standing(each), 300)}")
    for owed in each["owed"]:
        due = f", tried again at {owed['due_at']}" if owed["due_at"] else ""
        _say(f"{one_line(owed['title'] or owed['session'])}: {owed['behind']} behind{due}")
        for dead in owed["dead"]:
            _say(f"  #{dead['seq']} was given up: {one_line(dead['why'], 200)}")


def remove(server: Server, number: str) -> None:
    """End one."""
    ask(server, "DELETE", _of(number))
    _say("Nothing more is sent there.")


def rotate(server: Server, number: str) -> None:
    """Give it another secret."""
    _tell_secret(ask(server, "POST", f"{_of(number)}/rotate"))
    _say("The one before signs too for a day.")


def retry(server: Server, number: str) -> None:
    """Send now what is owed, and first what was given up."""
    with server.blocking_client() as client:
        checked(client.post(f"{_of(number)}/retry"))
    _say("it is tried again now")


def drop(server: Server, number: str, *, upto: int | None, sure: bool) -> None:
    """Send nothing of what is owed, up to an event or all of it. Raises `CommandError`."""
    if not sure:
        raise CommandError("this cannot be undone: what is dropped is never sent there; add --yes")
    asked = {} if upto is None else {"upto": upto}
    with server.blocking_client() as client:
        done = checked(client.post(f"{_of(number)}/drop", params=asked)).json()
    _say(f"dropped: {done['dropped']} events; the session still has them")


def _tell_secret(made: dict[str, Any]) -> None:
    _say(f"secret  {one_line(made['secret'])}")
    _say("It signs what is sent, and is shown once.")


def _of(number: str) -> str:
    return f"{PATH}/{quote(number, safe='')}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
