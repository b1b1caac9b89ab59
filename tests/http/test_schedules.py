"""The schedules of a session over HTTP: who may do what, and what is understood."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bridge import texts
from bridge.delivery.notify import Quiet
from bridge.domain.events import Triggered
from bridge.engine.wishes import Wished
from bridge.session.permission_table import REASONS
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge

SCHEDULES = f"{SESSION}/schedules"
DAILY = {"when": "every day 9:00", "text": "look around"}


async def add(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post(SCHEDULES, json={**DAILY, **more})
    assert answer.status_code == 201, answer.text
    planned: dict[str, Any] = answer.json()
    return planned


async def listed(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(SCHEDULES)).json()["schedules"]
    return found


def why(answer: httpx.Response, status: int = 403) -> str:
    assert answer.status_code == status, answer.text
    message: str = answer.json()["error"]["message"]
    return message


async def test_what_is_planned_says_what_was_understood(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    made = await add(ada, zone="Europe/Berlin", late="skip", times=3, action="say")
    assert made["when"] == "every day at 09:00 (Europe/Berlin)"
    assert (made["by"], made["late"], made["times"], made["action"]) == (ADA, "skip", 3, "say")
    following = datetime.fromisoformat(made["next"])
    assert following.astimezone(UTC) > bridge.clock.now()
    assert await listed(ada) == [made]


async def test_without_a_zone_it_is_that_of_ones_quiet_hours(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    assert (await add(ada))["when"] == "every day at 09:00 (UTC)"
    night = Quiet(begins=bridge.clock.now().time(), ends=datetime.min.time(), zone="Asia/Tokyo")
    await bridge.sessions.wishes.wish(ADA, Wished(quiet=night))
    assert (await add(ada))["when"] == "every day at 09:00 (Asia/Tokyo)"


async def test_the_same_key_plans_no_second_one(ada: httpx.AsyncClient) -> None:
    """Whoever lost the answer asks again."""
    first = await add(ada, key="k")
    assert await add(ada, key="k", text="something else") == first
    assert await add(ada, key="l") != first
    assert len(await listed(ada)) == 2


async def test_a_schedule_is_paused_changed_run_and_removed(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    made = await add(ada, late="all")
    one = f"{SCHEDULES}/{made['id']}"
    paused = (await ada.patch(one, json={"paused": True})).json()
    assert (paused["paused"], paused["next"]) == (True, None)
    changed = (await ada.patch(one, json={"when": "every 2 hours late skip", "text": "x"})).json()
    assert (changed["when"], changed["text"], changed["late"]) == ("every 2 hours", "x", "skip")
    assert changed["paused"], "that stays"
    await ada.patch(one, json={"times": 7})
    again = (await ada.patch(one, json={"when": "every 3 hours"})).json()
    assert (again["when"], again["late"], again["times"]) == ("every 3 hours", "skip", 7)
    once = (await ada.patch(one, json={"when": "every 3 hours late once 9 times"})).json()
    assert (once["late"], once["times"]) == ("once", 9)
    until = bridge.clock.now() + timedelta(days=1)
    resumed = await ada.patch(one, json={"paused": False, "until": until.isoformat()})
    assert resumed.json()["next"] is not None
    assert datetime.fromisoformat(resumed.json()["until"]) == until
    assert (await ada.post(f"{one}/run", json={})).status_code == 200
    events = await bridge.store.read(MAIN, after=0, limit=1000)
    asked = [each.body for each in events if isinstance(each.body, Triggered)]
    assert [(each.prompt, each.by, each.source.slot) for each in asked] == [("x", ADA, None)]
    assert (await ada.delete(f"{SCHEDULES}/{made['called'].lower()}")).status_code == 200
    assert await listed(ada) == []


async def test_an_end_is_taken_away_and_given_by_itself(ada: httpx.AsyncClient) -> None:
    """It counts more than the one in `when`; the schedule stays the same one."""
    made = await add(ada, when="every day 9:00 until 2090-12-24 5 times")
    one = f"{SCHEDULES}/{made['id']}"
    endless = (await ada.patch(one, json={"until": None, "times": None})).json()
    assert endless == {**made, "until": None, "times": None}
    later = "2091-01-02T03:04:00Z"
    wanted = {"when": "every day 9:00 until 2090-12-24 5 times", "until": later, "times": None}
    changed = (await ada.patch(one, json=wanted)).json()
    assert (changed["id"], changed["until"], changed["times"]) == (made["id"], later, None)
    assert why(await ada.patch(one, json={"text": None}), 400)
    over = await ada.patch(one, json={"until": "2000-01-01T00:00:00Z"})
    assert why(over)
    assert await listed(ada) == [changed]


async def test_members_change_their_own_and_owners_those_of_all(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB, "member")
    await bridge.join(EVE, "viewer")
    hers = f"{SCHEDULES}/{(await add(ada))['id']}"
    async with bridge.client(BOB) as bob, bridge.client(EVE) as eve:
        his = f"{SCHEDULES}/{(await add(bob))['id']}"
        assert why(await bob.patch(hers, json={"paused": True})) == texts.SCHEDULE_OF_OTHERS
        assert why(await bob.patch(hers, json={"text": "x"})) == texts.SCHEDULE_OF_OTHERS
        assert why(await bob.delete(hers)) == texts.SCHEDULE_OF_OTHERS
        assert why(await bob.post(f"{hers}/run", json={})) == texts.SCHEDULE_OF_OTHERS
        assert why(await eve.post(SCHEDULES, json=DAILY)) == REASONS["member"]
        assert len(await listed(eve)) == 2
        assert (await bob.patch(his, json={"paused": True})).status_code == 200
    assert (await ada.delete(his)).status_code == 200


async def test_what_the_asker_may_do_is_said(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await bridge.join(BOB, "member")
    await bridge.join(EVE, "viewer")
    await add(ada, text="hers")
    async with bridge.client(BOB) as bob, bridge.client(EVE) as eve:
        await add(bob, text="his")
        for client, may_set, mine in (
            (ada, True, {"hers", "his"}),
            (bob, True, {"his"}),
            (eve, False, set()),
        ):
            found = (await client.get(SCHEDULES)).json()
            assert found["may_set"] is may_set
            assert {each["text"] for each in found["schedules"] if each["may_change"]} == mine


async def test_it_is_said_in_the_language_of_the_asker(ada: httpx.AsyncClient) -> None:
    """When it is due, what became of it, and why it cannot be."""
    ada.headers["Accept-Language"] = "de"
    made = await add(ada, zone="Europe/Berlin")
    assert made["when"] == "jeden Tag um 09:00 (Europe/Berlin)"
    assert [each["when"] for each in await listed(ada)] == [made["when"]]
    one = f"{SCHEDULES}/{made['id']}"
    refused = await ada.post(SCHEDULES, json={**DAILY, "when": "every now and then"})
    assert why(refused).startswith("Ich verstehe nicht")
    assert (await ada.post(f"{one}/run", json={})).json()["text"].startswith("Er läuft jetzt")
    assert (await ada.delete(one)).json()["text"] == "Er ist entfernt."
    assert why(await ada.delete(one), 404).startswith("Diesen Zeitplan gibt es")


async def test_what_is_due_once_says_when_also_while_it_is_paused(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    made = await add(ada, when="once 2030-12-24 18:00")
    paused = await ada.patch(f"{SCHEDULES}/{made['id']}", json={"paused": True})
    assert paused.json()["when"] == made["when"] == "on 2030-12-24 18:00 (UTC)"


async def test_to_anyone_else_there_are_none(bridge: Bridge) -> None:
    async with bridge.client(BOB) as bob:
        assert (await bob.get(SCHEDULES)).status_code == 404
        assert (await bob.post(SCHEDULES, json=DAILY)).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**DAILY, "when": "now and then"}, 403),
        ({**DAILY, "when": "every day 9:00 and more"}, 403),
        ({**DAILY, "zone": "Atlantis/Capital"}, 403),
        ({**DAILY, "when": "once 2020-01-01 9:00"}, 403),
        ({**DAILY, "text": "x" * 4001}, 400),
        ({**DAILY, "times": 0}, 400),
        ({**DAILY, "late": "never"}, 400),
        ({**DAILY, "until": "2030-01-01T09:00:00"}, 400),
        ({**DAILY, "until": "9999-12-31T23:00:00-10:00"}, 400),
        ({**DAILY, "text": "\ud800"}, 400),
        ({**DAILY, "text": "\0 "}, 403),
        ({**DAILY, "more": 1}, 400),
        ({"when": "every day 9:00"}, 400),
    ],
    ids=lambda each: str(each)[:60],
)
async def test_what_cannot_be_is_refused(ada: httpx.AsyncClient, body, status) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await ada.post(SCHEDULES, content=json.dumps(body), headers=headers)
    assert why(answer, status)
    assert await listed(ada) == []


async def test_what_there_is_not_is_not_found(ada: httpx.AsyncClient) -> None:
    gone = f"{SCHEDULES}/sch_0"
    assert (await ada.patch(gone, json={"paused": True})).status_code == 404
    assert (await ada.delete(gone)).status_code == 404
    assert (await ada.post(f"{gone}/run", json={})).status_code == 404
    made = await add(ada)
    assert why(await ada.patch(f"{SCHEDULES}/{made['id']}", json={}), 400)
