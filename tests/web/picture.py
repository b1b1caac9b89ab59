"""Takes the README's pictures of the page: a real bridge, with a day of work in its log.

python -m tests.web.picture    writes docs/images/page-*.png
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from bridge.domain.content import Content, Option
from bridge.domain.events import (
    Body,
    ConversationLinked,
    Draft,
    Event,
    MessageComposed,
    MessageReceived,
    ParticipantJoined,
    PlannedCall,
    Preview,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
)
from bridge.domain.ids import (
    CallId,
    ChannelName,
    ConversationId,
    ParticipantId,
    QuestionId,
    RunId,
    SessionId,
    mint,
)
from bridge.domain.parts import Address
from bridge.engine.clock import SystemClock
from bridge.ports.agent import Calling, Said, Turn
from tests.web.conftest import CHROMIUM, FLAGS, PATIENCE_MS
from tests.web.rig import ADA, BOB, Bridge, Loop, Pages

IMAGES = Path(__file__).parents[2] / "docs" / "images"
TODAY = datetime.now(UTC).replace(hour=9, minute=2, second=0, microsecond=0)
NOW = TODAY + timedelta(minutes=25)

CHANNELS = {ChannelName("telegram"): "Telegram", ChannelName("slack"): "Slack"}
TELEGRAM, SLACK = ConversationId("c_telegram"), ConversationId("c_slack")
WEB = ConversationId("http:web")
ARGUMENTS = '{"service": "api", "version": "2.4.1", "canary": "5m"}'
DEPLOY = PlannedCall(call=CallId("k_deploy"), name="deploy", arguments=ARGUMENTS)
QUESTION = QuestionId("q_deploy")
ASKED = 16
LAUNCH = SessionId("launch")
CHANGES = """\
Yes: 2.4.1 is **three small changes**, all of them tested. I would watch it on one machine first.

```sh
deploy api --version 2.4.1 --canary 5m
```
"""
PROGRESS = (
    "The canary is up. **0.02 %** errors over the first 2,400 requests, the same as before. "
    "Two minutes to go."
)


class Watch(SystemClock):
    """A clock that says when the picture is taken."""

    def __init__(self) -> None:
        self._ahead = NOW - datetime.now(UTC)

    def now(self) -> datetime:
        return super().now() + self._ahead


class Pilot:
    """An agent in the middle of something."""

    help = ""

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        yield Calling(call=DEPLOY.call, name=DEPLOY.name, arguments=DEPLOY.arguments)
        yield Preview(run=turn.run, revision=1, text=PROGRESS, activity="watching the canary")
        await asyncio.Event().wait()


# -- the day so far -------------------------------------------------------------------------------


def yesterday() -> Iterator[Body]:
    yield ParticipantJoined(participant=ADA, role="owner")
    yield SettingChanged(scope="session", name="title", value="Launch day")
    yield ConversationLinked(conversation=TELEGRAM, by=ADA)
    yield from asked(
        TELEGRAM,
        "Keep an eye on the nightly build, and tell me how it went.",
        composed(
            "r_1", "Will do. I look at it at 02:00, and write when there is something to say."
        ),
        upto=4,
    )
    yield ParticipantJoined(participant=BOB, role="member")
    yield ConversationLinked(conversation=SLACK, by=BOB)


def this_morning() -> Iterator[Body]:
    yield Pushed(
        source=Source(kind="background", name="nightly build"),
        content=Content(text="The nightly build is **green**: 1,204 tests, no failures."),
    )
    yield MessageReceived(
        participant=BOB,
        conversation=SLACK,
        content=Content(text="Can we ship 2.4.1 today? I am on the train, phone only."),
    )
    yield RunStarted(run=RunId("r_2"), agent="pilot", upto=11, node="n")
    call = CallId("k_read")
    yield ToolCalled(
        run=RunId("r_2"), call=call, name="read_changelog", arguments='{"since": "2.4.0"}'
    )
    yield ToolReturned(call=call, result="3 changes")
    yield composed("r_2", CHANGES)
    yield QuestionAsked(
        question=QUESTION,
        run=RunId("r_2"),
        kind="approval",
        text="Deploy **2.4.1** to production, with five minutes of canary?",
        options=(Option(id="yes", label="Deploy"), Option(id="no", label="Not now")),
        call=DEPLOY,
    )
    yield RunFinished(run=RunId("r_2"), outcome="paused", upto=15)


def just_now() -> Iterator[Body]:
    yield MessageReceived(
        participant=ADA,
        conversation=WEB,
        content=Content(text="Looks right to me. Grace, it is yours, so it is your call."),
    )
    yield QuestionClosed(question=QUESTION, asked=ASKED, outcome="answered", answer="yes", by=BOB)


def asked(
    where: ConversationId, text: str, answer: MessageComposed, *, upto: int
) -> Iterator[Body]:
    yield MessageReceived(participant=ADA, conversation=where, content=Content(text=text))
    yield RunStarted(run=answer.run, agent=answer.agent, upto=upto, node="n")
    yield answer
    yield RunFinished(run=answer.run, outcome="completed", upto=upto)


def composed(run: str, text: str) -> MessageComposed:
    return MessageComposed(run=RunId(run), agent="pilot", content=Content(text=text))


async def fill(bridge: Bridge) -> None:
    store = bridge.store
    for person, name in ((ADA, "Ada Lovelace"), (BOB, "Grace Hopper")):
        await store.enrol(person, name=name, realm="test", user=person, at=TODAY)
    for where, channel in ((TELEGRAM, "telegram"), (SLACK, "slack")):
        address = Address(channel=ChannelName(channel), place="1")
        await store.register(where, address, room=False, title="", at=TODAY)
    for title, days in (("Home renovation", 2), ("Incident 311", 4), ("Reading list", 9)):
        session, at = SessionId(mint("s")), TODAY - timedelta(days=days)
        await store.create_session(session, at=at)
        await put(bridge, session, at, [_owned(), _titled(title)])
    await store.create_session(LAUNCH, at=TODAY)
    await put(bridge, LAUNCH, TODAY - timedelta(days=1), list(yesterday()))
    await put(bridge, LAUNCH, TODAY, list(this_morning()))
    await put(bridge, LAUNCH, NOW - timedelta(minutes=3), list(just_now()))


def _owned() -> Body:
    return ParticipantJoined(participant=ADA, role="owner")


def _titled(title: str) -> Body:
    return SettingChanged(scope="session", name="title", value=title)


async def put(
    bridge: Bridge, session: SessionId, at: datetime, bodies: Sequence[Body]
) -> Sequence[Event]:
    drafts = [Draft(body=body) for body in bodies]
    return (await bridge.store.append(session, drafts, at=at)).events


# -- the pictures ---------------------------------------------------------------------------------


def take(browser: Browser, bridge: Bridge, name: str, **context: Any) -> None:
    pages = Pages(browser)

    def link(person: ParticipantId) -> str:
        return f"{bridge.link(person)}&session={LAUNCH}"

    options = {"timezone_id": "UTC", "locale": "en-GB", "reduced_motion": "reduce", **context}
    page, grace = pages.open(link(ADA), **options), pages.open(link(BOB))
    expect(page.locator("#who")).to_contain_text("Ada Lovelace and Grace Hopper")
    grace.get_by_label("Message", exact=True).press_sequentially("On")
    expect(page.locator("#typing")).to_be_visible()
    expect(page.locator(".writing .activity")).to_contain_text("canary")
    page.wait_for_timeout(300)
    page.screenshot(path=IMAGES / f"page-{name}.png")
    pages.close()


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    loop = Loop()
    bridge = Bridge(loop, clock=Watch(), agent=Pilot(), channels=CHANNELS)
    loop.run(fill(bridge))
    bridge.start()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        wide, narrow = {"width": 1280, "height": 886}, {"width": 390, "height": 844}
        take(browser, bridge, "light", viewport=wide, color_scheme="light", device_scale_factor=2)
        take(browser, bridge, "dark", viewport=wide, color_scheme="dark", device_scale_factor=2)
        take(browser, bridge, "phone", viewport=narrow, device_scale_factor=2)
        browser.close()
    bridge.stop()
    loop.run(asyncio.sleep(0.1))
    loop.close()


if __name__ == "__main__":
    main()
