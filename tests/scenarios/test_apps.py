"""One session in four chat apps at once, through the real client libraries of all four."""

import re
import signal

import pytest

from agents.samples import long_answer
from bridge import texts
from bridge.demo.apps import App, shown
from tests.scenarios.four import Four, four_apps

QUESTION = "ask"


def words(text: str) -> list[str]:
    """Return what there is to read; a code block's language is not everywhere."""
    return [word for word in re.findall(r"\w+", text) if word != "python"]


def says_who(app: str, text: str) -> bool:
    """Say whether a text is labelled as Ada's; the Adas of four apps have a number each."""
    return re.search(rf"Ada(?: \(\d\))? · {app}", text) is not None


@pytest.fixture
async def story(tmp_path):
    async with four_apps(tmp_path / "data") as story:
        yield story


async def test_one_question_asked_in_one_app_is_answered_in_four(story: Four):
    async with story.serving():
        await story.gather()
        story.apps.telegram.says("What is up?")
        await story.until_everywhere("said: What is up?")
        await story.settle()
        for app in story.apps.all:
            assert story.count(app, "said: What is up?") == 1, app.name


async def test_the_other_apps_see_who_asked_and_where(story: Four):
    async with story.serving():
        await story.gather()
        story.apps.slack.says("hello from work")
        await story.until_everywhere("said: hello from work")
        await story.settle()
        for app in story.apps.all:
            asked = [text for text in shown(app) if says_who("Slack", text)]
            assert len(asked) == (app is not story.apps.slack), app.name


async def test_a_long_answer_is_complete_everywhere_and_comes_once(story: Four):
    """Nine thousand characters: in several messages, in their order, nothing lost."""
    async with story.serving():
        await story.gather()
        before = {app.name: len(shown(app)) for app in story.apps.all}
        story.apps.telegram.says("long")
        await story.until_everywhere("That was all of it.")
        await story.settle(0.6)
        expected = words(long_answer())
        for app in story.apps.all:
            text = "\n".join(shown(app)[before[app.name] :])
            found = words(text)
            assert found[-len(expected) :] == expected, app.name


async def test_an_answer_rings_once_in_each_app(story: Four):
    async with story.serving():
        await story.gather()
        before = {app.name: len(app.seen()) for app in story.apps.all}
        story.apps.discord.says("How are you?")
        await story.until_everywhere("said: How are you?")
        await story.settle()
        for app in story.apps.all:
            fresh = [look for look in app.seen()[before[app.name] :] if not look.who]
            rang = [look for look in fresh if not look.silent and "said:" in look.text]
            assert len(rang) == 1, app.name
        for app in (story.apps.telegram,):
            mirrored = [look for look in app.seen() if says_who("Discord", look.text)]
            assert [look.silent for look in mirrored] == [True]


@pytest.mark.parametrize("answering", ["telegram", "discord", "slack"])
async def test_a_question_answered_in_one_app_is_closed_in_all(story: Four, answering: str):
    async with story.serving():
        await story.gather()
        story.apps.whatsapp.says(QUESTION)
        pressing: App = getattr(story.apps, answering)
        await story.until(lambda: any(look.buttons for look in pressing.seen()))
        await story.until(lambda: story.count(story.apps.whatsapp, "Reply with a number"))
        (label, *_) = next(look.buttons for look in reversed(pressing.seen()) if look.buttons)
        pressing.presses(label)
        decided = f" · {answering.title()}: {label}"
        await story.until_everywhere(decided)
        await story.settle()
        for app in story.apps.all:
            assert not any(look.buttons for look in app.seen()), app.name
            assert story.count(app, decided) == 1, app.name


async def test_a_typed_number_answers_where_there_are_no_buttons(story: Four):
    async with story.serving():
        await story.gather()
        story.apps.telegram.says(QUESTION)
        await story.until(lambda: story.count(story.apps.whatsapp, "Reply with a number"))
        story.apps.whatsapp.says("1")
        await story.until(lambda: not any(look.buttons for look in story.apps.telegram.seen()))
        await story.until_everywhere(" · WhatsApp: ")


async def test_whoever_is_out_of_whatsapps_window_is_caught_up_when_they_write(story: Four):
    """Twenty-four hours after the last word WhatsApp takes no free text; the others go on."""
    async with story.serving():
        await story.gather()
        story.apps.whatsapp.fake.people[story.apps.whatsapp.person.place].wrote_at.clear()
        story.apps.telegram.says("one")
        await story.until(
            lambda: all(
                story.count(app, "said: one") for app in story.apps.all if app.name != "whatsapp"
            )
        )
        await story.settle()
        assert story.count(story.apps.whatsapp, "said: one") == 0
        story.apps.whatsapp.says("I am back")
        await story.until_everywhere("said: I am back")
        await story.settle()
        assert story.count(story.apps.whatsapp, "said: one") == 1


@pytest.mark.parametrize("name", ["telegram", "discord", "slack", "whatsapp"])
async def test_a_connection_cut_after_the_message_was_taken_shows_it_once(story: Four, name: str):
    """But on Telegram, which cannot be asked: there it comes once more, marked."""
    async with story.serving():
        await story.gather()
        app: App = getattr(story.apps, name)
        asking = story.apps.discord if name == "telegram" else story.apps.telegram
        app.hangs_up()
        asking.says("over?")
        await story.until_everywhere("said: over?")
        await story.settle(2.5)
        copies = [text for text in shown(app) if "said: over?" in text]
        mirrored = [text for text in shown(app) if says_who("", text) and "over?" in text]
        marked = [text for text in shown(app) if texts.REPEATED.strip("_") in text]
        if name == "telegram":
            assert len(copies) + len(mirrored) == 3
            assert len(marked) == 1
        else:
            assert (len(copies), len(mirrored), marked) == (1, 1, [])


async def test_after_kill_9_in_mid_fan_out_every_app_has_every_message_once(story: Four):
    """Some apps were shown the answer, some not, one was about to be: nobody misses any of it."""
    await story.start()
    await story.gather()
    for number in range(3):
        words = f"message {number}"
        story.apps.telegram.says(words)
        await story.until(
            lambda words=words: any(story.count(app, f"said: {words}") for app in story.apps.all)
        )
        await story.end(signal.SIGKILL)
        await story.start()
        await story.until_everywhere(f"said: {words}")
    await story.settle(1.0)
    for number in range(3):
        for app in story.apps.all:
            copies = [t for t in shown(app) if f"said: message {number}" in t]
            unmarked = [t for t in copies if texts.REPEATED.strip("_") not in t]
            if app.name == "telegram":  # which cannot be asked: a second copy is marked
                assert (len(unmarked), len(copies)) in {(1, 1), (0, 1), (1, 2), (0, 2), (1, 3)}, (
                    copies
                )
            else:
                assert (len(unmarked), len(copies)) == (1, 1), (app.name, copies)


async def test_what_is_said_while_the_bridge_is_down_is_answered_when_it_is_back(story: Four):
    async with story.serving():
        await story.gather()
    for app in story.apps.all:
        app.says(f"sent from {app.name}")
    async with story.serving():
        for app in story.apps.all:
            await story.until_everywhere(f"sent from {app.name}")
