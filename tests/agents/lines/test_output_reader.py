"""What an agent out of process says becomes what the bridge takes down."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from agents.lines.output_reader import OutputReader
from agents.lines.output_schema import FileInput, read
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.errors import AgentFailed, AgentUnavailable
from bridge.domain.events import Cron, Every, Once, PlannedCall, Preview, Usage
from bridge.domain.ids import MediaId, RunId
from bridge.domain.run_output import Asking
from bridge.ports.agent import (
    Calling,
    Compacted,
    Delegating,
    Ended,
    Noting,
    Pushing,
    Remark,
    Returned,
    Scheduling,
    Transcript,
    Using,
)
from bridge.session.configured import ORIGIN
from tests.turns import StoryClock

RUN = RunId("r_1")
CLOCK = StoryClock()


class Cabinet:
    """Every file is there."""

    async def attach(self, given: FileInput) -> Attachment:
        name = given.name or "file"
        return Attachment(
            kind="file", name=name, mime="text/plain", size=1, media=MediaId(given.media or "m")
        )


async def heard(*lines: dict) -> list:
    hearing = OutputReader(run=RUN, clock=CLOCK, files=Cabinet())
    read_lines = [read(json.dumps(each).encode(), number=1) for each in lines]
    return [await hearing.hear(each) for each in read_lines]


async def asking(**fields: object) -> Asking:
    _, ended = await heard({"type": "ask", **fields}, {"type": "ended"})
    (question,) = ended.questions
    return question


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"type": "remark", "text": "Hm."}, Remark(content=Content(text="Hm."))),
        (
            {"type": "remark", "text": "Hm.", "kind": "notice"},
            Remark(content=Content(text="Hm."), kind="notice"),
        ),
        (
            {"type": "called", "call": "k", "name": "die", "arguments": {"ä": 6}},
            Calling(call="k", name="die", arguments='{"ä": 6}'),
        ),
        (
            {"type": "called", "call": "k", "name": "die"},
            Calling(call="k", name="die", arguments="{}"),
        ),
        (
            {"type": "returned", "call": "k", "result": "4", "failed": True},
            Returned(call="k", result="4", failed=True),
        ),
        (
            {"type": "push", "text": "Look!", "to": ["p_ada"]},
            Pushing(content=Content(text="Look!"), to=("p_ada",)),
        ),
        ({"type": "note", "note": "n", "text": "x"}, Noting(note="n", text="x", outside=True)),
        (
            {"type": "note", "note": "n", "about": "p"},
            Noting(note="n", text="", about="p", outside=True),
        ),
        (
            {"type": "schedule", "schedule": "s", "text": "x", "cron": "0 9 * * *", "times": 3},
            Scheduling(schedule="s", rule=Cron(expression="0 9 * * *"), text="x", times=3),
        ),
        (
            {"type": "schedule", "schedule": "s", "text": "x", "every": 600, "late": "skip"},
            Scheduling(schedule="s", rule=Every(seconds=600, start=ORIGIN), text="x", late="skip"),
        ),
        (
            {
                "type": "schedule",
                "schedule": "s",
                "text": "x",
                "action": "say",
                "at": "2030-01-01T09:00:00+01:00",
                "until": "2030-01-02T00:00:00Z",
            },
            Scheduling(
                schedule="s",
                rule=Once(at=datetime(2030, 1, 1, 8, tzinfo=UTC)),
                action="say",
                text="x",
                until=datetime(2030, 1, 2, tzinfo=UTC),
            ),
        ),
        ({"type": "schedule", "schedule": "s"}, Scheduling(schedule="s")),
        (
            {"type": "background", "background": "w", "task": "x", "told": "y"},
            Delegating(work="w", task="x", told="y", outside=True),
        ),
        ({"type": "background", "background": "w"}, Delegating(work="w", outside=True)),
        ({"type": "summary", "upto": 9, "text": "x"}, Compacted(upto=9, summary="x")),
        (
            {"type": "transcript", "message": 3, "media": "m", "text": "x"},
            Transcript(target=3, media="m", text="x"),
        ),
        (
            {"type": "usage", "input_tokens": 5, "cost": 0.1, "model": "m"},
            Using(usage=Usage(input_tokens=5, cost=0.1, model="m")),
        ),
        ({"type": "ended"}, Ended()),
        (
            {"type": "ended", "text": "Yes.", "usage": {"output_tokens": 2}},
            Ended(content=Content(text="Yes."), usage=Usage(output_tokens=2)),
        ),
    ],
)
async def test_each_line_is_one_thing_said(said, taken) -> None:
    assert await heard(said) == [taken]


async def test_previews_are_numbered() -> None:
    previews = await heard({"type": "preview", "text": "H"}, {"type": "preview", "activity": "x"})
    assert previews == [
        Preview(run=RUN, revision=1, text="H"),
        Preview(run=RUN, revision=2, activity="x"),
    ]


async def test_files_come_along() -> None:
    file = {"media": "m_1", "name": "a.txt"}
    (ended,) = await heard({"type": "ended", "attachments": [file]})
    assert [each.name for each in ended.content.attachments] == ["a.txt"]


async def test_the_run_stops_on_all_that_was_asked() -> None:
    first, second, ended = await heard(
        {"type": "ask", "text": "Who?"}, {"type": "ask", "text": "What?"}, {"type": "ended"}
    )
    assert first is second is None
    assert [each.text for each in ended.questions] == ["Who?", "What?"]
    assert len({each.question for each in ended.questions}) == 2
    assert ended.content is None


async def test_an_approval_can_be_given_denied_or_given_for_good() -> None:
    call = {"call": "k", "name": "rm", "arguments": {"path": "/"}}
    question = await asking(kind="approval", text="May I?", call=call)
    assert [each.id for each in question.options] == ["approve", "deny", "always"]
    assert question.call == PlannedCall(call="k", name="rm", arguments='{"path": "/"}')


async def test_a_question_is_asked_as_it_was_put() -> None:
    question = await asking(
        kind="choice",
        question="q_mine",
        text="Tea?",
        options=[{"id": "y", "label": "Yes"}],
        to=["p_bob"],
        expires_in=90,
    )
    assert question.question == "q_mine"
    assert question.options == (Option(id="y", label="Yes"),)
    assert question.to == ("p_bob",)
    assert question.expires_at == CLOCK.now() + timedelta(seconds=90)


async def test_a_choice_needs_something_to_choose_from() -> None:
    with pytest.raises(AgentFailed, match="no options"):
        await asking(kind="choice", text="Tea?")


async def test_an_agent_may_fail_and_say_whether_to_try_again() -> None:
    with pytest.raises(AgentFailed, match="no such model"):
        await heard({"type": "failed", "reason": "no such model"})
    with pytest.raises(AgentUnavailable, match="overloaded"):
        await heard({"type": "failed", "reason": "overloaded", "retry": True})


async def test_arguments_that_are_no_json_are_refused() -> None:
    hearing = OutputReader(run=RUN, clock=CLOCK, files=Cabinet())
    raw = b'{"type": "called", "call": "k", "name": "x", "arguments": {"a": NaN}}'
    with pytest.raises(AgentFailed, match="no number in JSON"):
        await hearing.hear(read(raw, number=1))


@pytest.mark.parametrize("kind", ["remark", "push"])
async def test_words_that_say_nothing_are_not_kept(kind: str) -> None:
    assert await heard({"type": kind, "text": " \n"}) == [None]
    assert await heard({"type": kind}) == [None]
    (file,) = await heard({"type": kind, "attachments": [{"media": "m_1"}]})
    assert file.content.attachments


async def test_usage_that_cannot_be_so_is_told_to_the_operator_once_in_a_run() -> None:
    odd = {"type": "usage", "input_tokens": -1}
    with capture_logs() as told:
        said = await heard(odd, odd, {"type": "ended", "text": "x", "usage": {"cost": "much"}})
    assert said[-1] == Ended(content=Content(text="x"), usage=Usage())
    assert [each["event"] for each in told] == ["agent.usage_bounded"]
