"""The cards by which owners are told who asks to be let in."""

from bridge import admission_texts
from bridge.domain.commands import Push
from bridge.domain.content import Content
from bridge.domain.events import PushClosed, Pushed, Source
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.commands.test_access_requests import ASKING, cards, doorway, number
from tests.engine.doorway import Doorway
from tests.engine.rig import OWNER


async def test_an_owner_who_has_no_place_is_told_in_the_first_session() -> None:
    door = await Doorway(chat=ASKING).open()
    await door.say("/ask", "eve", place="eves")
    (card,) = [each for each in await door.log(SHARED) if isinstance(each, Pushed)]
    assert card.to == (OWNER,)


async def test_an_owner_is_told_in_the_session_that_their_place_follows_by_now() -> None:
    door = await doorway()
    await door.say("/new Taxes", "olga", place="home")
    taxes = (await door.there("home")).session
    await door.say("/ask", "eve", place="eves")
    (card,) = await cards(door)
    assert card in await door.log(taxes)


async def test_what_is_asked_anew_after_the_owner_went_elsewhere_is_told_there_and_closed() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    await door.say("/new Taxes", "olga", place="home")
    taxes = (await door.there("home")).session
    await door.dispatcher.access_requests.resume()
    assert len(await cards(door)) == 2
    await door.say(f"/deny {await number(door)}", "olga", place="home")
    closed = [b for name in (SHARED, taxes) for b in await door.log(name)]
    assert len([each for each in closed if isinstance(each, PushClosed)]) == 2


async def test_a_code_that_a_stranger_puts_into_their_words_is_worth_nothing() -> None:
    door = await doorway(chat=Account(allow=frozenset({"ada"}), strangers="ask"))
    told = await door.say("/link", "olga", place="home")
    code = told.text.split("/link ")[1].split("`")[0]
    await door.say(f"/ask my code is {code}", "eve", place="eves")
    told = await door.say(f"/link {code}", "olga", channel="mail", place="post")
    assert told.refused


async def test_no_program_offers_the_buttons_of_a_card() -> None:
    """A push that others make says its labels; see `tests/delivery/test_rendering.py`."""
    door = await doorway()
    push = Push(source=Source(kind="api"), content=Content(text="x"), by=OWNER)
    await door.dispatcher.submit(SHARED, push)
    assert admission_texts.ALLOW not in str((await door.last()).buttons)
