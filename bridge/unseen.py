"""What is heard and not stored, or stored and not shown: one event in the log each, and counted.

The rules:

- Whatever reads, decides or sends notes here what it leaves out, by one of the closed `Reason`s.
  docs/operations.md lists them; a test keeps the two in step.
- A line has the reason, the account, the place and, as every line does, the `trace` of the message.
  It never has words: fields beside these are ids, codes and names of types.
- What strangers can cause, or what comes again by itself, is one line per reason, account and place
  in `WINDOW` seconds, with how many `times` it happened since the line before. `flush` writes what
  was counted after the last line. Beyond `MOST_PLACES` at once, places are told together.
- The counts are this process's alone, and begin with it.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import structlog

from bridge.log_level import is_written
from bridge.ports.health import Check

log = structlog.get_logger()

Kind = Literal["drop", "refusal", "skip", "give-up"]

Reason = Literal[
    # heard, and not stored
    "stranger",
    "put_out",
    "private_place",
    "unplaced",
    "unknown_message",
    "nothing_said",
    "before_restore",
    "unknown_button",
    "other_question",
    "bad_code",
    "refused",
    "repeat",
    "of_no_concern",
    "unserved",
    "unreadable",
    "forged",
    "not_ours",
    "file_not_kept",
    "too_many_files",
    "history_not_read",
    "stale_report",
    "move_not_made",
    "run_over",
    "notice_not_stored",
    "schedule_not_fired",
    # stored, and not shown or not answered
    "given_up",
    "run_refused",
    "no_account",
    "not_let_in",
    "muted",
    "unsupported",
    "summarised",
    "shown_in_less",
    "refused_by_platform",
    "forbidden",
    "change_left_out",
    "not_taken_back",
    "outcome_unknown",
    "place_closed",
    "account_refused",
    "preview_not_shown",
    "reply_not_shown",
    "dropped",
]
"""Why something was left out; no other reason is ever given."""

Side = Literal["not stored", "not shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a reason says. `bounded`: it may come in floods, so its lines are bounded."""

    side: Side
    kind: Kind
    level: Literal["debug", "info", "warning"] = "info"
    bounded: bool = False


def _stored(kind: Kind, *, bounded: bool = True, **more: Any) -> Meaning:
    return Meaning(side="not stored", kind=kind, bounded=bounded, **more)


def _shown(kind: Kind, **more: Any) -> Meaning:
    return Meaning(side="not shown", kind=kind, **more)


MEANINGS: Mapping[Reason, Meaning] = {
    "stranger": _stored("refusal"),
    "put_out": _stored("refusal"),
    "private_place": _stored("refusal"),
    "unplaced": _stored("skip"),
    "unknown_message": _stored("skip"),
    "nothing_said": _stored("skip", level="debug"),
    "before_restore": _stored("skip"),
    "unknown_button": _stored("refusal"),
    "other_question": _stored("refusal"),
    "bad_code": _stored("refusal"),
    "refused": _stored("refusal"),
    "repeat": _stored("skip", level="debug"),
    "of_no_concern": _stored("skip", level="debug"),
    "unserved": _stored("skip"),
    "unreadable": _stored("drop", level="warning"),
    "forged": _stored("refusal", level="warning"),
    "not_ours": _stored("refusal", level="warning"),
    "file_not_kept": _stored("drop", level="warning", bounded=False),
    "too_many_files": _stored("drop", bounded=False),
    "history_not_read": _stored("drop", level="warning"),
    "stale_report": _stored("skip", level="debug"),
    "move_not_made": _stored("skip"),
    "run_over": _stored("drop", bounded=False),
    "notice_not_stored": _stored("drop", level="warning", bounded=False),
    "schedule_not_fired": _stored("drop", level="warning"),
    "given_up": _shown("give-up", level="warning"),
    "run_refused": _shown("refusal"),
    "no_account": _shown("skip"),
    "not_let_in": _shown("refusal", bounded=True),
    "muted": _shown("skip"),
    "unsupported": _shown("skip"),
    "summarised": _shown("skip"),
    "shown_in_less": _shown("skip"),
    "refused_by_platform": _shown("drop", level="warning"),
    "forbidden": _shown("drop"),
    "change_left_out": _shown("skip"),
    "not_taken_back": _shown("give-up", level="warning"),
    "outcome_unknown": _shown("give-up", level="warning"),
    "place_closed": _shown("skip"),
    "account_refused": _shown("refusal", level="warning", bounded=True),
    "preview_not_shown": _shown("skip", level="debug", bounded=True),
    "reply_not_shown": _shown("give-up", level="warning"),
    "dropped": _shown("drop", level="warning", bounded=False),
}

WINDOW = 60.0
"""Seconds between two lines of the same reason, account and place."""

MOST_PLACES = 200
"""Reasons in places that are told apart within a window."""

ELSEWHERE = "(other places)"

Key = tuple[Reason, str, str]


@dataclass(slots=True)
class _Window:
    """`since` the last line, so many `times` more, the last with `fields`."""

    since: float
    times: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often something was left out since the start, for one reason and account."""

    reason: Reason
    kind: Kind
    side: Side
    account: str
    times: int


class Unseen:
    """`seconds`: a time that nobody can set."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._counts: Counter[tuple[Reason, str]] = Counter()
        self._windows: dict[Key, _Window] = {}

    def note(self, reason: Reason, *, account: str = "", place: str = "", **fields: Any) -> None:
        """Note that something was left out. `fields` hold no words of people."""
        self._counts[reason, account] += 1
        if not MEANINGS[reason].bounded:
            _say((reason, account, place), 1, fields)
            return
        key, now = self._key(reason, account, place), self._seconds()
        window = self._windows.get(key)
        if window is not None and now - window.since < WINDOW:
            window.times, window.fields = window.times + 1, fields
            return
        _say(key, 1 + (window.times if window is not None else 0), fields)
        self._windows[key] = _Window(since=now, times=0, fields=fields)

    def flush(self, *, last: bool = False) -> None:
        """Say what was counted in windows that are over, the `last` time in all of them."""
        now = self._seconds()
        for key, window in list(self._windows.items()):
            if now - window.since < WINDOW and not last:
                continue
            del self._windows[key]
            if window.times:
                _say(key, window.times, window.fields)

    def counts(self) -> Sequence[Count]:
        """Return what was left out since the start, most often first."""
        return [
            Count(
                reason=reason,
                kind=MEANINGS[reason].kind,
                side=MEANINGS[reason].side,
                account=account,
                times=times,
            )
            for (reason, account), times in self._counts.most_common()
        ]

    def check(self) -> Check:
        """Return what the doctor tells of it."""
        told = [f"{each.reason} {each.times}{_of(each.account)}" for each in self.counts()]
        return Check(name="left out", ok=True, detail=", ".join(told) or "nothing since the start")

    def reset(self) -> None:
        """Begin anew, as a process does."""
        self._counts.clear()
        self._windows.clear()

    def _key(self, reason: Reason, account: str, place: str) -> Key:
        key = (reason, account, place)
        if key in self._windows or len(self._windows) < MOST_PLACES:
            return key
        return (reason, account, ELSEWHERE)


def _of(account: str) -> str:
    return f" ({account})" if account else ""


def _say(key: Key, times: int, fields: Mapping[str, Any]) -> None:
    reason, account, place = key
    meaning = MEANINGS[reason]
    level = cast("int", getattr(logging, meaning.level.upper()))
    if not is_written(level):
        return
    said = {"reason": reason, "kind": meaning.kind, "account": account, "place": place}
    log.log(level, meaning.side, **{**fields, **said, "times": times})


unseen = Unseen()
"""This process's, as its log is: whoever leaves something out needs not be handed it."""

note = unseen.note
