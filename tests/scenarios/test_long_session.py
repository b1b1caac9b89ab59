"""A session of two thousand messages: the model sums up what it cannot be shown any more.

The fake model forgets whatever it is not shown, so what it still knows was carried by a summary.
"""

import re
from pathlib import Path

from agents.litellm.prompt import SUM_UP
from bridge.domain.content import Content, Option
from bridge.domain.events import (
    Body,
    Draft,
    MessageComposed,
    MessageReceived,
    QuestionAsked,
    RunFinished,
    RunStarted,
)
from bridge.domain.ids import ConversationId, ParticipantId, QuestionId, RunId
from bridge.engine.clock import SystemClock
from bridge.ports.store import Store
from bridge.ports.surroundings import Surroundings
from bridge.session.routing import SHARED
from storage.sql.store import SqliteSection, sqlite
from tests.fakes.models import Answers, Asked, FakeModels
from tests.running import running_bridge
from tests.scenarios.test_asking import Browser, browsing_with, model
from tests.waiting import until

TURNS = 1_000
CONTEXT = 16_000
"""Tokens that the model takes; the session is about ten times as long."""

WORDS = "We talk about the garden, the weather and what there is for supper today. " * 2
CODE = "The code word is lighthouse."
SUMMARY = "SUMMARY: the code word is lighthouse."
QUESTION = "Which colour shall the shed be?"
COLOURS = (Option(id="r", label="Red, as ever"), Option(id="g", label="Green"))


def config(models: FakeModels) -> str:
    return f"""
agents:
  helper:
{model(models)}
    context_tokens: {CONTEXT}
    max_output_tokens: 1000
"""


def is_summing(asked: Asked) -> bool:
    return SUM_UP[:30] in asked.text()


def reply(asked: Asked) -> Answers:
    """Say what is known of the code word, and nothing of what is not shown."""
    shown = asked.text()
    if is_summing(asked):
        return Answers(text=SUMMARY if "lighthouse" in shown else "SUMMARY: small talk.")
    return Answers(text="It is lighthouse." if "lighthouse" in shown else "I do not know.")


async def filled(data: Path) -> None:
    """Let two thousand messages have been said, and one question never answered."""
    surroundings = Surroundings(clock=SystemClock(), data=data)
    async with sqlite.open(SqliteSection(), surroundings) as store:
        owner = await _owner(store)
        for number in range(TURNS):
            head = await store.head(SHARED)
            drafts = [Draft(body=body) for body in _turn(number, owner, head + 1)]
            await store.append(SHARED, drafts, at=SystemClock().now())


async def _owner(store: Store) -> ParticipantId:
    return await store.enrol(
        ParticipantId("p_new"), name="Owner", realm="bridge", user="owner", at=SystemClock().now()
    )


def _turn(number: int, owner: ParticipantId, upto: int) -> list[Body]:
    run, said = RunId(f"r_{number}"), f"This is message {number}. {CODE if number == 2 else WORDS}"
    asked = QuestionAsked(
        question=QuestionId("q_shed"), run=run, kind="choice", text=QUESTION, options=COLOURS
    )
    heard = MessageReceived(
        participant=owner, conversation=ConversationId("http:web"), content=Content(text=said)
    )
    answer = MessageComposed(run=run, agent="helper", content=Content(text=f"I hear. {WORDS}"))
    asks = number == 3
    return [
        heard,
        RunStarted(run=run, agent="helper", upto=upto, node="n"),
        answer,
        *([asked] if asks else []),
        RunFinished(run=run, outcome="paused" if asks else "completed", upto=upto),
    ]


async def say(browser: Browser, text: str, nth: int) -> str:
    """Say something and return what is answered; `nth` counts the runs that were not filled in."""
    await browser.input(type="message", text=text)
    await browser.until("run_finished", TURNS + nth)
    return (await browser.events("message_composed"))[-1]["content"]["text"]


async def test_two_thousand_messages_later_it_still_knows_and_nothing_is_lost(models, tmp_path):
    data = tmp_path / "data"
    async with running_bridge(data, config(models)):
        pass
    await filled(data)
    models.replies = [reply] * 100
    async with browsing_with(config(models), data) as browser:
        await say(browser, "What was the code word?", 1)
        first = list(models.asked)
        answered = next(asked for asked in first if not is_summing(asked))
        assert QUESTION in answered.text(), "an open question is not left out"
        for each in range(TURNS - 3, TURNS):
            assert f"This is message {each}." in answered.text(), "it begins from the newest part"

        shown = numbers(answered)
        await until(lambda: shown | summed(models) == set(range(TURNS)))  # between the answers
        assert await say(browser, "And once more?", 2) == "It is lighthouse."
        asked = list(models.asked)
        assert all(len(each.text()) / 4 < CONTEXT for each in asked), "each fits"
        assert SUMMARY in asked[-1].text()
        summing = sum(is_summing(each) for each in asked)

        models.asked.clear()
        assert await say(browser, "And again?", 3) == "It is lighthouse."
        assert len(models.asked) == 1, "what was summed up once stays summed up"

        await browser.input(type="answer", question="q_shed", answer="r")
        await browser.until("run_finished", TURNS + 4)
        assert f"answered · {QUESTION}]\\nRed, as ever" in models.asked[-1].text()

        events = await browser.events("message_received")
        assert len(events) == TURNS + 3, "the log keeps every word"
        assert 0 < len(await browser.events("history_compacted")) <= summing


def numbers(asked: Asked) -> set[int]:
    return {int(each) for each in re.findall(r"This is message (\d+)\.", asked.text())}


def summed(models: FakeModels) -> set[int]:
    """Return which messages the model was shown to sum them up."""
    return {each for asked in models.asked if is_summing(asked) for each in numbers(asked)}
