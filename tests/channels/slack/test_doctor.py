"""Doctor finds each fault of an account, tells it apart from the others, and says what to do."""

import pytest
from pydantic import SecretStr

from channels.slack.manifest import SCOPES
from tests.channels.slack.rig import Ear, MemoryFacts, listening, opened
from tests.waiting import until


async def faults(fake, facts=None, **config) -> dict[str, str]:
    checks = await opened(fake, facts=facts or MemoryFacts(), **config).diagnose()
    assert all(check.fix for check in checks if not check.ok)
    return {check.name: check.detail for check in checks if not check.ok}


async def test_a_sound_account_has_no_fault_and_is_told_what_cannot_be_checked(fake):
    checks = await opened(fake).diagnose()
    assert all(check.ok for check in checks)
    assert {check.name for check in checks} == {"bot token", "app token", "scopes", "events"}
    (events,) = [check for check in checks if check.name == "events"]
    assert "message.im" in events.detail


PLANTED = {
    "a bot token nobody knows": ({"bot_token": SecretStr("xoxb-other")}, "bot token", "not know"),
    "no bot token": ({"bot_token": SecretStr("")}, "bot token", "no token"),
    "a person's token": ({"bot_token": SecretStr("xoxp-1")}, "bot token", "person's"),
    "an app token for the bot's": ({"bot_token": SecretStr("xapp-1")}, "bot token", "swapped"),
    "a bot token for the app's": ({"app_token": SecretStr("xoxb-1")}, "app token", "swapped"),
    "an app token nobody knows": ({"app_token": SecretStr("xapp-1-A")}, "app token", "refuses"),
}


@pytest.mark.parametrize(("config", "name", "detail"), PLANTED.values(), ids=PLANTED)
async def test_a_wrong_token_is_told_by_what_is_wrong_with_it(fake, config, name, detail):
    found = await faults(fake, **config)
    assert [*found] == [name]
    assert detail in found[name]


ANSWERED = {
    "revoked": ("auth.test", {"error": "token_revoked"}, "bot token", "revoked"),
    "expired": ("auth.test", {"error": "token_expired"}, "bot token", "expired"),
    "removed": ("auth.test", {"error": "account_inactive"}, "bot token", "removed"),
    "too often": ("auth.test", {"status": 429, "retry_after": 60}, "bot token", "wait until"),
    "a web page": ("auth.test", {"html": True}, "bot token", "not Slack"),
    "failing": ("auth.test", {"status": 503, "html": True}, "bot token", "503"),
    "not an app token": (
        "apps.connections.open",
        {"error": "not_allowed_token_type"},
        "app token",
        "not an app-level token",
    ),
    "no socket": ("apps.connections.open", {"status": 500}, "socket", "internal_error"),
}


@pytest.mark.parametrize(("method", "fault", "name", "detail"), ANSWERED.values(), ids=ANSWERED)
async def test_what_slack_answers_is_told(fake, method, fault, name, detail):
    fake.fault(method, **fault)
    found = await faults(fake)
    assert [*found] == [name]
    assert detail in found[name]


@pytest.mark.parametrize("scope", [scope.name for scope in SCOPES])
async def test_each_missing_scope_is_named_with_what_it_is_for(fake, scope):
    fake.scopes.discard(scope)
    found = await faults(fake)
    assert [*found] == [f"scope {scope}"]
    assert "without it the bot cannot" in found[f"scope {scope}"]


async def test_an_app_token_without_its_scope_is_told(fake):
    fake.app_scopes.clear()
    assert "connections:write" in (await faults(fake))["app token"]


async def test_switched_off_socket_mode_is_told(fake):
    fake.sockets.socket_mode = False
    assert (await faults(fake)) == {"socket": "Socket Mode is switched off"}


async def test_tokens_of_two_apps_are_told(fake):
    fake.sockets.app = "A9999OTHER"
    assert "A9999OTHER" in (await faults(fake))["same app"]


async def test_a_slack_that_is_down_is_told(fake):
    await fake.down()
    assert [*(await faults(fake))] == ["bot token", "socket"]
    await fake.up()


async def test_rooms_it_is_not_in_any_more_are_told(fake):
    ada, facts = fake.person("Ada"), MemoryFacts()
    rooms = [fake.room(name, ada) for name in ("left", "gone", "archived", "fine")]
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        for room in rooms:
            ada.says(room, "hello")
        ada.says(fake.dm(ada), "hello")
        await until(lambda: len(ear.heard) == 5)
    left, gone, archived, _ = rooms
    left.members.discard(fake.workspace.bot_user)
    archived.archived = True
    del fake.workspace.rooms[gone.id]
    assert {*(await faults(fake, facts))} == {"room #left", f"room {gone.id}", "room #archived"}


async def test_every_planted_fault_has_a_line_of_its_own():
    lines = [(name, detail) for _, name, detail in PLANTED.values()]
    lines += [(name, detail) for _, _, name, detail in ANSWERED.values()]
    assert len(set(lines)) == len(lines)
