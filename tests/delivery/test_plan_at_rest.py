"""A lane comes to rest, whatever has become of what it began: else it is asked again for ever.

What a place is owed comes before all that is new. So a part to which no plan comes any more would
hold up everything after it, and keep a courier busy with nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.delivery.notify import reminder_part
from bridge.delivery.recap import RECAP_EVENTS
from bridge.delivery.retry import MAX_ATTEMPTS
from bridge.delivery.shown_receipts import is_loss, is_preview, loss_of
from bridge.domain.content import Content
from bridge.domain.events import MessageComposed, MessageReceived, Pushed, Redacted
from bridge.domain.ids import PartId
from bridge.domain.parts import SETTLED, SHOWN, Receipt, Span
from tests.delivery.test_plan import asked, closed, heard, lane, pushed, started
from tests.lane import LOUD, PLAIN, RICH, Lane
from tests.playbook import ADA, BOB, seconds
from tests.stories import DEEDS, Story

SILENT_ABOUT_IT = replace(RICH, resolves=False)


def assert_at_rest(it: Lane) -> None:
    assert it.cursor == it.session.head
    assert it.steps() == ()
    assert all(each.state in SETTLED for each in it.receipts.values() if not is_preview(each))


def behind(*bodies, capabilities=RICH) -> Lane:
    """A place that was shown nothing yet, and has missed more than it is shown one by one."""
    it = Lane(capabilities=capabilities)
    it.append(*bodies, *(pushed(f"news {number}") for number in range(RECAP_EVENTS + 1)))
    return it


def owed(it: Lane, part: str, source: int, **fields) -> None:
    """Let a part be owed in a place."""
    receipt = Receipt(
        session=it.session.id,
        conversation=it.conversation,
        part=PartId(part),
        source=source,
        upto=source,
        span=Span(start=0, end=0),
        state="owed",
        at=it.now,
    )
    it.receipts[receipt.part] = replace(receipt, **fields)


def parts(it: Lane) -> list[str]:
    return [part.id for part in it.messages.values()]


# -- a question beside a recap --------------------------------------------------------------------


@pytest.mark.parametrize(("fate", "deeds"), [("lost", 4), ("late", 5)])
@pytest.mark.parametrize("capabilities", [RICH, SILENT_ABOUT_IT, PLAIN])
def test_a_question_that_was_begun_beside_a_recap_and_is_closed_by_now_is_finished(
    fate, deeds, capabilities
):
    """The process died while it showed the question; it was answered elsewhere meanwhile."""
    it = behind(asked(), capabilities=capabilities)
    it.fates = ["taken", fate]
    it.settle(deeds=deeds)
    assert it.receipts[PartId("1:0")].state == "attempted"
    it.append(closed(1), heard("next"))
    it.settle()
    assert_at_rest(it)
    assert it.texts()[-1] == "next"
    if capabilities.resolves:
        assert not [part for part in it.messages.values() if part.buttons]


def test_a_question_beside_a_recap_that_was_surely_not_shown_and_is_closed_by_now_stays_away():
    it = behind(asked())
    it.fates = ["taken", "refused"]
    it.settle(deeds=5)
    it.append(closed(1), heard("next"))
    it.settle()
    assert_at_rest(it)
    assert parts(it) == ["recap:1", "24:0"]


@pytest.mark.parametrize("capabilities", [RICH, replace(PLAIN, buttons=True)])
def test_a_card_that_failed_later_comes_without_buttons_once_its_question_is_closed(capabilities):
    it = lane(started(), asked(), closed(2), capabilities=capabilities)
    card = it.receipts[PartId("2:0")]
    it.receipts[card.part] = replace(card, state="owed", message=None, tries=0)
    it.messages.clear()
    it.settle()
    assert_at_rest(it)
    assert [(part.text, part.buttons) for part in it.messages.values()] == [("Which?", ())]


# -- what changed since it was begun --------------------------------------------------------------


@pytest.mark.parametrize("capabilities", [RICH, SILENT_ABOUT_IT])
@pytest.mark.parametrize("fate", ["refused", "lost"])
@pytest.mark.parametrize(
    "gone", [heard(text=""), pushed(text="")], ids=["somebody's words", "a push"]
)
def test_what_was_forgotten_while_its_place_was_out_of_reach_holds_nothing_up(
    gone, fate, capabilities
):
    it = Lane(capabilities=capabilities)
    it.append(replace(gone, content=Content(text="a secret")), pushed("next"))
    it.fates = [fate]
    it.deliver()
    it.events[0] = replace(it.events[0], body=gone)
    it.settle()
    assert_at_rest(it)
    assert it.texts() == ["next"]


def test_what_was_forgotten_when_half_of_it_was_shown_holds_nothing_up():
    it = Lane(capabilities=replace(RICH, max_chars=140))
    it.append(heard("word " * 40), heard("next"))
    it.fates = ["taken", "refused"]
    it.deliver()
    it.events[0] = replace(it.events[0], body=heard(""))
    it.settle()
    assert_at_rest(it)
    assert it.texts()[-1] == "next"


@pytest.mark.parametrize("fate", ["refused", "lost"])
def test_what_is_not_for_a_place_any_more_holds_nothing_up(fate):
    """It was theirs when it was begun; who they are was changed while the place was away."""
    it = Lane()
    it.session = replace(it.session, conversations={it.conversation: ADA})
    it.append(replace(pushed("for Ada"), to=(ADA,)), pushed("next"))
    it.fates = [fate]
    it.deliver()
    it.session = replace(it.session, conversations={it.conversation: BOB})
    it.settle()
    assert_at_rest(it)
    assert it.texts() == ["next"]
    assert it.receipts[PartId("1:0")].why == "muted"


def test_parts_that_failed_later_and_are_cut_elsewhere_by_now_hold_nothing_up():
    it = lane(heard("word " * 60), capabilities=replace(RICH, max_chars=140))
    for each in list(it.receipts.values()):
        it.receipts[each.part] = replace(each, state="owed", message=None, tries=0)
    it.messages.clear()
    it.capabilities = replace(RICH, max_chars=190)
    it.append(pushed("next"))
    it.settle()
    assert_at_rest(it)
    assert "".join(it.texts()[:-1]).count("word") == 60


def test_a_change_whose_message_is_gone_holds_nothing_up():
    it = lane(started(), asked())
    it.append(closed(2), pushed("next"))
    it.fates = ["lost"]
    it.deliver()
    it.receipts[PartId("2:0")] = replace(it.receipts[PartId("2:0")], state="failed")
    it.settle()
    assert_at_rest(it)
    assert it.texts()[-1] == "next"


# -- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["sent", "delivered"])
@pytest.mark.parametrize("fate", ["refused", "lost"])
def test_a_line_about_a_loss_is_over_when_the_platform_says_that_nothing_was_lost(state, fate):
    it = Lane(capabilities=PLAIN)
    it.append(heard("hello"), pushed("next"))
    it.fates = [*["lost"] * MAX_ATTEMPTS, fate]
    while PartId("1:lost") not in it.receipts:
        it.deliver()
    it.receipts[PartId("1:0")] = replace(it.receipts[PartId("1:0")], state=state, message="m")
    it.settle()
    assert_at_rest(it)
    assert it.texts() == ["next"]


@pytest.mark.parametrize("part", ["1:lost", "ring:1:lost", "ring:1", "folded:1:lost"])
@pytest.mark.parametrize("state", ["owed", "attempted"])
def test_whatever_is_owed_of_an_event_that_is_shown_holds_nothing_up(part, state):
    it = lane(heard("hello"))
    owed(it, part, 1, state=state)
    it.append(pushed("next"))
    it.settle()
    assert_at_rest(it)
    assert "next" in it.texts()


# -- what covers several events -------------------------------------------------------------------


def test_a_recap_that_failed_later_sums_up_all_of_its_range_again():
    it = behind()
    it.settle()
    (recap,) = it.receipts.values()
    (said,) = it.texts()
    it.receipts[recap.part] = replace(recap, state="owed", message=None, tries=0)
    it.messages.clear()
    it.append(pushed("next"))
    it.settle()
    assert_at_rest(it)
    assert it.texts() == [said, "next"]
    assert it.receipts[recap.part].upto == RECAP_EVENTS + 1


def test_pushes_that_were_shown_together_are_shown_together_again_after_a_later_failure():
    it = Lane()
    it.append(*(replace(pushed(f"news {number}"), folded=True) for number in range(3)))
    it.now += seconds(60)
    it.settle()
    (together,) = it.receipts.values()
    (said,) = it.texts()
    it.receipts[together.part] = replace(together, state="owed", message=None, tries=0)
    it.messages.clear()
    it.settle()
    assert_at_rest(it)
    assert it.texts() == [said]


# -- whatever happens -----------------------------------------------------------------------------


class ToldLater(Story):
    """A story in which more becomes known of what was sent, and of what is in the log."""

    def owes(self, which: int) -> None:
        """The platform says that it did not show something, and takes it later."""
        for each in self._one(which, SHOWN):
            self._keep(replace(each, state="owed", message=None, tries=0))

    def fails(self, which: int) -> None:
        """It says that it never shows something, of which a line is to tell."""
        for each in self._one(which, SHOWN):
            if not is_loss(each.part):
                self._keep(replace(each, state="failed"))
                line = replace(each, part=loss_of(each), span=Span(start=0, end=0))
                self._keep(replace(line, state="owed", message=None, tries=0))

    def arrived(self, which: int) -> None:
        """It says that something in doubt is there."""
        for each in self._one(which, {"attempted"}):
            seen = [key for key, part in self.lane.messages.items() if part.id == each.part]
            if seen and not is_preview(each):
                self._keep(replace(each, state="delivered", message=seen[0]))

    def rings(self, which: int) -> None:
        for each in self._one(which, SHOWN):
            owed(self.lane, reminder_part(each.source), each.source)

    def forgets(self, which: int) -> None:
        """Somebody's words are taken out of the log, and then where they are shown."""
        said = MessageReceived | Pushed | MessageComposed
        found = [each for each in self.lane.events if isinstance(each.body, said)]
        for event in found[which % max(1, len(found)) :][:1]:
            body = replace(event.body, content=Content())
            self.lane.events[event.seq - 1] = replace(event, body=body)
            self.lane.append(Redacted(target=event.seq))

    def for_ada(self, size: int) -> None:
        self._say(lambda text: replace(pushed(), content=text, to=(ADA,)), size)

    def folds(self, size: int) -> None:
        self._say(lambda text: replace(pushed(), content=text, folded=True), size)

    def changes_hands(self, which: int) -> None:
        places = {self.lane.conversation: (ADA, BOB)[which % 2]}
        self.lane.session = replace(self.lane.session, conversations=places)

    def can(self, which: int) -> None:
        """An upgrade, or the administrator of a room, changes what the place takes."""
        name = ("edits", "deletes", "buttons", "resolves", "silent")[which % 5]
        now = self.lane.capabilities
        self.lane.capabilities = replace(now, **{name: not getattr(now, name)})

    def _one(self, which: int, states: Collection[str]) -> Sequence[Receipt]:
        found = [each for each in self.lane.receipts.values() if each.state in states]
        return [found[which % len(found)]] if found else []

    def _keep(self, receipt: Receipt) -> None:
        self.lane.receipts[receipt.part] = receipt


LATER = ("owes", "fails", "arrived", "rings", "forgets", "for_ada", "folds", "changes_hands", "can")
CHANGES = st.tuples(st.sampled_from(LATER), st.integers(0, 9))
FLOOD = st.tuples(st.just("flood"), st.integers(0, 20))


@settings(max_examples=400)
@given(
    st.lists(st.one_of(CHANGES, DEEDS, FLOOD), max_size=25), st.sampled_from([RICH, PLAIN, LOUD])
)
def test_whatever_becomes_known_later_a_lane_comes_to_rest_and_shows_what_is_new(
    deeds, capabilities
):
    story = ToldLater(capabilities)
    for deed, size in deeds:
        story.tell(deed, size)
    story.end()
    story.lane.append(heard("what is new"))
    story.lane.now += seconds(60)
    story.lane.settle()
    assert_at_rest(story.lane)
    assert "what is new" in story.lane.texts()[-1]
