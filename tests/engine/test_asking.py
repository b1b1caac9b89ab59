"""A stranger asks and an owner answers, with a running bridge: cards, places, restarts."""

from bridge import admission_texts
from bridge.session.admission import Account
from tests.engine.rig import OWNER, Bridge, bridge

ASKING = Account(allow=frozenset({"ada"}), strangers="ask")


async def owner_at(b: Bridge, place: str, user: str) -> None:
    """Make someone an owner of the bridge, by a code in a private place of theirs."""
    code = await b.core.sessions.pairing.codes.owner(OWNER)
    b.platform.say(place, user, code)
    await b.until(lambda: any("owner" in each for each in b.platform.notes(place)))


async def a_card(b: Bridge, place: str = "home") -> None:
    await b.until_shown(place, "asks to be let in")


async def test_the_card_changes_in_every_place_of_an_owner_and_nobody_elses() -> None:
    async with bridge(account=ASKING) as b:
        await owner_at(b, "home", "olga")
        await b.place("work", user="olga")
        b.platform.say("dm", "ada", "hello")
        await b.until_shown("dm", "said: hello")
        b.platform.say("eves", "eve", "/ask it is me")
        await a_card(b)
        b.platform.press("home", "olga", "Deny")
        for place in ("home", "work"):
            await b.until_shown(place, "was not let in:")
        await b.until_at_rest()
        assert not any("let in" in each for each in b.shown("dm"))


async def test_what_was_not_shown_before_a_restart_is_shown_after_it() -> None:
    async with bridge(account=ASKING) as b:
        await owner_at(b, "home", "olga")
        b.platform.say("eves", "eve", "/ask")
        await a_card(b)
        await b.restart()
        await b.until_at_rest()
        assert len([each for each in b.shown("home") if "asks to be let in" in each]) == 1
        b.platform.press("home", "olga", "Allow")
        await b.until_shown("eves", admission_texts.YOU_ARE_IN)
        await b.restart()
        b.platform.say("eves", "eve", "hello")
        await b.until_shown("eves", "said: hello")
