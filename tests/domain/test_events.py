"""The closed vocabulary of the log, and the page that explains it."""

import dataclasses
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given

from bridge.domain import events
from bridge.domain.events import (
    BODIES,
    MessageComposed,
    QuestionAsked,
    RunBody,
    RunFinished,
    RunStarted,
    ToolCalled,
    ToolReturned,
    open_run_after,
    run_of,
)
from bridge.domain.ids import CallId, RunId
from tests.strategies import bodies

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
R1, R2 = RunId("r_1"), RunId("r_2")
PARTS = {"Usage", "PlannedCall", "Source", "Once", "Every", "Cron", "Draft", "Event", "Preview"}


def rows() -> dict[str, list[str]]:
    """Return the cells of each event's row in the page, by its name."""
    lines = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    return {line[0].strip().strip("`"): [cell.strip() for cell in line] for line in lines}


def fields_of(body) -> set[str]:
    return {field.name for field in dataclasses.fields(body)}


def test_the_union_holds_every_body_there_is():
    defined = {
        name
        for name, each in vars(events).items()
        if dataclasses.is_dataclass(each) and each.__module__ == events.__name__
    }
    assert defined == {body.__name__ for body in BODIES} | PARTS


@pytest.mark.parametrize("body", BODIES)
def test_the_page_has_a_row_for_each_event_with_all_of_its_fields(body):
    assert body.__name__ in rows(), f"docs/events.md has no row for {body.__name__}"
    _, named, appends, changes, shown = rows()[body.__name__]
    assert set(re.findall(r"`(\w+)`", named)) == fields_of(body)
    assert appends
    assert changes
    assert shown


def test_the_page_has_no_rows_for_what_is_no_event():
    assert set(rows()) == {body.__name__ for body in BODIES}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_cannot_be_changed_or_given_fields_by_place(body):
    assert body.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(body))


@given(bodies())
def test_bodies_are_values(body):
    assert dataclasses.replace(body) == body
    assert hash(dataclasses.replace(body)) == hash(body)


# -- what the open run guards ---------------------------------------------------------------------


@given(bodies())
def test_the_open_run_guards_what_a_run_says_and_nothing_else(body):
    guarded = isinstance(body, RunFinished | MessageComposed | ToolCalled | QuestionAsked)
    is_of_a_program = isinstance(body, QuestionAsked) and (
        body.by is not None or body.background is not None
    )
    assert run_of(body) == (body.run if guarded and not is_of_a_program else None)


def test_a_return_is_welcome_after_its_run():
    assert run_of(ToolReturned(call=CallId("c"), result="4")) is None
    assert ToolReturned not in get_args(RunBody)


@given(bodies())
def test_only_the_events_of_a_run_open_and_close_it(body):
    expected = {RunStarted: getattr(body, "run", None), RunFinished: None}
    assert open_run_after(R1, body) == expected.get(type(body), R1)


def test_a_run_opens_and_closes():
    begun = RunStarted(run=R2, agent="echo", upto=1, node="n")
    assert open_run_after(None, begun) == R2
    assert open_run_after(R2, RunFinished(run=R2, outcome="silent", upto=1)) is None
