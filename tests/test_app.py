"""The composition root: a configuration becomes a bridge that serves, and stops in order."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge import admission_texts, texts
from bridge.app import LINK_KEY, OWNER_TOKEN, SERVER, Running, running, serve
from bridge.config import load
from bridge.domain.content import Attachment
from bridge.domain.errors import ConfigError
from bridge.domain.ids import ChannelName, MediaId
from bridge.plugins import Section
from bridge.ports.channel import Channel, WebhookAnswer, WebhookCall
from bridge.ports.surroundings import ChannelSurroundings
from channels import memory
from channels.memory import MemoryChannel
from storage.sql.sqlite_files import restore
from tests.engine.rig import PATIENCE, SetClock
from tests.running import running_bridge

MEMORY = "store: {type: memory}\n"
MAIN = "/v1/stream/sessions/main"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@asynccontextmanager
async def client(bridge: Running) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {bridge.token}"}
    async with httpx.AsyncClient(
        base_url=bridge.url, headers=headers, timeout=PATIENCE, verify=False
    ) as made:
        yield made


async def events(bridge: Running) -> list[dict]:
    async with client(bridge) as asking:
        answer = await asking.get(MAIN)
    return answer.raise_for_status().json()


async def say(bridge: Running, text: str) -> None:
    async with client(bridge) as asking:
        said = {"type": "message", "text": text, "place": "web"}
        (await asking.post(f"{MAIN}/inbox", json=said)).raise_for_status()


async def until_said(bridge: Running, words: str) -> list[dict]:
    """Wait until the log holds an answer with these words."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await events(bridge)
            texts_said = [e["content"]["text"] for e in found if e["type"] == "message_composed"]
            if any(words in text for text in texts_said):
                return found
            await asyncio.sleep(0.02)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- a bridge that serves -------------------------------------------------------------------------


async def test_it_serves_and_answers(data: Path) -> None:
    """With nothing configured: a page's address, an owner, a first session, an agent."""
    async with running_bridge(data) as bridge:
        async with client(bridge) as asking:
            assert (await asking.get("/healthz")).status_code == 200
            assert (await asking.get("/readyz")).status_code == 200
            me = (await asking.get("/v1/me")).json()
            (session,) = (await asking.get("/v1/sessions")).json()["sessions"]
        assert me["name"] == texts.OWNER
        assert (session["id"], session["title"]) == ("main", texts.FIRST_TITLE)
        await say(bridge, "hello")
        said = await until_said(bridge, "Owner (browser) said: hello")
        assert [event["seq"] for event in said] == list(range(1, len(said) + 1))
        assert bridge.agent == "echo"


async def test_the_owners_token_is_for_its_owner_only(data: Path) -> None:
    async with running_bridge(data, MEMORY) as bridge:
        kept = data / OWNER_TOKEN
        assert kept.read_text().strip() == bridge.token
        assert mode(kept) == 0o600
        assert mode(data) == 0o700
        async with httpx.AsyncClient(base_url=bridge.url, verify=False) as stranger:
            assert (await stranger.get("/v1/me")).status_code == 401


async def test_a_data_folder_that_others_could_enter_is_closed_at_the_start(data: Path) -> None:
    data.mkdir(mode=0o755)
    async with running_bridge(data, MEMORY):
        assert mode(data) == 0o700


async def test_where_it_serves_is_in_a_file_while_it_serves(data: Path) -> None:
    """For the command line; other users cannot read it, and a stop takes it away."""
    async with running_bridge(data, MEMORY) as bridge:
        told = json.loads((data / SERVER).read_text())
        assert told == {"url": bridge.url, "pid": os.getpid()}
        assert mode(data / SERVER) == 0o600
    assert not (data / SERVER).exists()


async def test_what_a_killed_bridge_left_in_that_file_is_replaced(data: Path) -> None:
    data.mkdir()
    (data / SERVER).write_text('{"url": "http://127.0.0.1:1", "pid": 1}')
    async with running_bridge(data, MEMORY) as bridge:
        assert json.loads((data / SERVER).read_text())["url"] == bridge.url


async def test_a_stop_does_not_take_away_what_another_bridge_wrote(data: Path) -> None:
    async with running_bridge(data, MEMORY):
        (data / SERVER).write_text("another one's")
    assert (data / SERVER).read_text() == "another one's"


async def test_a_second_start_goes_on_where_the_first_one_stopped(data: Path) -> None:
    """The same token, the same session with the name people gave it; nothing is said anew."""
    async with running_bridge(data) as bridge:
        first = bridge
        await say(bridge, "hello")
        await until_said(bridge, "hello")
        before = await events(bridge)
    async with running_bridge(data) as bridge:
        assert bridge.token == first.token
        assert await events(bridge) == before
        await say(bridge, "hello again")
        await until_said(bridge, "hello again")


async def test_channels_are_connected_as_they_are_configured(data: Path) -> None:
    """Their names, their people, what they are called; a stranger is turned away."""
    config = MEMORY + (
        "channels:\n  chat: {type: memory, platform: test_app, label: Pigeons, allow: [ada]}\n"
    )
    platform = memory.platforms.setdefault("test_app", memory.MemoryPlatform())
    try:
        async with running_bridge(data, config) as bridge:
            platform.say("loft", "eve", "let me in")
            await platform.until(lambda: admission_texts.ASK_HOW in platform.notes("loft"))
            platform.say("loft", "ada", "coo")
            await platform.until(
                lambda: "ada (Pigeons) said: coo" in platform.shown("loft"), within=PATIENCE
            )
            await say(bridge, "who is there?")
            await platform.until(
                lambda: "Owner · browser: who is there?" in platform.shown("loft"), within=PATIENCE
            )
    finally:
        del memory.platforms["test_app"]


async def test_a_channel_that_its_platform_calls_is_called_under_its_name(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(channel: MemoryChannel, call: WebhookCall) -> WebhookAnswer:
        return WebhookAnswer(status=200, body=f"{channel.name}{call.path}".encode())

    monkeypatch.setattr(MemoryChannel, "receive", receive, raising=False)
    config = MEMORY + "channels: {chat: {type: memory}, mail: {type: memory}}\n"
    async with (
        running_bridge(data, config) as bridge,
        httpx.AsyncClient(base_url=bridge.url, verify=False) as platform,
    ):
        assert (await platform.post("/channels/mail/events")).text == "mail/events"
        assert (await platform.post("/channels/post")).status_code == 404


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> list[ChannelSurroundings]:
    """What each memory channel was given."""
    given: list[ChannelSurroundings] = []
    plugin = memory.plugin

    def create(name: ChannelName, section: Section, surroundings: ChannelSurroundings) -> Channel:
        given.append(surroundings)
        return plugin.create(name, section, surroundings)

    monkeypatch.setattr(memory, "plugin", replace(plugin, create=create))
    return given


CHAT = MEMORY + "channels: {chat: {type: memory}}\n"
PICTURE = Attachment(kind="image", name="a.png", mime="image/png", size=5, media=MediaId("m"))
HOUR = timedelta(hours=1)


async def test_without_a_public_address_no_platform_can_fetch_or_call(
    data: Path, around: list[ChannelSurroundings]
) -> None:
    async with running_bridge(data, CHAT):
        assert around[0].link(PICTURE, HOUR) is None
        assert around[0].webhook_url is None


async def test_a_platform_fetches_a_file_through_the_link_its_channel_makes(
    data: Path, around: list[ChannelSurroundings]
) -> None:
    """The key is kept: a link outlives the bridge that made it."""
    file = data.with_suffix(".yaml")
    http = "http: {port: 0, public_url: 'https://b.example/'}\n"
    file.write_text(f"data: {data}\ngrace: 0\n{http}{CHAT}")
    async with running(load(file, {})):
        blob = await around[0].blobs.put(_bytes(b"a cat"))
        link = around[0].link(replace(PICTURE, media=blob.media), HOUR) or ""
        assert around[0].webhook_url == "https://b.example/channels/chat"
        assert mode(data / LINK_KEY) == 0o600
    async with running(load(file, {})):
        here = json.loads((data / SERVER).read_text())["url"]
        async with httpx.AsyncClient(verify=False) as platform:
            fetched = await platform.get(link.replace("https://b.example", here))
        assert (fetched.content, fetched.headers["content-type"]) == (b"a cat", "image/png")


async def _bytes(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def test_files_are_kept_as_it_is_configured(data: Path) -> None:
    async with running_bridge(data, MEMORY):
        assert mode(data / "media") == 0o700
    (data / "file").write_text("")
    with pytest.raises(ConfigError, match=r"media: .* cannot be used"):
        async with running_bridge(data, MEMORY + "media: {type: folder, path: file}\n"):
            pass


# -- a bridge that cannot serve -------------------------------------------------------------------


async def test_a_port_that_is_taken_is_told_before_anything_runs(data: Path) -> None:
    """And leaves nothing that says a bridge is there; once it is free, all is well."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        file = data.with_suffix(".yaml")
        file.write_text(f"data: {data}\nhttp: {{port: {port}}}\n")
        config = load(file, {})
        with pytest.raises(ConfigError, match=rf"http\.port: {port} .* is in use"):
            async with running(config):
                pass
        assert not (data / SERVER).exists()
    async with running(config) as bridge:
        assert bridge.url == f"http://127.0.0.1:{port}"


async def test_a_token_file_that_holds_no_token_is_told(data: Path) -> None:
    data.mkdir()
    (data / OWNER_TOKEN).write_text("not a token\n")
    with pytest.raises(ConfigError, match="holds no token"):
        async with running_bridge(data, MEMORY):
            pass


# -- a bridge that stops --------------------------------------------------------------------------


async def test_a_stop_ends_the_streams_that_are_followed(data: Path) -> None:
    """A client is told by the end of its stream, not by a broken connection."""
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as still_open:
        async with running_bridge(data, MEMORY) as bridge:
            asking = await still_open.enter_async_context(client(bridge))
            request = asking.build_request("GET", MAIN, params={"offset": "-1", "live": "sse"})
            answer = await asking.send(request, stream=True)
            reading = asyncio.create_task(answer.aread())
            await say(bridge, "hello")
            await until_said(bridge, "hello")
            assert not reading.done()
        read = await reading
    assert b"event: data" in read
    assert b"hello" in read


async def test_a_stop_lets_an_answer_finish_within_the_grace(data: Path) -> None:
    async with running_bridge(data) as bridge:
        await say(bridge, "slow 0.5")
        async with asyncio.timeout(PATIENCE):
            while not any(e["type"] == "run_started" for e in await events(bridge)):
                await asyncio.sleep(0.01)
    async with running_bridge(data) as bridge:
        ends = [e["outcome"] for e in await events(bridge) if e["type"] == "run_finished"]
        assert ends == ["completed"]


async def test_a_signal_stops_it(data: Path) -> None:
    """`serve` returns once everything is closed."""
    file = data.with_suffix(".yaml")
    file.write_text(f"data: {data}\nhttp: {{port: 0}}\ngrace: 1\n{MEMORY}")
    announced: asyncio.Queue[Running] = asyncio.Queue()
    serving = asyncio.create_task(
        serve(load(file, {}), announce=lambda bridge, _: announced.put_nowait(bridge))
    )
    async with asyncio.timeout(PATIENCE):
        bridge = await announced.get()
        async with client(bridge) as asking:
            assert (await asking.get("/healthz")).status_code == 200
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    assert not (data / SERVER).exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, "a second one would end it at once"


# -- the doctor -----------------------------------------------------------------------------------


async def checks(bridge: Running) -> dict[str, dict]:
    async with client(bridge) as asking:
        report = (await asking.get("/v1/doctor")).raise_for_status().json()
    return {check["name"]: check for check in report["checks"]}


async def test_the_doctor_finds_a_healthy_bridge_healthy(data: Path) -> None:
    config = MEMORY + "channels: {chat: {type: memory}}\n"
    async with running_bridge(data, config) as bridge:
        found = await checks(bridge)
        assert {"store", "deliveries", "worker chat"} <= set(found)
        assert all(check["ok"] for check in found.values())


async def test_the_doctor_names_the_channel_whose_credentials_are_refused(data: Path) -> None:
    config = MEMORY + (
        "channels:\n  chat: {type: memory, platform: test_doctor}\n  mail: {type: memory}\n"
    )
    platform = memory.platforms.setdefault("test_doctor", memory.MemoryPlatform())
    platform.refuse(memory.Unauthorized("the token was revoked"), on="listen", times=None)
    try:
        async with running_bridge(data, config) as bridge:
            async with asyncio.timeout(PATIENCE):
                while (await checks(bridge))["worker chat"]["ok"]:
                    await asyncio.sleep(0.02)
            found = await checks(bridge)
            assert "revoked" in found["worker chat"]["detail"]
            assert found["worker chat"]["fix"] == texts.FIX_CHANNEL
            assert found["worker mail"]["ok"]
            async with client(bridge) as asking:
                assert (await asking.get("/readyz")).status_code == 200, "the rest works"
    finally:
        del memory.platforms["test_doctor"]


async def test_it_runs_by_the_clock_it_is_given(data: Path) -> None:
    file = data.with_suffix(".yaml")
    file.write_text(f"data: {data}\nhttp: {{port: 0}}\ngrace: 0\n{MEMORY}")
    clock = SetClock()
    async with running(load(file, {}), clock) as bridge:
        at = {event["at"] for event in await events(bridge)}
    assert len(at) == 1
    assert at.pop().startswith(clock.now().strftime("%Y-%m-%dT%H:%M"))


def codes_in(file: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT key, value FROM facts WHERE scope = 'codes'").fetchall()
    return {key: json.loads(value) for key, value in found}


APP = "channels:\n  chat: {type: memory, allow: [ada]}\n"
"""One app, for where there is none no code is given."""


async def test_a_database_that_was_restored_has_no_code_left_that_works(tmp_path: Path) -> None:
    """A code of before the copy may have been used since, by anyone whom it was shown to."""
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    async with running_bridge(data, APP) as bridge:
        headers = {"Authorization": f"Bearer {bridge.token}"}
        async with httpx.AsyncClient(
            base_url=bridge.url, headers=headers, trust_env=False
        ) as client:
            asked = {"type": "message", "text": "/link"}
            answer = await client.post("/v1/stream/sessions/main/inbox", json=asked)
            assert "/link " in answer.json()["reply"]
            copy.write_bytes((await client.post("/v1/backup")).content)
    restore(data / "bridge.db", copy, now=datetime.now(UTC))
    async with running_bridge(data, APP):
        pass
    copied, kept = codes_in(copy), codes_in(data / "bridge.db")
    left = [kept[each]["void"] for each in copied if each in kept]
    assert left == [True], "the owner's own code is another one"
