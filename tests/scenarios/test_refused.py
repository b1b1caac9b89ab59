"""Each platform refuses something in its own words: the asker always sees as much as may be shown.

Through the whole bridge and the real client libraries of all four.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.demo.apps import App, Apps, four, shown
from bridge.demo.whatsapp.world import Media
from tests.scenarios.four import JOIN, JOINED, Four

Arrange = Callable[[Apps], None]

FORMS: dict[str, Arrange] = {
    "telegram": lambda apps: apps.telegram.fake.fault(
        "sendMessage", status=400, words="Bad Request: BUTTON_TYPE_INVALID"
    ),
    "discord": lambda apps: apps.discord.fake.fault("send", status=400, code=50035),
    "slack": lambda apps: apps.slack.fake.fault("chat.postMessage", error="invalid_blocks"),
    "whatsapp": lambda apps: apps.whatsapp.fake.fault(status=400, code=63005),
}
"""One message is refused for its form."""

FORBIDDEN: dict[str, Arrange] = {
    "telegram": lambda apps: apps.telegram.fake.fault(
        "sendDocument",
        status=400,
        words="Bad Request: not enough rights to send documents to the chat",
        times=None,
    ),
    "telegram, a picture": lambda apps: apps.telegram.fake.fault(
        "sendPhoto",
        status=400,
        words="Bad Request: not enough rights to send photos to the chat",
        times=None,
    ),
    "discord": lambda apps: apps.discord.fake.fault("send", status=403, code=50013),
    "slack": lambda apps: apps.slack.fake.fault(
        "files.completeUploadExternal", error="restricted_action", times=9
    ),
    "whatsapp": lambda apps: apps.whatsapp.fake.unfit.add("application/pdf"),
}
"""Files are forbidden where the asker is."""

NEVER: dict[str, Arrange] = {
    "telegram": lambda apps: apps.telegram.fake.fault(
        "sendMessage", status=400, words="Bad Request: something new", times=2
    ),
    "discord": lambda apps: apps.discord.fake.fault("send", status=400, code=200000, times=2),
    "slack": lambda apps: apps.slack.fake.fault(
        "chat.postMessage", error="a_word_nobody_knows", times=2
    ),
    "whatsapp": lambda apps: apps.whatsapp.fake.fault(status=400, code=63013, times=2),
}
"""One message is refused in every form."""


SENDS: dict[str, Arrange] = {
    "telegram": lambda apps: apps.telegram.person.sends(
        apps.telegram.chat, ("document", b"%PDF"), caption="back", name="report.pdf"
    ),
    "telegram, a picture": lambda apps: apps.telegram.person.sends(
        apps.telegram.chat, ("photo", b"\xff\xd8 cat"), caption="back"
    ),
    "discord": lambda apps: apps.discord.person.says(
        apps.discord.chat, "back", files={"report.pdf": ("application/pdf", b"%PDF")}
    ),
    "slack": lambda apps: apps.slack.person.sends(
        apps.slack.chat, "report.pdf", "application/pdf", b"%PDF", "back"
    ),
    "whatsapp": lambda apps: apps.whatsapp.fake.says(
        apps.whatsapp.person, "back", files=[Media(mime="application/pdf", body=b"%PDF")]
    ),
}
"""The person sends a file and asks for it back."""

NAMES = {"telegram, a picture": "photo.jpg", "whatsapp": "file.pdf"}
"""What files are called that came without a name."""


@asynccontextmanager
async def alone(data: Path, name: str) -> AsyncIterator[tuple[Four, App]]:
    """Serve a bridge for one app, whose person has begun to talk."""
    async with four() as apps:
        story = Four(apps=apps, data=data, only=[name])
        app = getattr(story.apps, name)
        async with story.serving():
            if name == "discord":
                await story.until(story.apps.discord.fake.gateway.sockets)
            app.says(JOIN)
            await story.until(lambda: story.count(app, JOINED))
            await story.settle()
            yield story, app


@pytest.mark.parametrize("name", FORMS)
async def test_a_question_whose_form_is_refused_is_asked_in_plain_words(tmp_path, name):
    async with alone(tmp_path / "data", name) as (story, app):
        FORMS[name](story.apps)
        app.says("ask")
        await story.until(lambda: story.count(app, "Coffee"))
        await story.settle()
        card = shown(app)[-1]
        app.says("2")
        await story.until(lambda: shown(app)[-1] != card and "Coffee" in shown(app)[-1])
        await story.settle()


@pytest.mark.parametrize("name", NEVER)
async def test_what_is_refused_in_every_form_is_told_in_a_line(tmp_path, name):
    async with alone(tmp_path / "data", name) as (story, app):
        NEVER[name](story.apps)
        app.says("hello there")
        await story.until(lambda: story.count(app, "was refused here"))
        app.says("and now?")
        await story.until(lambda: story.count(app, "said: and now?"))


REPLYING = ("telegram", "discord", "slack")
"""Where a reply is a call of its own; on WhatsApp it is the answer to Twilio's."""


@pytest.mark.parametrize("name", REPLYING)
async def test_a_reply_to_a_slash_command_whose_form_is_refused_comes_plain(tmp_path, name):
    async with alone(tmp_path / "data", name) as (story, app):
        FORMS[name](story.apps)
        app.says("/status")
        await story.until(lambda: story.count(app, "people:") == 1)
        assert story.count(app, "was refused here") == 0


@pytest.mark.parametrize("name", REPLYING)
async def test_a_reply_that_is_refused_in_every_form_is_told_in_a_line(tmp_path, name):
    async with alone(tmp_path / "data", name) as (story, app):
        NEVER[name](story.apps)
        app.says("/status")
        await story.until(lambda: story.count(app, "The answer to this was refused here"))
        assert story.count(app, "people:") == 0


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_where_files_are_forbidden_the_text_is_shown_and_the_file_named(tmp_path, name):
    async with alone(tmp_path / "data", name.partition(",")[0]) as (story, app):
        FORBIDDEN[name](story.apps)
        SENDS[name](story.apps)
        await story.until(lambda: story.count(app, "was refused here"))
        assert story.count(app, "Here you are, as I got it")
        assert any(NAMES.get(name, "report.pdf") in text for text in shown(app))
        app.says("and now?")
        await story.until(lambda: story.count(app, "said: and now?"))


async def test_a_card_in_an_archived_thread_is_left_as_it_is_and_the_thread_goes_on(tmp_path):
    """It is answered elsewhere; Discord takes no edit of it, but the next message."""
    async with four() as apps:
        story = Four(apps=apps, data=tmp_path / "data", only=["telegram", "discord"])
        async with story.serving():
            await story.until(apps.discord.fake.gateway.sockets)
            for app in story.mine:
                app.says(JOIN)
                await story.until(lambda app=app: story.count(app, JOINED))
            apps.telegram.says("ask")
            await story.until(lambda: story.count(apps.discord, "Coffee") or buttons(apps.discord))
            await story.until(lambda: "Coffee" in buttons(apps.telegram))
            apps.discord.fake.fault("edit", status=400, code=50083, times=9)
            apps.telegram.presses("Coffee")
            await story.settle()
            apps.telegram.says("and now?")
            await story.until(lambda: story.count(apps.discord, "said: and now?"))
            assert story.count(apps.telegram, "cannot be reached") == 0


def buttons(app: App) -> list[str]:
    return [label for look in app.seen() for label in look.buttons]
