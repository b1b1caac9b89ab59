"""`bridge doctor` and `bridge add` on real servers: what is wrong, and what to do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from bridge.domain.errors import ConfigError
from bridge.domain.ids import ChannelName
from bridge.plugins import load
from bridge.testing.rig import surrounded
from channels.email import plugin
from channels.email.channel import EmailChannel
from channels.email.config import EmailConfig
from channels.email.setup import SETUP
from tests.channels.email.servers import (
    PASSWORD,
    Dovecot,
    Postbox,
    dovecot,
    free_port,
    needs_dovecot,
    postbox,
)
from tests.conformance.rigs.mail import TRUSTED, US, written

SECTION = {"address": US, "password": PASSWORD, "imap": "x", "smtp": "x", "trusts": TRUSTED}


@pytest.fixture
async def both() -> AsyncIterator[tuple[Dovecot, Postbox]]:
    with dovecot() as server:
        async with postbox() as box:
            yield server, box


def section(server: Dovecot, box: Postbox, **more) -> dict[str, str]:
    return {
        **SECTION,
        "imap": f"127.0.0.1:{server.port}",
        "smtp": f"127.0.0.1:{box.port}",
        "imap_tls": "none",
        "smtp_tls": "none",
        **more,
    }


async def checks(folder: Path, given: dict[str, str]):
    name = ChannelName("mail")
    channel = EmailChannel(name, EmailConfig.model_validate(given), surrounded(folder, name))
    trial = await channel.trial()
    return {each.name: each for each in await channel.diagnose()}, trial


@pytest.mark.dovecot
@needs_dovecot
async def test_what_is_right_is_said(both, tmp_path):
    found, trial = await checks(tmp_path, section(*both))
    assert trial is None
    assert [each.ok for each in found.values()] == [True] * len(found)
    assert set(found) == {"incoming mail", "new mail", "who checks senders", "outgoing mail"}
    assert "IDLE" in found["new mail"].detail


@pytest.mark.dovecot
@needs_dovecot
@pytest.mark.parametrize(
    ("change", "check", "fix"),
    [
        ({"password": "wrong", "smtp_password": PASSWORD}, "incoming mail", "app password"),
        ({"folder": "Nowhere"}, "incoming mail", "folder"),
        ({"imap": f"127.0.0.1:{free_port()}"}, "incoming mail", "port"),
        ({"smtp_password": "wrong"}, "outgoing mail", "app password"),
        ({"smtp": f"127.0.0.1:{free_port()}"}, "outgoing mail", "port"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(both, tmp_path, change, check, fix):
    found, trial = await checks(tmp_path, section(*both, **change))
    assert not found[check].ok
    assert fix in found[check].fix
    assert trial is not None
    assert PASSWORD not in str(found)
    with pytest.raises(ConfigError) as raised:
        await SETUP.verify(section(*both, **change))
    assert fix in str(raised.value)


@pytest.mark.dovecot
@needs_dovecot
async def test_a_server_that_checks_nobody_is_told_of(both, tmp_path):
    server, _ = both
    server.deliver(
        US, written("ada@example.org", "x", Authentication_Results="mx.other.example; none")
    )
    found, _ = await checks(tmp_path, section(*both))
    assert not found["who checks senders"].ok
    assert "mx.other.example" in found["who checks senders"].fix
    server.deliver(US, written("ada@example.org", "y"))
    found, _ = await checks(tmp_path, section(*both))
    assert found["who checks senders"].ok


@pytest.mark.dovecot
@needs_dovecot
async def test_the_answers_of_bridge_add_are_tried(both):
    verified = await SETUP.verify(section(*both))
    assert verified.account == US
    assert verified.link == f"mailto:{US}"
    assert "allow" in " ".join(verified.steps)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"trusts": ""}, "trusts"),
        ({"address": "nobody"}, "address"),
        ({"imap": "a b"}, "imap"),
        ({"imap": "a:99999"}, "imap"),
        ({"handled": "move"}, "handled_folder"),
        ({"imap_tls": "none"}, "without TLS"),
        ({"smtp": "mail.example.com", "smtp_tls": "none"}, "without TLS"),
        ({"per_hour": 0}, "per_hour"),
    ],
)
async def test_a_section_that_cannot_be_used_says_why(change, problem):
    with pytest.raises(ValidationError) as raised:
        EmailConfig.model_validate({**SECTION, **change})
    assert problem in str(raised.value)
    assert PASSWORD not in str(raised.value)
    if "per_hour" not in change:
        with pytest.raises(ConfigError, match=problem):
            await SETUP.verify({**SECTION, **change})


@pytest.mark.parametrize(
    ("given", "tls", "port"),
    [
        ({"imap": "a.example"}, "implicit", 993),
        ({"imap": "a.example:143"}, "starttls", 143),
        ({"imap": "a.example:1993", "imap_tls": "implicit"}, "implicit", 1993),
        ({"imap": "[::1]:143", "imap_tls": "none"}, "none", 143),
    ],
)
def test_where_tls_begins_is_said_by_the_port(given, tls, port):
    server = EmailConfig.model_validate({**SECTION, **given}).incoming
    assert (server.tls, server.port) == (tls, port)
    assert "[" not in server.host


def test_a_thread_has_a_session_of_its_own_unless_somebody_says_otherwise():
    assert load("channels", "email") is plugin
    assert plugin.sessions == "per_place"
    assert not plugin.welcome
