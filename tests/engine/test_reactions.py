"""What people's emoji come to: an answer, something kept, an emoji on the copy elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import texts
from bridge.delivery.call_display import MOST_IN_PARTS
from bridge.domain.commands import ChangeRole
from bridge.domain.content import Content, Option
from bridge.domain.errors import ChannelError, RateLimited, Rejected, Unreachable
from bridge.domain.events import (
    MessageComposed,
    ParticipantJoined,
    PlannedCall,
    QuestionClosed,
    Reacted,
)
from bridge.domain.run_output import Asking
from bridge.ports.agent import Ended
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING, MemoryChannel
from tests.engine.rig import NINE, Acting, Bridge, bridge

OPTIONS = (Option(id="approve", label="Yes"), Option(id="deny", label="No"))


async def asks(turn):
    """Ask once, and then say that it was answered."""
    events = await turn.history()
    closed = [each.body for each in events if isinstance(each.body, QuestionClosed)]
    if closed:
        yield Ended(content=Content(text=f"So: {closed[-1].answer}"))
        return
    question = Asking(question="q_1", kind="approval", text="Shall I?", options=OPTIONS)
    yield Ended(questions=(question,))


def message(run: Bridge, place: str, words: str) -> str:
    found = [each for each in run.platform.seen(place) if words in each.text]
    return found[-1].id


def marks(run: Bridge, place: str, words: str) -> tuple[str, ...]:
    return [each for each in run.platform.seen(place) if words in each.text][-1].marks


@pytest.mark.parametrize(("emoji", "answer"), [("👍", "approve"), ("👎", "deny")])
async def test_a_thumb_on_a_question_answers_it(emoji, answer):
    async with bridge(agent=Acting(asks)) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "go")
        await run.until_shown("ada", "Shall I?")
        run.platform.give("ada", "ada", message(run, "ada", "Shall I?"), emoji)
        await run.until_shown("ada", f"So: {answer}")
        (closed,) = await run.bodies(QuestionClosed)
        assert (closed.outcome, closed.answer) == ("answered", answer)
        assert await run.bodies(Reacted) == []


async def test_whoever_may_not_answer_changes_nothing_and_is_told_nothing():
    async with bridge(agent=Acting(asks)) as run:
        run.platform.open("team", room=True)
        await run.place("team", user="ada")
        await run.gather("bob")
        run.platform.say("team", "bob", "hello")
        await run.until_shown("team", "Shall I?")
        joined = await run.bodies(ParticipantJoined)
        bob = joined[-1].participant
        await run.core.sessions.submit(SHARED, ChangeRole(by=None, participant=bob, role="viewer"))
        for who in ("bob", "eve"):
            run.platform.give("team", who, message(run, "team", "Shall I?"), "👍")
        await run.until(lambda: not run.platform.waiting())
        await run.until_at_rest()
        assert await run.bodies(QuestionClosed) == []
        assert await run.bodies(Reacted) == []
        assert not any("may" in each for each in run.platform.notes("team"))
        assert len(await run.bodies(ParticipantJoined)) == len(joined)


async def test_any_other_emoji_on_an_answer_is_kept_and_taken_off_again():
    async with bridge() as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "hello")
        await run.until_logged(MessageComposed)
        await run.until_at_rest()
        answer = next(each.id for each in run.platform.seen("ada") if not each.author)
        run.platform.give("ada", "ada", answer, "👍")
        run.platform.give("ada", "ada", answer, "👍")
        run.platform.give("ada", "ada", answer, "❤", gone="👍")
        await run.until_logged(Reacted, 3)
        given = [(each.emoji, each.gone) for each in await run.bodies(Reacted)]
        assert given == [("👍", False), ("👍", True), ("❤", False)]
        (target,) = {each.target for each in await run.bodies(Reacted)}
        events = await run.events()
        assert isinstance(events[target - 1].body, MessageComposed)


async def test_an_emoji_is_on_the_copies_elsewhere_as_long_as_somebody_gives_it():
    async with bridge() as run:
        await run.gather("ada", "bob", "cem")
        run.platform.say("ada", "ada", "look at this", addressed=False)
        await run.until_at_rest()
        run.platform.say("ada", "ada", "look here")
        await run.until_shown("bob", "look here")
        await run.until_shown("cem", "look here")
        run.platform.give("bob", "bob", message(run, "bob", "look here"), "🎉")
        run.platform.give("cem", "cem", message(run, "cem", "look here"), "🎉")
        await run.until(lambda: "🎉" in marks(run, "ada", "look here"))
        await run.until(lambda: marks(run, "bob", "look here") == ("🎉",))
        run.platform.give("bob", "bob", message(run, "bob", "look here"), gone="🎉")
        await run.until(lambda: marks(run, "cem", "look here") == ())
        await run.until_at_rest()
        assert marks(run, "ada", "look here") == ("🎉",)
        run.platform.give("cem", "cem", message(run, "cem", "look here"), gone="🎉")
        await run.until(lambda: marks(run, "ada", "look here") == ())


async def test_where_no_reaction_can_be_shown_there_is_none_and_what_comes_after_is_shown():
    async with bridge(capabilities=replace(EVERYTHING, reacts=False)) as run:
        await run.gather("ada", "bob")
        run.platform.say("ada", "ada", "look here")
        await run.until_shown("bob", "look here")
        run.platform.give("bob", "bob", message(run, "bob", "look here"), "🎉")
        await run.until_logged(Reacted)
        await run.push("and then")
        await run.until_shown("ada", "and then")
        assert run.platform.counts["react"] == 0


async def test_a_reaction_that_fails_holds_nothing_up():
    async with bridge() as run:
        await run.gather("ada", "bob")
        run.platform.say("ada", "ada", "look here")
        await run.until_shown("bob", "look here")
        run.platform.refuse(Unreachable("away"), on="react", times=None)
        run.platform.give("bob", "bob", message(run, "bob", "look here"), "🎉")
        await run.until_logged(Reacted)
        await run.push("and then")
        await run.until_shown("ada", "and then")
        assert marks(run, "ada", "look here") == ()


async def test_an_emoji_on_what_nobody_knows_is_left_out():
    async with bridge() as run:
        await run.gather("ada")
        run.platform.give("ada", "ada", "m99", "🎉")
        run.platform.give("nowhere", "ada", "m1", "🎉")
        await run.until(lambda: not run.platform.waiting())
        assert await run.bodies(Reacted) == []


async def test_a_thumb_on_the_beginning_of_a_long_question_answers_nothing():
    """Its end, where the buttons are, may not have been there yet."""

    async def asks_much(turn):
        text = "begun " + "x" * 150 + "\n\nShall I?"
        question = Asking(question="q_1", kind="approval", text=text, options=OPTIONS)
        yield Ended(questions=(question,))

    short = replace(EVERYTHING, max_chars=120)
    async with bridge(agent=Acting(asks_much), capabilities=short) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "go")
        await run.until_shown("ada", "Shall I?")
        run.platform.give("ada", "ada", message(run, "ada", "begun"), "👍")
        await run.until(lambda: not run.platform.waiting())
        assert await run.bodies(QuestionClosed) == []
        run.platform.give("ada", "ada", message(run, "ada", "Shall I?"), "👍")
        await run.until_logged(QuestionClosed)


class Partly(MemoryChannel):
    """Does not take the parts that have some words."""

    words: str
    error: ChannelError = Rejected("not that")

    async def send(self, to, part):
        if self.words in part.text:
            raise self.error
        return await super().send(to, part)


async def asks_for_much(turn):
    events = await turn.history()
    if any(isinstance(each.body, QuestionClosed) for each in events):
        yield Ended(content=Content(text="done"))
        return
    call = PlannedCall(call="c_1", name="remove", arguments='{"a": "' + "y" * 900 + ' last"}')
    yield Ended(
        questions=(
            Asking(question="q_1", kind="approval", text="begun", options=OPTIONS, call=call),
        )
    )


async def thumbs(run, words, emoji):
    run.platform.give("ada", "ada", message(run, "ada", words), emoji)
    await run.until(lambda: not run.platform.waiting())


async def test_a_thumb_on_a_card_whose_end_is_still_to_come_answers_nothing():
    async def asks_much(turn):
        text = "begun " + "x" * 150 + "\n\nShall I?"
        yield Ended(
            questions=(Asking(question="q_1", kind="approval", text=text, options=OPTIONS),)
        )

    class Slow(Partly):
        words = "Shall I?"
        error = RateLimited("later", until=NINE + timedelta(seconds=30))

    short = replace(EVERYTHING, max_chars=120)
    async with bridge(agent=Acting(asks_much), capabilities=short, channel=Slow) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "go")
        await run.until_shown("ada", "begun")
        beginning = [each for each in run.platform.seen("ada") if not each.author][-1]
        run.platform.give("ada", "ada", beginning.id, "👍")
        await run.until(lambda: not run.platform.waiting())
        assert await run.bodies(QuestionClosed) == []


async def test_a_thumb_approves_no_call_of_which_a_part_was_refused_but_denies_it():
    class Refusing(Partly):
        words = "begun"

    short = replace(EVERYTHING, max_chars=400)
    async with bridge(agent=Acting(asks_for_much), capabilities=short, channel=Refusing) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "go")
        await run.until_shown("ada", texts.INCOMPLETE, each=1)
        await run.until_at_rest(each=1)
        await thumbs(run, texts.INCOMPLETE, "👍")
        assert await run.bodies(QuestionClosed) == []
        await thumbs(run, texts.INCOMPLETE, "👎")
        (closed,) = await run.bodies(QuestionClosed)
        assert closed.answer == "deny"


async def test_a_thumb_approves_no_call_that_a_chat_app_shows_only_the_ends_of():
    async def asks_too_much(turn):
        arguments = '{"a": "' + "y" * MOST_IN_PARTS + '"}'
        call = PlannedCall(call="c_1", name="remove", arguments=arguments)
        asking = Asking(question="q_1", kind="approval", text="Hm?", options=OPTIONS, call=call)
        yield Ended(questions=(asking,))

    async with bridge(agent=Acting(asks_too_much)) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "go")
        await run.until_shown("ada", "remove")
        await run.until_at_rest()
        await thumbs(run, "remove", "👍")
        assert await run.bodies(QuestionClosed) == []
        await thumbs(run, "remove", "👎")
        (closed,) = await run.bodies(QuestionClosed)
        assert closed.answer == "deny"
