"""A run's own log is the session's, with what it said itself; the rest is in test_acting.py."""

from agents.litellm.page import Page, Readings
from bridge.content import Content
from bridge.events import MessageComposed, Source, ToolCalled, ToolReturned
from bridge.ids import CallId
from bridge.ports import Calling, Remark, Returned
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
