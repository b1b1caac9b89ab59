"""A schedule that came due in the night, while the bridge was down and nobody was there."""

from datetime import UTC, datetime, timedelta

from bridge.demo.apps import shown
from tests.fakes.models import Answers, calls
from tests.scenarios.four import four_apps
from tests.scenarios.test_night import NIGHT, LaterClock


def count(app, text: str) -> int:
    return sum(text in each for each in shown(app))


async def test_what_came_due_at_night_is_found_on_the_phone_in_the_morning_once(tmp_path):
    """It was planned in the evening; the bridge was down when it was due, and again after it."""
    at = datetime.now(UTC) + NIGHT / 2
    async with four_apps(tmp_path / "data") as story:
        phone = story.apps.telegram
        async with story.serving(LaterClock()):
            await story.gather()
            phone.says(f"/every day at {at:%H:%M} UTC count the doves on the roof")
            await story.until(lambda: count(phone, "every day at"))
            await story.settle()
        for _ in range(2):
            async with story.serving(LaterClock(NIGHT)):
                await story.until_everywhere("count the doves on the roof")
                await story.settle()
        answers = {
            app.name: [text for text in shown(app) if "doves" in text and "agent this" not in text]
            for app in story.apps.all
        }
        assert all(len(found) == 1 for found in answers.values()), answers
        async with story.serving(LaterClock(NIGHT)):
            phone.says("/schedules")
            following = (at + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
            await story.until(lambda: count(phone, f"next {following}"))


async def test_what_the_agent_said_unasked_can_be_answered(tmp_path):
    """Its prompt and its answer are ordinary events: the next message is about them."""
    async with four_apps(tmp_path / "data") as story, story.serving():
        await story.gather()
        phone, desk = story.apps.telegram, story.apps.slack
        phone.says("/every 30 minutes look at the backlog")
        await story.until(lambda: count(phone, "every 30 minutes"))
        phone.says("/schedules")
        await story.until(lambda: count(phone, "Planned here"))
        phone.presses(next(each for each in labels(phone) if each.startswith("Run now")))
        await story.until_everywhere("look at the backlog")
        await story.settle()
        desk.says("yes, do the second one")
        await story.until_everywhere("yes, do the second one")


def labels(app) -> list[str]:
    return [button for look in app.seen() for button in look.buttons]


# -- what an agent plans --------------------------------------------------------------------------


async def test_an_agent_watches_something_until_it_is_so_and_ends_that_itself(models, tmp_path):
    """It asks before it plans, looks again when it is due, is silent in between, and stops."""
    model = {"model": "openai/gpt-4o-mini", "api_base": models.base("openai"), "api_key": "k"}
    helper = {"helper": {"type": "litellm", **model}}
    async with four_apps(tmp_path / "data", agents=helper) as story:
        phone = story.apps.telegram
        async with story.serving(LaterClock()):
            models.replies = []
            await story.gather()
            models.replies = [
                calls("schedule", when="every 10 minutes", what="Is the build green?"),
                Answers(text="I look every ten minutes."),
            ]
            phone.says("Tell me when the build is green.")
            await story.until(lambda: count(phone, "May I use"))
            assert count(phone, "every 10 minutes"), "the exact call"
            phone.presses("Approve")
            await story.until_everywhere("I look every ten minutes.")
            await story.settle()
        models.replies = [Answers(text="NOTHING_TO_SAY")]
        async with story.serving(LaterClock(timedelta(minutes=15))):
            await story.until(lambda: not models.replies)
            await story.settle(1.0)
            assert not any("NOTHING_TO_SAY" in text for text in shown(phone))
            phone.says("/schedules")
            await story.until(lambda: count(phone, "Planned here"))
            word = next(each for each in labels(phone) if each.startswith("Remove")).split()[-1]
        models.replies = [calls("unschedule", id=word), Answers(text="The build is green!")]
        async with story.serving(LaterClock(timedelta(minutes=40))):
            await story.until_everywhere("The build is green!")
            phone.says("/schedules")
            await story.until(lambda: count(phone, "There are no schedules here."))
