"""What platforms say later of a message, twice, out of order, or too early."""

import itertools
from dataclasses import replace

import pytest

from bridge.domain.ids import ChannelName, MessageId, PartId
from bridge.domain.inbound import PartKey, Relocated, Reported
from bridge.domain.parts import Address, Receipt, Span
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, Doorway

DM = Address(channel=CHAT, place="dm")
SM = MessageId("SM1")


class Told:
    """A place in which one part was sent, whose platform goes on talking about it."""

    def __init__(self, door: Doorway) -> None:
        self.door = door

    @classmethod
    async def of(cls, state: str = "submitted", message: MessageId | None = SM) -> "Told":
        told = cls(await Doorway().open())
        await told.door.say("hello")
        told.lane = await told.door.there()
        await told.door.store.record(
            Receipt(
                session=SHARED,
                conversation=told.lane.id,
                part=PartId("3:0"),
                source=3,
                upto=3,
                span=Span(start=0, end=5),
                state=state,
                at=told.door.clock.now(),
                message=message,
                tries=1,
            )
        )
        return told

    def key(self, part: str = "3:0") -> PartKey:
        return PartKey(session=SHARED, conversation=self.lane.id, part=PartId(part))

    async def report(self, state: str, **more) -> None:
        message = more.pop("message", SM)
        report = Reported(address=DM, message=message, state=state, **more)
        await self.door.intake(report)

    async def states(self) -> dict[str, str]:
        found = await self.door.store.receipts(SHARED, self.lane.id, sources=[3])
        return {each.part: each.state for each in found}

    async def receipt(self) -> Receipt:
        found = await self.door.store.receipts(SHARED, self.lane.id, sources=[3])
        return next(each for each in found if each.part == "3:0")


async def test_a_receipt_moves_on_with_what_the_platform_says() -> None:
    told = await Told.of()
    for state in ("sent", "delivered", "read"):
        await told.report(state)
        assert (await told.receipt()).state == state


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "read"])))
async def test_whatever_order_they_come_in_the_most_that_is_known_stands(order) -> None:
    told = await Told.of()
    for state in (*order, *order):
        await told.report(state)
    assert (await told.receipt()).state == "read"


async def test_a_failure_is_kept_with_its_code() -> None:
    told = await Told.of()
    await told.report("failed", code="63024")
    receipt = await told.receipt()
    assert (receipt.state, receipt.code) == ("failed", "63024")


async def test_a_line_tells_of_a_part_only_once_that_is_known_to_be_missing(monkeypatch) -> None:
    """A plan made in between has nothing to tell: it would settle the line for good."""
    told, recorded = await Told.of(), []
    record = told.door.store.record

    async def recording(receipt, **how):
        recorded.append((receipt.part, receipt.state))
        await record(receipt, **how)

    monkeypatch.setattr(told.door.store, "record", recording)
    await told.report("failed", code="63024")
    await told.report("failed", code="63024")
    assert recorded == [("3:0", "failed"), ("3:lost", "owed")]


async def test_after_a_death_in_between_the_line_is_owed_when_the_report_comes_again(
    monkeypatch,
) -> None:
    told = await Told.of()
    record = told.door.store.record

    async def dying(receipt, **how):
        if receipt.part == "3:lost":
            raise ConnectionError("the process died")
        await record(receipt, **how)

    with monkeypatch.context() as until_then:
        until_then.setattr(told.door.store, "record", dying)
        with pytest.raises(ConnectionError):
            await told.report("failed", code="63024")
    await told.report("failed", code="63024")
    assert await told.states() == {"3:0": "failed", "3:lost": "owed"}
    assert told.lane.id in told.door.revived


async def test_no_line_tells_of_a_reminder_that_was_refused() -> None:
    told = await Told.of()
    await told.door.store.record(
        replace(await told.receipt(), part=PartId("ring:3"), message="SM2")
    )
    await told.report("failed", code="63024", message=MessageId("SM2"))
    assert await told.states() == {"3:0": "submitted", "ring:3": "failed"}


async def test_what_someone_saw_has_not_failed() -> None:
    told = await Told.of("delivered")
    await told.report("failed", code="30008")
    assert (await told.receipt()).state == "delivered"


async def test_after_a_failure_nothing_changes_any_more() -> None:
    told = await Told.of("failed")
    await told.report("delivered")
    assert (await told.receipt()).state == "failed"


async def test_a_part_whose_outcome_was_unknown_is_found_by_its_key() -> None:
    """The answer to the call was lost, but the platform hands back what was sent along."""
    told = await Told.of("attempted", message=None)
    await told.report("sent", key=told.key())
    receipt = await told.receipt()
    assert (receipt.state, receipt.message) == ("sent", SM)
    assert told.lane.id in told.door.revived


async def test_a_part_that_is_settled_while_its_report_is_taken_in_is_found(monkeypatch) -> None:
    """The call that sent it returns between any two looks at the store."""
    told = await Told.of("attempted", message=None)
    store, attempted = told.door.store, await told.receipt()

    def settling(look):
        async def looked(*args, **how):
            found = await look(*args, **how)
            sent = replace(attempted, state="submitted", message=SM)
            await store.record(sent, over=["attempted"])
            return found

        return looked

    for name in ("source_of", "receipts"):
        monkeypatch.setattr(store, name, settling(getattr(store, name)))
    await told.report("failed", code="63016", again=True, key=told.key())
    assert (await told.receipt()).state == "owed"


async def test_a_part_that_waits_for_the_person_is_owed_and_its_lane_stands_still() -> None:
    told = await Told.of()
    await told.report("failed", code="63016", again=True)
    receipt, lane = await told.receipt(), await told.door.there()
    assert (receipt.state, receipt.message, lane.suspended) == ("owed", None, True)
    await told.door.say("I am back")
    assert not (await told.door.there()).suspended


async def test_a_late_failure_does_not_silence_a_place_that_has_spoken_since() -> None:
    told = await Told.of()
    told.door.clock.forward(1)
    await told.door.say("I am here already")
    await told.report("failed", code="63016", again=True)
    receipt, lane = await told.receipt(), await told.door.there()
    assert (receipt.state, lane.suspended) == ("owed", False)
    assert told.lane.id in told.door.revived


@pytest.mark.parametrize("part", ["4:0", "3:0"])
async def test_what_is_not_ours_is_ignored(part: str) -> None:
    told = await Told.of()
    other = PartKey(session=SHARED, conversation=told.lane.id, part=PartId("9:9"))
    await told.report("failed", key=other, message=MessageId("SM9"))
    await told.report("failed", message=MessageId("SM9"))
    assert (await told.receipt()).state == "submitted"
    nowhere = Address(channel=ChannelName("mail"), place=part)
    await told.door.intake(Reported(address=nowhere, message=SM, state="failed"))
    assert (await told.receipt()).state == "submitted"


async def test_a_place_that_moved_is_found_at_its_new_address() -> None:
    told = await Told.of()
    await told.door.intake(Relocated(address=DM, place="bigger"))
    assert (await told.door.there("bigger")).id == told.lane.id


async def test_a_place_that_moved_to_where_another_lane_is_stays() -> None:
    told = await Told.of()
    await told.door.say("hello", place="bigger")
    await told.door.intake(Relocated(address=DM, place="bigger"))
    assert (await told.door.there()).id == told.lane.id
