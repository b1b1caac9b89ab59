"""The Web API: what it answers, and every failure as one of ours."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from aiohttp import web

from bridge.domain.errors import Gone, OutcomeUnknown, RateLimited, Unauthorized, Unreachable
from channels.slack.client import SDK_LOG, Web, scopes_in
from channels.slack.limits import PAUSES
from tests.channels.slack.rig import QuickClock
from tests.stores import AT


@pytest.fixture
def api(fake):
    return Web("slack", fake.bot_token, fake.api_url, QuickClock())


async def test_an_account_is_who_the_token_says(fake, api):
    account = await api.account()
    assert (account.team, account.team_name) == (fake.workspace.team, "Acme")
    assert (account.user, account.bot) == (fake.workspace.bot_user, fake.workspace.bot)
    assert account.scopes == fake.scopes


def test_scopes_are_read_from_the_header():
    assert scopes_in("chat:write, im:history,") == {"chat:write", "im:history"}
    assert scopes_in("") == frozenset()


async def test_calls_share_a_session_while_it_is_connected_and_none_is_left(api):
    async with api.connected():
        shared = api.client.session
        async with api.session() as session:
            assert session is shared
    assert shared.closed
    async with api.session() as session:
        assert session is not shared
    assert session.closed


@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "application/json"])
@pytest.mark.parametrize("status", [200, 502])
async def test_what_is_no_answer_of_slacks_leaves_the_outcome_open(
    api, status, content_type, monkeypatch, fake
):
    async def page(_fake, _request):
        return web.Response(status=status, text="sorry", content_type=content_type)

    monkeypatch.setattr(type(fake), "_api", page)
    await fake.down()
    await fake.up()
    with pytest.raises(OutcomeUnknown):
        await api.account()


async def test_nothing_is_tried_again_by_the_library(fake, api):
    fake.fault("auth.test", hang_up=True)
    with pytest.raises(OutcomeUnknown):
        await api.account()
    assert len(fake.called("auth.test")) == 1


async def test_a_refusal_says_neither_token_nor_words(fake, api):
    fake.fault("auth.test", error="invalid_auth")
    with pytest.raises(Unauthorized) as raised:
        await api.account()
    assert "secret" not in str(raised.value)


async def test_slacks_libraries_log_no_word_that_was_said(fake, ada, api, caplog):
    caplog.set_level("DEBUG")
    await api.ask(api.client.chat_postMessage(channel=fake.dm(ada).id, text="a secret"))
    assert "a secret" not in caplog.text
    assert SDK_LOG.level


# -- what must be read


class PatientClock:
    """Stands still, and writes down how long it was asked to wait."""

    def __init__(self):
        self.waited = []

    def now(self):
        return AT

    async def sleep(self, seconds):
        self.waited.append(seconds)


async def asked(*errors) -> list[float]:
    """Ask for something that fails so often, each time for another reason."""
    left, clock = list(errors), PatientClock()

    async def call():
        if left:
            raise left.pop(0)
        return SimpleNamespace(data={"ok": True})

    web = Web("slack", "xoxb-1", "http://127.0.0.1:1/", clock)
    assert await web.patiently(call) == {"ok": True}
    return clock.waited


async def test_what_slack_answers_at_once_is_not_waited_for():
    assert await asked() == []


async def test_pauses_grow_and_then_stay():
    waited = await asked(*[Unreachable(), OutcomeUnknown()] * 4)
    assert waited == [*PAUSES, PAUSES[-1], PAUSES[-1]]


async def test_slack_is_given_the_time_it_asks_for():
    assert await asked(RateLimited(until=AT + timedelta(seconds=40))) == [40.0]
    assert await asked(RateLimited(until=AT - timedelta(seconds=40))) == [PAUSES[0]]


@pytest.mark.parametrize("error", [Unauthorized(), Gone()])
async def test_a_refusal_is_not_asked_again(error):
    with pytest.raises(type(error)):
        await asked(error)
