"""Short ways to say what comes of a decision."""

from bridge.domain.commands import EndRun
from bridge.domain.content import Content, Option
from bridge.domain.events import (
    MessageComposed,
    MessageReceived,
    ParticipantJoined,
    QuestionClosed,
    RunFinished,
    RunStarted,
    Source,
)
from bridge.domain.ids import CallId
from bridge.domain.run_output import Asking
from tests.playbook import (
    ADA,
    DM,
    NODE,
    Q1,
    R1,
    say,
    start,
    with_ada,
)

TEA, COFFEE = Option(id="t", label="Tea"), Option(id="c", label="Coffee")
API = Source(kind="api")
CALL = CallId("call_1")
JOINED = ParticipantJoined(participant=ADA, role="owner")


def heard(text, by=ADA, **fields):
    return MessageReceived(participant=by, conversation=DM, content=Content(text=text), **fields)


def started(run, *, upto, agent="echo", node=NODE):
    return RunStarted(run=run, agent=agent, upto=upto, node=node)


def finished(run, outcome, *, upto, **fields):
    return RunFinished(run=run, outcome=outcome, upto=upto, **fields)


def composed(run, text, kind="final"):
    return MessageComposed(run=run, agent="echo", content=Content(text=text), kind=kind)


def asking(question=Q1, **fields):
    return Asking(question=question, kind="choice", text="Which?", options=(TEA, COFFEE), **fields)


def closed(question=Q1, outcome="answered", **fields):
    return QuestionClosed(question=question, asked=4, outcome=outcome, **fields)


def at_work():
    """Ada said hello, and the run r_1 answers it."""
    return with_ada(say("hello"), start(R1))


def waiting(*questions):
    """The run r_1 stopped on these questions, asked from event 4 on."""
    return at_work() >> EndRun(run=R1, upto=2, questions=questions or (asking(),))
