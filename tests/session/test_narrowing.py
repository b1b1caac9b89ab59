"""Who is to blame when runs fail: nothing is given up that was not tried alone at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import texts
from bridge.domain.commands import AbandonRun, AskedAgain, Record, RefuseRun, Retry
from bridge.domain.content import Content, Quote
from bridge.domain.errors import Refused
from bridge.domain.events import SHUTDOWN, MessageComposed, RunFinished, RunStarted
from bridge.domain.ids import CallId, RunId, Seq
from bridge.domain.run_output import Calling
from bridge.session.fold import Begin, Idle, next_step, unread_upto
from tests.playbook import ADA, DM, Playbook, end, fail, say, seconds, start, with_ada

DAY = seconds(24 * 60 * 60)
ABOUT = Quote(author="Bob", text="the lights went out")


def die(run: RunId) -> AbandonRun:
    return AbandonRun(run=run)


class Runner:
    """Begins whatever run is due; the test says how it ends."""

    def __init__(self, play: Playbook) -> None:
        self.play = play
        self.runs = 0

    def run(self, how: str, *meanwhile: str) -> RunStarted | None:
        step = next_step(self.play.session, now=self.play.now)
        if not isinstance(step, Begin):
            return None
        self.runs += 1
        run = RunId(f"r_{self.runs}")
        self.play >> start(run)
        (draft,) = self.play.drafts
        for text in meanwhile:
            self.play >> say(text)
        ways = {
            "die": die(run),
            "fail": fail(run),
            "refuse": fail(run, retry=False),
            "end": end(run, "well"),
        }
        self.play >> ways[how]
        assert isinstance(draft.body, RunStarted)
        return draft.body

    def given_up(self) -> tuple[Seq, ...]:
        return self.play.session.given_up


def queue(*texts_: str) -> tuple[Runner, list[Seq]]:
    runner, seqs = Runner(with_ada()), []
    for text in texts_:
        runner.play >> say(text)
        seqs.append(runner.play.head)
    return runner, seqs


def test_after_two_failures_the_oldest_message_is_tried_alone():
    runner, seqs = queue("one", "two", "three")
    for _ in range(2):
        assert runner.run("die").upto >= seqs[-1]
        runner.play >> DAY
    assert runner.run("end").upto == seqs[0]
    assert unread_upto(runner.play.session, runner.play.head) == tuple(seqs[1:])
    assert runner.run("end").upto >= seqs[-1]
    runner.play << Idle()
    assert runner.given_up() == ()


def test_only_the_message_that_kills_alone_is_given_up():
    runner, seqs = queue("poison", "two", "three")
    for _ in range(3):
        runner.run("die", "said meanwhile")
        runner.play >> DAY
    assert runner.given_up() == (seqs[0],)
    head = runner.play.head
    assert runner.run("end").upto == head, "the rest is read at once, all of it"
    runner.play << Idle()


def test_what_is_overheard_beside_it_is_read_with_it():
    runner, seqs = queue("one")
    runner.play >> say("by the way", addressed=False) >> say("two")
    for _ in range(2):
        runner.run("die")
        runner.play >> DAY
    assert runner.run("die").upto == seqs[0] + 1


def test_a_run_that_called_tools_is_shown_what_they_did_for_longer():
    """A message alone would be read without what earlier attempts did for it."""
    runner, seqs = queue("one", "two")
    for number in range(5):
        step = next_step(runner.play.session, now=runner.play.now)
        assert step == Begin()
        run = RunId(f"t_{number}")
        runner.play >> start(run) >> tool(run) >> die(run) >> DAY
    assert runner.run("die").upto == seqs[0]
    assert runner.given_up() == (seqs[0],)


def tool(run: RunId):
    return Record(run=run, said=Calling(call=CallId(f"k_{run}"), name="look", arguments="{}"))


def test_an_orderly_stop_is_no_death_however_often_it_happens():
    runner, _ = queue("one", "two")
    for number in range(5):
        run = RunId(f"s_{number}")
        runner.play << Begin() >> start(run) >> AbandonRun(run=run, reason=SHUTDOWN)
    assert runner.given_up() == ()


def test_while_a_model_is_away_few_messages_are_given_up_and_farther_and_farther_apart():
    """In an hour of it, with twenty waiting, a handful is; each in a notice."""
    runner, _ = queue(*(f"message {number}" for number in range(20)))
    ended_at = runner.play.now + seconds(3600)
    while runner.play.now < ended_at:
        runner.run("fail")
        runner.play >> seconds(1)
    assert 1 <= len(runner.given_up()) <= 5
    notices = [e for e in runner.play.events if isinstance(e.body, MessageComposed)]
    assert len(notices) == len(runner.given_up())
    while runner.run("end") is None:
        runner.play >> seconds(1)
    assert unread_upto(runner.play.session, runner.play.head) == ()


def test_whoever_speaks_after_something_was_given_up_is_tried_for_at_once():
    runner, _ = queue("one")
    for _ in range(3):
        runner.run("fail")
        runner.play >> DAY
    runner.play << Idle() >> say("two")
    assert runner.run("end") is not None


@pytest.mark.parametrize("how", ["die", "fail"])
def test_after_a_refusal_nobody_waits_however_many_runs_failed_before(how):
    """What was in the queue, was said meanwhile, or is said next, is read at once."""
    runner, seqs = queue("one", "two", "three", "four", "five")
    for _ in range(8):
        runner.run(how)
        runner.play >> DAY
    assert runner.run("refuse", "said meanwhile") is not None
    assert seqs[0] in runner.given_up()
    assert runner.run("end") is not None
    runner.play << Idle() >> say("said next")
    assert runner.run("end") is not None


def test_after_deaths_and_a_budget_that_is_used_up_nobody_waits():
    runner, _ = queue("one")
    for _ in range(2):
        runner.run("die")
        runner.play >> DAY
    runner.play >> RefuseRun(run=RunId("r_refused"), reason="the budget is used up")
    assert runner.play.session.failed_at is None
    runner.play >> say("two") << Begin()


def test_what_was_given_up_is_taken_up_again_once():
    runner, seqs = queue("one")
    for _ in range(3):
        runner.run("die")
        runner.play >> DAY
    given_up = AskedAgain(seq=seqs[0], content=Content(text="one"), quote=ABOUT)
    again = Retry(by=ADA, conversation=DM, said=(given_up,))
    runner.play >> again
    (draft,) = runner.play.drafts
    assert (draft.body.content.text, draft.body.again) == ("one", seqs[0])
    assert draft.body.quote == ABOUT
    runner.play << Begin() >> again << Refused(texts.NOTHING_TO_RETRY)


DEEDS = st.lists(
    st.tuples(st.sampled_from(["die", "fail", "end", "say", "wait", "chat"]), st.integers(0, 3)),
    max_size=60,
)


@given(DEEDS)
def test_no_message_is_given_up_unless_it_was_tried_alone_at_the_end(deeds):
    """Whatever fails, whenever people write: and what is left is answered once runs go well."""
    runner = Runner(with_ada())
    play = runner.play
    for deed, count in deeds:
        match deed:
            case "say":
                play >> say("hello")
            case "chat":
                play >> say("by the way", addressed=False)
            case "wait":
                play >> seconds(10**count)
            case _:
                before, failures = play.session, play.session.failures
                begun = runner.run(deed, *["meanwhile"] * count)
                lost = play.session.given_up[len(before.given_up) :]
                if lost and len(before.given_up) < 20:
                    assert failures >= 2
                    assert lost == unread_upto(before, begun.upto)
                    assert len(lost) == 1
    for _ in range(200):
        play >> DAY
        if runner.run("end") is None:
            break
    assert unread_upto(play.session, play.head) == ()
    ends = [e.body for e in play.events if isinstance(e.body, RunFinished)]
    assert [e.upto for e in ends] == sorted(e.upto for e in ends)
