"""Messages that carry files."""

from typing import Any

import httpx

from bridge.http.attachments import MOST
from tests.http.rig import INBOX, MAIN, STREAM, Bridge, numbered, put

NONE = "m_" + "0" * 64


async def upload(client: httpx.AsyncClient, body: bytes = b"hello") -> str:
    answer = await client.post("/v1/media", content=body, headers={"Content-Type": "image/png"})
    media: str = answer.json()["media"]
    return media


def message(*files: dict[str, Any], text: str = "") -> dict[str, Any]:
    return {"type": "message", "text": text, "attachments": list(files)}


async def last(client: httpx.AsyncClient) -> dict[str, Any]:
    event: dict[str, Any] = (await client.get(STREAM)).json()[-1]
    return event


async def test_a_message_carries_files_as_they_are_kept(ada) -> None:
    """The size is what was counted; the kind follows from the type; the name is made harmless."""
    media = await upload(ada)
    file = {"media": media, "name": "../a.png", "mime": "IMAGE/png; x=y", "size": 999}
    await put(ada, message(file, text="look"))
    assert (await last(ada))["content"] == {
        "text": "look",
        "attachments": [
            {"kind": "image", "name": "a.png", "mime": "image/png", "size": 5, "media": media}
        ],
    }


async def test_files_alone_are_a_message(ada) -> None:
    media = await upload(ada)
    await put(ada, message({"media": media}))
    assert (await last(ada))["content"] == {
        "attachments": [
            {
                "kind": "file",
                "name": "file",
                "mime": "application/octet-stream",
                "size": 5,
                "media": media,
            }
        ]
    }
    nothing = await ada.post(INBOX, json=message())
    assert nothing.status_code == 403


async def test_a_voice_message_says_that_it_is_one(ada) -> None:
    media = await upload(ada)
    await put(ada, message({"media": media, "mime": "audio/ogg", "kind": "voice"}))
    assert (await last(ada))["content"]["attachments"][0]["kind"] == "voice"


async def test_a_push_carries_files_too(ada) -> None:
    media = await upload(ada)
    push = {"type": "push", "text": "", "key": "k", "attachments": [{"media": media}]}
    assert (await put(ada, push))["events"] == (await put(ada, push))["events"]
    pushed = await last(ada)
    assert pushed["type"] == "pushed"
    assert [each["media"] for each in pushed["content"]["attachments"]] == [media]


async def test_a_command_takes_no_files(bridge: Bridge, ada) -> None:
    """They would be lost without a word."""
    media = await upload(ada)
    answer = await ada.post(INBOX, json=message({"media": media}, text="/status"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert "a command takes no files" in answer.json()["error"]["message"]
    await put(ada, message({"media": media}, text="/usr/bin is a path"))
    assert await bridge.store.head(MAIN) == 3


async def test_a_file_that_is_not_kept_is_named(bridge: Bridge, ada) -> None:
    media = await upload(ada)
    answer = await ada.post(INBOX, json=message({"media": media}, {"media": NONE}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert answer.json()["error"]["message"].startswith("attachments.1.media: there is no such")
    assert await bridge.store.head(MAIN) == 2


async def test_what_is_no_attachment_is_malformed(bridge: Bridge, ada) -> None:
    media = await upload(ada)
    wrong: tuple[Any, ...] = (
        {"type": "message", "text": "", "attachments": None},
        {"type": "message", "text": "", "attachments": {}},
        message({}),
        message({"media": 1}),
        message({"media": ""}),
        message({"media": media, "kind": "picture"}),
        message({"media": media, "name": "x" * 1001}),
        message({"media": media, "mime": "x" * 1001}),
        message({"media": media, "size": -1}),
        message({"media": media, "more": 1}),
        message(*({"media": media} for _ in range(MOST + 1))),
    )
    for body in wrong:
        answer = await ada.post(INBOX, json=body)
        assert (answer.status_code, body) == (400, body)
    await put(ada, message(*({"media": media} for _ in range(MOST))))
    assert await bridge.store.head(MAIN) == 3


async def test_a_repeat_is_said_once(bridge: Bridge, ada) -> None:
    media = await upload(ada)
    first = await put(ada, message({"media": media}), **numbered("tab", 0))
    again = await put(ada, message({"media": media}), **numbered("tab", 0))
    assert again == {**first, "repeated": True}
    assert await bridge.store.head(MAIN) == 3
