"""Tokens, and the file that holds the owner's."""

import asyncio
import stat
from itertools import product
from pathlib import Path

import httpx
import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.ids import ParticipantId
from bridge.engine.clock import SystemClock
from bridge.http.auth import Asker, Tokens, digest, new_token, owner_token
from storage.memory import MemoryStore
from tests.http.rig import ADA, BOB, MOST, SESSION, STREAM, Bridge, bearer, token_of

CLOCK = SystemClock()


UNKNOWN = (
    {},
    {"Authorization": b""},
    {"Authorization": b"Bearer"},
    {"Authorization": f"Bearer {new_token()}".encode()},
    {"Authorization": f"Basic {token_of(ADA)}".encode()},
    {"Authorization": token_of(ADA).encode()},
    {"Authorization": f"Bearer {token_of(ADA)}x".encode()},
    {"Authorization": b"Bearer \xe9"},
)


async def test_without_a_known_token_nothing_is_said(bridge: Bridge) -> None:
    paths = ("/v1/me", "/v1/sessions", SESSION, STREAM, "/v1/no/such/route")
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        for headers, path in product(UNKNOWN, paths):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, path, headers) == (401, path, headers)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"]["code"] == "unauthorized"


async def test_a_token_names_its_participant(bridge: Bridge) -> None:
    async with bridge.client(BOB) as bob:
        assert (await bob.get("/v1/me")).json() == {
            "participant": BOB,
            "name": "Bob",
            "max_file_bytes": MOST,
            "language": "",
            "may_begin": True,
            "operates": False,
        }


async def test_whoever_asks_may_be_called_otherwise_but_not_as_somebody_else(
    bridge: Bridge,
) -> None:
    async with bridge.client(BOB) as bob:
        called = await bob.patch("/v1/me", json={"name": " Robert  II "})
        assert (called.status_code, called.json()["name"]) == (200, "Robert II")
        taken = await bob.patch("/v1/me", json={"name": "ADA"})
        assert (taken.status_code, taken.json()["error"]["code"]) == (403, "refused")
        assert (await bob.get("/v1/me")).json()["name"] == "Robert II"
        assert (await bob.patch("/v1/me", json={"name": "x" * 500})).status_code == 400


async def test_whoever_asks_is_spoken_to_in_the_language_they_choose(bridge: Bridge) -> None:
    said = {"type": "message", "text": "/stop", "place": "web"}
    inbox = f"/v1/stream{SESSION.removeprefix('/v1')}/inbox"
    async with bridge.client(ADA) as ada:
        browser = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
        reply = (await ada.post(inbox, json=said, headers=browser)).json()["reply"]
        assert reply == "Es gibt nichts anzuhalten."
        chosen = await ada.patch("/v1/me", json={"language": "fr"})
        assert (chosen.status_code, chosen.json()["language"]) == (200, "fr")
        assert chosen.json()["name"] == "Ada", "what is left out stays"
        reply = (await ada.post(inbox, json=said, headers=browser)).json()["reply"]
        assert reply == "Il n'y a rien à arrêter."
        assert (await ada.patch("/v1/me", json={"language": "xx"})).status_code == 400
        assert (await ada.patch("/v1/me", json={"language": ""})).json()["language"] == ""


async def test_the_scheme_is_read_in_any_case(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        lower = {"Authorization": f"bearer  {token_of(ADA)}"}
        assert (await client.get("/v1/me", headers=lower)).status_code == 200


async def test_a_token_in_the_address_is_no_token(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        assert (await client.get(f"/v1/me?token={token_of(ADA)}")).status_code == 401


async def test_only_the_digest_of_a_token_is_stored(tmp_path: Path) -> None:
    store = MemoryStore()
    token = await owner_token(tmp_path / "owner-token", store, ADA, CLOCK)
    assert await store.bearer(digest(token)) == ADA
    assert await store.bearer(token) is None


async def test_streams_ask_the_store_for_a_token_once_in_a_while_not_for_every_frame() -> None:
    store = MemoryStore()
    asker = Asker(participant=ADA, digest="d")
    await store.issue_token("d", ADA, label="test", at=CLOCK.now())
    tokens = Tokens(store, memory=0.1)
    answers = await asyncio.gather(*(tokens.still(asker) for _ in range(50)))
    assert answers == [True] * 50
    await store.revoke_tokens(ADA, label="test")
    assert await tokens.still(asker)
    await asyncio.sleep(0.12)
    assert not await tokens.still(asker)


# -- the owner's token ----------------------------------------------------------------------------


async def test_the_owners_token_is_made_once_and_kept(tmp_path: Path) -> None:
    store, file = MemoryStore(), tmp_path / "folder" / "owner-token"
    first = await owner_token(file, store, ADA, CLOCK)
    assert await owner_token(file, store, ADA, CLOCK) == first
    assert file.read_text().strip() == first
    assert len(first) >= 43


async def test_nobody_else_can_read_the_file_and_nothing_is_left_beside_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "owner-token"
    await owner_token(file, MemoryStore(), ADA, CLOCK)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _inside(tmp_path) == [file]


async def test_a_file_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    store, file = MemoryStore(), tmp_path / "owner-token"
    await owner_token(file, store, ADA, CLOCK)
    file.chmod(0o644)
    await owner_token(file, store, ADA, CLOCK)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_new_database_learns_the_token_that_is_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "owner-token"
    token = await owner_token(file, MemoryStore(), ADA, CLOCK)
    fresh = MemoryStore()
    assert await owner_token(file, fresh, ADA, CLOCK) == token
    assert await fresh.bearer(digest(token)) == ADA


async def test_deleting_the_file_replaces_the_token(tmp_path: Path) -> None:
    store, file = MemoryStore(), tmp_path / "owner-token"
    old = await owner_token(file, store, ADA, CLOCK)
    file.unlink()
    new = await owner_token(file, store, ADA, CLOCK)
    assert new != old
    assert await store.bearer(digest(old)) is None
    assert await store.bearer(digest(new)) == ADA


async def test_a_token_that_was_replaced_is_not_good_again_after_a_restore(tmp_path: Path) -> None:
    """The copy knows it still; the file, which is not in the copy, has the one that is good."""
    store, file = MemoryStore(), tmp_path / "owner-token"
    old = await owner_token(file, store, ADA, CLOCK)
    new = new_token()
    file.write_text(new)
    assert await owner_token(file, store, ADA, CLOCK) == new
    assert await store.bearer(digest(new)) == ADA
    assert await store.bearer(digest(old)) is None


@pytest.mark.parametrize("written", ["", "short", "two words of some length here", "tökën" * 9])
async def test_a_file_without_a_token_is_an_error_that_says_what_to_do(
    tmp_path: Path, written: str
) -> None:
    file = tmp_path / "owner-token"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigError, match="owner-token"):
        await owner_token(file, MemoryStore(), ADA, CLOCK)
    assert file.read_text(encoding="utf-8") == written


async def test_a_folder_in_the_way_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(ConfigError, match="owner-token"):
        await owner_token(tmp_path / "data" / "owner-token", MemoryStore(), ADA, CLOCK)


async def test_tokens_of_others_are_untouched_when_the_owners_is_replaced(tmp_path: Path) -> None:
    store, file = MemoryStore(), tmp_path / "owner-token"
    await store.issue_token(digest("bobs"), ParticipantId("p_bob"), label="owner", at=CLOCK.now())
    await owner_token(file, store, ADA, CLOCK)
    assert await store.bearer(digest("bobs")) == BOB


async def test_a_token_is_never_in_what_is_logged(
    bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    async with bridge.client() as ada:
        await ada.get("/v1/sessions/s_none")
        await ada.get("/v1/me", headers={"Authorization": f"Bearer {new_token()}"})
    printed = capsys.readouterr()
    assert bearer(ADA)["Authorization"] not in printed.out + printed.err
    assert token_of(ADA) not in printed.out + printed.err


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())
