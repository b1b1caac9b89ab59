"""An agent that lives elsewhere: what it is sent, how it answers, and how it fails."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from agents.http.agent import WAITING, Http, HttpConfig, plugin
from bridge.domain.content import Attachment
from bridge.domain.errors import AgentError, AgentFailed, AgentUnavailable, RunOver
from bridge.domain.events import Preview, ToolCalled
from bridge.domain.ids import RunId
from bridge.ports.agent import AgentReceiving, Ended, Remark
from tests.agents.elsewhere import (
    JSON,
    SECRET,
    TOKEN,
    Answer,
    Answering,
    Elsewhere,
    elsewhere,
    http,
    lines,
    reporter,
)
from tests.agents.outside import surroundings
from tests.turns import Story
from tests.waiting import until

ENDED = {"type": "ended", "text": "Yes."}
LATER = Answer(status=202)


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as running:
        yield running


@pytest.fixture
def story() -> Story:
    told = Story()
    told.say("Hello.")
    return told


def asking(server: Elsewhere, answer: Answer | Answering, **config) -> Http:
    """Return an agent that is answered like this."""
    server.answering["agent"] = answer if callable(answer) else lambda _: answer
    return http(server.url("/agent"), **config)


def in_turn(*answers: Answer) -> Answering:
    left = list(answers)
    return lambda _: left.pop(0)


async def failure(agent: Http, story: Story) -> AgentError:
    with pytest.raises(AgentError) as failed:
        async for _ in agent.run(story.turn()):
            pass
    return failed.value


async def waiting(agent: Http, story: Story) -> tuple[asyncio.Task, RunId]:
    """Begin a run that waits for reports."""
    turn = story.turn()
    items: list = []

    async def listen() -> list:
        async for item in story.let(agent, turn):
            items.append(item)  # noqa: PERF401 - what was said before a failure counts
        return items

    run = asyncio.create_task(listen())
    await until(lambda: agent._mailroom._open)
    return run, turn.run


def body(*said: dict) -> bytes:
    return json.dumps(list(said)).encode()


# -- what it is sent ------------------------------------------------------------------------------


async def test_the_turn_is_posted_and_signed(server, story) -> None:
    await story.answer(asking(server, lines(ENDED)))
    (asked,) = server.asked
    assert asked.turn["messages"][-1]["text"] == "Hello."
    assert asked.headers["bridge-run"] == asked.turn["run"] == "r_1"
    assert asked.headers["content-type"] == JSON
    signed = f"{asked.headers['bridge-timestamp']}.".encode() + asked.body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert asked.headers["bridge-signature"] == f"v1={digest}"
    assert TOKEN not in str(asked)


@pytest.mark.parametrize(
    ("config", "base"),
    [
        ({"public_url": "https://bridge.example/"}, "https://bridge.example"),
        ({"bridge": "http://bridge:8787", "public_url": "https://x"}, "http://bridge:8787"),
        ({}, ""),
    ],
)
async def test_it_is_told_where_it_can_call(server, story, config, base) -> None:
    await story.answer(asking(server, lines(ENDED), **config))
    assert server.asked[0].turn["urls"] == {
        "report": f"{base}/v1/agents/helper/runs/r_1",
        "session": f"{base}/v1/agents/helper/sessions/s_story",
        "media": f"{base}/v1/agents/helper/media",
    }


async def test_without_a_token_it_can_call_nowhere(server, story) -> None:
    agent = asking(server, LATER, token=None)
    assert "no token" in str(await failure(agent, story))
    assert server.asked[0].turn["urls"] is None
    assert not agent.admits("")


# -- how it answers -------------------------------------------------------------------------------


async def test_it_answers_with_a_line_several_or_a_stream(server, story) -> None:
    one, several = json.dumps(ENDED).encode(), body({"type": "remark", "text": "Hm."}, ENDED)
    kind = f"{JSON}; charset=utf-8"
    for answer, said in (
        (Answer(kind=kind, bits=(one,)), ["Yes."]),
        (Answer(kind=kind, bits=(several,)), ["Hm.", "Yes."]),
        (Answer(bits=(one[:9], one[9:], b"\n")), ["Yes."]),
        (Answer(bits=(b"\n", one)), ["Yes."]),
        (Answer(status=204), []),
    ):
        told = Story()
        told.say("Hello.")
        await told.answer(asking(server, answer))
        assert told.words() == said


async def test_what_follows_the_end_is_not_read(server, story) -> None:
    await story.answer(asking(server, lines(ENDED, {"type": "nonsense"})))
    assert story.words() == ["Yes."]


async def test_it_answers_later_in_reports(server, story) -> None:
    agent = asking(server, LATER)
    run, name = await waiting(agent, story)
    for line in ({"type": "preview", "text": "Y"}, {"type": "remark", "text": "Hm."}, ENDED):
        assert json.loads(await agent.report(name, body(line), key="")) == {"answers": []}
    preview, remark, ended = await run
    assert isinstance(preview, Preview)
    assert isinstance(remark, Remark)
    assert isinstance(ended, Ended)
    assert story.words() == ["Hm.", "Yes."]
    with pytest.raises(RunOver):
        await agent.report(name, body(ENDED), key="")


async def test_a_report_is_answered_when_it_is_in_the_log(server, story) -> None:
    agent = asking(server, LATER)
    run, name = await waiting(agent, story)
    call = {"type": "called", "call": "k", "name": "die"}
    answer = json.loads(await agent.report(name, body(call), key=""))
    assert answer == {"answers": [{"type": "recorded", "call": "k"}]}
    assert isinstance(story.events[-1].body, ToolCalled)
    story.say("Hurry.", by="Bob")
    answer = json.loads(await agent.report(name, body({"type": "news"}), key=""))
    (told,) = answer["answers"]
    assert [each["text"] for each in told["messages"]] == ["Hurry."]
    await agent.report(name, body(ENDED), key="")
    await run
    assert story.fold.wanted <= story.fold.position


async def test_an_end_is_taken_though_the_run_is_closed_at_it(server, story) -> None:
    """As the runner does: it takes the last item down and asks for no more."""
    agent = asking(server, LATER)
    speech = agent.run(story.turn())
    first = asyncio.ensure_future(anext(speech))
    await until(lambda: agent._mailroom._open)
    report = asyncio.ensure_future(agent.report(RunId("r_1"), body(ENDED), key=""))
    assert isinstance(await first, Ended)
    assert not report.done()
    await speech.aclose()
    assert json.loads(await report) == {"answers": []}


async def test_a_stopped_run_takes_no_report(server, story) -> None:
    agent = asking(server, LATER)
    speech = agent.run(story.turn())
    first = asyncio.ensure_future(anext(speech))
    await until(lambda: agent._mailroom._open)
    remark = {"type": "remark", "text": "Hm."}
    report = asyncio.ensure_future(agent.report(RunId("r_1"), body(remark), key=""))
    await first
    await speech.aclose()
    with pytest.raises(RunOver):
        await report


async def test_a_bad_report_is_refused_and_the_run_goes_on(server, story) -> None:
    agent = asking(server, LATER)
    run, name = await waiting(agent, story)
    for bad, why in (
        (b"hello", "no JSON"),
        (body({"type": "file", "media": "m"}), "from its address"),
        (body({"type": "ask", "kind": "choice", "text": "?"}), "no options"),
        (body({"type": "ended", "attachments": [{"media": "m_none"}]}), "not kept here"),
        (body({"type": "ended", "attachments": [{"path": "/etc/passwd"}]}), "`media` id"),
    ):
        with pytest.raises(AgentFailed, match=why):
            await agent.report(name, bad, key="")
    await agent.report(name, body(ENDED), key="")
    await run
    assert story.words() == ["Yes."]


async def test_it_may_report_that_it_failed(server, story) -> None:
    agent = asking(server, LATER)
    run, name = await waiting(agent, story)
    failed = {"type": "failed", "reason": "No quota.", "retry": True}
    await agent.report(name, body(failed), key="")
    with pytest.raises(AgentUnavailable, match="No quota"):
        await run


async def test_it_sends_files_that_were_put_here_before(server) -> None:
    story = Story()
    story.say("Draw.")
    turn = story.turn()

    async def bits():
        yield b"png"

    blob = await turn.blobs.put(bits())
    photo = {"media": blob.media, "name": "a.png", "mime": "image/png"}
    agent = asking(server, lines({"type": "ended", "attachments": [photo]}))
    (ended,) = [item async for item in story.let(agent, turn)]
    assert ended.content.attachments == (
        Attachment(kind="image", name="a.png", mime="image/png", size=3, media=blob.media),
    )


async def test_it_asks_and_goes_on_when_it_is_answered(story) -> None:
    agent = reporter()
    story.say("approve")
    await story.answer(agent)
    story.choose("approve", by="Bob")
    await story.answer(agent)
    assert story.words()[-1] == "Bob chose approve.\n\nThe die shows 4."


# -- how it fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (Answer(status=500), AgentUnavailable, "HTTP 500"),
        (Answer(status=401), AgentFailed, "HTTP 401"),
        (Answer(status=404), AgentFailed, "HTTP 404"),
        (Answer(status=302, headers={"Location": "http://127.0.0.1/"}), AgentFailed, "redirects"),
        (Answer(kind="text/html", bits=(b"<p>",)), AgentFailed, "neither JSON nor"),
        (Answer(bits=(b"hello\n",)), AgentFailed, "line 1 of what the agent wrote is bad"),
        (Answer(kind=JSON, bits=(b"hello",)), AgentFailed, "no JSON"),
        (lines({"type": "preview"}), AgentUnavailable, "stopped in mid-answer"),
        (lines({"type": "news"}), AgentFailed, "asked for in a report"),
        (lines({"type": "failed", "reason": "No key."}), AgentFailed, "No key."),
        (Answer(headers={"Content-Encoding": "gzip"}), AgentFailed, "packed"),
        (Answer(kind=JSON, bits=(b" " * 1_100_000,)), AgentFailed, "more than 1 MiB"),
        (Answer(bits=(b"x" * 1_100_000,)), AgentFailed, "more than 1 MiB"),
        (
            Answer(headers={"Content-Length": "99"}, bits=(b'{"type": "preview"}\n',)),
            AgentUnavailable,
            "broke in mid-answer",
        ),
    ],
)
async def test_it_is_tried_again_where_that_may_help(server, story, answer, kind, why) -> None:
    error = await failure(asking(server, answer), story)
    assert type(error) is kind
    assert why in str(error)
    assert len(server.asked) == 1


async def test_a_redirect_is_not_followed(server, story) -> None:
    other = server.url("/elsewhere")
    server.answering["elsewhere"] = lambda _: lines(ENDED)
    await failure(asking(server, Answer(status=307, headers={"Location": other})), story)
    assert len(server.asked) == 1


async def test_one_that_is_away_is_waited_for_and_people_see_why(server, story) -> None:
    answers = in_turn(Answer(status=503), Answer(status=429), lines(ENDED))
    first, second, last = await story.answer(asking(server, answers))
    assert (first.activity, second.activity) == (WAITING, WAITING)
    assert isinstance(last, Ended)
    assert {asked.turn["run"] for asked in server.asked} == {"r_1"}


async def test_one_that_asks_for_time_gets_it(server, story) -> None:
    away = Answer(status=429, headers={"Retry-After": "20"})
    agent = asking(server, in_turn(away, away, lines(ENDED)), patience=45)
    turn = story.turn()
    async for _ in story.let(agent, turn):
        pass
    assert turn.clock.slept == 40


async def test_one_that_stays_away_is_given_up_for_now(server, story) -> None:
    agent = asking(server, lambda _: Answer(status=503), patience=10)
    error = await failure(agent, story)
    assert isinstance(error, AgentUnavailable)
    assert "HTTP 503" in str(error)
    assert len(server.asked) == 4, "at once, and after 1, 2 and 4 s"


async def test_one_that_cannot_be_reached_is_away(story) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = await failure(http(f"http://127.0.0.1:{port}/", patience=0), story)
    assert isinstance(error, AgentUnavailable)
    assert "cannot be reached" in str(error)


async def test_one_that_does_not_begin_to_answer_is_given_up_for_now(story) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        error = await failure(http(url, first=0.05), story)
    assert isinstance(error, AgentUnavailable)
    assert "did not begin to answer" in str(error)


async def test_one_that_never_reports_is_given_up(server, story) -> None:
    error = await failure(asking(server, LATER, limit=0.1), story)
    assert isinstance(error, AgentFailed)
    assert "not done after 0.1 s" in str(error)


# -- the plugin -----------------------------------------------------------------------------------


def test_only_its_own_token_is_admitted() -> None:
    agent = http("http://127.0.0.1:1/")
    assert agent.admits(TOKEN)
    for other in ("", TOKEN[:-1], TOKEN + "x", SECRET, "töken"):
        assert not agent.admits(other)


@pytest.mark.parametrize("token", ["short", "with spaces between its words", "x" * 201])
def test_a_token_that_could_not_be_sent_is_refused(token) -> None:
    with pytest.raises(ValidationError):
        http("http://127.0.0.1:1/", token=token)


def test_it_is_made_from_its_section(tmp_path) -> None:
    given = {"url": "https://agent.example/", "secret": SECRET, "help": "Ask me."}
    agent = plugin.create("helper", HttpConfig.model_validate(given), surroundings(tmp_path))
    assert agent.help == "Ask me."
    assert isinstance(agent, AgentReceiving)
    assert agent._tls is not False
