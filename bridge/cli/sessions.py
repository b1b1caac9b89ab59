"""`bridge sessions`: which there are, what one is like, what is said in one."""

import asyncio
import json
import sys
from typing import Any

from rich.table import Table

from bridge.cli import follow
from bridge.cli.paint import console, unadorned
from bridge.cli.safe import one_line
from bridge.cli.server import Server, ask
from bridge.cli.talk import choose, sessions
from bridge.cli.view import View
from bridge.cli.wire import Me, SessionView, parse
from bridge.codec import to_json
from bridge.events import Event
from bridge.ids import SessionId


def show_list(server: Server, *, as_json: bool) -> None:
    known = sessions(server)
    if as_json:
        _dump([each.model_dump() for each in known])
        return
    table = _table("session", "title", "events", "last event")
    for each in known:
        title = one_line(each.title, 40) + (" (archived)" if each.archived else "")
        table.add_row(each.id, title, str(each.head), each.touched_at[:19].replace("T", " "))
    console().print(table)


def show_one(server: Server, named: str | None, *, as_json: bool) -> None:
    session = choose(server, named)
    answer = ask(server, "GET", f"/v1/sessions/{session}")
    if as_json:
        _dump(answer)
        return
    view = parse(SessionView, answer)
    table = _table("", "")
    table.show_header = False
    people = (f"{one_line(each.name)} ({each.role})" for each in view.participants)
    places = (one_line(each.label) for each in view.places)
    for name, value in (
        ("session", view.id),
        ("title", one_line(view.title)),
        ("state", view.state),
        ("people", ", ".join(people)),
        ("places", ", ".join(places)),
        ("open questions", str(len(view.questions))),
    ):
        table.add_row(name, value)
    console().print(table)


def tail(server: Server, named: str | None, *, lines: int, on: bool, as_json: bool) -> None:
    """Print the last events, and with `on` whatever comes, until interrupted."""
    asyncio.run(_tail(server, choose(server, named), lines=lines, on=on, as_json=as_json))


async def _tail(server: Server, session: SessionId, *, lines: int, on: bool, as_json: bool) -> None:
    events, offset = await follow.history(server, session)
    view = await _view(server, session)
    told = [text for event in events if (text := _told(view, event, as_json=as_json))]
    for text in told[len(told) - min(lines, len(told)) :]:
        _say(text)
    if not on:
        return
    async for signal in follow.follow(server, session, offset, place="api"):
        if isinstance(signal, follow.Heard):
            for event in signal.events:
                if view.strangers(event):
                    view.introduce(await follow.view(server, session))
                if text := _told(view, event, as_json=as_json):
                    _say(text)


async def _view(server: Server, session: SessionId) -> View:
    me = parse(Me, await asyncio.to_thread(ask, server, "GET", "/v1/me"))
    view = View(me=me.participant)
    view.introduce(await follow.view(server, session))
    return view


def _told(view: View, event: Event, *, as_json: bool) -> str:
    if event.seq <= view.seen:
        return ""
    line = view.take(event)
    if as_json:
        return json.dumps(to_json(event), ensure_ascii=False)
    return f"{event.at:%H:%M:%S} {unadorned(line)}" if line else ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _dump(answer: Any) -> None:
    _say(json.dumps(answer, indent=2, ensure_ascii=False))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
