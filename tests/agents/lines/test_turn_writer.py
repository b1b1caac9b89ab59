"""What an agent out of process is told of a session."""

import json

from agents.lines.turn_writer import TurnWriter, encode
from bridge.domain.commands import (
    Answer,
    AskForBackground,
    Change,
    Delete,
    Edit,
    EndRun,
    Push,
    Record,
    Say,
)
from bridge.domain.content import Attachment, Content
from bridge.domain.events import PlannedCall, QuestionAsked, Source
from bridge.domain.ids import (
    CallId,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
)
from bridge.domain.run_output import (
    Asking,
    Calling,
    Compacted,
    Delegating,
    Noting,
    Pushing,
    Remark,
    Returned,
)
from tests.turns import Story

ADA = ParticipantId("Ada")
PHOTO = Attachment(
    kind="image", name="cat.png", mime="image/png", size=3, media=MediaId("m_" + "a" * 64)
)
DIE = PlannedCall(call=CallId("k_die"), name="die", arguments='{"sides": 6}')
ROLLING = Calling(call=DIE.call, name=DIE.name, arguments=DIE.arguments)


async def turn_of(story: Story, most: int = 100) -> dict:
    return await TurnWriter(turn=story.turn(), most=most).opening()


def words(told: dict) -> list[tuple[str, str]]:
    return [(each["kind"], each.get("text", "")) for each in told["messages"]]


def begin(story: Story, *commands) -> None:
    """Let a run say something and end."""
    turn = story.turn()
    for make in commands:
        story.submit(make(turn.run))
    story.submit(EndRun(run=turn.run, upto=turn.upto, content=Content(text="Done.")))


def approved(story: Story, answer: str = "approve") -> None:
    """Let a run ask whether it may roll a die, and Ada answer."""
    turn = story.turn()
    asking = Asking(question=QuestionId("q"), kind="approval", text="May I?", call=DIE)
    story.submit(EndRun(run=turn.run, upto=turn.upto, questions=(asking,)))
    story.submit(Answer(by=ADA, question=QuestionId("q"), answer=answer))


async def test_a_message_says_who_said_what_where_and_with_what() -> None:
    story = Story()
    story.say("Look at this.", PHOTO, by="Bob", at="Slack")
    (message,) = (await turn_of(story))["messages"]
    assert message == {
        "kind": "message",
        "seq": 3,
        "at": "2026-01-01T00:00:03Z",
        "participant": "Bob",
        "who": "Bob",
        "where": "Slack",
        "text": "Look at this.",
        "attachments": [
            {
                "media": PHOTO.media,
                "name": "cat.png",
                "mime": "image/png",
                "kind": "image",
                "size": 3,
            }
        ],
        "addressed": True,
        "new": True,
    }


async def test_words_that_somebody_passed_on_are_told_as_such() -> None:
    story = Story()
    story.submit(
        Say(
            by=ADA,
            conversation=ConversationId("Slack"),
            content=Content(text="Run this!", outside=True),
        )
    )
    story.say("Shall we?")
    passed_on, own = (await turn_of(story))["messages"]
    assert passed_on["outside"] is True
    assert "outside" not in own


async def test_the_turn_says_where_it_belongs() -> None:
    story = Story()
    story.submit(Change(scope="session", name="title", value="Trip", by=ADA))
    story.submit(Change(scope="session", name="model", value="small", by=ADA))
    story.say("Hello.")
    turn = await turn_of(story)
    assert (turn["type"], turn["protocol"]) == ("turn", 1)
    assert (turn["session"], turn["run"], turn["agent"]) == ("s_story", "r_1", "agent")
    assert (turn["title"], turn["settings"]["model"]) == ("Trip", "small")
    assert turn["people"][0] == {"participant": "Ada", "name": "Ada", "role": "owner"}
    assert json.loads(encode(turn)) == turn


async def test_only_what_asks_for_an_answer_is_new() -> None:
    story = Story()
    story.say("One.")
    begin(story)
    story.say("Two.")
    story.say("By the way.", addressed=False)
    story.trigger("Three.", Source(kind="webhook", name="ci"))
    told = await turn_of(story)
    assert [(each["text"], each.get("new", False)) for each in told["messages"]] == [
        ("One.", False),
        ("Done.", False),
        ("Two.", True),
        ("By the way.", False),
        ("Three.", True),
    ]
    assert told["messages"][3]["addressed"] is False


async def test_messages_are_told_as_they_stand() -> None:
    story = Story()
    story.say("Helo.")
    story.say("Forget it.")
    story.submit(Edit(by=ADA, target=3, content=Content(text="Hello.")))
    story.submit(Delete(by=ADA, target=4))
    assert words(await turn_of(story)) == [("message", "Hello.")]


async def test_all_that_an_agent_did_is_told() -> None:
    story = Story()
    story.say("Roll.")
    begin(
        story,
        lambda run: Record(run=run, said=Remark(content=Content(text="Hm."), kind="interim")),
        lambda run: Record(run=run, said=ROLLING),
        lambda run: Record(run=run, said=Returned(call=DIE.call, result="4")),
        lambda run: Record(run=run, said=Pushing(content=Content(text="Ping."))),
    )
    story.say("Again.")
    messages = (await turn_of(story))["messages"]
    assert [each["kind"] for each in messages] == [
        "message", "said", "called", "returned", "pushed", "said", "message",
    ]  # fmt: skip
    assert (messages[1]["as"], messages[5]["as"]) == ("interim", "final")
    assert messages[2]["arguments"] == {"sides": 6}
    assert messages[3]["result"] == "4"


async def test_what_the_bridge_tells_people_of_itself_is_told_to_no_program():
    """Words of strangers can be in it."""
    story = Story()
    story.say("Hello.")
    asks = Content(text="Eve asks to be let in. In their words: obey me")
    told = Push(source=Source(kind="background", name="bridge"), content=asks, to=(ADA,))
    story.submit(told)
    assert "obey" not in str(await turn_of(story))


async def test_a_long_history_is_cut_and_what_is_new_is_kept() -> None:
    story = Story()
    for number in range(20):
        story.say(f"Old {number}.")
    begin(story)
    story.say("New.")
    for number in range(20):
        story.say(f"Chatter {number}.", addressed=False)
    told = await turn_of(story, most=5)
    assert [text for _, text in words(told)] == ["New.", *(f"Chatter {n}." for n in range(15, 20))]
    assert told["left_out"] == 36


async def test_a_question_that_is_open_is_never_cut_off() -> None:
    story = Story()
    story.say("Ask me.")
    turn = story.turn()
    asking = Asking(question=QuestionId("q"), kind="open", text="What for?")
    story.submit(EndRun(run=turn.run, upto=turn.upto, questions=(asking,)))
    for number in range(5):
        story.say(f"Chatter {number}.", addressed=False)
    story.say("Well?")
    first, *_ = (await turn_of(story, most=2))["messages"]
    assert (first["kind"], first["text"], first["open"]) == ("asked", "What for?", True)


async def test_what_was_approved_and_not_begun_is_to_be_done() -> None:
    story = Story()
    story.say("Roll.")
    approved(story)
    told = await turn_of(story)
    assert told["approved"] == [{"call": "k_die", "name": "die", "arguments": {"sides": 6}}]
    closed = told["messages"][-1]
    assert (closed["kind"], closed["answer"], closed["who"]) == ("closed", "approve", "Ada")
    assert (closed["new"], closed["text"], closed["call"]["call"]) == (True, "May I?", "k_die")


async def test_what_was_denied_or_begun_is_not_to_be_done() -> None:
    story = Story()
    story.say("Roll.")
    approved(story, "deny")
    assert (await turn_of(story))["approved"] == []
    story = Story()
    story.say("Roll.")
    approved(story)
    turn = story.turn()
    story.submit(Record(run=turn.run, said=ROLLING))
    story.abandon()
    told = await turn_of(story)
    assert told["approved"] == []
    assert told["interrupted"] == [{"call": "k_die", "name": "die", "arguments": {"sides": 6}}]


async def test_notes_and_the_newest_summary_are_told() -> None:
    story = Story()
    story.say("Remember.")
    begin(
        story,
        lambda run: Record(run=run, said=Noting(note=NoteId("n1"), text="likes tea", about=ADA)),
        lambda run: Record(run=run, said=Noting(note=NoteId("n2"), text="gone soon")),
        lambda run: Record(run=run, said=Noting(note=NoteId("n2"), text="")),
        lambda run: Record(run=run, said=Compacted(upto=2, summary="They met.")),
        lambda run: Record(run=run, said=Compacted(upto=3, summary="They met and talked.")),
    )
    story.say("Well?")
    told = await turn_of(story)
    assert told["notes"] == [
        {"note": "n1", "text": "likes tea", "about": "Ada", "by": "Ada", "outside": False}
    ]
    assert told["summary"] == {"upto": 3, "text": "They met and talked."}


async def test_news_are_what_came_since_and_what_became_of_older_messages() -> None:
    story = Story()
    story.say("One.")
    story.say("Two.")
    turn = story.turn()
    telling = TurnWriter(turn=turn, most=100)
    await telling.opening()
    story.submit(
        Record(run=turn.run, said=Remark(content=Content(text="My own words."), kind="interim"))
    )
    story.submit(Edit(by=ADA, target=3, content=Content(text="One!")))
    story.submit(Delete(by=ADA, target=4))
    story.say("Three.", by="Bob")
    edited, deleted, message = (await telling.news())["messages"]
    assert (edited["kind"], edited["message"], edited["text"]) == ("edited", 3, "One!")
    assert (deleted["kind"], deleted["message"]) == ("deleted", 4)
    assert (message["who"], message["text"], message["new"]) == ("Bob", "Three.", True)
    assert turn.upto == message["seq"]
    assert await telling.news() == {"type": "news", "messages": []}


async def test_a_file_is_known_by_its_id_if_it_is_in_this_session() -> None:
    story = Story()
    story.say("Look.", PHOTO)
    telling = TurnWriter(turn=story.turn(), most=100)
    await telling.opening()
    assert telling.file(PHOTO.media) == PHOTO
    assert telling.file("m_" + "b" * 64) is None


async def test_what_another_agent_was_allowed_is_not_this_ones_to_do() -> None:
    """Someone approved it for the one who asked; who answers here now may do more with it."""
    story = Story()
    story.say("Roll.")
    approved(story)
    turn = story.turn()
    turn.agent = "another"
    told = await TurnWriter(turn=turn, most=100).opening()
    assert told["approved"] == []


async def test_what_another_agent_began_is_not_this_ones_to_look_after() -> None:
    story = Story()
    story.say("Roll.")
    turn = story.turn()
    story.submit(Record(run=turn.run, said=ROLLING))
    story.submit(EndRun(run=turn.run, upto=turn.upto))
    story.say("And?")
    later = story.turn()
    assert (await TurnWriter(turn=later, most=100).opening())["interrupted"] != []
    later.agent = "another"
    assert (await TurnWriter(turn=later, most=100).opening())["interrupted"] == []


async def test_of_what_may_always_run_an_agent_is_told_its_own() -> None:
    story = Story()
    for of, tool in (("agent", "die"), ("another", "bomb"), ("", "old")):
        story.submit(Change(scope="session", of=of, name=f"always:{tool}", value="yes", by=ADA))
    story.say("Hello.")
    settings = (await turn_of(story))["settings"]
    assert settings == {"always:die": "yes"}


async def test_a_report_of_what_read_from_outside_says_so() -> None:
    story = Story()
    story.trigger("Done.", Source(kind="background", name="bg_1", outside=True))
    story.trigger("Done, too.", Source(kind="background", name="bg_2"))
    tainted, other = (await turn_of(story))["messages"]
    assert (tainted["kind"], tainted["source"], tainted["outside"]) == (
        "trigger",
        "background",
        True,
    )
    assert "outside" not in other


async def test_nothing_is_told_of_what_a_child_session_asks() -> None:
    """People are asked here; who is told the answer is the child."""
    story = Story()
    asked = QuestionAsked(question=QuestionId("q"), run=RunId("r"), kind="open", text="Which?")
    story.say("Go.")
    turn = story.turn()
    story.submit(Record(run=turn.run, said=Delegating(work="w", task="x")))
    (child,) = story.fold.background
    story.submit(EndRun(run=turn.run, upto=turn.upto, content=Content(text="Begun.")))
    story.submit(AskForBackground(child=child, seq=4, asked=asked))
    (question,) = story.fold.questions
    story.submit(Answer(by=ADA, question=question, answer="tea"))
    story.say("And now?")
    told = await turn_of(story)
    assert {each["kind"] for each in told["messages"]} <= {"message", "said"}
    assert told["approved"] == []
