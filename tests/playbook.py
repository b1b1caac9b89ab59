"""A small language in which a test of a session reads like a transcript.

    (
        Playbook()
        >> Join(participant=ADA, role="owner")
        << ParticipantJoined(participant=ADA, role="owner")
        >> minutes(5)
        << Idle()
    )

`>>` puts something in: a command to decide, a body that happened, or time that passes. `<<` says
what comes of it: the bodies of the drafts, an error, or the next step of the session.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

from bridge.domain.commands import (
    Command,
    EndRun,
    FailRun,
    Join,
    Say,
    StartRun,
)
from bridge.domain.content import Content
from bridge.domain.errors import BridgeError
from bridge.domain.events import BODIES, Body, Draft, Event, run_of
from bridge.domain.ids import ConversationId, ParticipantId, QuestionId, RunId, Seq, SessionId
from bridge.session.decide import decide
from bridge.session.fold import Session, Step, evolve, next_step

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HERE = SessionId("s_1")
ADA, BOB, EVE = ParticipantId("p_ada"), ParticipantId("p_bob"), ParticipantId("p_eve")
DM, ROOM = ConversationId("c_dm"), ConversationId("c_room")
R1, R2, R3, R4 = (RunId(f"r_{number}") for number in range(1, 5))
Q1, Q2 = QuestionId("q_1"), QuestionId("q_2")
NODE = "n_1"

Given = Command | Body | timedelta
Expected = Body | BridgeError | Step | Sequence[Body]
NOTHING: Sequence[Body] = ()


class Playbook:
    """A session that is played. `drafts` and `error` are what came of the last command."""

    def __init__(self, *given: Given) -> None:
        self.session = Session(id=HERE)
        self.now = AT
        self.events: list[Event] = []
        self.drafts: tuple[Draft, ...] = ()
        self.error: BridgeError | None = None
        for each in given:
            self >> each

    def __rshift__(self, given: Given) -> "Playbook":
        self.drafts, self.error = (), None
        if isinstance(given, timedelta):
            self.now += given
        elif isinstance(given, BODIES):
            self._append(Draft(body=given))
        else:
            self._ask(given)
        return self

    def __lshift__(self, expected: Expected) -> "Playbook":
        if isinstance(expected, get_args(Step)):
            assert next_step(self.session, now=self.now) == expected
        elif isinstance(expected, BridgeError):
            assert (type(self.error), str(self.error)) == (type(expected), str(expected))
        else:
            wanted = (expected,) if isinstance(expected, BODIES) else tuple(expected)
            assert self.error is None, f"{self.error!r} was raised"
            assert tuple(draft.body for draft in self.drafts) == wanted
        return self

    @property
    def head(self) -> Seq:
        return self.session.head

    def _ask(self, command: Command) -> None:
        try:
            self.drafts = decide(self.session, command, now=self.now)
        except BridgeError as error:
            self.error = error
            return
        for draft in self.drafts:
            self._append(draft)

    def _append(self, draft: Draft) -> None:
        """Append as a store does: a known key is a repeat, and only the open run speaks."""
        if draft.key is not None and any(event.key == draft.key for event in self.events):
            return
        run, is_open = run_of(draft.body), self.session.open_run
        assert run is None or not self.drafts or (is_open and is_open.run == run)
        event = Event(session=HERE, seq=self.head + 1, at=self.now, body=draft.body, key=draft.key)
        self.events.append(event)
        self.session = evolve(self.session, event)


# -- short ways to say things ---------------------------------------------------------------------


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def say(text: str, by: ParticipantId = ADA, *, addressed: bool = True) -> Say:
    return Say(by=by, conversation=DM, content=Content(text=text), addressed=addressed)


def start(run: RunId) -> StartRun:
    return StartRun(run=run, agent="echo", node=NODE)


def end(run: RunId, text: str = "", *, upto: Seq = 0) -> EndRun:
    return EndRun(run=run, upto=upto, content=Content(text=text) if text else None)


def fail(run: RunId, reason: str = "no luck", *, retry: bool = True) -> FailRun:
    return FailRun(run=run, reason=reason, retry=retry)


def with_ada(*given: Given) -> Playbook:
    """Return a session that Ada owns, after what was given."""
    return Playbook(Join(participant=ADA, role="owner"), *given)
