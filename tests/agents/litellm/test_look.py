"""What a server sends that answers nothing is told, so that a wrong address is found."""

import pytest

from agents.litellm.client import try_out
from agents.litellm.config import ModelSection
from agents.litellm.failure import Unanswered
from agents.litellm.look import what_comes_back
from tests.agents.litellm.rig import section
from tests.fakes.models import Answers

PAGE = Answers(body="<!doctype html>\n<title>Sign in</title>", kind="text/html")


async def test_a_page_is_told_as_one(bench):
    bench.models.replies = [PAGE]
    told = await what_comes_back(section(bench.models))
    assert told.endswith(
        "/openai/chat/completions answers 200, text/html: <!doctype html> <title>Sign in</title>"
    )


async def test_the_key_is_not_told(bench):
    bench.models.replies = [Answers(body='{"you": "Bearer sk-of-a-test"}')]
    assert "sk-of-a-test" not in await what_comes_back(section(bench.models))


async def test_of_a_provider_and_of_a_server_that_is_not_there_nothing_is_told():
    assert await what_comes_back(ModelSection(model="openai/gpt-4o-mini")) == ""
    away = ModelSection(model="openai/ours", api_base="http://127.0.0.1:1")
    assert await what_comes_back(away) == ""


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (PAGE, "Sign in"),
        (Answers(body='{"error": {"message": "no such deployment"}}'), "no such deployment"),
        (Answers(body="{}"), "it answered nothing"),
        (Answers(text=""), "it answered nothing"),
    ],
)
async def test_a_model_that_says_no_word_when_it_is_tried_is_not_taken(bench, reply, says):
    bench.models.replies = [reply] * 4
    with pytest.raises(Unanswered) as raised:
        await try_out(section(bench.models), seconds=5, now=bench.clock.now)
    assert says in str(raised.value)


async def test_a_model_that_says_a_word_is_taken(bench):
    bench.models.replies = [Answers(text="Word.")]
    await try_out(section(bench.models), seconds=5, now=bench.clock.now)
