"""`bridge background`: what works in the background of a session, and stopping it."""

import sys
from typing import Any
from urllib.parse import quote

from bridge.cli.people import print_table
from bridge.cli.safe import json_text, one_line
from bridge.cli.server import Server, ask


def show(server: Server, session: str, *, as_json: bool) -> None:
    """List what works in the background of a session, and what did lately."""
    answer = ask(server, "GET", _all(session))
    if as_json:
        _say(json_text(answer, indent=2))
    elif not answer["background"]:
        _say("Nothing works in the background.")
    else:
        columns = ("id", "state", "since", "used", "task", "session")
        print_table(columns, [_row(each) for each in answer["background"]])


def stop(server: Server, session: str, word: str) -> None:
    """Stop what works in the background; it reports nothing."""
    path = f"{_all(session)}/{quote(word, safe='')}"
    _say(one_line(ask(server, "DELETE", path)["text"]))


def _row(work: dict[str, Any]) -> tuple[str, ...]:
    used = work["used"]
    return (
        one_line(work["called"]),
        one_line(work["state"]),
        one_line(str(work["began"])),
        f"{used['tokens']:,} tokens, ${used['cost']:.2f}",
        one_line(work["task"], 80),
        one_line(work["id"]),
    )


def _all(session: str) -> str:
    return f"/v1/sessions/{quote(session, safe='')}/background"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
