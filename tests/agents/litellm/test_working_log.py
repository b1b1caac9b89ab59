"""A run's own log is the session's, with what it said itself; the rest is in test_tool_calls.py."""

import sys
from contextlib import contextmanager
from types import SimpleNamespace

from agents.litellm import working_log as module
from agents.litellm.working_log import Readings, WorkingLog, has_read_outside
from agents.transcript import INTERRUPTED, Got
from bridge.caches import stale
from bridge.domain.commands import AbandonRun
from bridge.domain.content import Content
from bridge.domain.events import (
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
    Source,
    ToolCalled,
    ToolReturned,
)
from bridge.domain.ids import CallId, RunId
from bridge.ports.agent import Calling, Ended, Recent, Remark, Returned
from tests.agents.litellm.rig import told
from tests.engine.rig import NINE
from tests.playbook import ADA, DM, HERE
from tests.turns import Story, _command

ONE = CallId("k_1")


async def test_what_it_said_is_in_its_log_once_whether_news_bring_it_or_not():
    """In a session where messages wait, news bring nothing: not even its own words."""
    story = told()
    turn = story.turn()
    page = await WorkingLog.begin(turn, Readings())
    for said in (
        Remark(content=Content(text="Wait.")),
        Calling(call=ONE, name="t", arguments="{}"),
        Returned(call=ONE, result="r"),
    ):
        page.note(said)
        story.submit(_command(turn, said))
    story.say("Meanwhile.", by="Bob")
    before = page.lines(1000)
    await page.catch_up()
    kinds = [type(event.body) for event in page.log]
    assert [kinds.count(kind) for kind in (MessageComposed, ToolCalled, ToolReturned)] == [1, 1, 1]
    after = page.lines(1000)
    assert after[: len(before)] == before
    assert "Meanwhile." in after[-1].text
    assert "Bob" in after[-1].text


async def test_it_owes_words_to_people_only():
    story = Story()
    story.trigger("Tick.", Source(kind="schedule", name="x"))
    page = await WorkingLog.begin(story.turn(), Readings())
    assert not page.owes_words()
    assert (await WorkingLog.begin(told().turn(), Readings())).owes_words()


async def test_what_a_run_did_not_get_to_say_is_not_read_by_the_next_one():
    """It was cut off before it could be written down."""
    story, readings = told(), Readings()
    first = story.turn()
    story.submit(_command(first, Calling(call=ONE, name="t", arguments="{}")))
    story.submit(AbandonRun(run=first.run))
    second = story.turn()
    page = await WorkingLog.begin(second, readings)
    page.note(Returned(call=ONE, result="never written down"))
    page.lines(1000)
    story.submit(AbandonRun(run=second.run))
    lines = (await WorkingLog.begin(story.turn(), readings)).lines(1000)
    assert [line.text for line in lines if isinstance(line, Got)] == [INTERRUPTED]


async def test_the_next_run_reads_only_what_is_new():
    story, readings = told(), Readings()
    for _ in range(2):
        turn = story.turn()
        page = await WorkingLog.begin(turn, readings)
        page.lines(1000)
        story.submit(_command(turn, Ended(content=Content(text="Hello."))))
        story.say("And?")
    lines = (await WorkingLog.begin(story.turn(), readings)).lines(1000)
    assert all(new is old for new, old in zip(lines, page.settled.lines, strict=False))
    assert page.settled.count > 0


async def test_a_reading_is_made_anew_once_it_is_told_that_it_is_stale():
    turn, readings = told().turn(), Readings()
    before = (await WorkingLog.begin(turn, readings)).lines(1000)
    stale("readings of logs")
    assert readings._size() == 0
    assert (await WorkingLog.begin(turn, readings)).lines(1000) == before


# -- work -----------------------------------------------------------------------------------------


@contextmanager
def counted():
    """How many functions are called here, and how many texts are weighed: work without a clock."""
    found = {"calls": 0, "weighed": 0}

    def count(frame, event, _arg):
        found["calls"] += event in {"call", "c_call"}
        found["weighed"] += event == "call" and frame.f_code.co_name == "tokens"

    sys.setprofile(count)
    try:
        yield found
    finally:
        sys.setprofile(None)


class Reader:
    """A turn over events made up: nothing of the session's is counted."""

    run, agent = RunId("r_new"), "me"
    clock = SimpleNamespace(now=lambda: NINE)

    def __init__(self, bodies):
        numbered = enumerate(bodies, start=1)
        self._log = [Event(session=HERE, seq=seq, at=NINE, body=body) for seq, body in numbered]

    async def history(self):
        return self._log

    async def recent(self, *, newest=None):
        return Recent(log=self._log)

    async def news(self):
        return ()

    async def who(self, _participant):
        return "Ada"

    async def where(self, _conversation):
        return "Chat"


def told_long(exchanges):
    """People talked, tools were called, and all but the end was summed up."""
    bodies = []
    for number in range(exchanges):
        run, call = RunId(f"r_{number}"), CallId(f"k_{number}")
        heard = len(bodies) + 1
        bodies += [
            MessageReceived(participant=ADA, conversation=DM, content=Content(text="And now?")),
            RunStarted(run=run, agent="me", upto=heard, node="n"),
            ToolCalled(run=run, call=call, name="t", arguments="{}"),
            ToolReturned(call=call, result="r"),
            MessageComposed(run=run, agent="me", content=Content(text="Well."), kind="final"),
            RunFinished(run=run, outcome="completed", upto=heard),
        ]
    return [*bodies, HistoryCompacted(upto=len(bodies) - 60, summary="So it was.")]


async def work_of_a_turn(exchanges, monkeypatch):
    """The next turn once everything was read: what the ones after the first have to do."""
    monkeypatch.setattr(module, "AT_ONCE", 10**9)  # all of it here, where it is counted
    bodies, readings = told_long(exchanges), Readings()
    asked = MessageReceived(participant=ADA, conversation=DM, content=Content(text="So?"))
    for more in ([asked], [asked, asked]):
        turn = Reader([*bodies, *more])
        with counted() as found:
            page = await WorkingLog.begin(turn, readings)
            await page.catch_up()
            await page.laid_out(1000)
            page.note(Calling(call=CallId("k_new"), name="t", arguments="{}"))
            page.asks(), page.owes_words(), page.answers(), page.approved()
            has_read_outside(page.log, after=page.after, people={ADA})
            await page.cut(1000)
    return found


async def test_the_work_of_a_turn_does_not_grow_with_its_log(monkeypatch):
    few, many = [await work_of_a_turn(count, monkeypatch) for count in (30, 300)]
    assert many["weighed"] <= few["weighed"] + 5
    assert many["calls"] <= few["calls"] + 200
