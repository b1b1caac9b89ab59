"""/notify says and sets what rings for someone, and in which hours nothing does."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import session_texts, texts
from bridge.delivery.notify import MODES, Quiet
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId
from bridge.domain.parts import Address, Conversation
from bridge.engine.commands import notifying
from bridge.engine.commands.notifying import Notifying, local_zone
from bridge.engine.wishes import Wished, Wishes
from storage.memory import MemoryStore
from tests.engine.rig import SetClock

ADA = ParticipantId("p_ada")
PHONE = Conversation(
    id=ConversationId("c_phone"), address=Address(channel=ChannelName("chat"), place="phone")
)


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> Notifying:
    monkeypatch.setenv("TZ", "America/Lima")
    return made()


def made() -> Notifying:
    return Notifying(wishes=Wishes(MemoryStore()), clock=SetClock())


async def told(choosing: Notifying, argument: str, place: Conversation | None = PHONE) -> str:
    return (await choosing.answer(ADA, place, argument)).text


async def refused(choosing: Notifying, argument: str, place: Conversation | None = PHONE) -> str:
    reply = await choosing.answer(ADA, place, argument)
    assert reply.refused
    assert await choosing.wishes.wished(ADA) == Wished()
    assert await choosing.wishes.wished(PHONE.id) == Wished()
    return reply.text


async def test_alone_it_says_what_rings_and_how_to_change_it(choosing):
    reply = await choosing.answer(ADA, PHONE, "")
    assert "**all** (now)" in reply.text
    assert "Quiet hours: none." in reply.text
    assert [each.label for each in reply.buttons] == list(MODES)


@pytest.mark.parametrize("mode", MODES)
async def test_a_mode_is_for_all_chats_or_for_this_one(choosing, mode):
    assert await told(choosing, mode.upper()) == session_texts.notify_set(mode, here=False)
    assert await told(choosing, f"here {mode}") == session_texts.notify_set(mode, here=True)
    assert await choosing.wishes.wished(ADA) == Wished(mode=mode)
    assert await choosing.wishes.wished(PHONE.id) == Wished(mode=mode)
    assert f"This chat: **{mode}**" in await told(choosing, "")
    assert await told(choosing, "here default") == session_texts.NOTIFY_AS_OTHERS
    assert await choosing.wishes.wished(PHONE.id) == Wished()


async def test_quiet_hours_are_set_with_a_zone_and_taken_off(choosing):
    text = await told(choosing, "quiet 22:00-7 Europe/Berlin")
    assert "22:00 to 07:00, Europe/Berlin; questions ring all the same" in text
    assert "It is 10:00 there now." in text  # nine o'clock in UTC
    assert "my own" not in text
    night = Quiet(begins=time(22), ends=time(7), zone="Europe/Berlin")
    assert await choosing.wishes.wished(ADA) == Wished(quiet=night)
    assert await told(choosing, "quiet OFF") == session_texts.quiet_off(here=False)
    assert await choosing.wishes.wished(ADA) == Wished()


async def test_where_no_zone_is_named_the_bridges_own_is_taken_and_the_reply_says_so(choosing):
    text = await told(choosing, "quiet 22-7")
    assert "America/Lima" in text
    assert "If yours is another, say it" in text


async def test_a_zone_that_was_named_once_stays(choosing):
    await told(choosing, "quiet 22-7 Asia/Tokyo")
    assert "Asia/Tokyo" in await told(choosing, "quiet 23-6 strict")
    wished = await choosing.wishes.wished(ADA)
    assert wished.quiet == Quiet(begins=time(23), ends=time(6), zone="Asia/Tokyo", questions=False)


async def test_a_mode_keeps_the_hours_and_the_hours_keep_the_mode(choosing):
    await told(choosing, "quiet 22-7")
    await told(choosing, "once")
    wished = await choosing.wishes.wished(ADA)
    assert (wished.mode, wished.quiet.zone) == ("once", "America/Lima")


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("loud", session_texts.no_such_notify("loud")),
        ("once more", session_texts.no_such_notify("once more")),
        ("default", session_texts.no_such_notify("default")),
        ("quiet", session_texts.NOTIFY_QUIET_HOW),
        ("quiet at night", session_texts.NOTIFY_QUIET_HOW),
        ("quiet 25:00-7:00", session_texts.NOTIFY_QUIET_HOW),
        ("quiet 22:60-7:00", session_texts.NOTIFY_QUIET_HOW),
        ("quiet 22-7 Europe/Berlin please", session_texts.NOTIFY_QUIET_HOW),
        ("quiet 7-07:00", session_texts.NOTIFY_QUIET_NEVER),
        ("quiet 22-7 Berlin", texts.no_such_zone("Berlin")),
        ("quiet 22-7 Europe", texts.no_such_zone("Europe")),
        ("quiet 22-7 ../../etc/passwd", texts.no_such_zone("../../etc/passwd")),
    ],
)
async def test_what_is_not_understood_is_said_and_changes_nothing(choosing, argument, why):
    assert await refused(choosing, argument) == why


async def test_in_a_client_nothing_rings_so_there_is_nothing_to_choose_for_it(choosing):
    assert await refused(choosing, "here mute", None) == session_texts.NOTIFY_HERE_IN_APPS
    assert await told(choosing, "mute", None) == session_texts.notify_set("mute", here=False)


async def test_what_someone_wrote_opens_no_markup(choosing):
    assert "`" not in (await refused(choosing, "a`b")).split("I do not know `")[1].split("`")[0]


@given(st.text(max_size=80))
async def test_whatever_is_written_is_answered(argument):
    assert (await made().answer(ADA, PHONE, argument)).text
    assert (await made().answer(ADA, PHONE, f"quiet {argument}")).text


def test_the_zone_of_the_machine_is_its_own_file_or_utc(monkeypatch, tmp_path):
    monkeypatch.delenv("TZ", raising=False)
    assert local_zone(tmp_path / "none") == "UTC"
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Paris")
    assert local_zone(link) in {"Europe/Paris", "UTC"}  # UTC where it is a link to another name
    monkeypatch.setenv("TZ", "Nonsense/Zone")
    assert local_zone(link) == "UTC"


def test_a_name_of_a_zone_is_no_longer_than_any_is():
    assert notifying.zone_named("A" * 1000) is None
