"""Sessions, and what the operator asks."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bridge import texts
from bridge.domain.commands import Archive, EndRun, Link
from bridge.domain.errors import Refused, StoreUnavailable
from bridge.domain.events import Usage
from bridge.domain.ids import ChannelName, ConversationId, RunId, SessionId
from bridge.domain.parts import Address
from bridge.http import api
from bridge.http.api import ROWS_LOOKED_AT
from bridge.http.pages import offset
from bridge.session.slash import COMMANDS
from bridge.unseen import note
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge
from tests.waiting import until

RUN = RunId("r_1")


async def test_a_session_shows_who_is_in_it_and_where_it_is_shown(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB, "viewer")
    room = ConversationId("c_1")
    await bridge.store.register(
        room,
        Address(channel=ChannelName("telegram"), place="42"),
        room=True,
        title="Ops",
        at=bridge.clock.now(),
    )
    await bridge.sessions.submit(MAIN, Link(conversation=room, by=ADA))
    assert (await ada.get(SESSION)).json() == {
        "id": MAIN,
        "title": "Main",
        "state": "idle",
        "archived": False,
        "offset": offset(4),
        "run": None,
        "participants": [
            {"id": ADA, "name": "Ada", "role": "owner"},
            {"id": BOB, "name": "Bob", "role": "viewer"},
        ],
        "places": [
            {"id": "c_1", "label": "Telegram", "room": True},
            {"id": "http:web", "label": "browser", "room": False},
            {"id": "http:terminal", "label": "terminal", "room": False},
            {"id": "http:api", "label": "API", "room": False},
        ],
        "questions": [],
        "commands": [{"name": each.name, "text": each.text} for each in COMMANDS],
    }


async def test_a_session_is_running_while_a_run_is_open(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    upto = await bridge.begin(RUN)
    running = (await ada.get(SESSION)).json()
    assert (running["state"], running["run"]) == ("running", RUN)
    await bridge.sessions.submit(MAIN, EndRun(run=RUN, upto=upto))
    idle = (await ada.get(SESSION)).json()
    assert (idle["state"], idle["run"]) == ("idle", None)


async def test_sessions_are_listed_to_those_in_them_the_last_touched_first(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    made = (await ada.post("/v1/sessions", json={"title": "  Second \n one "})).json()
    listed = (await ada.get("/v1/sessions")).json()["sessions"]
    assert [(each["id"], each["title"]) for each in listed] == [
        (made["id"], "Second one"),
        (MAIN, "Main"),
    ]
    assert listed[0].keys() == {"id", "title", "head", "archived", "created_at", "touched_at"}
    await bridge.say("touched")
    await bridge.sessions.submit(MAIN, Archive(by=ADA))
    first = (await ada.get("/v1/sessions")).json()["sessions"][0]
    assert (first["id"], first["head"], first["archived"]) == (MAIN, 4, True)
    async with bridge.client(EVE) as eve:
        assert (await eve.get("/v1/sessions")).json() == {"sessions": [], "next": None}


async def test_whoever_makes_a_session_owns_it(bridge: Bridge) -> None:
    async with bridge.client(EVE) as eve:
        answer = await eve.post("/v1/sessions", json={"title": "Mine"})
        assert answer.status_code == 201
        made = answer.json()
        assert made["participants"] == [{"id": EVE, "name": "Eve", "role": "owner"}]
        assert (await eve.get(answer.headers["location"])).json() == made


async def test_a_session_without_a_sound_title_is_not_made(ada: httpx.AsyncClient) -> None:
    bodies = ({}, {"title": 1}, {"title": "x" * 201}, {"title": "x", "owner": "me"}, [], None)

    for body in bodies:
        answer = await ada.post("/v1/sessions", json=body)
        assert (answer.status_code, body) == (400, body)
    assert len((await ada.get("/v1/sessions")).json()["sessions"]) == 1


async def test_an_unknown_session_is_not_found(ada: httpx.AsyncClient) -> None:
    for session in ("s_none", "%00", "a%2Fb", "x" * 65, "%F0%9F%98%80", ""):
        answer = await ada.get(f"/v1/sessions/{session}")
        assert (answer.status_code, session) == (404, session)
        assert answer.json()["error"]["code"] == "not_found"


# -- the operator ---------------------------------------------------------------------------------


async def test_the_process_says_that_it_lives_without_a_token(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200


async def test_not_being_ready_is_said_and_not_in_whose_words(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    bridge.why_not_ready = "the runner is not started yet"
    answer = await ada.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == texts.FAILS
    assert "retry-after" in answer.headers
    bridge.why_not_ready = ""
    await bridge.store.close()
    assert (await ada.get("/readyz")).status_code == 503
    assert (await ada.get("/healthz")).status_code == 200


async def test_the_doctors_report_is_for_the_operator(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    note("stranger", account="chat", place="dm")
    assert (await ada.get("/v1/doctor")).json() == {
        "checks": [{"name": "store", "ok": False, "detail": "is full", "fix": "make room"}],
        "left_out": [
            {
                "reason": "stranger",
                "kind": "refusal",
                "side": "not stored",
                "account": "chat",
                "times": 1,
            }
        ],
    }
    async with bridge.client(BOB) as bob:
        assert (await bob.get("/v1/doctor")).status_code == 403
        assert (await bob.post("/v1/backup")).status_code == 403


async def test_what_was_used_is_for_the_operator(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    run, usage = RunId("r_1"), Usage(input_tokens=7, output_tokens=3, cost=0.25, model="large")
    await bridge.begin(run)
    await bridge.sessions.submit(MAIN, EndRun(run=run, upto=3, usage=usage))
    today = bridge.clock.now().date()
    line = {
        "day": today.isoformat(),
        "session": MAIN,
        "participant": ADA,
        "agent": "echo",
        "model": "large",
        "runs": 1,
        "input_tokens": 7,
        "output_tokens": 3,
        "cost": 0.25,
        "unpriced_tokens": 0,
    }
    assert (await ada.get("/v1/usage")).json() == {"usage": [line]}
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert (await ada.get("/v1/usage", params={"since": tomorrow})).json() == {"usage": []}
    assert (await ada.get("/v1/usage", params={"session": "s_other"})).json() == {"usage": []}
    assert (await ada.get("/v1/usage", params={"since": "yesterday"})).status_code == 400
    async with bridge.client(BOB) as bob:
        assert (await bob.get("/v1/usage")).status_code == 403


async def test_a_backup_is_the_whole_copy_and_leaves_nothing_behind(
    bridge: Bridge,
    ada: httpx.AsyncClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = json.dumps(list(range(200_000))).encode()

    async def backup(to: Path) -> None:
        _write(to, content)

    monkeypatch.setattr(bridge.store, "backup", backup)
    bridge.app.state.reach = replace(bridge.app.state.reach, scratch=tmp_path)
    answer = await ada.post("/v1/backup")
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-length"] == str(len(content))
    assert 'filename="bridgehead-' in answer.headers["content-disposition"]
    await until(lambda: _inside(tmp_path) == [])  # it is removed once it was sent


@pytest.mark.parametrize(
    ("failure", "status"), [(Refused("use pg_dump"), 403), (StoreUnavailable("no space left"), 503)]
)
async def test_a_backup_that_cannot_be_made_says_why(
    bridge: Bridge,
    ada: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    status: int,
) -> None:
    async def backup(to: Path) -> None:
        raise failure

    monkeypatch.setattr(bridge.store, "backup", backup)
    answer = await ada.post("/v1/backup")
    assert answer.status_code == status
    assert answer.json()["error"]["message"] == str(failure)


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_sessions_of_others_do_not_hide_ones_own(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Who is in a session counts before any limit; pages go on until all are listed."""
    mine = [SessionId(f"s_mine_{each}") for each in range(3)]
    for session in mine:
        await bridge.sessions.create(session, title="Mine", owner=ADA)
    for each in range(2 * ROWS_LOOKED_AT + 50):
        await bridge.sessions.create(SessionId(f"s_{each}"), title="Theirs", owner=BOB)
    listed, after = [], ""
    while after is not None:
        page = (await ada.get("/v1/sessions", params={"limit": 2, "after": after})).json()
        assert len(page["sessions"]) <= 2
        listed += [each["id"] for each in page["sessions"]]
        after = page["next"]
    assert sorted(listed) == sorted([MAIN, *mine])
    for wrong in ("x", "1", "1.", ".s", "1.s", "A" * 24, "A" * 25, "A" * 43):
        assert (await ada.get("/v1/sessions", params={"after": wrong})).status_code == 400


async def test_where_a_list_goes_on_tells_nothing_of_the_sessions_of_others(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at last may be a session of others: neither its id nor its time is told."""
    monkeypatch.setattr(api, "ROWS_LOOKED_AT", 1)
    monkeypatch.setattr(api, "PAGES_LOOKED_AT", 1)
    theirs = SessionId("s_theirs")
    await bridge.sessions.create(theirs, title="Theirs", owner=ADA)
    async with bridge.client(BOB) as bob:
        mark = (await bob.get("/v1/sessions")).json()["next"]
        read = base64.urlsafe_b64decode(f"{mark}==")
        assert theirs not in mark
        assert theirs.encode() not in read
        changed = mark[:-4] + ("BBBB" if mark[-4:] == "AAAA" else "AAAA")
        assert (await bob.get("/v1/sessions", params={"after": changed})).status_code == 400
        assert (await bob.get("/v1/sessions", params={"after": mark})).status_code == 200
