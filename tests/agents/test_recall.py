"""What a new reply is about is known, however long ago that was said."""

from agents import recall as module
from agents.lines.turn_writer import TurnWriter
from agents.litellm.working_log import Readings, WorkingLog
from agents.log_index import LogIndex
from agents.recall import recall
from agents.tools.approval import APPROVE, approval
from bridge.domain.commands import Delete, Edit, EndRun, Say
from bridge.domain.content import Content
from bridge.domain.events import PlannedCall, QuestionAsked
from bridge.domain.ids import CallId, ConversationId, ParticipantId
from bridge.ports.agent import Recent
from tests.turns import Story, StoryTurn

ADA, BOB = ParticipantId("Ada"), ParticipantId("Bob")
KEPT = 4
"""Events of the log that the agent reads."""


class Short(StoryTurn):
    """A turn that is given the newest of its log only."""

    async def recent(self, *, newest=None):
        return Recent(log=(await self.history())[-KEPT:])


def turn_of(story: Story) -> Short:
    return Short(story, story.turn().run, upto=len(story.events) - 1)


def long_story(*changes) -> Story:
    story = Story()
    story.say("The key is under the mat.", by="Bob")
    story.say("Thanks.")
    for change in changes:
        story.submit(change)
    turn = story.turn()
    story.submit(EndRun(run=turn.run, upto=turn.upto, content=Content(text="Noted.")))
    for number in range(2 * KEPT):
        story.say(f"word {number}", addressed=False)
    said = Content(text="Is it still there?")
    where = ConversationId("Telegram")
    story.submit(Say(by=ADA, conversation=where, content=said, reply_to=3))
    return story


async def recalled(story: Story) -> str | None:
    turn, index = turn_of(story), LogIndex(agent="agent")
    log = (await turn.recent()).log
    index.take(log)
    await recall(turn, index, log, base=log[0].seq - 1)
    about = index.said(3)
    return about.text if about else None


async def test_it_is_looked_up() -> None:
    assert await recalled(long_story()) == "The key is under the mat."


async def test_it_is_known_as_it_stands_now() -> None:
    edit = Edit(by=BOB, target=3, content=Content(text="It is under the pot."))
    assert await recalled(long_story(edit)) == "It is under the pot."
    assert await recalled(long_story(edit, Delete(by=BOB, target=3))) is None
    late, later = long_story(), long_story()
    late.submit(edit)
    assert await recalled(late) == "It is under the pot."
    later.submit(Delete(by=BOB, target=3))
    assert await recalled(later) is None


async def test_a_program_reads_it_beside_the_reply() -> None:
    told = await TurnWriter(turn=turn_of(long_story()), most=100).opening()
    assert told["messages"][-1]["reply_to"] == 3
    assert told["messages"][-1]["quote"] == {"author": "Bob", "text": "The key is under the mat."}


async def test_a_program_reads_it_too_where_its_history_is_short() -> None:
    story = long_story()
    turn = story.turn()
    told = await TurnWriter(turn=turn, most=2).opening()
    assert told["messages"][-1]["quote"] == {"author": "Bob", "text": "The key is under the mat."}
    told = await TurnWriter(turn=turn, most=100).opening()
    assert "quote" not in told["messages"][-1], "it has the message itself"


async def test_a_program_reads_it_in_news_too() -> None:
    story = long_story()
    turn = Short(story, story.turn().run, upto=len(story.events) - 3)
    writer = TurnWriter(turn=turn, most=100)
    await writer.opening()
    news = await writer.news()
    assert news["messages"][-1]["quote"] == {"author": "Bob", "text": "The key is under the mat."}


async def test_a_model_reads_it_beside_the_reply() -> None:
    page = await WorkingLog.begin(turn_of(long_story()), Readings())
    assert "[in reply to · The key is under the mat.]" in str(page.lines(1000)[-1])


def story_of_a_question(*, answered: bool) -> tuple[Story, int]:
    """An approval was asked for long ago; now somebody replies to the question."""
    story = Story()
    story.say("Tidy up.")
    turn = story.turn()
    asking = approval(PlannedCall(call=CallId("k_1"), name="tidy", arguments="{}"))
    story.submit(EndRun(run=turn.run, upto=turn.upto, content=Content(), questions=(asking,)))
    (asked,) = (each.seq for each in story.events if isinstance(each.body, QuestionAsked))
    if answered:
        story.choose(APPROVE)
    for number in range(2 * KEPT):
        story.say(f"word {number}", addressed=False)
    said = Content(text="What was this about?")
    story.submit(Say(by=ADA, conversation=ConversationId("Chat"), content=said, reply_to=asked))
    return story, asked


async def index_after(story: Story) -> LogIndex:
    turn, index = turn_of(story), LogIndex(agent="agent")
    log = (await turn.recent()).log
    index.take(log)
    await recall(turn, index, log, base=log[0].seq - 1)
    return index


async def test_a_question_that_was_answered_is_not_open_and_its_call_is_not_made_again() -> None:
    story, asked = story_of_a_question(answered=True)
    index = await index_after(story)
    assert "tidy" in index.said(asked).text
    assert not list(index.open_before(asked))
    assert not [each for each in index.closed if index.approved(each)]
    story, _ = story_of_a_question(answered=True)
    page = await WorkingLog.begin(turn_of(story), Readings())
    assert not page.approved()


async def test_a_question_that_is_open_still_is_known_to_be() -> None:
    story, asked = story_of_a_question(answered=False)
    index = await index_after(story)
    assert [each.call.name for each in index.open_before(asked)] == ["tidy"]


class Paged(Short):
    """A turn that reads one event at a time; `reads` is how often."""

    reads = 0

    async def past(self, *, after, upto):
        self.reads += 1
        return (await super().past(after=after, upto=upto))[:1]


async def test_only_so_much_is_read_and_what_is_not_sure_to_be_open_is_not_open(
    monkeypatch,
) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 2)
    story, asked = story_of_a_question(answered=False)
    turn, index = (
        Paged(story, story.turn().run, upto=len(story.events) - 1),
        LogIndex(agent="agent"),
    )
    log = (await turn.recent()).log
    index.take(log)
    await recall(turn, index, log, base=log[0].seq - 1)
    assert turn.reads == 2
    assert "tidy" in index.said(asked).text
    assert not list(index.open_before(asked))
