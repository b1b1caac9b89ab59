"""A stranger asks to be let in, and the owner answers on the card; on real client libraries."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bridge import admission_texts
from bridge.app import Running
from bridge.demo.apps import Apps, four
from tests.running import running_bridge
from tests.waiting import until

NAME = "Ad\u0430 @channel"  # with a Cyrillic letter
WORDS = "it is *me*\n<!channel> @here https://evil.example \u202eolleh"


@dataclass
class Stage:
    """One app: Ada comes to own the bridge; a stranger who calls herself so is let in nowhere."""

    ada: Callable[[str], Any]
    presses: Callable[[str], Any]
    stranger: Callable[[str], Any]
    adas: Callable[[], list[tuple[str, list[str]]]]
    strangers: Callable[[], list[str]]
    section: dict[str, str]
    ready: Callable[[], object]

    def card(self) -> tuple[str, list[str]] | None:
        """Return the newest card that Ada sees: its words and its buttons."""
        found = [each for each in self.adas() if "asks to be let in" in each[0]]
        return found[-1] if found else None


def telegram(apps: Apps) -> Stage:
    app = apps.telegram
    stranger = app.fake.person(NAME)
    dm = app.bot.dm(stranger)
    return Stage(
        ada=app.says,
        presses=app.presses,
        stranger=lambda text: stranger.says(dm, text),
        adas=lambda: [(each.text, list(each.buttons)) for each in app.seen() if not each.who],
        strangers=dm.shown,
        section=dict(app.section()),
        ready=lambda: True,
    )


def slack(apps: Apps) -> Stage:
    app = apps.slack
    stranger = app.fake.person("Mallory")
    stranger.person.name = NAME
    dm = app.fake.dm(stranger)
    return Stage(
        ada=app.says,
        presses=app.presses,
        stranger=lambda text: stranger.says(dm, text),
        adas=lambda: [(each.text, list(each.buttons)) for each in app.seen() if not each.who],
        strangers=lambda: [each.shown for each in dm.visible() if each.bot],
        section={**app.section(), "threads": "never"},
        ready=lambda: app.fake.sockets.connected,
    )


@asynccontextmanager
async def staged(folder, make, more: str = "") -> AsyncIterator[tuple[Running, Stage]]:
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
        section = "\n".join([*lines, "    welcome: false", more])
        config = f"agents: {{echo: {{type: echo, delay: 0}}}}\nchannels:\n  app:\n{section}\n"
        async with running_bridge(folder / "data", config) as bridge:
            await until(stage.ready)
            stage.ada(bridge.code)
            await until(lambda: any("owner" in text for text, _ in stage.adas()))
            yield bridge, stage


def has(shown: Callable[[], list[str]], words: str) -> Callable[[], bool]:
    flat = re.sub(r"[*_`]", "", words)
    return lambda: any(flat in re.sub(r"[*_`]", "", each) for each in shown())


APPS = pytest.mark.parametrize("make", [telegram, slack])


@APPS
async def test_a_stranger_asks_the_owner_allows_it_and_they_talk(tmp_path, make) -> None:
    async with staged(tmp_path, make) as (_, stage):
        stage.stranger("my secret plan")
        await until(has(stage.strangers, admission_texts.ASK_HOW))
        stage.stranger(f"/ask {WORDS}")
        await until(has(stage.strangers, admission_texts.ASKED))
        await until(stage.card)
        text, buttons = stage.card()
        assert buttons == ["Allow", "Deny"]
        assert not set(text) & set("<>\u202e@")
        assert "https://evil.example" not in text
        assert "secret" not in text
        stage.presses("Allow")
        await until(has(stage.strangers, admission_texts.YOU_ARE_IN))
        await until(lambda: not stage.card()[1])
        assert "was let in by" in stage.card()[0]
        stage.stranger("good morning")
        await until(has(stage.strangers, "said: good morning"))
        assert not any("secret" in text for text, _ in stage.adas())


@APPS
async def test_a_stranger_who_is_denied_hears_nothing_of_it(tmp_path, make) -> None:
    async with staged(tmp_path, make) as (_, stage):
        stage.stranger("/ask")
        await until(stage.card)
        stage.presses("Deny")
        await until(lambda: not stage.card()[1])
        assert "was not let in" in stage.card()[0]
        stage.stranger("/ask please")
        await until(lambda: len([*filter(has_asked, stage.strangers())]) == 2)
        assert len([text for text, _ in stage.adas() if "asks to be let in" in text]) == 1


def has_asked(text: str) -> bool:
    return admission_texts.ASKED in text


@APPS
async def test_the_owner_answers_in_the_page_and_the_card_in_the_app_says_so(
    tmp_path, make
) -> None:
    async with staged(tmp_path, make) as (bridge, stage):
        stage.stranger("/ask")
        await until(stage.card)
        headers = {"Authorization": f"Bearer {bridge.token}"}
        async with httpx.AsyncClient(base_url=bridge.url, headers=headers, trust_env=False) as page:
            (asked,) = (await page.get("/v1/requests")).json()["requests"]
            told = await page.post(f"/v1/requests/{asked['number']}", json={"allow": True})
            assert "was let in by" in told.json()["text"]
        await until(lambda: not stage.card()[1])
        await until(has(stage.strangers, admission_texts.YOU_ARE_IN))


@APPS
async def test_whoever_was_let_in_and_put_out_again_is_shown_nothing_more(tmp_path, make) -> None:
    async with staged(tmp_path, make) as (_, stage):
        stage.stranger("/ask")
        await until(stage.card)
        stage.presses("Allow")
        await until(has(stage.strangers, admission_texts.YOU_ARE_IN))
        await until(lambda: not stage.card()[1])
        number = re.search(r"/unlink (\w{6})", stage.card()[0])[1]
        stage.ada("before")
        await until(has(stage.strangers, "said: before"))
        stage.ada(f"/unlink {number}")
        await until(lambda: any("I do not know" in text for text, _ in stage.adas()))
        stage.ada("between us")
        await until(lambda: any("said: between us" in text for text, _ in stage.adas()))
        stage.stranger("hello?")
        await until(has(stage.strangers, admission_texts.ASK_HOW))
        assert not any("between us" in text for text in stage.strangers())


@APPS
async def test_an_invitation_brings_somebody_in_as_a_viewer(tmp_path, make) -> None:
    async with staged(tmp_path, make) as (_, stage):
        stage.ada("/invite viewer uses 2 for 7d")
        await until(lambda: any("This invites 2 people" in text for text, _ in stage.adas()))
        (text,) = [text for text, _ in stage.adas() if "This invites 2 people" in text]
        code = re.search(r"\b(\w{5}-\w{5})\b", text)[1]
        if make is telegram:
            assert f"https://t.me/bridge_bot?start={code}" in text
        stage.stranger(f"/start {code}")
        await until(has(stage.strangers, "as a viewer"))
        await until(lambda: any("came by your invitation" in text for text, _ in stage.adas()))
        stage.ada("read this")
        await until(has(stage.strangers, "said: read this"))
        stage.stranger("may I?")
        await until(has(stage.strangers, "you cannot write in it"))


@APPS
@pytest.mark.parametrize(("asked", "reads"), [("/invite", False), ("/invite with history", True)])
async def test_who_is_invited_reads_nothing_earlier_unless_the_invitation_says_so(
    tmp_path, make, asked, reads
) -> None:
    async with staged(tmp_path, make) as (_, stage):
        stage.ada("between us")
        await until(lambda: any("said: between us" in text for text, _ in stage.adas()))
        stage.ada(asked)
        await until(lambda: any("This invites 1 person" in text for text, _ in stage.adas()))
        (text,) = [text for text, _ in stage.adas() if "This invites 1 person" in text]
        assert ("also what was said before" in text) is reads
        code = re.search(r"\b(\w{5}-\w{5})\b", text)[1]
        stage.stranger(f"/start {code}")
        await until(has(stage.strangers, "as a member"))
        stage.ada("welcome")
        await until(has(stage.strangers, "said: welcome"))
        stage.stranger("/history 30")
        await until(lambda: sum("said: welcome" in each for each in stage.strangers()) == 2)
        assert any("between us" in each for each in stage.strangers()) is reads
