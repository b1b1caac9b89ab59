"""Whatever is stored and not shown in a place is said once, with why, and counted."""

from dataclasses import replace

from structlog.testing import capture_logs

from bridge.domain.errors import FormRefused, Gone, Rejected, Unreachable
from bridge.domain.events import RunFinished
from bridge.session.routing import SHARED
from bridge.unseen import unseen
from channels.memory import EVERYTHING
from tests.engine.rig import bridge


def counted() -> dict[str, int]:
    return {each.reason: each.times for each in unseen.counts() if each.reason != "unplaced"}


async def test_what_a_platform_refuses_in_every_form_is_said_with_its_part_and_trace() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(Rejected(code="no"), times=2)
        with capture_logs() as logged:
            seq = await b.push("my secret words")
            await b.until(lambda: "refused_by_platform" in counted(), each=1)
            await b.until_at_rest(each=1)
    said = [each for each in logged if each["event"] == "not shown"]
    assert [each["reason"] for each in said] == ["shown_in_less", "refused_by_platform"]
    assert {(each["account"], each["place"], each["part"], each["code"]) for each in said} == {
        ("chat", "ada", f"{seq}:0", "no")
    }
    assert "secret" not in str(logged)


async def test_what_is_shown_in_less_is_said() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(FormRefused(code="form"), times=1)
        await b.push("*news*")
        await b.until_shown("ada", "news")
        await b.until_at_rest(each=1)
    assert counted() == {"shown_in_less": 1}


async def test_what_is_in_less_and_has_to_wait_is_said_once() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(FormRefused(code="form"), times=1)
        b.platform.refuse(Unreachable(), times=2)
        await b.push("*news*")
        await b.until_shown("ada", "news", each=1)
        await b.until_at_rest(each=1)
    assert counted() == {"shown_in_less": 1}


async def test_what_only_has_to_wait_is_no_loss() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(Unreachable(), times=3)
        await b.push("news")
        await b.until_shown("ada", "news", each=1)
    assert counted() == {}


async def test_a_place_that_is_closed_is_said_once() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.refuse(Gone(code="403"), times=1)
        await b.push("news")
        await b.until(lambda: "place_closed" in counted(), each=1)
    assert counted() == {"place_closed": 1}


async def test_a_deletion_where_nothing_can_be_taken_back_is_said() -> None:
    async with bridge(capabilities=replace(EVERYTHING, deletes=False)) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "silent oops")
        await b.until_shown("bob", "oops")
        (message,) = [
            number
            for number, each in b.platform.open("ada").messages.items()
            if "oops" in each.text
        ]
        b.platform.unsay("ada", message)
        await b.until(lambda: "unsupported" in counted(), each=1)
    assert counted()["unsupported"] == 1


async def test_a_message_that_is_given_up_is_said_with_its_trace() -> None:
    async with bridge() as b:
        await b.gather("ada")
        with capture_logs() as logged:
            b.platform.say("ada", "ada", "fail please")
            await b.until_logged(RunFinished)
            await b.until_at_rest(each=5)
    given = [each for each in logged if each.get("reason") == "given_up"]
    assert [each["trace"].split("#")[0] for each in given] == [SHARED]
