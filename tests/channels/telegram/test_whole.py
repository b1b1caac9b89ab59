"""Telegram in a whole bridge: from what a person says to what they see, through every fault."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from bridge import texts
from tests.running import running_bridge


def account(folder, fake, bot):
    secret = folder / f"{bot.username}.token"
    secret.write_text(bot.token)
    secret.chmod(0o600)
    return (
        f"  {bot.username}: {{type: telegram, token: {{file: {secret}}}, api_url: '{fake.url}', "
        f"allow: '*', label: {bot.first}, welcome: false}}\n"
    )


WORDS = " ".join(["word"] * 400)
"""It takes seconds to be written."""


def config(folder, fake, *bots):
    accounts = "".join(account(folder, fake, bot) for bot in bots)
    echo = "agents: {echo: {type: echo, delay: 0.01}}\n"
    return f"store: {{type: memory}}\n{echo}channels:\n{accounts}"


@pytest.fixture
def bridge(tmp_path):
    """Return how to run a bridge with these bots; each time anew, on the same data."""

    @asynccontextmanager
    async def run(fake, *bots):
        async with running_bridge(tmp_path / "kept", config(tmp_path, fake, *bots)) as running:
            yield running

    return run


async def test_a_question_is_answered_once_and_told_of_once(fake, bot, ada, dm, bridge):
    async with bridge(fake, bot):
        ada.says(dm, "hello")
        await fake.until(dm.shown)
        ada.says(dm, "and again")
        await fake.until(lambda: len(dm.shown()) == 2)
    assert dm.shown() == [
        "Ada Lovelace (Bridge) said: hello",
        "Ada Lovelace (Bridge) said: and again",
    ]
    assert dm.notified() == dm.shown()


async def test_the_answer_is_seen_being_written(fake, bot, ada, dm, bridge):
    async with bridge(fake, bot):
        ada.says(dm, WORDS)
        await fake.until(lambda: dm.drafted)
        assert dm.shown() == [], "it is not said yet"
        await fake.until(dm.shown)
    assert dm.notified() == [f"Ada Lovelace (Bridge) said: {WORDS}"]


async def test_a_text_that_telegram_cut_in_two_is_one_question(fake, bot, ada, dm, bridge):
    """The second half comes as fast as the app sends it."""
    async with bridge(fake, bot):
        ada.says(dm, "x" * 4096)
        await asyncio.sleep(0.3)
        ada.says(dm, "END")
        await fake.until(lambda: any("END" in each for each in dm.shown()), within=20)
    assert any("x" in each and "END" in each for each in dm.shown()), "one answer tells both"


async def test_in_a_group_it_answers_whoever_speaks_to_it_alone(fake, bot, ada, bridge):
    team = fake.group("Team", bot)
    bot.privacy = False
    async with bridge(fake, bot):
        ada.says(team, "just talking")
        ada.says(team, "@bridge_bot hello")
        await fake.until(team.shown)
    assert team.shown() == ["Ada Lovelace (Bridge) said: hello"]


async def test_a_button_answers_the_question_and_goes(fake, bot, ada, dm, bridge):
    async with bridge(fake, bot):
        ada.says(dm, "ask")
        await fake.until(lambda: [each for each in dm.seen() if each.buttons])
        query = ada.presses(dm, "Tea")
        await fake.until(lambda: "Ada Lovelace chose Tea." in dm.shown())
        await fake.until(lambda: bot.queries[query] is not None)
    assert not [each for each in dm.seen() if each.buttons]


async def test_two_bots_show_one_session_with_who_said_what(fake, ada, bridge):
    one, two = fake.bot("one_bot", first="One"), fake.bot("two_bot", first="Two")
    bob = fake.person("Bob")
    here, there = one.dm(ada), two.dm(bob)
    async with bridge(fake, one, two):
        ada.says(here, "hello")
        await fake.until(here.shown)
        bob.says(there, "hi")
        await fake.until(lambda: "Bob (Two) said: hi" in here.shown()[-1])
        ada.sends(here, ("photo", b"picture"), caption="look")
        await fake.until(lambda: [each for each in there.seen() if each.file])
        await fake.until(lambda: "(with photo.jpg)" in there.shown()[-1])
    mirrored = next(each for each in there.seen() if each.file)
    assert mirrored.file.body == b"picture"
    assert mirrored.text == "Ada Lovelace · One\nlook"
    assert mirrored.silent
    assert "Bob · Two\nhi" in here.shown()
    assert "Bob · Two\nhi" not in here.notified()


async def test_what_may_have_been_shown_is_shown_once_more_and_marked(fake, bot, ada, dm, bridge):
    """Telegram cannot say what became of a message, so a lost answer is worse than two."""
    fake.fault("sendMessage", applied=True, hang_up=True)
    async with bridge(fake, bot):
        ada.says(dm, "hello")
        await fake.until(lambda: len(dm.shown()) == 2)
    answer = "Ada Lovelace (Bridge) said: hello"
    mark = texts.REPEATED.strip("_")
    assert dm.shown() == [answer, f"{answer}\n\n{mark}"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 407, "page": True},
        {"status": 429, "words": "Too Many Requests", "retry_after": 1, "times": 2},
    ],
)
async def test_what_was_surely_not_shown_is_shown_once(fake, bot, dm, bridge, fault):
    fake.fault("sendMessage", **fault)
    async with bridge(fake, bot):
        dm.person.says(dm, "hello")
        await fake.until(dm.shown)
    assert dm.shown() == ["Ada Lovelace (Bridge) said: hello"]


async def test_what_is_said_while_telegram_or_the_bridge_is_away_is_answered(
    fake, bot, ada, dm, bridge
):
    ada.says(dm, "before")
    async with bridge(fake, bot):
        await fake.until(dm.shown)
        await fake.down()
        ada.says(dm, "while down")
        await fake.up()
        await fake.until(lambda: len(dm.shown()) == 2)
    assert [each.rpartition(" said: ")[2] for each in dm.shown()] == ["before", "while down"]


async def test_a_bad_token_stops_its_account_alone(fake, ada, bridge):
    good, revoked = fake.bot("good_bot"), fake.bot("bad_bot", revoked=True)
    dm = good.dm(ada)
    async with bridge(fake, good, revoked):
        ada.says(dm, "hello")
        await fake.until(lambda: any("hello" in each for each in dm.shown()))


async def test_a_chat_has_several_sessions_and_goes_from_one_to_another(fake, bot, ada, dm, bridge):
    """What is said in one is not in the other; going back tells where it was left."""
    async with bridge(fake, bot):
        ada.says(dm, "about pigeons")
        await fake.until(lambda: len(dm.shown()) == 1)
        ada.says(dm, "/new Taxes")
        await fake.until(lambda: "Taxes begins here" in dm.shown()[-1])
        ada.says(dm, "about taxes")
        await fake.until(lambda: dm.shown()[-1].endswith("about taxes"))
        ada.says(dm, "/switch Main")
        await fake.until(lambda: "now follows Main" in dm.shown()[-1])
    assert "pigeons" in dm.shown()[-1]
    assert "taxes" not in dm.shown()[-1].casefold()


async def test_a_copy_is_made_up_to_a_message_and_a_file_of_it_comes(fake, bot, ada, dm, bridge):
    """Both in the chat where they were asked for; the other session is as it was."""
    async with bridge(fake, bot):
        first = ada.says(dm, "one")
        await fake.until(lambda: len(dm.shown()) == 1)
        ada.says(dm, "two")
        await fake.until(lambda: len(dm.shown()) == 2)
        ada.says(dm, "/fork What if", reply_to=first)
        await fake.until(lambda: any("in a copy of" in each for each in dm.shown()))
        ada.says(dm, "three")
        await fake.until(lambda: any("said: three" in each for each in dm.shown()))
        ada.says(dm, "/export")
        await fake.until(lambda: any("may read of this session" in each for each in dm.shown()))
    (file,) = [each.file for each in dm.messages.values() if each.file is not None]
    text = file.body.decode()
    assert ("> one" in text, "> two" in text, "> three" in text) == (True, False, True)
