"""`bridge ask`: asks people and waits for their answer, whatever the connection does.

A bridge that restarts is waited for: the question is in its log, and found again by its key. The
code says how it ended: 0 for the first option or words, 10 and its index for another one (11 for
the second), 5 where nobody answered in time, 6 where it was taken back.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from bridge.cli.client_session import choose
from bridge.cli.exits import (
    EXPIRED,
    OTHER_OPTION,
    WITHDRAWN,
    CommandError,
    MisusedError,
    NotRunningError,
)
from bridge.cli.outbox import LATER
from bridge.cli.push import person
from bridge.cli.safe import one_line, sendable
from bridge.cli.server import Server, checked
from bridge.cli.wire import QuestionView, parse
from bridge.domain.ids import mint

LONGEST_POLL = 20.0
PAUSE, LONGEST_PAUSE = 0.5, 10.0
GRACE = 30.0
"""Seconds that the bridge has after the time is over to say so, before the command does."""


def question(
    find: Callable[[], Server],
    text: str,
    options: Sequence[str],
    *,
    session: str | None,
    people: Sequence[str],
    seconds: float | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Ask, wait, and print the answer; return the exit code. Raises `CommandError`.

    `find` finds the bridge, again after a restart.
    """
    text = sendable(sys.stdin.read() if text == "-" else text)
    if not text.strip():
        raise MisusedError("there is nothing to ask")
    server = find()
    target = choose(server, session)
    asked: dict[str, Any] = {
        "text": text,
        "options": list(options),
        "to": [person(server, target, each)[0] for each in people],
        "timeout": seconds,
        "key": key or mint("cli"),
    }
    path, ends = f"/v1/sessions/{target}/questions", _end(seconds)
    known = _asked_of(find, ends, "POST", path, json=asked)
    one = f"{path}/{known.id if known else ''}"
    try:
        while known is not None and known.state == "open":
            wait = {"wait": "closed", "timeout": str(LONGEST_POLL)}
            known = _asked_of(find, ends, "GET", one, params=wait)
    except KeyboardInterrupt:
        _asked_of(find, time.monotonic() + PAUSE, "DELETE", one)  # nobody waits for it any more
        raise
    return _told(known, as_json=as_json)


def _end(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds + GRACE


def _asked_of(
    find: Callable[[], Server], ends: float | None, method: str, path: str, **rest: Any
) -> QuestionView | None:
    """Ask until something answers; None once the time is over."""
    pause = PAUSE
    while ends is None or time.monotonic() < ends:
        try:
            with find().blocking_client(read=LONGEST_POLL + 30) as client:
                answer = client.request(method, path, **rest)
            if answer.status_code not in LATER:
                return parse(QuestionView, checked(answer).json())
        except (httpx.HTTPError, CommandError) as error:
            if not _is_away(error):
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    return None


def _is_away(error: Exception) -> bool:
    """Say whether nothing answers just now: what answers and refuses will refuse again."""
    return isinstance(error, httpx.HTTPError | NotRunningError)


def _told(known: QuestionView | None, *, as_json: bool) -> int:
    if as_json:
        told = known.model_dump(mode="json") if known is not None else {"state": "expired"}
        sys.stdout.write(json.dumps(told) + "\n")
    if known is None or known.state == "expired":
        return _over("nobody answered in time", EXPIRED, as_json=as_json)
    if known.state == "withdrawn":
        return _over("the question was taken back", WITHDRAWN, as_json=as_json)
    if not as_json:
        sys.stdout.write(f"{sendable(known.answer or '')}\n")
        who = one_line(known.by.name, 80) if known.by is not None else "somebody"
        sys.stderr.write(f"answered by {who}\n")
    return OTHER_OPTION + known.index if known.index else 0


def _over(why: str, code: int, *, as_json: bool) -> int:
    if not as_json:
        sys.stderr.write(f"{why}\n")
    return code
