"""/every, /once and /schedules: what people write, are told, and what comes of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge import schedule_texts, texts
from bridge.delivery.notify import Quiet
from bridge.domain.commands import Join, Say
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every, Pushed, ScheduleRemoved, ScheduleSet, Triggered
from bridge.domain.ids import ConversationId, ParticipantId, SessionId
from bridge.domain.parts import Reply
from bridge.engine.wishes import Wished
from bridge.ports.store import Origin
from bridge.session.configured import ORIGIN, Configured
from bridge.session.permission_table import REASONS
from bridge.session.routing import SHARED, pressed
from tests.engine.rig import NINE, OWNER, Bridge, bridge

BOB, EVE = ParticipantId("p_bob"), ParticipantId("p_eve")
WEB = ConversationId("http:web")


async def told(b: Bridge, text: str, by: ParticipantId = OWNER) -> Reply:
    said = Say(by=by, conversation=WEB, content=Content(text=text))
    try:
        appended = await b.core.sessions.hear(SHARED, said)
    except Refused as refused:
        return Reply(text=str(refused), refused=True)
    assert appended.reply is not None
    return appended.reply


async def join(b: Bridge, who: ParticipantId, role: str) -> None:
    await b.core.sessions.submit(SHARED, Join(participant=who, role=role))


async def numbers(b: Bridge) -> list[str]:
    """Return by which words the schedules are called, as the list says."""
    lines = (await told(b, "/schedules")).text.splitlines()
    return [line.split("`")[1] for line in lines if line.startswith("- `")]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


async def test_what_was_understood_is_told_and_done_when_it_is_due() -> None:
    async with bridge() as b:
        await b.gather("ada")
        reply = await told(b, "/every day at 9:30 what is on today?")
        assert not reply.refused
        assert "every day at 09:30 (UTC)" in reply.text
        assert "The next time is 2026-03-02 09:30 (UTC)." in reply.text
        assert "I do not know your time zone" in reply.text
        await b.until_logged(Triggered, each=60)
        (asked,) = await b.bodies(Triggered)
        assert (asked.prompt, asked.source.slot) == (
            "what is on today?",
            NINE + timedelta(minutes=30),
        )
        await b.until_shown("ada", "what is on today?", each=0.1)


async def test_words_are_said_as_they_are_with_say() -> None:
    async with bridge() as b:
        await b.gather("ada")
        reply = await told(b, "/once in 20 minutes say tea is ready")
        assert reply.text.startswith("I will say this on 2026-03-02 09:20 (UTC): tea is ready")
        b.clock.forward(20 * 60)
        await b.until_shown("ada", "tea is ready")
        assert await numbers(b) == [], "it is over"


async def test_a_phrase_is_read_in_the_zone_of_ones_quiet_hours() -> None:
    """A person who said once where they are need not say it again."""
    async with bridge() as b:
        night = Quiet(begins=NINE.time(), ends=NINE.replace(hour=7).time(), zone="Asia/Tokyo")
        await b.core.sessions.wishes.wish(OWNER, Wished(quiet=night))
        reply = await told(b, "/every weekday 9:00 look")
        assert "on weekdays at 09:00 (Asia/Tokyo)" in reply.text
        assert "I do not know your time zone" not in reply.text
        (planned,) = await b.bodies(ScheduleSet)
        assert planned.rule == Cron(expression="0 9 * * 1-5", zone="Asia/Tokyo")
        assert "2026-03-03 09:00 (Asia/Tokyo)" in reply.text


@pytest.mark.parametrize("text", ["/every", "/every now and then", "/once upon a time"])
async def test_any_other_phrase_is_answered_with_those_that_are_read(text) -> None:
    async with bridge() as b:
        reply = await told(b, text)
        assert reply.refused
        assert len(reply.text.splitlines()) > 5
        assert await b.bodies(ScheduleSet) == []


async def test_what_would_never_be_due_is_not_said_to_be_planned() -> None:
    async with bridge() as b:
        for text in ("/once today 8:00 look", "/every cron 0 0 30 2 * look"):
            assert (await told(b, text)).refused
        assert (await told(b, "/every day 9:30 until 2026-03-01 look")).refused


async def test_what_is_planned_is_listed_with_its_next_time_and_buttons() -> None:
    async with bridge() as b:
        assert (await told(b, "/schedules")).text.startswith(schedule_texts.NO_SCHEDULES)
        await told(b, "/every 30 minutes look **here**")
        await told(b, "/every monday 8:30 Europe/Berlin plan the week")
        reply = await told(b, "/schedules")
        first, second = (line for line in reply.text.splitlines() if line.startswith("- `"))
        assert "every 30 minutes: look" in first
        assert "(next 2026-03-02 09:30 (UTC); " in first
        assert "on Mondays at 08:30 (Europe/Berlin): plan the week" in second
        assert len(reply.buttons) == 6
        words = [pressed(each.value).words for each in reply.buttons]
        known = list((await b.core.sessions.fold(SHARED)).schedules)
        assert words[0] == f"/schedules pause {known[0]}", "its word may be another's later"
        assert not (await told(b, words[-1])).refused
        assert list((await b.core.sessions.fold(SHARED)).schedules) == known[:1]


async def test_a_schedule_is_paused_goes_on_runs_now_and_is_removed() -> None:
    async with bridge() as b:
        await b.gather("ada")
        await told(b, "/every 30 minutes say tea")
        (number,) = await numbers(b)
        assert (await told(b, f"/schedules pause {number}")).text == schedule_texts.PAUSED
        assert "paused" in (await told(b, "/schedules")).text
        b.clock.forward(3600)
        reply = await told(b, f"/schedules resume {number.lower()}")
        assert "The next time is 2026-03-02 10:30 (UTC)." in reply.text
        assert await b.bodies(Pushed) == []
        assert (await told(b, f"/schedules run {number}")).text == schedule_texts.RAN
        await b.until_shown("ada", "tea")
        b.clock.forward(30 * 60)
        await b.until_logged(Pushed, 2)
        assert (await told(b, f"/schedules remove {number}")).text == schedule_texts.REMOVED
        assert len(await b.bodies(ScheduleRemoved)) == 1
        gone = await told(b, f"/schedules remove {number}")
        assert (gone.text, gone.refused) == (schedule_texts.NO_SUCH_SCHEDULE, True)


@pytest.mark.parametrize("text", ["/schedules stop", "/schedules pause", "/schedules foo bar"])
async def test_how_to_change_one_is_told_to_whoever_writes_something_else(text) -> None:
    async with bridge() as b:
        assert await told(b, text) == Reply(text=schedule_texts.SCHEDULES_HOW, refused=True)


async def test_what_is_over_cannot_go_on_and_is_not_said_to() -> None:
    async with bridge() as b:
        await told(b, "/once in 20 minutes look")
        (number,) = await numbers(b)
        await told(b, f"/schedules pause {number}")
        b.clock.forward(3600)
        assert (await told(b, f"/schedules resume {number}")).text == texts.TIME_OVER


async def test_members_change_their_own_and_owners_those_of_all() -> None:
    async with bridge() as b:
        await join(b, BOB, "member")
        await join(b, EVE, "viewer")
        await told(b, "/every 30 minutes look")
        await told(b, "/every 40 minutes look", BOB)
        hers, his = await numbers(b)
        assert (await told(b, f"/schedules pause {hers}", BOB)).text == texts.SCHEDULE_OF_OTHERS
        assert not (await told(b, f"/schedules pause {his}", BOB)).refused
        assert not (await told(b, f"/schedules resume {his}")).refused
        assert (await told(b, "/every 30 minutes look", EVE)).text == REASONS["member"]
        assert (await told(b, f"/schedules run {his}", EVE)).refused
        assert not (await told(b, "/schedules", EVE)).refused, "who reads may see what is planned"


async def test_the_same_command_delivered_twice_plans_once() -> None:
    """A platform delivers again what it was not told of."""
    async with bridge() as b:
        said = Say(by=OWNER, conversation=WEB, content=Content(text="/once in 2 hours look"))
        origin = Origin(account="chat", external_id="m_1")
        replies = [await b.core.sessions.hear(SHARED, said, origin=origin) for _ in range(2)]
        assert replies[0].reply is not None
        assert replies[1].reply is not None
        assert replies[0].reply.text == replies[1].reply.text
        assert len(await b.bodies(ScheduleSet)) == 1


# -- what the configuration sets ------------------------------------------------------------------


def wanted(**more: Any) -> Configured:
    usual = {"rule": Every(seconds=1800, start=ORIGIN), "action": "say", "text": "tea"}
    return Configured(name="briefing", **{"session": SHARED, **usual, **more})


async def test_what_the_configuration_wants_is_planned_once_however_often_it_starts() -> None:
    async with bridge() as b:
        await b.gather("ada")
        for _ in range(3):
            await b.core.sessions.scheduling.configure([wanted()])
        assert len(await b.bodies(ScheduleSet)) == 1
        assert await numbers(b) == ["briefing"]
        assert "from the configuration" in (await told(b, "/schedules")).text
        b.clock.forward(30 * 60)
        await b.until_shown("ada", "tea")


async def test_what_is_gone_from_the_configuration_is_removed_also_while_it_is_paused() -> None:
    async with bridge() as b:
        await b.core.sessions.scheduling.configure([wanted()])
        await told(b, "/schedules pause briefing")
        await b.core.sessions.scheduling.configure([])
        assert await numbers(b) == []
        assert await b.store.facts("configured schedules") == {}


async def test_what_cannot_be_planned_keeps_no_other_from_it() -> None:
    """A session that there is not, or an end that has come."""
    async with bridge() as b:
        gone, over = wanted(session=SessionId("s_gone")), wanted(until=NINE - timedelta(days=1))
        other = replace(wanted(), name="other")
        with capture_logs() as logs:
            await b.core.sessions.scheduling.configure([gone, over, other])
        assert await numbers(b) == ["other"]
        assert {each["event"] for each in logs if each["log_level"] == "warning"} == {
            "no such session for schedules",
            "schedule not set",
        }


async def test_what_is_over_in_the_configuration_does_not_go_on_as_it_was() -> None:
    async with bridge() as b:
        scheduling = b.core.sessions.scheduling
        await scheduling.configure([wanted(), replace(wanted(), name="other")])
        with capture_logs():
            over = wanted(until=NINE - timedelta(days=1))
            await scheduling.configure([over, replace(wanted(), name="other")])
        assert await numbers(b) == ["other"]


async def test_only_owners_pause_what_the_configuration_sets() -> None:
    async with bridge() as b:
        await join(b, BOB, "member")
        await b.core.sessions.scheduling.configure([wanted()])
        assert (await told(b, "/schedules pause briefing", BOB)).text == texts.SCHEDULE_OF_OTHERS
        assert not (await told(b, "/schedules pause briefing")).refused
