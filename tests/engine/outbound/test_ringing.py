"""One person in several places hears one ring, and another one later only if nobody saw it."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import count
from typing import cast

import pytest

from bridge import session_texts, texts
from bridge.delivery import notify
from bridge.domain.commands import Push, Say, Trigger, Unlink
from bridge.domain.content import Content
from bridge.domain.errors import StoreError
from bridge.domain.events import MessageComposed, PushPriority, Source
from bridge.domain.ids import ConversationId, ParticipantId, QuestionId, SessionId
from bridge.domain.parts import Address, Capabilities
from bridge.domain.records import replace
from bridge.domain.run_output import Asking, Ended, Said
from bridge.engine.outbound import ringing
from bridge.ports.agent import Turn
from bridge.ports.engine import Sessions
from bridge.session.fold import Session
from bridge.session.routing import SHARED
from channels.memory import MemoryChannel
from tests.engine.rig import CHAT, Acting, Bridge, bridge
from tests.stepping import rest

TEN = 600.0
PROGRAM = Source(kind="background", name="prog")
CLIENT = ConversationId("http:web")


class OneThatCannotBeSilent(MemoryChannel):
    """The place "work" rings whatever it is shown."""

    def capabilities(self, address: Address) -> Capabilities:
        limits = super().capabilities(address)
        return replace(limits, silent=False) if address.place == "work" else limits


async def move_in(b: Bridge, *places: str) -> ParticipantId:
    """Let Ada have these places; she speaks in each, in the last one last."""
    for place in places:
        await b.place(place, CHAT, user="ada")
    for place in places:
        b.platform.say(place, "ada", f"from {place}", addressed=False)
        await b.until(lambda: not b.platform.waiting())
    await b.until_at_rest()
    who = await b.store.identify(realm="memory", user="ada")
    assert who is not None
    return who


def rings(b: Bridge, *places: str) -> list[str]:
    """Return what rang in these places: every message of ours that was not silent."""
    return [
        f"{place}: {each.text}"
        for place in places
        for each in b.platform.seen(place)
        if not each.author and not each.silent
    ]


async def passes(b: Bridge, seconds: float) -> None:
    b.clock.forward(seconds)
    await rest()
    await b.until_at_rest()


def waiting(b: Bridge, place: str) -> list[str]:
    return [text for text in b.shown(place) if text.startswith("You have not seen")]


async def test_a_push_rings_where_she_last_spoke_and_is_silent_elsewhere() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await b.push("look")
        await b.until_shown("desk", "look")
        await b.until_shown("phone", "look")
        assert rings(b, "desk", "phone") == ["phone: look"]


async def test_what_nobody_saw_rings_in_the_next_place_in_one_line_and_then_no_more() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await b.push("first `words` of it")
        await b.until_shown("desk", "first")
        await b.until_shown("phone", "first")
        await passes(b, TEN - 1)
        assert rings(b, "desk", "phone") == ["phone: first `words` of it"]
        await passes(b, 2)
        await b.until_shown("desk", "You have not seen this yet")
        line = texts.still_waiting("Main", "`first 'words' of it`", question=False)
        assert rings(b, "desk") == [f"desk: {line}"]
        for _ in range(4):
            await passes(b, TEN)
        assert len(rings(b, "desk", "phone")) == 2


async def test_what_is_shown_meanwhile_puts_off_no_ring() -> None:
    """When to look at what was shown silently is kept, and not asked anew with each message."""
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await b.push("the first")
        await b.until_shown("desk", "the first")
        await passes(b, TEN - 60)
        await b.push("the second")
        await b.until_shown("desk", "the second")
        assert rings(b, "desk") == []
        await passes(b, 61)
        await b.until_shown("desk", "You have not seen this yet")
        assert waiting(b, "desk") == [texts.still_waiting("Main", "`the first`", question=False)]
        await passes(b, TEN)
        assert len(waiting(b, "desk")) == 2


async def test_a_place_that_closes_while_it_is_shown_something_leaves_the_next_to_ring() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await b.push("the first")
        await b.until_shown("desk", "the first")
        b.platform.close("phone")
        await b.push("the second")
        await b.until_shown("desk", "the second")
        await passes(b, TEN + 1)
        await b.until_shown("desk", "You have not seen this yet")
        await b.push("the third")
        await b.until_shown("desk", "the third")
        assert rings(b, "desk")[-1] == "desk: the third"


@pytest.mark.parametrize("how", ["left", "closed by a report"])
async def test_a_place_that_was_to_ring_first_and_is_gone_puts_off_no_ring(how: str) -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "desk", "work")
        assert await wish(b, "work", "/notify once")
        await b.push("the first")
        await b.until_shown("desk", "the first")
        lane = await b.lane("work")
        if how == "left":
            await b.core.sessions.submit(SHARED, Unlink(conversation=lane.id, by=None))
        else:
            await b.store.postpone(
                SHARED, lane.id, until=None, tries=0, error="gone", suspended=True
            )
            b.core._courier.wake(lane.id)
        await b.until_at_rest()
        await b.push("the second")
        await b.until_shown("desk", "the second")
        await passes(b, TEN + 1)
        await b.until_shown("desk", "You have not seen this yet")


async def test_one_line_stands_for_all_that_waits() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        for text in ("one", "two", "three"):
            await b.push(text)
        await b.until_shown("desk", "three")
        await b.until_shown("phone", "three")
        await passes(b, TEN + 1)
        await b.until_shown("desk", "You have not seen this yet")
        await passes(b, TEN)
        assert waiting(b, "desk") == [texts.still_waiting("Main", "`three`", question=False)]


async def test_who_speaks_anywhere_has_seen_it() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await b.push("look")
        await b.until_shown("desk", "look")
        b.platform.say("phone", "ada", "seen", addressed=False)
        await b.until_at_rest()
        for _ in range(3):
            await passes(b, TEN)
        assert rings(b, "desk", "phone") == ["phone: look"]


async def test_a_place_that_is_closed_is_passed_over() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        b.platform.close("phone")
        await b.push("into the void")
        await b.until(lambda: b.store.conversation_at(Address(channel=CHAT, place="phone")))

        async def is_closed() -> bool:
            return (await b.lane("phone")).suspended

        await b.until(is_closed)
        await b.push("look")
        await b.until_shown("desk", "look")
        assert "desk: look" in rings(b, "desk")


# -- a page ---------------------------------------------------------------------------------------


async def test_while_she_looks_at_a_page_no_phone_rings_and_what_it_showed_never_does() -> None:
    async with bridge() as b:
        ada = await move_in(b, "phone")
        b.core.live.look(SHARED, ada, "tab", visible=True, seen=0)
        seq = await b.push("look")
        await b.until_shown("phone", "look")
        assert rings(b, "phone") == []
        b.core.live.look(SHARED, ada, "tab", visible=True, seen=seq)
        for _ in range(3):
            await passes(b, TEN)
        assert rings(b, "phone") == []
        await b.push("again")
        await b.until_shown("phone", "again")
        assert rings(b, "phone") == ["phone: again"], "she looks no more"


async def test_what_a_page_did_not_show_after_all_rings_ten_minutes_later() -> None:
    """The lid of her laptop was closed just then."""
    async with bridge() as b:
        ada = await move_in(b, "phone")
        b.core.live.look(SHARED, ada, "tab", visible=True, seen=0)
        await b.push("look")
        await b.until_shown("phone", "look")
        await passes(b, TEN + 1)
        await b.until_shown("phone", "You have not seen this yet")
        assert len(rings(b, "phone")) == 1


async def test_a_process_that_dies_meanwhile_rings_all_the_same() -> None:
    async with bridge() as b:
        ada = await move_in(b, "phone")
        b.core.live.look(SHARED, ada, "tab", visible=True, seen=0)
        await b.push("look")
        await b.until_shown("phone", "look")
        await b.restart()
        await passes(b, TEN + 1)
        await b.until_shown("phone", "You have not seen this yet")


async def test_a_start_looks_into_no_place_in_which_nothing_is_left_to_ring(monkeypatch) -> None:
    """Nobody is rung an hour late: so the receipts of a thousand places need not be read."""
    async with bridge() as b:
        await move_in(b, "phone")
        await b.push("look")
        await b.until_shown("phone", "look")
        await b.until_at_rest()
        await passes(b, notify.WHILE.total_seconds() + 1)
        looked, receipts = [], b.store.receipts

        async def noted(*lane: object, **sources: object) -> object:
            looked.append(lane)
            return await receipts(*lane, **sources)

        monkeypatch.setattr(b.store, "receipts", noted)
        await b.restart()
        await b.until_at_rest()
        assert looked == []


async def test_one_session_that_cannot_be_read_keeps_no_other_from_ringing() -> None:
    async with bridge() as b:
        await move_in(b, "phone")

        class Damaged:
            async def fold(self, session: SessionId) -> Session:
                raise StoreError(f"an event in the log of {session} is damaged")

        lanes = await b.store.conversations(SHARED)
        found = await b.core._courier._ringing.recall(cast("Sessions", Damaged()))
        assert list(found) == [each.id for each in lanes]


# -- questions ------------------------------------------------------------------------------------


async def test_a_question_rings_from_place_to_place_until_it_is_answered() -> None:
    async with bridge() as b:
        await move_in(b, "car", "desk", "phone")
        b.platform.say("phone", "ada", "ask")
        for place in ("car", "desk", "phone"):
            await b.until_shown(place, "Tea or coffee?", each=0.1)
        await b.until_at_rest(each=0.1)
        assert rings(b, "car", "desk", "phone") == ["phone: Tea or coffee?"]
        await passes(b, TEN + 1)
        await b.until_shown("desk", "A question waits for your answer")
        assert rings(b, "car") == []
        b.platform.press("desk", "ada", "Tea")
        await b.until_logged(MessageComposed, each=0.1)
        b.platform.say("desk", "ada", "thanks", addressed=False)
        await b.until_at_rest(each=0.1)
        before = len(rings(b, "car", "desk", "phone"))
        for _ in range(3):
            await passes(b, TEN)
        assert len(rings(b, "car", "desk", "phone")) == before
        assert not [text for text in b.shown("car") if "waits" in text]


async def test_a_reminder_of_a_question_that_was_answered_just_then_is_not_sent() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        b.platform.say("phone", "ada", "ask")
        await b.until_shown("desk", "Tea or coffee?", each=0.1)
        await b.until_at_rest(each=0.1)
        lane = await b.lane("desk")
        fold = await b.core.sessions.fold(SHARED)
        (asked,) = fold.questions.values()
        call = next(each for each in fold.calls if each.seq == asked.asked)
        b.platform.press("phone", "ada", "Tea")
        await b.until_logged(MessageComposed, each=0.1)
        for each in ringing.reminding([call], fold, lane, b.clock.now()):
            await b.store.record(each)
        b.core._courier.wake(lane.id)
        await b.until_at_rest(each=0.1)
        assert not [text for text in b.shown("desk") if "waits for your answer" in text]


# -- places that cannot be silent, and wishes -----------------------------------------------------


async def wish(b: Bridge, place: str, text: str) -> str:
    told = len(b.platform.notes(place))
    b.platform.say(place, "ada", text)
    await b.until(lambda: len(b.platform.notes(place)) > told)
    return b.platform.notes(place)[-1]


async def test_where_it_cannot_be_silent_it_is_shown_at_once_but_held_back_with_once() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "work", "phone")
        await b.push("one")
        await b.until_shown("work", "one")
        told = await wish(b, "phone", "/notify once")
        assert told == session_texts.notify_set("once", here=False)
        await b.push("two")
        await b.until_shown("phone", "two")
        await rest()
        assert "two" not in b.shown("work")
        b.platform.say("work", "ada", "here I am", addressed=False)
        await b.until_shown("work", "two")
        assert b.shown("work").count("two") == 1


async def test_a_command_is_coming_there_too() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "work", "phone")
        await wish(b, "phone", "/notify once")
        await b.push("two")
        await b.until_shown("phone", "two")
        await rest()
        assert "two" not in b.shown("work")
        await wish(b, "work", "/status")
        await b.until_shown("work", "two")


async def test_what_is_held_back_rings_there_itself_when_nobody_saw_it() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "work", "phone")
        await wish(b, "phone", "/notify once")
        await b.push("two")
        await b.until_shown("phone", "two")
        await passes(b, TEN + 1) if await b.store.behind() == [] else b.clock.forward(TEN + 1)
        await b.until_shown("work", "two")
        assert [text for text in b.shown("work") if "not seen" in text] == []


async def test_in_quiet_hours_nothing_rings_until_they_are_over() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        await wish(b, "phone", "/notify quiet 8:00-10:00 UTC strict")  # it is nine
        await b.push("psst")
        await b.until_shown("phone", "psst")
        assert rings(b, "phone") == []
        b.platform.say("phone", "ada", "good morning", addressed=False)
        await b.until_at_rest()
        await passes(b, 3700)
        await b.push("now")
        await b.until_shown("phone", "now")
        assert rings(b, "phone") == ["phone: now"]


async def test_muted_nothing_rings_anywhere_and_all_is_shown() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await wish(b, "phone", "/notify mute")
        await b.push("psst")
        await b.until_shown("phone", "psst")
        await b.until_shown("desk", "psst")
        for _ in range(3):
            await passes(b, TEN)
        assert rings(b, "desk", "phone") == []


# -- what it costs, clocks ------------------------------------------------------------------------


async def test_one_place_and_no_wishes_cost_no_read_and_no_timer() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        await b.push("warm")
        await b.until_shown("phone", "warm")
        await b.until_at_rest()
        reads: list[str] = []
        for name in ("receipts", "facts", "conversations", "sessions"):
            call = getattr(b.store, name)

            async def counted(*args, _name=name, _call=call, **more):
                reads.append(_name)
                return await _call(*args, **more)

            setattr(b.store, name, counted)
        courier = b.core._courier
        with_policy = await _reads(b, reads, "one")
        b.core._courier._ringing.tones = _as_ever  # type: ignore[method-assign]
        b.core._courier._ringing.remind = _nothing  # type: ignore[method-assign]
        assert with_policy == await _reads(b, reads, "two")
        assert not courier._worker._timers


async def _reads(b: Bridge, reads: list[str], text: str) -> list[str]:
    reads.clear()
    await b.push(text)
    await b.until_shown("phone", text)
    await rest()
    return list(reads)


async def _as_ever(*_):
    return ringing.AS_EVER


async def _nothing(*_):
    return False, None


@pytest.mark.parametrize("back", [timedelta(minutes=3), timedelta(hours=2), timedelta(days=3)])
async def test_a_clock_that_is_set_back_rings_no_place_twice(back: timedelta) -> None:
    async with bridge() as b:
        await move_in(b, "car", "desk", "phone")
        await b.push("look")
        for place in ("car", "desk", "phone"):
            await b.until_shown(place, "look")
        b.clock.set_back(back)
        for _ in range(8):
            await passes(b, TEN)
        for place in ("car", "desk", "phone"):
            assert len(rings(b, place)) <= 1
        assert rings(b, "phone") == ["phone: look"]


async def test_a_wish_that_another_process_kept_counts_once_the_cache_is_told() -> None:
    async with bridge() as b:
        ada = await move_in(b, "phone")
        await b.store.keep_fact("notify", ada, json.dumps({"mode": "mute"}))
        b.core.sessions.wishes._forget()
        push = Push(source=Source(kind="api"), content=Content(text="psst"))
        await b.core.sessions.submit(SHARED, push)
        await b.until_shown("phone", "psst")
        assert rings(b, "phone") == []


async def test_what_is_held_back_does_not_hold_up_a_question_that_is_to_ring_there() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        ada = await move_in(b, "work")
        await wish(b, "work", "/notify questions")
        await b.push("psst")
        await rest()
        assert "psst" not in b.shown("work")
        ask = Say(by=ada, conversation=CLIENT, content=Content(text="ask"))
        await b.core.sessions.submit(SHARED, ask)
        await b.until_shown("work", "Tea or coffee?", each=0.1)
        assert "psst" in b.shown("work"), "in its order"


async def test_with_once_one_s_own_words_from_elsewhere_do_not_ring_either() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "work", "phone")
        await wish(b, "phone", "/notify once")
        b.platform.say("phone", "ada", "from the road")
        await b.until_shown("phone", "said: from the road", each=0.1)
        await rest()
        assert not [text for text in b.shown("work") if "from the road" in text]


async def test_of_someone_who_has_very_many_places_one_rings_and_all_show_it() -> None:
    many = [f"place{number}" for number in range(3 * ringing.MOST_PLACES)]
    async with bridge() as b:
        for place in many:
            await b.place(place, CHAT, user="ada")
        await b.until_at_rest()
        b.platform.say(many[0], "ada", "here", addressed=False)
        await b.until_at_rest()
        await b.push("look")
        for place in many:
            await b.until_shown(place, "look")
        assert rings(b, *many) == [f"{many[0]}: look"]


async def test_rooms_that_she_let_follow_are_none_of_her_places_and_ring_as_ever() -> None:
    async with bridge() as b:
        await b.place("phone", CHAT, user="ada")
        b.platform.open("team", room=True)
        await b.place("team", CHAT, user="ada")
        await b.until_at_rest()
        await b.push("look")
        await b.until_shown("phone", "look")
        await b.until_shown("team", "look")
        assert rings(b, "phone", "team") == ["phone: look", "team: look"]


async def test_after_a_night_in_which_the_machine_slept_one_more_place_rings_not_all() -> None:
    async with bridge() as b:
        await move_in(b, "car", "bed", "desk", "phone")
        await b.push("look")
        for place in ("car", "bed", "desk", "phone"):
            await b.until_shown(place, "look")
        await passes(b, 3 * TEN)
        await b.until(lambda: len(rings(b, "car", "bed", "desk", "phone")) > 1)
        await b.until_at_rest()
        assert len(rings(b, "car", "bed", "desk", "phone")) == 2


async def test_of_places_that_are_all_late_one_rings_not_all() -> None:
    """After an hour each of them might ring, and none has a receipt yet."""
    async with bridge() as b:
        places = ("car", "bed", "desk", "phone")
        await move_in(b, *places)
        b.clock.forward(7 * TEN)
        seq = await b.push("look")
        fold, event = await b.core.sessions.fold(SHARED), (await b.events())[seq - 1]
        late = [replace(event, seq=seq + 1, at=b.clock.now() - timedelta(hours=1))]
        lanes = [await b.lane(place) for place in places]
        limits = b.core.channels[CHAT].capabilities(Address(channel=CHAT, place="car"))
        tones = b.core._courier._ringing.tones
        told = [await tones(fold, lane, limits, late, b.clock.now()) for lane in lanes]
        assert len([each for each in told if not each.hushed]) == 1


async def test_what_nobody_called_for_asks_so_often_out_loud_and_then_silently() -> None:
    """A program that triggers run after run, each with its questions, is no alarm clock."""
    numbers = count()

    async def play(turn: Turn) -> AsyncGenerator[Said]:
        ids = [f"q{next(numbers)}" for _ in range(5)]
        yield Ended(
            questions=tuple(
                Asking(kind="open", question=QuestionId(each), text=f"{each}?") for each in ids
            )
        )

    async with bridge(agent=Acting(play)) as b:
        await b.place("dm")
        for _ in range(12):
            await b.core.sessions.submit(SHARED, Trigger(source=PROGRAM, prompt="go"))
            await b.until_at_rest()
        shown = [each for each in b.platform.seen("dm") if not each.author and "?" in each.text]
        assert len(shown) == 60, "every question is shown"
        assert sum(not each.silent for each in shown) <= 30
        assert all(texts.ASKED_QUIETLY in each.text for each in shown[30:])


async def pushed(b: Bridge, text: str, priority: PushPriority, *places: str) -> None:
    push = Push(
        source=Source(kind="api"),
        content=Content(text=text),
        priority=priority,
        places=tuple([(await b.lane(each)).id for each in places]),
    )
    await b.core.sessions.submit(SHARED, push)


async def test_what_is_low_rings_nowhere_and_waits_where_nothing_is_silent() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "phone", "work")
        await pushed(b, "by the way", "low")
        await b.until_shown("phone", "by the way")
        await rest()
        assert "by the way" not in b.shown("work"), "though she spoke there last"
        assert rings(b, "phone") == []
        for _ in range(3):
            b.clock.forward(TEN)
            await rest()
        assert rings(b, "phone") == [], "nor later"
        b.platform.say("work", "ada", "here I am", addressed=False)
        await b.until_shown("work", "by the way")


async def test_what_is_low_comes_with_the_next_that_rings() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "work")
        await pushed(b, "by the way", "low")
        await rest()
        assert "by the way" not in b.shown("work")
        await pushed(b, "fire", "high")
        await b.until_shown("work", "fire")
        assert b.shown("work").count("by the way") == 1


async def test_what_is_high_rings_in_quiet_hours_and_what_is_not_does_not() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        await wish(b, "phone", "/notify quiet 00:00-23:59")
        await pushed(b, "later", "normal")
        await pushed(b, "fire", "high")
        await b.until_shown("phone", "fire")
        assert rings(b, "phone")[-1:] == ["phone: fire"]
        assert "phone: later" not in rings(b, "phone")


async def test_what_is_for_one_place_is_shown_and_rings_there_alone() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        await pushed(b, "look", "normal", "desk")
        await b.until_shown("desk", "look")
        await b.until_at_rest()
        assert rings(b, "desk", "phone") == ["desk: look"]
        assert "look" not in b.shown("phone")
