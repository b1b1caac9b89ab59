"""Whatever is heard and leaves nothing behind is said once, with why, and counted."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from bridge.domain.commands import Leave
from bridge.domain.content import Content
from bridge.domain.ids import MessageId, ParticipantId
from bridge.domain.inbound import (
    Added,
    Deleted,
    Edited,
    Pressed,
    Relocated,
    RemoteFile,
    Reported,
)
from bridge.domain.parts import Address
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from bridge.unseen import unseen
from tests.engine.doorway import CHAT, Doorway
from tests.engine.rig import OWNER

SECRET = "my secret words"
LISTED = Account(allow=frozenset({"ada"}))


@pytest.fixture
async def door() -> Doorway:
    return await Doorway(chat=LISTED).open()


def reasons() -> Sequence[str]:
    return [each.reason for each in unseen.counts()]


async def left(door: Doorway, what, user="ada", **more):
    """Hand something in; return the one line that says what was left out."""
    with capture_logs() as logged:
        await door.hear(what, user, **more)
    (line,) = [each for each in logged if each["event"].startswith("not ")]
    assert SECRET not in str(logged)
    assert line["account"] == CHAT
    return line


async def test_a_stranger_leaves_a_line_and_a_count(door: Doorway) -> None:
    with capture_logs() as logged:
        await door.say(SECRET, "eve")
    (line,) = logged
    assert (line["event"], line["reason"], line["place"]) == ("not stored", "stranger", "dm")
    assert line["what"] == "Spoken"
    assert SECRET not in str(line)


async def test_a_flood_of_strangers_is_one_line_and_counted_whole(door: Doorway) -> None:
    with capture_logs() as logged:
        for _ in range(50):
            await door.say(SECRET, "eve")
    assert len(logged) == 1
    assert [(each.reason, each.times) for each in unseen.counts()] == [("stranger", 50)]


async def test_someone_who_was_put_out_is_told_apart_from_a_stranger(door: Doorway) -> None:
    await door.say("hello")
    (who,) = [ParticipantId(each.participant) for each in await door.log() if _joined(each)]
    await door.dispatcher.submit(SHARED, Leave(participant=who, by=OWNER))
    await door.say(SECRET)
    assert reasons() == ["put_out"]


def _joined(body) -> bool:
    return type(body).__name__ == "ParticipantJoined" and body.participant != OWNER


@pytest.mark.parametrize(
    "what",
    [
        Edited(message=MessageId("m_none"), content=Content(text=SECRET)),
        Deleted(message=MessageId("m_none")),
    ],
)
async def test_an_edit_or_a_deletion_of_an_unknown_message_is_said(door: Doorway, what) -> None:
    await door.say("hello")
    line = await left(door, what)
    assert (line["reason"], line["message"]) == ("unknown_message", "m_none")


@pytest.mark.parametrize("what", [Deleted(message=MessageId("m")), Pressed(value="x"), Added()])
async def test_what_happens_in_a_place_that_follows_nothing_is_said(door: Doorway, what) -> None:
    assert (await left(door, what))["reason"] == "unplaced"


async def test_an_unknown_button_is_said(door: Doorway) -> None:
    await door.say("hello")
    assert (await left(door, Pressed(value="x")))["reason"] == "unknown_button"


async def test_a_message_that_is_delivered_again_is_counted(door: Doorway) -> None:
    for _ in range(2):
        await door.say("hello", key="x_1", message="m_1")
    assert reasons() == ["repeat"]


async def test_a_bad_code_is_said(door: Doorway) -> None:
    await door.say("/link ABCD-2345", "eve")
    assert reasons() == ["bad_code"]


async def test_the_button_of_a_question_of_another_session_is_said(door: Doorway) -> None:
    await door.let_ask()
    line = await left(door, Pressed(value=f"a:3:0:{'0' * 16}"))
    assert line["reason"] == "other_question"


async def test_what_a_session_refuses_is_said(door: Doorway) -> None:
    await door.let_ask()
    press = await door.card(0)
    await door.hear(press)
    line = await left(door, press)
    assert line["reason"] == "refused"


async def test_a_file_that_cannot_be_had_is_said_and_a_message_is_stored(door: Doorway) -> None:
    door.channels[CHAT] = type("Deaf", (), {"name": CHAT})()
    file = RemoteFile(kind="file", name="secret name.txt", mime="text/plain", ref="r")
    with capture_logs() as logged:
        await door.say("look", files=(file,))
    (line,) = [each for each in logged if each["event"] == "not stored"]
    assert line["reason"] == "file_not_kept"
    assert "secret name" not in str(line)


async def test_reports_of_what_is_not_ours_and_moves_of_unknown_places_are_counted(
    door: Doorway,
) -> None:
    nowhere = Address(channel=CHAT, place="nowhere")
    await door.intake(Reported(address=nowhere, message=MessageId("m"), state="read"))
    await door.intake(Relocated(address=nowhere, place="else"))
    assert reasons() == ["stale_report", "move_not_made"]


async def test_what_is_said_to_the_bridge_and_stored_leaves_out_nothing(door: Doorway) -> None:
    assert await door.say("hello") is None
    assert reasons() == []
