"""`bridge sessions`: which there are, what one is like, what is said in one, one message's way."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel
from rich.table import Table

from bridge.cli import follow
from bridge.cli.client_session import choose, earlier, sessions
from bridge.cli.exits import CommandError
from bridge.cli.render import console, unadorned
from bridge.cli.safe import json_text, one_line, plain
from bridge.cli.server import Server, ask
from bridge.cli.spoken import spoken
from bridge.cli.view import View
from bridge.cli.wire import Me, SessionView, parse
from bridge.domain.codec import to_json
from bridge.domain.events import Event, QuestionAsked, QuestionClosed
from bridge.domain.ids import Seq, SessionId

EVENTS_A_LINE = 4
"""About: most turns have as many of which two are printed."""


def show_list(server: Server, *, as_json: bool) -> None:
    known = sessions(server)
    if as_json:
        _dump([each.model_dump() for each in known])
        return
    table = _table("session", "title", "events", "last event")
    for each in known:
        title = one_line(each.title, 40) + (" (archived)" if each.archived else "")
        touched = one_line(each.touched_at[:19].replace("T", " "))
        table.add_row(one_line(each.id), title, str(each.head), touched)
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
    people = (f"{one_line(each.name)} ({one_line(each.role)})" for each in view.participants)
    places = (one_line(each.label) for each in view.places)
    for name, value in (
        ("session", one_line(view.id)),
        ("title", one_line(view.title)),
        ("state", one_line(view.state)),
        ("people", ", ".join(people)),
        ("places", ", ".join(places)),
        ("open questions", str(len(view.questions))),
    ):
        table.add_row(name, value)
    console().print(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tailing:
    """Which events are printed: the last `lines`, or those before `before`, or all past `after`.

    `on`: whatever comes then, too.
    """

    lines: int = 20
    before: int | None = None
    after: int | None = None
    on: bool = False
    as_json: bool = False


def tail(server: Server, named: str | None, asked: Tailing) -> None:
    """Print some of a session's events, and what comes, until interrupted.

    Raises `CommandError`.
    """
    if asked.before is not None and (asked.after is not None or asked.on):
        raise CommandError("--before goes neither with --after nor with --follow")
    asyncio.run(_tail(server, choose(server, named), asked))


async def _tail(server: Server, session: SessionId, asked: Tailing) -> None:
    view = await _view(server, session)
    if asked.after is not None:
        offset = await _past(server, session, view, asked)
    else:
        offset = await _last(server, session, view, asked)
    if not asked.on:
        return
    async for signal in follow.follow(server, session, offset, place="api"):
        if isinstance(signal, follow.Heard):
            await _print(server, session, view, signal, asked)


async def _last(server: Server, session: SessionId, view: View, asked: Tailing) -> str:
    """Print the last events, read page by page until there are enough; return where they end."""
    pages: list[follow.Stretch] = []
    wanted = asked.lines if asked.as_json else asked.lines * EVENTS_A_LINE
    limit, before = min(max(wanted, 1), follow.MOST_LAST), asked.before
    count, more = 0, True
    while more and (not pages or count < asked.lines):
        page = await follow.last(server, session, limit=limit, before=before)
        count += len(_all_told(View(me=view.me), [page], asked))
        more, before = page.more, page.events[0].seq if page.events else before
        pages.insert(0, page)
    told = _all_told(view, pages, asked)
    shown = told[len(told) - min(asked.lines, len(told)) :]
    if shown and (more or len(shown) < len(told)) and sys.stdout.isatty() and not asked.as_json:
        sys.stderr.write(f"{view.language.says(earlier(session, shown[0][0]))}\n")
    for _, text in shown:
        _say(text)
    return pages[-1].offset


def _all_told(
    view: View, pages: Sequence[follow.Stretch], asked: Tailing
) -> Sequence[tuple[Seq, str]]:
    """Return what is printed of some pages that follow each other, and of which event each is."""
    stands = {event.seq: event for page in pages for event in page.standing}
    first = pages[0].events[0].seq if pages[0].events else None
    for seq, event in sorted(stands.items()):
        if first is None or seq < first:
            view.take(event)
    events = (event for page in pages for event in page.events)
    return [(each.seq, text) for each in events if (text := _told(view, each, asked))]


async def _past(server: Server, session: SessionId, view: View, asked: Tailing) -> str:
    """Print all events past one; return where they end."""
    begun = await follow.last(server, session, limit=1, before=(asked.after or 0) + 1)
    for event in (*begun.standing, *begun.events):
        view.take(event)
    offset = begun.offset
    async for heard in follow.since(server, session, offset):
        await _print(server, session, view, heard, asked)
        offset = heard.offset
    return offset


async def _print(
    server: Server, session: SessionId, view: View, heard: follow.Heard, asked: Tailing
) -> None:
    for event in heard.events:
        if view.strangers(event):
            view.introduce(await follow.view(server, session))
        if not asked.as_json and event.seq > view.seen:
            await _recall(server, session, view, event)
        if text := _told(view, event, asked):
            _say(text)


async def _recall(server: Server, session: SessionId, view: View, event: Event) -> None:
    """Let the view know the question that an event closes, though it was asked before the tail."""
    closed = event.body
    if not isinstance(closed, QuestionClosed) or closed.question in view.questions:
        return
    found = await follow.last(server, session, limit=1, before=closed.asked + 1)
    asked = (each.body for each in found.events if isinstance(each.body, QuestionAsked))
    view.questions |= {each.question: each for each in asked}


async def _view(server: Server, session: SessionId) -> View:
    me = parse(Me, await asyncio.to_thread(ask, server, "GET", "/v1/me"))
    view = View(me=me.participant, language=spoken(me.language, server.language))
    view.introduce(await follow.view(server, session))
    return view


def _told(view: View, event: Event, asked: Tailing) -> str:
    if event.seq <= view.seen:
        return ""
    line = view.take(event)
    if asked.as_json:
        return json_text(to_json(event))
    return f"{event.at:%H:%M:%S} {unadorned(line)}" if line else ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _dump(answer: Any) -> None:
    _say(json_text(answer, indent=2))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


# -- the way of one message, from its hearing to its receipts -------------------------------------


class HeardLine(BaseModel):
    label: str
    message: str | None = None


class RunLine(BaseModel):
    run: str
    agent: str
    started: int
    started_at: str
    ended: int | None = None
    ended_at: str | None = None
    outcome: str = ""
    reason: str = ""
    dealt_with: bool = False


class ReceiptLine(BaseModel):
    part: str
    state: str
    tries: int = 0
    why: str = ""
    code: str = ""
    at: str
    message: str | None = None


class PlaceLine(BaseModel):
    label: str
    passed: bool = False
    suspended: bool = False
    due_at: str | None = None
    last_error: str = ""
    receipts: tuple[ReceiptLine, ...] = ()


class ShownLine(BaseModel):
    seq: int
    type: str
    at: str
    places: tuple[PlaceLine, ...] = ()


class Trace(BaseModel):
    """`GET /v1/sessions/{id}/trace`."""

    trace: str
    type: str
    at: str
    participant: str | None = None
    heard: HeardLine | None = None
    runs: tuple[RunLine, ...] = ()
    shown: tuple[ShownLine, ...] = ()


def show_trace(
    server: Server, named: str, *, number: int | None, message: str | None, as_json: bool
) -> None:
    """Print the way of an event. Raises `CommandError`."""
    session, seq = _which(server, named, number, message)
    asked = urlencode({"message": message} if message is not None else {"seq": seq})
    answer = ask(server, "GET", f"/v1/sessions/{quote(session, safe='')}/trace?{asked}")
    if as_json:
        sys.stdout.write(json_text(answer, indent=2) + "\n")
        return
    for line in lines(parse(Trace, answer)):
        sys.stdout.write(plain(line).replace("\n", " ") + "\n")


def _which(
    server: Server, named: str, number: int | None, message: str | None
) -> tuple[str, int | None]:
    """Return the session and the number that are meant. Raises `CommandError`."""
    session, mark, written = named.rpartition("#")
    if mark and number is None and message is None and written.isdecimal():
        return session, int(written)
    if (number is None) is (message is None):
        raise CommandError("name the event: SESSION NUMBER, SESSION#NUMBER or --message ID")
    return choose(server, named), number


def lines(trace: Trace) -> Iterator[str]:
    """Yield what a trace says, for people."""
    by = f", by {trace.participant}" if trace.participant else ""
    yield f"{trace.trace}: {trace.type}{by}, stored {_time(trace.at)}"
    if trace.heard is not None:
        message = f", message {trace.heard.message}" if trace.heard.message else ""
        yield f"heard in {trace.heard.label}{message}"
    for run in trace.runs:
        yield _run(run)
    if not trace.runs:
        yield "no run has read it"
    for each in trace.shown:
        yield f"#{each.seq} {each.type}, {_time(each.at)}"
        for place in each.places:
            yield from _place(place)
        if not each.places:
            yield "  no place follows the session"


def _run(run: RunLine) -> str:
    began = f"run {run.run} ({run.agent or 'none'}) began {_time(run.started_at)}"
    if run.ended_at is None:
        return f"{began}, and is open"
    reason = f" ({run.reason})" if run.reason else ""
    again = "" if run.dealt_with else "; the next run reads it again"
    return f"{began}, {run.outcome} {_time(run.ended_at)}{reason}{again}"


def _place(place: PlaceLine) -> Iterator[str]:
    if place.receipts:
        for each in place.receipts:
            yield f"  {place.label}: {_receipt(each)}"
    else:
        why = "nothing of its own is shown there" if place.passed else "not there yet"
        yield f"  {place.label}: {why}"
    if place.suspended:
        yield f"  {place.label}: closed until someone writes there ({place.last_error})"
    elif place.due_at is not None:
        yield f"  {place.label}: waits until {_time(place.due_at)} ({place.last_error})"


def _receipt(receipt: ReceiptLine) -> str:
    said = [f"{receipt.part} {receipt.state}"]
    said += [each for each in (receipt.why, receipt.code) if each]
    said += [f"{receipt.tries} tries"] if receipt.tries > 1 else []
    said += [f"message {receipt.message}"] if receipt.message else []
    return f"{', '.join(said)}, {_time(receipt.at)}"


def _time(at: str) -> str:
    return at[:19].replace("T", " ")
