"""The people of a session over HTTP: who is in it, their roles, invitations, links, what rings."""

import asyncio
import importlib
import threading
from types import ModuleType

import httpx
import pytest

from bridge import admission_texts, texts
from bridge.domain.ids import ChannelName
from bridge.engine.access.pairing_codes import MOST_LINKS, SCOPE
from bridge.engine.commands.invitations import MOST
from bridge.http import invitations
from bridge.session.admission import Account
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, STREAM, Bridge, put

PEOPLE = f"{SESSION}/people"
INVITATIONS = f"{SESSION}/invitations"
LINKS = f"{SESSION}/links"
NOTIFY = "/v1/me/notify"


async def refusal(answer: httpx.Response, status: int = 403) -> str:
    assert answer.status_code == status, answer.text
    message: str = answer.json()["error"]["message"]
    return message


def connect_an_app(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be a chat app, with a link that sends a code."""
    known = {ChannelName("chat"): Account(allow=frozenset())}
    monkeypatch.setattr(bridge.sessions.admission, "_accounts", known)
    monkeypatch.setattr(bridge.sessions.pairing, "links", lambda code: [f"https://app/{code}"])


async def role(bridge: Bridge, who: str) -> str | None:
    people = (await bridge.sessions.fold(MAIN)).participants
    return next((role for each, role in people.items() if each == who), None)


async def test_everyone_in_a_session_sees_who_is_in_it_and_what_they_may_do(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB, "viewer")
    async with bridge.client(BOB) as bob:
        answer = (await bob.get(PEOPLE)).json()
    assert [(each["id"], each["name"], each["role"]) for each in answer["people"]] == [
        (ADA, "Ada", "owner"),
        (BOB, "Bob", "viewer"),
    ]
    assert not any(answer["may"].values())
    may = (await ada.get(PEOPLE)).json()["may"]
    wants_apps = {"invite_to_apps", "link_apps", "answer_requests"}
    assert {name for name, can in may.items() if not can} == wants_apps


async def test_they_are_found_where_they_write_from(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_an_app(bridge, monkeypatch)
    may = (await ada.get(PEOPLE)).json()["may"]
    assert (may["invite_to_apps"], may["link_apps"]) == (True, True)


async def test_an_owner_changes_a_role_and_the_last_one_stays(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    answer = await ada.patch(f"{PEOPLE}/{BOB}", json={"role": "viewer"})
    assert answer.json() == {"text": admission_texts.role_given("Bob", "viewer")}
    assert await role(bridge, BOB) == "viewer"
    answer = await ada.patch(f"{PEOPLE}/{ADA}", json={"role": "member"})
    assert await refusal(answer) == admission_texts.LAST_OWNER
    assert (await ada.patch(f"{PEOPLE}/{BOB}", json={"role": "king"})).status_code == 400
    answer = await ada.patch(f"{PEOPLE}/{EVE}", json={"role": "viewer"})
    assert await refusal(answer, 404) == admission_texts.NO_SUCH_PERSON


async def test_an_owner_removes_and_anyone_leaves(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    for each in (BOB, EVE):
        await bridge.join(each)
    answer = await ada.delete(f"{PEOPLE}/{BOB}")
    assert answer.json() == {"text": admission_texts.kicked("Bob")}
    async with bridge.client(BOB) as bob, bridge.client(EVE) as eve:
        assert (await bob.get(STREAM)).status_code == 404
        assert (await eve.delete(f"{PEOPLE}/{EVE}")).json() == {"text": admission_texts.LEFT}
        assert (await eve.get(PEOPLE)).status_code == 404
    assert await refusal(await ada.delete(f"{PEOPLE}/{ADA}")) == admission_texts.LAST_OWNER
    assert await refusal(await ada.delete(f"{PEOPLE}/p_nobody"), 404)


@pytest.mark.parametrize("as_who", ["member", "viewer", "nobody"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{PEOPLE}/{EVE}"),
        ("DELETE", f"{PEOPLE}/{EVE}"),
        ("GET", INVITATIONS),
        ("DELETE", f"{INVITATIONS}/ABCDEF"),
        ("POST", INVITATIONS),
    ],
)
async def test_what_is_an_owners_nobody_else_may(
    bridge: Bridge, as_who: str, method: str, path: str
) -> None:
    await bridge.join(EVE)
    if as_who != "nobody":
        await bridge.join(BOB, "viewer" if as_who == "viewer" else "member")
    body = {"role": "viewer"} if method == "PATCH" else {}
    async with bridge.client(BOB) as bob:
        answer = await bob.request(method, path, json=body)
    if as_who == "nobody":
        assert await refusal(answer, 404) == texts.NO_SUCH_SESSION
    else:
        assert await refusal(answer) == texts.OWNERS_ONLY
    assert await role(bridge, EVE) == "member"


async def test_invitations_are_listed_without_their_code_and_revoked_by_any_owner(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB, "owner")
    wanted = {"browser": True, "role": "viewer", "uses": 3, "history": True}
    made = (await ada.post(INVITATIONS, json=wanted)).json()
    assert made["qr"][0].startswith("data:image/svg+xml")
    assert len(made["qr"]) == len(made["links"]) == 1
    async with bridge.client(BOB) as bob:
        answer = await bob.get(INVITATIONS)
        (line,) = answer.json()["invitations"]
        assert made["code"] not in answer.text
        told = {key: line[key] for key in ("by", "role", "uses", "left", "history", "browser")}
        assert told == {
            "by": ADA,
            "role": "viewer",
            "uses": 3,
            "left": 3,
            "history": True,
            "browser": True,
        }
        path = f"{INVITATIONS}/{line['number']}"
        assert (await bob.delete(path)).json() == {"text": admission_texts.INVITATION_REVOKED}
        assert (await bob.get(INVITATIONS)).json() == {"invitations": []}
        assert await refusal(await bob.delete(path), 404) == admission_texts.NO_SUCH_INVITATION
    answer = await ada.post("/sign-in", json={"invitation": made["code"], "name": "Mo"})
    assert answer.status_code >= 400  # it lets in nobody any more


async def test_an_invitation_of_whoever_may_invite_no_more_is_no_open_one(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB, "owner")
    async with bridge.client(BOB) as bob:
        await bob.post(INVITATIONS, json={"browser": True})
    assert len((await ada.get(INVITATIONS)).json()["invitations"]) == 1
    await ada.patch(f"{PEOPLE}/{BOB}", json={"role": "member"})
    assert (await ada.get(INVITATIONS)).json() == {"invitations": []}


async def test_the_same_is_told_by_slash_command(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await ada.post(INVITATIONS, json={"browser": True})
    (line,) = (await ada.get(INVITATIONS)).json()["invitations"]
    asked = {"type": "message", "text": "/invites", "place": "web"}
    told = await put(ada, asked)
    assert f"`{line['number']}` by Ada" in told["reply"]
    (button,) = told["buttons"]
    await put(ada, {**asked, "text": button["text"]})
    assert "no open invitations" in (await put(ada, asked))["reply"]
    answer = await ada.post(f"{STREAM}/inbox", json={**asked, "text": "/invites of mine"})
    assert await refusal(answer) == admission_texts.INVITES_HOW


async def test_a_code_for_another_app_is_made_with_its_link_and_picture(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await refusal(await ada.post(LINKS)) == texts.NO_APP_FOR_CODES
    connect_an_app(bridge, monkeypatch)
    made = (await ada.post(LINKS)).json()
    assert made["links"] == [f"https://app/{made['code']}"]
    assert len(made["qr"]) == 1
    found = await bridge.sessions.pairing.codes.find(made["code"])
    assert (found.invitation.participant, found.invitation.session) == (ADA, MAIN)
    await bridge.join(BOB, "viewer")
    async with bridge.client(BOB) as bob:
        assert await refusal(await bob.post(LINKS)) == texts.READ_ONLY


async def test_what_rings_for_oneself_is_chosen_and_is_what_notify_tells(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    assert (await ada.get(NOTIFY)).json() == {"mode": "all", "quiet": None}
    quiet = {"begins": "22:00", "ends": "07:00", "zone": "Europe/Berlin", "questions": False}
    chosen = {"mode": "mentions", "quiet": quiet}
    assert (await ada.put(NOTIFY, json=chosen)).json() == chosen
    told = await put(ada, {"type": "message", "text": "/notify", "place": "web"})
    assert "22:00" in told["reply"]
    assert "Europe/Berlin" in told["reply"]
    async with bridge.client(BOB) as bob:
        assert (await bob.get(NOTIFY)).json() == {"mode": "all", "quiet": None}
    assert (await ada.put(NOTIFY, json={"mode": "all"})).json() == {"mode": "all", "quiet": None}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"zone": "Middle/Earth"}, 403),
        ({"ends": "22:00"}, 403),
        ({"begins": "24:00"}, 400),
        ({"begins": "22"}, 400),
        ({"zone": "x" * 65}, 400),
    ],
)
async def test_hours_that_are_none_change_nothing(
    ada: httpx.AsyncClient, wrong: dict[str, str], status: int
) -> None:
    quiet = {"begins": "22:00", "ends": "07:00", "zone": "Europe/Berlin", **wrong}
    answer = await ada.put(NOTIFY, json={"mode": "mute", "quiet": quiet})
    assert await refusal(answer, status)
    assert (await ada.get(NOTIFY)).json() == {"mode": "all", "quiet": None}


async def test_requests_are_seen_and_answered_by_owners_of_the_bridge_alone(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Whoever owns a session, and not the bridge, is told whose it is."""
    await bridge.join(BOB, "owner")
    async with bridge.client(BOB) as bob:
        assert await refusal(await bob.get("/v1/requests")) == admission_texts.REQUESTS_OWNER
        await bridge.store.keep_fact("owners", BOB, "now")
        await bridge.sessions.admission.changed()
        assert (await bob.get("/v1/requests")).json() == {"requests": []}
        assert (await bob.get(PEOPLE)).json()["people"][1]["owns_bridge"]


async def test_no_code_is_drawn_on_the_loop(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is what draws it loaded there: both take long enough that everybody would wait."""
    connect_an_app(bridge, monkeypatch)
    real, drawing = importlib.import_module, []

    def loaded(name: str) -> ModuleType:
        drawing.append(threading.current_thread())
        return real(name)

    monkeypatch.setattr(invitations, "import_module", loaded)
    for path, body in ((LINKS, None), (INVITATIONS, {"browser": True})):
        assert (await ada.post(path, json=body)).json()["qr"]
    assert len(drawing) == 2
    assert threading.current_thread() not in drawing


def answers_slowly(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let others come in between while the store is asked, as they do on a disk."""
    facts = bridge.store.facts

    async def later(scope: str) -> dict[str, str]:
        found = await facts(scope)
        await asyncio.sleep(0.01)
        return dict(found)

    monkeypatch.setattr(bridge.store, "facts", later)


async def test_of_many_codes_for_another_app_only_the_newest_are_good(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of many that are asked for at once: each is one more that could be guessed."""
    connect_an_app(bridge, monkeypatch)
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        made = [(await bob.post(LINKS)).json()["code"] for _ in range(MOST_LINKS + 3)]
        codes = bridge.sessions.pairing.codes
        good = [each for each in made if (f := await codes.find(each)) and not f.invitation.void]
        assert good == made[-MOST_LINKS:]
        answers_slowly(bridge, monkeypatch)
        await asyncio.gather(*(bob.post(LINKS) for _ in range(3 * MOST_LINKS)))
        kept = [await codes.find_key(each) for each in await bridge.store.facts(SCOPE)]
        assert sum(not each.invitation.void for each in kept if each) == MOST_LINKS


async def test_invitations_that_are_made_and_ended_leave_nothing_behind(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    for _ in range(5):
        await ada.post(INVITATIONS, json={"browser": True, "life": "30d"})
        (line,) = (await ada.get(INVITATIONS)).json()["invitations"]
        await ada.delete(f"{INVITATIONS}/{line['number']}")
    assert len(await bridge.store.facts(SCOPE)) <= 1


async def test_of_invitations_that_are_made_at_once_no_more_are_open_than_may_be(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers_slowly(bridge, monkeypatch)
    made = [ada.post(INVITATIONS, json={"browser": True}) for _ in range(MOST + 10)]
    answers = await asyncio.gather(*made)
    assert sorted(each.status_code for each in answers) == [201] * MOST + [403] * 10
