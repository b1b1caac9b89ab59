"""Rooms and codes on real client libraries: what a stranger in a group can get, and what not."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bridge import admission_texts, texts
from bridge.app import Running
from bridge.demo.apps import four
from tests.running import running_bridge
from tests.waiting import until

CODE = re.compile(r"/link (\w{5}-\w{5})")
SECRET = "the safe opens with 4711"


@dataclass
class Stage:
    """One app: Ada is on the list, Mallory is not; both are in a room with the bot."""

    ada: Callable[[str], Any]
    mallory: Callable[[str], Any]
    in_room: Callable[[str], Any]
    mention: str
    adas: Callable[[], list[str]]
    mallorys: Callable[[], list[str]]
    room: Callable[[], list[str]]
    ada_id: str
    section: dict[str, str]
    ready: Callable[[], object]


def telegram(apps) -> Stage:
    app = apps.telegram
    ada, mallory, bot = app.person, app.fake.person("Mallory"), app.bot
    bot.privacy = False
    team, dm = app.fake.group("Team", bot), bot.dm(mallory)
    return Stage(
        ada=app.says,
        mallory=lambda text: mallory.says(dm, text),
        in_room=lambda text: ada.says(team, text),
        mention=f"@{bot.username} ",
        adas=app.chat.shown,
        mallorys=dm.shown,
        room=team.shown,
        ada_id=str(ada.id),
        section=dict(app.section()),
        ready=lambda: True,
    )


def discord(apps) -> Stage:
    app = apps.discord
    mallory, room = app.fake.person("Mallory"), app.fake.room("team")
    dm = app.fake.direct(mallory)
    return Stage(
        ada=app.says,
        mallory=lambda text: mallory.says(dm, text),
        in_room=lambda text: app.person.says(room, text),
        mention=f"{app.fake.bot.mention()} ",
        adas=lambda: app.fake.shown(app.chat),
        mallorys=lambda: app.fake.shown(dm),
        room=lambda: app.fake.shown(room),
        ada_id=str(app.person.person.id),
        section=dict(app.section()),
        ready=lambda: app.fake.gateway.identified,
    )


def slack(apps) -> Stage:
    app = apps.slack
    mallory = app.fake.person("Mallory")
    room, dm = app.fake.room("team", app.person, mallory), app.fake.dm(mallory)
    everything = room.messages.values
    return Stage(
        ada=app.says,
        mallory=lambda text: mallory.says(dm, text),
        in_room=lambda text: app.person.says(room, text),
        mention=f"<@{app.fake.workspace.bot_user}> ",
        adas=lambda: [each.shown for each in app.chat.visible() if each.bot],
        mallorys=lambda: [each.shown for each in dm.visible() if each.bot],
        room=lambda: [
            *(each.shown for each in everything() if each.bot),
            *(given["text"] for _, given in room.ephemeral),
        ],
        ada_id=app.person.id,
        section={**app.section(), "threads": "never"},
        ready=lambda: app.fake.sockets.connected,
    )


@asynccontextmanager
async def staged(folder, make) -> AsyncIterator[tuple[Running, Stage]]:
    async with four() as apps:
        stage = make(apps)
        lines = []
        for key, value in stage.section.items():
            if key in {"token", "bot_token", "app_token"}:
                file = folder / key
                file.write_text(value)
                file.chmod(0o600)
                lines.append(f"    {key}: {{file: {file}}}")
            else:
                lines.append(f'    {key}: "{value}"')
        section = "\n".join([*lines, f'    allow: ["{stage.ada_id}"]', "    welcome: false"])
        config = f"agents: {{echo: {{type: echo, delay: 0}}}}\nchannels:\n  app:\n{section}\n"
        async with running_bridge(folder / "data", config) as bridge:
            await until(stage.ready)
            yield bridge, stage


def has(shown: Callable[[], list[str]], words: str) -> Callable[[], bool]:
    flat = " ".join(re.sub(r"[*_`]", "", words).split())
    return lambda: any(flat in " ".join(re.sub(r"[*_`]", "", t).split()) for t in shown())


async def push(bridge: Running, text: str) -> None:
    headers = {"Authorization": f"Bearer {bridge.token}"}
    async with httpx.AsyncClient(base_url=bridge.url, headers=headers, trust_env=False) as client:
        body = {"type": "push", "text": text}
        answer = await client.post("/v1/stream/sessions/main/inbox", json=body)
        assert answer.status_code == 200, answer.text


APPS = pytest.mark.parametrize("make", [telegram, discord, slack])


@APPS
async def test_a_stranger_in_a_room_with_the_owner_becomes_nobody(tmp_path, make) -> None:
    """No code is shown there, and one that is typed there anyway is worth nothing."""
    async with staged(tmp_path, make) as (_, stage):
        stage.in_room(f"{stage.mention}/link")
        await until(has(stage.room, texts.LINK_IN_PRIVATE))
        assert not any(CODE.search(each) for each in stage.room())
        stage.ada("/link")
        await until(lambda: any(CODE.search(each) for each in stage.adas()))
        (code,) = {found[1] for each in stage.adas() if (found := CODE.search(each))}
        stage.in_room(f"I got {code.lower().replace('-', ' ')}")
        await until(has(stage.room, texts.CODE_SEEN))
        await until(has(stage.adas, "It no longer works"))
        stage.mallory(f"/link {code}")
        await until(has(stage.mallorys, texts.BAD_CODE))
        stage.mallory("hello")
        await until(has(stage.mallorys, admission_texts.ASK_HOW))
        assert not any("said: hello" in each for each in stage.mallorys())


@APPS
async def test_a_code_of_someone_who_is_here_makes_nobody_them(tmp_path, make) -> None:
    async with staged(tmp_path, make) as (_, stage):
        stage.ada("/link")
        await until(lambda: any(CODE.search(each) for each in stage.adas()))
        (code,) = {found[1] for each in stage.adas() if (found := CODE.search(each))}
        stage.mallory(f"/link {code}")
        await until(has(stage.mallorys, texts.ISSUER_IS_HERE))
        await until(has(stage.adas, "sent your code but could not become you"))


@APPS
async def test_a_room_reads_nothing_of_another_session(tmp_path, make) -> None:
    """Neither by a word that is overheard, nor once it has a session, nor by a code typed there."""
    async with staged(tmp_path, make) as (bridge, stage):
        stage.ada("hello")
        await until(has(stage.adas, "said: hello"))
        stage.in_room("good morning")
        await push(bridge, SECRET)
        await until(has(stage.adas, SECRET))
        stage.in_room(f"{stage.mention}nice day")
        await until(has(stage.room, "said: nice day"))
        stage.ada("/link")
        await until(lambda: any(CODE.search(each) for each in stage.adas()))
        (code,) = {found[1] for each in stage.adas() if (found := CODE.search(each))}
        stage.in_room(f"{stage.mention}/link {code}")
        await until(has(stage.room, texts.CODE_SEEN))
        await push(bridge, f"again: {SECRET}")
        await until(has(stage.adas, f"again: {SECRET}"))
        stage.in_room(f"{stage.mention}still here")
        await until(has(stage.room, "said: still here"))
        assert not has(stage.room, SECRET)()


@APPS
async def test_an_owner_lets_a_room_follow_knowing_how_many_read_it(tmp_path, make) -> None:
    async with staged(tmp_path, make) as (bridge, stage):
        stage.ada(bridge.code)
        await until(has(stage.adas, "You are now the owner"))
        stage.in_room(f"{stage.mention}/follow main")
        await until(has(stage.room, "/follow main yes"))
        assert any(re.search(r"up to [1-9]\d* people", each) for each in stage.room())
        stage.in_room(f"{stage.mention}/follow main yes")
        await until(has(stage.room, "now follows this session"))
        await push(bridge, "for all")
        await until(has(stage.room, "for all"))
        stage.in_room(f"{stage.mention}/unfollow")
        await until(has(stage.room, "has a session of its own"))
