"""Whatever is asked of a session in whatever order, its rules hold."""

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.domain.commands import (
    AbandonRun,
    Answer,
    EndRun,
    ExpireQuestions,
    Join,
    Leave,
    Record,
    StartRun,
    Stop,
    Trigger,
)
from bridge.domain.content import Content, Option
from bridge.domain.errors import RunOver
from bridge.domain.events import (
    SHUTDOWN,
    MessageComposed,
    QuestionAsked,
    RunFinished,
    RunStarted,
    Source,
    ToolCalled,
)
from bridge.domain.ids import CallId, RunId
from bridge.domain.run_output import Asking, Calling, Remark, Returned
from bridge.session.fold import Begin, Idle, next_step
from tests.playbook import (
    ADA,
    AT,
    BOB,
    EVE,
    Q1,
    Q2,
    R1,
    R2,
    R3,
    R4,
    end,
    fail,
    say,
    seconds,
    start,
    with_ada,
)

OPTIONS = (Option(id="t", label="Tea"), Option(id="c", label="Coffee"))
API = Source(kind="api")
CALL = CallId("call_1")


def asking(question, **fields):
    return Asking(question=question, kind="choice", text="Which?", options=OPTIONS, **fields)


RUNS = st.sampled_from([R1, R2, R3, R4])
QUESTIONS = st.sampled_from([Q1, Q2])
SAID = (
    Remark(content=Content(text="hm")),
    Calling(call=CALL, name="d", arguments="{}"),
    Returned(call=CALL, result="4"),
)
ANYTHING = st.one_of(
    st.builds(say, st.just("hello"), st.sampled_from([ADA, BOB, EVE]), addressed=st.booleans()),
    st.builds(Stop, by=st.sampled_from([ADA, BOB])),
    st.builds(
        Answer, by=st.sampled_from([ADA, BOB]), question=QUESTIONS, answer=st.sampled_from("tcx")
    ),
    st.builds(Trigger, source=st.just(API), prompt=st.just("look")),
    st.just(Join(participant=BOB, role="member")),
    st.just(Leave(by=ADA, participant=BOB)),
    st.just(ExpireQuestions()),
    st.builds(start, RUNS),
    st.builds(Record, run=RUNS, said=st.sampled_from(SAID)),
    st.builds(end, RUNS, st.sampled_from(["", "hi"]), upto=st.integers(0, 5)),
    st.builds(
        EndRun,
        run=RUNS,
        upto=st.just(0),
        questions=st.lists(
            st.builds(asking, QUESTIONS, expires_at=st.just(AT + seconds(30))),
            min_size=1,
            max_size=2,
            unique_by=lambda each: each.question,
        ).map(tuple),
    ),
    st.builds(fail, RUNS, retry=st.booleans()),
    st.builds(AbandonRun, run=RUNS, reason=st.sampled_from(["", SHUTDOWN])),
    st.sampled_from([seconds(1), seconds(5), seconds(60)]),
)


@example([say("hello"), start(R1), end(R1, upto=99)])
@settings(max_examples=200)
@given(st.lists(ANYTHING, max_size=30))
def test_whatever_is_asked_one_run_speaks_and_the_agent_only_gets_further(commands):
    play = with_ada()
    for command in commands:
        before = play.session
        play >> command
        after = play.session
        assert after.position >= before.position
        assert after.position <= after.head
        assert after.failures < 3
        run = getattr(command, "run", None)
        returns = isinstance(getattr(command, "said", None), Returned)  # also after its run
        speaks = run is not None and not returns and not isinstance(command, StartRun)
        if speaks and (before.open_run is None or before.open_run.run != run):
            assert isinstance(play.error, RunOver)
        if play.error is not None:
            assert after == before
    assert_runs_are_whole([event.body for event in play.events])


def assert_runs_are_whole(bodies):
    """Every run begins while none is open, speaks only while it is, and ends once."""
    open_run = None
    for body in bodies:
        match body:
            case RunStarted(run=run):
                assert open_run is None
                open_run = run
            case RunFinished(run=run):
                assert run == open_run
                open_run = None
            case MessageComposed(run=run) | ToolCalled(run=run) | QuestionAsked(run=run):
                assert run == open_run


@settings(max_examples=100)
@given(st.lists(ANYTHING, max_size=20))
def test_however_it_got_there_the_session_comes_to_rest(commands):
    """A runner that does what `next_step` says, with an agent that always fails, ends in Idle."""
    play = with_ada(*commands)
    if play.session.open_run is not None:
        play >> AbandonRun(run=play.session.open_run.run)
    play >> timedelta(days=1) >> ExpireQuestions()
    tries = 0
    while play.session.wanted > play.session.position:
        tries += 1
        run = RunId(f"last_{tries}")
        step = next_step(play.session, now=play.now + timedelta(days=1))
        assert isinstance(step, Begin)
        play >> timedelta(days=1) >> start(run) >> fail(run)
    assert tries <= 5 * (1 + len(commands))
    play << Idle()
    notices = [
        event.body
        for event in play.events
        if isinstance(event.body, MessageComposed) and event.body.kind == "notice"
    ]
    assert notices or not tries
