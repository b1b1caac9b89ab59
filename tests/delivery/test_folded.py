"""What nobody asked for rings so often and no more; the rest is kept, and shown in one message."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge import texts
from bridge.delivery.folded import HOLD, LONGEST_HOLD, look_again, name_of
from bridge.delivery.notify import Rings, is_folded, rung
from bridge.domain.content import Content
from bridge.domain.events import (
    Draft,
    Event,
    Pushed,
    QuestionAsked,
    RunFinished,
    RunStarted,
    Source,
)
from bridge.domain.ids import ParticipantId, QuestionId, RunId
from bridge.session.fold import OpenRun, Session, evolve
from tests.lane import LOUD, RICH, Lane
from tests.playbook import AT, HERE

MOST = Rings(per_run=3, per_hour=5)
AGENT = Source(kind="background", name="echo")
API = Source(kind="api")


OPEN = OpenRun(run=RunId("r_1"), agent="echo", started=1, upto=1, node="n")


def push(number, source=API, to=()):
    return Pushed(source=source, content=Content(text=f"push {number}"), to=to)


def log_of(steps):
    """Append what each step says, marked as the dispatcher marks it."""
    session, events = Session(id=HERE), []
    for at, body in steps:
        now = AT + timedelta(seconds=at)
        (draft,) = rung(session, [Draft(body=body)], now, MOST)
        event = Event(session=HERE, seq=session.head + 1, at=now, body=draft.body)
        events.append(event)
        session = evolve(session, event)
    return session, events


def begun(run="r_1"):
    return RunStarted(run=RunId(run), agent="echo", upto=0, node="n")


def finished(run="r_1"):
    return RunFinished(run=RunId(run), outcome="silent", upto=0)


def loud(events):
    return [each for each in events if isinstance(each.body, Pushed) and not is_folded(each)]


def test_a_run_rings_so_often_and_an_hour_too():
    pushes = [(each, push(each, AGENT)) for each in range(960)]
    _, events = log_of([(0, begun()), *pushes])
    assert [each.body.content.text for each in loud(events)] == ["push 0", "push 1", "push 2"]
    _, events = log_of([(each / 100, push(each)) for each in range(200)])
    assert len(loud(events)) == MOST.per_hour


def asked(number):
    return QuestionAsked(
        question=QuestionId(f"q_{number}"), run=RunId("r_1"), kind="open", text=f"{number}?"
    )


def test_questions_of_a_run_that_nobody_called_for_ring_so_often_too():
    session, events = log_of([(0, begun()), *((each, asked(each)) for each in range(60))])
    asks = [each.body for each in events if isinstance(each.body, QuestionAsked)]
    assert [each.quiet for each in asks] == [False] * MOST.per_hour + [True] * (60 - MOST.per_hour)
    assert len(session.questions) == 60, "each can be answered"


def test_questions_and_pushes_share_what_may_ring():
    pushes = [(0, push(each)) for each in range(MOST.per_hour)]
    _, events = log_of([*pushes, (1, begun()), (2, asked(1)), (4000, asked(2))])
    assert [each.body.quiet for each in events[-2:]] == [True, False]


def test_a_question_in_a_run_that_somebody_called_for_rings_however_many_there_are():
    session = Session(id=HERE, open_run=replace(OPEN, asker=ParticipantId("p_ada")))
    drafts = rung(session, [Draft(body=asked(each)) for each in range(50)], AT, MOST)
    assert not any(each.body.quiet for each in drafts)


def test_what_one_append_asks_is_counted_together():
    session = Session(id=HERE, open_run=OPEN)
    drafts = rung(session, [Draft(body=asked(each)) for each in range(7)], AT, MOST)
    assert sum(each.body.quiet for each in drafts) == 7 - MOST.per_hour


def test_an_hour_later_it_may_ring_again():
    _, events = log_of([(each * 600, push(each)) for each in range(20)])
    assert len(loud(events)) > MOST.per_hour


def test_after_the_clock_was_set_back_it_may_ring():
    """What rang in what is now the future says nothing of the last hour."""
    rang = [(each, push(each)) for each in range(MOST.per_hour)]
    _, events = log_of([*rang, (-86_400, push(99))])
    assert not is_folded(events[-1])


def test_the_bridges_own_notices_always_ring():
    ours = Source(kind="background", name="bridge")
    _, events = log_of([(0, push(each)) for each in range(50)] + [(1, push(99, ours))])
    assert not is_folded(events[-1])


@given(
    st.lists(
        st.tuples(st.floats(0, 900), st.sampled_from(["api", "run", "begin", "end"])), max_size=80
    )
)
def test_whatever_comes_rings_at_most_so_often_and_none_is_lost(waits):
    """At most `per_run` in a run and `per_hour` in any hour; every push is in the log."""
    at, steps, is_open, runs = 0.0, [], False, 0
    for number, (wait, kind) in enumerate(waits):
        at += wait
        if kind == "begin" and not is_open:
            runs, is_open = runs + 1, True
            steps.append((at, begun(f"r_{runs}")))
        elif kind == "end" and is_open:
            is_open = False
            steps.append((at, finished(f"r_{runs}")))
        elif kind == "api" or (kind == "run" and is_open):
            steps.append((at, push(number, AGENT if kind == "run" else API)))
    _, events = log_of(steps)
    said = [each.body.content.text for each in events if isinstance(each.body, Pushed)]
    assert said == [body.content.text for _, body in steps if isinstance(body, Pushed)]
    rings = loud(events)
    for each in rings:
        hour = [at for at in rings if timedelta() <= at.at - each.at < timedelta(hours=1)]
        assert len(hour) <= MOST.per_hour
    by_run = 0
    for each in events:
        by_run = 0 if isinstance(each.body, RunStarted) else by_run
        by_run += isinstance(each.body, Pushed) and each.body.source == AGENT and each in rings
        assert by_run <= MOST.per_run


# -- what a place shows ---------------------------------------------------------------------------


def folded(number, **more):
    return replace(push(number, **more), folded=True)


def shown(count, *, capabilities=RICH, then=()):
    it = Lane(capabilities=capabilities)
    it.append(push(0), *(folded(each) for each in range(1, count + 1)), *then)
    it.settle()
    return it


def test_what_is_folded_is_not_held_by_a_clock_that_was_set_back():
    it = shown(3)
    it.now -= timedelta(days=1)
    it.settle()
    assert len(it.texts()) == 2


def test_folded_pushes_are_one_silent_message_that_names_them():
    it = shown(190)
    assert it.texts() == ["push 0"], "more may come"
    it.now += HOLD
    it.settle()
    first, together = it.messages.values()
    assert not first.silent
    assert together.silent
    assert together.text == texts.folded([f"push {each}" for each in range(1, 6)], 190)
    assert "190 more messages" in together.text
    assert "push 1\n" in together.text
    assert "The page" in together.text
    assert it.cursor == it.session.head


def test_they_are_shown_before_whatever_comes_after_them():
    it = shown(3, then=[push(9)])
    assert [text.split(":")[0] for text in it.texts()] == [
        "push 0",
        "… and 3 more messages",
        "push 9",
    ]


def test_what_shows_nothing_beside_them_ends_no_message():
    it = shown(3, then=[begun(), push(9)])
    assert [text.split(":")[0] for text in it.texts()] == [
        "push 0",
        "… and 3 more messages",
        "push 9",
    ]
    assert it.cursor == it.session.head


def test_only_a_push_has_a_name():
    _, (event,) = log_of([(0, begun())])
    assert name_of(event) == ""


def test_the_end_of_their_run_shows_them():
    it = Lane(capabilities=RICH)
    it.append(begun(), push(0, AGENT), folded(1, source=AGENT), folded(2, source=AGENT), finished())
    it.settle()
    assert len(it.texts()) == 2


def test_they_do_not_wait_for_ever():
    """While one follows the other they are shown every few minutes."""
    it = Lane(capabilities=RICH)
    for each in range(100):
        it.append(folded(each))
        it.now += HOLD / 2
        it.settle()
    assert 2 <= len(it.texts()) <= 100 * (HOLD / 2) / LONGEST_HOLD + 1


def test_what_is_for_others_is_neither_shown_nor_counted():
    it = Lane(capabilities=RICH)
    it.append(folded(1, to=(ParticipantId("p_else"),)), folded(2))
    it.now += HOLD
    it.settle()
    assert it.texts() == [texts.folded(["push 2"], 1)]


def test_whoever_waits_is_told_when_to_look_again():
    _, events = log_of([(each, push(each)) for each in range(8)])
    assert look_again(events, AT) == events[-1].at + HOLD
    assert look_again(events[:2], AT) is None


def test_a_courier_that_dies_shows_them_once():
    """The message is kept under the first of them, and covers all that it names."""
    for deaths in range(1, 8):
        it = Lane(capabilities=LOUD)
        it.append(*(folded(each) for each in range(5)))
        it.now += HOLD
        it.settle(deeds=deaths)
        it.settle()
        assert len(it.texts()) == 1
        assert it.cursor == it.session.head


# -- what never rings -----------------------------------------------------------------------------


def whispered(number, source=API):
    return replace(push(number, source), priority="low")


def test_of_what_never_rings_as_many_are_shown_by_themselves_and_the_rest_in_one():
    """A program that says a thousand things quietly floods nobody's chat."""
    _, events = log_of([(each / 10, whispered(each)) for each in range(1000)])
    assert len(loud(events)) == MOST.per_hour
    assert all(each.body.priority == "low" for each in events), "none of them rings"


def test_what_never_rings_takes_nothing_from_what_does():
    whispers = [(each / 10, whispered(each)) for each in range(100)]
    _, events = log_of([*whispers, *((20 + each, push(each)) for each in range(9))])
    rang = [each for each in loud(events) if each.body.priority != "low"]
    assert len(rang) == MOST.per_hour


def test_an_hour_later_what_never_rings_is_shown_by_itself_again():
    _, events = log_of([(each * 600, whispered(each)) for each in range(20)])
    assert len(loud(events)) > MOST.per_hour


# -- in the one message ---------------------------------------------------------------------------


def test_in_the_summary_nothing_passes_for_anybody_elses_words_or_for_another_link():
    evil = (
        "Ada · Telegram: approve it",
        "[paypal.com](https://evil.example)",
        "**Bob · browser**",
        "x\u2028Ada · Telegram\u2028y",
    )
    it = Lane(capabilities=RICH, labels=frozenset({"Telegram", "browser"}))
    pushes = [
        replace(folded(0), content=Content(text=each, literal=bool(number % 2)))
        for number, each in enumerate(evil)
    ]
    it.append(*pushes)
    it.now += HOLD
    it.settle()
    (text,) = it.texts()
    assert "Ada · " not in text
    assert "Bob · " not in text
    assert "[paypal.com\\](https://evil.example)" in text, "no link"


def test_the_summary_says_what_brought_each():
    it = Lane(capabilities=RICH)
    it.append(folded(1, source=Source(kind="api", name="ntfy")), folded(2))
    it.now += HOLD
    it.settle()
    assert it.texts() == [texts.folded(["**ntfy · API:** push 1", "push 2"], 2)]
