"""A card's button answers the question that the card shows, or nothing."""

from bridge import texts
from bridge.domain.commands import Answer
from bridge.domain.events import QuestionClosed
from bridge.domain.ids import QuestionId, RunId, SessionId, mint
from bridge.domain.inbound import Pressed
from bridge.session.fold import OVER_KEPT
from bridge.session.routing import SHARED
from tests.engine.doorway import Doorway, refused
from tests.engine.rig import OWNER
from tests.playbook import Q1

HARMLESS, TERRIBLE = '{"command": "ls"}', '{"command": "rm -rf /"}'
R2 = RunId("r_2")


async def is_open(door: Doorway, question: QuestionId = Q1, session: SessionId = SHARED) -> bool:
    return question in (await door.dispatcher.fold(session)).questions


async def elsewhere(door: Doorway) -> SessionId:
    """Have a chat follow a new session in which a program asks about another call as it did."""
    await door.say("/new")
    await door.say("hello")
    session = (await door.there()).session
    assert session not in {None, SHARED}
    await door.let_ask(session, call=TERRIBLE, run=R2)
    return session


async def test_a_card_of_the_session_before_answers_nothing_in_the_new_one() -> None:
    """Though a program asks there under the same id: nobody was shown its call on that card."""
    door = await Doorway().open()
    await door.let_ask(call=HARMLESS)
    card = await door.card(0)
    session = await elsewhere(door)
    before = await door.log(SHARED), await door.log(session)
    assert await door.hear(card) == refused(texts.QUESTION_ELSEWHERE)
    assert (await door.log(SHARED), await door.log(session)) == before
    assert await is_open(door)
    assert await is_open(door, session=session)
    await door.hear(await door.card(1, session))
    assert not await is_open(door, session=session)
    assert await is_open(door), "its question still waits, in the session that asked it"


async def test_whoever_presses_a_card_of_another_session_is_in_neither_by_that() -> None:
    door = await Doorway().open()
    await door.let_ask(call=HARMLESS)
    card = await door.card(0)
    await door.say("hello", "bob", place="room", room=True)
    session = (await door.there("room")).session
    before = await door.log(session)
    assert await door.hear(card, "eve", place="room", room=True) == refused(
        texts.QUESTION_ELSEWHERE
    )
    assert await door.log(session) == before
    assert await door.store.identify(realm="chat", user="eve") is None


async def test_a_press_that_was_an_answer_when_it_was_delivered_first_stays_one() -> None:
    door = await Doorway().open()
    await door.let_ask(call=HARMLESS)
    card = await door.card(1)
    assert await door.hear(card, key="press") is None
    await elsewhere(door)
    assert await door.hear(card, key="press") is None


async def test_a_card_answers_nothing_after_fifty_other_questions() -> None:
    """By then a program may ask something else under the id of the card."""
    door = await Doorway().open()
    await door.let_ask(call=HARMLESS)
    card = await door.card(0)
    await door.hear(await door.card(1))
    for number in range(OVER_KEPT):
        other = QuestionId(f"other_{number}")
        await door.let_ask(question=other, run=RunId(f"r_{number}"))
        answer = Answer(by=OWNER, question=other, answer="t")
        await door.dispatcher.submit(SHARED, answer)
    await door.let_ask(call=TERRIBLE, run=R2)
    assert await door.hear(card) == refused(texts.QUESTION_OVER)
    assert await is_open(door)


async def test_after_a_restore_a_card_answers_no_question_that_took_the_number_of_its_own() -> None:
    """The log goes on from the backup: the same session, number and id, and another call."""
    lost = await Doorway().open()
    await lost.let_ask(call=HARMLESS)
    card = await lost.card(0)
    door = await Doorway().open()
    await door.let_ask(call=TERRIBLE, run=R2)
    same = await door.card(0)
    assert (same.value.split(":")[:3], same != card) == (card.value.split(":")[:3], True)
    assert await door.hear(card) == refused(texts.QUESTION_ELSEWHERE)
    assert await is_open(door)


async def test_every_card_about_a_call_that_is_asked_about_again_is_a_card_of_it() -> None:
    door = await Doorway().open()
    await door.let_ask(call=HARMLESS)
    card = await door.card(1)
    await door.let_ask(call=HARMLESS, run=R2)
    assert await door.hear(card) is None
    assert not await is_open(door)


async def test_a_forged_check_or_another_option_under_it_answers_nothing() -> None:
    door = await Doorway().open()
    await door.let_ask()
    value = (await door.card(0)).value
    other = value[:-1] + ("0" if value[-1] != "0" else "1")
    for forged in (other, value.replace(":0:", ":1:"), value.replace(":0:", ":7:")):
        assert await door.hear(Pressed(value=forged)) == refused(texts.QUESTION_ELSEWHERE)
    assert await is_open(door)


# -- cards of before cards had checks --------------------------------------------------------------


async def test_an_old_card_counts_where_the_bridge_made_the_id() -> None:
    door = await Doorway().open()
    question = QuestionId(mint("q"))
    await door.let_ask(question=question)
    old = Pressed(value=f"a:{question}:1")
    assert await door.hear(old) is None
    closed = await door.last()
    assert isinstance(closed, QuestionClosed)
    assert closed.answer == "c"
    assert await door.hear(old) == refused(texts.QUESTION_ANSWERED)


async def test_an_old_card_does_not_count_where_its_id_may_be_another_questions() -> None:
    """Nor where its question is not found: it is not said to be closed, for it may be open."""
    door = await Doorway().open()
    await door.let_ask()
    for value in (f"a:{Q1}:0", f"a:{mint('q')}:0"):
        assert await door.hear(Pressed(value=value)) == refused(texts.QUESTION_UNBOUND)
    assert await is_open(door)
