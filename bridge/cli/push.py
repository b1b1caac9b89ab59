"""`bridge send`: says something in a session, once, whatever the connection does."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bridge.cli.client_session import choose, sessions
from bridge.cli.exits import CommandError, MisusedError, NotRunningError
from bridge.cli.files import MOST, FileInput, upload
from bridge.cli.outbox import LATER
from bridge.cli.safe import one_line, sendable
from bridge.cli.server import Server, ask, checked, unreachable
from bridge.cli.wire import DeliveryLine, PushView, SessionView, parse
from bridge.domain.display_names import reads_as, unmarked
from bridge.domain.ids import SessionId, mint

TRIES = 4
PAUSE = 0.5
"""Seconds before the second try; doubled each time."""

LONGEST_POLL = 20.0
MOST_SESSIONS = 50

STATES: Mapping[str, str] = {
    "owed": "not shown yet",
    "held": "held back",
    "parked": "nothing is sent there",
    "shown": "shown",
    "failed": "failed",
    "left_out": "left out",
    "passed": "told in a summary, or nothing to show",
}
WHYS: Mapping[str, str] = {
    "held": "until its person comes there, or something rings",
    "closed": "until somebody writes there",
    "no_account": "its account is not in the configuration",
    "account_refused": "its account is refused: ask bridge doctor",
    "not_let_in": "its people are not let in",
    "unanswered": "the app could not be reached",
    "failed": "the app refused it",
    "unknown": "nobody knows whether it arrived",
    "origin": "it was said there",
    "muted": "it is not for this place",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where a push goes, how it rings, and what is waited for, `seconds` at most.

    `person` is an id or a name, `place` an id or what places are called.
    """

    session: str | None = None
    person: str | None = None
    place: str | None = None
    priority: str = "normal"
    buttons: Sequence[str] = ()
    until: str | None = None
    seconds: float = 30


def push(
    server: Server,
    text: str,
    files: Sequence[Path] = (),
    *,
    wanted: Wanted,
    key: str | None,
    as_json: bool,
) -> bool:
    """Push a text (`-`: what is on the standard input) and files.

    Returns whether anybody was reached, where that is waited for. Raises `CommandError`.
    """
    text = sendable(sys.stdin.read() if text == "-" else text)
    if not text.strip() and not files:
        raise MisusedError("there is nothing to send")
    if len(files) > MOST:
        raise MisusedError(f"a message can have at most {MOST} files")
    target, who = _addressee(server, wanted)
    # the key makes trying again safe, so there always is one
    said: dict[str, Any] = {
        "text": text,
        "key": key or mint("cli"),
        "priority": wanted.priority,
        "buttons": list(wanted.buttons),
        "to": [who] if who is not None else [],
        "places": [_place(server, target, wanted.place)] if wanted.place is not None else [],
    }
    if files:
        said["attachments"] = asyncio.run(_uploaded(server, files))
    pushed = _posted(server, f"/v1/sessions/{target}/pushes", said).json()
    known = parse(PushView, pushed)
    if wanted.until is not None:
        known = _waited(server, known, wanted.until, wanted.seconds)
    if wanted.session is None and not as_json and sys.stderr.isatty():
        sys.stderr.write(f"sent to the session {target} (choose: --session)\n")
    _tell(known, as_json=as_json, waited=wanted.until is not None)
    return wanted.until is None or known.reached or bool(known.present)


def _addressee(server: Server, wanted: Wanted) -> tuple[SessionId, str | None]:
    """Return the session, and whom in it; without a session one in which they have a place."""
    if wanted.person is None:
        return choose(server, wanted.session), None
    if wanted.session is not None:
        session = choose(server, wanted.session)
        return session, person(server, session, wanted.person)[0]
    found: list[tuple[bool, SessionId, str]] = []
    for each in sessions(server)[:MOST_SESSIONS]:
        with suppress(NobodyError):
            who, has_place = person(server, each.id, wanted.person)
            found.append((has_place, each.id, who))
    if not found:
        raise NobodyError(f"nobody in your sessions is called {wanted.person!r}")
    found = [each for each in found if each[2] == wanted.person] or found  # an id is nobody's name
    ids = sorted({who for _, _, who in found})
    if len(ids) > 1:
        raise CommandError(
            f"more than one person in your sessions is called {wanted.person!r}: "
            f"{', '.join(ids)}; name one of these ids, or the session with --session"
        )
    _, session, who = next((each for each in found if each[0]), found[0])
    return session, who


class NobodyError(CommandError):
    """Nobody of a session is so called."""


def person(server: Server, session: SessionId, named: str) -> tuple[str, bool]:
    """Return the id of somebody in a session, and whether they have a private place there.

    A name that more than one has, or that reads like another's, means nobody: their ids are told.
    """
    people = ask(server, "GET", f"/v1/sessions/{session}/people")["people"]
    exact = [each for each in people if each["id"] == named]
    found = exact or _called(people, named)
    if len(found) == 1:
        return str(found[0]["id"]), bool(found[0]["apps"])
    some = found or people[:10]
    listed = ", ".join(f"{one_line(each['name'], 40)} ({each['id']})" for each in some)
    if found:
        raise CommandError(f"more than one is called {named!r} in the session {session}: {listed}")
    raise NobodyError(f"nobody there is called {named!r}; in the session {session} are: {listed}")


def _called(people: Sequence[Mapping[str, Any]], named: str) -> Sequence[Mapping[str, Any]]:
    """Return who is called so; with the number that lists have behind it, whom they list so."""
    listed = [each for each in people if each["name"].casefold() == named.casefold()]
    if listed and unmarked(named) != named:
        return listed
    read = reads_as(named)
    return [each for each in people if not read.isdisjoint(reads_as(unmarked(each["name"])))]


def _place(server: Server, session: SessionId, named: str) -> str:
    view = parse(SessionView, ask(server, "GET", f"/v1/sessions/{session}"))
    places = [each for each in view.places if not each.id.startswith("http:")]
    exact = [each for each in places if each.id == named]
    found = exact or [each for each in places if each.label.casefold() == named.casefold()]
    if len(found) != 1:
        which = "more than one place is" if found else "no place is"
        listed = ", ".join(f"{each.id} ({one_line(each.label, 40)})" for each in places[:10])
        raise CommandError(f"{which} called {named!r}; there are: {listed or 'none'}")
    return found[0].id


def _waited(server: Server, known: PushView, until: str, seconds: float) -> PushView:
    """Ask until it is as is waited for, nothing more can come of it, or the time is over."""
    ends, failed = time.monotonic() + seconds, 0
    while not _is_done(known, until) and (left := ends - time.monotonic()) > 0:
        asked = {"wait": until, "timeout": str(min(left, LONGEST_POLL))}
        path = f"/v1/pushes/{known.id}"
        try:
            known = parse(PushView, ask(server, "GET", path, params=asked, read=LONGEST_POLL + 30))
            failed = 0
        except NotRunningError:  # it may be about to start again
            failed += 1
            time.sleep(min(PAUSE * 2**failed, 5.0, max(0.0, ends - time.monotonic())))
    return known


def _is_done(known: PushView, until: str) -> bool:
    if until == "settled":
        return all(each.state != "owed" for each in known.places)
    return known.reached or not known.may_reach


def _tell(known: PushView, *, as_json: bool, waited: bool) -> None:
    if as_json:
        events = {"events": [known.seq]}
        sys.stdout.write(json.dumps({**known.model_dump(mode="json"), **events}) + "\n")
    elif waited:
        lines = [f"{one_line(each.label, 40)}: {described(each)}\n" for each in known.places]
        sys.stdout.write("".join(lines) or "no place follows this session\n")
        if known.told:
            sys.stderr.write(f"{one_line(known.told, 500)}\n")
    elif known.told:
        sys.stderr.write(f"{one_line(known.told, 500)}\n")


def described(line: DeliveryLine) -> str:
    """Return how a push stands in a place, in words."""
    state = STATES.get(line.state, line.state)
    why = WHYS.get(line.why, line.why)
    seen = "seen" if line.seen else ""
    again = f"tried again at {line.due_at:%Y-%m-%d %H:%M:%S %Z}" if line.due_at else ""
    return ", ".join(each for each in (state, why, seen, again) if each)


async def _uploaded(server: Server, files: Sequence[Path]) -> list[FileInput]:
    return [await upload(server, file) for file in files]


def _posted(server: Server, path: str, said: dict[str, Any]) -> httpx.Response:
    failure: httpx.HTTPError | None = None
    with server.blocking_client() as client:
        for again in range(TRIES):
            if again:
                time.sleep(PAUSE * 2 ** (again - 1))
            try:
                answer = client.post(path, json=said)
            except httpx.ConnectError as error:
                raise unreachable(server.url, error) from error
            except httpx.HTTPError as error:
                failure = error
                continue
            if answer.status_code not in LATER:
                return checked(answer)
            failure = None
    if failure:
        raise unreachable(server.url, failure) from failure
    return checked(answer)
