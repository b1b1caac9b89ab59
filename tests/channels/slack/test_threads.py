"""Called into a thread, the bot is told how it began and what was said last."""

from tests.channels.slack.rig import Ear, listening, opened, until


async def test_the_root_and_the_last_words_of_a_thread_come_with_the_call(fake, ada, general):
    """An alert of another app, what people made of it, then somebody asks."""
    bob = fake.person("Bob")
    ear = Ear()
    async with listening(opened(fake), ear):
        alert = bob.says(general, "the *build* is red")
        for number in range(7):
            bob.says(general, f"try {number}", thread=alert.ts)
        ada.says(general, f"<@{fake.workspace.bot_user}> why?", thread=alert.ts)
        await until(lambda: any(each.what.addressed for each in ear.heard))
    asked = next(each.what for each in ear.heard if each.what.addressed)
    assert asked.quoted.author == "Bob"
    lines = asked.quoted.text.split("\n")
    assert lines == ["the **build** is red", *(f"Bob: try {number}" for number in range(2, 7))]


async def test_in_a_thread_it_knows_nothing_is_told_again(fake, ada, general):
    ear = Ear()
    async with listening(opened(fake), ear):
        asked = ada.says(general, f"<@{fake.workspace.bot_user}> hello")
        await until(lambda: len(ear.heard) == 1)
        ada.says(general, f"<@{fake.workspace.bot_user}> and?", thread=asked.ts)
        await until(lambda: len(ear.heard) == 2)
    assert [each.what.quoted for each in ear.heard] == [None, None]
