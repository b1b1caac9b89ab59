"""Every request of the client, and every object of the fake, is as the Bot API describes it.

The tables in tests/fakes/telegram/fields.py stand in for the documentation; where `BRIDGE_SPECS`
names a folder that has the official description, that is asked too. The other tests of this
channel are checked like this as well; this one sees to it that nothing is left out.
"""

import pytest

from bridge.demo.telegram import checking
from bridge.demo.telegram.fields import METHODS
from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.telegram.world import entity
from bridge.domain.ids import RunId
from bridge.domain.parts import Button, Reply
from tests.channels.telegram.connected import SPECS, Ear, connect, part, specs

YES = (Button(value="q:1", label="Yes"),)
NEVER_USED = {"setWebhook", "getChat"}
"""Known to the fake, and none of the bridge's business."""


async def everything_is_said(fake, bot, ada):
    """People do everything that the channel reads."""
    dm, team = bot.dm(ada), fake.group("Team", bot, forum=True)
    bot.privacy = False
    thread = team.topic("Plans", ada)
    said = ada.says(dm, "so bold", entities=[entity("so bold", "bold", "bold")])
    ada.corrects(said, "so be it")
    ada.says(team, "@bridge_bot /status", thread=thread, reply_to=said)
    for kind in ("photo", "voice", "audio", "video", "video_note", "animation", "document"):
        ada.sends(dm, (kind, b"body"), caption="look")
    ada.sends(dm, ("photo", b"1"), ("photo", b"2"))
    place = {"latitude": 1.5, "longitude": 2.5}
    ada.sends_something(dm, location=place)
    ada.sends_something(dm, location=place, venue={"location": place, "title": "a", "address": "b"})
    ada.sends_something(dm, contact={"phone_number": "1", "first_name": "Bob"})
    ada.sends_something(dm, dice={"emoji": "🎲", "value": 3})
    origin = {"type": "user", "date": 1, "sender_user": ada.json()}
    ada.says(dm, "passed on", forward_origin=origin, quote={"text": "a", "position": 0})
    fake.group("Old", bot, kind="group").upgrade()
    ada.adds(bot, fake.group("New"))
    dm.add(bot, text="Shall I?", keyboard=[[{"text": "Yes", "callback_data": "q:1"}]])
    ada.presses(dm, "Yes")
    ada.presses(dm, "Yes", too_old=True)
    return len(bot.updates)


async def everything_is_shown(telegram, dm):
    channel, at, keep = telegram.channel, telegram.at(dm), telegram.blobs.keep
    sent = await channel.send(at, part("**a** [b](https://c.example)", buttons=YES, silent=True))
    await channel.edit(at, sent.message, part("`b`", reply_to=sent.message))
    await channel.edit(at, sent.message, part("", buttons=YES))
    await channel.preview(at, part("so far", run=RunId("r_1")))
    await channel.typing(at)
    await channel.react(at, sent.message, ["👀"], [])
    await channel.react(at, sent.message, [], ["👀"])
    files = [
        keep("image", "a.png", "image/png", b"a"),
        keep("voice", "a.ogg", "audio/ogg", b"b"),
        keep("audio", "a.mp3", "audio/mpeg", b"c"),
        keep("video", "a.mp4", "video/mp4", b"d"),
        keep("file", "a.pdf", "application/pdf", b"e"),
    ]
    for file in files:
        sent = await channel.send(at, part("*look*", attachments=(file,), reply_to=sent.message))
    await channel.edit(at, sent.message, part("looked", attachments=(files[-1],)))
    await channel.delete(at, sent.message)
    for album in ((files[0], files[3]), (files[4], files[1])):
        sent = await channel.send(at, part("**look**", attachments=album))
    await channel.delete(at, sent.message)


async def test_every_request_and_every_object_fits(capsys, monkeypatch):
    monkeypatch.setattr("channels.telegram.channel.Budget.spend", lambda *_: None)
    async with FakeTelegram.open(specs()) as fake:
        bot, ada = fake.bot("bridge_bot"), fake.person("Ada")
        telegram = connect(fake, bot)
        waiting = await everything_is_said(fake, bot, ada)
        ear = Ear(reply=Reply(text="**yes**"))
        async with telegram.listening(ear):
            await telegram.until(lambda: len(bot.confirmed) == waiting)
            file = ear.files[0]
            assert [chunk async for chunk in telegram.channel.download(file)] == [b"body"]
        await everything_is_shown(telegram, bot.dm(ada))
        await telegram.channel.diagnose()
        bot.webhook = "https://elsewhere.example"
        async with telegram.listening(ear):
            await telegram.until(lambda: bot.webhook == "")
        with capsys.disabled():
            _print_counts(fake)
    assert fake.problems == []
    assert METHODS.keys() - NEVER_USED - fake.calls.keys() == set()


def _print_counts(fake):
    checker = fake.checkers[-1]
    by = "the official description" if len(fake.checkers) > 1 else "our tables"
    counts = ", ".join(f"{name} {count}" for name, count in sorted(checker.checked.items()))
    print(f"\nvalidated by {by}, {sum(checker.checked.values())} in all: {counts}")  # noqa: T201


def test_our_tables_agree_with_the_official_description():
    folder = specs()
    official = checking.official(folder) if folder is not None else None
    if official is None:
        pytest.skip(f"{SPECS} names no folder with {checking.SPEC}")
    own = checking.own()
    for name, fields in {**own.methods, **own.types}.items():
        theirs = official.methods.get(name) or official.types.get(name) or {}
        for field, known in fields.items():
            assert field in theirs, f"{name}.{field}"
            required = theirs[field].required or name.startswith("editMessage")
            assert required or not known.required, f"{name}.{field}"
        for field, described in theirs.items():
            assert not described.required or field in fields, f"{name}.{field} is missing"
