"""What changes after it was shown: cards, corrections, deletions, stops; in every copy of it."""

from datetime import timedelta

from structlog.testing import capture_logs

from bridge import session_texts, texts
from bridge.domain.commands import Archive, Change, Stop
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import OutcomeUnknown, Rejected, Unreachable
from bridge.domain.events import MessageDeleted, QuestionClosed, RunStarted
from bridge.domain.ids import MediaId
from bridge.domain.parts import Capabilities
from bridge.ports.agent import Ended, Remark, Turn
from bridge.session.routing import SHARED
from channels.memory import MemoryChannel
from tests.engine.rig import OWNER, Acting, Stalled, bridge

PLAIN = Capabilities(max_chars=4000)
"""A place that can only be sent to."""


async def test_the_cards_of_a_question_are_closed_everywhere() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "ask")
        for place in ("ada", "bob"):
            await b.until(lambda place=place: any(m.buttons for m in b.platform.seen(place)))
        b.platform.press("bob", "bob", "Tea")
        await b.until_logged(QuestionClosed)
        await b.until_at_rest(each=0.1)
        for place in ("ada", "bob"):
            (card,) = [m for m in b.platform.seen(place) if "Tea or coffee?" in m.text]
            assert card.buttons == ()
            assert texts.answered("bob · Chat", "Tea") in card.text


async def test_where_cards_cannot_be_changed_the_answer_is_told() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "ask")
        await b.until_shown("bob", "1. Tea")
        b.platform.say("bob", "bob", "2")
        await b.until_shown("ada", texts.answered("bob · Chat", "Coffee"), "bob chose Coffee.")
        await b.until_shown("bob", "bob chose Coffee.")


async def test_a_correction_is_made_in_every_copy() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob", "eve")
        b.platform.say("ada", "ada", "helo")
        await b.until_at_rest(each=0.1)
        (mine,) = [each for each in b.platform.seen("ada") if each.text == "helo"]
        b.platform.correct("ada", mine.id, "hello")
        for place in ("bob", "eve"):
            await b.until_shown(place, "ada · Chat: hello", each=0.1)
            assert "ada · Chat: helo" not in b.shown(place)
        await b.until_at_rest(each=0.1)
        assert not [m for m in b.platform.seen("ada") if m.speaker], "not where it was said"


async def test_a_picture_that_replaces_another_is_shown_in_its_place() -> None:
    one, other = (
        Attachment(kind="image", name=f"{name}.png", mime="image/png", size=1, media=MediaId(name))
        for name in ("one", "other")
    )

    def pictures(b) -> list[str]:
        return [file.name for m in b.platform.seen("bob") for file in m.attachments]

    def copies(b) -> list[str]:
        return [m.text for m in b.platform.seen("bob") if m.speaker == "ada · Chat"]

    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "look", attachments=(one,))
        await b.until_at_rest(each=0.1)
        assert pictures(b) == ["one.png"]
        (mine,) = [each for each in b.platform.seen("ada") if each.text == "look"]
        b.platform.correct("ada", mine.id, "look", attachments=(other,))
        await b.until(lambda: pictures(b) == ["other.png"], each=0.1)
        await b.until_at_rest(each=0.1)
        assert [m.text for m in b.platform.seen("ada") if m.attachments] == ["look"]
        b.platform.correct("ada", mine.id, "look here", attachments=(other,))
        await b.until(lambda: any("look here" in m.text for m in b.platform.seen("bob")), each=0.1)
        await b.until_at_rest(each=0.1)
        assert copies(b) == ["look here", ""], "the words beside the picture were changed"
        assert pictures(b) == ["other.png"]
        b.platform.correct("ada", mine.id, "look here", attachments=(one,))
        await b.until(lambda: pictures(b) == ["one.png"], each=0.1)
        b.platform.unsay("ada", mine.id)
        await b.until(lambda: copies(b) == [], each=0.1)


async def test_what_a_person_takes_back_is_taken_back_everywhere() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "my password is 1234")
        await b.until_at_rest(each=0.1)
        (mine,) = [each for each in b.platform.seen("ada") if each.text == "my password is 1234"]
        copy = "ada · Chat: my password is 1234"
        assert copy in b.shown("bob")
        b.platform.unsay("ada", mine.id)
        await b.until(lambda: copy not in b.shown("bob"), each=0.1)


async def test_taking_back_is_tried_again_until_it_is_done() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "oops")
        await b.until_at_rest(each=0.1)
        (mine,) = [each for each in b.platform.seen("ada") if each.author and each.text == "oops"]
        b.platform.refuse(Unreachable(), on="delete", place="bob", times=3)
        b.platform.unsay("ada", mine.id)
        await b.until(lambda: "ada · Chat: oops" not in b.shown("bob"), each=0.5)


async def test_what_cannot_be_taken_back_blocks_nothing() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "oops")
        await b.until_at_rest(each=0.1)
        (mine,) = [each for each in b.platform.seen("ada") if each.author and each.text == "oops"]
        b.platform.refuse(Rejected("too old"), on="delete", place="bob", times=None)
        b.platform.unsay("ada", mine.id)
        await b.push("hello")
        await b.until_shown("bob", "hello", each=0.5)


async def test_taking_back_that_never_answers_is_given_up_after_a_while() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "oops")
        await b.until_at_rest(each=0.1)
        (mine,) = [each for each in b.platform.seen("ada") if each.author and each.text == "oops"]
        b.platform.refuse(OutcomeUnknown(), on="delete", place="bob", times=None)
        begun = b.clock.now()
        b.platform.unsay("ada", mine.id)
        await b.until_logged(MessageDeleted)
        await b.push("hello")
        await b.until_shown("bob", "hello", each=0.5)
        assert timedelta(seconds=20) < b.clock.now() - begun < timedelta(seconds=120)


async def test_a_card_that_cannot_be_changed_blocks_its_place_for_a_while_only() -> None:
    """The platform never says what became of the change; what comes after is shown all the same."""

    class Unsure(MemoryChannel):
        async def edit(self, to, message, part):
            if part.priority == "question":
                raise KeyError("what card?")
            await super().edit(to, message, part)

    with capture_logs():
        async with bridge(channel=Unsure) as b:
            await b.gather("ada")
            b.platform.say("ada", "ada", "ask")
            await b.until(lambda: any(m.buttons for m in b.platform.seen("ada")))
            b.platform.press("ada", "ada", "Tea")
            await b.until_shown("ada", "ada chose Tea.", each=0.5)


async def test_a_stop_is_shown_to_all() -> None:
    async with bridge(agent=Stalled()) as b:
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "hello")
        await b.until_logged(RunStarted)
        await b.core.sessions.submit(SHARED, Stop(by=OWNER))
        for place in ("ada", "bob"):
            await b.until_shown(place, texts.stopped_by(texts.OWNER), each=0.1)


async def test_what_is_said_on_the_way_is_silent_and_the_answer_is_not() -> None:
    async def working(turn: Turn):
        yield Remark(content=Content(text="I am on it."))
        yield Ended(content=Content(text="Done."))

    async with bridge(agent=Acting(working)) as b:
        b.platform.say("ada", "ada", "hello")
        await b.until_shown("ada", "Done.", each=0.1)
        assert [m.silent for m in b.platform.seen("ada") if not m.author] == [True, False]


async def test_what_one_changes_for_all_is_told_in_the_other_places_and_once() -> None:
    """Also that the session is archived."""
    async with bridge() as b:
        await b.gather("ada", "bob")
        change = Change(scope="session", name="mode", value="queue", by=OWNER)
        await b.core.sessions.submit(SHARED, change)
        told = session_texts.setting_changed("Owner", "mode", "queue")
        await b.until_shown("bob", told)
        await b.core.sessions.submit(SHARED, Archive(by=OWNER))
        for who in ("ada", "bob"):
            await b.until_shown(who, session_texts.archived_by("Owner"))
            assert [each for each in b.shown(who) if told in each] == [told]
