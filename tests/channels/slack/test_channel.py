"""One account: made without a word to anyone, and two side by side know nothing of each other."""

import subprocess
import sys

import pytest

from bridge.demo.slack.server import FakeSlack
from bridge.domain.errors import Unauthorized
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address
from tests.channels.slack.rig import Ear, connected, listening, opened, part
from tests.waiting import until


def test_naming_slack_in_a_config_imports_none_of_its_libraries():
    code = "import channels.slack, sys; print([m for m in sys.modules if m.startswith('slack_')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_an_account_is_made_without_asking_slack_anything(acme):
    channel = opened(acme)
    limits = channel.capabilities(Address(channel=channel.name, place="C1"))
    assert (limits.max_chars, limits.caption_chars) == (11_500, 0)
    assert (limits.silent, limits.typing, limits.drafts) == (False, False, False)
    assert acme.calls == []


@pytest.fixture
async def acme():
    async with FakeSlack("Acme", 1) as running:
        yield running


@pytest.fixture
async def zeta():
    async with FakeSlack("Zeta", 2) as running:
        yield running


async def test_each_hears_and_answers_its_own(acme, zeta):
    ears, channels = (
        (Ear(), Ear()),
        (
            opened(acme, name=ChannelName("acme")),
            opened(zeta, name=ChannelName("zeta")),
        ),
    )
    ada, bob = acme.person("Ada"), zeta.person("Bob")
    async with listening(channels[0], ears[0]), listening(channels[1], ears[1]):
        ada.says(acme.dm(ada), "from Acme")
        bob.says(zeta.dm(bob), "from Zeta")
        await until(lambda: ears[0].heard and ears[1].heard)
        for channel, ear in zip(channels, ears, strict=True):
            await channel.send(ear.heard[0].address, part(f"to {ear.heard[0].sender.name}"))
    assert [ear.texts() for ear in ears] == [["from Acme"], ["from Zeta"]]
    assert [ear.heard[0].address.channel for ear in ears] == ["acme", "zeta"]
    assert ears[0].heard[0].sender.realm != ears[1].heard[0].sender.realm
    assert [each.shown for each in acme.shown(acme.dm(ada))] == ["to Ada"]
    assert [each.shown for each in zeta.shown(zeta.dm(bob))] == ["to Bob"]


async def test_a_refused_token_of_one_is_nothing_to_the_other(acme, zeta):
    bob, ear = zeta.person("Bob"), Ear()
    acme.fault("auth.test", error="token_revoked")
    async with listening(opened(zeta), ear):
        with pytest.raises(Unauthorized):
            await opened(acme).listen(Ear())
        bob.says(zeta.dm(bob), "still here")
        await until(lambda: ear.heard)


async def test_what_slacks_libraries_read_from_the_environment_changes_nothing(acme, monkeypatch):
    for name in ("BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"SLACK_{name}", "of another app")
    ada, ear = acme.person("Ada"), Ear()
    async with listening(opened(acme), ear):
        await connected(acme)
        ada.says(acme.dm(ada), "hello")
        await until(lambda: ear.heard and acme.sockets.acknowledged)
