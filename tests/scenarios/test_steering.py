"""Two people in two apps, and one run between them."""

import pytest

from bridge.demo.apps import shown
from tests.fakes.models import Answers, calls
from tests.scenarios.four import four_apps

TOOL = "tests.scenarios.waiting_tool:look_up"


@pytest.fixture
async def story(tmp_path, models):
    model = {"model": "openai/gpt-4o-mini", "api_base": models.base("openai"), "api_key": "k"}
    agents = {"helper": {"type": "litellm", **model, "tools": {"functions": [TOOL]}}}
    async with four_apps(tmp_path / "data", agents=agents) as made:
        whatsapp = made.apps.whatsapp
        whatsapp.person = whatsapp.fake.person("Bob")
        async with made.serving():
            await made.gather()
            yield made


async def test_two_people_steer_one_run_and_both_see_its_one_answer(story, models, tmp_path):
    done = tmp_path / "done"
    models.replies = [
        calls("look_up", until=str(done), saying="Let me look."),
        Answers(text="Ada, at nine; Bob, one dog may come along."),
    ]
    story.apps.telegram.says("When does the boat leave?")
    await story.until_everywhere("Let me look.")
    story.apps.whatsapp.says("And may my dog come along?")
    await story.until(lambda: any("my dog" in text for text in shown(story.apps.telegram)))
    done.touch()
    await story.until_everywhere("one dog may come along")
    first, second = models.asked
    assert "my dog" not in first.text()
    assert "Bob · WhatsApp" in second.text()
    assert "Ada · Telegram" in second.text()
    await story.settle()
    assert len(models.asked) == 2, "one run answered both"
    assert all(story.count(app, "one dog may come along") == 1 for app in story.apps.all)


async def test_whoever_stops_it_everyone_sees_who_it_was(story, models, tmp_path):
    models.replies = [calls("look_up", until=str(tmp_path / "never"), saying="Let me look.")]
    story.apps.telegram.says("When does the boat leave?")
    await story.until_everywhere("Let me look.")
    story.apps.whatsapp.says("/stop")
    await story.until_everywhere("Bob stopped the answer")
    models.replies = [Answers(text="As you like.")]
    story.apps.slack.says("Never mind.")
    await story.until_everywhere("As you like.")
