"""A summary is due when there is no room, and cuts where nothing is torn apart."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from agents import context_window
from agents.context_window import LAST_TURNS, Outline, SummaryCut
from agents.fitting import tokens, weight
from agents.log_index import LogIndex
from agents.speaker_labels import SpeakerLabels
from agents.transcript import Told
from bridge.domain.content import Attachment, Content
from bridge.domain.events import (
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
    ToolCalled,
    ToolReturned,
)
from bridge.domain.ids import CallId, ConversationId, MediaId, ParticipantId, RunId, SessionId

ADA, HERE = ParticipantId("a"), ConversationId("c")


def cut_at(log, *, budget):
    """Return up to where the log is to be summed up next."""
    cut = cut_of(log, budget=budget)
    return cut and cut.upto


def cut_of(log, *, budget):
    start = max((e.body.upto for e in log if isinstance(e.body, HistoryCompacted)), default=0)
    return context_window.cut_at(Outline().take(log), start=start, budget=budget)


def to_sum_up(log, upto, *, budget=100_000, after=0):
    known = LogIndex(agent="me")
    known.take(log)
    after = after or (known.summary.upto if known.summary else 0)
    return context_window.to_sum_up(
        log, SummaryCut(after=after, upto=upto), known, SpeakerLabels(), budget=budget
    )


class Log(list):
    def add(self, *bodies):
        for body in bodies:
            at = datetime(2026, 1, 1, tzinfo=UTC)
            self.append(Event(session=SessionId("s"), seq=len(self) + 1, at=at, body=body))
        return self

    def turn(self, text, *, unheard=False, tool=False):
        """Say something and answer it; `unheard`: someone speaks meanwhile, to the next run."""
        run, upto = RunId(f"r_{len(self)}"), len(self) + 1
        said = MessageReceived(participant=ADA, conversation=HERE, content=Content(text=text))
        self.add(said, RunStarted(run=run, agent="me", upto=upto, node="n"))
        if tool:
            call = CallId(f"k_{len(self)}")
            self.add(
                ToolCalled(run=run, call=call, name="t", arguments="{}"),
                ToolReturned(call=call, result=text),
            )
        if unheard:
            self.add(said)
        answer = MessageComposed(run=run, agent="me", content=Content(text="Yes."))
        return self.add(answer, RunFinished(run=run, outcome="completed", upto=upto))


def test_sizes_grow_with_the_words_and_pictures():
    picture = Attachment(kind="image", name="x", mime="image/png", size=1, media=MediaId("m"))
    assert tokens("x" * 300) > 90
    assert weight([Told(text="x", files=(picture,))]) > weight([Told(text="x")]) + 1000


def test_a_short_past_is_not_cut():
    assert cut_at(Log().turn("Hi."), budget=10) is None


def test_it_cuts_at_the_end_of_a_run_and_leaves_the_last_turns():
    log = Log()
    for _ in range(10):
        log.turn("x" * 300)
    upto = cut_at(log, budget=1000)
    assert isinstance(log[upto - 1].body, RunFinished)
    left = [event for event in log if event.seq > upto and isinstance(event.body, RunFinished)]
    assert len(left) >= LAST_TURNS


def test_it_never_cuts_where_someone_was_left_unheard():
    log = Log()
    for _ in range(8):
        log.turn("x" * 300, unheard=True)
    assert cut_at(log, budget=100) is None


def test_it_cuts_on_from_the_last_summary():
    log = Log()
    for _ in range(10):
        log.turn("x" * 300)
    first = cut_at(log, budget=600)
    log.add(HistoryCompacted(upto=first, summary="Once."))
    assert cut_at(log, budget=600) > first


def test_a_long_past_is_summed_up_in_pieces_that_fit():
    log = Log()
    for _ in range(100):
        log.turn("x" * 300, tool=True)
    rounds = 0
    while upto := cut_at(log, budget=3000):
        after = cut_of(log, budget=3000).after
        piece = to_sum_up(log, upto, after=after)
        assert tokens(piece) < 3000
        log.add(HistoryCompacted(upto=upto, summary="Once."))
        rounds += 1
    assert rounds > 3


def all_at(log, *, budget=100_000, before=None):
    start = max((e.body.upto for e in log if isinstance(e.body, HistoryCompacted)), default=0)
    return context_window.all_at(Outline().take(log), start=start, before=before, budget=budget)


def test_whoever_asks_has_all_summed_up_that_is_answered_the_last_turns_too():
    log = Log().turn("One.").turn("Two.")
    assert all_at(log) == SummaryCut(after=0, upto=8)
    log.add(HistoryCompacted(upto=8, summary="Once."))
    assert all_at(log) is None
    log.turn("Three.", unheard=True)
    assert all_at(log) is None


def test_nothing_is_summed_up_where_nothing_was_said():
    assert all_at(Log()) is None


def test_what_waits_for_an_answer_stays_as_it_is():
    log = Log().turn("One.").turn("Two.").turn("Three.")
    assert all_at(log, before=7) == SummaryCut(after=0, upto=4)
    assert all_at(log, before=2) is None


def test_all_of_a_long_past_is_summed_up_in_pieces_that_fit():
    log = Log()
    for _ in range(40):
        log.turn("x" * 300)
    rounds = 0
    while cut := all_at(log, budget=3000):
        assert tokens(to_sum_up(log, cut.upto, after=cut.after)) < 3000
        log.add(HistoryCompacted(upto=cut.upto, summary="Once."))
        rounds += 1
    assert rounds > 1
    assert log[-1].body.upto == 160


def test_what_is_summed_up_holds_the_last_summary_and_what_came_after():
    log = Log().turn("One.").turn("Two.", tool=True)
    log.add(HistoryCompacted(upto=4, summary="SUMMARY."))
    text = to_sum_up(log, 10)
    assert "SUMMARY." in text
    assert "One." not in text
    assert "Two." in text
    assert "You called t({})" in text
    assert "You: Yes." in text


@given(st.lists(st.tuples(st.integers(1, 900), st.booleans(), st.booleans()), max_size=30))
def test_whatever_was_said_a_cut_tears_no_run_apart(turns):
    log = Log()
    for length, unheard, tool in turns:
        log.turn("x" * length, unheard=unheard, tool=tool)
    upto = cut_at(log, budget=500)
    if upto is not None:
        assert isinstance(log[upto - 1].body, RunFinished)
        before = [event.body for event in log[:upto]]
        assert sum(isinstance(b, RunStarted) for b in before) == sum(
            isinstance(b, RunFinished) for b in before
        )
