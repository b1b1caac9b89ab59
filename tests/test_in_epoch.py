"""What a restored log changes in a plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bridge import texts
from bridge.content import Content
from bridge.epoch import FIRST, Epoch
from bridge.events import Event, MessageReceived, Pushed, Source
from bridge.ids import ConversationId, MessageId, ParticipantId, PartId, SessionId
from bridge.in_epoch import in_epoch
from bridge.parts import Part, Receipt, Span
from bridge.steps import Advance, Resolve, Show

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
EPOCH = Epoch(id="0000000000000007", began=NOON, heard=NOON)
OLD, NEW = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


def event(seq: int, at: datetime) -> Event:
    body = Pushed(source=Source(kind="api"), content=Content(text="Tea is ready."))
    return Event(session=SessionId("s"), seq=seq, at=at, body=body)


def part(seq: int = 1, upto: int = 0, start: int = 0) -> Part:
    return Part(
        id=PartId(f"{seq}:{start}"),
        session=SessionId("s"),
        conversation=ConversationId("c"),
        source=seq,
        upto=upto or seq,
        span=Span(start=start, end=start + 5),
        text="Tea is ready.",
    )


def shown(step: Show, *events: Event, epoch: Epoch = EPOCH) -> Part:
    (done,) = in_epoch([step], events, epoch)
    assert isinstance(done, Show)
    return done.part


def test_a_part_is_named_with_its_epoch() -> None:
    """The same number of a log that went on otherwise is another name."""
    names = {
        shown(Show(part=part()), event(1, NEW), epoch=epoch).names
        for epoch in (FIRST, EPOCH, Epoch(id="0000000000000008"))
    }
    assert names == {
        ("s", "c", "1:0"),
        ("0000000000000007", "s", "c", "1:0"),
        ("0000000000000008", "s", "c", "1:0"),
    }


def test_a_part_is_looked_for_under_the_same_name() -> None:
    receipt = Receipt(
        session=SessionId("s"),
        conversation=ConversationId("c"),
        part=PartId("1:0"),
        source=1,
        upto=1,
        span=Span(start=0, end=5),
        state="attempted",
        at=NEW,
    )
    (done,) = in_epoch([Resolve(part=part(), receipt=receipt)], [event(1, NEW)], EPOCH)
    assert isinstance(done, Resolve)
    assert done.part.epoch == EPOCH.id


def test_what_stood_in_the_copy_and_was_not_shown_by_then_is_marked() -> None:
    old = shown(Show(part=part()), event(1, OLD))
    assert old.repeat
    assert old.text == f"Tea is ready.\n\n{texts.REPEATED}"


def test_what_was_heard_again_is_marked() -> None:
    body = MessageReceived(
        participant=ParticipantId("p"),
        conversation=ConversationId("elsewhere"),
        content=Content(text="Tea?"),
        addressed=False,
        before_restore=True,
    )
    assert shown(Show(part=part()), replace(event(1, NEW), body=body)).repeat


def test_what_came_after_the_restore_is_not_marked() -> None:
    assert not shown(Show(part=part()), event(1, NEW)).repeat


def test_a_recap_that_covers_something_of_the_copy_is_marked() -> None:
    assert shown(Show(part=part(1, upto=3)), event(1, NEW), event(3, OLD)).repeat


def test_a_mark_stands_once_at_the_first_part_and_never_in_a_changed_message() -> None:
    assert not shown(Show(part=part(start=5)), event(1, OLD)).repeat
    edited = replace(part(), edits=MessageId("m"))
    assert not shown(Show(part=edited), event(1, OLD)).repeat
    assert shown(Show(part=part(), tries=2), event(1, OLD)).text == "Tea is ready."


def test_a_step_that_sends_nothing_is_as_it_was() -> None:
    assert in_epoch([Advance(to=3)], [event(3, OLD)], EPOCH) == (Advance(to=3),)
