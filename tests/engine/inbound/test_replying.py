"""Whose words a reply is about: a copy of somebody's is theirs, not the agent's."""

import pytest

from bridge.domain.events import MessageReceived, SettingChanged
from tests.engine.rig import bridge


def shown(run, place, *, copy=True):
    """Return what a place is shown of a person, or else of the agent."""
    people = ("bob", "cem")
    told = [each for each in run.platform.seen(place) if not each.author and "here" in each.text]
    return [each for each in told if each.speaker.startswith(people) is copy][-1].id


async def replies(run, place, user, words, message):
    run.platform.say(place, user, words, reply_to=message, by_reply=True)
    await run.until(lambda: not run.platform.waiting())
    heard = await run.bodies(MessageReceived)
    return next(each for each in heard if each.content.text == words)


@pytest.fixture
async def rooms():
    async with bridge() as run:
        for name, user in (("team", "ada"), ("club", "bob")):
            run.platform.open(name, room=True)
            await run.place(name, user=user)
        yield run


async def test_a_reply_to_the_copy_of_somebodys_words_is_to_them_and_they_are_shown_it(rooms):
    rooms.platform.say("club", "bob", "look here")
    await rooms.until_shown("team", "look here")
    heard = await replies(rooms, "team", "ada", "nice", shown(rooms, "team"))
    assert not heard.addressed
    assert heard.reply_to is not None
    await rooms.until_shown("club", "nice")


async def test_a_reply_to_the_agents_words_and_a_command_are_for_the_agent(rooms):
    rooms.platform.say("club", "bob", "look here")
    await rooms.until_shown("team", "look here")
    await rooms.until_at_rest()
    heard = await replies(rooms, "team", "ada", "why?", shown(rooms, "team", copy=False))
    assert heard.addressed
    rooms.platform.say("team", "ada", "/title New", reply_to=shown(rooms, "team"), by_reply=True)
    await rooms.until_logged(SettingChanged)


async def test_a_reply_to_what_somebody_wrote_in_private_is_for_the_agent_as_they_are_shown_that(
    rooms,
):
    await rooms.place("cem")
    rooms.platform.say("cem", "cem", "look here")
    await rooms.until_shown("team", "look here")
    heard = await replies(rooms, "team", "ada", "nice", shown(rooms, "team"))
    assert heard.addressed
    await rooms.until_shown("cem", "nice")
