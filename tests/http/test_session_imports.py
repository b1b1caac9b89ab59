"""A session from a file, over HTTP, for the operator alone."""

import httpx

from tests.http.rig import ADA, BOB, SESSION, Bridge
from tests.http.test_session_files import lived_in


async def test_the_owner_brings_a_session_and_owns_what_came(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Nobody else who is in it is anybody here: they are let in to nothing by it."""
    await lived_in(bridge)
    file = (await ada.get(f"{SESSION}/export")).content
    answer = await ada.post("/v1/import", content=file)
    assert answer.status_code == 201, answer.text
    came = answer.json()
    assert not came["repeated"]
    assert (await ada.get(f"/v1/sessions/{came['session']}")).status_code == 200
    fold = await bridge.sessions.fold(came["session"])
    assert fold.participants[ADA] == "owner"
    assert BOB not in fold.participants
    async with bridge.client(BOB) as bob:
        assert (await bob.get(f"/v1/sessions/{came['session']}")).status_code == 404
        assert (await bob.post("/v1/import", content=file)).status_code == 403
    again = (await ada.post("/v1/import", content=file)).json()
    assert (again["session"], again["repeated"]) == (came["session"], True)
    assert again["events"] == came["events"]


async def test_a_file_that_is_not_whole_is_refused_by_its_line_and_leaves_nothing(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await lived_in(bridge)
    file = (await ada.get(f"{SESSION}/export")).content
    rows, people = await bridge.store.sessions(), await bridge.store.people()
    answer = await ada.post("/v1/import", content=file[: len(file) // 2])
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("line ")
    assert (await bridge.store.sessions(), await bridge.store.people()) == (rows, people)
