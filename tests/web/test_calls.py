"""A call that people are asked about looks in the page as it does everywhere: whole, and exact."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from playwright.sync_api import expect

from bridge.delivery.call_display import brief, text
from bridge.domain.content import Option
from bridge.domain.events import MOST_WHOLE, PlannedCall
from bridge.domain.ids import CallId, QuestionId, mint
from bridge.domain.run_output import Asking
from bridge.engine.runs import run_recorder
from bridge.ports.agent import Calling, Ended, Returned
from tests.delivery.test_call_display import HIDING, arguments
from tests.web.rig import Bridge, Loop, Pages, of_each, say

pytestmark = pytest.mark.browser

OPTIONS = tuple(Option(id=each.lower(), label=each) for each in ("Approve", "Deny", "Always"))


class Asker:
    """Makes the calls it was given, or asks whether it may."""

    help = ""

    def __init__(self) -> None:
        self.corpus: list[str] = []
        self.asks = True

    async def run(self, turn):
        calls = [
            PlannedCall(call=CallId(mint("k")), name="rm \u202e<b>", arguments=each)
            for each in self.corpus
        ]
        for call in () if self.asks else calls:
            yield Calling(call=call.call, name=call.name, arguments=call.arguments)
            yield Returned(call=call.call, result="done")
        asked = tuple(
            Asking(
                question=QuestionId(mint("q")), kind="approval", text="May I?", options=OPTIONS,
                call=each,
            )
            for each in calls
        ) if self.asks else ()  # fmt: skip
        yield Ended(content=None, questions=asked)


def corpus() -> list[str]:
    """Return calls made up as in the tests of the display itself."""
    found = [json.dumps({"a": each}) for each in HIDING]

    @settings(
        max_examples=60, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(arguments)
    def collect(given_) -> None:
        found.append(json.dumps(given_))

    collect()
    odd = ["", "no json", '{"a": 12345678901234567890, "b": 1.0}', "[" * 5000]
    return [*found, *odd]


@pytest.fixture
def asker(loop: Loop):
    return Asker()


@pytest.fixture
def bridge(loop: Loop, asker: Asker):
    bridge = Bridge(loop, agent=asker)
    bridge.start()
    yield bridge
    bridge.stop()


def test_the_page_shows_every_call_as_the_bridge_writes_it_out(
    bridge: Bridge, pages: Pages, asker: Asker, monkeypatch: pytest.MonkeyPatch
):
    asker.corpus = corpus()
    monkeypatch.setattr(run_recorder, "QUESTIONS_AT_ONCE", len(asker.corpus))
    page = pages.open(bridge.link())
    say(page, "ask")
    expect(page.locator(".question")).to_have_count(len(asker.corpus))
    shown = of_each(page, ".question .call pre", "e => e.textContent")
    assert shown == [text("rm \u202e<b>", each) for each in asker.corpus]


def test_what_was_called_looks_the_same_as_what_was_asked_about(
    bridge: Bridge, pages: Pages, asker: Asker
):
    asker.corpus, asker.asks = corpus()[-30:], False
    page = pages.open(bridge.link())
    say(page, "call")
    expect(page.locator(".tool")).to_have_count(len(asker.corpus))
    shown = of_each(page, ".tool pre:first-of-type", "e => e.textContent")
    assert shown == [text("rm \u202e<b>", each) for each in asker.corpus]
    briefly = of_each(page, ".tool .brief", "e => e.textContent")
    assert briefly == [brief("rm \u202e<b>", each) for each in asker.corpus]


def test_the_end_of_a_long_call_stands_above_its_buttons(
    bridge: Bridge, pages: Pages, asker: Asker
):
    """Nothing of it is scrolled away in a box of its own."""
    asker.corpus = [json.dumps({"command": [f"echo {n}" for n in range(400)]})]
    page = pages.open(bridge.link())
    say(page, "ask")
    box = page.locator(".question .call pre")
    expect(box).to_be_visible()
    assert box.evaluate(
        "e => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth"
    )
    below = page.locator(".question .choices").bounding_box()
    above = box.bounding_box()
    assert below["y"] >= above["y"] + above["height"]


def test_a_call_that_nobody_can_read_can_only_be_denied(bridge: Bridge, pages: Pages, asker: Asker):
    asker.corpus = [json.dumps({"a": "y" * MOST_WHOLE})]
    page = pages.open(bridge.link())
    say(page, "ask")
    expect(page.locator(".question .choice")).to_have_text(["Deny"])
