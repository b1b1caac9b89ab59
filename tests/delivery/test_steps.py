"""What a restored log changes in a plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bridge import texts
from bridge.delivery.plan import plan
from bridge.delivery.steps import Advance, Resolve, Show, in_epoch
from bridge.domain.content import Content
from bridge.domain.epoch import Epoch
from bridge.domain.events import Event, MessageReceived, Pushed, Source
from bridge.domain.ids import ConversationId, MessageId, ParticipantId, PartId, SessionId
from bridge.domain.parts import Part, Receipt, Span
from tests.lane import DM, RICH, Lane
from tests.playbook import HERE

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
    """The same number of a log that went on otherwise is another name, to look for it as well."""
    names = {name_of_first_part(epoch) for epoch in ("", EPOCH.id, "0000000000000008")}
    assert names == {
        (HERE, DM, "1:0"),
        (EPOCH.id, HERE, DM, "1:0"),
        ("0000000000000008", HERE, DM, "1:0"),
    }


def name_of_first_part(epoch: str) -> tuple[str, ...]:
    lane = Lane(capabilities=replace(RICH, resolves=True))
    lane.append(event(1, NEW).body)
    scene = replace(lane.scene(lane.events), epoch=epoch)
    shown, *_ = plan(lane.place(), lane.events, (), scene)
    assert isinstance(shown, Show)
    attempted = Receipt(
        session=HERE,
        conversation=DM,
        part=shown.part.id,
        source=1,
        upto=1,
        span=shown.part.span,
        state="attempted",
        at=NEW,
        tries=1,
    )
    asked, *_ = plan(lane.place(), lane.events, [attempted], scene)
    assert isinstance(asked, Resolve)
    assert asked.part.names == shown.part.names
    return shown.part.names


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


def test_what_a_schedule_says_that_was_due_before_the_restore_may_be_a_repeat() -> None:
    """It is said anew, since the copy did not know that it was said; later ones are no repeats."""
    for slot, is_marked in ((OLD, True), (NOON, True), (NEW, False)):
        source = Source(kind="schedule", name="s_1", slot=slot)
        said = replace(event(1, NEW), body=Pushed(source=source, content=Content(text="Tea.")))
        step = Show(part=part())
        assert (texts.REPEATED in shown(step, said).text) == is_marked


def test_a_log_that_was_never_restored_changes_nothing_in_a_plan() -> None:
    step = Advance(to=1)
    assert in_epoch([step], [event(1, OLD)], Epoch(id="0000000000000007")) == (step,)
