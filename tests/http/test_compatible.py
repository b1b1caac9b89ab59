"""Scripts that push by ntfy or Apprise push here, unchanged: with Apprise's own package."""

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

import apprise
import httpx
import pytest

from bridge.http.compatible import token_of as as_bearer
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge, token_of

TOPIC = f"/ntfy/{MAIN}"
KEY = f"/notify/{MAIN}"
FORMS = "application/x-www-form-urlencoded"


async def notified(url: str, **said: Any) -> bool:
    """Let Apprise send something, in a thread as it blocks."""

    def send() -> bool:
        sender = apprise.Apprise()
        assert sender.add(url)
        return bool(sender.notify(**said))

    return await asyncio.to_thread(send)


async def pushes(ada: httpx.AsyncClient) -> list[dict[str, Any]]:
    events = (await ada.get(f"{SESSION}/events")).json()["events"]
    return [each for each in events if each["type"] == "pushed"]


async def texts(ada: httpx.AsyncClient) -> list[str]:
    return [each["content"]["text"] for each in await pushes(ada)]


def server(bridge: Bridge) -> str:
    return bridge.url.removeprefix("http://")


async def test_apprise_pushes_by_ntfy(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    """It sends to the root of a server, whatever its path."""
    url = f"ntfy://{token_of(ADA)}@{server(bridge)}/{MAIN}?auth=token&priority=high&tags=build,red"
    assert await notified(url, title="Build 17", body="It *broke*.")
    (push,) = await pushes(ada)
    assert push["content"]["text"] == "Build 17\n\nIt *broke*.\n\nbuild, red"
    assert (push["content"]["literal"], push["priority"]) == (True, "high")
    assert push["source"] == {"kind": "api", "name": "ntfy"}


async def test_apprise_pushes_by_ntfy_with_a_password(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    url = f"ntfy://ada:{token_of(ADA)}@{server(bridge)}/{MAIN}"
    assert await notified(url, body="hello")
    assert await texts(ada) == ["hello"]


@pytest.mark.parametrize("method", ["json", "form"])
async def test_apprise_pushes_by_its_own_api(
    bridge: Bridge, ada: httpx.AsyncClient, tmp_path: Path, method: str
) -> None:
    """With a file, and in either of its forms."""
    (tmp_path / "log.txt").write_text("it went wrong here")
    url = f"apprise://ada:{token_of(ADA)}@{server(bridge)}/{MAIN}?method={method}"
    attach = str(tmp_path / "log.txt")
    failure = apprise.NotifyType.FAILURE
    assert await notified(url, title="Build", body="broke", notify_type=failure, attach=attach)
    assert await notified(url, body="and again")
    first, again = await pushes(ada)
    assert first["content"]["text"] == "❌ Build\n\nbroke"
    (file,) = first["content"]["attachments"]
    assert (file["name"], file["mime"]) == ("log.txt", "text/plain")
    kept = await ada.get(f"{SESSION}/media/{file['media']}")
    assert kept.text == "it went wrong here"
    assert again["content"]["text"] == "and again"


async def test_apprise_is_told_where_it_may_not(bridge: Bridge) -> None:
    for token in (token_of(EVE), "no-token-at-all-0123456789"):
        for url in (
            f"ntfy://{token}@{server(bridge)}/{MAIN}?auth=token",
            f"apprise://x:{token}@{server(bridge)}/{MAIN}",
        ):
            assert not await notified(url, body="psst")


async def test_a_line_of_curl_pushes(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    """As ntfy's own documentation has it: the body is the text, the rest are headers."""
    headers = {
        "Title": "Unauthorized access",
        "Priority": "urgent",
        "Click": "https://example.com/door",
        "Actions": "view, Open portal, https://example.com/; http, Close, https://example.com/x",
        "X-Tags": "warning,skull",
    }
    sent = await ada.put(TOPIC, content=b"somebody is at the door", headers=headers)
    assert (sent.status_code, sent.json()["event"]) == (200, "message")
    (push,) = await pushes(ada)
    assert push["priority"] == "high"
    lines = push["content"]["text"].split("\n")
    assert lines == [
        "Unauthorized access", "", "somebody is at the door", "",
        "Open portal: https://example.com/", "Link: https://example.com/door", "warning, skull",
    ]  # fmt: skip
    told = await ada.get(f"/v1/pushes/{sent.json()['id']}")
    assert told.status_code == 200


async def test_markdown_is_taken_as_such_and_a_title_as_plain_words(
    ada: httpx.AsyncClient,
) -> None:
    said = {"topic": MAIN, "title": "a *b*", "message": "**red**", "markdown": True}
    assert (await ada.post("/ntfy", json=said)).status_code == 200
    (push,) = await pushes(ada)
    assert not push["content"].get("literal")
    assert push["content"]["text"] == "**a \\*b\\***\n\n**red**"


async def test_a_file_is_sent_as_the_body(ada: httpx.AsyncClient) -> None:
    headers = {"Filename": "flower.png", "Content-Type": "image/png", "Message": "look"}
    assert (await ada.put(TOPIC, content=b"bytes", headers=headers)).status_code == 200
    (push,) = await pushes(ada)
    assert push["content"]["text"] == "look"
    assert push["content"]["attachments"][0]["name"] == "flower.png"


@pytest.mark.parametrize(
    ("given", "rings"), [("1", "low"), ("min", "low"), ("3", None), ("5", "high"), ("odd", None)]
)
async def test_priorities_are_ntfys(ada: httpx.AsyncClient, given: str, rings: str | None) -> None:
    await ada.post(f"{TOPIC}?priority={given}", content=b"x")
    assert [each.get("priority") for each in await pushes(ada)] == [rings]


async def test_a_topic_may_stand_for_a_session(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    bridge.topics["alerts"] = MAIN
    assert (await ada.post("/ntfy/alerts", content=b"one")).status_code == 200
    sent = await ada.post("/notify/alerts", json={"body": "two", "format": "markdown"})
    assert sent.status_code == 200
    by_header = {"X-Apprise-Config-ID": "alerts"}
    sent = await ada.post("/notify", json={"body": "three"}, headers=by_header)
    assert sent.status_code == 200
    assert await texts(ada) == ["one", "two", "three"]


async def test_only_who_may_push_there_pushes(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=bridge.url) as nobody:
        for path in (TOPIC, KEY, "/", "/ntfy", "/notify"):
            refused = await nobody.post(path, json={"topic": MAIN, "body": "x"})
            assert refused.status_code == 401
    async with bridge.client(BOB) as bob:
        assert (await bob.post(TOPIC, content=b"x")).status_code == 404
        await bridge.join(BOB, "viewer")
        assert (await bob.post(TOPIC, content=b"x")).status_code == 403
        assert (await bob.post(KEY, json={"body": "x"})).status_code == 403
    assert await texts(ada) == []


async def test_what_an_address_names_is_not_fetched(ada: httpx.AsyncClient) -> None:
    """It stands in the text, for whoever wants to open it."""
    said = {"topic": MAIN, "message": "look", "attach": "http://127.0.0.1:1/secret"}
    assert (await ada.post("/", json=said)).status_code == 200
    (push,) = await pushes(ada)
    assert "attachments" not in push["content"]
    assert push["content"]["text"] == "look\n\nFile: http://127.0.0.1:1/secret"


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/ntfy", {"content": b"{"}, 400),
        ("/ntfy", {"content": b"[" * 100_000}, 400),
        ("/ntfy", {"json": {"topic": ""}}, 400),
        ("/ntfy", {"json": {"topic": "nowhere", "message": "x"}}, 404),
        ("/ntfy", {"json": {"topic": MAIN, "message": "x" * 20_001}}, 400),
        ("/ntfy", {"json": {"topic": MAIN, "message": "x", "delay": "30min"}}, 400),
        (TOPIC, {"content": b"\xff\xfe"}, 400),
        (TOPIC, {"content": b"x" * 1_100_000}, 413),
        (TOPIC, {"content": b"x", "headers": {"At": "tomorrow"}}, 400),
        (KEY, {"content": b"<xml/>", "headers": {"Content-Type": "text/xml"}}, 415),
        (KEY, {"json": {"body": ""}}, 400),
        (KEY, {"json": {"body": "x", "attachments": [{"base64": "&"}]}}, 400),
        (KEY, {"files": [(f"f{n}", (f"{n}.txt", b"x")) for n in range(11)]}, 400),
    ],
)
async def test_what_cannot_be_taken_in_is_refused(
    ada: httpx.AsyncClient, path: str, said: dict[str, Any], status: int
) -> None:
    assert (await ada.post(path, **said)).status_code == status
    assert await texts(ada) == []


async def test_odd_actions_are_passed_over(ada: httpx.AsyncClient) -> None:
    for odd in ("[", "[1]", "{}", '[{"action": "http", "url": "http://127.0.0.1/"}]', "view"):
        await ada.post(TOPIC, content=b"x", headers={"Actions": odd})
    assert await texts(ada) == ["x"] * 5


async def test_the_page_is_still_at_the_root(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url) as nobody:
        assert (await nobody.get("/")).status_code == 200


def test_the_token_is_the_password_or_the_name():
    def basic(said: str) -> str:
        return as_bearer(f"Basic {base64.b64encode(said.encode()).decode()}")

    assert basic("ada:secret") == "Bearer secret"
    assert basic("secret:") == "Bearer secret"
    assert as_bearer("Basic &") == ""
    assert as_bearer("Bearer secret") == "Bearer secret"


FORM = {"Content-Type": "multipart/form-data; boundary=B"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("&".join(f"a{each}=1" for each in range(200)), {"Content-Type": FORMS}),
        (b"--B\r\n\r\n\r\n" * 1000 + b"--B--", FORM),
        (b"--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" * 2000, FORM),
        (b"no form", FORM),
    ],
)
async def test_a_form_that_is_too_much_is_malformed(
    ada: httpx.AsyncClient, body: str | bytes, headers: dict[str, str]
) -> None:
    refused = await ada.post(KEY, content=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "malformed")


async def test_actions_that_cannot_be_read_are_passed_over(ada: httpx.AsyncClient) -> None:
    headers = {"Actions": "[" * 5000}
    assert (await ada.post(TOPIC, content=b"news", headers=headers)).status_code == 200
    assert await texts(ada) == ["news"]


@pytest.mark.parametrize("more", [{"tags": ["x" * 3000]}, {"actions": [{"url": "x" * 3000}]}])
async def test_no_part_of_a_message_is_longer_than_its_text(
    ada: httpx.AsyncClient, more: dict[str, Any]
) -> None:
    said = {"topic": MAIN, "message": "x", **more}
    assert (await ada.post("/ntfy", json=said)).status_code == 400


async def test_a_mail_is_sent_as_a_file(ada: httpx.AsyncClient) -> None:
    files = {"f": ("a.eml", b"Subject: x\r\n\r\nhello", "message/rfc822")}
    assert (await ada.post(KEY, data={"body": "look"}, files=files)).status_code == 200
    (push,) = await pushes(ada)
    assert push["content"]["text"] == "look"
    assert [each["size"] for each in push["content"]["attachments"]] == [19]


@pytest.mark.parametrize(
    "actions",
    [
        "view," + " " * 30_000 + "x",
        "view," + "\t" * 30_000 + "x",
        "view, a," * 4_000,
        "view , " + "a " * 15_000 + ";" * 100,
        ";" * 30_000,
        "[" * 30_000,
    ],
)
async def test_no_header_that_a_script_sends_holds_the_bridge(
    bridge: Bridge, ada: httpx.AsyncClient, actions: str
) -> None:
    """30,000 blanks behind `view,` took four seconds, in which nobody else was served."""
    begun = time.process_time()
    answer = await ada.post(TOPIC, content="x", headers={"Actions": actions})
    assert time.process_time() - begun < 1
    assert answer.status_code == 200, answer.text


async def test_actions_in_a_header_are_read_as_ntfy_does(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    header = (
        "view , Open it, https://example.org/a; http, Close, https://x; view, , https://y; view"
    )
    assert (await ada.post(TOPIC, content="x", headers={"Actions": header})).status_code == 200
    assert await texts(ada) == ["x\n\nOpen it: https://example.org/a"]


@pytest.mark.parametrize("path", [TOPIC.removesuffix(f"/{MAIN}"), "/", KEY])
async def test_a_body_of_countless_values_is_not_read(
    bridge: Bridge, ada: httpx.AsyncClient, path: str
) -> None:
    body = '{"tags":[' + "{}," * 300_000 + "{}]}"
    answer = await ada.post(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, "values" in answer.text) == (400, True)
