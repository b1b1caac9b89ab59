"""`bridge schedules`: what is planned in a session, and planning it."""

import sys
from typing import Any
from urllib.parse import quote

from bridge.cli.people import print_table
from bridge.cli.safe import json_text, one_line
from bridge.cli.server import Server, ask


def show(server: Server, session: str, *, as_json: bool) -> None:
    """List what is planned in a session."""
    answer = ask(server, "GET", _all(session))
    if as_json:
        _say(json_text(answer, indent=2))
    elif not answer["schedules"]:
        _say("Nothing is planned.")
    else:
        rows = [
            (
                each["called"],
                one_line(each["when"]),
                "paused" if each["paused"] else one_line(str(each["next"])),
                each["action"],
                one_line(each["text"], 80),
                one_line(each["by"] or "the configuration"),
            )
            for each in answer["schedules"]
        ]
        print_table(("id", "when", "next", "does", "what", "whose"), rows)


def add(server: Server, session: str, **wanted: Any) -> None:
    """Plan something, and say what was understood."""
    body = {name: value for name, value in wanted.items() if value is not None}
    planned = ask(server, "POST", _all(session), json=body)
    _say(f"{one_line(planned['called'])}: {one_line(planned['when'])}; next {planned['next']}.")


def pause(server: Server, session: str, word: str, *, paused: bool) -> None:
    """Let a schedule rest, or go on."""
    planned = ask(server, "PATCH", _one(session, word), json={"paused": paused})
    _say("It is paused." if planned["paused"] else f"It goes on; next {planned['next']}.")


def run(server: Server, session: str, word: str) -> None:
    """Do now what a schedule does."""
    _say(one_line(ask(server, "POST", f"{_one(session, word)}/run", json={})["text"]))


def remove(server: Server, session: str, word: str) -> None:
    """Remove a schedule."""
    _say(one_line(ask(server, "DELETE", _one(session, word))["text"]))


def _all(session: str) -> str:
    return f"/v1/sessions/{quote(session, safe='')}/schedules"


def _one(session: str, word: str) -> str:
    return f"{_all(session)}/{quote(word, safe='')}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
