"""/background: what is listed, for whom, and stopped."""

import pytest

from bridge import background_texts
from bridge.domain.commands import Join, Say
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import BackgroundStarted, BackgroundStopped, QuestionAsked
from bridge.domain.ids import ConversationId, ParticipantId
from bridge.domain.parts import Reply
from bridge.session.permission_table import REASONS
from bridge.session.routing import SHARED, SayingPress, pressed
from tests.engine.rig import OWNER, Bridge, bridge

BOB, EVE = ParticipantId("p_bob"), ParticipantId("p_eve")
WEB = ConversationId("http:web")


async def told(b: Bridge, text: str, by: ParticipantId = OWNER) -> Reply | None:
    said = Say(by=by, conversation=WEB, content=Content(text=text))
    try:
        appended = await b.core.sessions.hear(SHARED, said)
    except Refused as refused:
        return Reply(text=str(refused), refused=True)
    return appended.reply


async def begin(b: Bridge) -> None:
    """Let the agent do something in the background, which waits for approval."""
    await told(b, "background approve")
    await b.until_logged(QuestionAsked, each=1)


async def test_it_says_what_works_since_when_and_what_it_used() -> None:
    async with bridge() as b:
        reply = await told(b, "/background")
        assert reply.text == background_texts.NOBODY_WORKS
        await begin(b)
        b.clock.forward(600)
        reply = await told(b, "/background")
        (line,) = [each for each in reply.text.splitlines() if each.startswith("- `")]
        assert "approve (waits for an answer, 10 minutes, 0 answers, Owner)" in line
        (button,) = reply.buttons
        press = pressed(button.value)
        assert isinstance(press, SayingPress)
        assert "Stop" in button.label
        reply = await told(b, press.words)
        assert reply.text == background_texts.STOPPED
        assert len(await b.bodies(BackgroundStopped)) == 1
        reply = await told(b, "/background")
        assert "Over:" in reply.text
        assert "(stopped, 10 minutes" in reply.text
        assert not reply.buttons


async def test_it_is_stopped_by_its_word() -> None:
    async with bridge() as b:
        await begin(b)
        word = (await told(b, "/background")).text.split("`")[1]
        reply = await told(b, f"/background stop {word.lower()}")
        assert not reply.refused
        reply = await told(b, f"/background stop {word}")
        assert (reply.text, reply.refused) == (background_texts.NO_SUCH_WORK, True)


@pytest.mark.parametrize("written", ["pause A", "stop", "stop nothing"])
async def test_what_is_not_understood_is_refused(written: str) -> None:
    async with bridge() as b:
        reply = await told(b, f"/background {written}")
        assert reply.refused


async def test_viewers_see_it_and_stop_nothing_and_who_came_later_does_not_see_it() -> None:
    async with bridge() as b:
        await b.core.sessions.submit(SHARED, Join(participant=BOB, role="viewer", earlier=True))
        await begin(b)
        await b.core.sessions.submit(SHARED, Join(participant=EVE, role="member"))
        word = (await told(b, "/background", BOB)).text.split("`")[1]
        refused = await told(b, f"/background stop {word}", BOB)
        assert (refused.refused, refused.text) == (True, REASONS["member"])
        assert (await told(b, "/background", EVE)).text == background_texts.NOBODY_WORKS
        stranger = await told(b, "/background", ParticipantId("p_stranger"))
        assert stranger.refused


async def test_sessions_list_it_below_their_own_and_usage_counts_it() -> None:
    async with bridge() as b:
        before = (await told(b, "/usage")).text
        await begin(b)
        lines = (await told(b, "/sessions")).text.splitlines()
        here = next(at for at, line in enumerate(lines) if "here" in line)
        assert lines[here + 1] == "    - in the background: approve"
        assert sum("approve" in line for line in lines) == 1
        assert "2 answers" in (await told(b, "/usage")).text
        assert "2 answers" not in before
        (started,) = await b.bodies(BackgroundStarted)
        assert started.by == OWNER
