"""Whatever a platform does to a call, and for however long: all is shown, and repeats say so.

Each platform is one that its real client library talks to. Its bridge lives through all of its
stories, on a clock that runs fast, and faster still while hours of trouble are waited out.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, product
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bridge import texts
from bridge.delivery import notify
from bridge.demo.apps import App, Apps, four
from bridge.demo.slack import workspace
from bridge.demo.whatsapp.twilio import FakeTwilio
from bridge.engine.outbound import courier, previews
from bridge.engine.outbound.calls import called
from channels.slack import client as slack_client
from tests.scenarios.four import JOIN, JOINED, Four
from tests.waiting import PATIENCE

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # What a fake had read of an upload that is cut off.
    pytest.mark.filterwarnings(
        "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
    ),
]

TIMEOUT = timedelta(seconds=0.15)
FAST, FASTEST = 300.0, 4000.0
FEW = 3
MISSING = ("may be missing here", "may not have been shown", "may be out of date")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How a call fails. `applied`: it was done. `hangs`: no answer comes for a while."""

    status: int = 500
    page: bool = False
    hangs_up: bool = False
    applied: bool = False
    hangs: bool = False


KINDS = {
    "answers 500": Trouble(),
    "answers with a page that a proxy made": Trouble(status=502, page=True),
    "hangs up before it did what was asked": Trouble(hangs_up=True),
    "hangs up after it did what was asked": Trouble(hangs_up=True, applied=True),
    "never answers": Trouble(hangs=True, hangs_up=True),
    "does what was asked and never answers": Trouble(hangs=True, hangs_up=True, applied=True),
    "wants to be asked less often": Trouble(status=429),
}
EVERYTHING, SENDING = "everything", "sending"


# -- what each platform calls its calls -----------------------------------------------------------


def trouble_telegram(apps: Apps, trouble: Trouble, on: str, times: int | None) -> None:
    sends = ("sendMessage", "sendDocument", "sendPhoto", "editMessageText", "sendMessageDraft")
    fake = apps.telegram.fake
    for method in (None,) if on == EVERYTHING else sends:
        fake.fault(
            method,
            status=trouble.status,
            words="Too Many Requests: retry after 1" if trouble.status == 429 else "Trouble",
            page=trouble.page,
            applied=trouble.applied,
            hang_up=trouble.hangs_up,
            delay=_delay(trouble),
            times=times,
            chat=apps.telegram.chat.id,
            **({"retry_after": 1} if trouble.status == 429 else {}),
        )


def trouble_discord(apps: Apps, trouble: Trouble, on: str, times: int | None) -> None:
    sends = ("send", "edit")
    for operation in (*sends, "delete", "typing", "history", "message")[
        : None if on == EVERYTHING else 2
    ]:
        apps.discord.fake.fault(
            operation,
            status=trouble.status,
            html=trouble.page,
            applied=trouble.applied,
            hang_up=trouble.hangs_up,
            delay=_delay(trouble),
            retry_after=1.0,
            times=times or 10**9,
        )


def trouble_slack(apps: Apps, trouble: Trouble, on: str, times: int | None) -> None:
    sends = ("chat.postMessage", "chat.update", "files.completeUploadExternal")
    reads = ("conversations.history", "conversations.replies", "chat.delete", "files.info")
    for method in (*sends, *reads) if on == EVERYTHING else sends:
        apps.slack.fake.fault(
            method,
            status=trouble.status,
            html=trouble.page,
            applied=trouble.applied,
            hang_up=trouble.hangs_up and not trouble.hangs,
            silent=trouble.hangs,
            retry_after=1 if trouble.status == 429 else None,
            times=times or 10**9,
        )


def trouble_whatsapp(apps: Apps, trouble: Trouble, on: str, times: int | None) -> None:
    for method in ("create", "listing", "fetch", "typing") if on == EVERYTHING else ("create",):
        apps.whatsapp.fake.fault(
            method,
            status=trouble.status,
            is_html=trouble.page,
            applied=trouble.applied,
            hangs_up=trouble.hangs_up,
            delay=_delay(trouble),
            retry_after=1 if trouble.status == 429 else None,
            times=times,
        )


def _delay(trouble: Trouble) -> float:
    return 2 * TIMEOUT.total_seconds() if trouble.hangs else 0.0


TROUBLES = {
    "telegram": trouble_telegram,
    "discord": trouble_discord,
    "slack": trouble_slack,
    "whatsapp": trouble_whatsapp,
}
ASKABLE = frozenset({"discord", "slack", "whatsapp"})
"""Where the bridge can find out what became of a call, so that nothing is shown twice."""


# -- a bridge with one app ------------------------------------------------------------------------


class ElasticClock:
    """A real clock that runs `speed` times as fast, which may change while people sleep."""

    def __init__(self) -> None:
        self.speed = FAST
        self._elapsed = 0.0
        self._looked_at = time.monotonic()
        self._begun = datetime.now(UTC)

    def elapsed(self) -> float:
        now = time.monotonic()
        self._elapsed += (now - self._looked_at) * self.speed
        self._looked_at = now
        return self._elapsed

    def run_at(self, speed: float) -> None:
        self.elapsed()
        self.speed = speed

    @property
    def ahead(self) -> timedelta:
        """How much more time has passed than really has."""
        return self.now() - datetime.now(UTC)

    def time_ns(self) -> int:
        return int(self.now().timestamp() * 1e9)

    def now(self) -> datetime:
        return self._begun + timedelta(seconds=self.elapsed())

    async def sleep(self, seconds: float) -> None:
        until = self.elapsed() + seconds
        await asyncio.sleep(0)
        while (left := until - self.elapsed()) > 0:
            await asyncio.sleep(min(left / self.speed, 0.01))


@dataclass
class Story:
    """The bridge, and the app that is in trouble."""

    four: Four
    app: App
    clock: ElasticClock
    client: httpx.AsyncClient
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def input(self, body: dict[str, Any]) -> None:
        answer = await self.client.post("/v1/stream/sessions/main/inbox", json=body)
        assert answer.status_code == 200, answer.text

    async def says(self, text: str) -> None:
        """Say something in the browser."""
        await self.input({"type": "message", "text": text, "place": "web"})

    async def rests(self) -> None:
        """Withdraw what is still asked, so that the next story answers nothing with its words."""
        await self.input({"type": "stop"})
        await self.goes_on()

    async def push(self, text: str, **more: Any) -> None:
        await self.input({"type": "push", "text": text, "key": text.replace(" ", "-"), **more})

    def trouble(self, kind: str, on: str, times: int | None) -> None:
        TROUBLES[self.app.name](self.four.apps, KINDS[kind], on, times)

    def recover(self) -> None:
        apps = self.four.apps
        apps.telegram.fake.recover()
        apps.discord.fake.faults.clear()
        apps.slack.fake.faults.clear()
        apps.whatsapp.fake.faults.recover()

    async def over(self, minutes: float) -> None:
        """Let so many minutes pass."""
        until = self.clock.elapsed() + 60 * minutes
        self.clock.run_at(FASTEST)
        while self.clock.elapsed() < until:
            await asyncio.sleep(0.005)
        self.clock.run_at(FAST)

    def looks(self) -> list[str]:
        return [look.text for look in self.app.seen() if not look.who]

    def copies(self, words: str) -> list[str]:
        """Return the messages that show these words, but for lines which say they are missing."""
        return [
            text
            for text in self.looks()
            if words in text and not any(each in text for each in MISSING)
        ]

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.01)

    async def until_shown(self, words: str, before: int = 0) -> None:
        try:
            await self.until(lambda: len(self.copies(words)) > before)
        except TimeoutError:
            raise AssertionError(f"{words!r} is not shown; last: {self.looks()[-6:]}") from None

    async def goes_on(self) -> None:
        """Say something more, and wait until it is shown: the place is not stuck."""
        words = f"and more {next(self.numbers)}."
        await self.push(words)
        await self.until_shown(words)

    def assert_shown(self, words: str, before: int) -> None:
        """Hold that the words are shown, and that no copy of them passes for another message."""
        copies = self.copies(words)[before:]
        unmarked = [text for text in copies if MARK not in text]
        assert copies, f"{words!r} was lost"
        assert len(unmarked) == len(set(unmarked)), f"{words!r} is doubled: {copies}"
        if self.app.name in ASKABLE:
            assert copies == unmarked, f"{words!r} is repeated although one can ask: {copies}"


MARK = texts.REPEATED.strip("_")


@pytest.fixture(scope="module")
def quick() -> Iterator[pytest.MonkeyPatch]:
    """What a call may take is short here, and however much is pushed is shown by itself."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (courier, previews):
            patch.setattr(
                module,
                "called",
                lambda channel, to, call, **_: called(channel, to, call, within=TIMEOUT),
            )
        patch.setattr(slack_client, "TIMEOUT_SECONDS", 1)
        patch.setattr(notify, "_exceeds", lambda *_: False)
        patch.setattr(notify, "HOUR", timedelta(0))
        yield patch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(request, tmp_path_factory, quick) -> AsyncIterator[Story]:
    async with four() as apps:
        data = tmp_path_factory.mktemp(request.param) / "data"
        there = Four(apps=apps, data=data, only=[request.param])
        app, clock = getattr(apps, request.param), ElasticClock()
        quick.setattr(workspace, "time", clock)
        quick.setattr(
            FakeTwilio, "ahead", property(lambda _: clock.ahead, lambda *_: None), raising=False
        )
        async with there.serving(clock):
            token = there.page.partition("#token=")[2]
            async with httpx.AsyncClient(
                base_url=there.url,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
                timeout=PATIENCE,
            ) as client:
                if app.name == "discord":
                    await there.until(apps.discord.fake.gateway.sockets)
                app.says(JOIN)
                await there.until(lambda: there.count(app, JOINED))
                yield Story(there, app, clock, client)


# -- what is shown --------------------------------------------------------------------------------

Shown = tuple[str, int]
"""Words that are to be seen in the end, and how often they were seen before."""

Case = Callable[[Story, Callable[[], None]], Awaitable[Shown]]
"""Does something; calls what is given when trouble is to begin."""


async def an_answer(story: Story, begin: Callable[[], None]) -> Shown:
    words = f"What is {next(story.numbers)}?"
    begin()
    story.app.says(words)
    return f"said: {words}", 0


async def a_message_from_elsewhere(story: Story, begin: Callable[[], None]) -> Shown:
    words = f"news {next(story.numbers)}."
    begin()
    await story.push(words)
    return words, 0


async def an_approval_card(story: Story, begin: Callable[[], None]) -> Shown:
    words = "May I roll a die"
    before = len(story.copies(words))
    begin()
    await story.says("approve")
    return words, before


async def a_change_of_a_card(story: Story, begin: Callable[[], None]) -> Shown:
    card, words = "Tea or coffee?", "browser: Tea"
    asked, before = len(story.copies(card)), len(story.copies(words))
    await story.says("ask")
    await story.until_shown(card, asked)
    begin()
    await story.says("tea")
    return words, before


async def a_summary_of_what_was_missed(story: Story, begin: Callable[[], None]) -> Shown:
    number = next(story.numbers)
    begin()
    for each in range(24):
        await story.push(f"item {number}-{each}.")
    return f"item {number}-23.", 0


async def an_answer_that_is_written_slowly(story: Story, begin: Callable[[], None]) -> Shown:
    number = next(story.numbers)
    begin()
    story.app.says(f"slow 20.{number:03}")
    return f"That took {float(f'20.{number:03}'):g} s.", 0


async def a_file(story: Story, begin: Callable[[], None]) -> Shown:
    words = f"file {next(story.numbers)}."
    png = {"Content-Type": "image/png"}
    answer = await story.client.post("/v1/media", content=words.encode(), headers=png)
    file = {"media": answer.json()["media"], "name": "a.txt", "mime": "text/plain"}
    begin()
    await story.push(words, attachments=[file])
    return words, 0


CASES: dict[str, Case] = {
    case.__name__.replace("_", " "): case
    for case in (
        an_answer,
        a_message_from_elsewhere,
        an_approval_card,
        a_summary_of_what_was_missed,
        a_change_of_a_card,
        an_answer_that_is_written_slowly,
        a_file,
    )
}


LENGTHS = {
    "a few calls": (EVERYTHING, FEW, 4),
    "many minutes": (EVERYTHING, None, 7),
    "many minutes of sending alone": (SENDING, None, 7),
}
"""What goes wrong, how often, and of how many combinations one is tried."""


def spread() -> Iterator[tuple[str, str, str, str]]:
    """Yield some of all combinations, so that each two of a platform, a kind and a case meet."""
    for (first, platform), length in product(enumerate(TROUBLES), LENGTHS):
        for (second, kind), (third, case) in product(enumerate(KINDS), enumerate(CASES)):
            if (first + second + third) % LENGTHS[length][2] == 0:
                yield platform, length, kind, case


@pytest.mark.parametrize(
    ("story", "length", "kind", "case"), list(spread()), indirect=["story"], scope="module"
)
async def test_trouble_loses_and_doubles_nothing(story: Story, length, kind, case):
    """Also where the platform takes all other calls, and only no message."""
    on, times, _ = LENGTHS[length]
    shown = await CASES[case](story, lambda: story.trouble(kind, on, times))
    if times is None:
        await story.over(12)
        story.recover()
        await story.over(6)
    await story.until_shown(*shown)
    story.recover()
    await story.goes_on()
    story.assert_shown(*shown)
    await story.rests()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("story", TROUBLES, indirect=True, scope="module")
async def test_a_reply_to_a_slash_command_is_shown_although_calls_fail(story: Story, kind):
    """A reply is in no log: it is tried while the asker waits."""
    before = len(story.copies("people:"))
    story.trouble(kind, EVERYTHING, FEW)
    story.app.says("/status")
    await story.until_shown("people:", before)
    story.recover()
    await story.goes_on()
    copies = story.copies("people:")[before:]
    assert len([text for text in copies if MARK not in text]) <= 1
