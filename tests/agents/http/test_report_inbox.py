"""What comes in for a run is taken once, in order, and while the run is open."""

import asyncio

import pytest

from agents.http.report_inbox import KEPT, Mailbox, ReportInbox
from agents.lines.output_schema import NewsLine, RemarkLine
from bridge.domain.errors import AgentFailed, AgentUnavailable, RunOver
from bridge.domain.ids import RunId

RUN = RunId("r_1")
HM = RemarkLine(type="remark", text="Hm.")
NEWS = NewsLine(type="news")


async def taken(mailbox: Mailbox, *answers) -> list:
    """Take as many parcels as there are answers."""
    lines = []
    for answer in answers:
        parcel = await mailbox.next()
        lines.append(parcel.line)
        parcel.answer(answer)
    return lines


async def test_a_report_is_answered_when_all_its_lines_are_taken() -> None:
    room = ReportInbox()
    with room.open(RUN) as mailbox:
        report = asyncio.ensure_future(room.take(RUN, lambda: (HM, NEWS), key=""))
        assert (await mailbox.next()).line == HM
        await asyncio.sleep(0)
        assert not report.done()
    with pytest.raises(RunOver):
        await report
    with room.open(RUN) as mailbox:
        report = asyncio.ensure_future(room.take(RUN, lambda: (HM, NEWS), key=""))
        assert await taken(mailbox, None, {"type": "news"}) == [HM, NEWS]
        assert await report == ({"type": "news"},)


async def test_who_reports_for_a_run_that_is_over_is_told() -> None:
    room = ReportInbox()
    with pytest.raises(RunOver):
        await room.take(RUN, lambda: (HM,), key="")
    with room.open(RUN):
        pass
    with pytest.raises(RunOver):
        await room.take(RUN, lambda: (HM,), key="k")


async def test_a_report_that_cannot_be_read_is_refused_and_the_run_goes_on() -> None:
    def bad():
        raise AgentFailed("it is no JSON")

    room = ReportInbox()
    with room.open(RUN) as mailbox:
        with pytest.raises(AgentFailed, match="no JSON"):
            await room.take(RUN, bad, key="k")
        report = asyncio.ensure_future(room.take(RUN, lambda: (HM,), key="k"))
        await taken(mailbox, None)
        assert await report == ()


async def test_a_line_that_is_refused_is_refused_to_whoever_brought_it() -> None:
    room = ReportInbox()
    with room.open(RUN) as mailbox:
        report = asyncio.ensure_future(room.take(RUN, lambda: (HM,), key=""))
        (await mailbox.next()).refuse(AgentFailed("not like this"))
        with pytest.raises(AgentFailed, match="not like this"):
            await report


async def test_a_repeated_report_gets_the_first_answer_even_after_the_run() -> None:
    room = ReportInbox()
    with room.open(RUN) as mailbox:
        first = asyncio.ensure_future(room.take(RUN, lambda: (NEWS,), key="k"))
        second = asyncio.ensure_future(room.take(RUN, lambda: (NEWS,), key="k"))
        await taken(mailbox, {"type": "news"})
        assert await first == await second == ({"type": "news"},)
    assert await room.take(RUN, lambda: (NEWS,), key="k") == ({"type": "news"},)
    with pytest.raises(RunOver):
        await room.take(RUN, lambda: (NEWS,), key="another")


async def test_a_report_goes_on_when_whoever_brought_it_hangs_up_and_calls_again() -> None:
    room = ReportInbox()
    with room.open(RUN) as mailbox:
        report = asyncio.ensure_future(room.take(RUN, lambda: (HM,), key="k"))
        await asyncio.sleep(0.001)
        report.cancel()
        again = asyncio.ensure_future(room.take(RUN, lambda: (HM,), key="k"))
        await taken(mailbox, None)
        assert await again == ()


async def test_without_a_key_what_nobody_waits_for_any_more_is_dropped() -> None:
    """Whoever hung up sends it again."""
    room = ReportInbox()
    with room.open(RUN) as mailbox:
        lost = asyncio.ensure_future(room.take(RUN, lambda: (HM,), key=""))
        await asyncio.sleep(0)
        lost.cancel()
        await asyncio.sleep(0)
        again = asyncio.ensure_future(room.take(RUN, lambda: (NEWS,), key=""))
        assert await taken(mailbox, None) == [NEWS]
        assert await again == ()


async def test_what_came_before_a_failure_is_taken_first() -> None:
    mailbox = Mailbox()
    putting = asyncio.ensure_future(mailbox.put(HM))
    await asyncio.sleep(0)
    mailbox.fail(AgentUnavailable("gone"))
    assert await taken(mailbox, None) == [HM]
    assert await putting is None
    with pytest.raises(AgentUnavailable, match="gone"):
        await mailbox.next()


async def test_answers_are_kept_for_a_while_and_not_for_ever() -> None:
    room = ReportInbox()
    for number in range(KEPT + 10):
        with pytest.raises(RunOver):
            await room.take(RunId(f"r_{number}"), lambda: (HM,), key="k")
    assert len(room._answers) == KEPT
