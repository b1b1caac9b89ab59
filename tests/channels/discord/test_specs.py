"""Neither the client nor the fake decides what Discord's API is: its documentation does.

Every request and every object is held against the field tables, wherever the fake is used. Where
Discord's own OpenAPI description is at hand (`BRIDGE_SPECS` names its folder) they are held against
that as well.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.discord.fields import CREATE, Checker
from bridge.domain.content import Attachment
from bridge.domain.ids import MediaId
from bridge.domain.parts import Button, Reply
from tests.channels.discord.account import Account, Ear, part
from tests.waiting import until

SPEC = Path(os.environ.get("BRIDGE_SPECS", "")) / "discord_openapi.json"

NEEDLESS = {"edit": {"tts"}}
"""Fields that the library sends where Discord knows none; it ignores them."""


async def day(discord: FakeDiscord) -> None:
    """Live through everything that passes between a bot and Discord."""
    account = Account(discord)
    account.blobs.kept["m_1"] = b"\x89PNG"
    ada, room = discord.person("Ada"), discord.room()
    at = account.at(room)
    picture = Attachment(kind="image", name="a.png", mime="image/png", size=4, media=MediaId("m_1"))
    async with account.listening(Ear(reply=Reply(text="noted"))) as ear:
        asked = ada.says(room, "hello", files={"a.txt": ("text/plain", b"a")})
        sent = await account.channel.send(at, part("one", 1, reply_to=str(asked.id)))
        await account.channel.edit(at, sent.message, part("two", 2))
        yes = Button(value="a:q_1:0", label="Yes")
        asking = part("sure?", 3, attachments=(picture,), buttons=(yes,), silent=True)
        await account.channel.send(at, asking)
        await account.channel.typing(at)
        await account.channel.resolve(at, part("lost", 9))
        await account.channel.delete(at, sent.message)
        card = next(each for each in discord.messages(room) if each.buttons)
        ada.presses(card, "Yes")
        ada.commands(discord.direct(ada), "help")
        ada.says(discord.thread("plans", room), "in here")
        ada.says(discord.direct(ada), "just us")
        await ear.until(5)
        ear.slow[str(room.id)] = asyncio.Event()
        slow = [ada.commands(room, "help"), ada.presses(card, "Yes")]
        await until(lambda: all(each.answers for each in slow))
        ear.slow[str(room.id)].set()
        await until(lambda: all(each.whispers for each in slow))
        await until(lambda: discord.calls["register"])
    ear.reply = None
    async with account.listening(ear):
        ada.commands(room, "stop")
        await until(lambda: discord.calls["withdraw"])
        await account.channel.diagnose()


async def test_a_day_with_discord_keeps_to_the_documentation(discord, capsys):
    await day(discord)
    assert discord.checker.faults == []
    counts = discord.checker.counts
    with capsys.disabled():
        sys.stdout.write(f"\nheld against the field tables: {sorted(counts.items())}\n")
    assert {"Create Message", "Edit Message", "Interaction Response", "MESSAGE_CREATE"} <= set(
        counts
    )


def test_the_field_tables_refuse_what_the_documentation_does():
    checker = Checker()
    checker.check("Create Message", CREATE, {"content": 7, "nonce": "x" * 26, "text": "hello"})
    assert sorted(checker.faults) == [
        "Create Message.content: 7 is no text",
        "Create Message.nonce: longer than 25",
        "Create Message.text: unknown",
    ]


def _as_described(operation, body):
    """Return a body with what the description is stricter about than the documentation."""
    if not isinstance(body, dict):
        return body
    kept = {key: value for key, value in body.items() if key not in NEEDLESS.get(operation, ())}
    if "attachments" in kept:  # the documentation's own examples have numbers for ids
        kept["attachments"] = [each | {"id": str(each["id"])} for each in kept["attachments"]]
    return kept


@pytest.mark.skipif(not SPEC.is_file(), reason="BRIDGE_SPECS names no folder with Discord's API")
async def test_a_day_with_discord_keeps_to_discords_own_description(discord, capsys):
    from openapi_core import OpenAPI
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.testing import MockRequest, MockResponse

    await day(discord)
    described = OpenAPI.from_dict(json.loads(SPEC.read_text()))
    counts, faults = Counter(), []
    for each in discord.exchanges:
        body = _as_described(each.operation, each.body)
        request = MockRequest(
            "https://discord.com",
            each.method.lower(),
            f"/api/v10{each.path}",
            args=dict(each.query),
            data=json.dumps(body).encode() if body is not None else b"",
            headers={"Authorization": "Bot x"},
        )
        answer = json.dumps(each.answer).encode() if each.answer is not None else b""
        response = MockResponse(answer, status_code=each.status)
        counts[each.operation] += 1
        try:
            described.validate_request(request)
            described.validate_response(request, response)
        except OpenAPIError as error:
            faults.append((each.operation, each.path, repr(error), repr(error.__cause__)))
    with capsys.disabled():
        sys.stdout.write(f"\nheld against Discord's description: {sorted(counts.items())}\n")
    assert faults == []
