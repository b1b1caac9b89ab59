"""Whoever is signed in says which browsers ring; deeds need what was sealed for them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from bridge import texts
from bridge.delivery.push_payload import Deed
from bridge.domain.errors import ConfigError, Refused
from bridge.domain.ids import SessionId
from bridge.domain.parts import Reply
from bridge.http.browser_push import is_endpoint, seal
from bridge.ports.push import Pushing
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge, serving

KEYS = {"p256dh": "B" + "A" * 86, "auth": "A" * 22}
BROWSER = {"endpoint": "https://push.example/send/one", "keys": KEYS}


@dataclass
class Deeds:
    done: list[tuple[Deed, str]] = field(default_factory=list)
    reply: Reply | None = None
    refused: str = ""

    async def do(self, deed: Deed, words: str) -> Reply | None:
        if self.refused:
            raise Refused(self.refused)
        self.done.append((deed, words))
        return self.reply


class Key:
    is_broken = False

    async def public_key(self) -> str:
        if self.is_broken:
            raise ConfigError("holds no key")
        return "B" * 87


@dataclass
class Scene:
    bridge: Bridge
    deeds: Deeds
    key: Key

    async def names(self) -> list[str]:
        return sorted(await self.bridge.store.facts("browsers"))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with serving() as bridge:
        deeds, key = Deeds(), Key()
        pushing = Pushing(browsers=bridge.sessions.browser_places, deeds=deeds, key=key)
        bridge.app.state.reach = replace(bridge.app.state.reach, pushing=pushing)
        yield Scene(bridge, deeds, key)


async def test_where_nothing_is_pushed_the_page_is_told_so() -> None:
    async with serving() as bridge, bridge.client() as client:
        assert (await client.get("/v1/me/push")).json() == {"key": None}
        assert (await client.put(f"{SESSION}/push", json=BROWSER)).status_code == 404


async def test_browsers_are_told_for_which_key_they_subscribe(scene: Scene) -> None:
    async with scene.bridge.client() as client:
        assert (await client.get("/v1/me/push")).json() == {"key": "B" * 87}
        scene.key.is_broken = True
        assert (await client.get("/v1/me/push")).status_code == 503


async def test_a_browser_follows_once_and_nobody_is_told(scene: Scene) -> None:
    async with scene.bridge.client() as client:
        first = (await client.put(f"{SESSION}/push", json=BROWSER)).json()
        head = (await scene.bridge.sessions.fold(MAIN)).head
        assert (await client.put(f"{SESSION}/push", json=BROWSER)).json() == first
        fold = await scene.bridge.sessions.fold(MAIN)
        assert fold.head == head
        (place,) = fold.conversations
        assert place.startswith("browser_")
        view = (await client.get(SESSION)).json()
        assert place not in {each["id"] for each in view["places"]}
        assert BROWSER["endpoint"] not in str(await scene.bridge.store.read(MAIN, after=0, limit=9))


async def test_nobody_rings_for_what_they_may_not_read(scene: Scene) -> None:
    async with scene.bridge.client(EVE) as client:
        assert (await client.put(f"{SESSION}/push", json=BROWSER)).status_code == 404
    assert await scene.names() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/x"},
        {"endpoint": "https://127.0.0.1/x"},
        {"endpoint": "https://[::1]/x"},
        {"endpoint": "https://localhost/x"},
        {"endpoint": "https://push.example:8443/x"},
        {"endpoint": "https://a@push.example/x"},
        {"endpoint": "https://push.example/x#y"},
        {"endpoint": "https://push.example/x y"},
        {"endpoint": "https://push.exämple/x"},
        {"endpoint": "https://push.example:99999/x"},
        {"endpoint": "ftp://push.example/x"},
        {"endpoint": ""},
        {"endpoint": f"https://push.example/{'x' * 1000}"},
        {"keys": {**KEYS, "p256dh": "C" + "A" * 86}},
        {"keys": {**KEYS, "auth": "A" * 21}},
        {"keys": {**KEYS, "auth": "A" * 21 + "!"}},
    ],
)
async def test_what_no_browser_names_is_refused(scene: Scene, wrong: dict[str, object]) -> None:
    async with scene.bridge.client() as client:
        answer = await client.put(f"{SESSION}/push", json={**BROWSER, **wrong})
        assert answer.status_code == 400
    assert await scene.names() == []


def test_a_test_may_have_its_own_push_service() -> None:
    assert is_endpoint("http://127.0.0.1:1/x", secure=False)
    assert not is_endpoint("http://127.0.0.1:1/x")


async def test_only_whoever_named_a_browser_turns_it_off(scene: Scene) -> None:
    await scene.bridge.join(BOB)
    async with scene.bridge.client() as ada, scene.bridge.client(BOB) as bob:
        mine = (await ada.put(f"{SESSION}/push", json=BROWSER)).json()["id"]
        assert (await bob.delete(f"/v1/me/push/{mine}")).status_code == 204
        assert await scene.names() == [mine]
        for _ in range(2):
            assert (await ada.delete(f"/v1/me/push/{mine}")).status_code == 204
        assert await scene.names() == []
        assert (await scene.bridge.sessions.fold(MAIN)).conversations == {}


def sealed(bridge: Bridge) -> str:
    deed = Deed(browser="b_1", who=ADA, session=SessionId("s_main"), seq=3, epoch="")
    return seal(bridge.links, deed)


async def test_a_deed_needs_no_token_but_its_seal(scene: Scene) -> None:
    async with scene.bridge.client() as client:
        client.headers.pop("authorization")
        body = {"deed": sealed(scene.bridge), "words": "yes"}
        answer = await client.post("/push-deed", json=body)
        assert (answer.status_code, answer.json()) == (200, {"text": texts.PUSH_DONE})
        ((deed, words),) = scene.deeds.done
        assert (deed.who, deed.session, words) == (ADA, MAIN, "yes")
        forged = {"deed": body["deed"][:-2] + "AA", "words": "yes"}
        for wrong in (forged, {"deed": "", "words": ""}, {"deed": "A" * 300}):
            assert (await client.post("/push-deed", json=wrong)).status_code == 403
        assert len(scene.deeds.done) == 1


async def test_what_is_told_of_a_deed_is_said_in_the_language_of_whoever_did_it(
    scene: Scene,
) -> None:
    scene.deeds.reply = Reply(text=texts.QUESTION_OVER, refused=True)
    async with scene.bridge.client() as client:
        body = {"deed": sealed(scene.bridge)}
        answer = await client.post("/push-deed", json=body, headers={"Accept-Language": "de"})
        assert answer.status_code == 403
        assert answer.json()["error"]["message"] != texts.QUESTION_OVER


async def test_without_a_token_little_is_read(scene: Scene) -> None:
    async with scene.bridge.client() as client:
        client.headers.pop("authorization")
        body = {"deed": "A" * 5000}
        assert (await client.post("/push-deed", json=body)).status_code == 413
