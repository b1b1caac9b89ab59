"""`bridge deliveries`: what each place is owed and why; try it again, or drop it."""

import json
import sys
from typing import Any

from rich.table import Table
from rich.text import Text

from bridge.cli.exits import CommandError
from bridge.cli.push import described
from bridge.cli.render import console
from bridge.cli.safe import one_line
from bridge.cli.server import Server, ask, checked
from bridge.cli.wire import DeliveryLine


def show(server: Server, *, as_json: bool) -> None:
    """Print what every place is owed. Raises `CommandError`."""
    report = ask(server, "GET", "/v1/deliveries", read=120)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        return
    if not report["places"]:
        sys.stdout.write("nothing is owed, and nothing failed of late\n")
        return
    columns = ("place", "id", "session", "behind", "up to", "how it stands")
    table = Table(*columns, box=None, pad_edge=False)
    for each in report["places"]:
        cells = (each["label"], each["conversation"], each["title"] or each["session"])
        numbers = (Text(str(each["behind"])), Text(str(each["upto"])))
        row = [*map(_cell, cells), *numbers, _cell(told(each))]
        table.add_row(*row)
    console().print(table)


def _cell(text: str) -> Text:
    return Text(one_line(text, 200))


def told(place: dict[str, Any]) -> str:
    """Return how a place stands, in words."""
    lacks_only = place["state"] == "failed" and place["failed"]
    found = [] if lacks_only else [described(DeliveryLine.model_validate(place))]
    found += [f"{place['error']} ({place['tries']} times)"] if place["error"] else []
    if place["failed"]:
        found.append("failed: " + ", ".join(map(str, place["failed"])))
    return "; ".join(found)


def retry(server: Server, conversation: str) -> None:
    """Have a place tried again now. Raises `CommandError`."""
    with server.blocking_client() as client:
        checked(client.post(f"/v1/deliveries/{conversation}/retry"))
    sys.stdout.write("it is tried again now\n")


def drop(server: Server, conversation: str, *, upto: int | None, sure: bool) -> None:
    """Drop what a place is owed, up to an event or all of it. Raises `CommandError`."""
    if not sure:
        why = "this cannot be undone: what is dropped is never shown there; add --yes"
        raise CommandError(f"{why}, and --upto to drop no more than was listed")
    asked = {} if upto is None else {"upto": upto}
    with server.blocking_client() as client:
        done = checked(client.post(f"/v1/deliveries/{conversation}/drop", params=asked)).json()
    sys.stdout.write(f"dropped: {done['dropped']} events; the session still has them\n")
