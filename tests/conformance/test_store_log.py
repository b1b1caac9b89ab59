"""The `Log` port, sentence by sentence."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bridge.domain.content import Content
from bridge.domain.errors import Conflict, RunOver, UnknownSession
from bridge.domain.events import (
    Draft,
    MessageComposed,
    SessionArchived,
    SettingChanged,
    ToolReturned,
)
from bridge.domain.ids import CallId, RunId, SessionId
from bridge.domain.parts import Reply
from bridge.ports.store import Origin, Store
from tests.stores import (
    AT,
    C1,
    R1,
    R2,
    S1,
    S2,
    finished,
    heard,
    later,
    log_of,
    pushed,
    put,
    said,
    seqs,
    started,
    texts,
)
from tests.waiting import soon

NOBODY = SessionId("s_nobody")


def composed(text: str, run: RunId = R1) -> Draft:
    return Draft(body=MessageComposed(run=run, agent="echo", content=Content(text=text)))


# -- append ---------------------------------------------------------------------------------------


async def test_drafts_become_events_numbered_from_one(lived_in: Store):
    appended = await lived_in.append(S1, [said("a"), said("b")], at=AT)
    assert seqs(appended.events) == [1, 2]
    assert appended.fresh == appended.events
    assert appended.reply is None
    assert not appended.repeated


async def test_each_session_counts_for_itself(lived_in: Store):
    await put(lived_in, S1, said("a"), said("b"))
    assert seqs(await put(lived_in, S2, said("c"))) == [1]
    assert texts(await log_of(lived_in, S2)) == ["c"]


async def test_an_event_carries_what_it_was_given(lived_in: Store):
    draft = said("a", key="k")
    (event,) = await put(lived_in, S1, draft)
    assert (event.session, event.seq, event.at) == (S1, 1, AT)
    assert (event.body, event.key) == (draft.body, "k")
    assert list(await log_of(lived_in)) == [event]


async def test_a_time_from_elsewhere_is_the_same_moment(lived_in: Store):
    there = AT.astimezone(timezone(timedelta(hours=-3)))
    await lived_in.append(S1, [said("a")], at=there)
    (event,) = await log_of(lived_in)
    assert event.at == AT
    assert event.at.utcoffset() == timedelta(0)


async def test_appending_to_an_unknown_session_is_an_error(lived_in: Store):
    with pytest.raises(UnknownSession):
        await put(lived_in, NOBODY, said("a"))


async def test_events_stay_in_the_order_of_the_calls(lived_in: Store):
    calls = [asyncio.create_task(put(lived_in, S1, said(str(n)))) for n in range(100)]
    await asyncio.gather(*calls)
    assert texts(await log_of(lived_in)) == [str(n) for n in range(100)]


async def test_64_writers_into_one_session_leave_no_gap_and_meet_no_conflict(lived_in: Store):
    async def write(writer: int) -> None:
        for n in range(10):
            await put(lived_in, S1, said(f"{writer}.{n}"))

    await asyncio.gather(*[write(writer) for writer in range(64)])
    events = await log_of(lived_in)
    assert seqs(events) == list(range(1, 641))
    assert len(set(texts(events))) == 640
    for writer in range(64):
        mine = [text for text in texts(events) if text.startswith(f"{writer}.")]
        assert mine == [f"{writer}.{n}" for n in range(10)]


async def test_64_writers_into_64_sessions_leave_no_gap(lived_in: Store):
    sessions = [SessionId(f"s_many_{n}") for n in range(64)]
    await asyncio.gather(*[lived_in.create_session(each, at=AT) for each in sessions])

    async def write(session: SessionId) -> None:
        for n in range(10):
            await put(lived_in, session, said(str(n)))

    await asyncio.gather(*[write(session) for session in sessions])
    for session in sessions:
        events = await log_of(lived_in, session)
        assert seqs(events) == list(range(1, 11))
        assert texts(events) == [str(n) for n in range(10)]


async def test_a_cancelled_caller_leaves_all_of_its_drafts_or_none(lived_in: Store):
    calls = [asyncio.create_task(put(lived_in, S1, said("a"), said("b"))) for _ in range(20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await put(lived_in, S1, said("last"))
    events = await log_of(lived_in)
    assert seqs(events) == list(range(1, len(events) + 1))
    assert texts(events) == ["a", "b"] * (len(events) // 2) + ["last"]


# -- keys -----------------------------------------------------------------------------------------


async def test_a_known_key_returns_the_event_that_is_there(lived_in: Store):
    first = await lived_in.append(S1, [said("a", key="k")], at=AT)
    again = await lived_in.append(S1, [said("other words", key="k")], at=later(9))
    assert again.events == first.events
    assert again.fresh == ()
    assert not again.repeated
    assert texts(await log_of(lived_in)) == ["a"]


async def test_only_the_drafts_with_unknown_keys_are_numbered(lived_in: Store):
    await put(lived_in, S1, said("a", key="k"))
    appended = await lived_in.append(S1, [said("b"), said("a", key="k"), said("c")], at=AT)
    assert seqs(appended.events) == [2, 1, 3]
    assert seqs(appended.fresh) == [2, 3]


async def test_a_key_repeated_within_one_append_stands_for_one_event(lived_in: Store):
    appended = await lived_in.append(S1, [said("a", key="k"), said("b", key="k")], at=AT)
    assert seqs(appended.events) == [1, 1]
    assert texts(appended.fresh) == ["a"]


async def test_a_key_is_unique_in_its_session_only(lived_in: Store):
    await put(lived_in, S1, said("a", key="k"))
    appended = await lived_in.append(S2, [said("b", key="k")], at=AT)
    assert texts(appended.fresh) == ["b"]


async def test_an_event_is_found_by_its_key_and_nothing_is_appended(lived_in: Store):
    """Also by one with characters that no database takes: they are replaced alike."""
    await put(lived_in, S1, said("a"), said("b", key="k"), said("c", key="k\x00"))
    found = [await lived_in.keyed(S1, each) for each in ("k", "k\x00", "other")]
    assert [each and each.seq for each in found] == [2, 3, None]
    assert await lived_in.keyed(S2, "k") is None
    assert texts(await log_of(lived_in)) == ["a", "b", "c"]
    with pytest.raises(UnknownSession):
        await lived_in.keyed(NOBODY, "k")


async def test_of_concurrent_appends_of_one_key_one_is_fresh(lived_in: Store):
    calls = [lived_in.append(S1, [said(str(n), key="k")], at=AT) for n in range(20)]
    appended = await asyncio.gather(*calls)
    assert sum(len(each.fresh) for each in appended) == 1
    assert {each.events for each in appended} == {tuple(await log_of(lived_in))}


# -- expect ---------------------------------------------------------------------------------------


async def test_an_append_that_expects_the_head_is_accepted(lived_in: Store):
    await lived_in.append(S1, [said("a")], at=AT, expect=0)
    await lived_in.append(S1, [said("b")], at=AT, expect=1)
    assert texts(await log_of(lived_in)) == ["a", "b"]


@pytest.mark.parametrize("expect", [0, 2])
async def test_an_append_that_expects_another_head_is_a_conflict(lived_in: Store, expect: int):
    await put(lived_in, S1, said("a"))
    with pytest.raises(Conflict):
        await lived_in.append(S1, [said("b")], at=AT, expect=expect)
    assert texts(await log_of(lived_in)) == ["a"]


async def test_an_empty_append_that_expects_another_head_is_a_conflict_too(lived_in: Store):
    await put(lived_in, S1, said("a"))
    with pytest.raises(Conflict):
        await lived_in.append(S1, [], at=AT, expect=0, origin=heard("1"))
    await lived_in.append(S1, [said("b")], at=AT, expect=1, origin=heard("1"))
    assert texts(await log_of(lived_in)) == ["a", "b"]


async def test_a_known_key_beats_expect(lived_in: Store):
    await put(lived_in, S1, said("a", key="k"), said("b"))
    appended = await lived_in.append(S1, [said("a", key="k")], at=AT, expect=0)
    assert seqs(appended.events) == [1]


async def test_a_fresh_draft_beside_a_known_key_still_meets_expect(lived_in: Store):
    await put(lived_in, S1, said("a", key="k"), said("b"))
    with pytest.raises(Conflict):
        await lived_in.append(S1, [said("a", key="k"), said("c")], at=AT, expect=0)
    assert texts(await log_of(lived_in)) == ["a", "b"]


async def test_of_concurrent_appends_that_expect_one_head_one_is_accepted(lived_in: Store):
    calls = [lived_in.append(S1, [said(str(n))], at=AT, expect=0) for n in range(20)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in results) == 19
    assert len(await log_of(lived_in)) == 1


async def test_appends_queued_on_a_growing_head_are_all_accepted(lived_in: Store):
    calls = [
        asyncio.create_task(lived_in.append(S1, [said(str(n))], at=AT, expect=n)) for n in range(20)
    ]
    await asyncio.gather(*calls)
    assert texts(await log_of(lived_in)) == [str(n) for n in range(20)]


# -- origins --------------------------------------------------------------------------------------


async def test_a_known_origin_is_a_repeat_and_appends_nothing(lived_in: Store):
    first = await lived_in.append(S1, [said("a"), said("b")], at=AT, origin=heard("1"))
    again = await lived_in.append(S1, [said("a"), said("b")], at=later(9), origin=heard("1"))
    assert again.repeated
    assert again.events == first.events
    assert again.fresh == ()
    assert texts(await log_of(lived_in)) == ["a", "b"]


async def test_a_repeat_gets_the_reply_of_the_first_time(lived_in: Store):
    reply = Reply(text="You may not.", refused=True)
    origin = Origin(account="telegram", external_id="1", reply=reply)
    first = await lived_in.append(S1, [], at=AT, origin=origin)
    assert (first.reply, first.repeated) == (reply, False)
    again = await lived_in.append(
        S1, [said("a")], at=AT, origin=Origin(account="telegram", external_id="1")
    )
    assert (again.reply, again.repeated, again.events) == (reply, True, ())
    assert await log_of(lived_in) == []


async def test_what_became_of_an_origin_can_be_asked_before_anything_is_done(lived_in: Store):
    said_before, refused, other = heard("1"), heard("2"), heard("3")
    reply = Reply(text="You may not.", refused=True)
    await lived_in.append(S1, [said("a")], at=AT, origin=said_before)
    await lived_in.append(S1, [], at=AT, origin=replace(refused, reply=reply))
    for each in (said_before, refused):
        again = await lived_in.append(S1, [], at=AT, origin=each)
        assert await lived_in.repeated(each.account, each.external_id) == again
    assert await lived_in.repeated(other.account, other.external_id) is None
    assert await lived_in.repeated("another", refused.external_id) is None


async def test_an_origin_is_known_across_sessions(lived_in: Store):
    first = await lived_in.append(S1, [said("a")], at=AT, origin=heard("1"))
    again = await lived_in.append(S2, [said("a")], at=AT, origin=heard("1"))
    assert again.repeated
    assert again.events == first.events
    assert await lived_in.head(S2) == 0


async def test_the_same_id_in_another_account_is_another_origin(lived_in: Store):
    await lived_in.append(S1, [said("a")], at=AT, origin=Origin(account="one", external_id="1"))
    other = await lived_in.append(
        S1, [said("b")], at=AT, origin=Origin(account="two", external_id="1")
    )
    assert not other.repeated
    assert texts(await log_of(lived_in)) == ["a", "b"]


async def test_a_known_origin_beats_expect(lived_in: Store):
    await lived_in.append(S1, [said("a")], at=AT, expect=0, origin=heard("1"))
    again = await lived_in.append(S1, [said("a")], at=AT, expect=0, origin=heard("1"))
    assert again.repeated


async def test_a_repeat_returns_the_very_events_of_the_first_time(lived_in: Store):
    await put(lived_in, S1, said("a", key="k"), said("b"))
    first = await lived_in.append(
        S1, [said("c"), said("a", key="k"), said("d")], at=AT, origin=heard("1")
    )
    await put(lived_in, S1, said("e"))
    again = await lived_in.append(S1, [], at=AT, origin=heard("1"))
    assert seqs(again.events) == [3, 1, 4]
    assert again.events == first.events


async def test_a_refused_append_leaves_its_origin_unknown(lived_in: Store):
    with pytest.raises(Conflict):
        await lived_in.append(S1, [said("a")], at=AT, expect=7, origin=heard("1"))
    appended = await lived_in.append(S1, [said("a")], at=AT, expect=0, origin=heard("1"))
    assert not appended.repeated


async def test_of_concurrent_appends_of_one_origin_one_is_fresh(lived_in: Store):
    calls = [
        lived_in.append(session, [said("a")], at=AT, origin=heard("1")) for session in [S1, S2] * 10
    ]
    appended = await asyncio.gather(*calls)
    assert sum(not each.repeated for each in appended) == 1
    assert len({each.events for each in appended}) == 1


async def test_an_origin_leaves_a_receipt_where_it_was_said(lived_in: Store):
    await put(lived_in, S1, said("before"))
    await lived_in.append(S1, [said("hello"), pushed("b")], at=AT, origin=heard("77"))
    (kept,) = await lived_in.receipts(S1, C1, sources=[2, 3])
    assert (kept.part, kept.source, kept.upto) == ("2:0", 2, 2)
    assert (kept.span.start, kept.span.end) == (0, 5)
    assert (kept.state, kept.why, kept.message, kept.at) == ("skipped", "origin", "77", AT)


async def test_an_origin_receipt_of_an_event_without_text_has_an_empty_span(lived_in: Store):
    draft = Draft(body=SessionArchived())
    await lived_in.append(S1, [draft], at=AT, origin=heard("77"))
    (kept,) = await lived_in.receipts(S1, C1, sources=[1])
    assert (kept.span.start, kept.span.end) == (0, 0)


async def test_an_origin_that_brought_nothing_fresh_leaves_no_receipt(lived_in: Store):
    await put(lived_in, S1, said("a", key="k"))
    await lived_in.append(S1, [said("a", key="k")], at=AT, origin=heard("77"))
    assert await lived_in.receipts(S1, C1, sources=[1]) == []


async def test_an_origin_without_a_message_leaves_no_receipt(lived_in: Store):
    origin = Origin(account="http", external_id="1", conversation=C1)
    await lived_in.append(S1, [said("a")], at=AT, origin=origin)
    assert await lived_in.receipts(S1, C1, sources=[1]) == []


# -- the open run ---------------------------------------------------------------------------------


async def test_an_open_run_may_speak_and_finish(lived_in: Store):
    await put(lived_in, S1, started())
    await put(lived_in, S1, composed("working"))
    await put(lived_in, S1, composed("done"), finished())
    assert await lived_in.head(S1) == 4


async def test_a_run_that_never_began_may_not_speak(lived_in: Store):
    with pytest.raises(RunOver):
        await put(lived_in, S1, composed("hello?"))
    assert await log_of(lived_in) == []


async def test_a_finished_run_may_not_speak(lived_in: Store):
    await put(lived_in, S1, started(), finished())
    with pytest.raises(RunOver):
        await put(lived_in, S1, composed("one more thing"))


async def test_a_replaced_run_may_not_speak(lived_in: Store):
    await put(lived_in, S1, started(R1), finished(R1), started(R2))
    with pytest.raises(RunOver):
        await put(lived_in, S1, composed("I am here still", R1), finished(R1))
    await put(lived_in, S1, composed("hello", R2))


async def test_nothing_of_an_append_stays_when_its_run_is_over(lived_in: Store):
    await put(lived_in, S1, started())
    with pytest.raises(RunOver):
        await put(lived_in, S1, finished(), composed("after the end"))
    assert await lived_in.head(S1) == 1
    await put(lived_in, S1, composed("still open"))


async def test_a_run_is_opened_only_where_none_is(lived_in: Store):
    await put(lived_in, S1, started(R1))
    with pytest.raises(Conflict):
        await put(lived_in, S1, started(R2))
    await put(lived_in, S2, started(R2))


async def test_a_known_key_of_a_finished_run_is_a_repeat(lived_in: Store):
    last = Draft(body=composed("done").body, key="last")
    await put(lived_in, S1, started(), last, finished())
    assert seqs(await put(lived_in, S1, last)) == [2]


async def test_people_and_tools_are_heard_without_an_open_run(lived_in: Store):
    returned = Draft(body=ToolReturned(call=CallId("t_1"), result="42"))
    await put(lived_in, S1, started(), finished(), said("a"), pushed("b"), returned)
    assert await lived_in.head(S1) == 5


# -- read, head, wait -----------------------------------------------------------------------------


async def test_reading_returns_what_comes_after_up_to_a_limit(lived_in: Store):
    await put(lived_in, S1, *[said(str(n)) for n in range(1, 8)])
    assert seqs(await lived_in.read(S1, after=0, limit=3)) == [1, 2, 3]
    assert seqs(await lived_in.read(S1, after=3, limit=3)) == [4, 5, 6]
    assert seqs(await lived_in.read(S1, after=6, limit=3)) == [7]
    assert list(await lived_in.read(S1, after=7, limit=3)) == []
    assert list(await lived_in.read(S1, after=99, limit=3)) == []


async def test_reading_an_unknown_session_is_an_error(lived_in: Store):
    with pytest.raises(UnknownSession):
        await lived_in.read(NOBODY, after=0, limit=1)


async def test_an_append_is_read_as_soon_as_it_returned(lived_in: Store):
    for n in range(1, 30):
        await put(lived_in, S1, said(str(n)))
        assert seqs(await lived_in.read(S1, after=n - 1, limit=10)) == [n]


async def test_the_head_is_the_last_seq(lived_in: Store):
    assert await lived_in.head(S1) == 0
    await put(lived_in, S1, said("a"), said("b"))
    assert await lived_in.head(S1) == 2


async def test_the_head_of_an_unknown_session_is_an_error(lived_in: Store):
    with pytest.raises(UnknownSession):
        await lived_in.head(NOBODY)


async def test_waiting_returns_at_once_when_the_head_is_past(lived_in: Store):
    await put(lived_in, S1, said("a"))
    await soon(lived_in.wait(S1, after=0))


async def test_waiting_returns_when_something_is_appended(lived_in: Store):
    waiting = [asyncio.create_task(lived_in.wait(S1, after=0)) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert not any(each.done() for each in waiting)
    await put(lived_in, S1, said("a"))
    await soon(asyncio.gather(*waiting))


async def test_waiting_is_not_over_for_what_is_appended_elsewhere(lived_in: Store):
    waiting = asyncio.create_task(lived_in.wait(S1, after=0))
    await put(lived_in, S2, said("a"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    waiting.cancel()


async def test_who_waits_and_reads_in_turns_misses_nothing(lived_in: Store):
    async def follow() -> list[str]:
        found: list[str] = []
        while len(found) < 200:
            await lived_in.wait(S1, after=len(found))
            found += texts(await lived_in.read(S1, after=len(found), limit=7))
        return found

    followers = [asyncio.create_task(follow()) for _ in range(3)]
    await asyncio.gather(*[put(lived_in, S1, said("x"), said("y")) for _ in range(100)])
    for found in await soon(asyncio.gather(*followers)):
        assert found == ["x", "y"] * 100


async def test_waiting_for_an_unknown_session_is_an_error(lived_in: Store):
    with pytest.raises(UnknownSession):
        await soon(lived_in.wait(NOBODY, after=0))


# -- snapshots ------------------------------------------------------------------------------------


async def test_the_newest_fold_is_kept(lived_in: Store):
    assert await lived_in.snapshot(S1) is None
    await lived_in.keep_snapshot(S1, 10, "ten")
    await lived_in.keep_snapshot(S1, 20, "twenty")
    assert await lived_in.snapshot(S1) == (20, "twenty")
    assert await lived_in.snapshot(S2) is None


async def test_an_older_fold_does_not_replace_a_newer_one(lived_in: Store):
    await lived_in.keep_snapshot(S1, 20, "twenty")
    await lived_in.keep_snapshot(S1, 10, "ten")
    assert await lived_in.snapshot(S1) == (20, "twenty")


async def test_a_fold_is_replaced_by_one_at_the_same_seq(lived_in: Store):
    await lived_in.keep_snapshot(S1, 20, "old code")
    await lived_in.keep_snapshot(S1, 20, "new code")
    assert await lived_in.snapshot(S1) == (20, "new code")


# -- what follows from events ---------------------------------------------------------------------


async def test_a_title_and_the_archiving_show_in_the_session_row(lived_in: Store):
    title = SettingChanged(scope="session", name="title", value="Plans")
    await lived_in.append(S1, [Draft(body=title)], at=later(5))
    row = await lived_in.session(S1)
    assert row is not None
    assert (row.title, row.archived, row.head, row.touched_at) == ("Plans", False, 1, later(5))
    await put(lived_in, S1, Draft(body=SessionArchived()))
    row = await lived_in.session(S1)
    assert row is not None
    assert (row.title, row.archived) == ("Plans", True)


async def test_another_setting_is_no_title(lived_in: Store):
    other = SettingChanged(scope="session", name="model", value="big")
    await put(lived_in, S1, Draft(body=other))
    row = await lived_in.session(S1)
    assert row is not None
    assert row.title == ""


async def test_what_events_say_is_rewritten_and_what_hangs_on_it_goes(lived_in: Store):
    """Numbers, times and keys stay; the kept fold and the answers to repeats do not."""
    await put(lived_in, S1, said("first"), said("secret"), said("other"))
    await lived_in.keep_snapshot(S1, 2, "{}")
    heard = Origin(account="chat", external_id="x", reply=Reply(text="secret"))
    await lived_in.append(S1, [said("more")], at=AT, origin=heard)
    before = await log_of(lived_in)
    await lived_in.rewrite(S1, {2: said("-").body, 4: said("--").body})
    after = await log_of(lived_in)
    assert texts(after) == ["first", "-", "other", "--"]
    assert [(e.seq, e.at, e.key) for e in after] == [(e.seq, e.at, e.key) for e in before]
    assert await lived_in.snapshot(S1) is None
    assert await lived_in.repeated("chat", "x") is None
    assert await lived_in.head(S1) == 4
    await lived_in.scrub()
    assert texts(await log_of(lived_in)) == ["first", "-", "other", "--"]


async def test_what_was_rewritten_at_another_head_stays(lived_in: Store):
    await put(lived_in, S1, said("secret"))
    head = await lived_in.head(S1)
    await put(lived_in, S1, said("more"))
    with pytest.raises(Conflict):
        await lived_in.rewrite(S1, {1: said("-").body}, expect=head)
    assert texts(await log_of(lived_in)) == ["secret", "more"]
    await lived_in.rewrite(S1, {1: said("-").body}, expect=head + 1)
    assert texts(await log_of(lived_in)) == ["-", "more"]


async def test_what_was_heard_of_somebody_is_no_longer_known_by_their_id(lived_in: Store):
    """Nor by their place: but that of another, whose id begins alike, is."""
    for each in ("press:C1:17:U4711", "D81_:17", "press:C1:17:U47112"):
        await lived_in.append(S1, [], at=AT, origin=Origin(account="chat", external_id=each))
    await lived_in.forget_heard(["U4711", "D81_"])
    await lived_in.forget_heard(["U4711", "D81_"])
    assert await lived_in.repeated("chat", "press:C1:17:U4711") is None
    assert await lived_in.repeated("chat", "D81_:17") is None
    assert await lived_in.repeated("chat", "press:C1:17:U47112") is not None


async def test_a_key_of_what_was_rewritten_is_known_still(lived_in: Store):
    await put(lived_in, S1, said("secret", key="k"))
    await lived_in.rewrite(S1, {1: said("-").body})
    again = await lived_in.append(S1, [said("secret", key="k")], at=AT)
    assert (again.fresh, texts(again.events)) == ((), ["-"])
