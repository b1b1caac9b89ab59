"""What a run may say of the past is looked up where it stands, however long the log is."""

import pytest

from bridge.domain.content import Attachment, Content
from bridge.domain.errors import AgentFailed
from bridge.domain.events import Draft, MessageEdited, MessageReceived, RunStarted, ToolCalled
from bridge.domain.ids import CallId, MediaId, RunId
from bridge.domain.run_output import Transcript
from bridge.engine.runs.log_cache import PAGE
from bridge.engine.runs.run_recorder import _check_own, _check_spoken
from tests.engine.rig import NINE
from tests.engine.runs.test_log_cache import Counting, told
from tests.engine.runs.test_turn import turn
from tests.playbook import ADA, DM, HERE

VOICE = Attachment(kind="voice", name="a", mime="audio/ogg", size=3, media=MediaId("m_1"))
LONG = 5 * PAGE


async def appended(store: Counting, *bodies) -> None:
    await store.append(HERE, [Draft(body=each) for each in bodies], at=NINE)


def made(agent: str) -> tuple[RunStarted, ToolCalled]:
    run = RunId(f"r_{agent}")
    started = RunStarted(run=run, agent=agent, node="n", upto=LONG)
    return started, ToolCalled(run=run, call=CallId("c"), name="die", arguments="{}")


async def test_a_call_is_looked_for_from_the_end_of_the_log():
    store = Counting()
    await told(store, HERE, LONG)
    await appended(store, *made("echo"))
    await _check_own(turn(store, LONG + 2), CallId("c"))
    assert store.gave <= PAGE


@pytest.mark.parametrize(("call", "agent"), [("c", "another"), ("d", "echo")])
async def test_a_call_that_another_agent_made_or_nobody_is_not_ones_own(call, agent):
    store = Counting()
    await told(store, HERE, 3)
    await appended(store, *made(agent))
    with pytest.raises(AgentFailed, match="not one that this agent made"):
        await _check_own(turn(store, 5), CallId(call))


async def test_who_spoke_is_read_in_the_message_itself():
    store = Counting()
    await told(store, HERE, LONG)
    heard = MessageReceived(participant=ADA, conversation=DM, content=Content(attachments=(VOICE,)))
    await appended(store, heard)
    spoken = Transcript(target=LONG + 1, media=VOICE.media, text="hello")
    await _check_spoken(turn(store, LONG + 1), spoken)
    assert store.gave == 1


async def test_a_voice_that_an_edit_brought_counts_too():
    store = Counting()
    await told(store, HERE, 3)
    await appended(
        store, MessageEdited(target=2, participant=ADA, content=Content(attachments=(VOICE,)))
    )
    await _check_spoken(turn(store, 4), Transcript(target=2, media=VOICE.media, text="hello"))
    with pytest.raises(AgentFailed, match="holds no such voice"):
        await _check_spoken(turn(store, 4), Transcript(target=3, media=VOICE.media, text="x"))
    with pytest.raises(AgentFailed, match="holds no such voice"):
        await _check_spoken(turn(store, 4), Transcript(target=99, media=VOICE.media, text="x"))
