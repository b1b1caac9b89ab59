"""Agents that live elsewhere call the bridge, with a token that opens their own doors only."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from bridge.domain.commands import Archive, Change
from bridge.domain.errors import AgentFailed, RunOver
from bridge.domain.events import Pushed, Source, Triggered
from bridge.domain.ids import RunId
from tests.http.rig import ADA, MAIN, MOST, Bridge, bearer
from tests.waiting import PATIENCE

TOKEN = "token-of-the-agent-elsewhere"
HELPER = "/v1/agents/helper"
RUN = f"{HELPER}/runs/r_1"
SESSION = f"{HELPER}/sessions/{MAIN}"
PUSH = {"type": "push", "text": "Done."}


class Distant:
    """An agent's own side: keeps what is reported."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.reports: list[tuple[str, bytes, str]] = []
        self.error: Exception | None = None
        self.slow = False

    def admits(self, token: str) -> bool:
        return token == self._token

    async def report(self, run: RunId, body: bytes, *, key: str) -> bytes:
        if self.error is not None:
            raise self.error
        if self.slow:
            await asyncio.Event().wait()
        self.reports.append((run, body, key))
        return b'{"answers": []}'


@pytest.fixture
def helper(bridge: Bridge) -> Distant:
    bridge.agents["helper"] = Distant(TOKEN)
    bridge.agents["other"] = Distant("token-of-another-agent-there")
    bridge.answering = "helper"
    return bridge.agents["helper"]


@pytest.fixture
async def agent(bridge: Bridge, helper: Distant) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=bridge.url,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=PATIENCE,
        verify=False,
    ) as client:
        yield client


async def bodies(bridge: Bridge) -> list:
    return [event.body for event in await bridge.store.read(MAIN, after=2, limit=100)]


# -- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", bearer(ADA)["Authorization"]],
)
async def test_without_its_token_nobody_gets_in(bridge, helper, agent, authorization) -> None:
    """Not even a participant: theirs opens other doors."""
    headers = {"Authorization": authorization}
    for method, path in (("POST", RUN), ("POST", SESSION), ("POST", f"{HELPER}/media")):
        answer = await agent.request(method, path, json=PUSH, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert helper.reports == []


async def test_its_token_opens_nothing_else(bridge, agent) -> None:
    for path in ("/v1/me", "/v1/sessions", f"/v1/sessions/{MAIN}", "/v1/agents", "/v1/agents/"):
        assert (await agent.get(path)).status_code == 401, path
    for name in ("other", "none", "%2Fhelper", ""):
        assert (await agent.post(f"/v1/agents/{name}/runs/r_1", json={})).status_code == 401, name


async def test_what_is_not_there_is_not_found(agent) -> None:
    for path in (f"{HELPER}/nothing", f"{HELPER}%2F..%2Fother/runs/r_1"):
        assert (await agent.post(path, json={})).status_code == 404
    assert (await agent.get(RUN)).status_code == 405


# -- reports --------------------------------------------------------------------------------------


async def test_a_report_goes_to_its_agent_as_it_came(helper, agent) -> None:
    answer = await agent.post(
        RUN, content=b'[{"type": "ended"}]',
        headers={"Content-Type": "application/json", "Idempotency-Key": "k1"},
    )  # fmt: skip
    assert answer.json() == {"answers": []}
    assert answer.headers["content-type"] == "application/json"
    assert helper.reports == [("r_1", b'[{"type": "ended"}]', "k1")]


async def test_a_report_for_a_run_that_is_over_is_gone(helper, agent) -> None:
    helper.error = RunOver()
    answer = await agent.post(RUN, json={"type": "ended"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "gone")


async def test_a_bad_report_says_what_is_wrong(helper, agent) -> None:
    helper.error = AgentFailed("its `type` is not known")
    answer = await agent.post(RUN, json={"type": "shout"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert "its `type` is not known" in answer.json()["error"]["message"]


async def test_a_report_that_takes_too_long_is_to_be_sent_again(helper, agent) -> None:
    helper.slow = True
    answer = await agent.post(RUN, json={"type": "ended"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdigit()


async def test_a_report_may_be_a_mebibyte_and_is_json(helper, agent) -> None:
    large = json.dumps({"type": "ended", "text": "x" * 1_048_577})
    kind = {"Content-Type": "application/json"}
    assert (await agent.post(RUN, content=large, headers=kind)).status_code == 413
    assert (await agent.post(RUN, content=b"{}")).status_code == 415
    assert helper.reports == []


# -- unprompted -----------------------------------------------------------------------------------


async def test_it_says_something_unprompted(bridge, agent) -> None:
    answer = await agent.post(SESSION, json={**PUSH, "to": ["p_ada"]})
    assert answer.json() == {"events": [3], "repeated": False}
    (pushed,) = await bodies(bridge)
    assert isinstance(pushed, Pushed)
    assert (pushed.content.text, pushed.to) == ("Done.", (ADA,))
    assert pushed.source == Source(kind="background", name="helper")


async def test_with_a_key_it_is_said_once(bridge, agent) -> None:
    first = (await agent.post(SESSION, json={**PUSH, "key": "build-7"})).json()
    again = (await agent.post(SESSION, json={**PUSH, "key": "build-7"})).json()
    assert first["events"] == again["events"]
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert len(await bodies(bridge)) == 1


async def test_it_can_ask_to_be_asked(bridge, agent) -> None:
    await agent.post(SESSION, json={"type": "trigger", "prompt": "The build is done: go on."})
    (triggered,) = await bodies(bridge)
    assert triggered == Triggered(
        source=Source(kind="background", name="helper"), prompt="The build is done: go on."
    )


async def test_a_session_where_another_agent_answers_does_not_exist(bridge, agent) -> None:
    bridge.answering = "other"
    for path in (SESSION, f"{HELPER}/sessions/s_none", f"{HELPER}/sessions/a%00b"):
        answer = await agent.post(path, json=PUSH)
        assert (answer.status_code, path) == (404, path)
    assert await bodies(bridge) == []


async def test_an_archived_session_takes_nothing_more(bridge, agent) -> None:
    """But for what it took before: that it comes again is a success, and changes nothing."""
    keyed = [{**PUSH, "key": "one"}, {"type": "trigger", "prompt": "look", "key": "two"}]
    first = [(await agent.post(SESSION, json=each)).json() for each in keyed]
    await bridge.sessions.submit(MAIN, Archive(by=ADA))
    assert (await agent.post(SESSION, json=PUSH)).status_code == 403
    again = [await agent.post(SESSION, json=each) for each in keyed]
    assert [each.json() for each in again] == [{**each, "repeated": True} for each in first]
    assert (await agent.post(SESSION, json={**PUSH, "key": "three"})).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        {"type": "push"},
        {"type": "push", "text": "  "},
        {"type": "push", "text": "x", "attachments": [{"media": "m_none"}]},
        {"type": "push", "text": "x", "as": "p_ada"},
        {"type": "message", "text": "x"},
        {"type": "trigger"},
        [],
    ],
)
async def test_what_it_cannot_say_is_malformed(bridge, agent, said) -> None:
    answer = await agent.post(SESSION, json=said)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert await bodies(bridge) == []


async def test_settings_go_on_as_they_were(bridge, agent) -> None:
    """A push by an agent is a push as any: nothing else in the session changes."""
    await bridge.sessions.submit(MAIN, Change(scope="session", name="model", value="x", by=ADA))
    before = (await bridge.sessions.fold(MAIN)).settings
    await agent.post(SESSION, json=PUSH)
    assert (await bridge.sessions.fold(MAIN)).settings == before


# -- files ----------------------------------------------------------------------------------------


async def test_a_file_goes_in_is_said_and_comes_out(bridge, agent) -> None:
    put = await agent.post(
        f"{HELPER}/media?name=chart.png", content=b"png", headers={"Content-Type": "image/png"}
    )
    assert put.status_code == 201
    said = await agent.post(SESSION, json={"type": "push", "attachments": [put.json()]})
    assert said.status_code == 200
    (pushed,) = await bodies(bridge)
    assert [each.name for each in pushed.content.attachments] == ["chart.png"]
    got = await agent.get(f"{HELPER}/media/{put.json()['media']}")
    assert got.content == b"png"
    assert (await agent.get(f"{HELPER}/media/m_none")).status_code == 404


async def test_a_file_may_be_larger_than_a_report_and_has_its_own_bound(agent) -> None:
    large = await agent.post(f"{HELPER}/media", content=b"x" * 2_000_000)
    assert large.status_code == 201
    assert (await agent.post(f"{HELPER}/media", content=b"x" * (MOST + 1))).status_code == 413


async def test_only_files_are_of_any_size(agent) -> None:
    """A path that looks like theirs is none of theirs."""
    large = b"x" * 1_048_577
    kind = {"Content-Type": "application/json"}
    for path in (f"{HELPER}/sessions/media", f"{HELPER}/runs/media"):
        assert (await agent.post(path, content=large, headers=kind)).status_code == 413
