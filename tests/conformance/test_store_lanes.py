"""The `Lanes` port, sentence by sentence."""

import asyncio
import dataclasses

import pytest

from bridge.domain.events import ConversationUnlinked, Draft
from bridge.domain.ids import START, ConversationId, MessageId
from bridge.domain.parts import SETTLED, Conversation, Receipt, ReceiptState
from bridge.ports.store import Store
from tests.stores import (
    AT,
    C1,
    C2,
    S1,
    S2,
    heard,
    later,
    linked,
    log_of,
    put,
    receipt,
    said,
)

UNLINKED = Draft(body=ConversationUnlinked(conversation=C1))


@pytest.fixture
async def following(lived_in: Store) -> Store:
    """The first conversation follows the first session and has been shown its two events."""
    await put(lived_in, S1, said("a"), linked(C1))
    return lived_in


async def lane(store: Store, conversation: ConversationId = C1) -> Conversation:
    found = await store.conversation(conversation)
    assert found is not None
    return found


# -- links ----------------------------------------------------------------------------------------


async def test_a_conversation_follows_nothing_at_first(lived_in: Store):
    found = await lane(lived_in)
    assert (found.session, found.cursor, found.tries) == (None, START, 0)


async def test_an_unknown_conversation_is_none(lived_in: Store):
    assert await lived_in.conversation(ConversationId("c_nobody")) is None


async def test_a_linked_conversation_follows_from_its_link_on(following: Store):
    found = await lane(following)
    assert (found.session, found.cursor) == (S1, 2)
    assert await following.conversations(S1) == [found]


async def test_a_conversation_that_is_linked_elsewhere_leaves_where_it_was(following: Store):
    await put(following, S1, said("not shown"))
    await following.postpone(S1, C1, until=later(60), tries=3, error="429")
    await put(following, S2, linked(C1))
    found = await lane(following)
    assert (found.session, found.cursor) == (S2, 1)
    assert (found.tries, found.due_at, found.suspended, found.last_error) == (0, None, False, "")
    assert list(await following.conversations(S1)) == []
    assert list(await following.behind()) == []


async def test_an_unlinked_conversation_follows_nothing(following: Store):
    await put(following, S1, UNLINKED, said("not shown"))
    found = await lane(following)
    assert (found.session, found.cursor) == (None, START)
    assert list(await following.behind()) == []


async def test_unlinking_where_it_no_longer_is_changes_nothing(following: Store):
    await put(following, S2, linked(C1))
    await put(following, S1, UNLINKED)
    assert (await lane(following)).session == S2


async def test_a_conversation_linked_again_begins_at_its_new_link(following: Store):
    await put(following, S1, UNLINKED, said("not shown"), linked(C1))
    found = await lane(following)
    assert (found.session, found.cursor) == (S1, 5)


async def test_linking_an_unknown_conversation_opens_no_lane(lived_in: Store):
    await put(lived_in, S1, linked(ConversationId("c_nobody")), said("a"))
    assert list(await lived_in.conversations(S1)) == []
    assert list(await lived_in.behind()) == []


async def test_links_of_one_append_are_applied_in_their_order(lived_in: Store):
    await put(lived_in, S1, linked(C1), UNLINKED, linked(C2), linked(C1))
    assert (await lane(lived_in, C1)).cursor == 4
    assert (await lane(lived_in, C2)).cursor == 3


# -- receipts -------------------------------------------------------------------------------------


async def test_a_receipt_is_read_again_as_it_was(following: Store):
    kept = Receipt(
        session=S1,
        conversation=C1,
        part="7:1",
        source=7,
        upto=9,
        span=receipt("x").span,
        state="failed",
        at=later(3),
        message=MessageId("m_1"),
        why="muted",
        code="403",
        tries=2,
    )
    await following.record(kept)
    assert list(await following.receipts(S1, C1, sources=[7])) == [kept]


async def test_a_later_receipt_of_a_part_replaces_the_earlier(following: Store):
    await following.attempt(receipt("3:0", "attempted", source=3))
    await following.record(receipt("3:0", "sent", source=3, message="m_1"))
    await following.record(receipt("3:0", "read", source=3, message="m_1"))
    (kept,) = await following.receipts(S1, C1, sources=[3])
    assert kept.state == "read"


async def test_what_is_said_of_an_attempt_does_not_undo_what_is_known_by_then(following: Store):
    """A platform may say what became of a message before the call that sent it returns."""
    await following.attempt(receipt("3:0", "attempted", source=3))
    await following.attempt(receipt("4:0", "attempted", source=4))
    await following.record(receipt("3:0", "delivered", source=3, message="m_1"))
    for part, source in (("3:0", 3), ("4:0", 4)):
        sent = receipt(part, "submitted", source=source, message="m_1")
        await following.record(sent, over=["attempted"])
    await following.record(receipt("4:0", "failed", source=4), over=[])
    found = await following.receipts(S1, C1, sources=[3, 4])
    assert [each.state for each in found] == ["delivered", "submitted"]


async def test_two_who_say_it_at_once_leave_the_most_that_is_known(following: Store):
    await following.attempt(receipt("3:0", "attempted", source=3))
    delivered = receipt("3:0", "delivered", source=3, message="m_1")
    sent = receipt("3:0", "sent", source=3, message="m_1")
    await asyncio.gather(
        following.record(delivered, over=["attempted", "sent"]),
        following.record(sent, over=["attempted"]),
    )
    (kept,) = await following.receipts(S1, C1, sources=[3])
    assert kept == delivered


async def test_an_attempt_replaces_an_owed_part(following: Store):
    await following.record(receipt("3:0", "owed", source=3))
    await following.attempt(dataclasses.replace(receipt("3:0", "attempted", source=3), tries=1))
    (kept,) = await following.receipts(S1, C1, sources=[])
    assert (kept.state, kept.tries) == ("attempted", 1)


async def test_the_receipts_of_the_sources_asked_for_are_returned_in_order(following: Store):
    for part, source in [("4:0", 4), ("3:1", 3), ("3:0", 3), ("9:0", 9)]:
        await following.record(receipt(part, source=source))
    found = await following.receipts(S1, C1, sources=[3, 4, 5])
    assert [each.part for each in found] == ["3:0", "3:1", "4:0"]


async def test_what_is_attempted_or_owed_is_always_returned(following: Store):
    await following.attempt(receipt("3:0", "attempted", source=3))
    await following.record(receipt("4:0", "owed", source=4))
    await following.record(receipt("5:0", "sent", source=5))
    found = await following.receipts(S1, C1, sources=[])
    assert [each.part for each in found] == ["3:0", "4:0"]


async def test_receipts_of_another_lane_are_not_returned(following: Store):
    await following.record(receipt("3:0", "owed", conversation=C2))
    await following.record(receipt("3:0", "owed", session=S2))
    assert list(await following.receipts(S1, C1, sources=[1, 3])) == []


# -- the cursor -----------------------------------------------------------------------------------


async def test_the_cursor_moves_forward(following: Store):
    await put(following, S1, said("b"))
    await following.advance(S1, C1, 3)
    assert (await lane(following)).cursor == 3


async def test_the_cursor_never_moves_back(following: Store):
    await put(following, S1, said("b"), said("c"))
    await following.advance(S1, C1, 4)
    await following.advance(S1, C1, 3)
    assert (await lane(following)).cursor == 4


async def test_advancing_clears_tries_and_waiting_but_no_suspension(following: Store):
    await following.postpone(S1, C1, until=later(60), tries=3, error="429", suspended=True)
    await following.advance(S1, C1, 2)
    found = await lane(following)
    assert (found.tries, found.due_at, found.suspended) == (0, None, True)


async def test_a_lane_that_is_gone_does_not_move(following: Store):
    await put(following, S2, linked(C1))
    await following.advance(S1, C1, 99)
    await following.postpone(S1, C1, until=None, tries=9, error="gone", suspended=True)
    found = await lane(following)
    assert (found.session, found.cursor, found.tries, found.suspended) == (S2, 1, 0, False)


# -- waiting and suspension -----------------------------------------------------------------------


async def test_a_postponed_lane_says_until_when_and_why(following: Store):
    await following.postpone(S1, C1, until=later(60), tries=3, error="429")
    found = await lane(following)
    assert (found.due_at, found.tries, found.last_error) == (later(60), 3, "429")
    assert not found.suspended


async def test_a_suspended_lane_is_revived(following: Store):
    await following.postpone(S1, C1, until=None, tries=5, error="blocked", suspended=True)
    assert (await lane(following)).suspended
    await following.revive(C1)
    found = await lane(following)
    assert (found.suspended, found.due_at, found.tries) == (False, None, 0)


async def test_reviving_what_follows_nothing_is_no_error(lived_in: Store):
    await lived_in.revive(C1)
    await lived_in.revive(ConversationId("c_nobody"))
    assert (await lane(lived_in)).session is None


# -- behind ---------------------------------------------------------------------------------------


async def test_a_lane_at_the_head_is_not_behind(following: Store):
    assert list(await following.behind()) == []


async def test_a_lane_is_behind_until_its_cursor_is_at_the_head(following: Store):
    await put(following, S1, said("b"))
    assert list(await following.behind()) == [C1]
    await following.advance(S1, C1, 3)
    assert list(await following.behind()) == []


@pytest.mark.parametrize("state", ["attempted", "owed", *sorted(SETTLED)])
async def test_a_lane_with_an_unsettled_part_is_behind(following: Store, state: ReceiptState):
    await following.record(receipt("2:0", state, source=2))
    assert list(await following.behind()) == ([] if state in SETTLED else [C1])


async def test_a_waiting_lane_is_still_behind(following: Store):
    await put(following, S1, said("b"))
    await following.postpone(S1, C1, until=later(60), tries=1, error="429")
    assert list(await following.behind()) == [C1]


async def test_a_suspended_lane_is_not_behind_until_it_is_revived(following: Store):
    await put(following, S1, said("b"))
    await following.postpone(S1, C1, until=None, tries=1, error="blocked", suspended=True)
    assert list(await following.behind()) == []
    await following.revive(C1)
    assert list(await following.behind()) == [C1]


async def test_every_lane_that_is_behind_is_named_once(following: Store):
    await put(following, S1, linked(C2), said("b"))
    await following.record(receipt("2:0", "owed", source=2))
    await following.record(receipt("2:1", "attempted", source=2))
    assert sorted(await following.behind()) == [C1, C2]


# -- which event a message shows ------------------------------------------------------------------


async def test_a_message_that_was_shown_leads_to_its_event(following: Store):
    await following.record(receipt("3:0", source=3, message="m_1"))
    assert await following.source_of(C1, MessageId("m_1")) == 3


async def test_a_message_that_was_said_here_leads_to_its_event(following: Store):
    await following.append(S1, [said("b")], at=AT, origin=heard("m_7"))
    assert await following.source_of(C1, MessageId("m_7")) == 3


async def test_a_message_that_became_another_event_leads_to_the_last(following: Store):
    await following.record(receipt("preview:r_1", source=3, message="m_1"))
    await following.record(receipt("5:0", source=5, message="m_1"))
    assert await following.source_of(C1, MessageId("m_1")) == 5


async def test_an_unknown_message_leads_nowhere(following: Store):
    await following.record(receipt("3:0", source=3, message="m_1"))
    assert await following.source_of(C1, MessageId("m_2")) is None
    assert await following.source_of(C2, MessageId("m_1")) is None
    assert await following.source_of(ConversationId("c_nobody"), MessageId("m_1")) is None


async def test_a_message_of_a_session_left_behind_leads_nowhere(following: Store):
    await following.record(receipt("3:0", source=3, message="m_1"))
    await put(following, S2, linked(C1))
    assert await following.source_of(C1, MessageId("m_1")) is None
    assert len(await log_of(following, S2)) == 1
