"""A run's own log is the session's, with what it said itself; the rest is in test_acting.py."""

from agents.litellm.page import Page, Readings
from agents.transcript import INTERRUPTED, Got
from bridge.commands import AbandonRun
from bridge.content import Content
from bridge.events import MessageComposed, Source, ToolCalled, ToolReturned
from bridge.ids import CallId
from bridge.ports import Calling, Ended, Remark, Returned
from tests.agents.litellm.rig import told
from tests.turns import Story, _command

ONE = CallId("k_1")


async def test_what_it_said_is_in_its_log_once_whether_news_bring_it_or_not():
    """In a session where messages wait, news bring nothing: not even its own words."""
    story = told()
    turn = story.turn()
    page = await Page.begin(turn, Readings())
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
    page = await Page.begin(story.turn(), Readings())
    assert not page.owes_words()
    assert (await Page.begin(told().turn(), Readings())).owes_words()


async def test_what_a_run_did_not_get_to_say_is_not_read_by_the_next_one():
    """It was cut off before it could be written down."""
    story, readings = told(), Readings()
    first = story.turn()
    story.submit(_command(first, Calling(call=ONE, name="t", arguments="{}")))
    story.submit(AbandonRun(run=first.run))
    second = story.turn()
    page = await Page.begin(second, readings)
    page.note(Returned(call=ONE, result="never written down"))
    page.lines(1000)
    story.submit(AbandonRun(run=second.run))
    lines = (await Page.begin(story.turn(), readings)).lines(1000)
    assert [line.text for line in lines if isinstance(line, Got)] == [INTERRUPTED]


async def test_the_next_run_reads_only_what_is_new():
    story, readings = told(), Readings()
    for _ in range(2):
        turn = story.turn()
        page = await Page.begin(turn, readings)
        page.lines(1000)
        story.submit(_command(turn, Ended(content=Content(text="Hello."))))
        story.say("And?")
    lines = (await Page.begin(story.turn(), readings)).lines(1000)
    assert all(new is old for new, old in zip(lines, page.settled.lines, strict=False))
    assert page.settled.count > 0
