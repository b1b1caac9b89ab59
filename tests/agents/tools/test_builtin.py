"""The tools every agent has; what they do in a run is tested with the run."""

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from agents.tools.builtin import MOST_NOTES, Here, Note, builtin_tools
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.ids import CallId, NoteId, ParticipantId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB = ParticipantId("a"), ParticipantId("b")
PEOPLE = {ADA: ("Ada", "owner"), BOB: ("Bob", "member")}
TEA = Note(note=NoteId("n_1"), text="likes tea", about=ADA)


def here(*notes):
    return Here(now=NOW, people=PEOPLE, notes=notes)


async def use(name, *notes, **arguments):
    tools = {tool.name: tool for tool in builtin_tools(here(*notes))}
    return await tools[name].run(ToolCall(call=CallId("k_1"), name=name, arguments=arguments))


def test_people_are_meant_by_name_or_as_owners():
    assert here().named(["bob", " ADA "]) == (BOB, ADA)
    assert here().named(["owner"]) == (ADA,)
    with pytest.raises(ToolError, match="nobody here is called 'Zoe'"):
        here().named(["Zoe"])


async def test_a_question_can_wait_for_days():
    done = await use("ask_human", question="Well?", hours=72)
    assert done.question.expires_at == NOW + timedelta(days=3)
    assert done.question.question == "q_1"


async def test_an_approval_is_yes_or_no():
    done = await use("ask_human", question="Shall I?", kind="approval")
    assert [option.id for option in done.question.options] == ["yes", "no"]


async def test_a_choice_needs_options():
    with pytest.raises(ToolError, match="needs options"):
        await use("ask_human", question="Which?", kind="choice")


async def test_arguments_that_do_not_fit_are_told():
    with pytest.raises(ToolError, match="question: Field required"):
        await use("ask_human")


async def test_a_note_is_kept_replaced_and_forgotten():
    (kept,) = (await use("remember", text="It rains.")).said
    assert (kept.text, kept.about) == ("It rains.", None)
    (replaced,) = (await use("remember", TEA, text="likes coffee", replaces="n_1")).said
    assert (replaced.note, replaced.text) == ("n_1", "likes coffee")
    (forgotten,) = (await use("remember", TEA, replaces="n_1")).said
    assert (forgotten.note, forgotten.text) == ("n_1", "")


@pytest.mark.parametrize("arguments", [{}, {"text": " "}, {"text": "x", "replaces": "n_9"}])
async def test_what_cannot_be_remembered_is_told(arguments):
    with pytest.raises(ToolError):
        await use("remember", TEA, **arguments)


async def test_there_is_an_end_to_remembering():
    notes = [Note(note=NoteId(f"n_{n}"), text="x") for n in range(MOST_NOTES)]
    with pytest.raises(ToolError, match="replace or forget"):
        await use("remember", *notes, text="one more")


async def test_notes_are_found_by_words_and_by_whom_they_are_about():
    rain = Note(note=NoteId("n_2"), text="It rains.")
    assert (await use("recall", TEA, rain)).text == (
        '- Ada: "likes tea" (n_1)\n- "It rains." (n_2)'
    )
    assert (await use("recall", TEA, rain, words="ada")).text == '- Ada: "likes tea" (n_1)'
    assert "Nothing" in (await use("recall", TEA, words="coffee")).text


async def test_no_call_keeps_the_bridge_searching():
    """A model may ask for as many words, or people, as it likes; it is told that these are many."""
    notes = [Note(note=NoteId(f"n_{n}"), text="x" * 2000) for n in range(MOST_NOTES)]
    begun = process_time()
    with pytest.raises(ToolError, match="words: String should have at most"):
        await use("recall", *notes, words="zz " * 300_000)
    with pytest.raises(ToolError, match="to: List should have at most"):
        await use("push", text="x", to=["Ada"] * 200_000)
    with pytest.raises(ToolError, match="String should have at most"):
        await use("ask_human", question="?", kind="choice", options=["x" * 100_000])
    assert process_time() - begun < 1
